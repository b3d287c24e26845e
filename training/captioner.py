"""The training of the captioner: the CLIP's vision tower, frozen, and a small decoder that writes what it sees.

    python -m training.captioner --out runs/out/captioner --clip runs/out/clip/final
    python -m training.captioner --out mine --start runs/out/captioner/final --data my-folder

The loss is that of DALL-E 3's captioner. `--data` is a folder in the form of COCO captions.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from transformers import (
    CLIPVisionModel,
    GPT2Config,
    GPT2LMHeadModel,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
)

from gptsmith.errors import UsageError
from gptsmith.models.pictures import captioner_training
from gptsmith.models.pictures.captioner_training import (
    DESCRIPTIVE,
    POSITIONS,
    SHORT,
    CaptionedPicture,
    folder_pairs,
    load,
)
from gptsmith.models.pictures.captioners import Detail, EmbeddedCaptioner
from gptsmith.models.pictures.names import ModelName
from gptsmith.models.pictures.world import captions
from gptsmith.models.pictures.world.requests import missing, parse_request
from gptsmith.models.pictures.world.scene import Scene, sample_scene
from training import tokenizer as words
from training.world.render import render

LAYERS = 3
LONG_SHARE = 0.25  # of the captions of the world: things are named in both, surroundings are soon learned


def build(clip: Path) -> tuple[Any, Any]:
    """Return a captioner on the vision tower of a CLIP folder, with an untrained decoder, and its tokenizer."""
    tower = CLIPVisionModel.from_pretrained(clip, dtype=torch.float32)
    tokenizer = words.build((SHORT, DESCRIPTIVE), upper=True)
    width = tower.config.hidden_size
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=POSITIONS,
        n_embd=width,
        n_layer=LAYERS,
        n_head=width // 64,
        add_cross_attention=True,
        is_decoder=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        attn_pdrop=0.0,
        embd_pdrop=0.0,
        resid_pdrop=0.0,
    )
    both = VisionEncoderDecoderConfig.from_encoder_decoder_configs(tower.config, config)
    model = VisionEncoderDecoderModel(config=both, encoder=tower, decoder=GPT2LMHeadModel(config))
    for settings in (model.config, model.generation_config):
        settings.decoder_start_token_id = tokenizer.convert_tokens_to_ids(DESCRIPTIVE)
        settings.eos_token_id, settings.pad_token_id = tokenizer.eos_token_id, tokenizer.pad_token_id
    return model, tokenizer


def world_pairs(seed: str) -> Iterator[CaptionedPicture]:
    """Yield scenes of the world without end, with a short or a descriptive caption."""
    rng = random.Random(seed)
    while True:
        scene = sample_scene(rng)
        long = rng.random() < LONG_SHARE
        yield CaptionedPicture(render(scene, rng).pixels, caption_of(scene, rng, long=long), long)


def caption_of(scene: Scene, rng: random.Random, *, long: bool) -> str:
    """Return the caption that the captioner learns: the main things, or everything and where."""
    said = captions.descriptive(scene, rng, plain=True) if long else captions.stated(scene, rng, plain=True)
    return said[0].upper() + said[1:]


def measure(folder: Path, scenes: int, detail: Detail, seed: str = "unseen captions") -> dict[str, float]:
    """Return the share of slots of unseen scenes that the captioner in a folder names right, and of what it invents.

    A slot is an object, its colour, its number, a relation; `invented` is the share of named things that no group has.
    """
    captioner = EmbeddedCaptioner(ModelName("embedded", "embedded"), folder)
    rng = random.Random(seed)
    right = slots = wrong = named = 0
    for _ in range(scenes):
        scene = sample_scene(rng)
        text = captioner.caption(Image.fromarray(render(scene, rng).pixels), detail).text
        r, s, w, n = score(scene, text)
        right, slots, wrong, named = right + r, slots + s, wrong + w, named + n
    return {
        f"{detail}_slots": round(right / slots, 4),
        f"{detail}_invented": round(wrong / max(1, named), 4),
        f"{detail}_n": scenes,
    }


def score(scene: Scene, text: str) -> tuple[int, int, int, int]:
    """Return slots right, slots, things named that are not there, things named."""
    read = parse_request(text)
    right = slots = 0
    left = list(read.groups)
    for group in scene.groups:
        same = [g for g in left if g.name == group.name]
        best = max(same, key=lambda g: (g.color == group.color) + (g.count == group.count), default=None)
        slots += 3
        if best:
            right += 1 + (best.color == group.color) + (best.count == group.count)
            left.remove(best)
    if len(scene.groups) == 2 and all(g.count == 1 for g in scene.groups):
        slots += 1
        true = parse_request(captions.stated(scene, random.Random(0), plain=True))
        right += not left and len(read.groups) == 2 and not missing(true, read)
    return right, slots, len(left), len(read.groups)


def _begun(clip: Path | None, start: Path | None) -> tuple[Any, Any]:
    """Return the captioner in `start`, or one on the tower of `clip`, with the decoder of `start` if both are given."""
    if not clip:
        if not start:
            raise UsageError("a captioner begins with a CLIP or with a captioner", hint="give --clip or --start")
        return load(start)
    model, tokenizer = build(clip)
    if start:
        model.decoder.load_state_dict(load(start)[0].decoder.state_dict())
    return model, tokenizer


def train(
    out: Path,
    *,
    steps: int,
    batch: int,
    lr: float,
    seed: int,
    clip: Path | None,
    start: Path | None,
    data: Path | None,
    tower: bool = False,
) -> dict[str, float]:
    """Train in `out`, save `out/final`; return figures on unseen scenes, none for a person's own folder.

    The vision tower learns too where `tower` says so, else it stays as it is.
    """
    torch.manual_seed(seed)
    model, tokenizer = _begun(clip, start)
    pairs = world_pairs
    if data:
        pairs = partial(folder_pairs, data, model.config.encoder.image_size)
        next(pairs(""))  # a wrong folder is told at once
    run = captioner_training.train(
        out, model, tokenizer, pairs, steps=steps, batch=batch, lr=lr, seed=seed, tower=tower
    )
    many = 300 if steps > 1000 else 2
    figures = {} if data else measure(out / "final", many, "short") | measure(out / "final", many, "descriptive")
    run.log(figures)
    return figures


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--start", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--steps", type=int, default=6600)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tower", action="store_true", help="let the vision tower learn too")
    print(train(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
