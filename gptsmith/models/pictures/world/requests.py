"""A request or caption, read back into what it names: the scene grammar backwards."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from functools import cache

from gptsmith.models.pictures.world import scene
from gptsmith.models.pictures.world.objects import COLOR_WORDS, COLORS, objects, plural
from gptsmith.models.pictures.world.scene import (
    MOST,
    PLACES,
    PLAIN,
    RELATION_KINDS,
    Group,
    Relation,
    RelationKind,
    Scene,
)

# The lexicon of the small world: every phrase that a request may hold, and what it means.

WORD = re.compile(r"[a-z0-9]+(?:['’-][a-z0-9]+)*|[.,;:!?]")
# Two known words that together mean a third thing, which the world does not know.
_COMPOUNDS = (
    "baseball bat", "baseball glove", "tv remote", "fire hydrant", "parking meter", "hot air balloon", "fire place",
    "key chain", "tennis court", "cat food", "dog house", "bird house", "bird cage", "fish tank", 
    "apple pie", "apple tree",     
    "star fish", "hair drier", "flower pot", "wine bottle opener", "pencil case", "camera lens",
    "diamond ring", "baby panda", "sea horse", "guinea pig", "polar bear", "space station", 
    "space ship", "sand castle", "light house", "toilet paper",
)  # fmt: skip


@dataclass(frozen=True)
class Meaning:
    """What a phrase means. `many`: a plural; `changed`: a relation that names its groups backwards."""

    kind: str
    value: str = ""
    many: bool = False
    changed: bool = False


@cache
def lexicon() -> dict[str, list[tuple[tuple[str, ...], Meaning]]]:
    """Return first word -> [(words, what they mean)], the longest first."""
    found: dict[tuple[str, ...], Meaning] = {}

    def add(phrase: str, entry: Meaning) -> None:
        found.setdefault(tuple(phrase.split()), entry)

    for compound in _COMPOUNDS:
        add(compound, Meaning("compound", compound))
        add(f"{compound}s", Meaning("compound", compound))
    for filler in scene.FILLERS:
        add(filler, Meaning("filler"))
    for thing in objects().values():
        for word in thing.words:
            add(word, Meaning("object", thing.name))
        for word in (thing.plural, *(_plural_of(w) for w in thing.words), f"{thing.name}s"):
            add(word, Meaning("object", thing.name, many=True))
    for phrase, (kind, changed) in scene.RELATION_PHRASES.items():
        add(phrase, Meaning("relation", kind, changed=changed))
    for side in ("left", "right"):
        for phrase in (f"on the {side}", f"to the {side}", f"on the {side} side"):
            add(phrase, Meaning("side", side))
    for place in PLACES:
        for word in scene.PLACE_WORDS[place]:
            add(word, Meaning("place", place))
        for phrase in scene.PLACE_PHRASES[place]:
            add(phrase, Meaning("place", place))
    for time, phrases in scene.TIME_WORDS.items():
        for word in phrases:
            add(word, Meaning("time", time))
    for color in (*COLORS, *COLOR_WORDS):
        found[(color,)] = Meaning("color", COLOR_WORDS.get(color, color))
    for word, size in scene.SIZE_WORDS.items():
        add(word, Meaning("size", size))
    for word, number in scene.NUMBER_WORDS.items():
        add(word, Meaning("number", str(number)))
    index: dict[str, list[tuple[tuple[str, ...], Meaning]]] = {}
    for key, entry in sorted(found.items(), key=lambda item: -len(item[0])):
        index.setdefault(key[0], []).append((key, entry))
    return index


def _plural_of(word: str) -> str:
    head, of, rest = word.partition(" of ")
    return f"{plural(head)}{of}{rest}"


@cache
def scenery_words() -> frozenset[str]:
    """Return the words with which captions describe places, hours and looks: known, and no objects."""
    banks = [
        *scene.SURROUNDINGS.values(),
        *scene.SKIES.values(),
        *scene.LIGHTS.values(),
        scene.STYLES,
        scene.ALONE,
        scene.ALIKE,
    ]
    said = " ".join(phrase for bank in banks for phrase in bank)
    return (
        scene.STOP_WORDS
        | frozenset(WORD.findall(said))
        | {"left", "right", "top", "bottom", "middle", "centre", "center"}
    )


LONGEST = 4000  # characters that are read; a request is some words
_ENDS = frozenset(".;:!?")


@dataclass(frozen=True)
class Named:
    """What a text names. `loose` are the groups whose number is open ("cats"); `unknown` what the world cannot draw."""

    groups: tuple[Group, ...] = ()
    relations: tuple[Relation, ...] = ()
    setting: str | None = None
    time: str | None = None
    unknown: tuple[str, ...] = ()
    loose: tuple[int, ...] = ()


def parse_request(text: str) -> Named:
    """Return what `text` names: objects with colours, counts and sizes, relations, place and hour, unknown words."""
    return _Reader(WORD.findall(text[:LONGEST].lower().replace("’", "'"))).read()


def names_twice(text: str) -> bool:
    """Tell whether a description names a thing twice in one colour.

    A picture of the world has its things in groups: one who sees "a cup left of a cup" took one for another.
    """
    named = [(group.name, group.color) for group in parse_request(text).groups]
    return len(set(named)) < len(named)


def missing(request: Named, caption: Named) -> list[str]:
    """Return in plain words what `request` names and `caption` does not: things, numbers, colours, relations, place."""
    found: list[str] = []
    match: dict[int, int] = {}
    for i, wanted in enumerate(request.groups):
        same = [j for j, g in enumerate(caption.groups) if g.name == wanted.name and j not in match.values()]
        fits = [j for j in same if _fits(wanted, caption.groups[j], loose=i in request.loose)]
        if fits:
            match[i] = fits[0]
        else:
            found.append(_difference(wanted, [caption.groups[j] for j in same]))
    stated = {(r.kind, r.first, r.second) for r in caption.relations}
    for r in request.relations:
        if r.first in match and r.second in match and not _stated(r.kind, match[r.first], match[r.second], stated):
            found.append(f"{request.groups[r.first].name} {r.kind} {request.groups[r.second].name}")
    if request.setting and caption.setting != request.setting:
        found.append(request.setting)
    if request.time and request.time != (caption.time or "day"):
        found.append(request.time)
    return found


def to_scene(request: Named, rng: random.Random) -> Scene:
    """Return a scene that shows a request of one to three groups: what it leaves open is chosen."""
    groups = tuple(
        g if g.color or objects()[g.name].kind != "shape" else Group(g.name, rng.choice(tuple(COLORS)), g.count, g.size)
        for g in request.groups
    )
    relations = request.relations
    if len(groups) == 2 and not relations:
        relations = (Relation("left", 0, 1),)
    elif len(groups) > 2:
        relations = tuple(Relation("left", i, i + 1) for i in range(len(groups) - 1))
    setting = request.setting or f"plain {rng.choice(PLAIN)}"
    return Scene(groups, relations, setting, "day" if setting.startswith("plain") else request.time or "day")


def _fits(wanted: Group, said: Group, *, loose: bool) -> bool:
    counted = said.count > 1 if loose else said.count == wanted.count
    return (
        counted and (not wanted.color or wanted.color == said.color) and (not wanted.size or wanted.size == said.size)
    )


def _difference(wanted: Group, same: list[Group]) -> str:
    if not same:
        return wanted.name
    if wanted.color and all(g.color != wanted.color for g in same):
        return f"{wanted.color} {wanted.name}"
    return f"{wanted.count} {wanted.name}"


def _stated(kind: RelationKind, first: int, second: int, stated: set[tuple[RelationKind, int, int]]) -> bool:
    if kind == "beside":
        return any({a, b} == {first, second} and k in ("beside", "left") for k, a, b in stated)
    kinds = ("on", "above") if kind in ("on", "above") else (kind,)
    return any((k, first, second) in stated for k in kinds)


@dataclass
class _Mention:
    """The words before a noun, gathered until it comes."""

    number: int | None = None
    color: str | None = None
    size: str = ""
    definite: bool = False


@dataclass
class _Reader:
    tokens: list[str]
    groups: list[Group] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    setting: str | None = None
    time: str | None = None
    unknown: list[str] = field(default_factory=list)
    loose: list[int] = field(default_factory=list)
    sides: dict[int, str] = field(default_factory=dict)
    before: _Mention = field(default_factory=_Mention)
    last: int | None = None
    pending: tuple[str, str, bool] | None = None  # phrase, relation, changed places

    def read(self) -> Named:
        i = 0
        while i < len(self.tokens):
            i += self._step(i)
        self._use_sides()
        unknown = tuple(dict.fromkeys(self.unknown))
        return Named(tuple(self.groups), tuple(self.relations), self.setting, self.time, unknown, tuple(self.loose))

    def _match(self, i: int) -> tuple[int, Meaning] | None:
        for key, entry in lexicon().get(self.tokens[i], ()) if i < len(self.tokens) else ():
            if tuple(self.tokens[i : i + len(key)]) == key:
                return len(key), entry
        return None

    def _step(self, i: int) -> int:
        """Take in what begins at token `i`; return how many tokens that was."""
        word = self.tokens[i]
        if word in _ENDS:
            self.before, self.pending, self.last = _Mention(), None, None
            return 1
        if word == ",":
            self.before = _Mention()
            return 1
        if word in ("the", "its", "his", "her", "their", "this", "both"):
            self.before.definite = True
        found = self._match(i)
        if found and found[1].kind == "color" and word == "orange" and not self._is_adjective(i):
            found = 1, Meaning("object", "orange")
        if found:
            getattr(self, f"_{found[1].kind}")(found[1], i, found[0])
            return found[0]
        if "-" in word:
            self.tokens[i : i + 1] = word.split("-")
            return 0
        if word not in scenery_words() and not word.isdigit():
            self.unknown.append(word)
        return 1

    def _is_adjective(self, i: int) -> bool:
        """Tell whether the `orange` at token `i` colours what follows."""
        following = self.tokens[i + 1] if i + 1 < len(self.tokens) else ""
        if following in ("colored", "coloured", "background", "orange"):
            return True
        found = self._match(i + 1)
        return (found is not None and found[1].kind in ("object", "color", "size", "compound")) or bool(
            following
            and found is None
            and following not in scene.STOP_WORDS
            and following not in _ENDS
            and following != ","
        )

    def _number(self, entry: Meaning, i: int, length: int) -> None:
        if self.tokens[i] in ("a", "an") and self.before.number is not None:
            return
        self.before.number = int(entry.value)
        self.before.definite = self.before.definite or self.tokens[i] == "both"

    def _color(self, entry: Meaning, i: int, length: int) -> None:
        following = self.tokens[i + 1] if i + 1 < len(self.tokens) else ""
        if following in ("background", "backdrop", "wall"):
            if entry.value in PLAIN:
                self.setting, self.pending = self.setting or f"plain {entry.value}", None
            else:
                self.unknown.append(f"{entry.value} {following}")
        else:
            self.before.color = entry.value

    def _filler(self, entry: Meaning, i: int, length: int) -> None:
        if self.tokens[i] != "couple":
            self.before = _Mention()
        else:
            self.before.number = 2

    def _size(self, entry: Meaning, i: int, length: int) -> None:
        self.before.size = entry.value

    def _time(self, entry: Meaning, i: int, length: int) -> None:
        self.time = self.time or entry.value
        self.before = _Mention()

    def _compound(self, entry: Meaning, i: int, length: int) -> None:
        self.unknown.append(entry.value)
        self.before, self.pending, self.last = _Mention(), None, None

    def _relation(self, entry: Meaning, i: int, length: int) -> None:
        phrase = " ".join(self.tokens[i : i + length])
        self.before = _Mention()
        if self.last is not None:
            self.pending = phrase, entry.value, entry.changed

    def _side(self, entry: Meaning, i: int, length: int) -> None:
        if self.last is not None:
            self.sides[self.last] = entry.value
        self.before = _Mention()

    def _place(self, entry: Meaning, i: int, length: int) -> None:
        said = " ".join(self.tokens[max(0, i - 3) : i + 1])
        thing = entry.value == "table" and not re.search(r"\b(?:on|at)\b", said)
        if thing or (self.pending and self.pending[0] not in ("on", "upon", "by", "near", "over", "under", "above")):
            self.unknown.append(" ".join(self.tokens[i : i + length]))  # "left of a table": a thing, which is not drawn
        elif self.setting is None:
            self.setting = entry.value
        self.before, self.pending = _Mention(), None

    def _object(self, entry: Meaning, i: int, length: int) -> None:
        head = self._match(i + length)
        if head and head[1].kind == "object" and not entry.many:  # "robot cat": a cat
            self.unknown.append(" ".join(self.tokens[i : i + length]))
            return
        index = self._known(entry.value) if self.before.definite else None
        if index is None:
            index = self._add(entry.value, entry.many)
        if self.pending and self.last is not None and index != self.last:
            first, second = (index, self.last) if self.pending[2] else (self.last, index)
            relation = Relation(_kind(self.pending[1]), first, second)
            beside = Relation(relation.kind, second, first) if relation.kind == "beside" else relation
            if relation not in self.relations and beside not in self.relations:
                self.relations.append(relation)
        self.last, self.before, self.pending = index, _Mention(), None

    def _known(self, name: str) -> int | None:
        """Return the earlier group that `the red cube` speaks of."""
        color = self.before.color
        fits = [j for j, g in enumerate(self.groups) if g.name == name and (color is None or g.color == color)]
        return fits[0] if fits else None

    def _add(self, name: str, many: bool) -> int:
        count = self.before.number or (2 if many else 1)
        one_form = objects()[name].name == objects()[name].plural
        if many and self.before.number is None and not one_form:
            self.loose.append(len(self.groups))
        if count > MOST:
            self.unknown.append(f"{count} {objects()[name].plural}")
            self.loose.append(len(self.groups))
            count = MOST
        if one_form and self.before.number is None:
            count = 1
        self.groups.append(Group(name, self.before.color, count, self.before.size))
        return len(self.groups) - 1

    def _use_sides(self) -> None:
        """Turn `a cat on the left and a dog on the right` into a relation."""
        left = [i for i, side in self.sides.items() if side == "left"]
        right = [i for i, side in self.sides.items() if side == "right"]
        if len(left) == 1 and len(right) == 1 and not self.relations:
            self.relations.append(Relation("left", left[0], right[0]))


def _kind(value: str) -> RelationKind:
    return next(k for k in RELATION_KINDS if k == value)
