"""The lexicon of the small world: every phrase that a request may hold, and what it means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from gptsmith.models.world import words
from gptsmith.models.world.objects import COLOR_WORDS, COLORS, objects, plural
from gptsmith.models.world.scene import PLACES

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
class Entry:
    """What a phrase means. `many`: a plural; `changed`: a relation that names its groups backwards."""

    kind: str
    value: str = ""
    many: bool = False
    changed: bool = False


@cache
def lexicon() -> dict[str, list[tuple[tuple[str, ...], Entry]]]:
    """Return first word -> [(words, what they mean)], the longest first."""
    found: dict[tuple[str, ...], Entry] = {}

    def add(phrase: str, entry: Entry) -> None:
        found.setdefault(tuple(phrase.split()), entry)

    for compound in _COMPOUNDS:
        add(compound, Entry("compound", compound))
        add(f"{compound}s", Entry("compound", compound))
    for filler in words.FILLERS:
        add(filler, Entry("filler"))
    for thing in objects().values():
        for word in thing.words:
            add(word, Entry("object", thing.name))
        for word in (thing.plural, *(_plural_of(w) for w in thing.words), f"{thing.name}s"):
            add(word, Entry("object", thing.name, many=True))
    for phrase, (kind, changed) in words.RELATION_PHRASES.items():
        add(phrase, Entry("relation", kind, changed=changed))
    for side in ("left", "right"):
        for phrase in (f"on the {side}", f"to the {side}", f"on the {side} side"):
            add(phrase, Entry("side", side))
    for place in PLACES:
        for word in words.PLACE_WORDS[place]:
            add(word, Entry("place", place))
        for phrase in words.PLACE_PHRASES[place]:
            add(phrase, Entry("place", place))
    for time, phrases in words.TIME_WORDS.items():
        for word in phrases:
            add(word, Entry("time", time))
    for color in (*COLORS, *COLOR_WORDS):
        found[(color,)] = Entry("color", COLOR_WORDS.get(color, color))
    for word, size in words.SIZE_WORDS.items():
        add(word, Entry("size", size))
    for word, number in words.NUMBER_WORDS.items():
        add(word, Entry("number", str(number)))
    index: dict[str, list[tuple[tuple[str, ...], Entry]]] = {}
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
        *words.SURROUNDINGS.values(),
        *words.SKIES.values(),
        *words.LIGHTS.values(),
        words.STYLES,
        words.ALONE,
        words.ALIKE,
    ]
    said = " ".join(phrase for bank in banks for phrase in bank)
    return (
        words.STOP_WORDS
        | frozenset(WORD.findall(said))
        | {"left", "right", "top", "bottom", "middle", "centre", "center"}
    )
