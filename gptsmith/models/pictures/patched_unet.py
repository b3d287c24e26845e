"""The U-Net of the embedded generator: one that takes pictures patch by patch.

A patch is one cell of the pictures that it learns from. As in a vision transformer (Dosovitskiy et al. 2020,
https://arxiv.org/abs/2010.11929; for U-Nets: Luhman and Luhman 2022, https://arxiv.org/abs/2207.04316), a patch of
latents becomes one vector and, at the end, a vector a patch, each by one linear step: what attention copies from
elsewhere comes out as it is.
"""

from __future__ import annotations

import math
from functools import wraps
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn

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
