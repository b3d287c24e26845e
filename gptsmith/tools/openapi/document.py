"""An OpenAPI 3.0 or 3.1 document: read with caps, its references resolved inside of it, its operations listed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gptsmith.assistants.format.service_documents import parse_document
from gptsmith.errors import NotReadyError

MAX_OPERATIONS = 2000
_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_HINT = "name an OpenAPI 3.0 or 3.1 document, as JSON or YAML"


@dataclass(frozen=True)
class OperationEntry:
    """One operation as the document has it: `shared` are the parameters of its path."""

    id: str
    method: str
    path: str
    raw: dict[str, Any]
    shared: list[Any]
    servers: list[Any]


class ApiDocument:
    """The data of a document, with what is needed of it."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self.is_30 = str(data.get("openapi", "")).startswith("3.0")

    @property
    def title(self) -> str:
        """The service's name."""
        info = self.data.get("info")
        return str(info.get("title", ""))[:80] if isinstance(info, dict) else ""

    def resolve(self, node: Any) -> Any:
        """Return what a chain of `$ref` leads to; an empty object for one that leads nowhere or out of the document."""
        for _ in range(32):
            if not isinstance(node, dict) or not isinstance(node.get("$ref"), str):
                return node
            node = self.at(node["$ref"])
        return {}

    def at(self, ref: str) -> Any:
        """Return what stands at `#/components/…`; an empty object where nothing does."""
        node: Any = self.data
        if not ref.startswith("#/"):
            return {}
        for part in ref[2:].split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(node, list) and key.isdigit() and int(key) < len(node):
                node = node[int(key)]
            elif isinstance(node, dict) and key in node:
                node = node[key]
            else:
                return {}
        return node

    def entries(self) -> list[OperationEntry]:
        """Return every operation, in the order of the document."""
        return list(self._entries())[:MAX_OPERATIONS]

    def _entries(self) -> Iterator[OperationEntry]:
        paths = self.data.get("paths")
        for path, item in (paths if isinstance(paths, dict) else {}).items():
            item = self.resolve(item)
            if not isinstance(item, dict) or not isinstance(path, str):
                continue
            for method in _METHODS:
                raw = item.get(method)
                if isinstance(raw, dict):
                    id = raw.get("operationId")
                    name = id if isinstance(id, str) and id else f"{method} {path}"
                    servers = raw.get("servers") or item.get("servers") or self.data.get("servers")
                    yield OperationEntry(name, method, path, raw, _list(item.get("parameters")), _list(servers))


def read_document(data: bytes, name: str) -> ApiDocument:
    """Return the document in `data`; `name` is its place, for errors.

    Raises:
        NotReadyError: it is none that can be used.
    """
    try:
        found = parse_document(data)
    except ValueError as error:
        raise _unusable(name, str(error), _HINT) from error
    version = str(found.get("openapi", "")) if isinstance(found, dict) else ""
    if not re.match(r"3\.[01](\.|$)", version):
        said = "it is Swagger 2.0" if isinstance(found, dict) and "swagger" in found else "it is no OpenAPI document"
        raise _unusable(name, f"it says openapi: {version[:20]}" if version else said, _HINT)
    return ApiDocument(found)


def _unusable(name: str, why: str, hint: str) -> NotReadyError:
    return NotReadyError(f"{name} cannot be used: {why}", code="bad_document", hint=hint)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


# A schema of an OpenAPI document as the JSON Schema that a model is shown and arguments are checked against.

_KEPT = (
    "type", "enum", "const", "default", "minimum", "maximum", "multipleOf", "minLength", "maxLength", "minItems",
    "maxItems", "uniqueItems", "required", "format", "exclusiveMinimum", "exclusiveMaximum",
)  # fmt: skip
_TYPES = ("string", "integer", "number", "boolean", "object", "array", "null")
_INTEGERS = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
_MOST_NODES = 3000  # of one operation: references inside references grow without bound
_LONGEST = 400  # characters of a description


