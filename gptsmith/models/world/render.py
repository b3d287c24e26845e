"""The picture of a scene: where each thing is put, and its pixels."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gptsmith.models.world.scene import Relation, Scene
from gptsmith.models.world.scenery import VARIANTS, scenery
from gptsmith.models.world.sprites import aspect, shadow, sprite

SIZE = 128
GRID = 16
_SINGLE = {1: (0.44, 0.68), 2: (0.34, 0.43), 3: (0.28, 0.34), 4: (0.24, 0.3)}
_FLOATS = ("space", "sea")  # things there throw no shadow
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Placed:
    """One drawn thing: its group's number, centre and size as fractions of the picture, y downwards."""

    group: int
    x: float
    y: float
    width: float
    height: float
    flip: bool = False


@dataclass(frozen=True)
class Picture:
    """The pixels of a scene, (size, size, 3), and what was put where, in the order of drawing."""

    scene: Scene
    placed: tuple[Placed, ...]
    pixels: Pixels


def render(scene: Scene, rng: random.Random, size: int = SIZE) -> Picture:
    """Place and draw a scene; the same state of `rng` gives the same picture."""
    placed = place(scene, rng)
    ground = scenery(scene.setting, scene.time, rng.randrange(VARIANTS), size)
    canvas = (ground[:, ::-1] if rng.random() < 0.5 else ground).astype(np.float32)
    light = _light(scene)
    for thing in placed:
        group = scene.groups[thing.group]
        pixels = sprite(group.name, group.color, max(6, round(max(thing.width, thing.height) * size)), thing.flip)
        if scene.setting not in _FLOATS:
            _darken(canvas, thing, pixels.shape[1])
        _put(canvas, pixels, thing, light)
    return Picture(scene, tuple(placed), (canvas + 0.5).clip(0, 255).astype(np.uint8))


def place(scene: Scene, rng: random.Random) -> list[Placed]:
    """Choose where the things of a scene stand, so that its counts and relations are true."""
    placed = [_on_grid(scene, thing) for thing in _place(scene, rng)]
    if _stacked(scene):
        lower, upper = placed
        return _restacked(lower, upper, 0 if scene.relations[0].kind == "on" else 1 / GRID)
    return placed


def _stacked(scene: Scene) -> bool:
    alone = len(scene.groups) == 2 and all(g.count == 1 for g in scene.groups)
    return alone and scene.relations[0].kind in ("on", "above")


def _restacked(lower: Placed, upper: Placed, gap: float) -> list[Placed]:
    """Put the upper thing on the lower one, or `gap` above it, and both within the picture."""
    foot = max(lower.y + lower.height / 2, lower.height + gap + upper.height)
    lower = replace(lower, y=foot - lower.height / 2)
    return [lower, replace(upper, y=foot - lower.height - gap - upper.height / 2)]


def _on_grid(scene: Scene, thing: Placed) -> Placed:
    """Put left edge, foot and height of a thing on a grid of 16 x 16, the cells of an f8 autoencoder's latents.

    Nobody sees it, and a thing of one size then always falls into the same latents: there is far less to learn.
    """
    ratio = aspect(scene.groups[thing.group].name)
    height = max(2, int(thing.height * GRID + 0.35)) / GRID
    width = height * ratio
    left = round((thing.x - width / 2) * GRID) / GRID
    foot = round((thing.y + thing.height / 2) * GRID) / GRID
    return replace(thing, x=left + width / 2, y=foot - height / 2, width=width, height=height)


def _place(scene: Scene, rng: random.Random) -> list[Placed]:
    kind = scene.relations[0].kind if len(scene.relations) == 1 else "left"
    alone = all(g.count == 1 for g in scene.groups)
    if _stacked(scene):
        return _stack(scene, scene.relations[0], rng, touching=kind == "on")
    if len(scene.groups) == 2 and alone and kind == "front":
        return _overlap(scene, scene.relations[0], rng)
    if len(scene.groups) == 1:
        return _one_kind(scene, rng)
    return _row(scene, rng)


def _box(scene: Scene, group: int, size: float) -> tuple[float, float]:
    """Return width and height of a thing whose longer side is `size`, smaller or larger as its group says."""
    size *= {"small": 0.62, "large": 1.22}.get(scene.groups[group].size, 1.0)
    ratio = aspect(scene.groups[group].name)
    return (size, size / ratio) if ratio >= 1 else (size * ratio, size)


def _floor(scene: Scene, rng: random.Random) -> float:
    """Return the height of the line on which things stand."""
    return rng.uniform(0.78, 0.9)


def _one_kind(scene: Scene, rng: random.Random) -> list[Placed]:
    count = scene.groups[0].count
    size = rng.uniform(*_SINGLE[count])
    width, height = _box(scene, 0, min(size, 0.72))
    if count == 1:
        x, floor = rng.uniform(0.36, 0.64), min(0.95, _floor(scene, rng) + height * 0.12)
        return [Placed(0, x, max(floor - height / 2, height / 2 + 0.02), width, height, rng.random() < 0.5)]
    flip = rng.random() < 0.5
    if count >= 3 and rng.random() < 0.5:
        return _in_rows(count, width, height, flip, rng)
    gap = min(0.06, (0.98 - width * count) / count)
    left = 0.5 - (count * width + (count - 1) * gap) / 2
    floor = _floor(scene, rng)
    return [
        Placed(
            0, left + width / 2 + i * (width + gap), floor - height / 2 + rng.uniform(-0.03, 0.03), width, height, flip
        )
        for i in range(count)
    ]


