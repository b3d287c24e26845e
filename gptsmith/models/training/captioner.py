"""The training of the captioner: the CLIP's vision tower, frozen, and a small decoder that writes what it sees.

    python -m gptsmith.models.training.captioner --out runs/out/captioner --clip runs/out/clip/final
    python -m gptsmith.models.training.captioner --out mine --start runs/out/captioner/final --data my-folder

The loss is that of DALL-E 3's captioner: the next word, given the words before and the picture. The first word is
`<short>` or `<descriptive>`. `--data` is a folder in the form of COCO captions: pictures, and `captions.json` with
`images` (id, file_name) and `annotations` (image_id, caption).
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F
from transformers import (
    CLIPImageProcessor,
    CLIPVisionModel,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
)

from gptsmith.errors import UsageError
from gptsmith.models.pictures.captioners import Detail
from gptsmith.models.pictures.embedded_captioner import EmbeddedCaptioner
from gptsmith.models.pictures.names import ModelName
from gptsmith.models.training import tokenizer as words
from gptsmith.models.training.run import Run, device
from gptsmith.models.world import captions
from gptsmith.models.world.render import render
from gptsmith.models.world.requests import missing, parse_request
from gptsmith.models.world.scene import Scene, sample_scene

SHORT, DESCRIPTIVE = "<short>", "<descriptive>"
LAYERS, POSITIONS = 3, 128
LONG_FROM = 14  # words from which a person's own caption counts as descriptive
LONG_SHARE = 0.25  # of the captions of the world: things are named in both, surroundings are soon learned


@dataclass(frozen=True)
class Pair:
    """A picture's pixels (side, side, 3), a caption of it, and whether that is the descriptive one."""

    pixels: Any
    text: str
    long: bool


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


def load(folder: Path) -> tuple[Any, Any]:
    """Return a captioner's folder for training on, and its tokenizer."""
    model = VisionEncoderDecoderModel.from_pretrained(folder, dtype=torch.float32)
    return model, PreTrainedTokenizerFast.from_pretrained(folder)


def world_pairs(seed: str) -> Iterator[Pair]:
    """Yield scenes of the world without end, with a short or a descriptive caption."""
    rng = random.Random(seed)
    while True:
        scene = sample_scene(rng)
        long = rng.random() < LONG_SHARE
        yield Pair(render(scene, rng).pixels, caption_of(scene, rng, long=long), long)


def caption_of(scene: Scene, rng: random.Random, *, long: bool) -> str:
    """Return the caption that the captioner learns: the main things, or everything and where."""
    said = captions.descriptive(scene, rng, plain=True) if long else captions.stated(scene, rng, plain=True)
    return said[0].upper() + said[1:]


def folder_pairs(folder: Path, side: int, seed: str) -> Iterator[Pair]:
    """Yield the pictures and captions of a folder in the form of COCO captions, shuffled, without end.

    Raises:
        UsageError: `captions.json` or a picture is missing or cannot be read.
    """
    listed = listed_captions(folder)
    rng = random.Random(seed)
    while True:
        rng.shuffle(listed)
        for file, text in listed:
            try:
                with Image.open(file) as picture:
                    if picture.width * picture.height > 25_000_000:
                        raise UsageError(f"{file.name} has more than 25 million pixels", hint="make it smaller")
                    pixels = np.asarray(picture.convert("RGB").resize((side, side), Image.Resampling.BICUBIC))
            except OSError as error:
                raise UsageError(
                    f"{file.name} cannot be read as a picture", hint="take it out of captions.json"
                ) from error
            yield Pair(pixels, text, len(text.split()) >= LONG_FROM)


