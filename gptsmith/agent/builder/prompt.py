"""The messages that ask a model for a draft or for a change; the words themselves stand in `prompts/*.md`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from gptsmith.agent.builder.language.requests import BUILD_FENCES, CHANGE_FENCES, BuildRequest, ChangeRequest
from gptsmith.assistants.format.schema import json_schema

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage


# The fields of a spec as a model is told them: one line each, made from the schema, so that they never disagree.

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


def messages(request: BuildRequest, draft: str = "", problems: str = "") -> list[BaseMessage]:
    """Return the messages of one round; `draft` and `problems` are those of the round before, for the repair round."""
    from langchain_core.messages import HumanMessage, SystemMessage

    system = f"{words('builder')}\n\n{words('examples')}"
    asked = request.to_text()
    if problems:
        asked = "\n\n".join(
            [asked, words("repair"), BUILD_FENCES.block("draft", draft), BUILD_FENCES.block("problems", problems)]
        )
    return [SystemMessage(system), HumanMessage(asked)]


def change_messages(
    request: ChangeRequest,
    proposal: Sequence[str] = (),
    answer: str = "",
    problems: Sequence[str] = (),
    *,
    interview: bool = False,
) -> list[BaseMessage]:
    """Return the messages that ask for a change.

    `proposal` are the operations that wait for the person's decision; `answer` and `problems` those of the round
    before, for the repair round; `interview` adds how to ask on about a draft that is new.
    """
    from langchain_core.messages import HumanMessage, SystemMessage

    fields = f"# The fields of a file\n{outline(tuple(request.tools))}"
    parts = [words("change"), fields, words("interview") if interview else "", words("change_examples")]
    asked = [request.to_text()]
    if proposal:
        asked.append(CHANGE_FENCES.items("proposal", [f"{number}: {op}" for number, op in enumerate(proposal, 1)]))
    if problems:
        asked += [
            words("change_repair"),
            f"Your last answer:\n{answer}",
            CHANGE_FENCES.items("problems", list(problems)),
        ]
    return [SystemMessage("\n\n".join(part for part in parts if part)), HumanMessage("\n\n".join(asked))]


@cache
def words(name: str) -> str:
    """Return the text of one prompt file."""
    return (files("gptsmith.agent.builder") / "prompts" / f"{name}.md").read_text("utf-8").strip()
