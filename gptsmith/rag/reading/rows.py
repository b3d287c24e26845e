"""The rows of a table as text: a short table as it stands, a long one with the column's name before each value.

So every row says by itself what its numbers are, wherever the text is cut.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

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
