"""Insertions: the ways to write a new entry between its neighbours, in their indentation and style."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

from gptsmith.assistants.faults import KeyPath
from gptsmith.assistants.layout import Layout
from gptsmith.assistants.operations import Step
from gptsmith.assistants.replacements import replacements
from gptsmith.assistants.splices import Change
from gptsmith.assistants.writer import Style, entry_lines, inline, item_lines, key_text, quoted

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
