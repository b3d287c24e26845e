"""The JSON Schema of `assistant/v1` and its reference page, generated from the Pydantic models."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from gptsmith.assistants.format.spec import SCHEMA_ID, AssistantSpec, load_tool_types

Node = dict[str, Any]

SCHEMA_FILE = "assistant-v1.schema.json"


class _Untitled(GenerateJsonSchema):
    """Leave out the titles that Pydantic makes of field names: they say nothing and double the file."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def json_schema() -> Node:
    """Return the JSON Schema (2020-12) of a whole file, with every tool type that is registered."""
    return copy.deepcopy(_generated(tuple(sorted(load_tool_types().items()))))


@functools.lru_cache(maxsize=8)
def _generated(tools: tuple[tuple[str, type[BaseModel]], ...]) -> Node:
    known = dict(tools)
    classes: list[type[BaseModel]] = [AssistantSpec, *known.values()]
    wanted: list[Any] = [(cls, "validation") for cls in classes]
    refs, whole = models_json_schema(wanted, by_alias=True, schema_generator=_Untitled)
    defs: dict[str, Node] = whole["$defs"]
    root = defs.pop(refs[(AssistantSpec, "validation")]["$ref"].rsplit("/", 1)[1])
    choices = []
    for name in known:
        ref = refs[(known[name], "validation")]["$ref"]
        _fix_type(defs[ref.rsplit("/", 1)[1]], name)
        choices.append({"$ref": ref})
    defs.pop("ToolSpec", None)
    items: Node = {"type": "object", "anyOf": choices} if choices else {"type": "object"}
    root["properties"]["tools"]["items"] = items
    root["patternProperties"] = {"^x-": {"description": "Kept and ignored."}}
    root["properties"]["variables"]["additionalProperties"] = False
    defs["Knowledge"]["anyOf"] = [_has_items("paths"), _has_items("urls")]
    defs["ModelSpec"]["dependentRequired"] = {key: ["provider"] for key in ("name", "base_url", "api_key")}
    root["oneOf"] = [_has_text("instructions"), _has_text("instructions_file")]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://gptsmith.dev/{SCHEMA_ID}",
        **root,
        "title": f"A gptsmith assistant ({SCHEMA_ID})",
        "$defs": dict(sorted(defs.items())),
    }


def node_at(schema: Node, path: tuple[str | int, ...], data: Any) -> Node:
    """Return the schema node that governs `path` of `data`; an empty node where the schema says nothing."""
    node = schema
    for part in path:
        node = _step(schema, _chosen(schema, node, data), part)
        data = _child(data, part)
    return _chosen(schema, node, data)


def _fix_type(node: Node, name: str) -> None:
    """Pin a tool's `type` to its name, for editors to complete and validators to choose by."""
    description = node["properties"]["type"].get("description", "")
    node["properties"]["type"] = {"const": name, "type": "string", "description": description}
    node["required"] = ["type", *(key for key in node.get("required", []) if key != "type")]


def _has_text(key: str) -> Node:
    return {"required": [key], "properties": {key: {"type": "string"}}}


def _has_items(key: str) -> Node:
    return {"required": [key], "properties": {key: {"minItems": 1}}}


def _child(data: Any, part: str | int) -> Any:
    if isinstance(part, int):
        return data[part] if isinstance(data, list) and part < len(data) else None
    return data.get(part) if isinstance(data, dict) else None


def _chosen(schema: Node, node: Node, data: Any) -> Node:
    """Follow references, and of several possibilities take the one that fits the kind of `data`."""
    while True:
        if "$ref" in node:
            target = schema["$defs"].get(node["$ref"].rsplit("/", 1)[1], {})
            node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
            continue
        options = (node.get("anyOf") or node.get("oneOf")) if "properties" not in node else None
        if not options:
            return node
        rest = {key: value for key, value in node.items() if key not in ("anyOf", "oneOf", "type")}
        resolved = [_chosen(schema, option, data) for option in options]
        best = max(resolved, key=lambda option: _fits(option, data))
        node = {**best, **rest}


def _fits(option: Node, data: Any) -> int:
    const = option.get("properties", {}).get("type", {}).get("const")
    if const is not None and isinstance(data, dict):
        return 3 if data.get("type") == const else 0
    kinds = {"string": str, "object": dict, "array": list, "boolean": bool, "integer": int, "number": (int, float)}
    kind = kinds.get(option.get("type", ""))
    if kind and isinstance(data, kind):  # type: ignore[arg-type]
        return 2
    return 0 if option.get("type") == "null" else 1


def _step(schema: Node, node: Node, part: str | int) -> Node:
    if isinstance(part, int):
        found = node.get("items", {})
    else:
        found = node.get("properties", {}).get(part)
        if found is None:
            patterns = node.get("patternProperties", {})
            found = next(iter(patterns.values()), None) if patterns and "properties" not in node else None
        if found is None:
            found = node.get("additionalProperties", {})
    return found if isinstance(found, dict) else {}


def schema_text() -> str:
    """Return the JSON Schema as the text of `assistant-v1.schema.json`."""
    import json

    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


# The reference page of specs and payloads, generated from the Pydantic models.


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
