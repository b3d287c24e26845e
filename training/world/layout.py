"""Where the things of a scene stand, so that its counts and relations are true.

A picture is 8 x 8 cells. Each thing has a square of whole cells to itself, stands at the foot of it and in its middle,
and has one of few sizes. Nobody sees it, and a thing of one size then always falls into the same latents of a generator
and the same patches of a reader: there is far less to learn.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from gptsmith.models.pictures.world.scene import Relation, Scene
from training.world.sprites import aspect

CELLS = 8
_ALONE = {"": 5, "small": 3, "large": 6}  # cells of a thing alone
_SIDE_BY_SIDE = {2: 3.0, 3: 2.0}  # cells of each, by how many they are
_CROWDED = 1.75
_IN_ROWS = 3.0
_HELD = (0.2, 0.7)  # how much of the thing in front may cover the thing behind, as a part of its own width
_TOUCH = 32  # a thing stands on another to the nearest such part of the picture below


@dataclass(frozen=True)
class Placed:
    """One thing: its group's number, centre and size as fractions of the picture, y downwards."""

    group: int
    x: float
    y: float
    width: float
    height: float


def place(scene: Scene, rng: random.Random) -> list[Placed]:
    """Choose where the things of a scene stand, in the order of drawing."""
    kind = scene.relations[0].kind if len(scene.relations) == 1 else "left"
    if len(scene.groups) == 2 and all(g.count == 1 for g in scene.groups):
        if kind in ("on", "above"):
            return _stack(scene, scene.relations[0], rng)
        if kind == "front":
            return _overlap(scene, scene.relations[0], rng)
    if len(scene.groups) == 1:
        return _one_kind(scene, rng)
    order = list(range(len(scene.groups)))
    if kind == "beside" and rng.random() < 0.5:
        order.reverse()
    return _row(scene, [g for g in order for _ in range(scene.groups[g].count)], rng)


def _stand(scene: Scene, group: int, side: float, left: int, foot: float) -> Placed:
    """Return a thing whose longer side is `side` cells, in the square that begins `left` and ends above `foot`."""
    ratio = aspect(scene.groups[group].name)
    width, height = (side, side / ratio) if ratio >= 1 else (side * ratio, side)
    middle = left + math.ceil(side) / 2
    return Placed(group, middle / CELLS, (foot - height / 2) / CELLS, width / CELLS, height / CELLS)


def _side(scene: Scene, group: int, usual: float) -> float:
    """Return the cells of a thing that has others beside it."""
    return {"small": max(1.5, usual - 1), "large": usual + 1}.get(scene.groups[group].size, usual)


def _near_middle(side: float, reach: float, rng: random.Random) -> int:
    """Return a column for a square of `side` cells, at most `reach` from where it would stand in the middle."""
    room = CELLS - math.ceil(side)
    return rng.choice([left for left in range(room + 1) if abs(left - room / 2) <= reach])


def _one_kind(scene: Scene, rng: random.Random) -> list[Placed]:
    group = scene.groups[0]
    if group.count == 1:
        side = _ALONE[group.size]
        return [_stand(scene, 0, side, _near_middle(side, 1, rng), rng.choice((6, 7)))]
    if (group.count == 3 and rng.random() < 0.5) or (group.count == 4 and rng.random() < 0.75):
        return _in_rows(scene, group.count, rng)
    return _row(scene, [0] * group.count, rng)


def _in_rows(scene: Scene, count: int, rng: random.Random) -> list[Placed]:
    """Put three as a triangle, four as a square."""
    left, apart = rng.choice(((0, 4), (1, 4), (0, 5)))
    low = [(left, 7), (left + apart, 7)]
    top = [(left + apart // 2, 3)] if count == 3 else [(left, 3), (left + apart, 3)]
    return [_stand(scene, 0, _IN_ROWS, *spot) for spot in top + low]


def _row(scene: Scene, things: Sequence[int], rng: random.Random) -> list[Placed]:
    """Put the things of the groups named side by side, from left to right."""
    usual = _SIDE_BY_SIDE.get(len(things), _CROWDED)
    sides = [_side(scene, g, usual) for g in things]
    spare = CELLS - sum(math.ceil(s) for s in sides)
    widest = spare // (len(things) - 1)
    gap = rng.randint(min(1, widest), min(2, widest))
    left, foot = rng.randint(0, spare - gap * (len(things) - 1)), rng.choice((6, 7))
    placed = []
    for group, side in zip(things, sides, strict=True):
        placed.append(_stand(scene, group, side, left, foot))
        left += math.ceil(side) + gap
    return placed


def _stack(scene: Scene, relation: Relation, rng: random.Random) -> list[Placed]:
    low, high = (_side(scene, group, 3.0) for group in (relation.second, relation.first))
    left = _near_middle(low, 2, rng)
    lower = _stand(scene, relation.second, low, left, 7)
    gap = 0 if relation.kind == "on" else 1
    foot = math.ceil((lower.y - lower.height / 2) * _TOUCH) * CELLS / _TOUCH - gap
    upper = _stand(scene, relation.first, high, left + round((low - high) / 2), foot)
    sunk = max(0, math.ceil((upper.height / 2 - upper.y) * CELLS))  # cells that the upper one would stick out
    return [Placed(p.group, p.x, p.y + sunk / CELLS, p.width, p.height) for p in (lower, upper)]


def _overlap(scene: Scene, relation: Relation, rng: random.Random) -> list[Placed]:
    far, near = _side(scene, relation.second, 5.0), _side(scene, relation.first, 3.0)
    behind = _stand(scene, relation.second, far, _near_middle(far, 0.5, rng), 6)
    spots = [_stand(scene, relation.first, near, left, 7) for left in range(CELLS - math.ceil(near) + 1)]
    held = [s for s in spots if _HELD[0] <= _covers(s, behind) <= _HELD[1]]
    return [behind, rng.choice(held or [max(spots, key=lambda s: _covers(s, behind))])]


def _covers(front: Placed, behind: Placed) -> float:
    """Return the part of the front thing's width that has the other behind it."""
    left = max(front.x - front.width / 2, behind.x - behind.width / 2)
    return (min(front.x + front.width / 2, behind.x + behind.width / 2) - left) / front.width
