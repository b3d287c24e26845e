"""The form of a spec: its fields, the data as the person changes it, and the operations that this means."""

from __future__ import annotations

import copy
import difflib
import functools
import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from gptsmith.assistants.editing.operations import Add, Remove, ReplaceText, Set, parse_path, write_path
from gptsmith.assistants.format.problems import KeyPath
from gptsmith.assistants.format.schema import Node, json_schema, node_at
from gptsmith.assistants.format.spec import ToolSpec, load_tool_types, tool_class

# The form works on plain data, never on the text: what changed becomes operations, which the splice editor writes.

__all__ = ["Field", "KeyPath", "Kind", "at", "field", "field_label", "fields", "put_value"]

Kind = Literal["line", "text", "number", "whole", "switch", "choice", "choices", "lines", "pairs", "model"]

_LONG = 200  # characters from which a text gets several lines
_LONG_FIELDS = ("instructions", "welcome_message", "disclaimer", "description", "message", "negative_prompt")
# Changed elsewhere: the format's id never, tests in their own tab, pictures and free text in the file itself.
_NOT_HERE = ("schema", "id", "instructions_file", "tests", "metadata", "avatar")
_WORDS = {
    "urls": "Web addresses",
    "url": "Address",
    "base_url": "Address of the server",
    "api_key": "Key (only ${env:NAME})",
    "x-builder": "Builder",
}


@dataclass(frozen=True)
class Field:
    """One value of the spec: `path` leads to it, `value` is None when the file does not state it.

    `default` is what holds then. `least` and `most` bound a number, `longest` a text in characters.
    """

    path: KeyPath
    label: str
    help: str
    kind: Kind
    value: Any = None
    default: Any = None
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    longest: int | None = None
    required: bool = False


def field(data: dict[str, Any], path: KeyPath) -> Field:
    """Return the field at `path` of a spec's data."""
    return _fields(data, path, required=False)[0]


def fields(data: dict[str, Any], path: KeyPath) -> list[Field]:
    """Return the fields of the object at `path`, those of small objects inside it among them."""
    node = node_at(_schema(), path, data)
    found: list[Field] = []
    for name in node.get("properties", {}):
        if name in ("type", "stop", "options") or (not path and name in _NOT_HERE):
            continue
        if path == ("model",) and name in ("provider", "name"):  # one field: provider:name
            continue
        found += _fields(data, (*path, name), required=name in node.get("required", []))
    return found


def _fields(data: dict[str, Any], path: KeyPath, *, required: bool) -> list[Field]:
    """Return the field at `path`, or those of the object that stands there."""
    node, default = _plain(_raw_node(data, path)), _raw_node(data, path).get("default")
    value = at(data, path)
    if node.get("properties") and (path[-1] != "model"):
        return [_under(inner, str(path[-1])) for inner in fields(data, path)]
    name = str(path[-1])
    return [
        Field(
            path,
            field_label(name),
            str(node.get("description") or _raw_node(data, path).get("description", "")),
            _kind(node, name, value),
            value,
            default,
            choices=tuple(str(c) for c in node.get("enum", node.get("items", {}).get("enum", ()))),
            least=node.get("minimum"),
            most=node.get("maximum"),
            longest=node.get("maxLength"),
            required=required or name == "instructions",
        )
    ]


def _under(inner: Field, outer: str) -> Field:
    return Field(**{**inner.__dict__, "label": f"{field_label(outer)}: {inner.label[0].lower()}{inner.label[1:]}"})


def field_label(name: str) -> str:
    """Return a key of the spec in words."""
    return _WORDS.get(name) or name.replace("_", " ").capitalize()


def tool_label(kind: str) -> str:
    """Return a tool type in words."""
    return tool_class({"type": kind}).FACTS.label or field_label(kind)


def _kind(node: Node, name: str, value: Any) -> Kind:
    kind = node.get("type")
    if name == "model" and not node.get("type"):
        return "model"
    if "enum" in node:
        return "choice"
    if kind == "array":
        return "choices" if "enum" in node.get("items", {}) else "lines"
    if kind == "object":
        return "pairs"
    if kind in ("boolean", "integer", "number"):
        return {"boolean": "switch", "integer": "whole", "number": "number"}[kind]  # type: ignore[return-value]
    long = name in _LONG_FIELDS or node.get("maxLength", 0) > _LONG * 5 or "\n" in str(value or "")
    return "text" if long else "line"


def _plain(node: Node) -> Node:
    """Return the alternative of a node that is not null; of a switch with settings the switch."""
    options = [o for o in node.get("anyOf", []) if o.get("type") != "null" and "required" not in o]
    if not options or "properties" in node:
        return node
    if len(options) == 1 or options[0].get("type") == "boolean":
        return {**options[0], "description": node.get("description", "")}
    return {"description": node.get("description", "")}


