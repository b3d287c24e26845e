"""The layout of a YAML text: where each entry begins and ends, its comment, its column, its neighbours' style.

The parser's marks say where a value stands; the end mark of a list or an object, though, swallows the comments behind
it, and that of a block scalar the blank lines: here an end is that of the last scalar's last character.
"""

from __future__ import annotations

import bisect
import json
import re
from collections import Counter
from typing import Any

from gptsmith.assistants.editing.operations import value_at
from gptsmith.assistants.format.problems import KeyPath
from gptsmith.assistants.format.reader import Document
from gptsmith.assistants.format.writer import Style

_BREAK = re.compile(r"\r\n|\n|\r")
_GAP = re.compile(r"(?:[ \t\r\n]|(?:(?<=[ \t\r\n\ufeff])|\A)#[^\r\n]*)*")
_HEADER = re.compile(r"[|>][-+0-9]*")
_LONG = 120


class UnsureError(Exception):
    """The text is not laid out as expected here; another way is tried, or the change refused."""


class Layout:
    """Places in the text of one document; all are character offsets."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.text = document.text
        self.data = document.data
        self._starts = [0, *(m.end() for m in _BREAK.finditer(self.text))]
        self._ends: dict[KeyPath, int] = {}

    def start(self, path: KeyPath) -> int:
        """Return where the value begins."""
        return self.document.marks[path].value.start

    def end(self, path: KeyPath) -> int:
        """Return where the value ends: behind its last character, without comments and blank lines."""
        if path not in self._ends:
            self._ends[path] = self._end(path)
        return self._ends[path]

    def _end(self, path: KeyPath) -> int:
        span, value = self.document.marks[path].value, self.value(path)
        if isinstance(value, (list, dict)) and not self.is_flow(path):
            last = len(value) - 1 if isinstance(value, list) else next(reversed(value))
            return self.end((*path, last))
        if self.is_block_text(path):
            return self._block_end(span.start, span.end)
        return span.end

    def _block_end(self, start: int, end: int) -> int:
        header = self.header(start)
        first = self.eol(start)
        if first >= end:
            return start + len(header)
        if "+" in header:
            last = self.line_start(end)
            return _stripped(self.text, end) if last == end else end
        lines = [(m, self.eol(m)) for m in self._starts[bisect.bisect_right(self._starts, first) :] if m < end]
        inked = [(a, b) for a, b in lines if self.text[a:b].strip(" ")]
        if not inked:
            return start + len(header)
        indent = self.indent_of(inked[0][0])
        return max(b for a, b in lines if self.text[a:b].strip(" ") or b - a > indent)

    def value(self, path: KeyPath) -> Any:
        """Return the data at `path`."""
        return value_at(self.data, path)

    def header(self, start: int) -> str:
        """Return the header of the block scalar at `start`: `|`, `>-`, `|2+`."""
        found = _HEADER.match(self.text, start)
        return found.group() if found else ""

    def is_block_text(self, path: KeyPath) -> bool:
        """Say whether the value is a text written with `|` or `>`."""
        return isinstance(self.value(path), str) and self.text[self.start(path) : self.start(path) + 1] in ("|", ">")

    def is_flow(self, path: KeyPath) -> bool:
        """Say whether a list or an object is written in brackets."""
        return self.text[self.start(path) : self.start(path) + 1] in ("[", "{")

    def in_flow(self, path: KeyPath) -> bool:
        """Say whether the value stands inside brackets."""
        return any(self.is_flow(path[:n]) for n in range(len(path)))

    def is_json(self, path: KeyPath) -> bool:
        """Say whether the outermost brackets around `path` hold JSON that would still be JSON without YAML."""
        outer = next((path[:n] for n in range(len(path) + 1) if self.is_flow(path[:n])), None)
        if outer is None or not self.value(outer):
            return False
        try:
            json.loads(self.text[self.start(outer) : self.end(outer)])
        except ValueError:
            return False
        return '"' in self.text[self.start(outer) : self.end(outer)]

    def unended(self, path: KeyPath) -> list[tuple[int, int, str]]:
        """Return the change that lets a `|` at the very end of the file, without a line break, keep its text."""
        value = self.value(path)
        while isinstance(value, (list, dict)) and value:
            path = self.children(path)[-1]
            value = self.value(path)
        if self.end(path) < len(self.text) or not isinstance(value, str) or not self.is_block_text(path):
            return []
        header = self.header(self.start(path))
        place = self.start(path) + len(header)
        return [] if "-" in header or value.endswith("\n") else [(place, place, "-")]

    def head(self, path: KeyPath) -> int:
        """Return where an entry begins: its key, or the dash of a list item (in brackets the item itself)."""
        key = self.document.marks[path].key
        if key:
            return key.start
        if not path or self.is_flow(path[:-1]):
            return self.start(path)
        index = path[-1]
        place = self.start(path[:-1])
        if isinstance(index, int) and index > 0:
            place = self.skip(self.end((*path[:-1], index - 1)))
        if self.text[place : place + 1] != "-":
            raise UnsureError
        return place

    def anchor(self, path: KeyPath) -> int:
        """Return the place behind the colon or the dash that the value belongs to; 0 for the root."""
        if not path:
            return 0
        key = self.document.marks[path].key
        if not key:
            return self.head(path) + 1
        colon = self.skip(key.end)
        if self.text[colon : colon + 1] != ":":
            raise UnsureError
        return colon + 1

    def skip(self, place: int) -> int:
        """Return the next place that is neither white space nor comment."""
        found = _GAP.match(self.text, place)
        return found.end() if found else place

    def eol(self, place: int) -> int:
        """Return the end of the line of `place`, before its line break."""
        line = bisect.bisect_right(self._starts, place)
        return _stripped(self.text, self._starts[line]) if line < len(self._starts) else len(self.text)

    def line_start(self, place: int) -> int:
        """Return where the line of `place` starts; a BOM stands before the first line."""
        start = self._starts[bisect.bisect_right(self._starts, place) - 1]
        return 1 if start == 0 and self.text[:1] == "\ufeff" else start

    def next_line(self, place: int) -> int:
        """Return where the line behind the one of `place` starts; the end of the text when it is the last."""
        line = bisect.bisect_right(self._starts, place)
        return self._starts[line] if line < len(self._starts) else len(self.text)

    def column(self, place: int) -> int:
        """Return the column of a place, from 0."""
        return place - self.line_start(place)

    def indent_of(self, place: int) -> int:
        """Return the number of spaces that the line of `place` starts with."""
        start = self.line_start(place)
        return len(self.text[start : self.eol(place)]) - len(self.text[start : self.eol(place)].lstrip(" "))

    def leads(self, place: int) -> bool:
        """Say whether only white space stands before `place` on its line."""
        return not self.text[self.line_start(place) : place].strip(" \t")

    def newline(self, place: int) -> str:
        """Return the line break in use around `place`."""
        line = bisect.bisect_right(self._starts, place)
        for n in (line, line - 1, 1):
            if 0 < n < len(self._starts):
                found = _BREAK.match(self.text, _stripped(self.text, self._starts[n]))
                if found:
                    return found.group()
        return "\n"

    def children(self, path: KeyPath) -> list[KeyPath]:
        """Return the paths of a collection's entries in the order of the text."""
        value = self.value(path)
        return [(*path, part) for part in (range(len(value)) if isinstance(value, list) else value)]

    def top(self, path: KeyPath) -> int:
        """Return where an entry's lines start, the comment directly above it included.

        A comment belongs to the entry when it stands in its column, no blank line between; the head of the file and an
        editor's line about the schema do not.
        """
        head = self.head(path)
        first = begin = self.line_start(head)
        floor = self._floor(path)
        column = self.column(head)
        while begin > floor:
            above = self.line_start(begin - 1)
            line = self.text[above:begin]
            inside = above < floor or above >= begin
            if inside or self.indent_of(above) != column or not line.lstrip(" ").startswith("#"):
                break
            if "yaml-language-server" in line:
                break
            begin = above
        return first if begin <= self.line_start(0) and len(path) == 1 else begin

    def _floor(self, path: KeyPath) -> int:
        """Return where the thing before an entry ends: above it nothing is the entry's own."""
        siblings = self.children(path[:-1])
        place = siblings.index(path)
        if place:
            return self.end(siblings[place - 1])
        return self.anchor(path[:-1]) if path[:-1] else 0

    def style(self, near: KeyPath = ()) -> Style:
        """Return how this file is indented, the entries of `near` before all others."""
        steps: Counter[int] = Counter()
        dashes: Counter[int] = Counter()
        gaps: Counter[int] = Counter()
        for path in self.document.marks:
            weight = 1000 if path[:-1] == near else 1
            if path and not self.in_flow(path):
                self._count(path, weight, steps, dashes, gaps)
        step = _usual(steps, 2)
        return Style(step=step, dash=_usual(dashes, step), gap=_usual(gaps, 2), long=_LONG)

    def _count(self, path: KeyPath, weight: int, steps: Counter[int], dashes: Counter[int], gaps: Counter[int]) -> None:
        parent = path[:-1]
        try:
            head = self.head(path)
            if isinstance(path[-1], int):
                if self.start(path) > head + 1 and self.line_start(self.start(path)) == self.line_start(head):
                    gaps[self.start(path) - head] += weight
                if parent and isinstance(parent[-1], str):
                    dashes[self.column(head) - self.column(self.head(parent))] += 1
            elif parent and isinstance(parent[-1], str):
                steps[self.column(head) - self.column(self.head(parent))] += 1
        except UnsureError:
            return


def _usual(found: Counter[int], otherwise: int) -> int:
    return found.most_common(1)[0][0] if found else otherwise


def _stripped(text: str, place: int) -> int:
    """Return the place before the line break that ends at `place`."""
    if text[place - 2 : place] == "\r\n":
        return place - 2
    return place - 1 if text[place - 1 : place] in ("\n", "\r") else place
