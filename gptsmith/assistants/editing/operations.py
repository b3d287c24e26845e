"""The operations that change a spec: what is meant, as data; `splice` writes it into the text.

A path is dotted, as diagnostics write it: `knowledge[0].retrieval.top_k`; a key with other characters than letters,
digits, `_` and `-` stands in double quotes: `metadata."a key"`.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr, TypeAdapter
from typing_extensions import TypeAliasType

from gptsmith.assistants.format.problems import KeyPath, show
from gptsmith.errors import UsageError

if TYPE_CHECKING:
    Value = Any
else:  # recursive, and strict: true is no 1 and 1 no 1.0
    Value = TypeAliasType(
        "Value", StrictBool | StrictInt | StrictFloat | StrictStr | list["Value"] | dict[str, "Value"] | None
    )


class _Operation(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Set(_Operation):
    """Give the field at `path` a value; a field that is not there yet, and the objects around it, are made."""

    op: Literal["set"] = "set"
    path: str
    value: Value


class Add(_Operation):
    """Add an item to the list at `path`, or the new key that `path` ends with.

    `after` names the item (its position from 0; -1: before the first) or the key behind which it comes; left out: at
    the end. A list that is not there yet is made where the format says that `path` is a list.
    """

    op: Literal["add"] = "add"
    path: str
    value: Value
    after: int | str | None = None


class Remove(_Operation):
    """Remove the key or the list item at `path`."""

    op: Literal["remove"] = "remove"
    path: str


class ReplaceText(_Operation):
    """Replace `old`, which occurs exactly once in the text at `path`, by `new`; only those characters change."""

    op: Literal["replace_text"] = "replace_text"
    path: str
    old: Annotated[str, Field(min_length=1)]
    new: str


Operation = Annotated[Set | Add | Remove | ReplaceText, Field(discriminator="op")]
OPERATION: TypeAdapter[Set | Add | Remove | ReplaceText] = TypeAdapter(Operation)

_ITEM = re.compile(r"\[(0|[1-9][0-9]{0,8})\]")
_WORD = re.compile(r"[\w-]*")
_PLAIN_KEY = re.compile(r"[\w-]+\Z")


def parse_path(path: str) -> KeyPath:
    """Take a dotted path apart: `tools[0].name` -> ("tools", 0, "name"). Raises UsageError for anything else."""
    parts: list[str | int] = []
    at = 0
    while at < len(path):
        item = _ITEM.match(path, at)
        if item:
            parts.append(int(item.group(1)))
            at = item.end()
            continue
        at += 1 if parts and path[at] == "." else 0
        key, end = _key_at(path, at)
        if end == at or (parts and path[at - 1] != "."):
            raise _no_path(path)
        parts.append(key)
        at = end
    if not parts:
        raise _no_path(path)
    return tuple(parts)


def _key_at(path: str, at: int) -> tuple[str, int]:
    if path[at : at + 1] == '"':
        try:
            key, end = json.JSONDecoder(strict=False).raw_decode(path, at)
        except ValueError:
            raise _no_path(path) from None
        return str(key), end
    found = _WORD.match(path, at)
    return (found.group(), found.end()) if found else ("", at)


def _no_path(path: str) -> UsageError:
    return UsageError(
        f"{show(path)} is no path into a spec", code="bad_path", hint="write it like knowledge[0].retrieval.top_k"
    )


def write_path(path: KeyPath) -> str:
    """Write a path as `parse_path` reads it, whatever its keys are."""
    out = ""
    for part in path:
        if isinstance(part, int):
            out += f"[{part}]"
        else:
            key = part if _PLAIN_KEY.match(part) else json.dumps(part, ensure_ascii=False)
            out += f".{key}" if out else key
    return out


def apply_to_data(data: Any, ops: Iterable[Set | Add | Remove | ReplaceText]) -> Any:
    """Return what `data` becomes by the operations, one after the other; `data` itself stays.

    Raises UsageError for an operation that does not fit: no such path, a key that is there already, a text that does
    not occur exactly once.
    """
    data = copy.deepcopy(data)
    for op in ops:
        step = resolve(data, op)
        data = apply_step(data, step)
    return data


class Step(BaseModel):
    """One operation against the data at hand: what happens to which container.

    `kind` is `replace` (the value at `path`), `insert` (into the list or object at `path`, `key` for an object,
    `index` for a list) or `remove` (the entry at `path`).
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["replace", "insert", "remove"]
    path: KeyPath
    value: Any = None
    key: str | None = None
    index: int = 0
    after: str | None = None


def resolve(data: Any, op: Set | Add | Remove | ReplaceText) -> Step:
    """Say what an operation does to `data`. Raises UsageError when it does not fit it."""
    path = parse_path(op.path)
    if isinstance(op, Set):
        return _set(data, path, copy.deepcopy(op.value))
    if isinstance(op, Add):
        return _add(data, path, op)
    value = value_at(data, path)
    if isinstance(op, Remove):
        return Step(kind="remove", path=path)
    if not isinstance(value, str):
        raise UsageError(f"{op.path} is {show(value)}, not a text", code="not_text", hint="use set for other values")
    return Step(kind="replace", path=path, value=replaced(value, op))


