"""Pydantic's errors in our own plain words: one mistake, one problem, never the input unbounded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from gptsmith.assistants.faults import KINDS, Fault, KeyPath, find_faults
from gptsmith.assistants.rivals import nearest, suggest
from gptsmith.assistants.schema import Node, json_schema, node_at
from gptsmith.assistants.tool_types import load_tool_types
from gptsmith.assistants.wording import listed, shown


@dataclass(frozen=True)
class Problem:
    """One mistake in a spec's data; `at_key` puts it at the key, `needle` at that text inside the value."""

    path: KeyPath
    code: str
    message: str
    hint: str = ""
    severity: Literal["error", "warning"] = "error"
    at_key: bool = False
    needle: str = ""


_SECRET = {"api_key", "headers", "env", "options"}
_PATTERNS = {
    r"^[a-z0-9][a-z0-9-]{0,62}$": "lower-case letters, digits and -, up to 63",
    r"^[a-z][a-z0-9_]*$": "lower-case letters, digits and _, starting with a letter",
    r"^[a-zA-Z_][a-zA-Z0-9_-]{0,57}$": "letters, digits, _ and -, up to 58, starting with a letter",
    r"^([a-zA-Z_][a-zA-Z0-9_-]{0,63})?$": "letters, digits, _ and -, up to 64, starting with a letter",
    r"^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$": "letters, digits, _ and -, up to 64, starting with a letter",
}


def translate(error: ValidationError, data: Any) -> list[Problem]:
    """Turn a ValidationError over `data` into problems: union branches merged, messages our own."""
    schema = json_schema()
    return _without_echoes(_problem(fault, schema, data) for fault in find_faults(error, data))


def allowed_keys(schema: Node, path: KeyPath, data: Any) -> list[str]:
    """Return the keys that the object at `path` may have."""
    return list(node_at(schema, path, data).get("properties", {}))


def secret(path: KeyPath) -> bool:
    """Say whether values under `path` must never be shown."""
    return any(part in _SECRET for part in path)


def _without_echoes(problems: Iterable[Problem]) -> list[Problem]:
    """Drop a `missing` whose key stands there under the rival name that another problem already corrects."""
    problems = list(problems)
    renamed = {
        (*p.path[:-1], p.hint.split("did you mean ", 1)[1].split("?")[0].split(".")[0])
        for p in problems
        if p.code == "unknown_key" and "did you mean " in p.hint
    }
    seen: set[tuple[KeyPath, str]] = set()
    kept = []
    for problem in problems:
        if (problem.code == "missing" and problem.path in renamed) or (problem.path, problem.code) in seen:
            continue
        seen.add((problem.path, problem.code))
        kept.append(problem)
    return kept


def _problem(fault: Fault, schema: Node, data: Any) -> Problem:
    for kinds, make in _MAKERS:
        if fault.kind in kinds:
            return make(fault, schema, data)
    if fault.kind in KINDS or fault.kind == "union":
        return _wrong_kind(fault, schema, data)
    text = fault.text.removeprefix("Value error, ")
    return Problem(fault.path, "invalid", text[:200])


def _missing(fault: Fault, schema: Node, data: Any) -> Problem:
    key = str(fault.path[-1])
    if fault.path == ("schema",):
        return Problem(fault.path, "missing", "missing", "write schema: assistant/v1 on the first line", at_key=True)
    if fault.path == ("instructions",):
        return Problem(fault.path, "missing", "missing", "write instructions, or instructions_file", at_key=True)
    return Problem(fault.path, "missing", "missing", f"add {key}: …", at_key=True)


def _unknown_key(fault: Fault, schema: Node, data: Any) -> Problem:
    parent, key = fault.path[:-1], str(fault.path[-1])
    allowed = allowed_keys(schema, parent, data)
    part = next((str(p) for p in reversed(parent) if isinstance(p, str)), "")
    part = "variables" if parent[:1] == ("variables",) else part
    guess = suggest(part, key, allowed)
    choices = f"allowed: {listed([name for name in allowed if not name.startswith('x-')])}"
    return Problem(
        fault.path, "unknown_key", "unknown key", f"did you mean {guess}? {choices}" if guess else choices, at_key=True
    )


