"""What is wrong with a spec's data, in plain words and at its place: one mistake, one problem."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gptsmith.assistants.format.known_names import nearest, suggest
from gptsmith.assistants.format.schema import Node, json_schema, node_at
from gptsmith.assistants.format.spec import load_tool_types

# Raw spec data, whose types may be wrong: what can be read from it is, the rest is passed over.


def items(data: dict[str, Any], key: str) -> list[tuple[int, dict[str, Any]]]:
    """Return the objects of the list `key` with their positions; anything else is passed over."""
    value = data.get(key)
    return [(i, item) for i, item in enumerate(value) if isinstance(item, dict)] if isinstance(value, list) else []


def texts(value: Any) -> list[tuple[int, str]]:
    """Return the texts of a list with their positions; anything else is passed over."""
    return [(i, item) for i, item in enumerate(value) if isinstance(item, str)] if isinstance(value, list) else []


# The words of diagnostics: how a found value is shown, bounded and on one line.

LONGEST = 40


def show(value: Any, longest: int = LONGEST) -> str:
    """Show a value in a message: short text in quotes, numbers as they are, the rest by its kind. Never long."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**20 else "a number of more than 20 digits"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        return _quoted(value, longest)
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, (list, tuple)):
        return "a list"
    return f"a {type(value).__name__}"


def list_names(names: list[str], most: int = 30) -> str:
    """Join names for a sentence; a long list is cut and says so."""
    head = ", ".join(names[:most])
    return f"{head}, … ({len(names) - most} more)" if len(names) > most else head


def _quoted(text: str, longest: int) -> str:
    cut = text if len(text) <= longest else f"{text[:longest]}…"
    safe = "".join(c if c.isprintable() else _escape(c) for c in cut)
    return f'"{safe}"'


def _escape(character: str) -> str:
    return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(character, f"\\u{ord(character):04x}")


# Pydantic's errors placed in the data: where each one stands, unions reduced to the branch that was meant.

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """A Pydantic error with its place in the data: `branch` names the union member that complained, if any."""

    path: KeyPath
    branch: str
    kind: str
    value: Any
    context: dict[str, Any]
    text: str


KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "tool_type": "an object with a type",
}


def find_faults(error: ValidationError, data: Any) -> list[Fault]:
    """Return the faults of a ValidationError over `data`, one for each mistake."""
    return _merge([_fault(detail, data) for detail in error.errors(include_url=False)])


def _fault(detail: ErrorDetails, data: Any) -> Fault:
    """Walk the data along Pydantic's location; what is not in the data is the name of a union's branch."""
    path: list[str | int] = []
    branch = ""
    loc = detail["loc"]
    for index, part in enumerate(loc):
        last = index == len(loc) - 1
        here = isinstance(data, dict) and part in data
        if here or (isinstance(data, list) and isinstance(part, int) and part < len(data)):
            data = data[part]
        elif last and isinstance(data, dict) and detail["type"] in ("missing", "extra_forbidden"):
            pass
        else:
            branch = branch or str(part)
            continue
        path.append(part)
    context = dict(detail.get("ctx", {}))
    return Fault(tuple(path), branch, detail["type"], detail.get("input"), context, detail["msg"])


def _merge(faults: list[Fault]) -> list[Fault]:
    """Keep the faults of the union branch that came furthest; where all fail at once, one fault naming the kinds."""
    kept: list[Fault] = []
    groups: dict[KeyPath, list[Fault]] = {}
    roots = {fault.path for fault in faults if fault.branch and fault.branch != "[key]"}
    for fault in faults:
        if fault.branch and fault.branch != "[key]":
            starts = (fault.path[:length] for length in range(len(fault.path) + 1))
            groups.setdefault(next(start for start in starts if start in roots), []).append(fault)
        else:
            kept.append(fault)
    for root, group in groups.items():
        kept.extend(_best_branch(root, group))
    return kept


def _best_branch(root: KeyPath, group: list[Fault]) -> list[Fault]:
    branches: dict[str, list[Fault]] = {}
    for fault in group:
        branches.setdefault(fault.branch, []).append(fault)
    if len(branches) == 1:
        return group
    inside = [faults for faults in branches.values() if any(f.path != root or f.kind not in KINDS for f in faults)]
    if inside:
        return min(inside, key=len)
    kinds = list(dict.fromkeys(KINDS[f.kind] for f in group))
    first = group[0]
    return [Fault(root, "", "union", first.value, {"kinds": " or ".join(kinds)}, "")]


# Pydantic's errors in our own plain words: one mistake, one problem, never the input unbounded.


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
    choices = f"allowed: {list_names([name for name in allowed if not name.startswith('x-')])}"
    return Problem(
        fault.path, "unknown_key", "unknown key", f"did you mean {guess}? {choices}" if guess else choices, at_key=True
    )


