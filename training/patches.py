"""What each patch of a drawn scene shows: the thing, its colour, and which part of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gptsmith.models.pictures.world.objects import COLORS, objects
from gptsmith.models.pictures.world.scene import Scene
from training.world.layout import Placed

NAMES = ("", *objects())
TINTS = ("", *COLORS)


def patch_labels(
    scene: Scene, placed: Sequence[Placed], side: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Return what the middles of side x side patches show: objects, 0 for the ground; colours, 0 for a thing's own;
    and where on the thing that is, (2, side, side) in -0.5..0.5, rightwards and downwards."""
    names, tints = (np.zeros((side, side), np.int64) for _ in range(2))
    parts = np.zeros((2, side, side), np.float32)
    centre = ((np.arange(side) + 0.5) / side).astype(np.float32)
    for thing in placed:
        group = scene.groups[thing.group]
        across = (centre - thing.x) / thing.width
        down = (centre - thing.y) / thing.height
        inside = np.outer(np.abs(down) < 0.5, np.abs(across) < 0.5)
        names[inside] = NAMES.index(group.name)
        tints[inside] = TINTS.index(group.color or "")
        parts[:, inside] = np.stack(np.meshgrid(across, down))[:, inside]
    return names, tints, parts
