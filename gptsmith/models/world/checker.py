"""The exact checker: what a drawn picture shows, read by comparing it with every thing that the world knows.

It shares no weights with the models that draw, see or write: outlines and colours of the things themselves are slid
over the picture. It guides no model, it only judges. Its rules of honesty: every object competes, not only those that
were asked for; a place belongs to one thing; what no thing fits well is not counted; and its own errors are measured on
pictures whose truth is known, and by eye on generated ones before their figures count.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gptsmith.models.world.objects import COLORS, objects
from gptsmith.models.world.outlines import CELL, CELLS, SIDE, Floats, Templates, slide, soften, templates
from gptsmith.models.world.requests import Request
from gptsmith.models.world.scene import Relation
from gptsmith.models.world.sprites import sprite

SURE = 0.70  # score from which a thing counts as seen, fitted on 16 scenes: docs/training.md
_LOOK = 50  # places looked at closely
_LIKELY = 4
_PEAKS = 4  # of one object
_OVERLAP = 0.4
_OUTLINE = 0.6  # the weight of outlines against colours
_SMALL = 0.09  # what a thing of half the size must fit better by: trees and windows look like small things
_MIDDLE = 40.0  # pixels
_LIGHTS = np.array([(1, 1, 1), (1, 0.91, 0.84), (0.74, 0.77, 0.88)], np.float32)  # day, sunset, night
_TINTS: tuple[str | None, ...] = (None, *COLORS)


@dataclass(frozen=True)
class Seen:
    """One thing seen: `color` None is its own colours; centre and size are fractions of the picture."""

    name: str
    color: str | None
    x: float
    y: float
    width: float
    height: float
    score: float


@dataclass(frozen=True)
class Verdict:
    """What a request asked for and whether the picture shows it, part by part; None where nothing was asked."""

    seen: tuple[Seen, ...]
    objects: bool
    counts: bool
    colors: bool | None
    relations: bool | None

    @property
    def right(self) -> bool:
        """Whether everything that was asked for is there."""
        return self.objects and self.counts and self.colors is not False and self.relations is not False


def look(pixels: NDArray[np.uint8], kit: Templates | None = None) -> list[Seen]:
    """Return the things in a picture (128, 128, 3), the surest first; `kit` are all things when left out."""
    picture = pixels.astype(np.float32) / np.float32(255)
    kit = kit or templates()
    soft = soften(picture)
    close = [_closely(soft, kit, *spot) for spot in _spots(slide(picture, kit), kit)]
    found: list[Seen] = []
    for seen in sorted(close, key=lambda s: -s.score):
        if seen.score >= SURE and all(_shared(seen, other) < _OVERLAP for other in found):
            found.append(seen)
    return found


def check(pixels: NDArray[np.uint8], request: Request, kit: Templates | None = None) -> Verdict:
    """Judge a picture by what was asked for; what is there beside it counts against the number of its kind only."""
    return judge(look(pixels, kit), request)


def judge(seen: Sequence[Seen], request: Request) -> Verdict:
    """Judge what was seen in a picture by what was asked for."""
    chosen: list[list[Seen]] = []
    taken: set[int] = set()
    for group in request.groups:
        mine = [i for i, s in enumerate(seen) if s.name == group.name and i not in taken]
        twins = sum(g.name == group.name for g in request.groups) > 1
        if group.color and twins:  # a red and a blue cube: each takes its own
            mine = [i for i in mine if seen[i].color == group.color] or mine[:1]
        taken.update(mine)
        chosen.append([seen[i] for i in mine])
    pairs = list(zip(request.groups, chosen, strict=True))
    counts = all(len(c) > 1 if i in request.loose else len(c) == g.count for i, (g, c) in enumerate(pairs))
    colored = [(g.color, c) for g, c in pairs if g.color]
    return Verdict(
        tuple(seen),
        all(chosen) and bool(chosen),
        counts,
        all(c and all(s.color == color for s in c) for color, c in colored) if colored else None,
        all(_stands(r, chosen) for r in request.relations) if request.relations else None,
    )


def _stands(relation: Relation, chosen: list[list[Seen]]) -> bool:
    if not chosen[relation.first] or not chosen[relation.second]:
        return False
    a, b = chosen[relation.first][0], chosen[relation.second][0]
    dx, dy = b.x - a.x, b.y - a.y
    if relation.kind == "left":
        return dx > 0.08 and dx > abs(dy) * 0.7
    if relation.kind in ("on", "above"):
        return dy > 0.08 and dy > abs(dx) * 0.7
    if relation.kind == "front":
        return a.y + a.height / 2 > b.y + b.height / 2 and _shared(a, b) > 0.0
    return abs(dx) > 0.08


def _spots(scores: Floats, kit: Templates) -> list[tuple[int, int, int, float]]:
    """Return the best places to look closely: template, cell row, cell column, score."""
    names = np.array(kit.names)
    spots: list[tuple[int, int, int, float]] = []
    for name in dict.fromkeys(kit.names):
        rows = np.flatnonzero(names == name)
        part = scores[rows].copy()
        for _ in range(_PEAKS):
            t, y, x = np.unravel_index(int(part.argmax()), part.shape)
            best = float(part[t, y, x])
            if best < 0.5:
                break
            template = int(rows[t])
            spots.append((template, int(y), int(x), best))
            part *= _elsewhere(kit, rows, template, int(y), int(x))
    return sorted(spots, key=lambda s: -_OUTLINE * s[3] - _size_gain(float(kit.sizes[s[0]])))[:_LOOK]


def _size_gain(pixels: float) -> float:
    return _SMALL * math.log2(pixels / _MIDDLE)


def _elsewhere(kit: Templates, rows: NDArray[np.int64], template: int, y: int, x: int) -> Floats:
    """Return 0 where a template of `rows` would have its middle inside the thing at `y`, `x`, and 1 elsewhere."""
    height, width = kit.heights[template], kit.widths[template]
    middle_y = np.arange(CELLS)[None, :, None] + kit.heights[rows][:, None, None] / 2
    middle_x = np.arange(CELLS)[None, None, :] + kit.widths[rows][:, None, None] / 2
    near = (np.abs(middle_y - y - height / 2) < height * 0.35) & (np.abs(middle_x - x - width / 2) < width * 0.35)
    return np.asarray(~near, np.float32)


def _closely(picture: Floats, kit: Templates, template: int, y: int, x: int, outline: float) -> Seen:
    """Fit a thing at a place pixel by pixel: its exact spot, size and colour, and how sure that is."""
    name = kit.names[template]
    middle_y, middle_x = (y + kit.heights[template] / 2) * CELL, (x + kit.widths[template] / 2) * CELL
    best: tuple[float, str | None, int, int, int, int] = (-1.0, None, 0, 0, 1, 1)
    for size in (round(float(kit.sizes[template]) * k) for k in (0.93, 1.0, 1.07)):
        shape = sprite(name, None, size).shape[:2]
        spot = _best_shift(picture, name, size, round(middle_y - shape[0] / 2), round(middle_x - shape[1] / 2))
        if spot and spot[0] > best[0]:
            best = (*spot, *shape)
    fit, color, top, left, height, width = best
    score = _OUTLINE * outline + (1 - _OUTLINE) * fit + _size_gain(max(height, width))
    return Seen(name, color, (left + width / 2) / SIDE, (top + height / 2) / SIDE, width / SIDE, height / SIDE, score)


def _best_shift(
    picture: Floats, name: str, size: int, top: int, left: int
) -> tuple[float, str | None, int, int] | None:
    """Return how well the colours of a thing fit, 0 to 1, in which tint, and where, up to 5 pixels from a corner."""
    faces = _faces(name, size)
    best = _fit(picture, faces, top, left)
    if best is None:
        return None
    likely = np.argsort(best[1])[:_LIKELY]  # tints and lights that are worth moving about
    found = (best[0], int(likely[0]), top, left)
    for step, reach in ((2, 4), (1, 1)):
        _, _, middle_y, middle_x = found
        for dy in range(-reach, reach + 1, step):
            for dx in range(-reach, reach + 1, step):
                one = _fit(picture, faces[likely], middle_y + dy, middle_x + dx)
                if one and one[0] > found[0]:
                    found = (one[0], int(likely[one[1].argmin()]), middle_y + dy, middle_x + dx)
    return found[0], _tints(name)[found[1] // len(_LIGHTS)], found[2], found[3]


def _fit(picture: Floats, faces: Floats, top: int, left: int) -> tuple[float, Floats] | None:
    """Return how well the best of some faces explains the picture at a corner, and each face's mean error."""
    height, width = faces.shape[1:3]
    y0, x0, y1, x1 = max(top, 0), max(left, 0), min(top + height, SIDE), min(left + width, SIDE)
    if (y1 - y0) * (x1 - x0) < 0.75 * height * width:
        return None
    part = picture[y0:y1:2, x0:x1:2]
    own = faces[:, y0 - top : y1 - top : 2, x0 - left : x1 - left : 2]
    weight = own[0, ..., 3]
    covered = 3 * weight.sum() + 1e-6
    errors = np.asarray((np.abs(own[..., :3] - part).sum(axis=3) * weight).sum(axis=(1, 2)) / covered, np.float32)
    plain = (np.abs(_around(picture, y0, x0, y1, x1) - part).sum(axis=2) * weight).sum() / covered
    least = float(errors.min())
    explained = 1 - least / max(float(plain), 1e-3)  # against the ground around
    return float(np.clip(1 - least / 0.25, 0, 1) * np.clip(1.6 * explained, 0, 1)), errors


