"""The splice editor: operations on a hand-written spec, written at the parser's marks; the file is never dumped anew.

Each operation becomes a few small changes of the text. They count only when the new text reads as the old data plus the
operation; else another layout is tried, and at last the change is refused with the lines to paste.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from pydantic import BaseModel, ConfigDict

from gptsmith.assistants.editing.entries import insertions, replacements
from gptsmith.assistants.editing.layout import Layout, UnsureError
from gptsmith.assistants.editing.operations import (
    Add,
    Remove,
    ReplaceText,
    Set,
    Step,
    apply_step,
    resolve,
    value_at,
    write_path,
)
from gptsmith.assistants.editing.splices import (
    Change,
    Inverse,
    Splice,
    apply,
    as_splices,
    text_hash,
    text_replacements,
    undo,
)
from gptsmith.assistants.format.problems import KeyPath
from gptsmith.assistants.format.reader import Document, read_yaml
from gptsmith.assistants.format.writer import Style, entry_lines, item_lines, same
from gptsmith.errors import SpecError, UsageError

# Removals: the ways to take an entry out, with the comment directly above it and nothing else.


def removals(layout: Layout, path: KeyPath) -> Iterator[list[Change]]:
    """Give the changes that remove the entry at `path`."""
    siblings = layout.children(path[:-1])
    if layout.is_flow(path[:-1]):
        yield from _from_brackets(layout, path, siblings)
    elif len(siblings) == 1:
        yield from _the_last(layout, path)
    elif layout.leads(layout.head(path)):
        yield [_whole_lines(layout, path)]
        yield [(layout.top(path), layout.next_line(layout.end(path)), "")]
    else:
        yield from _first_on_a_dash(layout, path, siblings)


def _whole_lines(layout: Layout, path: KeyPath) -> Change:
    """The lines of an entry; at the end of a file without a last line break, the break before them."""
    begin, end = layout.top(path), layout.end(path)
    stop = layout.next_line(end)
    if stop == layout.eol(end) and begin > layout.line_start(0):
        return (layout.eol(begin - 1), stop, "")
    return (begin, stop, "")


def _the_last(layout: Layout, path: KeyPath) -> Iterator[list[Change]]:
    """Leave `[]` or `{}` behind the key of what is now empty, before the comment on its line."""
    parent = path[:-1]
    empty = "{}" if isinstance(path[-1], str) else "[]"
    anchor = layout.anchor(parent)
    begin, stop, _ = _whole_lines(layout, path)
    if parent and layout.leads(layout.head(path)) and anchor <= begin:
        yield [(anchor, anchor, f" {empty}"), (begin, stop, "")]
    start, end = layout.head(path), layout.end(path)
    yield [(start, end, empty)]
    yield [(start, layout.eol(end), empty)]


def _first_on_a_dash(layout: Layout, path: KeyPath, siblings: list[KeyPath]) -> Iterator[list[Change]]:
    """`- name: x` and more keys below: the next key moves up to the dash, unless a comment stands between."""
    head, end = layout.head(path), layout.end(path)
    following = siblings[siblings.index(path) + 1] if path != siblings[-1] else None
    if following:
        place = layout.head(following)
        between = layout.text[layout.eol(end) : place]
        if not between.strip():
            yield [(head, place, "")]
    dash = head
    while dash > 0 and layout.text[dash - 1] in " \t":
        dash -= 1
    yield [(dash, layout.eol(end), "")]


def _from_brackets(layout: Layout, path: KeyPath, siblings: list[KeyPath]) -> Iterator[list[Change]]:
    head, end = layout.head(path), layout.end(path)
    place = siblings.index(path)
    comma = layout.skip(end)
    has_comma = layout.text[comma : comma + 1] == ","
    if layout.leads(head):
        behind = comma + 1 if has_comma and comma < layout.eol(end) else end
        if layout.skip(behind) > layout.eol(end):
            lines = (layout.top(path), layout.next_line(end), "")
            if place and not has_comma:
                before = layout.skip(layout.end(siblings[place - 1]))
                yield [(before, before + 1, ""), lines]
            yield [lines]
    if has_comma:
        after = comma + 1
        while after < layout.eol(comma) and layout.text[after] in " \t":
            after += 1
        if after < layout.eol(comma) and layout.text[after] != "#":
            if place == len(siblings) - 1 and place:
                yield [(layout.end(siblings[place - 1]), end, "")]
            yield [(head, after, "")]
        yield [(head, comma + 1, "")]
    if place:
        before = layout.end(siblings[place - 1])
        if not layout.text[before:head].replace(",", "").strip():
            yield [(before, end, "")]
    yield [(head, end, "")]


__all__ = ["Edited", "Inverse", "Splice", "SpliceRefusedError", "splice", "undo"]


_TOO_MUCH = ("too_large", "too_many_nodes", "too_deep")


class SpliceRefusedError(UsageError):
    """A change that cannot be written into this text safely.

    `path` is where it was meant, `line` (from 1) the line of the file, `lines` what to paste there by hand (empty for a
    removal).
    """

    def __init__(self, path: str, line: int, lines: list[str]) -> None:
        hint = "write it by hand: " + "\n".join(["", *lines]) if lines else "take these lines out by hand"
        super().__init__(f"{path} cannot be changed safely as line {line} is written", hint=hint)
        self.path = path
        self.line = line
        self.lines = lines


class Edited(BaseModel):
    """A text after its operations: the splices, each for the text as the one before left it, and their inverse."""

    model_config = ConfigDict(frozen=True)

    text: str
    splices: tuple[Splice, ...]
    inverse: Inverse

    @property
    def changed(self) -> bool:
        """Say whether a byte is different."""
        return bool(self.splices)


def splice(text: str, ops: Iterable[Set | Add | Remove | ReplaceText], *, file: str = "") -> Edited:
    """Write operations, one after the other, into a spec's text; what they do not mean stays to the byte.

    Raises SpecError when the text cannot be read, UsageError for an operation that does not fit the data, and
    SpliceRefusedError, with the lines to paste, where the text cannot be changed safely.
    """
    document = read_yaml(text, file)
    if document.diagnostics or not document.whole:
        raise SpecError(document.diagnostics)
    done: list[Splice] = []
    for op in ops:
        document = _operate(document, op, done)
    back = tuple(one.inverse() for one in reversed(done))
    inverse = Inverse(splices=back, edited=text_hash(document.text), original=text_hash(text))
    return Edited(text=document.text, splices=tuple(done), inverse=inverse)


def _operate(document: Document, op: Set | Add | Remove | ReplaceText, done: list[Splice]) -> Document:
    step = resolve(document.data, op)
    if step.kind == "replace" and not isinstance(op, ReplaceText):
        return _replace(document, step, done)
    return _take(document, step, done, op if isinstance(op, ReplaceText) else None)


def _replace(document: Document, step: Step, done: list[Splice]) -> Document:
    """Replace a value; of a list or an object only the entries that differ, so that the others keep their comments."""
    old = value_at(document.data, step.path)
    if same(old, step.value):
        return document
    if type(old) is type(step.value) and isinstance(old, (list, dict)) and old and step.value:
        tried = len(done)
        try:
            now = document
            for part in _parts(step.path, old, step.value):
                now = _replace(now, part, done) if part.kind == "replace" else _take(now, part, done)
            return now
        except SpliceRefusedError:
            del done[tried:]
            if "#" in document.text[document.marks[step.path].value.start : document.marks[step.path].value.end]:
                raise
    return _take(document, step, done)


def _parts(path: KeyPath, old: Any, new: Any) -> Iterator[Step]:
    """Take the replacement of a whole list or object apart; new entries come before old ones go."""
    if isinstance(old, dict):
        for key in new:
            if key in old:
                yield Step(kind="replace", path=(*path, key), value=new[key])
        for key in new:
            if key not in old:
                yield Step(kind="insert", path=path, key=key, value=new[key])
        for key in old:
            if key not in new:
                yield Step(kind="remove", path=(*path, key))
        return
    matcher = difflib.SequenceMatcher(None, [repr(item) for item in old], [repr(item) for item in new], autojunk=False)
    gone: list[int] = []
    moved = 0  # by how much the items behind have moved by what was put in
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            continue
        common = min(b - a, d - c)
        for n in range(common):
            yield Step(kind="replace", path=(*path, a + n + moved), value=new[c + n])
        for n in range(common, d - c):
            yield Step(kind="insert", path=path, index=a + n + moved, value=new[c + n])
        gone += [index + moved for index in range(a + common, b)]
        moved += max(d - c - common, 0)
    for index in reversed(gone):
        yield Step(kind="remove", path=(*path, index))


def _take(document: Document, step: Step, done: list[Splice], op: ReplaceText | None = None) -> Document:
    """Make the first change that reads back as meant. Raises SpliceRefusedError when there is none."""
    meant = apply_step(copy.deepcopy(document.data), step)
    layout = Layout(document)
    for changes in _candidates(layout, step, meant, op):
        splices = as_splices(document.text, changes)
        after = read_yaml(apply(document.text, splices), "")
        if after.whole and not after.diagnostics and same(after.data, meant):
            done += splices
            return after
        if any(d.code in _TOO_MUCH for d in after.diagnostics):
            last = after.diagnostics[-1]
            raise UsageError(f"with this change {last.message}", code=last.code, hint=last.hint)
    raise _refused(document, step, meant)


def _candidates(layout: Layout, step: Step, meant: Any, op: ReplaceText | None) -> Iterator[list[Change]]:
    ways: Iterator[list[Change]]
    if step.kind == "insert":
        ways = insertions(layout, step, meant)
    elif step.kind == "remove":
        ways = removals(layout, step.path)
    elif op is None:
        ways = replacements(layout, step.path, step.value, meant)
    else:
        ways = text_replacements(layout, step.path, op.old, op.new)
        if _may_be_rewritten(layout, step.path):
            ways = chain(_sure(ways), replacements(layout, step.path, step.value, meant))
    return _sure(ways)


def _may_be_rewritten(layout: Layout, path: KeyPath) -> bool:
    """Say whether a text may be written anew around a few characters: one line, or a block that keeps its lines."""
    source = layout.text[layout.start(path) : layout.end(path)]
    return source.startswith("|") or not ("\n" in source or "\r" in source)


def _sure(ways: Iterator[list[Change]]) -> Iterator[list[Change]]:
    """Give the ways until the text turns out to be laid out in a way that is not known."""
    try:
        yield from ways
    except UnsureError:
        return


def _refused(document: Document, step: Step, meant: Any) -> SpliceRefusedError:
    """Say where a change was meant and what to paste there."""
    path = (*step.path, step.key) if step.key is not None else step.path
    place = step.path
    while place not in document.marks:
        place = place[:-1]
    mark = document.marks[place]
    line = (mark.key or mark.value).line
    if step.kind == "remove":
        return SpliceRefusedError(write_path(path), line, [])
    column = max((mark.key or mark.value).column - 1, 0)
    style = Style()
    key = path[-1] if path else ""
    if isinstance(key, str) and (step.kind == "replace" or step.key is not None):
        below = style.step if step.key is not None and step.path else 0
        lines = entry_lines(key, step.value, column + below, style=style, path=path, spec=meant)
    else:
        lines = item_lines(step.value, column, style=style, path=path, spec=meant)
    return SpliceRefusedError(write_path(path), line, lines)
