"""Tool results on their way to the model: shortened in the middle."""

from __future__ import annotations

_LONGEST = 8000


def shortened(text: str, longest: int = _LONGEST) -> str:
    """Return `text`, or its beginning and end with a note of how many characters were left out."""
    if len(text) <= longest:
        return text
    head, tail = text[: longest * 3 // 4], text[-longest // 4 :]
    return f"{head}\n[… {len(text) - len(head) - len(tail)} characters left out …]\n{tail}"
