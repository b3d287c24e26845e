"""Tool results on their way to the model: shortened, and fenced so that they read as data."""

from __future__ import annotations

import re

_LONGEST = 8000
_FENCE_WORD = re.compile(r"<(?=/?tool_result\b)", re.IGNORECASE)


def shortened(text: str, longest: int = _LONGEST) -> str:
    """Return `text`, or its beginning and end with a note of how many characters were left out."""
    if len(text) <= longest:
        return text
    head, tail = text[: longest * 3 // 4], text[-longest // 4 :]
    return f"{head}\n[… {len(text) - len(head) - len(tail)} characters left out …]\n{tail}"


def as_data(name: str, text: str) -> str:
    """Return the result of the tool `name` between fences; passages carry their own and stay as they are."""
    if name.startswith("search_") and text.startswith("<passages>"):
        return text
    return f'<tool_result tool="{name}">\n{_FENCE_WORD.sub("&lt;", text)}\n</tool_result>'