def _raw_node(data: dict[str, Any], path: KeyPath) -> Node:
    """Return the schema of a field with its default, as its object states it."""
    outer = node_at(_schema(), path[:-1], data)
    node: Node = outer.get("properties", {}).get(path[-1], {}) if isinstance(path[-1], str) else {}
    if not node:
        return node_at(_schema(), path, data)
    return {**node_at(_schema(), path, data), **node} if "$ref" in node else node


def _schema() -> Node:
    return _schema_with(tuple(load_tool_types().values()))


@functools.lru_cache(maxsize=2)
def _schema_with(_types: tuple[type[ToolSpec], ...]) -> Node:
    """Return the schema as it is with these tool types, which a program may register at any time."""
    return json_schema()


# -- the data as it is changed ---------------------------------------------------------------------------------------


def with_model(data: dict[str, Any]) -> dict[str, Any]:
    """Return `data` with the model as an object, whose settings are fields then."""
    return {**data, "model": data["model"] if isinstance(data.get("model"), dict) else {}}


def is_variable_name(name: str) -> bool:
    """Say whether a variable can be called so."""
    return bool(re.fullmatch(r"[a-z][a-z0-9_]*", name))


def at(data: Any, path: KeyPath) -> Any:
    """Return what stands at `path`, None when nothing does."""
    for part in path:
        if isinstance(part, int):
            if not isinstance(data, list) or part >= len(data):
                return None
        elif not isinstance(data, dict) or part not in data:
            return None
        data = data[part]
    return data


def put_value(data: dict[str, Any], path: KeyPath, value: Any) -> dict[str, Any]:
    """Return `data` with `value` at `path`; None takes the field out, and objects that are empty then."""
    new = copy.deepcopy(data)
    if path[0] == "model" and len(path) > 1 and isinstance(new.get("model"), str):
        provider, _, name = new["model"].partition(":")
        new["model"] = {"provider": provider, **({"name": name} if name else {})}
    if value is None:
        return _without(new, path)
    here: Any = new
    for depth, part in enumerate(path[:-1]):
        if at(here, (part,)) is None:
            here[part] = [] if isinstance(path[depth + 1], int) else {}
        here = here[part]
    if isinstance(here, list) and path[-1] == len(here):
        here.append(value)
    else:
        here[path[-1]] = value
    return new


def put_model(data: dict[str, Any], text: str) -> dict[str, Any]:
    """Return `data` with the model named as `provider:name`; its settings stay, an empty text takes the name out."""
    if not isinstance(data.get("model"), dict):
        return put_value(data, ("model",), text or None)
    provider, _, name = text.partition(":")
    named = put_value(data, ("model", "provider"), provider or None)
    return put_value(named, ("model", "name"), name or None)


def model_text(data: dict[str, Any]) -> str:
    """Return the model of a spec as `provider:name`, empty when it is left out."""
    model = data.get("model")
    if not isinstance(model, dict):
        return model if isinstance(model, str) else ""
    return ":".join(str(model[key]) for key in ("provider", "name") if model.get(key))


def _without(data: dict[str, Any], path: KeyPath) -> dict[str, Any]:
    parent = at(data, path[:-1])
    if at(data, path) is None and not (isinstance(parent, dict) and path[-1] in parent):
        return data
    del parent[path[-1]]
    # An object that was there for this one field goes with it; an item of a list stays.
    outer = path[:-1]
    if not parent and outer and isinstance(outer[-1], str):
        return _without(data, outer)
    return data


def read_number(value: float | None, kind: Kind) -> int | float | None:
    """Return what the file says for a number of the form: whole numbers stay whole."""
    if value is None:
        return None
    return int(value) if kind == "whole" or (float(value).is_integer() and abs(value) >= 1) else float(value)


def lines_of(text: str) -> list[str] | None:
    """Return the items of a list that is written one per line; None when it is empty."""
    return [line.strip() for line in text.split("\n") if line.strip()] or None


def pairs_of(text: str) -> dict[str, str] | None:
    """Return the entries of an object that is written as `name: value`, one per line; None when it is empty."""
    split = [line.partition(":") for line in text.split("\n") if line.strip()]
    return {name.strip(): value.strip() for name, _, value in split if name.strip()} or None


# The operations that turn one spec's data into another, and their words for the person.

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
            word = field_label(part)
            out.append(word if not out else word[:1].lower() + word[1:])
    return ", ".join(out)


def short(value: Any) -> str:
    """Return a value as a person reads it, cut where it is long."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        named = value.get("name") or value.get("title") or value.get("type")
        text = (
            str(named)
            if named
            else ", ".join(f"{field_label(key).lower()} {_bare(item)}" for key, item in value.items())
        )
    elif isinstance(value, list):
        text = ", ".join(_bare(item) for item in value)
    else:
        text = str(value)
    text = " ".join(text.split())
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 1].rstrip() + "…"
    return cut if isinstance(value, (int, float)) else f"“{cut}”"


def _bare(value: Any) -> str:
    return short(value).strip("“”")
