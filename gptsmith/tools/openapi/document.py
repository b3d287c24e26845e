"""An OpenAPI 3.0 or 3.1 document: read with caps, its references resolved inside of it, its operations listed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gptsmith.assistants.service_documents import parse_document
from gptsmith.errors import NotReadyError

MAX_OPERATIONS = 2000
_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_HINT = "name an OpenAPI 3.0 or 3.1 document, as JSON or YAML"


@dataclass(frozen=True)
class Entry:
    """One operation as the document has it: `shared` are the parameters of its path."""

    id: str
    method: str
    path: str
    raw: dict[str, Any]
    shared: list[Any]
    servers: list[Any]


class Document:
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

    def entries(self) -> list[Entry]:
        """Return every operation, in the order of the document."""
        return list(self._entries())[:MAX_OPERATIONS]

    def _entries(self) -> Iterator[Entry]:
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
                    yield Entry(name, method, path, raw, _list(item.get("parameters")), _list(servers))


def read_document(data: bytes, name: str) -> Document:
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
    return Document(found)


def _unusable(name: str, why: str, hint: str) -> NotReadyError:
    return NotReadyError(f"{name} cannot be used: {why}", code="bad_document", hint=hint)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
