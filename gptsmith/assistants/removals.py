"""Removals: the ways to take an entry out, with the comment directly above it and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from gptsmith.assistants.faults import KeyPath
from gptsmith.assistants.layout import Layout
from gptsmith.assistants.splices import Change


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
