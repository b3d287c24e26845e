"""Replacements: the ways to write a new value where another one stands, the careful one first."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from gptsmith.assistants.faults import KeyPath
from gptsmith.assistants.layout import Layout
from gptsmith.assistants.splices import Change
from gptsmith.assistants.writer import entry_lines, inline, item_lines, quoted


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
