"""A scene of the small world, and the words for what is in it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Literal

from gptsmith.models.pictures.world.objects import COLORS, objects

# The words of the small world: how relations, places, times, counts and sizes are said, to write and to read them.

NUMBERS = {1: "one", 2: "two", 3: "three", 4: "four"}
NUMBER_WORDS = {
    "a": 1, "an": 1, "one": 1, "single": 1, "1": 1, "two": 2, "2": 2, "couple": 2, "pair": 2, "both": 2, "three": 3,
    "3": 3, "trio": 3, "four": 4, "4": 4, "five": 5, "5": 5, "six": 6, "6": 6, "seven": 7, "7": 7, "eight": 8, "8": 8,
    "nine": 9, "9": 9, "ten": 10, "10": 10, "dozen": 12,
}  # fmt: skip
SIZE_WORDS = {
    "small": "small", "tiny": "small", "little": "small", "mini": "small",
    "large": "large", "big": "large", "huge": "large", "giant": "large", "enormous": "large",
}  # fmt: skip

# phrase -> (relation, whether the groups change places); the longest phrase that fits is taken
RELATION_PHRASES: dict[str, tuple[str, bool]] = {
    "to the left of": ("left", False), "on the left of": ("left", False), "at the left of": ("left", False),
    "on the left side of": ("left", False), "to the left side of": ("left", False), "left of": ("left", False),
    "to the right of": ("left", True), "on the right of": ("left", True), "at the right of": ("left", True),
    "on the right side of": ("left", True), "to the right side of": ("left", True), "right of": ("left", True),
    "on top of": ("on", False), "on the top of": ("on", False), "atop": ("on", False), "on": ("on", False),
    "upon": ("on", False), "directly on": ("on", False),
    "underneath": ("on", True), "under": ("on", True), "beneath": ("on", True), "on the bottom of": ("on", True),
    "at the bottom of": ("on", True),
    "above": ("above", False), "over": ("above", False), "hovering over": ("above", False),
    "below": ("above", True),
    "next to": ("beside", False), "beside": ("beside", False), "near": ("beside", False), "by": ("beside", False),
    "on side of": ("beside", False), "on the side of": ("beside", False), "close to": ("beside", False),
    "alongside": ("beside", False), "by the side of": ("beside", False), "adjacent to": ("beside", False),
    "in front of": ("front", False), "before": ("front", False),
    "behind": ("front", True), "at the back of": ("front", True), "hidden by": ("front", True),
}  # fmt: skip

# what captions say, (phrase, changed places), the first the plainest
RELATION_SAYINGS: dict[str, tuple[tuple[str, bool], ...]] = {
    "left": (("to the left of", False), ("on the left of", False), ("to the right of", True), ("on the right of", True),
             ("left of", False), ("right of", True)),
    "on": (("on top of", False), ("on top of", False), ("on the top of", False), ("underneath", True), ("under", True)),
    "above": (("above", False), ("above", False), ("over", False), ("below", True)),
    "beside": (("next to", False), ("beside", False), ("near", True), ("next to", True), ("close to", False)),
    "front": (("in front of", False), ("in front of", False), ("behind", True)),
}  # fmt: skip

PLACE_PHRASES: dict[str, tuple[str, ...]] = {
    "meadow": ("in a meadow", "on the grass", "in a green field", "on a lawn"),
    "beach": ("on a beach", "on the sand", "at the beach"),
    "snow": ("in the snow", "in a snowy landscape"),
    "desert": ("in the desert", "in a desert", "among sand dunes"),
    "sea": ("in the sea", "on the ocean", "on the water"),
    "hills": ("in the hills", "in the mountains", "on a hill"),
    "forest": ("in a forest", "in the woods"),
    "street": ("on the street", "in a city street", "on the road"),
    "space": ("in space", "in outer space"),
    "room": ("in a room", "on a wooden floor", "indoors"),
    "table": ("on a table", "on a wooden table", "on a desk"),
}
PLACE_WORDS: dict[str, tuple[str, ...]] = {
    "meadow": ("meadow", "grass", "field", "lawn", "park", "garden", "grassland", "pasture", "farm", "savanna"),
    "beach": ("beach", "sand", "shore", "seaside", "coast", "seashore", "island"),
    "snow": (
        "snow",
        "snowy landscape",
        "snowfield",
        "winter landscape",
        "ice",
        "snowy field",
        "arctic",
        "winter",
        "wintertime",
    ),
    "desert": ("desert", "sand dunes", "dunes", "sahara"),
    "sea": ("sea", "ocean", "water", "lake", "river", "underwater", "under the sea", "pond"),
    "hills": ("hills", "mountains", "hill", "mountain", "valley", "hillside", "countryside"),
    "forest": ("forest", "woods", "woodland", "jungle", "rainforest"),
    "street": ("street", "road", "city", "city street", "town", "highway", "sidewalk", "alley", "village"),
    "space": ("space", "outer space", "galaxy", "universe"),
    "room": ("room", "indoors", "bedroom", "living room", "kitchen", "floor", "wooden floor", "inside", "office"),
    "table": ("table", "wooden table", "desk", "tabletop", "counter", "kitchen table", "dining table"),
}
TIME_PHRASES = {"day": ("by day", "in daylight"), "sunset": ("at sunset", "at dusk"), "night": ("at night", "by night")}
TIME_WORDS: dict[str, tuple[str, ...]] = {
    "day": ("day", "daytime", "daylight", "by day", "noon", "morning", "midday", "sunny", "sunny day"),
    "sunset": ("sunset", "dusk", "evening", "sundown", "dawn", "sunrise", "twilight", "golden hour"),
    "night": ("night", "midnight", "nighttime", "moonlit", "by night", "after dark", "moonlight", "nightfall"),
}

OPENINGS = ("", "", "", "", "", "a photo of ", "a picture of ", "an illustration of ", "a drawing of ", "an image of ")
FILLERS = ("painting of", "paintings of", "drawing of", "photo of", "couple of", "style of")  # they begin a request
_STOP = """
a an the of and or with in on at to for from by is are was be been being it its this that these those there here
as into onto up down out so very some each their his her they them he she i you we me my your our us please draw
paint make create show generate picture photo photograph image illustration drawing render rendering
scene view emoji icon colored coloured color colour colours colors made standing stands stand sitting sits sit
lying lies lie placed resting rests rest side just only also while where which who has have having both all
together same other another one's background foreground plain simple nice cute beautiful pretty lovely next then
can could would like want need give new can't don't style cartoon digital art
"""
STOP_WORDS = frozenset(_STOP.split())

# Descriptive captions: what the ground, the distance and the sky of a place look like; no object of the world is named.
SURROUNDINGS: dict[str, tuple[str, ...]] = {
    "meadow": (
        "short blades of fresh green grass cover the ground",
        "a low green ridge closes the view far away",
        "the lawn stretches softly to the horizon",
    ),
    "beach": (
        "pale golden sand lies in soft ripples",
        "a band of blue water runs along the horizon",
        "the warm shore is smooth and empty",
    ),
    "snow": (
        "clean white snow covers the ground",
        "pale icy peaks rise in the distance",
        "the frozen ground has faint blue marks",
    ),
    "desert": (
        "dry ochre sand reaches to the horizon",
        "low dunes roll in the distance",
        "the sandy ground is marked by wind",
    ),
    "sea": (
        "small light waves cover the deep blue water",
        "the water reaches to a straight horizon",
        "gentle ripples catch the light",
    ),
    "hills": (
        "rounded green slopes rise behind",
        "two rows of hills overlap in the distance",
        "soft grassy slopes fill the ground",
    ),
    "forest": (
        "tall dark evergreens stand close together behind",
        "the shady ground is mossy and dark green",
        "pointed treetops line the horizon",
    ),
    "street": (
        "a row of buildings with lit windowpanes lines the back",
        "grey asphalt with white markings runs below",
        "a pale pavement edges the road",
    ),
    "space": (
        "countless tiny white specks fill the darkness",
        "there is neither ground nor horizon",
        "deep violet emptiness surrounds everything",
    ),
    "room": (
        "warm brown floorboards lead towards a plain wall",
        "a bare pastel wall closes the back",
        "the boards have dark seams",
    ),
    "table": (
        "the brown wooden surface shows long planks",
        "a soft plain wall stands behind",
        "the wood has fine dark lines",
    ),
    "plain": (
        "nothing else is in the picture",
        "the backdrop is even and empty",
        "a soft shade runs down the backdrop",
    ),
}
SKIES: dict[str, tuple[str, ...]] = {
    "day": (
        "white clouds drift across a clear blue sky",
        "bright sunlight fills the blue sky",
        "the sky is light and sunny",
    ),
    "sunset": (
        "the sky glows amber and violet",
        "a low sun colours the clouds rosy",
        "warm evening light tints everything",
    ),
    "night": (
        "a pale moon hangs in the dark blue sky",
        "the sky is dark and full of tiny lights",
        "cool moonlight falls on everything",
    ),
}
LIGHTS: dict[str, tuple[str, ...]] = {
    "day": ("clear light fills the space", "the colours are light and even"),
    "sunset": ("warm amber light tints everything", "the last light of the evening is reddish"),
    "night": ("it is dim and dark", "dark bluish shade fills the space"),
}
STYLES = (
    "a clean, friendly illustration with rounded outlines", "simple shading and clear colours",
    "a playful drawing with smooth shapes", "a cheerful storybook look", "crisp edges and soft shadows",
)  # fmt: skip
ALONE = ("alone in the middle", "in the centre", "in the middle of the picture")
ALIKE = ("are alike", "look the same", "face the same way")


# A scene of the small world: what is in a picture, before it is placed and drawn.

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