def _in_rows(count: int, width: float, height: float, flip: bool, rng: random.Random) -> list[Placed]:
    """Put three as a triangle, four as a square."""
    scale = min(1.25, 0.42 / max(width, height))
    width, height = width * scale, height * scale
    xs = [0.28, 0.72]
    top, low = 0.5 - max(0.24, height * 0.6), 0.5 + max(0.24, height * 0.6)
    spots = [(x, low) for x in xs] + ([(0.5, top)] if count == 3 else [(x, top) for x in xs])
    shift = rng.uniform(-0.03, 0.03)
    return [
        Placed(0, x + shift, y + rng.uniform(-0.02, 0.04), width, height, flip)
        for x, y in sorted(spots, key=lambda s: s[1])
    ]


def _stack(scene: Scene, relation: Relation, rng: random.Random, *, touching: bool) -> list[Placed]:
    size = rng.uniform(0.34, 0.42)
    (wa, ha), (wb, hb) = _box(scene, relation.first, size), _box(scene, relation.second, size * rng.uniform(1.0, 1.1))
    gap = -0.015 if touching else rng.uniform(0.05, 0.12)
    room = ha + hb + gap
    if room > 0.94:
        shrink = 0.94 / room
        wa, ha, wb, hb, gap = wa * shrink, ha * shrink, wb * shrink, hb * shrink, gap * shrink
    floor = max(rng.uniform(0.86, 0.95), ha + hb + gap + 0.02)
    x = rng.uniform(0.36, 0.64)
    lower = Placed(relation.second, x, floor - hb / 2, wb, hb, rng.random() < 0.5)
    upper_x = min(max(x + rng.uniform(-0.05, 0.05), wa / 2 + 0.01), 0.99 - wa / 2)
    upper = Placed(relation.first, upper_x, floor - hb - gap - ha / 2, wa, ha, rng.random() < 0.5)
    return [lower, upper]


def _overlap(scene: Scene, relation: Relation, rng: random.Random) -> list[Placed]:
    (wf, hf), (wb, hb) = (
        _box(scene, relation.first, rng.uniform(0.34, 0.4)),
        _box(scene, relation.second, rng.uniform(0.52, 0.6)),
    )
    side = rng.choice((-1, 1))
    x, floor = 0.5 + side * rng.uniform(0.06, 0.12), rng.uniform(0.74, 0.8)
    shift = side * (wb / 2 - wf * rng.uniform(0.05, 0.2))
    behind = Placed(relation.second, x, max(floor - hb / 2, hb / 2 + 0.02), wb, hb, rng.random() < 0.5)
    front = Placed(relation.first, x - shift, floor + rng.uniform(0.08, 0.13) - hf / 2, wf, hf, rng.random() < 0.5)
    return [behind, front]


def _row(scene: Scene, rng: random.Random) -> list[Placed]:
    """Put the groups side by side from left to right; `beside` may exchange them."""
    order = list(range(len(scene.groups)))
    if scene.relations and scene.relations[0].kind == "beside" and rng.random() < 0.5:
        order.reverse()
    things = [g for g in order for _ in range(scene.groups[g].count)]
    size = rng.uniform(*{2: (0.36, 0.44), 3: (0.28, 0.32)}.get(len(things), (0.21, 0.235)))
    boxes = [_box(scene, g, size) for g in things]
    spare = 0.97 - sum(w for w, _ in boxes)
    if spare < 0:
        boxes = [(w * 0.97 / (0.97 - spare), h * 0.97 / (0.97 - spare)) for w, h in boxes]
        spare = 0.0
    gap = min(spare / (len(things) + 1), 0.1)
    x = 0.5 - (sum(w for w, _ in boxes) + gap * (len(things) - 1)) / 2
    floor, flips = _floor(scene, rng), [rng.random() < 0.5 for _ in scene.groups]
    placed = []
    for g, (w, h) in zip(things, boxes, strict=True):
        placed.append(Placed(g, x + w / 2, floor - h / 2 + rng.uniform(-0.025, 0.025), w, h, flips[g]))
        x += w + gap
    return placed


def _light(scene: Scene) -> NDArray[np.float32]:
    """Return what the hour does to the colours of things; little, so that they stay recognisable."""
    values = {"night": (0.74, 0.77, 0.88), "sunset": (1.0, 0.91, 0.84)}.get(scene.time, (1.0, 1.0, 1.0))
    return np.array(values, np.float32)


def _corner(
    canvas: NDArray[np.float32], x: float, y: float, width: int, height: int
) -> tuple[slice, slice, slice, slice]:
    """Return rows and columns of the canvas and of the sprite where the two meet."""
    size = canvas.shape[0]
    left, top = round(x * size - width / 2), round(y * size - height / 2)
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + width, size), min(top + height, size)
    x1, y1 = max(x0, x1), max(y0, y1)
    return slice(y0, y1), slice(x0, x1), slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)


def _put(canvas: NDArray[np.float32], pixels: Pixels, thing: Placed, light: NDArray[np.float32]) -> None:
    rows, columns, from_rows, from_columns = _corner(canvas, thing.x, thing.y, pixels.shape[1], pixels.shape[0])
    part = pixels[from_rows, from_columns].astype(np.float32)
    alpha = part[..., 3:] * np.float32(1 / 255)
    canvas[rows, columns] += (part[..., :3] * light - canvas[rows, columns]) * alpha


def _darken(canvas: NDArray[np.float32], thing: Placed, width: int) -> None:
    soft = shadow(max(8, int(width * 1.1)))
    rows, columns, from_rows, from_columns = _corner(
        canvas, thing.x, thing.y + thing.height / 2, soft.shape[1], soft.shape[0]
    )
    canvas[rows, columns] *= 1 - soft[from_rows, from_columns, None]
