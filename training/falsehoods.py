"""False neighbours of a scene: one thing changed, so that a caption of the neighbour is not true of the picture."""

from __future__ import annotations

import random
from dataclasses import replace

from gptsmith.models.pictures.world.objects import COLORS, objects
from gptsmith.models.pictures.world.scene import MOST, Group, Relation, RelationKind, Scene

_LEVEL: tuple[RelationKind, ...] = ("left", "front")


def falsehoods(scene: Scene, rng: random.Random, many: int) -> list[Scene]:
    """Return `many` scenes that differ from `scene` in relation, colours, number or object."""
    kinds = [_other_object, _other_count]
    if scene.groups and any(g.color for g in scene.groups):
        kinds += [_other_color, _other_color]
    if len(scene.groups) == 2:
        kinds += [_exchanged] * 4 + [_other_relation] * 2
        if scene.groups[0].color != scene.groups[1].color and scene.groups[0].name != scene.groups[1].name:
            kinds += [_colors_exchanged] * 2
    found: list[Scene] = []
    while len(found) < many:
        other = rng.choice(kinds)(scene, rng)
        if other is not None:
            found.append(other)
    return found


def _with(scene: Scene, index: int, group: Group) -> Scene:
    groups = list(scene.groups)
    groups[index] = group
    return replace(scene, groups=tuple(groups))


def _other_object(scene: Scene, rng: random.Random) -> Scene | None:
    index = rng.randrange(len(scene.groups))
    name = rng.choice(tuple(objects()))
    if any(g.name == name for g in scene.groups):
        return None
    return _with(scene, index, replace(scene.groups[index], name=name))


def _other_count(scene: Scene, rng: random.Random) -> Scene | None:
    index = rng.randrange(len(scene.groups))
    count = rng.randint(1, MOST)
    if count == scene.groups[index].count or len(scene.groups) > 2:
        return None
    return _with(scene, index, replace(scene.groups[index], count=count, size=""))


def _other_color(scene: Scene, rng: random.Random) -> Scene | None:
    index = rng.randrange(len(scene.groups))
    color = rng.choice(tuple(COLORS))
    if scene.groups[index].color in (None, color):
        return None
    return _with(scene, index, replace(scene.groups[index], color=color))


def _colors_exchanged(scene: Scene, rng: random.Random) -> Scene | None:
    first, second = scene.groups
    if "shape" in (objects()[first.name].kind, objects()[second.name].kind) and None in (first.color, second.color):
        return None
    return replace(scene, groups=(replace(first, color=second.color), replace(second, color=first.color)))


def _exchanged(scene: Scene, rng: random.Random) -> Scene | None:
    """Let the two groups change places: `a left of b` becomes `b left of a`."""
    if scene.relations[0].kind == "beside" or any(g.count > 1 for g in scene.groups):
        return None
    return replace(scene, groups=(scene.groups[1], scene.groups[0]))


def _other_relation(scene: Scene, rng: random.Random) -> Scene | None:
    if any(g.count > 1 for g in scene.groups) or scene.relations[0].kind == "front":
        return None  # what stands behind also stands higher and to a side: too much would be true
    other: RelationKind = "above"
    if scene.relations[0].kind in ("on", "above"):
        other = rng.choice(_LEVEL)
    return replace(scene, relations=(Relation(other, *rng.sample((0, 1), 2)),))
