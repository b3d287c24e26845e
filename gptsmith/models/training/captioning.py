"""Training a captioner on pictures with captions: the next word, given the words before and the picture.

The first word is `<short>` or `<descriptive>`. A folder of captions has the form of COCO captions: pictures, and
`captions.json` with `images` (id, file_name) and `annotations` (image_id, caption).
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F
from transformers import CLIPImageProcessor, PreTrainedTokenizerFast, VisionEncoderDecoderModel

from gptsmith.errors import UsageError
from gptsmith.models.training.run import Run, device

SHORT, DESCRIPTIVE = "<short>", "<descriptive>"
POSITIONS = 128
LONG_FROM = 14  # words from which a person's own caption counts as descriptive


@dataclass(frozen=True)
class Pair:
    """A picture's pixels (side, side, 3), a caption of it, and whether that is the descriptive one."""

    pixels: Any
    text: str
    long: bool


def load(folder: Path) -> tuple[Any, Any]:
    """Return a captioner's folder for training on, and its tokenizer."""
    model = VisionEncoderDecoderModel.from_pretrained(folder, dtype=torch.float32)
    return model, PreTrainedTokenizerFast.from_pretrained(folder)


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


def train(
    out: Path,
    model: Any,
    tokenizer: Any,
    pairs: Callable[[str], Iterator[Pair]],
    *,
    steps: int,
    batch: int,
    lr: float,
    seed: int,
    tower: bool = False,
) -> Run:
    """Train `model` in `out` on the pairs that each step's seed gives, and save it as `out/final`.

    The vision tower learns too where `tower` says so, else it stays as it is.
    """
    where = device()
    model.to(where)
    model.encoder.requires_grad_(tower)
    config = {"lr": lr, "steps": steps, "batch": batch, "seed": seed, "weight_decay": 0.02, "beta2": 0.98}
    config |= {"tower": True} if tower else {}
    run = Run(out, model, config, ema=0.998)

    def one(step: int) -> tuple[Tensor, int, dict[str, float]]:
        drawn = pairs(f"{seed} {step}")
        with torch.autocast(where.type, torch.bfloat16):
            loss, figures = loss_of(model, tokenizer, [next(drawn) for _ in range(batch)], where)
        return loss, batch, figures

    run.train(one, steps)
    run.use_average()
    save(model, tokenizer, out / "final")
    return run


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
