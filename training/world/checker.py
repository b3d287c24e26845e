"""The exact checker: what a drawn picture shows, explained as the world would have drawn it.

It shares no weights with the models that draw, see or write, and guides none; it only judges. It takes the scenery that
most of the picture is like, and then adds the thing, tint, size and place that explains most of what is left, until
nothing explains enough (analysis by synthesis; matching pursuit, Mallat and Zhang 1993). Its rules of honesty: every
object competes, not only those that were asked for; what is explained by one thing is not explained by another; what no
thing explains well is not counted, nor anything in a picture that is like no scenery; and its own errors are measured
on pictures whose truth is known, and by eye on generated ones before their figures count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gptsmith.models.pictures.world.requests import Named
from gptsmith.models.pictures.world.scene import Relation
from training.world.canvas import Canvas, Fit, Spot
from training.world.render import SIZE
from training.world.spotting import spots
from training.world.sprites import extent

SURE = 0.6  # score from which a thing counts as seen: docs/training.md
_LEAST = 0.02  # of the squared difference that a thing must explain for each pixel: a twelfth in each channel
_WORTH = 0.6  # of `SURE`: spots below it are not followed
_MOST = 8  # things
_OVERLAP = 0.5  # from which two of a kind are one
_TURNS = 3  # looks for what stands among the things found


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


def look(pixels: NDArray[np.uint8], among: tuple[str, ...] | None = None) -> list[Seen]:
    """Return the things in a picture (128, 128, 3), in the order in which they explain it.

    `among` names the things that compete, all when left out. Some seconds of one core; the first call prepares the
    things, a few seconds more.
    """
    canvas = Canvas(pixels.astype(np.float32) / np.float32(255))
    found: list[tuple[Spot, Fit]] = []
    for _ in range(_TURNS if canvas.known else 0):
        before = list(found)
        likely = [_moved(canvas, spot) for spot in spots(canvas, among)]
        likely = [s for s in likely if canvas.fit(s).score > _WORTH * SURE]
        likely = [s for s in likely if not any(_again(s, f) for f, _ in found)]
        while len(found) < _MOST and (best := _best(canvas, likely, not found)):
            canvas.paint(best[0])
            found.append(best)
            likely = [s for s in likely if not _again(s, best[0])]
        found = _needed(canvas, found)
        if found == before:
            break
    return [_seen(spot, fit.score) for spot, fit in found]


def _needed(canvas: Canvas, found: list[tuple[Spot, Fit]]) -> list[tuple[Spot, Fit]]:
    """Return those without which the picture would be explained worse, and draw the canvas with them.

    What was taken first, since it explains a little of several things, is needless once those are found.
    """
    while found:
        whole = canvas.draw([spot for spot, _ in found])
        lost = [canvas.draw([spot for spot, _ in found[:i] + found[i + 1 :]]) - whole for i in range(len(found))]
        least = min(range(len(found)), key=lambda i: lost[i] / found[i][1].area)
        if lost[least] > _LEAST * found[least][1].area:
            break
        found = found[:least] + found[least + 1 :]
    canvas.draw([spot for spot, _ in found])
    return found


def _moved(canvas: Canvas, spot: Spot) -> Spot:
    """Return a spot moved by up to 5 pixels to where it explains most."""
    for step, reach in ((2, 4), (1, 1)):
        moves = [(dy, dx) for dy in range(-reach, reach + 1, step) for dx in range(-reach, reach + 1, step)]
        near = [replace(spot, top=spot.top + dy, left=spot.left + dx) for dy, dx in moves]
        spot = max(near, key=lambda s: canvas.gain(s, step))
    return spot


def _best(canvas: Canvas, likely: list[Spot], first: bool) -> tuple[Spot, Fit] | None:
    """Return the spot, in front of what was found or behind it, that explains most of what is left."""
    both = [replace(spot, under=under) for spot in likely for under in ((False,) if first else (False, True))]
    fits = [(spot, canvas.fit(spot)) for spot in both]
    good = [(spot, fit) for spot, fit in fits if fit.score >= SURE and fit.gain >= _LEAST * fit.area]
    return max(good, key=lambda f: f[1].gain * f[1].score, default=None)


def _again(spot: Spot, other: Spot) -> bool:
    """Tell whether two findings are one thing: what is left of a soft thing looks like itself."""
    return spot.name == other.name and _shared(_seen(spot), _seen(other)) > _OVERLAP


def _seen(spot: Spot, score: float = 0.0) -> Seen:
    height, width = extent(spot.name, spot.size)
    x, y = (spot.left + width / 2) / SIZE, (spot.top + height / 2) / SIZE
    return Seen(spot.name, spot.tint, x, y, width / SIZE, height / SIZE, score)


def check(pixels: NDArray[np.uint8], request: Named, among: tuple[str, ...] | None = None) -> Verdict:
    """Judge a picture by what was asked for; what is there beside it counts against the number of its kind only."""
    return judge(look(pixels, among), request)


def judge(seen: Sequence[Seen], request: Named) -> Verdict:
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


def _shared(a: Seen, b: Seen) -> float:
    """Return the part of the smaller thing's box that lies in the other's."""
    width = min(a.x + a.width / 2, b.x + b.width / 2) - max(a.x - a.width / 2, b.x - b.width / 2)
    height = min(a.y + a.height / 2, b.y + b.height / 2) - max(a.y - a.height / 2, b.y - b.height / 2)
    return max(0.0, width) * max(0.0, height) / min(a.width * a.height, b.width * b.height)
