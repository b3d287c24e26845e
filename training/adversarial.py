"""What an adversarial term changes in the autoencoder's decoder: the same decoder goes on with and without it.

    python -m training.adversarial --out runs/out/adversarial --autoencoder runs/out/autoencoder/final
    python -m training.adversarial --out runs/out/plain --weight 0 \
        --autoencoder runs/out/autoencoder/final

A PatchGAN (Isola et al. 2017, https://arxiv.org/abs/1611.07004) with the hinge loss judges patches of some 46 pixels,
as in latent diffusion's autoencoders (Esser et al. 2021, https://arxiv.org/abs/2012.09841). The encoder stays as it is,
so `final/` decodes the same latents.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderTiny
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from gptsmith.models.pictures.captioner_training import TrainingRun, device
from training import autoencoder


class PatchGAN(nn.Sequential):
    """Says of each patch of pictures (n, 3, h, w) how real it looks, (n, 1, h / 8, w / 8) about."""

    def __init__(self, width: int = 48) -> None:
        layers: list[nn.Module] = []
        last = 3
        for channels in (width, 2 * width, 4 * width):
            layers += [nn.utils.parametrizations.spectral_norm(nn.Conv2d(last, channels, 4, 2, 1)), nn.LeakyReLU(0.2)]
            last = channels
        super().__init__(*layers, nn.utils.parametrizations.spectral_norm(nn.Conv2d(last, 1, 4, 1, 1)))


class Rivals(nn.Module):
    """A decoder and the judge that it is trained against."""

    def __init__(self, decoder: nn.Module) -> None:
        super().__init__()
        self.decoder, self.judge = decoder, PatchGAN()

    def loss(self, y: Tensor, x: Tensor, weight: float) -> Tensor:
        """Return the decoder's loss for looking unreal plus the judge's own; neither moves the other's weights."""
        fixed = {name: p.detach() for name, p in self.judge.named_parameters()}
        unreal = -functional_call(self.judge, fixed, (y,)).mean()
        hinge = F.relu(1 - self.judge(x)).mean() + F.relu(1 + self.judge(y.detach())).mean()
        both: Tensor = weight * unreal + hinge
        return both


@torch.no_grad()
def sharpness(model: Any, x: Tensor) -> float:
    """Return how much of the fine detail of pictures (n, 3, h, w) is in their reconstructions: 1 is all of it."""
    y = torch.cat([model.decode(model.encode(part).latents).sample.clamp(-1, 1) for part in torch.split(x, 16)])
    return float(_detail(y) / _detail(x))


def _detail(x: Tensor) -> Tensor:
    kernel = torch.tensor([[0.0, -1, 0], [-1, 4, -1], [0, -1, 0]], device=x.device).expand(3, 1, 3, 3)
    return F.conv2d(x, kernel, groups=3).abs().mean()


def train(out: Path, start: Path, *, steps: int, batch: int, lr: float, weight: float, seed: int) -> dict[str, float]:
    """Train on in `out` from the autoencoder in `start`, save `out/final`, return figures on unseen scenes."""
    torch.manual_seed(seed)
    where = device()
    model = AutoencoderTiny.from_pretrained(str(start), torch_dtype=torch.float32)
    model.to(where, memory_format=torch.channels_last).requires_grad_(False)
    model.decoder.requires_grad_(True)
    rivals = Rivals(model.decoder).to(where)
    config = {"lr": lr, "steps": steps, "batch": batch, "seed": seed, "weight": weight}
    run = TrainingRun(out, rivals, config, ema=0.998)

    def one(step: int) -> tuple[Tensor, int, dict[str, float]]:
        x = autoencoder.pictures(random.Random(f"{seed} adversarial {step}"), batch, 128).to(where)
        with torch.autocast(where.type, torch.bfloat16):
            z = model.encoder(x)
            y = model.decoder(z)
        loss, figures = autoencoder.loss_of(y.float(), x, z.float())
        return (loss + rivals.loss(y.float(), x, weight) if weight else loss), batch, figures

    run.train(one, steps)
    run.use_average()
    unseen = autoencoder.pictures(random.Random("unseen"), 256 if steps > 1000 else 16, 128).to(where)
    figures = autoencoder.measure(model, unseen) | {"sharpness": round(sharpness(model, unseen), 3)}
    run.log(figures)
    autoencoder.grid(model, unseen[:10], out / "grid.png")
    autoencoder.save(model, out / "final")
    return figures


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--autoencoder", dest="start", type=Path, required=True, help="a diffusers folder")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--lr", type=float, default=2e-4)
    parser.add_argument("--weight", type=float, default=0.05, help="of looking unreal; 0 leaves it out")
    parser.add_argument("--seed", type=int, default=0)
    print(train(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
