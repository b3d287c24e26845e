"""The autoencoder's training: f4, 4 channels, whitened latents.

    python -m training.autoencoder --out runs/out/autoencoder             # some 30 minutes of one core
    python -m training.autoencoder --out runs/out/try --steps 20 --batch 4 # a minute

It starts as a thumbnail: three latent channels hold the mean colours of 4x4 blocks, and the rest is learned from there
(from random weights it spends its first thousands of pictures in grey). After 40% of the steps the latents are
whitened and the encoder is frozen, saved in `first/`; the decoder goes on alone, and `final/` decodes the same latents.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderTiny
from PIL import Image
from torch import Tensor, nn

from gptsmith.models.pictures.captioner_training import TrainingRun, device
from gptsmith.models.pictures.world.scene import sample_scene
from training.world.render import render

WIDTH = 64
LATENT_CHANNELS = 4
FREEZE_AT = 0.4
_CELL = 8  # pixels; half a cell of the layout
_THUMBNAIL_GAIN = 4.0  # brings mean colours in 0..1 to a spread of about 1


def build() -> Any:
    """Return an AutoencoderTiny of 2.3M parameters, 128x128x3 <-> 32x32x4, that starts as a thumbnail."""
    model = AutoencoderTiny(
        encoder_block_out_channels=(WIDTH,) * 3,
        decoder_block_out_channels=(WIDTH,) * 3,
        num_encoder_blocks=(0, 1, 4),
        num_decoder_blocks=(6, 1, 0),
        latent_channels=LATENT_CHANNELS,
    )
    _start_as_thumbnail(model.encoder)
    _start_as_thumbnail(model.decoder)
    last, first = model.encoder.layers[-1], model.decoder.layers[0]
    with torch.no_grad():
        last.weight[:3] *= _THUMBNAIL_GAIN
        last.bias[:3] = -_THUMBNAIL_GAIN / 2
        first.weight[:3] /= _THUMBNAIL_GAIN
        first.bias[:3] = 0.5
    return model


@torch.no_grad()
def _start_as_thumbnail(net: Any) -> None:
    """Let the first three channels of every convolution pass the colours on, and every block begin as nothing."""
    for layer in net.layers:
        if isinstance(layer, nn.Conv2d):
            layer.weight[:3] = 0
            if layer.bias is not None:
                layer.bias[:3] = 0
            for k in range(3):
                if layer.stride == (2, 2):
                    layer.weight[k, k, 1:, 1:] = 0.25
                else:
                    layer.weight[k, k, 1, 1] = 1
        elif hasattr(layer, "conv"):
            last = [c for c in layer.conv if isinstance(c, nn.Conv2d)][-1]
            for parameter in last.parameters():
                parameter.zero_()


def pictures(rng: random.Random, count: int, crop: int, size: int = 128) -> Tensor:
    """Return rendered scenes, (count, 3, crop, crop) in -1..1, cut out around a thing where `crop` is below `size`."""
    found = []
    for _ in range(count):
        picture = render(sample_scene(rng), rng, size)
        thing = rng.choice(picture.placed)
        y, x = (_start(rng, middle * size, crop, size) for middle in (thing.y, thing.x))
        found.append(picture.pixels[y : y + crop, x : x + crop])
    batch = torch.from_numpy(np.stack(found)).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
    return batch.contiguous(memory_format=torch.channels_last)


def _start(rng: random.Random, middle: float, crop: int, size: int) -> int:
    """Return where a crop around `middle` begins, on the grid of the latents."""
    wanted = (middle - crop / 2 + rng.uniform(-0.25, 0.25) * crop) / _CELL
    return min(max(0, round(wanted)), (size - crop) // _CELL) * _CELL


def loss_of(y: Tensor, x: Tensor, z: Tensor) -> tuple[Tensor, dict[str, float]]:
    """Return the loss of `y` for `x`: absolute and squared error, edges, and latents `z` away from mean 0, spread 1."""
    error = y - x
    absolute, squared = error.abs().mean(), error.square().mean()
    edges = error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()
    uneven = (z.mean((0, 2, 3)).square() + (z.std((0, 2, 3)) - 1).square()).mean()
    loss = absolute + 2 * squared + edges + 0.05 * uneven
    return loss, {"l1": float(absolute.detach()), "uneven": float(uneven.detach())}


@torch.no_grad()
def whiten(model: Any, x: Tensor) -> None:
    """Fold the mean and spread of each latent channel of `x` into the convolutions beside it: 0 and 1 remain."""
    z = torch.cat([model.encoder(part) for part in torch.split(x, 16)])
    m, s = z.mean((0, 2, 3)), z.std((0, 2, 3))
    last, first = model.encoder.layers[-1], model.decoder.layers[0]
    last.weight /= s[:, None, None, None]
    last.bias -= m
    last.bias /= s
    first.bias += (first.weight * m[None, :, None, None]).sum((1, 2, 3))
    first.weight *= s[None, :, None, None]


@torch.no_grad()
def measure(model: Any, x: Tensor) -> dict[str, float]:
    """Return the mean PSNR in dB of the reconstructions of `x` and the mean and spread of its latents."""
    errors, latents = [], []
    for part in torch.split(x, 16):
        z = model.encode(part).latents
        errors.append(((model.decode(z).sample.clamp(-1, 1) - part) / 2).square().mean((1, 2, 3)))
        latents.append(z)
    z, psnr = torch.cat(latents), -10 * torch.log10(torch.cat(errors)).mean()
    spread = z.std((0, 2, 3))
    return {
        "psnr": round(float(psnr), 2),
        "latent_mean": round(float(z.mean((0, 2, 3)).abs().max()), 3),
        "latent_std_min": round(float(spread.min()), 3),
        "latent_std_max": round(float(spread.max()), 3),
    }


@torch.no_grad()
def grid(model: Any, x: Tensor, file: Path) -> None:
    """Save the pictures of `x` above their reconstructions."""
    rows = [torch.cat(list(part), dim=2) for part in (x, model.decode(model.encode(x).latents).sample)]
    pixels = ((torch.cat(rows, dim=1).clamp(-1, 1) + 1) * 127.5).byte()
    Image.fromarray(pixels.permute(1, 2, 0).cpu().numpy()).save(file)


def train(out: Path, *, steps: int, batch: int, lr: float, seed: int) -> dict[str, float]:
    """Train in `out`, save `out/first` and `out/final`, return the latter's figures on 256 unseen scenes."""
    torch.manual_seed(seed)
    where, model, freeze = device(), build(), int(FREEZE_AT * steps)
    config = {"lr": lr, "steps": steps, "batch": batch, "seed": seed, "width": WIDTH}
    run = TrainingRun(out, model.to(where, memory_format=torch.channels_last), config, ema=0.998)
    many = 256 if steps > 1000 else 16

    def one(step: int) -> tuple[Tensor, int, dict[str, float]]:
        late, rng = step >= freeze, random.Random(f"{seed} {step}")
        if step == freeze:
            run.use_average()
            whiten(model, pictures(random.Random(f"{seed} whitening"), many, 128).to(where))
            run.restart_average()
            save(model, out / "first")
        x = pictures(rng, max(1, batch // 4) if late else batch, 128 if late else 64).to(where)
        with torch.autocast(where.type, torch.bfloat16):
            with torch.set_grad_enabled(not late):
                z = model.encoder(x)
            y = model.decoder(z)
        loss, figures = loss_of(y.float(), x, z.float())
        return loss, len(x), figures

    run.train(one, steps)
    run.use_average()
    unseen = pictures(random.Random("unseen"), many, 128).to(where)
    figures = measure(model, unseen)
    run.log(figures)
    grid(model, unseen[:10], out / "grid.png")
    save(model, out / "final")
    return figures


def save(model: Any, folder: Path) -> None:
    """Save a half-precision copy as a diffusers folder."""
    copy = AutoencoderTiny.from_config(model.config)
    copy.load_state_dict(model.state_dict())
    copy.half().save_pretrained(folder)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    print(train(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
