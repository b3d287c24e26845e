"""The table of how things look (`pictures.looks`): each drawn by itself on grey, in each size, through the autoencoder;
and which of its cells a patch of a scene shows.

python -m training.looks --out runs/out/looks --autoencoder runs/out/autoencoder/final
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gptsmith.models.pictures.embedded_parts import CELLS, FILE, MOST, SIDES, WIDTH, load_text_encoder
from gptsmith.models.pictures.world.objects import objects
from gptsmith.models.pictures.world.scene import Group
from training.latents import DrawnScene, encode
from training.world.sprites import sprite

_CELL = 16  # pixels
_GREY = 128
_NAME = 192  # numbers that stand for a name
_CORNERS = dict(zip(SIDES, ((3, 0), (0, 0), (0, 4)), strict=True))  # of the squares in one picture: row, column


def drawn(name: str) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return a picture of a thing in all its sizes, (128, 128, 3), and how much of each pixel it covers, (128, 128)."""
    pixels, covered = np.full((128, 128, 3), float(_GREY)), np.zeros((128, 128), np.float32)
    for side, (row, column) in _CORNERS.items():
        thing = sprite(name, None, side * _CELL)
        height, width = thing.shape[:2]
        top, left = (row + side) * _CELL - height, column * _CELL + (side * _CELL - width) // 2
        where = np.s_[top : top + height, left : left + width]
        alpha = thing[..., 3].astype(np.float32) / 255
        pixels[where] += (thing[..., :3] - pixels[where]) * alpha[..., None]
        covered[where] = alpha
    return pixels.round().astype(np.uint8), covered


def cells_of(picture: Tensor) -> Tensor:
    """Return the cells of latents (channels, 32, 32) in the order of `CELLS`: (cells, channels * 16)."""
    at = [(_CORNERS[side][0] + y, _CORNERS[side][1] + x) for side, y, x in CELLS]
    return torch.stack([picture[:, 4 * y : 4 * y + 4, 4 * x : 4 * x + 4].flatten() for y, x in at])


@torch.no_grad()
def names_as_numbers(names: list[str]) -> Tensor:
    """Return what the sentence encoder makes of names, in their own main directions, at length 1: (names, 192)."""
    encoder, tokenizer = load_text_encoder()
    tokens = tokenizer(names, padding=True, return_tensors="pt")
    states, mask = (
        encoder(**{k: tokens[k] for k in ("input_ids", "attention_mask")})[0],
        tokens.attention_mask[..., None],
    )
    means = (states * mask).sum(1) / mask.sum(1)
    means = means - means.mean(0)
    main = torch.linalg.svd(means, full_matrices=False).Vh[:_NAME]
    return torch.nn.functional.normalize(means @ main.T, dim=1)


def cell_labels(drawn: DrawnScene, said: Sequence[Group], side: int) -> NDArray[np.int64]:
    """Return which token of `Looks.of(said)` shows what the middles of side x side patches show, (side, side); -1 where
    none does."""
    found = np.full((side, side), -1, np.int64)
    centre = (np.arange(side) + 0.5) / side
    named = [(group.name, group.color) for group in said[:MOST]]
    for thing in drawn.placed:
        group = drawn.scene.groups[thing.group]
        longer = max(thing.width, thing.height)
        x, y = (centre - thing.x) / longer + 0.5, (centre - thing.y - thing.height / 2) / longer + 1
        inside = np.ix_((y > 0) & (y < 1), (x > 0) & (x < 1))  # of its square of cells
        found[inside] = -1
        if (group.name, group.color) in named:
            square = min(SIDES, key=lambda cells: abs(cells - longer * 8))
            first = named.index((group.name, group.color)) * len(CELLS) + CELLS.index((square, 0, 0))
            cells = first + (y * square).astype(int)[:, None] * square + (x * square).astype(int)
            found[inside] = cells[inside]
    return found


def write(folder: Path, vae: torch.nn.Module) -> Path:
    """Draw and encode every thing of the world; write the table and return its file."""
    from safetensors.torch import save_file

    names = list(objects())
    pictures, covers = zip(*(drawn(name) for name in names), strict=True)
    latents = [torch.from_numpy(encode(vae, pictures[i : i + 32])) for i in range(0, len(names), 32)]
    share = torch.nn.functional.avg_pool2d(torch.from_numpy(np.stack(covers))[:, None], 4)
    table = {
        "latents": torch.stack([cells_of(one) for one in torch.cat(latents)]),
        "covered": torch.stack([cells_of(one) for one in share]),
        "named": names_as_numbers(names),
    }
    assert sum(t.shape[-1] for t in table.values()) <= WIDTH  # noqa: S101
    folder.mkdir(parents=True, exist_ok=True)
    small = {key: found.half().contiguous() for key, found in table.items()}
    save_file(small, folder / FILE, metadata={"names": json.dumps(names)})
    return folder / FILE


def main() -> None:
    """Read the command line and write the table."""
    from diffusers import AutoModel

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--autoencoder", type=Path, required=True, help="a diffusers folder")
    given = parser.parse_args()
    print(write(given.out, AutoModel.from_pretrained(str(given.autoencoder)).eval()))


if __name__ == "__main__":
    main()
