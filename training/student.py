"""The generator as it learns: what a head reads from its middle, where its copying attentions look, how wrong it is.

Since the world knows what stands where, a layer within learns to tell what each patch will show, which is what
aligning it with a trained vision tower does (REPA, Yu et al. 2024, https://arxiv.org/abs/2410.06940), without the
tower's errors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gptsmith.models.pictures.embedded_parts import MAX_TOKENS
from gptsmith.models.pictures.world.requests import parse_request
from gptsmith.models.pictures.world.scene import Group
from training.latents import DrawnScene
from training.looks import cell_labels
from training.patches import NAMES, TINTS, patch_labels

_GROUND_WEIGHT = 0.15  # of naming patches
_THINGS = 3.0  # how often errors on things count against those on the ground
_TOLD = len(NAMES) + len(TINTS) + 2  # what the head tells of a patch
_COPIERS = 4  # heads of an attention that are told what to copy; the others read the words
_KEPT_TEXTS = 120_000


class Student(nn.Module):
    """The U-Net, a head that reads from its middle what each patch shows, and what its last attentions look at.

    The head is thrown away afterwards.
    """

    def __init__(self, unet: Any) -> None:
        super().__init__()
        self.unet = unet
        self.head = nn.Conv2d(unet.config.block_out_channels[-1], _TOLD, 1)
        self._within: list[Tensor] = []
        unet.mid_block.register_forward_hook(lambda block, given, found: self._within.append(found))
        self.looked: list[Tensor] = []
        for layer in unet.up_blocks[-1].attentions:
            self._watch(layer.transformer_blocks[-1].attn2)

    def _watch(self, attention: Any) -> None:
        """Keep what an attention looks at, (n, copiers, patches, tokens)."""
        scores = attention.get_attention_scores

        def seen(*given: Any) -> Tensor:
            found: Tensor = scores(*given)
            self.looked.append(found.view(-1, attention.heads, *found.shape[1:])[:, :_COPIERS])
            return found

        attention.get_attention_scores = seen

    def forward(self, noisy: Tensor, at: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        """Return the velocity (n, 4, h, w) and what patches show (n, names + tints + 2, h / 4, w / 4)."""
        self._within.clear()
        self.looked.clear()
        velocity = self.unet(noisy, at, text).sample.float()
        return velocity, self.head(self._within.pop()).float()


def patch_truth(drawn: Sequence[DrawnScene], side: int, where: torch.device) -> list[Tensor]:
    """Return objects (n, side, side), colours (n, side, side) and parts (n, 2, side, side) of `patch_labels`."""
    labels = [patch_labels(d.scene, d.placed, side) for d in drawn]
    return [torch.from_numpy(np.stack(column)).to(where) for column in zip(*labels, strict=True)]


def patch_loss(told: Tensor, names: Tensor, tints: Tensor, parts: Tensor) -> tuple[Tensor, float]:
    """Return how wrong is what a U-Net tells of its patches, (n, names + tints + 2, side, side), and how much of the
    things it names right."""
    named, tinted, placed = torch.split(told, [len(NAMES), len(TINTS), 2], dim=1)
    shown = names > 0
    weight = torch.ones(len(NAMES), device=told.device)
    weight[0] = _GROUND_WEIGHT
    name_error = F.cross_entropy(named, names, weight=weight)
    tint_error = F.cross_entropy(tinted.movedim(1, -1)[shown], tints[shown])
    part_error = F.mse_loss(placed.movedim(1, -1)[shown], parts.movedim(1, -1)[shown])
    right = float((named.argmax(1) == names)[shown].float().mean())
    return name_error + 0.5 * tint_error + 4 * part_error, right


def copy_loss(looked: Sequence[Tensor], drawn: Sequence[DrawnScene], said: Sequence[str]) -> tuple[Tensor, float]:
    """Return how little the copying heads, (n, copiers, patches, tokens) each, look at the cell of the table that each
    patch shows (attention that is told where to look: Liu et al. 2016, https://arxiv.org/abs/1609.04186), and how much
    they do."""
    side = math.isqrt(looked[0].shape[2])
    labels = np.stack([cell_labels(d, _groups(s), side).ravel() for d, s in zip(drawn, said, strict=True)])
    wanted = torch.from_numpy(labels).to(looked[0].device)
    picture, patch = torch.nonzero(wanted >= 0, as_tuple=True)
    token = MAX_TOKENS + wanted[picture, patch]
    hits = [one.float().mean(1)[picture, patch, token] for one in looked]
    if not len(token):
        return torch.zeros(()), 0.0
    return -torch.stack(hits).clamp(min=1e-4).log().mean(), float(torch.stack(hits).detach().mean())


@lru_cache(maxsize=_KEPT_TEXTS)
def _groups(said: str) -> tuple[Group, ...]:
    return parse_request(said).groups


def on_things(errors: Tensor, names: Tensor) -> Tensor:
    """Return the mean of errors (n, h, w), those on things counting _THINGS times those on the ground.

    The ground fills most of a picture and is learned first; what errors weigh moves no minimum.
    """
    shown = F.interpolate((names > 0).float()[:, None], size=errors.shape[1:])[:, 0]
    weight = 1 + (_THINGS - 1) * shown
    return (errors * weight).sum() / weight.sum()
