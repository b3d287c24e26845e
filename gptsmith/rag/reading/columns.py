"""Columns of a printed page: read one after the other, where a page's text comes line by line across them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

_LEAST_LINES = 3  # of a column
_GUTTER = 2  # characters between columns, on the grid that keeps a page's places
_WORDS = 3.0  # on average in a line of a column; the cells of a table have fewer
_FULL = 0.55  # of a column's width that its lines fill on average; those of a table are shorter


def columns(page: Any, plain: str, places: Sequence[tuple[float, float, str]]) -> str:
    """Return the page's text with each column read to its end; empty when `plain` is so already, or has no columns.

    `places` are where its pieces begin. Columns are stretches of running text side by side; tables stay as they are.
    """
    if not _may_have(places):
        return ""
    grid = page.extract_text(extraction_mode="layout", layout_mode_space_vertically=False)
    lines = [line.rstrip() for line in grid.split("\n")]
    out: list[str] = []
    found: list[list[str]] = []
    for band in _bands(lines):
        edges = _edges(band)
        parts = [_column(band, a, b) for a, b in zip(edges, [*edges[1:], None], strict=True)]
        if len(parts) > 1 and all(_is_prose(part) for part in parts):
            found += parts
            out += ["\n".join(line for line in part if line) for part in parts]
        else:
            out.append("\n".join(re.sub(r" {2,}", " ", line).strip() for line in band))
    return "\n".join(out) if found and not _in_order(plain, found) else ""


def _in_order(plain: str, parts: Sequence[Sequence[str]]) -> bool:
    """Tell whether the lines of each column follow each other in `plain`."""
    squeezed = re.sub(r"\s+", "", plain)
    said = [[re.sub(r"\s+", "", line) for line in part if line] for part in parts]
    pairs = [(a + b) in squeezed for part in said for a, b in pairwise(part)]
    return sum(pairs) > 0.6 * len(pairs)


def _may_have(places: Sequence[tuple[float, float, str]]) -> bool:
    """Tell whether several lines have text that begins far to the right of other text of the same line."""
    rows: dict[int, list[float]] = {}
    for x, y, text in places:
        if len(text) > 8:
            rows.setdefault(round(y), []).append(x)
    return sum(len(row) > 1 and max(row) - min(row) > 60 for row in rows.values()) >= _LEAST_LINES


def _bands(lines: Sequence[str]) -> list[list[str]]:
    """Cut a page where a line runs across the gutter that the lines below or above it have."""
    bands: list[list[str]] = []
    for line in lines:
        if not line.strip():
            continue
        if bands and _goes_on(bands[-1], line):
            bands[-1].append(line)
        else:
            bands.append([line])
    return bands


def _goes_on(band: Sequence[str], line: str) -> bool:
    before, with_it = len(_gaps(band)), len(_gaps([*band, line]))
    if not before:
        return not _gaps([line])
    return with_it == before or (with_it > 0 and len(band) < _LEAST_LINES)


def _gaps(band: Sequence[str]) -> list[tuple[int, int]]:
    """Return the stretches of the grid, `_GUTTER` wide or more, that are empty in all lines between text."""
    width = max(map(len, band), default=0)
    used = [False] * width
    for line in band:
        for i, char in enumerate(line):
            used[i] = used[i] or char != " "
        for match in re.finditer(r"\S (?=\S)", line):  # one space stands between words
            used[match.start() + 1] = True
    found, start = [], None
    first = used.index(True) if True in used else width
    for i in range(first, width):
        if not used[i] and start is None:
            start = i
        elif used[i] and start is not None:
            if i - start >= _GUTTER:
                found.append((start, i))
            start = None
    return found


def _edges(band: Sequence[str]) -> list[int]:
    return [0, *(end for _, end in _gaps(band))]


def _column(band: Sequence[str], start: int, end: int | None) -> list[str]:
    return [re.sub(r" {2,}", " ", line[start:end]).strip() for line in band]


def _is_prose(part: Sequence[str]) -> bool:
    lines = [line for line in part if line]
    if len(lines) < _LEAST_LINES:
        return False
    width = max(map(len, lines))
    words = sum(len(re.findall(r"[^\W\d_]{2,}", line)) for line in lines) / len(lines)
    return words >= _WORDS and sum(map(len, lines)) >= _FULL * width * len(lines)
