"""The splice editor: a change of a hand-written file is what a careful person would have typed, and no other byte."""

from __future__ import annotations

import contextlib
import difflib
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gptsmith.assistants.editing.operations import Add, Remove, ReplaceText, Set, apply_to_data, write_path
from gptsmith.assistants.editing.splice import SpliceRefusedError, splice, undo
from gptsmith.assistants.format.reader import Document, read_yaml
from gptsmith.assistants.format.writer import same
from gptsmith.errors import UsageError
from tests.support.odd_specs import ODD

SPECS = sorted((Path(__file__).resolve().parents[2] / "assistants" / "specs").glob("*.yaml"))
FILES = {**ODD, **{path.name: path.read_bytes().decode("utf-8") for path in SPECS}}
Op = Set | Add | Remove | ReplaceText

NEW: list[Any] = [
    "word", "two words", "a: b", "# no", "yes", "12", "", " ", "it's", 'say "x"', "tab\there", "x\ny\n", "x\n\n  y",
    "end\n\n", "日本語", "{{city}}", "[x", "- x", "Why? Who, me", "\u2028", "word " * 40, 0, 1.5, -3, True, None, [],
    {}, ["a", "b"], {"k": "v"}, [{"type": "a", "n": 1}], {"k": {"l": ["m", {"n": "o\np\n"}]}}, [["x"], []],
]  # fmt: skip


def random_op(chance: random.Random, document: Document) -> Op:
    """Make an operation that fits the data."""
    paths = [path for path in document.marks if path]
    containers = [p for p in document.marks if isinstance(_at(document.data, p), (list, dict))]
    path = chance.choice(paths)
    kind = chance.choice(["set", "set", "add", "add", "remove", "text"])
    value = _at(document.data, path)
    if kind == "text" and isinstance(value, str) and value:
        start = chance.randrange(len(value))
        old = value[start : start + chance.randint(1, 6)]
        if value.find(old) == value.rfind(old) and value.find(old, value.find(old) + 1) < 0:
            new = chance.choice(["", "new", "it's", 'a "b"', "x: y", "one\ntwo", " # z", "é"])
            return ReplaceText(path=write_path(path), old=old, new=new)
    if kind == "add" and containers:
        container = chance.choice(containers)
        inside = _at(document.data, container)
        new_value = chance.choice(NEW)
        if isinstance(inside, dict):
            after = chance.choice([None, *inside])
            return Add(path=write_path((*container, f"new{chance.randrange(99)}")), value=new_value, after=after)
        if container:
            return Add(
                path=write_path(container), value=new_value, after=chance.choice([None, *range(-1, len(inside))])
            )
    if kind == "remove":
        return Remove(path=write_path(path))
    return Set(path=write_path(path), value=chance.choice(NEW))


def _at(data: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        data = data[part]
    return data


def verify(text: str, op: Op) -> bool:
    """Check one edit by everything that must hold; return False when it was refused."""
    before = read_yaml(text)
    try:
        edited = splice(text, [op])
    except SpliceRefusedError:
        return False
    meant = apply_to_data(before.data, [op])
    after = read_yaml(edited.text)
    assert after.diagnostics == []
    assert same(after.data, meant), (op, edited.text)
    assert undo(edited.text, edited.inverse) == text
    assert edited.changed == (edited.text != text)
    assert_only_own_lines(text, edited.text, before, op)
    return True


def comments(text: str) -> list[tuple[int, str]]:
    """Return line and text of all comments, by the reader's own idea of what is a value."""
    document = read_yaml(text)
    data = [m.value for p, m in document.marks.items() if not isinstance(_at(document.data, p), (list, dict))]
    keys = [m.key for m in document.marks.values() if m.key]
    inside = {place for span in [*data, *keys] for place in range(span.start, span.end)}
    inside -= {
        place for span in data if text[span.start : span.start + 1] in ("|", ">") for place in _header(text, span)
    }
    found = []
    place = 0
    while place < len(text):
        if text[place] == "#" and place not in inside and (place == 0 or text[place - 1] in " \t\r\n\ufeff"):
            end = min((text.find(c, place) for c in "\r\n" if text.find(c, place) >= 0), default=len(text))
            found.append((document.place(place)[0], text[place:end].rstrip()))
            place = end
        else:
            place += 1
    return found


def _header(text: str, span: Any) -> range:
    ends = [text.find(c, span.start) for c in "\r\n" if text.find(c, span.start) >= 0]
    return range(span.start, min(ends, default=len(text)))


def assert_only_own_lines(old: str, new: str, document: Document, op: Op) -> None:
    """Only lines of the entry itself changed, and with it went no comment but its own and the one directly above."""
    own = _own_lines(old, document, op)
    ended = old.endswith(("\n", "\r"))
    lines, now = ([line if ended else line.rstrip("\r\n") for line in _split(text)] for text in (old, new))
    matcher = difflib.SequenceMatcher(None, lines, now, autojunk=False)
    touched = {line for kind, a, b, _, _ in matcher.get_opcodes() if kind != "equal" for line in range(a + 1, b + 1)}
    assert touched <= own, (op, sorted(touched - own), new)
    lost = Counter(comment for _, comment in comments(old)) - Counter(comment for _, comment in comments(new))
    assert not lost - Counter(comment for line, comment in comments(old) if line in own), (op, lost, new)
    path = next((path for path in document.marks if path and write_path(path) == op.path), ())
    goes = isinstance(op, Remove) or (isinstance(op, Set) and isinstance(_at(document.data, path), (list, dict)))
    assert goes or not lost, (op, lost, new)


def _split(text: str) -> list[str]:
    return re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)


