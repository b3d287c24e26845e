"""A model's answer to a request for a function call: what it called, and in one line why it cannot be used."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError


def called(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the arguments of every function that an answer (`parsed`, `raw`, `parsing_error`) calls."""
    calls = getattr(answer.get("raw"), "tool_calls", None) or []
    return [dict(call.get("args") or {}) for call in calls]


def why_unusable(answer: dict[str, Any], schema: type[BaseModel]) -> str:
    """Say in one line why the answer is no `schema`, without echoing it."""
    error = answer.get("parsing_error")
    found: BaseException | None = error if isinstance(error, BaseException) else None
    while found is not None and not isinstance(found, ValidationError):
        found = found.__cause__ or found.__context__
    if isinstance(found, ValidationError):
        return complaints(found)
    name = schema.__name__
    return f"it did not call the function {name}" if error is None else f"the arguments of {name} are no JSON"


def complaints(error: ValidationError) -> str:
    """Return what is wrong with arguments, each with its place."""
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)[:8])