def _bad_key(fault: Fault, schema: Node, data: Any) -> Problem:
    return Problem(fault.path[:-1], "bad_key", f"a key must be text, got {show(fault.path[-1])}", "put it in quotes")


def _bound(fault: Fault, schema: Node, data: Any) -> Problem:
    node = node_at(schema, fault.path, data)
    low, high = node.get("minimum", node.get("exclusiveMinimum")), node.get("maximum", node.get("exclusiveMaximum"))
    fallback = low if fault.kind.startswith("greater") else high
    good = next((v for v in [*node.get("examples", []), node.get("default"), fallback] if v is not None), None)
    span = f"{_number(low)}..{_number(high)}" if low is not None and high is not None else ""
    span = span or (f"at least {_number(low)}" if low is not None else f"at most {_number(high)}")
    got = "a value (not shown)" if secret(fault.path) else show(fault.value)
    return Problem(fault.path, "out_of_range", f"expected {span}, got {got}", f"try {_number(good)}")


def _number(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _literal(fault: Fault, schema: Node, data: Any) -> Problem:
    expected = re.findall(r"'([^']*)'", str(fault.context.get("expected", "")))
    if fault.path == ("schema",):
        hint = "this version of gptsmith reads assistant/v1 only"
        return Problem(fault.path, "bad_value", f"expected assistant/v1, got {show(fault.value)}", hint)
    guess = nearest(fault.value, expected) if isinstance(fault.value, str) else ""
    got = "a value (not shown)" if secret(fault.path) else show(fault.value)
    one_of = f"one of {list_names(expected)}" if len(expected) > 1 else list_names(expected)
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
    got = "a value (not shown)" if secret(fault.path) else show(text)
    better = _made_to_fit(text, pattern)
    return Problem(
        fault.path, "bad_name", f"expected {expected}, got {got}", f"try {better}" if better else "", at_key=key
    )


def _made_to_fit(text: str, pattern: str) -> str:
    dash = "-" if "a-z0-9-]" in pattern else "_"
    plain = re.sub(r"[^a-z0-9]+", dash, text.lower()).strip("-_")[:58]
    return plain if plain and pattern in _PATTERNS and re.fullmatch(pattern, plain) else ""


def _tool_without_type(fault: Fault, schema: Node, data: Any) -> Problem:
    hint = f"known types: {list_names(sorted(load_tool_types()))}"
    if isinstance(fault.value, dict) and "type" in fault.value:
        message = f"expected text, got {_kind_and_value(fault.value['type'])}"
        return Problem((*fault.path, "type"), "wrong_type", message, hint)
    return Problem((*fault.path, "type"), "missing", "missing", hint, at_key=True)


def _unknown_tool(fault: Fault, schema: Node, data: Any) -> Problem:
    wrong = fault.value.get("type") if isinstance(fault.value, dict) else ""
    known = sorted(load_tool_types())
    guess = nearest(str(wrong), known)
    hint = f"known types: {list_names(known)}"
    return Problem(
        (*fault.path, "type"),
        "unknown_tool_type",
        f"unknown tool type {show(wrong)}",
        f"did you mean {guess}? {hint}" if guess else hint,
    )


def _wrong_kind(fault: Fault, schema: Node, data: Any) -> Problem:
    expected = str(fault.context.get("kinds", "")) if fault.kind == "union" else KINDS[fault.kind]
    if fault.kind in ("model_type", "dict_type") and fault.path:
        keys = [key for key in allowed_keys(schema, fault.path, {}) if not key.startswith("x-")]
        expected = f"an object with {list_names(keys)}" if keys else expected
    if not fault.path:
        keys = ["schema", "name", "description", "instructions"]
        expected = f"an object with the keys {list_names(keys)}, …"
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
        f"the number {show(value)}" if isinstance(value, (int, float)) and not isinstance(value, bool) else show(value)
    )


def _kind_hint(fault: Fault, hidden: bool, node: Node) -> str:
    value = fault.value
    if value is None:
        return "write a value or remove the key"
    if hidden:
        return ""
    if fault.kind == "string_type" and isinstance(value, (int, float)):
        return f'write "{show(value)}" in quotes'
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
        return _item_hint(str(fault.path[0]), show(value))
    return ""


def _list_hint(value: Any, node: Node) -> str:
    items = node.get("items", {})
    if isinstance(value, dict):
        return "write each item behind a -"
    if "$ref" in items or items.get("type") == "object":
        return "write each item as an object behind a -"
    return f"write [{show(str(value)) if items.get('type') == 'string' else show(value)}]"


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
