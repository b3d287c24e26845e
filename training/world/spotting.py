"""Where things may stand in a picture: every thing in every tint and size, slid over it in rough cells.

What a thing would explain of the squared difference between the picture and what is known of it is a sum of
correlations of a few planes of the thing with a few of the picture, so that it is one matrix product for each size.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gptsmith.models.pictures.world.objects import COLORS, objects
from training.world.canvas import CELL, Canvas, Floats, Spot, cells
from training.world.render import lit
from training.world.sprites import extent, sprite

SIZES = (24, 28, 32, 44, 48, 64, 80, 96)  # pixels of the longer side, as things are laid out
_PEAKS = 4  # of one thing in one size
_RIVALS = 20  # at one spot of `_SPOT` pixels
_SPOT = 16
_MOST = 320  # spots in all
_LEAST = 0.02  # of the squared difference, in cells
_OUT = 2  # cells that a thing may stick out of the picture


@dataclass(frozen=True)
class Templates:
    """Every thing and tint in one size on a square of `side` x `side` cells, standing at its foot and in its middle."""

    side: int
    keys: list[tuple[str, str | None]]  # (n,)
    starts: list[int]  # where in `keys` each of the m names begins
    colors: Floats  # (n, side * side * 6): colour by cover, and that by cover once more
    covers: Floats  # (m, side * side)
    energies: Floats  # (n, 3): squares of colour by cover, by channel


@cache
def templates(size: int, among: tuple[str, ...] | None = None) -> Templates:
    """Return the templates of every thing, or of those named, in a size; a second, once per process. Needs the font."""
    side = -(-size // CELL)
    keys: list[tuple[str, str | None]] = []
    starts, colors, covers, energies = [], [], [], []
    for name in among or objects():
        starts.append(len(keys))
        tints: tuple[str | None, ...] = tuple(COLORS) if objects()[name].kind == "shape" else (None, *COLORS)
        for tint in tints:
            face = sprite.__wrapped__(name, tint, size).astype(np.float32) / np.float32(255)
            height, width = face.shape[:2]
            square = np.zeros((side * CELL, side * CELL, 4), np.float32)
            left = (side * CELL - width) // 2
            square[side * CELL - height :, left : left + width] = face
            color, cover = cells(square[..., :3] * square[..., 3:]), cells(square[..., 3:])
            keys.append((name, tint))
            colors.append(np.concatenate([color, color * cover], axis=2).ravel())
            energies.append((color * color).sum(axis=(0, 1)))
        covers.append(cover.ravel())
    return Templates(side, keys, starts, np.stack(colors), np.stack(covers), np.stack(energies))


def spots(canvas: Canvas, among: tuple[str, ...] | None = None) -> list[Spot]:
    """Return where things may stand that are not on the canvas yet, the likeliest first, at most 320."""
    found: list[tuple[float, Spot]] = []
    for size in SIZES:
        kit = templates(size, among)
        gains = _gains(canvas, kit)
        by_name = np.maximum.reduceat(gains, kit.starts, axis=2)
        for number, (start, end) in enumerate(zip(kit.starts, [*kit.starts[1:], len(kit.keys)], strict=True)):
            for y, x, gain in _peaks(by_name[..., number], max(2, kit.side // 3)):
                name, tint = kit.keys[start + int(gains[y, x, start:end].argmax())]
                height, width = extent(name, size)
                foot, middle = (y - _OUT + kit.side) * CELL, (x - _OUT + kit.side / 2) * CELL
                spot = Spot(name, tint, size, foot - height, round(middle - width / 2))
                found.append((gain, spot))
    rivals: Counter[tuple[int, int]] = Counter()
    kept = []
    for _, spot in sorted(found, key=lambda f: -f[0]):
        height, width = extent(spot.name, spot.size)
        here = (round((spot.top + height / 2) / _SPOT), round((spot.left + width / 2) / _SPOT))
        rivals[here] += 1
        if rivals[here] <= _RIVALS:
            kept.append(spot)
    return kept[:_MOST]


def _gains(canvas: Canvas, kit: Templates) -> Floats:
    """Return what each thing would explain at each corner, (rows, columns, n), less where much is left."""
    ground, light = cells(canvas.pixels), lit(canvas.time)
    wrong = cells(canvas.picture) - ground
    colored = _windows(np.concatenate([2 * wrong * light, 2 * ground * light], axis=2), kit.side)
    gains = colored.reshape(-1, colored.shape[2] * colored.shape[3]) @ kit.colors.T - kit.energies @ (light * light)
    bare = _windows(np.stack([(2 * wrong * ground).sum(axis=2), (ground**2).sum(axis=2), (wrong**2).sum(axis=2)], 2),
                    kit.side)  # fmt: skip
    plane = bare.reshape(-1, *bare.shape[2:])
    plain = -(plane[..., 0] @ kit.covers.T) - plane[..., 1] @ (kit.covers**2).T
    there = plane[..., 2] @ kit.covers.T
    sizes = np.diff([*kit.starts, len(kit.keys)])
    gains += np.repeat(plain, sizes, axis=1)
    gains *= np.clip(gains / np.repeat(np.maximum(there, 1e-3), sizes, axis=1), 0, 1)
    return np.asarray(gains.reshape(*colored.shape[:2], -1), np.float32)


def _windows(planes: Floats, side: int) -> Floats:
    """Return the squares of `side` cells of some planes, (rows, columns, side * side, planes)."""
    padded = np.pad(planes, ((_OUT, _OUT), (_OUT, _OUT), (0, 0)))
    squares = sliding_window_view(padded, (side, side), axis=(0, 1)).transpose(0, 1, 3, 4, 2)
    return np.ascontiguousarray(squares).reshape(*squares.shape[:2], side * side, planes.shape[2])


def _peaks(gains: Floats, apart: int) -> list[tuple[int, int, float]]:
    left, found = gains.copy(), []
    for _ in range(_PEAKS):
        y, x = divmod(int(left.argmax()), left.shape[1])
        if left[y, x] < _LEAST:
            break
        found.append((y, x, float(left[y, x])))
        left[max(0, y - apart) : y + apart + 1, max(0, x - apart) : x + apart + 1] = 0
    return found
