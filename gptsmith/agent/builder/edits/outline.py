"""The fields of a spec as a model is told them: one line each, made from the schema, so that they never disagree."""

from __future__ import annotations

from functools import cache
from typing import Any

from gptsmith.assistants.schema import json_schema

_SKIPPED = ("schema", "id", "x-builder", "metadata")
_DEEPEST = 4


@cache
def outline(tool_types: tuple[str, ...]) -> str:
    """Return the fields, and the settings of these tool types, as lines `path: type, bounds. What it is.`"""
    schema = json_schema()
    lines: list[str] = []
    for name, node in schema["properties"].items():
        if name not in (*_SKIPPED, "tools"):
            _tell(lines, schema, name, node, 1)
    lines.append("tools[]: object. What it can do besides answering; its fields by `type`:")
    for node in _choices(schema, schema["properties"]["tools"]["items"]):
        kind = node["properties"]["type"].get("const")
        if kind in tool_types:
            lines.append(f"  type: {kind}. {node.get('description', '')}".rstrip())
            for name, inner in node["properties"].items():
                if name != "type":
                    _tell(lines, schema, f"    {name}", inner, _DEEPEST - 1)
    return "\n".join(lines)


def _tell(lines: list[str], schema: dict[str, Any], path: str, node: dict[str, Any], depth: int) -> None:
    about = node.get("description", "")
    options = [o for o in _choices(schema, node) if o.get("type") != "null"]
    kinds = " or ".join(dict.fromkeys(_kind(schema, option) for option in options))
    lines.append(f"{path}: {kinds}. {about}".rstrip(" "))
    if depth >= _DEEPEST:
        return
    for option in options:
        inner, mark = option, ""
        if option.get("type") == "array":
            inner, mark = _choices(schema, option.get("items", {}))[-1], "[]"
        if "properties" not in inner and "patternProperties" in inner:
            inner, mark = _choices(schema, next(iter(inner["patternProperties"].values())))[0], ".NAME"
        for name, child in inner.get("properties", {}).items():
            _tell(lines, schema, f"{path}{mark}.{name}", child, depth + 1)


def _choices(schema: dict[str, Any], node: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a node may be, references followed."""
    if "$ref" in node:
        target = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
        return _choices(schema, {**target, **{k: v for k, v in node.items() if k != "$ref"}})
    options = (node.get("anyOf") or node.get("oneOf")) if "properties" not in node else None
    return [found for option in options for found in _choices(schema, option)] if options else [node]


def _kind(schema: dict[str, Any], node: dict[str, Any]) -> str:
    if "const" in node:
        return f'"{node["const"]}"'
    if "enum" in node:
        return " | ".join(f'"{value}"' for value in node["enum"])
    kind = {"string": "text", "boolean": "true or false", "array": "list"}.get(node.get("type", ""), node.get("type"))
    if kind == "list" and "items" in node:
        kinds = dict.fromkeys(_kind(schema, option) for option in _choices(schema, node["items"]))
        kind = f"list of {' or '.join(kinds)}"
    return f"{kind or 'any'}{_bounds(node)}"


def _bounds(node: dict[str, Any]) -> str:
    low = node.get("minimum", node.get("minLength", node.get("minItems")))
    high = node.get("maximum", node.get("maxLength", node.get("maxItems")))
    if high is None:
        return f" from {low}" if low else ""
    unit = " characters" if "maxLength" in node else " items" if "maxItems" in node else ""
    return f" {low}..{high}{unit}" if low is not None else f" up to {high}{unit}"
