"""The reference page of specs and payloads, generated from the Pydantic models."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from gptsmith.assistants.schema import Node, json_schema
from gptsmith.assistants.spec import SCHEMA_ID
from gptsmith.assistants.tool_types import load_tool_types


def reference(payloads: Sequence[type[BaseModel]] = ()) -> str:
    """Return the reference as Markdown: the file, its parts, the registered tools, then the given payload models."""
    schema = json_schema()
    defs: dict[str, Node] = schema["$defs"]
    tools = {name: cls.__name__ for name, cls in sorted(load_tool_types().items()) if cls.__name__ in defs}
    lines = [f"# Reference of `{SCHEMA_ID}`", "", "Generated from the models by `make docs`; do not edit.", ""]
    lines += ["## The file", "", _summary(schema), "", *_table(schema), ""]
    for name in (n for n in defs if n not in tools.values() and n not in _tool_parts(defs, set(tools.values()))):
        lines += [f"## {name}", "", _summary(defs[name]), "", *_table(defs[name]), ""]
    for name, cls in tools.items():
        lines += [f"## Tool `{name}`", "", _summary(defs[cls]), "", *_table(defs[cls]), ""]
        for part in (p for p in _parts(defs[cls]) if p in defs):
            lines += [f"### {part}", "", _summary(defs[part]), "", *_table(defs[part]), ""]
    if payloads:
        lines += ["## Payloads", "", "What events and `--json` carry.", ""]
    for model in payloads:
        node = model.model_json_schema(mode="serialization")
        lines += [f"### {model.__name__}", "", _summary(node), "", *_table(node), ""]
    return "\n".join(lines).rstrip() + "\n"


def _table(node: Node) -> list[str]:
    required = set(node.get("required", []))
    rows = ["| field | type | default | meaning |", "|---|---|---|---|"]
    for name, field in node.get("properties", {}).items():
        default = "required" if name in required else _default(field)
        meaning = _cell(str(field.get("description", "")))
        rows.append(f"| `{name}` | {_cell(_kind(field))} | {default} | {meaning} |")
    return rows


def _summary(node: Node) -> str:
    return " ".join(str(node.get("description", "")).split())


def _default(field: Node) -> str:
    if field.get("default") in (None, [], {}, "") or "$ref" in field:
        return ""
    return _cell(f"`{json.dumps(field['default'], ensure_ascii=False)}`")


def _kind(field: Node) -> str:
    options = field.get("anyOf") or field.get("oneOf")
    if options:
        kinds = [_kind(option) for option in options if option.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds)) + _bounds(field)
    if "$ref" in field:
        return str(field["$ref"].rsplit("/", 1)[1])
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return " / ".join(str(value) for value in field["enum"])
    if field.get("type") == "array":
        return f"list of {_kind(field.get('items', {}))}" + _bounds(field)
    if field.get("type") == "object":
        values = field.get("additionalProperties") or next(iter(field.get("patternProperties", {}).values()), None)
        return f"object of {_kind(values)}" if isinstance(values, dict) and values else "object"
    return _WORDS.get(str(field.get("type", "")), "anything") + _bounds(field)


_WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true / false", "null": "nothing"}


def _bounds(field: Node) -> str:
    low = field.get("minimum", field.get("minLength", field.get("minItems")))
    high = field.get("maximum", field.get("maxLength", field.get("maxItems")))
    if low is None and high is None:
        return ""
    unit = " characters" if "maxLength" in field or "minLength" in field else ""
    unit = " items" if "maxItems" in field or "minItems" in field else unit
    span = (
        f"{low}-{high}"
        if low is not None and high is not None
        else f"up to {high}"
        if low is None
        else f"{low} or more"
    )
    return f", {span}{unit}"


def _parts(node: Node) -> list[str]:
    """Return the names of the models that the fields of `node` refer to."""
    return list(dict.fromkeys(_references(node.get("properties", {}))))


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"].rsplit("/", 1)[1]] if isinstance(value.get("$ref"), str) else []
        return own + [name for item in value.values() for name in _references(item)]
    return [name for item in value for name in _references(item)] if isinstance(value, list) else []


def _tool_parts(defs: dict[str, Node], tools: set[str]) -> set[str]:
    return {part for name in tools for part in _parts(defs[name])}


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
