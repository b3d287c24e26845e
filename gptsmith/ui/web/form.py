"""The form of a spec: its fields as the schema describes them, and the data as the person changes it.

The form works on plain data, never on the text: what changed becomes operations, which the splice editor writes.
"""

from __future__ import annotations

import copy
import functools
import re
from dataclasses import dataclass
from typing import Any, Literal

from gptsmith.assistants.faults import KeyPath
from gptsmith.assistants.schema import Node, json_schema, node_at

__all__ = ["Field", "KeyPath", "Kind", "at", "field", "fields", "label", "put"]

Kind = Literal["line", "text", "number", "whole", "switch", "choice", "choices", "lines", "pairs", "model"]

_LONG = 200  # characters from which a text gets several lines
_LONG_FIELDS = ("instructions", "welcome_message", "disclaimer", "description", "message", "negative_prompt")
# Changed elsewhere: the format's id never, tests in their own tab, pictures and free text in the file itself.
_NOT_HERE = ("schema", "id", "instructions_file", "tests", "metadata", "avatar")
_WORDS = {
    "urls": "Web addresses",
    "url": "Address",
    "assistant": "Another assistant",
    "mcp": "MCP server",
    "openapi": "Web service (OpenAPI)",
    "python": "Python function",
    "code": "Python over attached files",
    "web": "Web search and pages",
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
            label(name),
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
    return Field(**{**inner.__dict__, "label": f"{label(outer)}: {inner.label[0].lower()}{inner.label[1:]}"})


def label(name: str) -> str:
    """Return a key of the spec in words."""
    return _WORDS.get(name) or name.replace("_", " ").capitalize()


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


@functools.lru_cache(maxsize=1)
def _schema() -> Node:
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


def put(data: dict[str, Any], path: KeyPath, value: Any) -> dict[str, Any]:
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
        return put(data, ("model",), text or None)
    provider, _, name = text.partition(":")
    named = put(data, ("model", "provider"), provider or None)
    return put(named, ("model", "name"), name or None)


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
