"""Pydantic's errors placed in the data: where each one stands, unions reduced to the branch that was meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

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
