"""Splices: small changes of a text by place, their inverse, and where each character of a value stands."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator

from pydantic import BaseModel, ConfigDict

from gptsmith.assistants.editing.layout import Layout, UnsureError
from gptsmith.assistants.format.problems import KeyPath
from gptsmith.assistants.format.writer import quoted
from gptsmith.errors import UsageError

Change = tuple[int, int, str]  # start, end, new text: several of them are meant for one and the same text


class Splice(BaseModel):
    """`old`, which stands at the character offset `start`, becomes `new`."""

    model_config = ConfigDict(frozen=True)

    start: int
    old: str
    new: str

    def inverse(self) -> Splice:
        """Return the splice that takes this one back."""
        return Splice(start=self.start, old=self.new, new=self.old)


class Inverse(BaseModel):
    """How to take an edit back: its splices, each for the text as the one before left it, and both texts' hashes.

    `edited` is the hash of the text that it is for, `original` that of the text that it gives back.
    """

    model_config = ConfigDict(frozen=True)

    splices: tuple[Splice, ...]
    edited: str
    original: str


def text_hash(text: str | bytes) -> str:
    """Return the SHA-256 of a file's bytes, or of the bytes that `text` has in UTF-8."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return hashlib.sha256(data).hexdigest()


def as_splices(text: str, changes: Iterable[Change]) -> list[Splice]:
    """Turn changes of one text into splices to be made one after the other, each as short as it can be.

    Changes do not overlap; of two at the same place the first one given comes first in the text.
    """
    splices = []
    backwards = sorted(enumerate(changes), key=lambda one: (one[1][0], one[1][1], one[0]), reverse=True)
    for _, (start, end, new) in backwards:
        old = text[start:end]
        head = 0
        while head < min(len(old), len(new)) and old[head] == new[head]:
            head += 1
        tail = 0
        while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
            tail += 1
        short = Splice(start=start + head, old=old[head : len(old) - tail], new=new[head : len(new) - tail])
        if short.old or short.new:
            splices.append(short)
    return splices


def apply(text: str, splices: Iterable[Splice]) -> str:
    """Make splices one after the other. Raises UsageError when the text is not what one of them expects."""
    for splice in splices:
        end = splice.start + len(splice.old)
        if text[splice.start : end] != splice.old:
            raise _changed()
        text = text[: splice.start] + splice.new + text[end:]
    return text


def undo(text: str, inverse: Inverse) -> str:
    """Return the text as it was before the edit, to the byte. Raises UsageError when it has changed since."""
    if text_hash(text) != inverse.edited:
        raise _changed()
    before = apply(text, inverse.splices)
    if text_hash(before) != inverse.original:
        raise _changed()
    return before


def _changed() -> UsageError:
    return UsageError(
        "the text has been changed since this edit, so it cannot be undone by itself",
        code="changed_since",
        hint="restore a version, or make the opposite change",
    )


# The places of a text's characters in the YAML source: which stretch of the file gives which character.

_BREAK = re.compile(r"\r\n|\n|\r")
_FOLD = re.compile(r"[ \t]*(?:\r\n|\n|\r)(?:[ \t]*(?:\r\n|\n|\r))*[ \t]*")
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[^\r\n])")
_SIMPLE = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip

Place = tuple[str, int, int]  # a character (or several that stand or fall together), its start and end in the file


def text_replacements(layout: Layout, path: KeyPath, old: str, new: str) -> Iterator[list[Change]]:
    """Give the changes that replace the one `old` in the text at `path`, and not a character beside it."""
    value = layout.value(path)
    places = _places(layout, path)
    if "".join(text for text, _, _ in places) != value:
        return
    first = value.index(old)
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    at = 0
    for text, start, end in places:
        starts[at] = start
        at += len(text)
        ends[at] = end
    begin, stop = starts.get(first), ends.get(first + len(old))
    if begin is None or stop is None:
        return
    ends_line = layout.is_block_text(path) and layout.text[stop : stop + 1] in ("\r", "\n")
    for written in _written(layout, path, new):
        yield [(begin, stop, written.rstrip(" ") if ends_line and new.endswith("\n") else written)]


