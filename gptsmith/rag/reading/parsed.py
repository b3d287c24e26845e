"""What a reader makes of a file, the limits that it keeps, and how it says that it cannot."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MAX_BYTES = 64 * 1024 * 1024
MAX_CHARACTERS = 8_000_000
MAX_PAGES = 3_000
MAX_ENTRIES = 5_000  # files inside an archive
MAX_UNPACKED = 256 * 1024 * 1024
MAX_RATIO = 200  # unpacked to packed, for entries above a megabyte
MEMORY = 1536 * 1024 * 1024  # address space of the reading process
SECONDS = 60.0  # without a sign of life from the reader, such as a page of a PDF that is done
MOST_SECONDS = 900.0  # for one file

READERS = "r7"  # part of every document's id: raise it when a reader's text changes


# NULs, and tag characters: letters that nobody sees and a model reads as orders.
_UNSEEN = re.compile("[\x00\U000e0000-\U000e007f]")


@dataclass
class Parsed:
    """A document's text; `pages` are the offsets where pages begin, empty for kinds without pages."""

    text: str
    pages: list[int] = field(default_factory=list)
    note: str = ""


class Unreadable(Exception):
    """The file cannot be used: `status` is `failed` or `skipped`, the message says why and what to do."""

    def __init__(self, message: str, status: str = "failed") -> None:
        super().__init__(message)
        self.status = status


def silent() -> None:
    """Give no sign of life."""


def clean(text: str) -> str:
    """Return `text` with one kind of line end, without NULs, lone surrogates and invisible tag characters."""
    text = _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return text.encode("utf-8", "replace").decode("utf-8")


def capped(text: str, note: str = "") -> tuple[str, str]:
    """Return the text cut at the limit of characters, and the note that says so."""
    if len(text) <= MAX_CHARACTERS:
        return text, note
    more = f"only the first {MAX_CHARACTERS:,} of {len(text):,} characters are used; split the file"
    return text[:MAX_CHARACTERS], noted(note, more)


def whole(text: str, note: str = "") -> Parsed:
    """Return a document without pages, cut at the limit of characters."""
    text, note = capped(text, note)
    return Parsed(text, note=note)


def noted(*notes: str) -> str:
    """Return the notes that say something, as one."""
    return "; ".join(note for note in notes if note)
