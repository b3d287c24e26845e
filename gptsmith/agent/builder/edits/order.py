"""The order of a change's operations: all are meant for the file as it was shown, and are made one after the other.

Sets and replaced words come first, then what is added, then what goes; places that an earlier one moved are followed.
So any part of a change means what it meant in the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gptsmith.assistants.faults import KeyPath
from gptsmith.assistants.operations import (
    Add,
    Remove,
    ReplaceText,
    Set,
    parse_path,
    replaced,
    value_at,
    write_path,
)
from gptsmith.assistants.spec import split_model
from gptsmith.errors import UsageError

Op = Set | Add | Remove | ReplaceText
Moved = list[tuple[KeyPath, int, int]]  # a list's path as shown, a position in it as shown, +1 put in or -1 taken out


def conflicts(data: Any, ops: Sequence[Op]) -> list[tuple[int, int]]:
    """Return the pairs of operations that cannot both be meant for the file as shown."""
    places = [parse_path(op.path) for op in ops]
    found = []
    for second in range(len(ops)):
        for first in range(second):
            one, other = (ops[first], places[first]), (ops[second], places[second])
            if _covers(data, *one, other[1]) or _covers(data, *other, one[1]) or _same_words(data, *one, *other):
                found.append((first, second))
    return found


def _covers(data: Any, op: Op, place: KeyPath, other: KeyPath) -> bool:
    """Say whether `op` makes anew, or takes away, what the other one is about."""
    if isinstance(op, ReplaceText) or (isinstance(op, Add) and _is_item(data, op, place)):
        return False
    return other[: len(place)] == place


def _is_item(data: Any, op: Add, place: KeyPath) -> bool:
    """Say whether something is added to a list, which any number of operations may do."""
    from gptsmith.assistants.schema import json_schema, node_at

    here = _value(data, place)
    return isinstance(here, list) or (here is None and node_at(json_schema(), place, data).get("type") == "array")


def _same_words(data: Any, one: Op, place: KeyPath, other: Op, other_place: KeyPath) -> bool:
    """Say whether two replacements in one text touch the same characters."""
    if not (isinstance(one, ReplaceText) and isinstance(other, ReplaceText)) or place != other_place:
        return False
    text = str(_value(data, place))
    a, b = text.find(one.old), text.find(other.old)
    return a < b + len(other.old) and b < a + len(one.old)


def in_order(data: Any, ops: Sequence[Op]) -> list[Op]:
    """Return the operations to be made one after the other on `data`, which is what the file held as it was shown.

    Raises UsageError for one that does not fit.
    """
    sets = [op for op in ops if isinstance(op, Set)]
    words: dict[str, list[ReplaceText]] = {}
    for op in ops:
        if isinstance(op, ReplaceText):
            words.setdefault(write_path(parse_path(op.path)), []).append(op)
    out: list[Op] = _short_model(data, sets)
    for path, group in words.items():
        out += _in_text(str(value_at(data, parse_path(path))), group)
    moved: Moved = []
    out += [_added(data, op, moved) for op in ops if isinstance(op, Add)]
    out += [_removed(op, moved) for op in ops if isinstance(op, Remove)]
    return out


def _short_model(data: Any, sets: list[Set]) -> list[Op]:
    """Write a model that stands there in its short form in the long one, when one of its settings is set."""
    model = data.get("model") if isinstance(data, dict) else None
    inner = [op for op in sets if op.path.startswith("model.")]
    if not isinstance(model, str) or not inner:
        return [*sets]
    value = split_model(model)
    for op in inner:
        value[op.path.removeprefix("model.")] = op.value
    return [*(op for op in sets if op not in inner), Set(path="model", value=value)]


def _in_text(text: str, group: list[ReplaceText]) -> list[Op]:
    """Order replacements in one text from its end, each with words that occur once in what is there by then."""
    if len(group) == 1:
        return list(group)
    for op in group:
        replaced(text, op)  # exactly once, or it says why
    out: list[Op] = []
    for op in sorted(group, key=lambda op: text.find(op.old), reverse=True):
        start = text.find(op.old)  # what was already replaced lies behind it
        left, right = start, start + len(op.old)
        while text.count(text[left:right]) > 1 and (left > 0 or right < len(text)):
            left, right = max(left - 10, 0), min(right + 10, len(text))
        new = text[left:start] + op.new + text[start + len(op.old) : right]
        out.append(ReplaceText(path=op.path, old=text[left:right], new=new))
        text = text[:start] + op.new + text[start + len(op.old) :]
    return out


def _added(data: Any, op: Add, moved: Moved) -> Add:
    place = parse_path(op.path)
    here = _value(data, place)
    now = write_path(_now(place, moved))
    if not isinstance(here, list) or isinstance(op.after, str):
        return op.model_copy(update={"path": now})
    at = len(here) if op.after is None else op.after + 1
    if not 0 <= at <= len(here):
        last = f"its last item is [{len(here) - 1}]" if here else "it has no items"
        raise UsageError(f"{op.path} has no item [{op.after}]", code="no_such_path", hint=last)
    before = sum(1 for where, position, _ in moved if where == place and position <= at)
    moved.append((place, at, 1))
    return op.model_copy(update={"path": now, "after": at + before - 1})


def _removed(op: Remove, moved: Moved) -> Remove:
    place = parse_path(op.path)
    now = op.model_copy(update={"path": write_path(_now(place, moved))})
    if isinstance(place[-1], int):
        moved.append((place[:-1], place[-1], -1))
    return now


def _now(place: KeyPath, moved: Moved) -> KeyPath:
    """Return where something that stood at `place` stands by now."""
    out: list[str | int] = []
    for depth, part in enumerate(place):
        if isinstance(part, int):
            steps = [(at, by) for where, at, by in moved if where == place[:depth]]
            part += sum(by for at, by in steps if (at <= part if by > 0 else at < part))
        out.append(part)
    return tuple(out)


def _value(data: Any, place: KeyPath) -> Any:
    try:
        return value_at(data, place)
    except UsageError:
        return None
