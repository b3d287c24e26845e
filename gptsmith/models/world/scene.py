"""A scene of the small world: what is in a picture, before it is placed and drawn."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Literal

from gptsmith.models.world.objects import COLORS, objects

RelationKind = Literal["left", "on", "above", "beside", "front"]
"""`left(a, b)` is a left of b; right, below and behind are the same relations with the groups exchanged."""
RELATION_KINDS: tuple[RelationKind, ...] = ("left", "on", "above", "beside", "front")
TIMES = ("day", "sunset", "night")
PLACES = ("meadow", "beach", "snow", "desert", "sea", "hills", "forest", "street", "space", "room", "table")
PLAIN = ("white", "gray", "blue", "pink", "yellow", "green", "purple")
SIZES = ("", "small", "large")
MOST = 4  # things of one kind; five or more are never drawn


@dataclass(frozen=True)
class Group:
    """`count` things of one kind and colour; `color` None is the thing's own colours."""

    name: str
    color: str | None = None
    count: int = 1
    size: str = ""


@dataclass(frozen=True)
class Relation:
    """How group number `first` stands to group number `second`."""

    kind: RelationKind
    first: int
    second: int


@dataclass(frozen=True)
class Scene:
    """Groups, their relations, and where and when. `setting` is a place or `plain <color>`, which is always by day."""

    groups: tuple[Group, ...]
    relations: tuple[Relation, ...] = ()
    setting: str = "plain white"
    time: str = "day"

    def to_dict(self) -> dict[str, Any]:
        """Return the scene as plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Scene:
        """Return the scene that `to_dict` gave."""
        groups = tuple(Group(**g) for g in data["groups"])
        return cls(groups, tuple(Relation(**r) for r in data["relations"]), data["setting"], data["time"])


@cache
def _names() -> tuple[tuple[str, ...], tuple[str, ...]]:
    known = objects()
    return tuple(n for n, o in known.items() if o.kind == "shape"), tuple(known)


def sample_scene(rng: random.Random) -> Scene:
    """Draw a scene: one kind (1-4 of it), two things in a relation, two kinds with counts, or three things."""
    roll = rng.random()
    relations: tuple[Relation, ...] = ()
    if roll < 0.42:
        groups = [_group(rng, count=rng.choices((1, 2, 3, 4), (52, 16, 16, 16))[0])]
        if groups[0].count == 1 and rng.random() < 0.25:
            groups = [Group(groups[0].name, groups[0].color, 1, rng.choice(SIZES[1:]))]
    elif roll < 0.82:
        groups = _apart(rng, 2)
        kind = rng.choices(RELATION_KINDS, (34, 22, 20, 10, 14))[0]
        relations = (Relation(kind, 0, 1),)
        if rng.random() < 0.08:
            groups[0] = Group(groups[0].name, groups[0].color, 1, rng.choice(SIZES[1:]))
    elif roll < 0.92:
        counts = rng.choice(((1, 2), (2, 1), (1, 3), (3, 1), (2, 2)))
        groups = [Group(g.name, g.color, n) for g, n in zip(_apart(rng, 2), counts, strict=True)]
        relations = (Relation("left", 0, 1),)
    else:
        groups = _apart(rng, 3)
        relations = (Relation("left", 0, 1), Relation("left", 1, 2))
    setting, time = _where(rng)
    return Scene(tuple(groups), relations, setting, time)


def _group(rng: random.Random, count: int = 1) -> Group:
    shapes, names = _names()
    if rng.random() < 0.14:
        return Group(rng.choice(shapes), rng.choice(tuple(COLORS)), count)
    name = rng.choice(names)
    tinted = objects()[name].kind == "shape" or rng.random() < 0.35
    return Group(name, rng.choice(tuple(COLORS)) if tinted else None, count)


def _apart(rng: random.Random, many: int) -> list[Group]:
    """Draw groups that differ in name, or, for a part of them, in colour alone."""
    found: list[Group] = []
    while len(found) < many:
        group = _group(rng)
        if found and rng.random() < 0.12 and found[-1].color:
            group = Group(found[-1].name, rng.choice([c for c in COLORS if c != found[-1].color]))
        if all(g.name != group.name or (g.color and group.color and g.color != group.color) for g in found):
            found.append(group)
    return found


def _where(rng: random.Random) -> tuple[str, str]:
    if rng.random() < 0.3:
        return f"plain {rng.choice(PLAIN)}", "day"
    return rng.choice(PLACES), rng.choices(TIMES, (5, 2, 3))[0]
