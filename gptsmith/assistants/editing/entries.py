"""The ways to write an entry: a new value where another stands, or a new one between its neighbours."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

from gptsmith.assistants.editing.layout import Layout
from gptsmith.assistants.editing.operations import Step
from gptsmith.assistants.editing.splices import Change
from gptsmith.assistants.format.problems import KeyPath
from gptsmith.assistants.format.writer import Style, entry_lines, inline, item_lines, key_text, quoted

# Replacements: the ways to write a new value where another one stands, the careful one first.


def replacements(
    layout: Layout, path: KeyPath, value: Any, meant: Any, *, spread: bool = False
) -> Iterator[list[Change]]:
    """Give the changes that put `value` at `path`; `meant` is the data afterwards.

    `spread` writes a list or an object one entry per line, never in brackets.
    """
    if layout.in_flow(path):
        yield from _in_brackets(layout, path, value)
        return
    if isinstance(value, str):
        yield from _same_quotes(layout, path, value)
        yield from _same_block(layout, path, value)
    for token, body in _forms(layout, path, value, meant, spread):
        changes = _placed(layout, path, token, body)
        yield changes
        if body:
            yield _with_last_break(layout, changes)
    if isinstance(value, str):
        yield _placed(layout, path, quoted(value), [])


def _in_brackets(layout: Layout, path: KeyPath, value: Any) -> Iterator[list[Change]]:
    start, end = layout.start(path), layout.end(path)
    token = inline(value, json=layout.is_json(path))
    if isinstance(value, str):
        yield from _same_quotes(layout, path, value)
    if start < end:
        yield [(start, end, token)]
        yield [(start, end, f" {token}")]
        return
    key = layout.document.marks[path].key
    if key:
        colon = layout.skip(key.end)
        if layout.text[colon : colon + 1] == ":":
            yield [(colon + 1, colon + 1, f" {token}")]
        else:
            yield [(key.end, key.end, f": {token}")]
    else:
        yield [(start, start, token)]


def _same_quotes(layout: Layout, path: KeyPath, value: str) -> Iterator[list[Change]]:
    """A text in quotes stays in its quotes, when the new one is a single line too."""
    start, end = layout.start(path), layout.end(path)
    quote = layout.text[start : start + 1]
    if not isinstance(layout.value(path), str) or "\n" in value or quote not in ("'", '"'):
        return
    if quote == '"':
        yield [(start, end, quoted(value))]
    elif value.isprintable():
        doubled = value.replace("'", "''")
        yield [(start, end, f"'{doubled}'")]


def _same_block(layout: Layout, path: KeyPath, value: str) -> Iterator[list[Change]]:
    """A text in a block stays in it: the same header, comment and indentation; a folded one only without lines."""
    if not layout.is_block_text(path) or not value.strip():
        return
    start, end = layout.start(path), layout.end(path)
    header = layout.header(start)
    first = layout.eol(start)
    folded = header[0] == ">"
    body = value.rstrip("\n")
    ends = len(value) - len(body)
    if first >= end or (folded and ("\n" in body or body[:1] in " \t")):
        return
    indent = _block_indent(layout, first, end)
    keep = "-" if ends == 0 else "" if ends == 1 else "+"
    digit = "".join(c for c in header if c.isdigit())
    newline = layout.newline(start)
    lines = [f"{' ' * indent}{line}" if line else "" for line in body.split("\n")] + [""] * (ends - 1)
    text = newline + newline.join(lines)
    for state in dict.fromkeys((header[1:], f"{digit}{keep}")):
        changes = [(start, start + len(header), header[0] + state), (first, end, text)]
        yield changes
        yield _with_last_break(layout, changes)


def _block_indent(layout: Layout, first: int, end: int) -> int:
    place = layout.next_line(first)
    while place < end:
        if layout.text[place : layout.eol(place)].strip(" "):
            return layout.indent_of(place)
        place = layout.next_line(place)
    return layout.indent_of(first) + 2


def _forms(layout: Layout, path: KeyPath, value: Any, meant: Any, spread: bool) -> Iterator[tuple[str, list[str]]]:
    """Give the value as what stands behind its key or dash, and the lines below it."""
    style = layout.style(path)
    if spread:
        style = dataclasses.replace(style, flow=False)
    old = layout.value(path)
    if isinstance(old, str) and not layout.is_block_text(path):
        style = dataclasses.replace(style, long=0)
    at = layout.head(path)
    column = layout.column(at)
    key = layout.document.marks[path].key
    for blocks in (True, False):
        if key:
            lines = entry_lines("k", value, column, style=style, path=path, spec=meant, blocks=blocks)
            yield lines[0].strip(" ")[2:].strip(" "), lines[1:]
        elif path:
            lines = item_lines(value, column, style=style, path=path, spec=meant, blocks=blocks)
            yield lines[0].strip(" ")[1:].strip(" "), lines[1:]


def _placed(layout: Layout, path: KeyPath, token: str, body: list[str]) -> list[Change]:
    """Put `token` behind the key or the dash and `body` on the lines below; a comment on the line stays."""
    start, end, anchor = layout.start(path), layout.end(path), layout.anchor(path)
    newline = layout.newline(anchor)
    below = "".join(newline + line for line in body)
    value = layout.value(path)
    if start == end:
        changes = [(anchor, anchor, f" {token}" if token else "")]
        return [*changes, (layout.eol(anchor), layout.eol(anchor), below)]
    if layout.is_block_text(path):
        stop = start + len(layout.header(start))
        head = (start, stop, token) if token else (anchor, stop, "")
        first = layout.eol(start)
        return [head, (first, max(end, first), below)]
    if isinstance(value, (list, dict)) and not layout.is_flow(path):
        first, last = layout.eol(anchor), layout.eol(end)
        if start <= first and first < end:
            return [(start, last, token + below)]
        if start > first:
            return [(anchor, anchor, f" {token}" if token else ""), (first, last, below)]
    if body and start > layout.eol(anchor):
        return [_on_its_own_line(layout, path, token, body)]
    head = (start, end, token) if token else (anchor, end, "")
    return [head, (layout.eol(end), layout.eol(end), below)]


def _on_its_own_line(layout: Layout, path: KeyPath, token: str, body: list[str]) -> Change:
    """Replace a value that starts below its key: the new one starts behind the key, or below the comment there."""
    start, end, anchor = layout.start(path), layout.end(path), layout.anchor(path)
    newline = layout.newline(anchor)
    if token or "#" not in layout.text[anchor:start]:
        return (anchor, end, newline.join([f" {token}" if token else "", *body]))
    return (layout.line_start(start), end, newline.join(body))


def _with_last_break(layout: Layout, changes: list[Change]) -> list[Change]:
    """Add a line break where a block now ends the file, which it needs to end with one itself."""
    start, end, new = changes[-1]
    return [*changes[:-1], (start, end, new + (layout.newline(start) if end == len(layout.text) else ""))]


# Insertions: the ways to write a new entry between its neighbours, in their indentation and style.

_LONGEST_FLOW = 100


def insertions(layout: Layout, step: Step, meant: Any) -> Iterator[list[Change]]:
    """Give the changes that put a new key or list item in; `meant` is the data afterwards."""
    container = layout.value(step.path)
    if container is None or container == [] or container == {}:
        yield from _into_nothing(layout, step, meant)
    elif layout.is_flow(step.path):
        yield from _into_brackets(layout, step)
    elif step.key is None and step.index == 0:
        yield from _before_all(layout, step, meant)
    else:
        yield from _behind(layout, step, meant)


def _into_nothing(layout: Layout, step: Step, meant: Any) -> Iterator[list[Change]]:
    """The first entry of an empty list or object, `[]`, `{}` or nothing at all, is written as lines below its key."""
    value = [step.value] if step.key is None else {step.key: step.value}
    if step.path:
        yield from replacements(layout, step.path, value, meant, spread=True)
        yield from replacements(layout, step.path, value, meant)
        return
    lines = _lines(layout, step, 0, layout.style(), meant)
    newline = layout.newline(0)
    text = newline.join(lines)
    if layout.data is None:
        end = len(layout.text)
        gap = "" if not layout.text.strip("\ufeff") or layout.text[-1:] in ("\n", "\r") else newline
        yield [(end, end, gap + text + newline)]
    else:
        yield [(layout.start(()), layout.end(()), text)]


def _lines(layout: Layout, step: Step, column: int, style: Style, meant: Any, blocks: bool = True) -> list[str]:
    if step.key is not None:
        path = (*step.path, step.key)
        return entry_lines(step.key, step.value, column, style=style, path=path, spec=meant, blocks=blocks)
    path = (*step.path, step.index)
    if isinstance(step.value, (dict, list)) and step.value and _neighbours_flow(layout, step):
        flow = inline(step.value)
        if len(flow) <= _LONGEST_FLOW:
            return [f"{' ' * column}-{' ' * (style.gap - 1)}{flow}"]
    return item_lines(step.value, column, style=style, path=path, spec=meant, blocks=blocks)


def _neighbours_flow(layout: Layout, step: Step) -> bool:
    """Say whether the entry before (or, at the front, the one behind) is written in brackets."""
    kind = type(step.value)
    alike = [path for path in layout.children(step.path) if type(layout.value(path)) is kind and layout.value(path)]
    before = [path for path in alike if isinstance(path[-1], int) and path[-1] < step.index]
    return bool(alike) and layout.is_flow(before[-1] if before else alike[0])


def _behind(layout: Layout, step: Step, meant: Any) -> Iterator[list[Change]]:
    siblings = layout.children(step.path)
    if step.key is None:
        behind = siblings[step.index - 1]
    else:
        behind = (*step.path, step.after) if step.after is not None else siblings[-1]
    column = layout.column(layout.head(behind))
    place = layout.eol(layout.end(behind))
    newline = layout.newline(layout.end(behind))
    apart = _spaced(layout, siblings) or (step.key is not None and _alone(layout, siblings, behind))
    spaced = newline if apart else ""
    ending = newline if place == len(layout.text) else ""
    for style in (layout.style(step.path), dataclasses.replace(layout.style(step.path), long=0)):
        for blocks in (True, False):
            text = newline.join(_lines(layout, step, column, style, meant, blocks))
            yield [*layout.unended(behind), (place, place, spaced + newline + text)]
            if ending:
                yield [(place, place, spaced + newline + text + ending)]


def _spaced(layout: Layout, siblings: list[KeyPath]) -> bool:
    """Say whether the entries, two at least, are set apart by blank lines throughout."""
    gaps = itertools.pairwise(siblings)
    blank = [not _filled(layout, layout.end(one), layout.head(other)) for one, other in gaps]
    return bool(blank) and all(blank)


def _alone(layout: Layout, siblings: list[KeyPath], one: KeyPath) -> bool:
    """Say whether an entry has a blank line before and behind it, so that a new one behind it has one, too."""
    place = siblings.index(one)
    gaps = itertools.pairwise(siblings[max(place - 1, 0) : place + 2])
    blank = [not _filled(layout, layout.end(before), layout.head(after)) for before, after in gaps]
    return bool(blank) and all(blank)


def _filled(layout: Layout, end: int, head: int) -> bool:
    lines = (layout.text[end:head] + ".").splitlines()  # the last is the line of the head
    return not any(not line.strip() for line in lines[1:-1])


def _before_all(layout: Layout, step: Step, meant: Any) -> Iterator[list[Change]]:
    first = (*step.path, 0)
    head = layout.head(first)
    column = layout.column(head)
    newline = layout.newline(head)
    spaced = newline if _spaced(layout, layout.children(step.path)) else ""
    for blocks in (True, False):
        lines = _lines(layout, step, column, layout.style(step.path), meant, blocks)
        if layout.leads(head):
            place = layout.top(first)
            yield [(place, place, newline.join(lines) + newline + spaced)]
        else:
            text = newline.join([lines[0].lstrip(" "), *lines[1:]])
            yield [(head, head, f"{text}{newline}{' ' * column}")]


def _into_brackets(layout: Layout, step: Step) -> Iterator[list[Change]]:
    siblings = layout.children(step.path)
    json = layout.is_json(step.path)
    key = "" if step.key is None else f"{quoted(step.key) if json else key_text(step.key)}: "
    token = key + inline(step.value, json=json)
    if step.key is None and step.index == 0:
        head = layout.head(siblings[0])
        if layout.leads(head):
            place = layout.top(siblings[0])
            yield [(place, place, f"{' ' * layout.column(head)}{token},{layout.newline(head)}")]
        yield [(head, head, f"{token}, ")]
        return
    behind = siblings[step.index - 1] if step.key is None else (*step.path, step.after or siblings[-1][-1])
    head, end = layout.head(behind), layout.end(behind)
    if layout.leads(head):
        yield from _own_line(layout, step.path, end, layout.column(head), token)
    yield [(end, end, f", {token}")]


def _own_line(layout: Layout, path: KeyPath, end: int, column: int, token: str) -> Iterator[list[Change]]:
    """Write an item on a line of its own, as its neighbour stands."""
    indent = f"{layout.newline(end)}{' ' * column}"
    line = layout.eol(end)
    comma = layout.skip(end)
    if layout.text[comma : comma + 1] == "," and comma < line:
        if line < layout.skip(comma + 1):
            yield [(line, line, f"{indent}{token},")]
    elif comma > line:
        yield [(end, end, ","), (line, line, f"{indent}{token}")]
    else:
        yield [(end, end, f",{indent}{token}")]
