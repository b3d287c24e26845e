"""A tool whose arguments a JSON Schema describes: they are checked against it before anything is called."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from langchain_core.tools import BaseTool
from referencing import Registry

from gptsmith.errors import ToolError

_DEEPEST = 40
_SHOWN = 80  # characters of a wrong value that the model is told


class DescribedTool(BaseTool):
    """Calls `call` with the arguments, which fit `args_schema`; what does not fit goes back to the model."""

    args_schema: dict[str, Any]
    call: Callable[[dict[str, Any]], str]

    def _run(self, /, **arguments: Any) -> str:
        check_arguments(arguments, self.args_schema)
        return self.call(arguments)


def check_arguments(arguments: dict[str, Any], schema: dict[str, Any]) -> None:
    """Raise ToolError for the first few arguments that do not fit the schema, with what would."""
    check = Draft202012Validator(schema, registry=Registry())  # an empty one: no schema is fetched from anywhere
    try:
        errors = sorted(check.iter_errors(arguments), key=lambda error: list(map(str, error.path)))
    except Exception:  # noqa: BLE001 - somebody's schema can be wrong in any way
        return  # it checks nothing then; whoever is called does
    if errors:
        told = list(dict.fromkeys(_told(error) for error in errors))
        raise ToolError("; ".join(told[:4]), code="bad_arguments", hint="correct the arguments and call again")


def safe_schema(schema: Any) -> dict[str, Any]:
    """Return somebody's schema of an object as one that is safe to check by: patterns, which can take for ever, go."""
    made = _without_patterns(schema, 0)
    made = made if isinstance(made, dict) else {}
    properties = made.get("properties")
    return {**made, "type": "object", "properties": properties if isinstance(properties, dict) else {}}


def _without_patterns(node: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        return {}
    if isinstance(node, dict):
        odd = ("pattern", "patternProperties", "$schema", "$id")  # as keywords; a property may be called so
        kept = {k: v for k, v in node.items() if k not in odd or (isinstance(v, dict) and k != "patternProperties")}
        return {key: _without_patterns(value, depth + 1) for key, value in kept.items()}
    return [_without_patterns(item, depth + 1) for item in node] if isinstance(node, list) else node


def _told(error: ValidationError) -> str:
    error = _nearest(error)
    where = ".".join(map(str, error.absolute_path))
    what = f"{where}: " if where else ""
    allowed: Any = error.validator_value
    if error.validator == "type":
        wanted = " or ".join(allowed) if isinstance(allowed, list) else allowed
        return f"{what}expected {wanted}, got {_shown(error.instance)}"
    if error.validator == "enum":
        return f"{what}expected one of {_listed(allowed)}, got {_shown(error.instance)}"
    if error.validator == "required":
        missing = [name for name in allowed if name not in error.instance]
        return f"{what}missing: {', '.join(missing)}"
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
        odd = [name[:40] for name in error.instance if name not in known]
        return f"{what}there is no argument {', '.join(odd[:3])}; there are: {', '.join(known) or 'none'}"
    if error.validator in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        names = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "more than"}
        return f"{what}expected {names.get(str(error.validator), 'less than')} {allowed}, got {_shown(error.instance)}"
    if error.validator in ("oneOf", "anyOf"):
        return f"{what}{_shown(error.instance)} fits none of the allowed forms"
    return f"{what}{error.message[:200]}"


def _nearest(error: ValidationError) -> ValidationError:
    """Return what is wrong with the one form that is meant, where that can be told: not null, its constants right."""
    forms: dict[Any, list[ValidationError]] = {}
    for inner in error.context or ():
        forms.setdefault(inner.schema_path[0], []).append(inner)
    meant = [
        found
        for found in forms.values()
        if not any(e.validator == "const" or (e.validator == "type" and e.validator_value == "null") for e in found)
    ]
    return _nearest(meant[0][0]) if len(meant) == 1 else error


def _shown(value: Any) -> str:
    text = re.sub(r"\s+", " ", repr(value) if isinstance(value, str) else str(value))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _listed(values: Iterable[Any]) -> str:
    shown = [_shown(value) for value in values]
    return ", ".join(shown[:12]) + (f" and {len(shown) - 12} more" if len(shown) > 12 else "")