def _bad_key(fault: Fault, schema: Node, data: Any) -> Problem:
    return Problem(fault.path[:-1], "bad_key", f"a key must be text, got {shown(fault.path[-1])}", "put it in quotes")


def _bound(fault: Fault, schema: Node, data: Any) -> Problem:
    node = node_at(schema, fault.path, data)
    low, high = node.get("minimum", node.get("exclusiveMinimum")), node.get("maximum", node.get("exclusiveMaximum"))
    fallback = low if fault.kind.startswith("greater") else high
    good = next((v for v in [*node.get("examples", []), node.get("default"), fallback] if v is not None), None)
    span = f"{_number(low)}..{_number(high)}" if low is not None and high is not None else ""
    span = span or (f"at least {_number(low)}" if low is not None else f"at most {_number(high)}")
    got = "a value (not shown)" if secret(fault.path) else shown(fault.value)
    return Problem(fault.path, "out_of_range", f"expected {span}, got {got}", f"try {_number(good)}")


def _number(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _literal(fault: Fault, schema: Node, data: Any) -> Problem:
    expected = re.findall(r"'([^']*)'", str(fault.context.get("expected", "")))
    if fault.path == ("schema",):
        hint = "this version of gptsmith reads assistant/v1 only"
        return Problem(fault.path, "bad_value", f"expected assistant/v1, got {shown(fault.value)}", hint)
    guess = nearest(fault.value, expected) if isinstance(fault.value, str) else ""
    got = "a value (not shown)" if secret(fault.path) else shown(fault.value)
    one_of = f"one of {listed(expected)}" if len(expected) > 1 else listed(expected)
    return Problem(fault.path, "bad_value", f"expected {one_of}, got {got}", f"did you mean {guess}?" if guess else "")


def _length(fault: Fault, schema: Node, data: Any) -> Problem:
    what = "characters" if fault.kind.startswith("string") else "items"
    count = f"{len(fault.value):,}" if isinstance(fault.value, (str, list, dict)) else "?"
    if fault.kind.endswith("too_long"):
        most = fault.context["max_length"]
        return Problem(fault.path, "too_long", f"expected up to {most:,} {what}, got {count}", "shorten it")
    least = fault.context["min_length"]
    what = what.removesuffix("s") if least == 1 else what
    return Problem(fault.path, "too_short", f"expected at least {least} {what}, got {count}", "write it out")


def _pattern(fault: Fault, schema: Node, data: Any) -> Problem:
    key = fault.branch == "[key]"
    if fault.path and fault.path[-1] == "api_key":
        return Problem(
            fault.path,
            "secret_in_file",
            "expected ${env:NAME}, got a literal key (not shown)",
            "put the key into an environment variable and write ${env:OPENAI_API_KEY} with that variable's name",
        )
    text = str(fault.value)
    pattern = str(fault.context.get("pattern", ""))
    expected = _PATTERNS.get(pattern, f"text of the form {pattern[:80]}")
    got = "a value (not shown)" if secret(fault.path) else shown(text)
    better = _made_to_fit(text, pattern)
    return Problem(
        fault.path, "bad_name", f"expected {expected}, got {got}", f"try {better}" if better else "", at_key=key
    )


def _made_to_fit(text: str, pattern: str) -> str:
    dash = "-" if "a-z0-9-]" in pattern else "_"
    plain = re.sub(r"[^a-z0-9]+", dash, text.lower()).strip("-_")[:58]
    return plain if plain and pattern in _PATTERNS and re.fullmatch(pattern, plain) else ""


def _tool_without_type(fault: Fault, schema: Node, data: Any) -> Problem:
    hint = f"known types: {listed(sorted(load_tool_types()))}"
    if isinstance(fault.value, dict) and "type" in fault.value:
        message = f"expected text, got {_kind_and_value(fault.value['type'])}"
        return Problem((*fault.path, "type"), "wrong_type", message, hint)
    return Problem((*fault.path, "type"), "missing", "missing", hint, at_key=True)


def _unknown_tool(fault: Fault, schema: Node, data: Any) -> Problem:
    wrong = fault.value.get("type") if isinstance(fault.value, dict) else ""
    known = sorted(load_tool_types())
    guess = nearest(str(wrong), known)
    hint = f"known types: {listed(known)}"
    return Problem(
        (*fault.path, "type"),
        "unknown_tool_type",
        f"unknown tool type {shown(wrong)}",
        f"did you mean {guess}? {hint}" if guess else hint,
    )


def _wrong_kind(fault: Fault, schema: Node, data: Any) -> Problem:
    expected = str(fault.context.get("kinds", "")) if fault.kind == "union" else KINDS[fault.kind]
    if fault.kind in ("model_type", "dict_type") and fault.path:
        keys = [key for key in allowed_keys(schema, fault.path, {}) if not key.startswith("x-")]
        expected = f"an object with {listed(keys)}" if keys else expected
    if not fault.path:
        keys = ["schema", "name", "description", "instructions"]
        expected = f"an object with the keys {listed(keys)}, …"
    if fault.path == ("model",):
        expected = "provider:name or an object with a provider"
    hidden = secret(fault.path) and fault.value is not None
    got = "a value (not shown)" if hidden else _kind_and_value(fault.value)
    return Problem(
        fault.path,
        "wrong_type",
        f"expected {expected}, got {got}",
        _kind_hint(fault, hidden, node_at(schema, fault.path, [])),
    )


def _kind_and_value(value: Any) -> str:
    return (
        f"the number {shown(value)}"
        if isinstance(value, (int, float)) and not isinstance(value, bool)
        else shown(value)
    )


def _kind_hint(fault: Fault, hidden: bool, node: Node) -> str:
    value = fault.value
    if value is None:
        return "write a value or remove the key"
    if hidden:
        return ""
    if fault.kind == "string_type" and isinstance(value, (int, float)):
        return f'write "{shown(value)}" in quotes'
    if fault.kind == "bool_type" and str(value).lower() in _TRUE | _FALSE:
        return f"write {'true' if str(value).lower() in _TRUE else 'false'}"
    if (
        fault.kind in ("int_type", "float_type")
        and isinstance(value, str)
        and re.fullmatch(r"-?\d{1,9}(\.\d{1,9})?", value)
    ):
        return "remove the quotes"
    if fault.kind in ("int_type", "int_from_float") and isinstance(value, float) and abs(value) < 1e15:
        return f"try {round(value)}"
    if fault.kind == "list_type":
        return _list_hint(value, node)
    if isinstance(value, str) and len(fault.path) == 2:
        return _item_hint(str(fault.path[0]), shown(value))
    return ""


def _list_hint(value: Any, node: Node) -> str:
    items = node.get("items", {})
    if isinstance(value, dict):
        return "write each item behind a -"
    if "$ref" in items or items.get("type") == "object":
        return "write each item as an object behind a -"
    return f"write [{shown(str(value)) if items.get('type') == 'string' else shown(value)}]"


def _item_hint(part: str, value: str) -> str:
    """What a text was probably meant to be where a part of the spec takes objects."""
    forms = {"tools": "{type: %s}", "knowledge": "{name: …, paths: [%s]}", "variables": "{default: %s}"}
    return f"write {forms[part] % value}" if part in forms else ""


_TRUE = {"yes", "on", "true", "y", "1"}
_FALSE = {"no", "off", "false", "n", "0"}

_Maker = Callable[[Fault, Node, Any], Problem]
_MAKERS: list[tuple[tuple[str, ...], _Maker]] = [
    (("missing",), _missing),
    (("extra_forbidden",), _unknown_key),
    (("invalid_key",), _bad_key),
    (("greater_than_equal", "less_than_equal", "greater_than", "less_than"), _bound),
    (("literal_error",), _literal),
    (("string_too_long", "string_too_short", "too_long", "too_short"), _length),
    (("string_pattern_mismatch",), _pattern),
    (("tool_without_type",), _tool_without_type),
    (("unknown_tool_type",), _unknown_tool),
]