def listed_captions(folder: Path) -> list[tuple[Path, str]]:
    """Return the pictures that `captions.json` of a folder names, each with its caption.

    Raises:
        UsageError: the file is missing, of another form, or holds no caption.
    """
    try:
        data = json.loads((folder / "captions.json").read_text("utf-8"))
        files = {image["id"]: folder / Path(image["file_name"]).name for image in data["images"]}
        listed = [(files[note["image_id"]], str(note["caption"]).strip()) for note in data["annotations"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{folder} is no folder of captions ({type(error).__name__})",
            hint="put captions.json beside the pictures: images (id, file_name), annotations (image_id, caption)",
        ) from error
    if not listed:
        raise UsageError(f"{folder}/captions.json holds no caption", hint="add one for each picture")
    return listed


def loss_of(model: Any, tokenizer: Any, pairs: list[Pair], where: torch.device) -> tuple[Tensor, dict[str, float]]:
    """Return the mean loss of the next token and the share of tokens guessed right."""
    with torch.set_grad_enabled(any(p.requires_grad for p in model.encoder.parameters())):
        seen = model.encoder(pixel_values=_pixels(pairs).to(where)).last_hidden_state
    first = {long: tokenizer.convert_tokens_to_ids(DESCRIPTIVE if long else SHORT) for long in (True, False)}
    rows = [
        [
            first[p.long],
            *tokenizer(p.text, add_special_tokens=False)["input_ids"][: POSITIONS - 2],
            tokenizer.eos_token_id,
        ]
        for p in pairs
    ]
    ids = torch.full((len(rows), max(map(len, rows))), tokenizer.pad_token_id)
    labels = torch.full_like(ids, -100)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        labels[i, : len(row)] = torch.tensor(row)
    ids, labels = ids.to(where), labels.to(where)
    logits = model.decoder(input_ids=ids[:, :-1], encoder_hidden_states=seen, use_cache=False).logits.float()
    wanted = labels[:, 1:]
    loss = F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=-100)
    return loss, {"right": float((logits.argmax(-1) == wanted)[wanted >= 0].float().mean())}


def _pixels(pairs: list[Pair]) -> Tensor:
    return torch.from_numpy(np.stack([p.pixels for p in pairs])).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


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


def write(model: Any, tokenizer: Any, pixels: Tensor, *, long: bool) -> list[str]:
    """Return greedy captions of pictures (n, 3, side, side) in -1..1."""
    start = tokenizer.convert_tokens_to_ids(DESCRIPTIVE if long else SHORT)
    out = model.generate(
        pixel_values=pixels,
        decoder_start_token_id=start,  # given as input it would come after the default one
        max_new_tokens=96 if long else 32,
        do_sample=False,
        no_repeat_ngram_size=3,
    )
    return [" ".join(tokenizer.decode(row, skip_special_tokens=True).split()) for row in out]


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
    where = device()
    model, tokenizer = _begun(clip, start)
    model.to(where)
    model.encoder.requires_grad_(tower)
    side = model.config.encoder.image_size
    config = {"lr": lr, "steps": steps, "batch": batch, "seed": seed, "weight_decay": 0.02, "beta2": 0.98}
    config |= {"tower": True} if tower else {}
    run = Run(out, model, config, ema=0.998)
    if data:
        next(folder_pairs(data, side, ""))  # a wrong folder is told at once

    def one(step: int) -> tuple[Tensor, int, dict[str, float]]:
        pairs = folder_pairs(data, side, f"{seed} {step}") if data else world_pairs(f"{seed} {step}")
        with torch.autocast(where.type, torch.bfloat16):
            loss, figures = loss_of(model, tokenizer, [next(pairs) for _ in range(batch)], where)
        return loss, batch, figures

    run.train(one, steps)
    run.use_average()
    many = 300 if steps > 1000 else 2
    save(model, tokenizer, out / "final")
    figures = {} if data else measure(out / "final", many, "short") | measure(out / "final", many, "descriptive")
    run.log(figures)
    return figures


def save(model: Any, tokenizer: Any, folder: Path) -> None:
    """Save the captioner in half precision, as `AutoModelForImageTextToText` reads it."""
    copy = VisionEncoderDecoderModel(config=model.config)
    copy.load_state_dict(model.state_dict())
    copy.generation_config = model.generation_config
    copy.config.encoder._name_or_path = ""  # where the tower came from is nobody's business
    copy.half().save_pretrained(folder)
    side = model.config.encoder.image_size
    CLIPImageProcessor(
        size={"height": side, "width": side}, do_center_crop=False, image_mean=(0.5,) * 3, image_std=(0.5,) * 3
    ).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


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
