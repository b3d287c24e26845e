"""The nearest thing that the world can draw, for a word that it does not know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gptsmith.models.world.objects import COLORS, objects

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
SAME = 0.7  # cosine from which a word is taken for another word of the same thing
NEAR = 0.5  # cosine from which a thing is near enough to be drawn instead, and said


@dataclass(frozen=True)
class Nearest:
    """What comes nearest to an unknown word: a thing or a colour of the world; `same`: another word for it."""

    word: str
    known: str
    cosine: float

    @property
    def same(self) -> bool:
        """Say whether the two words mean the same, as far as the encoder can tell."""
        return self.cosine >= SAME


def nearest(word: str, encode: Encode, least: float = NEAR) -> Nearest | None:
    """Return what the world can draw nearest to `word`; None when nothing reaches the cosine `least`."""
    names, rows = _known(encode)
    cosines = rows @ encode([word])[0]
    best = int(cosines.argmax())
    return Nearest(word, names[best], float(cosines[best])) if cosines[best] >= least else None


@lru_cache(maxsize=2)
def _known(encode: Encode) -> tuple[list[str], NDArray[np.float32]]:
    names = {word: thing.name for thing in objects().values() for word in (thing.name, *thing.synonyms)}
    names |= {color: color for color in COLORS if color not in names}
    return list(names.values()), encode(list(names))
