"""A function as its file writes it: the signature and docstring, read without running anything."""

from __future__ import annotations

import ast
import contextlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gptsmith.errors import NotReadyError

_SIMPLE: dict[str, dict[str, Any]] = {
    "str": {"type": "string"}, "int": {"type": "integer"}, "float": {"type": "number"}, "bool": {"type": "boolean"},
    "None": {"type": "null"}, "dict": {"type": "object"}, "Dict": {"type": "object"}, "list": {"type": "array"},
    "List": {"type": "array"}, "tuple": {"type": "array"}, "Any": {}, "object": {},
}  # fmt: skip
_LISTS = ("list", "List", "Sequence", "Iterable", "set", "Set", "tuple", "Tuple")


@dataclass(frozen=True)
class Signature:
    """What the model is told of a function."""

    about: str
    schema: dict[str, Any]


def read_signature(file: Path, function: str, ref: str) -> Signature:
    """Return the signature of a top-level function.

    Raises:
        NotReadyError: the file cannot be read or has no such function, or it takes what a model cannot give.
    """
    try:
        tree = ast.parse(file.read_bytes())
    except OSError as error:
        raise _unusable(f"{ref} cannot be read ({error.strerror})", "correct the path") from error
    except (SyntaxError, ValueError, RecursionError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise _unusable(f"{file.name} is not valid Python{line}", "correct the file") from error
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = [node for node in tree.body if isinstance(node, kinds)]
    node = next((one for one in found if one.name == function), None)
    if node is None:
        there = ", ".join(one.name for one in found if not one.name.startswith("_")) or "none"
        raise _unusable(f"{file.name} has no function {function}", f"it has: {there[:200]}")
    if node.args.vararg is not None:
        what = f"{function} takes *{node.args.vararg.arg}, which cannot be filled"
        raise _unusable(what, "give each argument a name")
    said = ast.get_docstring(node) or ""
    return Signature(_about(said, function), _schema(node, said))


def _schema(node: ast.FunctionDef | ast.AsyncFunctionDef, said: str) -> dict[str, Any]:
    arguments = node.args
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(arguments.defaults))
    pairs = [*zip(plain, [*defaults, *arguments.defaults], strict=True)]
    pairs += zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    properties: dict[str, Any] = {}
    for argument, default in pairs:
        one = _of_annotation(argument.annotation)
        if words := _of_argument(said, argument.arg):
            one = {**one, "description": words}
        if default is not None:
            with contextlib.suppress(ValueError, TypeError):  # a name or a call: the function knows it
                one = {**one, "default": ast.literal_eval(default)}
        properties[argument.arg] = one
    required = [argument.arg for argument, default in pairs if default is None]
    more = arguments.kwarg is not None
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": more}


def _of_annotation(node: ast.expr | None) -> dict[str, Any]:
    """Return the schema of an annotation; one that is not known here allows anything."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            try:
                return _of_annotation(ast.parse(node.value, mode="eval").body)
            except SyntaxError:
                return {}
        return {"type": "null"} if node.value is None else {}
    if isinstance(node, ast.Name | ast.Attribute):
        return dict(_SIMPLE.get(_name(node), {}))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _either([_of_annotation(node.left), _of_annotation(node.right)])
    if isinstance(node, ast.Subscript):
        return _of_subscript(_name(node.value), node.slice)
    return {}


def _of_subscript(name: str, inner: ast.expr) -> dict[str, Any]:
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if name == "Literal":
        values = [part.value for part in parts if isinstance(part, ast.Constant)]
        return {"enum": values} if len(values) == len(parts) else {}
    if name == "Optional":
        return _either([_of_annotation(parts[0]), {"type": "null"}])
    if name == "Union":
        return _either([_of_annotation(part) for part in parts])
    if name == "Annotated":
        words = [p.value for p in parts[1:] if isinstance(p, ast.Constant) and isinstance(p.value, str)]
        return _of_annotation(parts[0]) | ({"description": words[0]} if words else {})
    if name in _LISTS:
        return {"type": "array", "items": _of_annotation(parts[0])}
    if name in ("dict", "Dict", "Mapping"):
        return {"type": "object", "additionalProperties": _of_annotation(parts[-1])}
    return {}


def _either(forms: list[dict[str, Any]]) -> dict[str, Any]:
    if {} in forms:
        return {}
    flat = [inner for form in forms for inner in (form["anyOf"] if set(form) == {"anyOf"} else [form])]
    if all(set(form) == {"type"} and isinstance(form["type"], str) for form in flat):
        return {"type": [form["type"] for form in flat]}
    return {"anyOf": flat}


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _about(said: str, function: str) -> str:
    """Return what stands in the docstring before its sections."""
    text = re.split(r"\n\s*(?:Args|Arguments|Parameters|Returns|Raises|Yields)\s*:?\s*\n", said)[0]
    words = " ".join(re.split(r"\n\s*:param ", text)[0].split())
    return (words or function.replace("_", " "))[:1000]


def _of_argument(said: str, name: str) -> str:
    """Return what a docstring says of an argument, in the style of Google or Sphinx."""
    line = rf"^\s*(?::param (?:\w+ )?)?{re.escape(name)}\s*(?:\([^)\n]*\))?\s*:\s*(\S.*)$"
    found = re.search(line, said, re.MULTILINE)
    return found[1].strip()[:300] if found else ""


def _unusable(what: str, hint: str) -> NotReadyError:
    return NotReadyError(what, code="bad_function", hint=hint)
