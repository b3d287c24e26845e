"""The training of the picture generator: a latent diffusion U-Net that reads the frozen sentence encoder's tokens.

Latent diffusion: Rombach et al. 2022, https://arxiv.org/abs/2112.10752. A frozen language model as text encoder:
Imagen, Saharia et al. 2022, https://arxiv.org/abs/2205.11487. v-prediction: Salimans and Ho 2022,
https://arxiv.org/abs/2202.00512; zero terminal SNR with trailing steps: Lin et al. 2023,
https://arxiv.org/abs/2305.08891. Captions of mixed lengths: Betker et al. 2023 (DALL-E 3). What else it learns by is in
`training.student`.

python -m training.generator --out runs/out/generator --latents runs/out/latents --looks runs/out/looks
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call

from gptsmith.models.pictures.captioner_training import TrainingRun, device
from gptsmith.models.pictures.embedded_parts import MAX_TOKENS, Looks, load_text_encoder
from gptsmith.models.pictures.world import captions
from gptsmith.models.pictures.world.scene import Scene
from training.latents import DrawnScene, Shards
from training.student import Student, copy_loss, on_things, patch_loss, patch_truth
from training.world.everyday import EVERYDAY

KINDS = {"short": captions.short, "descriptive": captions.descriptive, "alt": captions.alt_text}
ARMS = {
    "alt": {"alt": 1.0},
    "short": {"short": 0.95, "alt": 0.05},
    "descriptive": {"descriptive": 0.95, "alt": 0.05},
    "mixed": {"short": 0.5, "descriptive": 0.45, "alt": 0.05},
}
WIDTH = 320
CAPTION_DROP = 0.1  # captions left out, so that guidance has something to lead away from
_PATCHES = 0.05  # the weight of telling patches against the velocity
_EVEN, _MIDDLE = 0.5, 0.5  # the part of times drawn evenly; where the others gather, as a logit
_EVERYDAY = 10.0  # how often a scene of everyday things is taken for each half of it, see `asked`
_COPIED = 0.1  # of looking at what is to be copied
_KEPT_TEXTS = 120_000  # 49 KB each
_NEW_SHARDS = 200  # steps between looks for new pictures


def noise_schedule() -> Any:
    """Return the schedule of training and sampling: v-prediction, zero terminal SNR, trailing steps."""
    from diffusers import DDIMScheduler

    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        prediction_type="v_prediction",
        timestep_spacing="trailing",
        steps_offset=1,
        rescale_betas_zero_snr=True,
    )


def build(width: int = WIDTH) -> Any:
    """Return an untrained U-Net, whose patches are the cells of `world.layout`.

    Its attention is the plain product of matrices: on a CPU the backward pass of the fused one takes 40% of a step.
    """
    from diffusers.models.attention_processor import AttnProcessor

    from gptsmith.models.pictures.embedded_parts import PatchedUNet

    unet = PatchedUNet(
        sample_size=32,
        in_channels=4,
        out_channels=4,
        layers_per_block=1,
        block_out_channels=(width,),
        down_block_types=("CrossAttnDownBlock2D",),
        up_block_types=("CrossAttnUpBlock2D",),
        cross_attention_dim=384,
        attention_head_dim=8,  # read as the number of heads
        norm_num_groups=16,
        resnet_time_scale_shift="scale_shift",
    )
    unet.set_attn_processor(AttnProcessor())
    return unet


def asked(scene: Scene) -> float:
    """Return how often a scene is taken: _EVERYDAY times as often for each half of it that is everyday things."""
    named = [g.name in EVERYDAY for g in scene.groups]
    return float(_EVERYDAY ** (2 * sum(named) / len(named)))


def say(drawn: Sequence[DrawnScene], arm: str, rng: random.Random) -> list[str]:
    """Return a caption for each picture, of the kinds of `arm`, a tenth of them empty.

    They are the captioner's where it wrote any (`training.recaption`), else the grammar's; alt text always is. A scene
    is always put in the same words, so that they need to be encoded only once.
    """
    kinds = rng.choices(list(ARMS[arm]), list(ARMS[arm].values()), k=len(drawn))
    said = [
        d.written.get(kind) or KINDS[kind](d.scene, random.Random(f"{kind} {d.scene}"))
        for d, kind in zip(drawn, kinds, strict=True)
    ]
    return ["" if rng.random() < CAPTION_DROP else text for text in said]


class TextTokens:
    """What the pipeline's text encoder makes of captions, (captions, 64 and the looks' tokens, 384) in bfloat16; the
    states of the words are kept for the next time."""

    def __init__(self, where: torch.device, looks: Path) -> None:
        self._encoder, self._tokenizer = load_text_encoder(torch.bfloat16)
        self._encoder, self._where = self._encoder.to(where), where
        self._looks = Looks.load(looks)
        self._kept: dict[str, Tensor] = {}

    def __call__(self, said: Sequence[str]) -> Tensor:
        if len(self._kept) > _KEPT_TEXTS:
            self._kept.clear()
        new = [text for text in dict.fromkeys(said) if text not in self._kept]
        if new:
            self._kept.update(zip(new, self._encode(new).cpu(), strict=True))
        states = torch.stack([self._kept[text] for text in said])
        return torch.cat([states, self._looks(said).to(torch.bfloat16)], dim=1).to(self._where)

    @torch.no_grad()
    def _encode(self, said: Sequence[str]) -> Tensor:
        tokens = self._tokenizer(
            list(said), padding="max_length", max_length=MAX_TOKENS, truncation=True, return_tensors="pt"
        ).to(self._where)
        states: Tensor = self._encoder(tokens.input_ids, attention_mask=tokens.attention_mask).last_hidden_state
        return states


def random_times(many: int, steps: int, generator: torch.Generator) -> Tensor:
    """Return times, (many,), most of them of middle noise: there it is settled what a thing will be, whereas little
    noise teaches texture, at the greatest error (logit-normal times, Esser et al. 2024,
    https://arxiv.org/abs/2403.03206)."""
    even = torch.rand(many, generator=generator)
    middle = torch.sigmoid(torch.randn(many, generator=generator) + _MIDDLE)
    chosen = torch.where(torch.rand(many, generator=generator) < _EVEN, even, middle)
    return (chosen * steps).long().clamp(max=steps - 1)


class Velocity:
    """Squared errors (n, h, w) of the velocity that the U-Net predicts at random times, and what it tells of patches.

    The passes run in bfloat16 on copies of the float32 weights, which is what the optimizer moves.
    """

    def __init__(self, student: Student, where: torch.device) -> None:
        alphas = noise_schedule().alphas_cumprod.to(where)
        self.student, self.where = student, where
        self.signal, self.noise = alphas.sqrt(), (1 - alphas).sqrt()

    def __call__(self, latents: Tensor, text: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        at = random_times(len(latents), len(self.signal), generator).to(self.where)
        drawn = torch.randn(latents.shape, generator=generator).to(self.where)
        signal, noise = self.signal[at].view(-1, 1, 1, 1), self.noise[at].view(-1, 1, 1, 1)
        noisy = (signal * latents + noise * drawn).to(torch.bfloat16)
        weights = {name: p.to(torch.bfloat16) for name, p in self.student.named_parameters()}
        predicted, told = functional_call(self.student, weights, (noisy, at, text))
        errors = (predicted - signal * drawn + noise * latents).square().mean(1)
        return errors, told


def train(
    out: Path,
    latents: Path,
    *,
    steps: int,
    batch: int,
    lr: float,
    arm: str,
    seed: int,
    looks: Path,
    width: int = WIDTH,
    ema: float = 0.999,
    start: Path | None = None,
) -> TrainingRun:
    """Train in `out` on the shards in `latents`, those that are still being written included; save `out/unet`.

    `looks` is the folder of the table of `training.looks`, `start` that of a run whose weights are the first ones.
    """
    torch.manual_seed(seed)
    where, unet, shards = device(), build(width), Shards(latents, asked)
    config = {
        "lr": lr,
        "steps": steps,
        "batch": batch,
        "arm": arm,
        "seed": seed,
        "width": width,
        "warmup": min(300, steps // 20),
        "flat": 0.3,
    }
    student = Student(unet).to(where)
    run = TrainingRun(out, student, config, ema=ema)
    if start:
        run.start_from(start)
    text, velocity = TextTokens(where, looks), Velocity(student, where)

    def one(step: int) -> tuple[Tensor, int, dict[str, float]]:
        if step % _NEW_SHARDS == 0:
            shards.refresh()
        rng, generator = random.Random(f"{seed} {step}"), torch.Generator().manual_seed(seed * 1_000_003 + step)
        rows, drawn = shards.batch(rng, batch)
        said = say(drawn, arm, rng)
        errors, told = velocity(rows.to(where), text(said), generator)
        missed, copied = copy_loss(student.looked, drawn, said)
        names, tints, parts = patch_truth(drawn, told.shape[-1], where)
        untold, named = patch_loss(told, names, tints, parts)
        figures = {
            "velocity": float(errors.detach().mean()),
            "named": named,
            "copied": copied,
            "scenes": float(len(shards)),
        }
        return on_things(errors, names) + _PATCHES * untold + _COPIED * missed, batch, figures

    run.train(one, steps)
    run.use_average()
    unet.eval().half().save_pretrained(out / "unet")
    return run


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--latents", type=Path, required=True, help="shards of training.latents")
    parser.add_argument("--looks", type=Path, required=True, help="the folder of training.looks")
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--width", type=int, default=WIDTH, help="channels; the shipped one has %(default)s")
    parser.add_argument("--lr", type=float, default=6e-4)
    parser.add_argument("--arm", choices=list(ARMS), default="mixed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=Path, help="the folder of a run to begin from")
    train(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
