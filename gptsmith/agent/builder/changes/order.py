"""The order of a change's operations: all are meant for the file as it was shown, and are made one after the other.

Sets and replaced words come first, then what is added, then what goes; places that an earlier one moved are followed.
So any part of a change means what it meant in the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gptsmith.assistants.editing.operations import (
    Add,
    Remove,
    ReplaceText,
    Set,
    apply_to_data,
    find_value,
    parse_path,
    replaced,
    value_at,
    write_path,
)
from gptsmith.assistants.format.problems import KeyPath
from gptsmith.assistants.format.spec import split_model
from gptsmith.assistants.format.writer import same
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
    from gptsmith.assistants.format.schema import json_schema, node_at

    here = find_value(data, place)
    return isinstance(here, list) or (here is None and node_at(json_schema(), place, data).get("type") == "array")


def _same_words(data: Any, one: Op, place: KeyPath, other: Op, other_place: KeyPath) -> bool:
    """Say whether two replacements in one text change the same characters; both may put words in at one place."""
    if not (isinstance(one, ReplaceText) and isinstance(other, ReplaceText)) or place != other_place:
        return False
    text = str(find_value(data, place))
    (a, b, _), (c, d, _) = changed(text, one), changed(text, other)
    if (a, b) == (c, d) and a < b:
        return True
    return a < d and c < b


def changed(text: str, op: ReplaceText) -> tuple[int, int, str]:
    """Return from where to where a replacement really changes the text, and what comes there."""
    start = text.find(op.old)
    head = 0
    while head < min(len(op.old), len(op.new)) and op.old[head] == op.new[head]:
        head += 1
    tail = 0
    while tail < min(len(op.old), len(op.new)) - head and op.old[-1 - tail] == op.new[-1 - tail]:
        tail += 1
    return start + head, start + len(op.old) - tail, op.new[head : len(op.new) - tail]


def in_order(data: Any, ops: Sequence[Op]) -> list[Op]:
    """Return the operations to be made one after the other on `data`, which is what the file held as it was shown.

    Raises UsageError for one that does not fit.
    """
    sets = [op for op in ops if isinstance(op, Set)]
    words: dict[str, list[ReplaceText]] = {}
    for op in ops:
        if isinstance(op, ReplaceText):
            words.setdefault(write_path(parse_path(op.path)), []).append(op)
    out: list[Op] = _in_their_place(data, _short_model(data, sets))
    for path, group in words.items():
        out += _in_text(str(value_at(data, parse_path(path))), group)
    moved: Moved = []
    adds = [_added(data, op, moved) for op in ops if isinstance(op, Add)]
    out += _in_their_place(apply_to_data(data, out), adds)
    out += [_removed(op, moved) for op in ops if isinstance(op, Remove)]
    return out


def _in_their_place(data: Any, ops: Sequence[Op]) -> list[Op]:
    """Put each new key where the format has it: behind the last of its siblings that come before it there."""
    out: list[Op] = []
    for op in ops:
        place = parse_path(op.path)
        depth = next((n for n in range(len(place)) if find_value(data, place[: n + 1]) is None), len(place))
        if depth < len(place) and isinstance(op, (Set, Add)) and getattr(op, "after", None) is None:
            op = _placed(data, op, place, depth)
        out.append(op)
        data = apply_to_data(data, [op])
    return out


def _placed(data: Any, op: Set | Add, place: KeyPath, depth: int) -> Op:
    from gptsmith.assistants.format.schema import json_schema, node_at

    parent, rest = find_value(data, place[:depth]), place[depth + 1 :]
    fields = [*node_at(json_schema(), place[:depth], data).get("properties", {})]
    key = place[depth]
    if not isinstance(parent, dict) or key not in fields or key in parent or not all(isinstance(r, str) for r in rest):
        return op
    before = [name for name in fields[: fields.index(key)] if name in parent]
    if depth == 0 and "instructions_file" in before and "instructions" in before:
        before.remove("instructions")  # their text stands in that file, the key is not in this one
    if not before:
        return op
    value = [op.value] if isinstance(op, Add) and _is_item(data, op, place) else op.value
    for inner in reversed(rest):
        value = {inner: value}
    return Add(path=write_path(place[: depth + 1]), value=value, after=max(before, key=list(parent).index))


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
    spans = [changed(text, op) for op in group]
    out: list[Op] = []
    for number in sorted(range(len(group)), key=lambda n: (*spans[n][:2], n), reverse=True):
        (start, end, come), path = spans[number], group[number].path
        left, right = start, end
        while left == right or text.count(text[left:right]) > 1:
            left, right = max(left - 10, 0), min(right + 10, len(text))
        out.append(ReplaceText(path=path, old=text[left:right], new=text[left:start] + come + text[end:right]))
        text = text[:start] + come + text[end:]
    return out


def _added(data: Any, op: Add, moved: Moved) -> Add:
    place = parse_path(op.path)
    here = find_value(data, place)
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


# Whether operations that were meant for one state of a file still mean the same in another.

_ABSENT = object()


def moved_away(ops: Sequence[Op], shown: Any, now: Any) -> str:
    """Return what is no longer as it was shown and matters to an operation, in words; "" when all still stands."""
    for op in ops:
        place = parse_path(op.path)
        for depth, part in enumerate(place):
            if isinstance(part, int) and not _alike(shown, now, place[: depth + 1]):
                return f"{write_path(place[: depth + 1])} is another item now"
        if isinstance(op, ReplaceText):
            text = _at(now, place)
            if not isinstance(text, str) or text.count(op.old) != 1:
                return f"the words to change no longer stand in {op.path}"
        elif isinstance(op, Add):
            if why := _added_elsewhere(op, place, shown, now):
                return why
        elif not _alike(shown, now, place):
            return f"{op.path} has another value now"
    return ""


def _added_elsewhere(op: Add, place: KeyPath, shown: Any, now: Any) -> str:
    old, new = _at(shown, place), _at(now, place)
    if not isinstance(old, list):
        return "" if _alike(shown, now, place) else f"{op.path} is there now"
    if not isinstance(new, list):
        return f"{op.path} is no list any more"
    if isinstance(op.after, int) and op.after >= 0 and not _alike(shown, now, (*place, op.after)):
        return f"{op.path}[{op.after}] is another item now"
    return ""


def _alike(shown: Any, now: Any, place: KeyPath) -> bool:
    one, other = _at(shown, place), _at(now, place)
    if one is _ABSENT or other is _ABSENT:
        return one is other
    return same(one, other)


def _at(data: Any, place: KeyPath) -> Any:
    try:
        return value_at(data, place)
    except UsageError:
        return _ABSENT
