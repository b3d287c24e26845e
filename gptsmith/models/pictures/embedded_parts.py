"""The parts of the embedded generator: the looks of things, its text encoder, its U-Net."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn
from transformers import AutoTokenizer, BertModel
from transformers.modeling_outputs import BaseModelOutput

from gptsmith.models.embedding.minilm import weights_folder
from gptsmith.models.pictures.world.objects import COLORS
from gptsmith.models.pictures.world.requests import parse_request
from gptsmith.models.pictures.world.scene import Group

# How the things look that a caption names: latents of each, cell by cell, which a generator is given beside the words.
#
# A generator that remembers every thing in its weights needs many pictures to learn them by heart; one that is shown
# what it is to draw learns to copy, once for all things (retrieval-augmented diffusion: Blattmann et al. 2022,
# https://arxiv.org/abs/2204.11824; Re-Imagen, Chen et al. 2022, https://arxiv.org/abs/2209.14491).

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


# The text encoder of the embedded generator: the frozen sentence encoder, in the form that a pipeline takes.

MAX_TOKENS = 64  # of a caption; training pads to it as the pipeline does


class CaptionEncoder(BertModel):  # type: ignore[misc]
    """The sentence encoder's states of a caption's tokens, and behind them how the things look that it names."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.looks: Looks | None = None
        self.tokenizer: Any = None

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None) -> BaseModelOutput:
        """Return states of token numbers (captions, 64): (captions, 64 and the looks' tokens, 384)."""
        input_ids = input_ids[:, :MAX_TOKENS]  # the pipeline pads the negative caption to as many as came of the other
        if attention_mask is not None:
            attention_mask = attention_mask[:, :MAX_TOKENS]
        states = super().forward(input_ids, attention_mask=attention_mask).last_hidden_state
        if self.looks is not None:
            captions = self.tokenizer.batch_decode(input_ids, skip_special_tokens=True)
            states = torch.cat([states, self.looks(captions).to(states)], dim=1)
        return BaseModelOutput(last_hidden_state=states)


def load_text_encoder(dtype: torch.dtype = torch.float32, folder: Path | None = None) -> tuple[CaptionEncoder, Any]:
    """Return the sentence encoder as (model, tokenizer); its 90 MB are not copied into the generator's `folder`, which
    may hold the looks of things."""
    own = str(weights_folder())
    tokenizer = AutoTokenizer.from_pretrained(own, local_files_only=True, model_max_length=MAX_TOKENS)
    encoder = CaptionEncoder.from_pretrained(
        own, local_files_only=True, use_safetensors=True, add_pooling_layer=False, dtype=dtype
    )
    encoder.config.use_attention_mask = True  # else the pipeline lets it attend to the padding
    if folder is not None and (folder / FILE).is_file():
        encoder.looks, encoder.tokenizer = Looks.load(folder), tokenizer
    return encoder.eval().requires_grad_(False), tokenizer


# The U-Net of the embedded generator: one that takes pictures patch by patch.
#
# A patch is one cell of the pictures that it learns from. As in a vision transformer (Dosovitskiy et al. 2020,
# https://arxiv.org/abs/2010.11929; for U-Nets: Luhman and Luhman 2022, https://arxiv.org/abs/2207.04316), a patch of
# latents becomes one vector and, at the end, a vector a patch, each by one linear step: what attention copies from
# elsewhere comes out as it is.

PATCH = 4  # latents along a side
_PERIODS = (2, 4, 8, 16)  # patches


class PatchedUNet(UNet2DConditionModel):  # type: ignore[misc]
    """A `UNet2DConditionModel` on patches of 4 x 4 latents, its configuration the plain one's."""

    patch = PATCH
    conv_in: Any
    conv_out: Any

    # diffusers reads in the signature what a configuration may hold
    @wraps(UNet2DConditionModel.__init__)  # type: ignore[misc]
    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        inner = self.conv_in.out_channels
        self.conv_in = Patches(self.conv_in.in_channels, inner)
        self.conv_act = nn.Identity()
        out = nn.Conv2d(inner, self.conv_out.out_channels * PATCH**2, 3, padding=1)
        self.conv_out = nn.Sequential(out, nn.PixelShuffle(PATCH))


class Patches(nn.Conv2d):
    """A vector for each patch: a linear map of it, and something that stands for its place, in waves (Vaswani et al.
    2017, https://arxiv.org/abs/1706.03762)."""

    def __init__(self, channels: int, inner: int) -> None:
        super().__init__(channels, inner, PATCH, stride=PATCH)
        self.places = nn.Parameter(0.1 * torch.randn(inner, 4 * len(_PERIODS)))

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the vectors of pictures (n, channels, h, w): (n, inner, h / 4, w / 4)."""
        patches = super().forward(pictures)
        return patches + torch.einsum("ok,khw->ohw", self.places, waves(*patches.shape[-2:]).to(patches))


def waves(height: int, width: int) -> Tensor:
    """Return sines and cosines of rows and columns, (4 * periods, height, width)."""
    known = []
    for axis, many in enumerate((height, width)):
        for period in _PERIODS:
            turn = 2 * math.pi * (torch.arange(many) + 0.25) / period
            for wave in (turn.sin(), turn.cos()):
                known.append(wave.view((-1, 1) if axis == 0 else (1, -1)).expand(height, width))
    return torch.stack(known)
