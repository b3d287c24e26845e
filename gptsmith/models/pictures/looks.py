"""How the things look that a caption names: latents of each, cell by cell, which a generator is given beside the words.

A generator that remembers every thing in its weights needs many pictures to learn them by heart; one that is shown what
it is to draw learns to copy, once for all things (retrieval-augmented diffusion: Blattmann et al. 2022,
https://arxiv.org/abs/2204.11824; Re-Imagen, Chen et al. 2022, https://arxiv.org/abs/2209.14491).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from gptsmith.models.world.objects import COLORS
from gptsmith.models.world.requests import parse_request
from gptsmith.models.world.scene import Group

FILE = "looks.safetensors"
SIDES = (5, 3, 2)  # cells of the squares in which a thing is shown: alone, beside another, in a crowd
CELLS = [(side, y, x) for side in SIDES for y in range(side) for x in range(side)]
MOST = 3  # things of one caption that are shown
WIDTH = 384  # of a token, as the sentence encoder's
TINTS = ("", *COLORS)
_NAMED = 6.0  # the length of a name within a token
_PLACED = 5.0  # what says which cell, tint and mention it is


class Looks(nn.Module):
    """The looks of the world's things, from a folder's `looks.safetensors`.

    It holds for each thing and each of its cells latents (things, cells, 64), how much of them the thing covers
    (things, cells, 16) and what stands for its name (things, 192).
    """

    latents: Tensor
    covered: Tensor
    named: Tensor
    cells: Tensor

    def __init__(self, names: Sequence[str], latents: Tensor, covered: Tensor, named: Tensor) -> None:
        super().__init__()
        self.names = {name: number for number, name in enumerate(names)}
        for key, found in {"latents": latents, "covered": covered, "named": named}.items():
            self.register_buffer(key, found, persistent=False)
        cells = torch.tensor(CELLS)
        firsts = torch.tensor([SIDES.index(side) for side, _, _ in CELLS])
        marks = [nn.functional.one_hot(of, 5) for of in (firsts, cells[:, 1], cells[:, 2])]
        self.register_buffer("cells", _PLACED * torch.cat(marks, dim=1).float(), persistent=False)

    @classmethod
    def load(cls, folder: Path) -> Looks:
        """Read the table of a generator's folder."""
        from safetensors import safe_open

        with safe_open(folder / FILE, "pt") as file:
            found = {key: file.get_tensor(key).float() for key in ("latents", "covered", "named")}
            return cls(json.loads(file.metadata()["names"]), **found)

    def forward(self, captions: Sequence[str]) -> Tensor:
        """Return what is to be shown of captions: (captions, MOST * cells, 384), zeros where one names fewer."""
        return torch.stack([self.of(parse_request(caption).groups) for caption in captions])

    def of(self, groups: Sequence[Group]) -> Tensor:
        """Return what is to be shown of some groups of things: (MOST * cells, 384)."""
        shown = torch.zeros(MOST, len(CELLS), WIDTH, dtype=self.latents.dtype, device=self.latents.device)
        for mention, group in enumerate(groups[:MOST]):
            number = self.names[group.name]
            parts = [self.latents[number], self.covered[number], self.cells]
            whole = torch.zeros(MOST + len(TINTS), dtype=shown.dtype, device=shown.device)
            whole[[mention, MOST + TINTS.index(group.color or "")]] = _PLACED
            whole = torch.cat([_NAMED * self.named[number], whole])
            parts.append(whole.expand(len(CELLS), -1))
            told = torch.cat(parts, dim=1)
            shown[mention, :, : told.shape[1]] = told
        return shown.flatten(0, 1)
