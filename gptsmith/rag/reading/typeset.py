"""What typesetting does to the text of a page, undone: ligatures, dot leaders, running headers and page numbers."""

from __future__ import annotations

import re
from collections import Counter

_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "\u00ad": None}
)
_LEADERS = re.compile(r"(?:[ \t]*[.·…]){5,}[ \t]*")
_PAGE_NUMBER = re.compile(r"(?:page )?[-–— ]*(?:\d{1,4}|[ivxlc]{1,7})[-–— ]*", re.IGNORECASE)
_REPEATED = 3  # a first or last line that so many pages share is a running header


def untypeset(pages: list[str]) -> list[str]:
    """Return the pages with words that a search can find and without what the printer repeats on each of them."""
    lines = [_LEADERS.sub(" … ", page.translate(_LIGATURES)).strip().split("\n") for page in pages]
    for end in (0, -1):
        for _ in range(2):  # a page number above or below a running header
            shared = Counter(page[end].strip() for page in lines if page)
            for page in lines:
                if len(page) > 1 and _is_furniture(page[end].strip(), shared):
                    del page[end]
    return ["\n".join(page).strip() for page in lines]


def _is_furniture(line: str, shared: Counter[str]) -> bool:
    return not line or bool(_PAGE_NUMBER.fullmatch(line)) or (len(line) < 100 and shared[line] >= _REPEATED)