def _own_lines(text: str, document: Document, op: Op) -> set[int]:
    """Return the lines (from 1) that an operation may take away or change, found by the marks alone."""
    path = next((path for path in document.marks if path and write_path(path) == op.path), ())
    lines = _split(text)
    last = {len(lines)} if not text.endswith(("\n", "\r")) else set()
    if isinstance(op, Add):
        container = path or next(p for p in document.marks if op.path == write_path((*p, _key(op.path))))
        value = _at(document.data, container)
        mark = document.marks[container]
        if (
            value is None
            or value in ([], {})
            or text[mark.value.start] in "[{"
            or _flow_above(text, document, container)
        ):
            return _lines(document, mark.value.start if not mark.key else mark.key.start, mark.value.end) | last
        head = document.marks[(*container, 0)].value.start if op.after == -1 else 0
        return last | _headers(lines, bool(last)) | ({document.place(head)[0]} if op.after == -1 else set())
    mark = document.marks[path]
    start = mark.key.start if mark.key else mark.value.start
    own = _lines(document, start, mark.value.end)
    first = min(own)
    column = document.place(start)[1] - 1
    while first > 1 and (_comment_at(lines[first - 2], column) or lines[first - 2].strip() == "-"):
        first -= 1
        own.add(first)
        if lines[first - 1].strip() == "-":
            column = lines[first - 1].index("-")
    if isinstance(op, Remove):
        parent = document.marks[path[:-1]]
        siblings = _at(document.data, path[:-1])
        if text[parent.value.start] in "[{" or len(siblings) == 1:
            own |= _lines(document, (parent.key or parent.value).start, parent.value.end)
        if path[-1] in (0, next(iter(siblings))) and len(siblings) > 1:
            following = document.marks[(*path[:-1], 1 if isinstance(siblings, list) else list(siblings)[1])]
            own.add((following.key or following.value).line)
    return own


def _comment_at(line: str, column: int) -> bool:
    """Say whether a line is a comment in the column of an entry, or of its dash two or more columns before."""
    text = line.lstrip("\ufeff")
    place = len(text) - len(text.lstrip(" "))
    return text.lstrip(" ").startswith("#") and (place == column or place in (column - 2, column - 4))


def _key(path: str) -> str:
    return path[path.rindex("new") :]


def _flow_above(text: str, document: Document, path: tuple[str | int, ...]) -> bool:
    return any(text[document.marks[path[:n]].value.start] in "[{" for n in range(len(path)))


def _headers(lines: list[str], unended: bool) -> set[int]:
    """A block at the very end without a line break needs its header to say so when something comes behind it."""
    return {n for n, line in enumerate(lines, 1) if unended and line.rstrip().endswith(("|", ">"))}


def _lines(document: Document, start: int, end: int) -> set[int]:
    return set(range(document.place(start)[0], document.place(end)[0] + 1))


@pytest.mark.parametrize("name", FILES)
def test_a_no_op_is_byte_identical(name: str) -> None:
    text = FILES[name]
    document = read_yaml(text)
    assert document.diagnostics == []
    assert splice(text, []).text == text
    for path in document.marks:
        if path:
            same_value = Set(path=write_path(path), value=_at(document.data, path))
            assert splice(text, [same_value]).splices == ()


def _many(count: int, seed: int) -> tuple[int, int]:
    chance = random.Random(seed)
    done = refused = 0
    names = list(FILES)
    while done + refused < count:
        text = FILES[names[(done + refused) % len(names)]]
        if verify(text, random_op(chance, read_yaml(text))):
            done += 1
        else:
            refused += 1
    return done, refused


def test_random_edits_change_only_what_they_mean() -> None:
    done, refused = _many(300, 1)
    assert refused <= 0.03 * (done + refused)


@pytest.mark.slow
def test_two_thousand_random_edits() -> None:
    done, refused = _many(2000, 2)
    assert refused <= 0.03 * (done + refused)


@pytest.mark.slow
def test_edits_on_edits_are_one_edit_that_is_undone_as_one() -> None:
    chance = random.Random(4)
    for _ in range(300):
        start = text = FILES[chance.choice(list(FILES))]
        ops: list[Op] = []
        while len(ops) < 4 and read_yaml(text).data:
            op = random_op(chance, read_yaml(text))
            with contextlib.suppress(UsageError):  # refused, or the new key is there already
                text = splice(text, [op]).text
                ops.append(op)
        edited = splice(start, ops)
        assert edited.text == text
        assert undo(text, edited.inverse) == start
        assert same(read_yaml(text).data, apply_to_data(read_yaml(start).data, ops))
