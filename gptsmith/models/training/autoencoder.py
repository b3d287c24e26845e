"""The autoencoder's training: f8, 4 channels, whitened latents.

python -m gptsmith.models.training.autoencoder --out runs/out/autoencoder             # some 30 minutes of one core
python -m gptsmith.models.training.autoencoder --out /tmp/ae --steps 20 --batch 4     # a minute
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from gptsmith.models.training.run import Run, device
from gptsmith.models.world.render import render
from gptsmith.models.world.scene import sample_scene

CHANNELS = (24, 48, 96, 128)
LATENT_CHANNELS = 4


def build() -> Any:
    """Return an untrained AutoencoderKL of 3.1M parameters: 128x128x3 <-> 16x16x4."""
    model = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=CHANNELS,
        latent_channels=LATENT_CHANNELS,
        layers_per_block=1,
        norm_num_groups=8,
        mid_block_add_attention=False,
        sample_size=128,
        scaling_factor=1.0,
    )
    torch.nn.init.constant_(model.quant_conv.bias[LATENT_CHANNELS:], -5.0)  # else noise drowns the first thousand steps
    return model


def pictures(rng: random.Random, count: int, crop: int, size: int = 128) -> Tensor:
    """Return rendered scenes, (count, 3, crop, crop) in -1..1, cut at random where `crop` is less than `size`."""
    found = []
    for _ in range(count):
        pixels = render(sample_scene(rng), rng, size).pixels
        y, x = rng.randint(0, size - crop), rng.randint(0, size - crop)
        found.append(pixels[y : y + crop, x : x + crop])
    return torch.from_numpy(np.stack(found)).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def loss_of(model: Any, x: Tensor, kl_weight: float, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
    """Return the loss of reconstructing `x`: absolute and squared error, edges, a light pull towards a unit normal."""
    moments = model.quant_conv(model.encoder(x))
    mean, logvar = moments.chunk(2, dim=1)
    logvar = logvar.clamp(-30, 20)
    noise = torch.randn(mean.shape, generator=generator).to(mean.device)
    y = model.decode(mean + torch.exp(0.5 * logvar) * noise).sample
    absolute, squared = (y - x).abs().mean(), F.mse_loss(y, x)
    edges = sum((((y - x).diff(dim=d)).abs().mean() for d in (2, 3)), start=torch.zeros((), device=x.device))
    kl = 0.5 * (mean**2 + logvar.exp() - 1 - logvar).mean()
    return absolute + 2 * squared + edges + kl_weight * kl, {"l1": float(absolute.detach()), "kl": float(kl.detach())}


@torch.no_grad()
def whiten(model: Any, x: Tensor) -> None:
    """Fold the mean and scale of the latents of `x` into the model's 1x1 convolutions: they become 0 and 1."""
    mean = torch.cat([model.quant_conv(model.encoder(part))[:, :LATENT_CHANNELS] for part in torch.split(x, 16)])
    m, s = mean.mean((0, 2, 3)), mean.std((0, 2, 3))
    quant, post = model.quant_conv, model.post_quant_conv
    quant.weight[:LATENT_CHANNELS] /= s[:, None, None, None]
    quant.bias[:LATENT_CHANNELS] = (quant.bias[:LATENT_CHANNELS] - m) / s
    quant.bias[LATENT_CHANNELS:] -= 2 * s.log()
    post.bias += post.weight[:, :, 0, 0] @ m
    post.weight *= s[None, :, None, None]


@torch.no_grad()
def measure(model: Any, x: Tensor) -> dict[str, float]:
    """Return the mean PSNR in dB of the reconstructions of `x` and the mean and spread of its latents."""
    errors, latents = [], []
    for part in torch.split(x, 16):
        z = model.encode(part).latent_dist.mode()
        errors.append(((model.decode(z).sample.clamp(-1, 1) - part) / 2).pow(2).mean((1, 2, 3)))
        latents.append(z)
    z = torch.cat(latents)
    psnr = -10 * torch.log10(torch.cat(errors)).mean()
    return {
        "psnr": round(float(psnr), 2),
        "latent_mean": round(float(z.mean()), 3),
        "latent_std": round(float(z.std()), 3),
    }


@torch.no_grad()
def grid(model: Any, x: Tensor, file: Path) -> None:
    """Save the pictures of `x` above their reconstructions."""
    both = torch.cat(
        [
            torch.cat(list(x), dim=2),
            torch.cat(list(model.decode(model.encode(x).latent_dist.mode()).sample), dim=2),
        ],
        dim=1,
    )
    Image.fromarray(((both.clamp(-1, 1) + 1) * 127.5).byte().permute(1, 2, 0).cpu().numpy()).save(file)


def train(out: Path, *, steps: int, batch: int, lr: float, kl_weight: float, seed: int) -> dict[str, float]:
    """Train in `out`, save the whitened model in `out/model`, return its figures on 256 unseen scenes."""
    torch.manual_seed(seed)
    where, model = device(), build()
    config = {
        "lr": lr,
        "steps": steps,
        "batch": batch,
        "kl_weight": kl_weight,
        "seed": seed,
        "channels": list(CHANNELS),
    }
    run = Run(out, model.to(where, memory_format=torch.channels_last), config, ema=0.998)

    def one(step: int) -> tuple[Tensor, int, dict[str, float]]:
        late = step > 0.75 * steps  # whole pictures at the end: the norms see what they will see in use
        rng, generator = random.Random(f"{seed} {step}"), torch.Generator().manual_seed(seed * 1_000_003 + step)
        x = pictures(rng, max(1, batch // 4) if late else batch, 128 if late else 64)
        loss, figures = loss_of(model, x.to(where, memory_format=torch.channels_last), kl_weight, generator)
        return loss, len(x), figures

    run.train(one, steps)
    run.use_average()
    model.eval()
    whiten(model, pictures(random.Random(seed + 1), 256 if steps > 1000 else 16, 128).to(where))
    unseen = pictures(random.Random("unseen"), 256 if steps > 1000 else 16, 128).to(where)
    figures = measure(model, unseen)
    run.log(figures)
    grid(model, unseen[:10], out / "grid.png")
    model.half().save_pretrained(out / "model")
    return figures


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=9000)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--kl-weight", type=float, default=1e-5)
    parser.add_argument("--seed", type=int, default=0)
    print(train(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