def _places(layout: Layout, path: KeyPath) -> list[Place]:
    start, end = layout.start(path), layout.end(path)
    text = layout.text
    if layout.is_block_text(path):
        return _literal(layout, path) if text[start] == "|" else _folded(layout, path)
    if text[start] == "'":
        return list(_flow_places(text, start + 1, end - 1, "'"))
    if text[start] == '"':
        return list(_flow_places(text, start + 1, end - 1, '"'))
    return list(_flow_places(text, start, end, ""))


def _flow_places(text: str, at: int, stop: int, quote: str) -> Iterator[Place]:
    """Give the characters of a text in quotes or without; line breaks are folded as YAML folds them."""
    while at < stop:
        fold = _FOLD.match(text, at, stop)
        if fold:
            breaks = len(_BREAK.findall(fold.group()))
            yield " " if breaks == 1 else "\n" * (breaks - 1), at, fold.end()
            at = fold.end()
        elif quote == "'" and text.startswith("''", at):
            yield "'", at, at + 2
            at += 2
        elif quote == '"' and text[at] == "\\":
            escape = _ESCAPE.match(text, at, stop)
            if not escape:
                raise UnsureError  # an escaped line break: the words around it are not ours to place
            yield _unescaped(escape.group()), at, escape.end()
            at = escape.end()
        else:
            yield text[at], at, at + 1
            at += 1


def _unescaped(escape: str) -> str:
    if escape[1] in "xuU" and len(escape) > 2:
        return chr(int(escape[2:], 16))
    return _SIMPLE.get(escape[1], "")


def _lines(layout: Layout, path: KeyPath) -> tuple[int, list[tuple[int, int]]]:
    """Return the indentation of a block and where each of its lines starts and ends, breaks left out."""
    start, end = layout.start(path), layout.document.marks[path].value.end
    lines = []
    place = layout.next_line(start)
    while place < end:
        lines.append((place, layout.eol(place)))
        place = max(layout.next_line(place), place + 1)
    stated = re.search(r"[1-9]", layout.header(start))
    inked = [layout.indent_of(a) for a, b in lines if layout.text[a:b].strip(" ")]
    if not inked:
        raise UnsureError
    return (_stated(layout, path, int(stated.group())) if stated else inked[0]), lines


def _stated(layout: Layout, path: KeyPath, digit: int) -> int:
    return layout.column(layout.head(path)) + digit


def _literal(layout: Layout, path: KeyPath) -> list[Place]:
    indent, lines = _lines(layout, path)
    places: list[Place] = []
    for start, end in lines:
        begin = min(start + indent, end)
        places += [(layout.text[at], at, at + 1) for at in range(begin, end)]
        places.append(("\n", end, layout.next_line(end)))
    return _cut(places, layout.value(path))


def _folded(layout: Layout, path: KeyPath) -> list[Place]:
    """Give the characters of a `>` block; lines that are indented more are not folded and not placed either."""
    indent, lines = _lines(layout, path)
    places: list[Place] = []
    blanks = 0
    previous = -1
    for start, end in lines:
        begin = start + indent
        if begin >= end:
            blanks += 1
            continue
        if layout.text[begin] in " \t":
            raise UnsureError
        if previous >= 0:
            places.append(("\n" * blanks if blanks else " ", previous, begin))
        places += [(layout.text[at], at, at + 1) for at in range(begin, end)]
        previous, blanks = end, 0
    places += [("\n", previous, previous)] * (blanks + 1)
    return _cut(places, layout.value(path))


def _cut(places: list[Place], value: str) -> list[Place]:
    """Leave out the line breaks at the end that the block's header takes away."""
    length = sum(len(text) for text, _, _ in places)
    while places and places[-1][0] == "\n" and length > len(value):
        places.pop()
        length -= 1
    return places


def _written(layout: Layout, path: KeyPath, new: str) -> Iterator[str]:
    """Write the new characters as the text around them is written."""
    start = layout.start(path)
    mark = layout.text[start]
    newline = layout.newline(start)
    if layout.is_block_text(path):
        indent = " " * _lines(layout, path)[0]
        gap = newline if mark == "|" else newline * 2
        lines = new.split("\n")
        ends = f"{indent}{lines[-1]}" if len(lines) > 1 else ""
        yield gap.join(
            [lines[0], *(f"{indent}{line}" if line else "" for line in lines[1:-1]), *([ends] if ends else [])]
        )
        yield (gap + indent).join(lines)
    elif mark == '"':
        yield quoted(new)[1:-1]
    elif "\n" not in new:
        yield new.replace("'", "''") if mark == "'" else new
