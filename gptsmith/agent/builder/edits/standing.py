"""Whether operations that were meant for one state of a file still mean the same in another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gptsmith.agent.builder.edits.order import Op
from gptsmith.assistants.faults import KeyPath
from gptsmith.assistants.operations import Add, ReplaceText, parse_path, value_at, write_path
from gptsmith.assistants.writer import same
from gptsmith.errors import UsageError

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
