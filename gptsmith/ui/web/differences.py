"""The operations that turn one spec's data into another, and their words for the person."""

from __future__ import annotations

import difflib
import json
from typing import Any

from gptsmith.assistants.faults import KeyPath
from gptsmith.assistants.operations import Add, Remove, ReplaceText, Set, parse_path, write_path
from gptsmith.ui.web.form import at, label

Operation = Set | Add | Remove | ReplaceText

_SHOWN = 80


def operations(old: dict[str, Any], new: dict[str, Any]) -> list[Operation]:
    """Return operations that turn `old` into `new`, one after the other, with as little said as is needed."""
    return _object((), old, new)


def _object(path: KeyPath, old: dict[str, Any], new: dict[str, Any]) -> list[Operation]:
    out: list[Operation] = []
    for key in old:
        if key not in new:
            out.append(Remove(path=write_path((*path, key))))
        else:
            out += _value((*path, key), old[key], new[key])
    return out + [Set(path=write_path((*path, key)), value=new[key]) for key in new if key not in old]


def _value(path: KeyPath, old: Any, new: Any) -> list[Operation]:
    if type(old) is type(new) and old == new:
        return []
    if isinstance(old, dict) and isinstance(new, dict) and new:
        return _object(path, old, new)
    if isinstance(old, list) and isinstance(new, list) and old and new:
        return _list(path, old, new)
    return [Set(path=write_path(path), value=new)]


def _list(path: KeyPath, old: list[Any], new: list[Any]) -> list[Operation]:
    """Go from the end to the front, so that the numbers of the items before stay right."""
    matcher = difflib.SequenceMatcher(None, [_identity(i) for i in old], [_identity(i) for i in new], autojunk=False)
    out: list[Operation] = []
    for tag, a, b, c, d in reversed(matcher.get_opcodes()):
        both = min(b - a, d - c)
        out += [Remove(path=write_path((*path, i))) for i in reversed(range(a + both, b))]
        rest = new[c + both : d]
        last = a + both - 1
        out += [Add(path=write_path(path), value=value, after=last + n) for n, value in enumerate(rest)]
        if tag in ("equal", "replace"):
            for n in reversed(range(both)):
                out += _value((*path, a + n), old[a + n], new[c + n])
    return out


def _identity(item: Any) -> str:
    """Return by what an item is known again after its other fields changed."""
    if isinstance(item, dict):
        known = {key: item[key] for key in ("type", "name", "title") if key in item}
        item = known or item
    return json.dumps(item, sort_keys=True, ensure_ascii=False, default=str)


def clash(mine: list[Operation], theirs: list[Operation]) -> bool:
    """Say whether two changes of the same data touch one place; a list is one place, as its items have no names."""
    places = [_place(op) for op in theirs]
    return any(a[: len(b)] == b or b[: len(a)] == a for a in map(_place, mine) for b in places)


def _place(op: Operation) -> KeyPath:
    path = parse_path(op.path)
    return path[: next((n for n, part in enumerate(path) if isinstance(part, int)), len(path))]


def words(op: Operation, before: dict[str, Any]) -> str:
    """Say in one line what an operation does; `before` is the data that it is made for."""
    where = place(op.path)
    if isinstance(op, Add):
        return f"{where}: add {short(op.value)}"
    if isinstance(op, ReplaceText):
        return f"{where}: {short(op.old)} becomes {short(op.new)}" if op.new else f"{where}: take out {short(op.old)}"
    was = at(before, parse_path(op.path))
    if isinstance(op, Remove):
        return f"{where}: take out {short(was)}"
    return f"{where}: {short(was)} becomes {short(op.value)}" if was is not None else f"{where}: {short(op.value)}"


def place(path: str) -> str:
    """Return a path in words: `tools[0].max_calls` is "Tools 1, max calls"."""
    out: list[str] = []
    for part in parse_path(path):
        if isinstance(part, int):
            out[-1] += f" {part + 1}"
        else:
            word = label(part)
            out.append(word if not out else word[:1].lower() + word[1:])
    return ", ".join(out)


def short(value: Any) -> str:
    """Return a value as a person reads it, cut where it is long."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        named = value.get("name") or value.get("title") or value.get("type")
        text = str(named) if named else ", ".join(f"{label(key).lower()} {_bare(item)}" for key, item in value.items())
    elif isinstance(value, list):
        text = ", ".join(_bare(item) for item in value)
    else:
        text = str(value)
    text = " ".join(text.split())
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 1].rstrip() + "…"
    return cut if isinstance(value, (int, float)) else f"“{cut}”"


def _bare(value: Any) -> str:
    return short(value).strip("“”")
