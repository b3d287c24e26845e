"""The nearest thing that the world can draw, for a word that it does not know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gptsmith.models.world.objects import COLORS, objects

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
SAME = 0.72  # cosine from which a thing is drawn for a word: `python -m benchmarks.likeness`
_SHARED = 4  # letters in a row by which two words are alike in spelling
_ENDINGS = ("s", "es", "ess", "ling", "let", "y", "ie")


@dataclass(frozen=True)
class Nearest:
    """What comes nearest to an unknown word: a thing or a colour of the world."""

    word: str
    known: str
    cosine: float


def nearest(word: str, encode: Encode, least: float = SAME) -> Nearest | None:
    """Return the thing or colour that may be drawn for `word`; None when nothing reaches the cosine `least`.

    An encoder takes words for alike that are only spelled alike (dragonfly and dragon, hairbrush and toothbrush), and
    a thing for what it is made for (sun and sun hat): those do not count.
    """
    words, names, rows = _known(encode)
    cosines = rows @ encode([word])[0]
    best = int(cosines.argmax())
    if cosines[best] < least or _only_spelled_alike(word.lower(), words[best]):
        return None
    return Nearest(word, names[best], float(cosines[best]))


def _only_spelled_alike(word: str, known: str) -> bool:
    *before, head = known.split()
    if any(part.startswith(word) or word.startswith(part) for part in before):
        return True
    if word.endswith(head) or head.endswith(word) or any(word == head + ending for ending in _ENDINGS):
        return False
    pieces = {head[i : i + _SHARED] for i in range(len(head) - _SHARED + 1)}
    return any(piece in word for piece in pieces)


@lru_cache(maxsize=2)
def _known(encode: Encode) -> tuple[list[str], list[str], NDArray[np.float32]]:
    names = {word: thing.name for thing in objects().values() for word in (thing.name, *thing.synonyms)}
    names |= {color: color for color in COLORS if color not in names}
    return list(names), list(names.values()), encode(list(names))
