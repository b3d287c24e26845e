"""The words before what a description says: greetings, please, can you, for our guests: …"""

from __future__ import annotations

import re

_MANNERS = re.compile(
    r"^\W*(?:(?:please|kindly|hi|hello|hey)\b[\s,!.]*|(?:can|could|would|will) you\b(?: please)?\s*)+", re.IGNORECASE
)
_MAKE = re.compile(r"(?:build|make|create|design|set up|give)\b", re.IGNORECASE)
_AUDIENCE = re.compile(r"^(?P<who>(?:for|with|in|at) [^:;.!?\n]{3,60}):\s+(?P<rest>[^.!?\n]+)", re.IGNORECASE)


def plainly(text: str) -> str:
    """Return a description without the manners that it begins with; `For our guests: …` is a helper for them."""
    polite = _MANNERS.match(text)
    if polite and text[polite.end() :].strip():
        text = text[polite.end() :]
        first, mark, rest = text.partition("?")  # what was asked politely is no question
        text = f"{first}.{rest}" if mark and "." not in first else text
        text = text[:1].upper() + text[1:] if not _MAKE.match(text) else text
    audience = _AUDIENCE.match(text)
    if audience:
        who, rest = audience["who"], audience["rest"]
        text = f"A helper {who[:1].lower()}{who[1:]}. {rest[:1].upper()}{rest[1:]}{text[audience.end() :]}"
    return text
