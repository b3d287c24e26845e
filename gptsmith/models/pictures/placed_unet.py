"""The U-Net of the embedded generator: one that is told where in the picture it is.

A convolution on a picture that was doubled by repeating every pixel cannot tell which half of the old pixel it stands
on; in a world of pictures made of cells it must, to put what belongs there. So the input says where it is (CoordConv,
Liu et al. 2018, https://arxiv.org/abs/1807.03247), in waves (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762),
and the skip connections carry that to every level.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn

_PERIODS = (2, 4, 8, 16, 64)  # latents


class PlacedUNet(UNet2DConditionModel):
    """A `UNet2DConditionModel` whose first convolution knows the place; else the same, weights' names included."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        plain = self.conv_in
        self.conv_in = PlacedConv(plain.in_channels, plain.out_channels, plain.kernel_size, padding=plain.padding)


class PlacedConv(nn.Conv2d):
    """A convolution that adds something of its own at each place."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.places = nn.Parameter(torch.zeros(self.out_channels, 4 * len(_PERIODS)))

    def forward(self, pictures: Tensor) -> Tensor:
        """Return features of pictures (n, channels, h, w): (n, out, h, w)."""
        known = waves(*pictures.shape[-2:]).to(pictures)
        return super().forward(pictures) + torch.einsum("ok,khw->ohw", self.places.to(pictures), known)


def waves(height: int, width: int) -> Tensor:
    """Return sines and cosines of rows and columns, (4 * periods, height, width)."""
    known = []
    for axis, many in enumerate((height, width)):
        for period in _PERIODS:
            turn = 2 * math.pi * (torch.arange(many) + 0.25) / period
            for wave in (turn.sin(), turn.cos()):
                known.append(wave.view((-1, 1) if axis == 0 else (1, -1)).expand(height, width))
    return torch.stack(known)
