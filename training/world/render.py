"""The picture of a scene."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gptsmith.models.pictures.world.scene import Scene
from training.world.layout import Placed, place
from training.world.scenery import VARIANTS, scenery
from training.world.sprites import shadow, sprite

SIZE = 128
FLOATS = ("space", "sea")  # things there throw no shadow
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class RenderedScene:
    """The pixels of a scene, (size, size, 3), and what was put where, in the order of drawing."""

    scene: Scene
    placed: tuple[Placed, ...]
    pixels: Pixels


def render(scene: Scene, rng: random.Random, size: int = SIZE) -> RenderedScene:
    """Place and draw a scene; the same state of `rng` gives the same picture."""
    placed = place(scene, rng)
    canvas = scenery(scene.setting, scene.time, rng.randrange(VARIANTS), size).astype(np.float32)
    light = lit(scene.time)
    for thing in placed:
        group = scene.groups[thing.group]
        pixels = sprite(group.name, group.color, max(6, round(max(thing.width, thing.height) * size)))
        if scene.setting not in FLOATS:
            _darken(canvas, thing, pixels.shape[1])
        _put(canvas, pixels, thing, light)
    return RenderedScene(scene, tuple(placed), (canvas + 0.5).clip(0, 255).astype(np.uint8))


def lit(time: str) -> NDArray[np.float32]:
    """Return what the hour does to the colours of things, (3,); little, so that they stay recognisable."""
    values = {"night": (0.74, 0.77, 0.88), "sunset": (1.0, 0.91, 0.84)}.get(time, (1.0, 1.0, 1.0))
    return np.array(values, np.float32)


def part_of(size: int, top: int, left: int, height: int, width: int) -> tuple[slice, slice, slice, slice]:
    """Return rows and columns of a square picture and of a sprite with that corner in it, where the two meet."""
    y0, x0, y1, x1 = max(top, 0), max(left, 0), min(top + height, size), min(left + width, size)
    y1, x1 = max(y0, y1), max(x0, x1)
    return slice(y0, y1), slice(x0, x1), slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)


def _meet(canvas: NDArray[np.float32], x: float, y: float, sprite: NDArray[Any]) -> tuple[slice, slice, slice, slice]:
    """Return `part_of` for a sprite with its middle at fractions of the canvas."""
    size, (height, width) = canvas.shape[0], sprite.shape[:2]
    return part_of(size, round(y * size - height / 2), round(x * size - width / 2), height, width)


def _put(canvas: NDArray[np.float32], pixels: Pixels, thing: Placed, light: NDArray[np.float32]) -> None:
    rows, columns, from_rows, from_columns = _meet(canvas, thing.x, thing.y, pixels)
    part = pixels[from_rows, from_columns].astype(np.float32)
    alpha = part[..., 3:] * np.float32(1 / 255)
    canvas[rows, columns] += (part[..., :3] * light - canvas[rows, columns]) * alpha


def _darken(canvas: NDArray[np.float32], thing: Placed, width: int) -> None:
    soft = shadow(max(8, int(width * 1.1)))
    rows, columns, from_rows, from_columns = _meet(canvas, thing.x, thing.y + thing.height / 2, soft)
    canvas[rows, columns] *= 1 - soft[from_rows, from_columns, None]
