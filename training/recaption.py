"""Captions of the generator's pictures, written by our own captioner from what it sees: DALL-E 3's experiment.

Betker et al. 2023: a generator is trained on short or on descriptive captions that a captioner wrote.

python -m training.recaption --latents runs/out/latents --captioner runs/out/captioner/final
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gptsmith.models.pictures import captioner_training
from gptsmith.models.pictures.captioner_training import device
from gptsmith.state import atomic_write
from training.latents import drawn_pictures, shards_in, written_file


def write_captions(folder: Path, number: int, model: Any, tokenizer: Any, *, seed: int = 0, size: int = 128) -> Path:
    """Write a short and a descriptive caption for each picture of a shard, unless they are there; return the file.

    The pictures are drawn again, the same by `seed` and `number`; nothing but their pixels reaches the captioner.
    """
    target = written_file(folder, number)
    if target.exists():
        return target
    scenes = len(np.load(folder / f"{number:05d}.npy", mmap_mode="r", allow_pickle=False))
    lines: list[str] = []
    for pictures in drawn_pictures(number, scenes, seed=seed, size=size):
        said = _said([p.pixels for p in pictures], model, tokenizer)
        lines += [json.dumps({"short": short, "descriptive": long}) for short, long in said]
    atomic_write(target, "".join(line + "\n" for line in lines))
    return target


@torch.inference_mode()
def _said(pixels: Sequence[NDArray[np.uint8]], model: Any, tokenizer: Any) -> Iterator[tuple[str, str]]:
    weight = next(model.parameters())
    seen = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).to(weight.device, weight.dtype) / 127.5 - 1
    short, long = (captioner_training.write(model, tokenizer, seen, long=wanted) for wanted in (False, True))
    return zip(short, long, strict=True)


def main() -> None:
    """Read the command line and write the captions that are not there yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latents", type=Path, required=True)
    parser.add_argument("--captioner", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    model, tokenizer = captioner_training.load(given.captioner)
    model = model.eval().to(device())
    for number in range(shards_in(given.latents)):
        write_captions(given.latents, number, model, tokenizer, seed=given.seed)


if __name__ == "__main__":
    main()