class Schemas:
    """Converts the schemas of one operation: references are put in place, circles and what is too much left open."""

    def __init__(self, document: ApiDocument) -> None:
        self._document = document
        self._nodes = 0

    def convert(self, node: Any, way: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return the schema; one that is not understood allows anything."""
        self._nodes += 1
        if not isinstance(node, dict) or self._nodes > _MOST_NODES:
            return {}
        ref = node.get("$ref")
        if isinstance(ref, str):
            if ref in way:
                return {"type": "object", "description": "the same again, one level deeper"}
            beside = {key: value for key, value in node.items() if key in ("description", "default", "nullable")}
            return self._nullable({**self.convert(self._document.at(ref), (*way, ref)), **_described(beside)}, beside)
        made = {key: node[key] for key in _KEPT if key in node} | _described(node)
        _bounds(made, node)
        if isinstance(node.get("properties"), dict):
            shown = {k: v for k, v in node["properties"].items() if not self._is_answer_only(v)}
            made["properties"] = {str(name): self.convert(inner, way) for name, inner in shown.items()}
            made.setdefault("type", "object")
        if isinstance(made.get("required"), list):
            fields = node.get("properties")
            hidden = set(fields if isinstance(fields, dict) else ()) - set(made.get("properties", {}))
            made["required"] = [name for name in made["required"] if isinstance(name, str) and name not in hidden]
        else:
            made.pop("required", None)
        for key in ("items", "additionalProperties", "not"):
            if isinstance(node.get(key), dict):
                made[key] = self.convert(node[key], way)
        if node.get("additionalProperties") is False:
            made["additionalProperties"] = False
        for key in ("oneOf", "anyOf"):
            if isinstance(node.get(key), list):
                made["anyOf"] = [self.convert(inner, way) for inner in node[key]]  # the service minds "exactly one"
        parts = node.get("allOf")
        for inner in parts if isinstance(parts, list) else []:
            made = _merged(made, self.convert(inner, way))
        return self._nullable(made, node)

    def _is_answer_only(self, node: Any) -> bool:
        found = self._document.resolve(node)
        return isinstance(found, dict) and found.get("readOnly") is True

    def _nullable(self, made: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
        """Allow null where OpenAPI 3.0 says `nullable`; 3.1 has it in the type."""
        if node.get("nullable") is not True or not self._document.is_30:
            return made
        if isinstance(made.get("enum"), list) and None not in made["enum"]:
            made = {**made, "enum": [*made["enum"], None]}
        if isinstance(made.get("type"), str):
            return {**made, "type": [made["type"], "null"]}
        if "anyOf" in made:
            return {**made, "anyOf": [*made["anyOf"], {"type": "null"}]}
        return made


def _described(node: dict[str, Any]) -> dict[str, Any]:
    said = node.get("description")
    text = " ".join(said.split()) if isinstance(said, str) else ""
    if isinstance(node.get("pattern"), str):  # told, not checked: a pattern can take for ever
        text = f"{text} (pattern {node['pattern'][:80]})".strip()
    if "example" in node and isinstance(node["example"], str | int | float) and len(text) < _LONGEST:
        text = f"{text} (e.g. {str(node['example'])[:60]})".strip()
    return {"description": text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"} if text else {}


def _bounds(made: dict[str, Any], node: dict[str, Any]) -> None:
    """Turn the bounds of OpenAPI 3.0, which says `exclusiveMinimum: true`, and integer formats into JSON Schema's."""
    for key, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(made.get(exclusive), bool) and made.pop(exclusive) and key in made:
            made[exclusive] = made.pop(key)
    least, most = _INTEGERS.get(str(node.get("format")), (None, None))
    if least is not None and node.get("type") == "integer":
        made.setdefault("minimum", least)
        made.setdefault("maximum", most)
    if "type" in made:
        named = [one for one in (made["type"] if isinstance(made["type"], list) else [made["type"]]) if one in _TYPES]
        made.pop("type")
        if named:
            made["type"] = named if len(named) > 1 else named[0]
    if "enum" in made and not (isinstance(made["enum"], list) and made["enum"]):
        del made["enum"]
    for key in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"):
        if key in made and (isinstance(made[key], bool) or not isinstance(made[key], int | float)):
            del made[key]
    for key in ("minLength", "maxLength", "minItems", "maxItems"):
        if key in made and (isinstance(made[key], bool) or not isinstance(made[key], int)):
            del made[key]


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return both schemas in one, as `allOf` means it."""
    made = {**other, **one}
    if "properties" in one or "properties" in other:
        made["properties"] = {**other.get("properties", {}), **one.get("properties", {})}
    if required := [*one.get("required", []), *other.get("required", [])]:
        made["required"] = list(dict.fromkeys(required))
    if "anyOf" in one and "anyOf" in other:
        made["allOf"] = [*one.get("allOf", []), {"anyOf": other["anyOf"]}]
    return made
