"""Text as UTF-8, and so every store, page and server, can carry it.

A model that sends an emoji in two pieces, an argument like `"\\ud800"`, a file name or a command line that is no UTF-8
bring in lone surrogates. Two halves are joined, a single one becomes the replacement character.
"""

from __future__ import annotations

import math
from typing import Any

_DEEPEST = 64


def whole(text: str) -> str:
    """Return `text` with its halves of characters joined or replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def whole_values(value: Any) -> Any:
    """Return data as JSON has it with every text in it made whole; see `too_deep`."""
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, dict):
        return {whole_values(key): whole_values(item) for key, item in value.items()}
    return [whole_values(item) for item in value] if isinstance(value, list) else value


def cut_half(text: str) -> tuple[str, str]:
    """Return the text of a piece of a stream, and the first half of a character that it may end in."""
    return (text[:-1], text[-1]) if "\ud800" <= text[-1:] <= "\udbff" else (text, "")


def too_deep(value: Any) -> bool:
    """Tell whether data is nested deeper than anything that is meant: what writes it down would give up."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [inner for item in level for inner in _inside(item)]
        if not level:
            return False
    return True


def unfit(value: Any) -> str:
    """Return what is wrong with the arguments of a call whatever the tool; empty when nothing is."""
    level = [value]
    while level:
        for item in level:
            if isinstance(item, float) and not math.isfinite(item):
                return "NaN and infinity are no numbers that a tool takes. Give a real number."
            if isinstance(item, int) and not -(2**63) <= item < 2**64:
                return "a number in its arguments has more than 64 bits. Give the number that is meant."
        level = [inner for item in level for inner in _parts(item)]
    return ""


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple) else []


def _inside(value: Any) -> list[Any]:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [item for item in items if isinstance(item, dict | list | tuple)]
