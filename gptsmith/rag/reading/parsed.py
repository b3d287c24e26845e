"""What a reader is given and makes of a file, the limits that it keeps, and tables as text."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

# What a reader makes of a file, the limits that it keeps, and how it says that it cannot.

MAX_BYTES = 64 * 1024 * 1024
MAX_CHARACTERS = 8_000_000
MAX_PAGES = 3_000
MAX_ENTRIES = 5_000  # files inside an archive
MAX_UNPACKED = 256 * 1024 * 1024
MAX_RATIO = 200  # unpacked to packed, for entries above a megabyte
MEMORY = 1536 * 1024 * 1024  # address space of the reading process
SECONDS = 60.0  # without a sign of life from the reader, such as a page of a PDF that is done
MOST_SECONDS = 900.0  # for one file

READERS = "r8"  # part of every document's id: raise it when a reader's text changes


# NULs, and tag characters: letters that nobody sees and a model reads as orders.
_UNSEEN = re.compile("[\x00\U000e0000-\U000e007f]")


@dataclass
class Parsed:
    """A document's text; `pages` are the offsets where pages begin, empty for kinds without pages.

    `images` counts the pictures in it, which are not read unless the note says so.
    """

    text: str
    pages: list[int] = field(default_factory=list)
    note: str = ""
    images: int = 0


class Unreadable(Exception):
    """The file cannot be used: `status` is `failed` or `skipped`, the message says why and what to do."""

    def __init__(self, message: str, status: str = "failed") -> None:
        super().__init__(message)
        self.status = status


def silent() -> None:
    """Give no sign of life."""


def clean_text(text: str) -> str:
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


# What a reader knows of the kind of files that it reads, and what it is given to read.


@dataclass(frozen=True)
class Raw:
    """A file's bytes; name, media type and charset are hints. `beat` is called now and then in a long reading."""

    data: bytes
    name: str = ""
    content_type: str = ""
    charset: str = ""
    beat: Callable[[], None] = silent

    @property
    def suffix(self) -> str:
        """The end of the name in lower case, with its dot; empty without one."""
        return PurePosixPath(self.name.lower()).suffix

    @property
    def head(self) -> bytes:
        """The first bytes behind white space."""
        return self.data[:1024].lstrip()


def never(_: Raw) -> bool:
    """Say no: the bytes do not tell this kind."""
    return False


@dataclass(frozen=True)
class Kind:
    """A kind of documents: how people call it, how it is told from others, and the function that reads it.

    `sniff` recognises it by its bytes, whatever the name; a kind with a `container` is none without them. `read` raises
    Unreadable.
    """

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[Raw], Parsed]
    sniff: Callable[[Raw], bool] = never
    content_types: tuple[str, ...] = ()
    container: bool = False


# Documents that are archives of XML files: looked at before anything is unpacked.


def opened(data: bytes, broken: str) -> zipfile.ZipFile:
    """Return the archive; raises Unreadable, with the sentence `broken`, and when it would unpack to far more."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Unreadable(broken) from error
    if len(entries) > MAX_ENTRIES:
        raise Unreadable(f"it is an archive of {len(entries):,} files, which no document is; it was not opened")
    total = sum(e.file_size for e in entries)
    ratio = max((e.file_size / max(e.compress_size, 1) for e in entries if e.file_size > 1 << 20), default=0)
    if total > MAX_UNPACKED or ratio > MAX_RATIO:
        raise Unreadable(
            f"it would unpack from {len(data):,} to {total:,} bytes, like an archive bomb; it was not opened"
        )
    return archive


def xml(data: bytes) -> Any:
    """Return the root of an XML document; entities and addresses in it are not followed. Raises lxml's errors."""
    from lxml import etree

    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))


def holds(data: bytes, name: bytes) -> bool:
    """Tell whether `data` is an archive with an entry of that name, without unpacking anything."""
    return data.startswith(b"PK\x03\x04") and name in data


# The rows of a table as text: a short table as it stands, a long one with the column's name before each value.
#
# So every row says by itself what its numbers are, wherever the text is cut.

_NUMBER = re.compile(r"[-+(]?[\s$€£¥]*[\d.,:/' \u00a0-]*\d[\d.,:/'%)\s$€£¥-]*")
_LONGEST_NAME = 80


def records(rows: Sequence[Sequence[str]]) -> str:
    """Return one line a row, "- column: value; column: value"; lines above the head stay as they are.

    The head is the first row that fills the table's width and has no numbers; without one the values stand alone.
    """
    cells = [[_flat(cell) for cell in row] for row in rows]
    cells = [row for row in cells if any(row)]
    at = _head(cells)
    if at is None:
        return "\n".join(f"- {'; '.join(filter(None, row))}" for row in cells)
    above = [" ".join(filter(None, row)) for row in cells[:at]]
    lines = [_record(cells[at], row) for row in cells[at + 1 :] if row != cells[at]]
    if not lines:
        lines = [" | ".join(cells[at])]
    return "\n".join([*above, *([""] if above else []), *lines])


def grid(rows: Sequence[Sequence[str]]) -> str:
    """Return the rows with bars between cells."""
    return "\n".join(" | ".join(_flat(cell) for cell in row) for row in rows)


def table(rows: Sequence[Sequence[str]], longest: int = 1_500) -> str:
    """Return a table inside a document: as it stands while one passage can hold it, else as records."""
    short = grid(rows)
    return short if len(short) <= longest or _head([list(map(_flat, row)) for row in rows]) is None else records(rows)


def _record(head: Sequence[str], row: Sequence[str]) -> str:
    said = [f"{name}: {cell}" if name else cell for name, cell in zip(head, row, strict=False) if cell]
    said += [cell for cell in row[len(head) :] if cell]
    return f"- {'; '.join(said)}"


def _head(rows: Sequence[Sequence[str]]) -> int | None:
    """Return which row names the columns, None when none does."""
    width = max((sum(map(bool, row)) for row in rows), default=0)
    if width < 2:
        return None
    wide = [i for i, row in enumerate(rows[:20]) if sum(map(bool, row)) >= max(2, width - 1)]
    first = next(iter(wide), None)
    if first is None or not _names_columns(rows, first):
        return None
    # Below a title, a row with a gap may still be words of the title: the head is full.
    full = next((i for i in wide if sum(map(bool, rows[i])) == width), first)
    return full if first and _names_columns(rows, full) else first


def _names_columns(rows: Sequence[Sequence[str]], i: int) -> bool:
    names = [cell for cell in rows[i] if cell]
    plain = all(len(n) <= _LONGEST_NAME and not _NUMBER.fullmatch(n) for n in names)
    return plain and len(set(names)) == len(names) and i + 1 < len(rows)


def _flat(cell: str) -> str:
    return " ".join(cell.split())