def _around(picture: Floats, y0: int, x0: int, y1: int, x1: int) -> Floats:
    """Return for each pixel of a box (every second one) what the ground left and right of it would have there."""
    left, right = picture[y0:y1:2, max(x0 - 2, 0)], picture[y0:y1:2, min(x1 + 1, SIDE - 1)]
    part = np.linspace(0, 1, len(range(x0, x1, 2)), dtype=np.float32)[None, :, None]
    return np.asarray(left[:, None] * (1 - part) + right[:, None] * part, np.float32)


def _tints(name: str) -> tuple[str | None, ...]:
    return _TINTS[1:] if objects()[name].kind == "shape" else _TINTS


_kept: dict[tuple[str, int], Floats] = {}


def _faces(name: str, size: int) -> Floats:
    """Return a thing in every tint and light, (tints * lights, height, width, 4) in 0..1."""
    key = (name, size)
    if key not in _kept:
        if len(_kept) > 600:
            _kept.clear()
        faces = np.stack([sprite(name, tint, size) for tint in _tints(name)]).astype(np.float32) / np.float32(255)
        lit = np.repeat(faces, len(_LIGHTS), axis=0)
        lit[..., :3] *= np.tile(_LIGHTS, (len(faces), 1))[:, None, None]
        _kept[key] = lit
    return _kept[key]


def _shared(a: Seen, b: Seen) -> float:
    """Return the part of the smaller thing's box that lies in the other's."""
    width = min(a.x + a.width / 2, b.x + b.width / 2) - max(a.x - a.width / 2, b.x - b.width / 2)
    height = min(a.y + a.height / 2, b.y + b.height / 2) - max(a.y - a.height / 2, b.y - b.height / 2)
    return max(0.0, width) * max(0.0, height) / min(a.width * a.height, b.width * b.height)
