"""The training of the prior: from a caption's embedding to its picture's, the CLIP frozen.

    python -m training.prior --out runs/out/prior --clip runs/out/clip/final
    python -m training.prior --out runs/out/try --clip runs/out/clip/final --steps 20 --batch 8

The loss is the distance of the embeddings, as in DALL-E 2, and that a caption's own picture is the nearest one of the
batch. The CLIP's folder gets the prior when the run ends: `prior.safetensors`.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import CLIPModel, CLIPProcessor

from gptsmith.models.pictures.captioner_training import TrainingRun, device
from gptsmith.models.pictures.prior import Prior, save_prior
from training.clip import draw_batch

_SHARP = 20.0  # what cosines are multiplied with before they compete


@torch.no_grad()
def embeddings(clip: Any, processor: Any, rng: random.Random, count: int) -> tuple[Tensor, Tensor]:
    """Return unit embeddings of the captions of fresh scenes and of their pictures, (count, d) each."""
    batch = draw_batch(rng, count, long=rng.random() < 0.5)
    tokens = processor.tokenizer(batch.texts, padding=True, truncation=True, return_tensors="pt")
    given = {name: tokens[name].to(clip.device) for name in ("input_ids", "attention_mask")}
    out = clip(pixel_values=batch.pixels.to(clip.device), **given)
    return out.text_embeds, out.image_embeds


def loss_of(prior: Prior, texts: Tensor, pictures: Tensor) -> tuple[Tensor, dict[str, float]]:
    """Return the loss, the mean cosine to the own picture, and how often that is the nearest of the batch."""
    meant = prior(texts)
    cosine = (meant * pictures).sum(-1).mean()
    logits, own = _SHARP * meant @ pictures.T, torch.arange(len(meant), device=meant.device)
    figures = {"cosine": float(cosine.detach()), "found": float((logits.argmax(1) == own).float().mean())}
    return 1 - cosine + 0.25 * F.cross_entropy(logits, own), figures


def train(out: Path, *, clip: Path, steps: int, batch: int, lr: float, seed: int) -> dict[str, float]:
    """Train in `out`, save the prior into the CLIP's folder, return figures on unseen scenes with those without it."""
    torch.manual_seed(seed)
    where = device()
    model = CLIPModel.from_pretrained(clip, dtype=torch.float32, use_safetensors=True).to(where).eval()
    processor = CLIPProcessor.from_pretrained(clip)
    prior = Prior(model.config.projection_dim).to(where)
    run = TrainingRun(
        out, prior, {"lr": lr, "steps": steps, "batch": batch, "seed": seed, "weight_decay": 0.02}, ema=0.998
    )

    def one(step: int) -> tuple[Tensor, int, dict[str, float]]:
        loss, figures = loss_of(prior, *embeddings(model, processor, random.Random(f"{seed} {step}"), batch))
        return loss, batch, figures

    run.train(one, steps)
    run.use_average()
    unseen = embeddings(model, processor, random.Random("unseen"), 256 if steps > 100 else 16)
    with torch.no_grad():
        after, before = (loss_of(p, *unseen)[1] for p in (prior, Prior(model.config.projection_dim).to(where)))
    figures = {**after, "cosine_without": before["cosine"], "found_without": before["found"], "n": len(unseen[0])}
    run.log(figures)
    save_prior(prior, clip)
    return figures


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--lr", type=float, default=5e-4)
    parser.add_argument("--seed", type=int, default=0)
    print(train(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
