"""The phrase of a text that tells it from others: a figure with its unit, else a name."""

from __future__ import annotations

import re

from gptsmith.assistants.verbs import base

_FIGURE = re.compile(r"(?:[€$£]\s?)?\b\d(?:[\d.,:]*\d)?\b")
_UNIT = re.compile(r"\s(?P<word>[^\W\d_]{2,14})\b|\s?[%°]\w?")
_SMALL = frozenset(("and", "or", "to", "in", "on", "at", "of", "for", "with", "the", "a", "an", "by", "as", "if"))
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w'-]{2,}(?: [A-Z][\w'-]{2,}){0,2}")


def telling_phrase(text: str, known: str) -> str:
    """Return what is special in `text` and does not stand in `known`; empty when nothing is."""
    for match in _FIGURE.finditer(text):
        unit = _UNIT.match(text, match.end())
        word = (unit["word"] or "").lower() if unit else ""
        measured = unit is not None and word not in _SMALL and base(word) is None and len(match.group()) < 4
        found = match.group() + (unit.group() if unit and measured else "")
        if found not in known and (measured or len(match.group()) > 1):
            return found
    return next((m.group() for m in _NAME.finditer(text) if m.group() not in known), "")
