"""A text that has begun to say the same again and again, as small models do."""

from __future__ import annotations

import re

REPETITION = "repetition"
"""The finish reason of an answer that was stopped for it."""
LOOKED_AT = 400
"""The characters at the end of a text that are looked at."""
_SAME = re.compile(r"(.{8,90}?)\1{3,}\s*$", re.DOTALL)


def repeats(text: str) -> bool:
    """Tell whether `text` ends in eight letters or more said four times in a row, or in a line said three times."""
    if len(text) < 32:
        return False
    lines = [line for line in text.splitlines()[:-1] if len(line.strip()) >= 12]
    if lines and lines.count(lines[-1]) >= 3:
        return True
    return _SAME.search(text[-LOOKED_AT:]) is not None
