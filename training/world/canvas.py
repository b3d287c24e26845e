"""What is known of a picture so far: its empty scenery, and the things found before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from gptsmith.models.pictures.world.scene import PLACES, PLAIN, TIMES
from training.world.render import FLOATS, SIZE, lit, part_of
from training.world.scenery import VARIANTS, scenery
from training.world.sprites import shadow, sprite

CELL = 4  # pixels along a rough cell
_SOFT = 2  # pixels by which softening reaches out
_VISIBLE = 0.3  # of a thing behind others, else nothing can be said of it
_STRANGE = 0.12  # difference from which a pixel or cell is no scenery, however far off it is
_LIKE, _ENOUGH = 0.06, 0.25  # difference up to which a cell is like its scenery; the part of all that has to be
_ROWS = 3  # on both sides of a row, to tell how light it is

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Spot:
    """A thing at a place: corner in pixels, longer side in pixels, and whether it stands behind those found before."""

    name: str
    tint: str | None
    size: int
    top: int
    left: int
    under: bool = False


@dataclass(frozen=True)
class Fit:
    """How much of the squared difference between picture and canvas a thing takes away, how many pixels of it are to be
    seen, and how well it fits, to 1."""

    gain: float
    area: float
    score: float


_NONE = Fit(0.0, 1.0, 0.0)


class Canvas:
    """The picture as far as it is explained; `paint` adds a thing, `fit` asks how well one would explain more.

    `known` is False where too little of the picture is like any scenery of the world.
    """

    def __init__(self, picture: Floats) -> None:
        self.picture = _soften(picture)
        place, self.time, variant, self.known = _place(self.picture)
        empty = _soften(scenery(place, self.time, variant, SIZE).astype(np.float32) / np.float32(255))
        self._ground: Floats = empty + _shift(self.picture - empty)
        self._shaded = place not in FLOATS
        self.draw([])

    def draw(self, things: Sequence[Spot]) -> float:
        """Begin anew with these things, in this order; return the squared difference that is left."""
        self.pixels = self._ground.copy()
        self._cover = np.zeros((SIZE, SIZE, 1), np.float32)
        for spot in things:
            self.paint(spot)
        return float(((self.picture - self.pixels) ** 2).sum())

    def gain(self, spot: Spot, step: int = 1) -> float:
        """Return the squared difference that a thing in front of all others takes away, by every `step`-th pixel; 0
        where a quarter of it or more would be outside."""
        there = self._there(spot)
        if there is None:
            return 0.0
        part, rows, columns = there
        part, ground = part[::step, ::step], self.pixels[rows, columns][::step, ::step]
        change = part[..., :3] - part[..., 3:] * ground
        wrong = self.picture[rows, columns][::step, ::step] - ground
        return float((change * (2 * wrong - change)).sum()) * step * step

    def fit(self, spot: Spot) -> Fit:
        """Compare what is there with the thing.

        The score is the smaller of two shares: of the thing that the picture has, and of the picture that the thing
        explains. It is 0 where a quarter of the thing or more would be outside.
        """
        there = self._there(spot)
        if there is None:
            return _NONE
        part, rows, columns = there
        alpha = part[..., 3:]
        free: Floats = 1 - self._cover[rows, columns] if spot.under else np.ones_like(alpha)
        if spot.under and (alpha * free).sum() < _VISIBLE * alpha.sum():
            return _NONE
        ground = self.pixels[rows, columns]
        wrong = self.picture[rows, columns] - ground
        change = part[..., :3] - alpha * ground
        before = wrong * wrong * free
        gain = float((before - (wrong - change) ** 2 * free).sum())
        hoped, all_ = float((change * change * free).sum()), float((alpha * before).sum())
        return Fit(gain, max(1.0, float((alpha * free).sum())), min(1.0, gain / max(hoped, all_, 1e-3)))

    def _there(self, spot: Spot) -> tuple[Floats, slice, slice] | None:
        """Return what of a thing is within the picture, and its rows and columns; None where too little is."""
        face = self._face(spot)
        rows, columns, own_rows, own_columns = part_of(SIZE, spot.top - _SOFT, spot.left - _SOFT, *face.shape[:2])
        if (rows.stop - rows.start) * (columns.stop - columns.start) < 0.75 * face.shape[0] * face.shape[1]:
            return None
        return face[own_rows, own_columns], rows, columns

    def paint(self, spot: Spot) -> None:
        """Put a thing on the canvas, with its shadow on the ground."""
        face = self._face(spot)
        height, width = (n - 2 * _SOFT for n in face.shape[:2])
        if self._shaded:
            dark = shadow(max(8, int(width * 1.1)))
            top, left = round(spot.top + height - dark.shape[0] / 2), round(spot.left + (width - dark.shape[1]) / 2)
            rows, columns, own_rows, own_columns = part_of(SIZE, top, left, *dark.shape)
            self.pixels[rows, columns] *= 1 - dark[own_rows, own_columns, None] * (1 - self._cover[rows, columns])
        rows, columns, own_rows, own_columns = part_of(SIZE, spot.top - _SOFT, spot.left - _SOFT, *face.shape[:2])
        part = face[own_rows, own_columns]
        free = 1 - self._cover[rows, columns] if spot.under else np.float32(1)
        self.pixels[rows, columns] += free * (part[..., :3] - part[..., 3:] * self.pixels[rows, columns])
        self._cover[rows, columns] = np.maximum(self._cover[rows, columns], part[..., 3:])

    def _face(self, spot: Spot) -> Floats:
        return _soft_face(spot.name, spot.tint, spot.size, self.time)


@lru_cache(maxsize=4096)
def _soft_face(name: str, tint: str | None, size: int, time: str) -> Floats:
    """Return colour times cover, and cover, with a margin of `_SOFT`, (height, width, 4)."""
    face = sprite(name, tint, size).astype(np.float32) / np.float32(255)
    face[..., :3] *= lit(time) * face[..., 3:]
    return _soften(np.pad(face, ((_SOFT, _SOFT), (_SOFT, _SOFT), (0, 0))))


def _soften(pixels: Floats) -> Floats:
    """Return a picture blurred by about a pixel: drawn pictures are soft and have noise."""
    for axis in (0, 1):
        for _ in range(_SOFT):
            around = np.pad(pixels, [(1, 1) if a == axis else (0, 0) for a in range(3)], mode="edge")
            before, after = np.delete(around, (-1, -2), axis), np.delete(around, (0, 1), axis)
            pixels = np.asarray((before + 2 * pixels + after) / 4, np.float32)
    return pixels


def cells(pixels: Floats) -> Floats:
    """Return the means of square cells of a picture, (h / 4, w / 4, channels)."""
    height, width = (n // CELL for n in pixels.shape[:2])
    return np.asarray(pixels.reshape(height, CELL, width, CELL, -1).mean(axis=(1, 3)), np.float32)


@cache
def _sceneries() -> tuple[list[tuple[str, str, int]], Floats]:
    kinds = [(place, time, v) for place in PLACES for time in TIMES for v in range(VARIANTS)]
    kinds += [(f"plain {color}", "day", v) for color in PLAIN for v in range(VARIANTS)]
    return kinds, np.stack([cells(scenery(*kind, SIZE).astype(np.float32) / np.float32(255)) for kind in kinds])


def _shift(apart: Floats) -> Floats:
    """Return by how much each row of a picture is lighter or darker than its scenery, (rows, 1, 3)."""
    like = (np.abs(apart).max(axis=2, keepdims=True) < _STRANGE).astype(np.float32)
    sums = np.concatenate([(apart * like).sum(axis=1), like.sum(axis=1)], axis=1)
    around = sliding_window_view(np.pad(sums, ((_ROWS, _ROWS), (0, 0))), 2 * _ROWS + 1, axis=0).sum(axis=2)
    return np.asarray(around[:, None, :3] / (around[:, None, 3:] + SIZE / 4), np.float32)


def _place(picture: Floats) -> tuple[str, str, int, bool]:
    """Return the scenery that most cells of a picture are like, and whether enough of them are."""
    kinds, empty = _sceneries()
    apart = np.abs(empty - cells(picture)).mean(axis=3)
    best = int(np.minimum(apart, _STRANGE).mean(axis=(1, 2)).argmin())
    return *kinds[best], bool((apart[best] < _LIKE).mean() >= _ENOUGH)