def replaced(text: str, op: ReplaceText) -> str:
    """Return `text` with the one occurrence of `old` replaced. Raises UsageError when it is not exactly one."""
    first = text.find(op.old)
    if first < 0:
        raise UsageError(
            f"{op.path} does not contain {show(op.old)}", code="not_found", hint="copy the words from the file"
        )
    if text.find(op.old, first + 1) >= 0:
        raise UsageError(
            f"{op.path} contains {show(op.old)} more than once",
            code="not_unique",
            hint="give more of the words around it",
        )
    return text[:first] + op.new + text[first + len(op.old) :]


def value_at(data: Any, path: KeyPath) -> Any:
    """Return the value at `path`. Raises UsageError when there is none."""
    for depth, part in enumerate(path):
        if not _has(data, part):
            raise _missing(data, path, depth)
        data = data[part]
    return data


def find_value(data: Any, path: KeyPath) -> Any:
    """Return the value at `path`, None when there is none."""
    try:
        return value_at(data, path)
    except UsageError:
        return None


def _has(data: Any, part: str | int) -> bool:
    if isinstance(part, int):
        return isinstance(data, list) and part < len(data)
    return isinstance(data, dict) and part in data


def _missing(data: Any, path: KeyPath, depth: int) -> UsageError:
    where = write_path(path[:depth]) or "the file"
    part = path[depth]
    if isinstance(part, int) and isinstance(data, list):
        what = f"{where} has {len(data)} item{'' if len(data) == 1 else 's'}, there is no [{part}]"
        return UsageError(what, code="no_such_path", hint="add puts a new one in")
    if isinstance(part, str) and isinstance(data, dict):
        return UsageError(f"{where} has no {show(part)}", code="no_such_path", hint="set or add makes a new field")
    kind = "a list" if isinstance(part, int) else "an object"
    return UsageError(f"{where} is {show(data)}, not {kind}", code="no_such_path", hint="change that first")


def _set(data: Any, path: KeyPath, value: Any) -> Step:
    """Replace what is there; else make the first missing key, with the objects that the rest of the path needs."""
    here = data
    for depth, part in enumerate(path):
        if _has(here, part):
            here = here[part]
            continue
        if not isinstance(part, str) or not (here is None or isinstance(here, dict)):
            raise _missing(here, path, depth)
        rest = path[depth + 1 :]
        if any(isinstance(inner, int) for inner in rest):
            raise _missing(None, path, depth + 1 + next(i for i, inner in enumerate(rest) if isinstance(inner, int)))
        for inner in reversed(rest):
            value = {inner: value}
        return Step(kind="insert", path=path[:depth], key=part, value=value)
    return Step(kind="replace", path=path, value=value)


def _add(data: Any, path: KeyPath, op: Add) -> Step:
    here: Any = data
    for depth, part in enumerate(path):
        if not _has(here, part):
            if depth < len(path) - 1 and (not isinstance(part, str) or not (here is None or isinstance(here, dict))):
                raise _missing(here, path, depth)
            return _add_new(data, path, op)
        here = here[part]
    if here is None and _is_list(data, path, op.value):
        return Step(kind="insert", path=path, value=op.value)
    if not isinstance(here, list):
        raise UsageError(f"{op.path} is there already", code="exists", hint="use set to change it")
    if isinstance(op.after, str):
        raise UsageError(f"after is {show(op.after)}, not the number of an item", code="bad_after", hint="count from 0")
    index = len(here) if op.after is None else op.after + 1
    if not 0 <= index <= len(here):
        raise _missing(here, (*path, max(op.after or 0, 0)), len(path))
    return Step(kind="insert", path=path, index=index, value=copy.deepcopy(op.value))


def _add_new(data: Any, path: KeyPath, op: Add) -> Step:
    value = copy.deepcopy(op.value)
    step = _set(data, path, [value] if _is_list(data, path, value) else value)
    if op.after is None:
        return step
    siblings = value_at(data, step.path)
    if not isinstance(op.after, str) or not _has(siblings, op.after):
        hint = "name a key beside the new one"
        raise UsageError(f"there is no key {show(op.after)} to come after", code="bad_after", hint=hint)
    return step.model_copy(update={"after": op.after})


def _is_list(data: Any, path: KeyPath, value: Any) -> bool:
    """Say whether the format has a list at `path` of which `value` would be one item."""
    from gptsmith.assistants.format.schema import json_schema, node_at

    if isinstance(value, list) or not isinstance(path[-1], str):
        return False
    return node_at(json_schema(), path, data).get("type") == "array"


def apply_step(data: Any, step: Step) -> Any:
    """Make one step in `data` itself and return it."""
    if step.kind == "insert":
        return _with(data, step)
    if not step.path:
        return step.value
    parent = value_at(data, step.path[:-1])
    if step.kind == "remove":
        del parent[step.path[-1]]
    else:
        parent[step.path[-1]] = step.value
    return data


def _with(data: Any, step: Step) -> Any:
    container = value_at(data, step.path)
    if container is None:
        container = [] if step.key is None else {}
        data = apply_step(data, Step(kind="replace", path=step.path, value=container))
    if step.key is None:
        container.insert(step.index, step.value)
    else:
        container[step.key] = step.value
    return data
