"""One operation of a service: the arguments that a model gives, and the request that they become."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from gptsmith.errors import ToolError
from gptsmith.tools.openapi.document import ApiDocument, OperationEntry, Schemas
from gptsmith.tools.service import ServiceRequest

Place = Literal["path", "query", "header", "body", "whole_body"]
_NOT_IN_AN_ARGUMENT = re.compile(r"[^a-zA-Z0-9_-]+")
_UNSENT_HEADERS = ("accept", "content-type", "authorization", "host", "content-length", "connection", "cookie")
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Argument:
    """One argument: `name` is the model's, `sent` the service's; `style` and `explode` say how lists are written."""

    name: str
    sent: str
    place: Place
    schema: dict[str, Any]
    required: bool = False
    style: str = ""
    explode: bool = True
    as_json: bool = False


@dataclass(frozen=True)
class Address:
    """Where a service is, and what goes with every call."""

    server: str
    query: list[tuple[str, str]]
    headers: dict[str, str]


@dataclass(frozen=True)
class Operation:
    """What can be called."""

    id: str
    method: str
    path: str
    description: str
    arguments: list[Argument] = field(default_factory=list)
    media_type: str = ""
    body_required: bool = False

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of a call."""
        required = [one.name for one in self.arguments if one.required]
        made: dict[str, Any] = {"type": "object", "properties": {one.name: one.schema for one in self.arguments}}
        return {**made, "required": required, "additionalProperties": False}

    def request(self, at: Address, given: dict[str, Any]) -> ServiceRequest:
        """Return the request of a call whose arguments fit the schema."""
        base = urlsplit(at.server)
        path, query = self.path, list(at.query)
        sent = dict(at.headers)
        fields: dict[str, Any] = {}
        whole: Any = None
        for one in self.arguments:
            if one.name not in given or (given[one.name] is None and one.place != "body"):
                continue
            value = given[one.name]
            if one.place == "path":
                path = path.replace(f"{{{one.sent}}}", _path_text(one, value))
            elif one.place == "query":
                query += _query_pairs(one, value)
            elif one.place == "header":
                sent[one.sent] = _header_text(one, value)
            elif one.place == "body":
                fields[one.sent] = value
            else:
                whole = value
        body = self._body(fields, whole)
        if body is not None:
            sent["Content-Type"] = self.media_type
        url = urlunsplit(
            (base.scheme, base.netloc, base.path.rstrip("/") + path, urlencode(query, quote_via=quote), "")
        )
        return ServiceRequest(
            self.method.upper(), url, {"Accept": "application/json, text/*;q=0.8, */*;q=0.5"} | sent, body
        )

    def _body(self, fields: dict[str, Any], whole: Any) -> bytes | None:
        data = fields if fields else whole
        if data is None:
            if not self.body_required:
                return None
            data = {}
        if self.media_type == _FORM:
            pairs = [(key, item) for key, value in data.items() for item in _items(value)]
            return urlencode([(key, _plain(item)) for key, item in pairs]).encode()
        if self.media_type.startswith("text/"):
            return str(data).encode()
        return json.dumps(data, ensure_ascii=False, allow_nan=False).encode()


def read_operation(document: ApiDocument, entry: OperationEntry, given: Iterable[str]) -> Operation | str:
    """Return the operation, or why it cannot be called; `given` are the names of headers and query that are fixed."""
    schemas, fixed = Schemas(document), {name.lower() for name in given}
    arguments: list[Argument] = []
    for raw in _parameters(document, entry):
        made = _parameter(raw, schemas, fixed)
        if isinstance(made, str):
            return made
        if made is not None:
            arguments.append(made)
    unnamed = set(re.findall(r"\{([^{}]+)\}", entry.path)) - {one.sent for one in arguments if one.place == "path"}
    arguments += [Argument(name, name, "path", {"type": "string"}, True) for name in sorted(unnamed)]
    body = document.resolve(entry.raw.get("requestBody"))
    media_type, required = "", False
    if isinstance(body, dict) and isinstance(body.get("content"), dict):
        required = body.get("required") is True
        found = _media_type(body["content"])
        if not found:
            kinds = ", ".join(map(str, body["content"]))[:80]
            if required:
                return f"it wants a body of {kinds or 'no kind'}, which cannot be sent"
        else:
            media_type = found
            arguments += _body(body["content"][found], schemas, required, {one.name for one in arguments})
    said = _about(entry.raw, f"{entry.method.upper()} {entry.path}")
    return Operation(entry.id, entry.method, entry.path, said, _named(arguments), media_type, required)


def _about(raw: dict[str, Any], otherwise: str) -> str:
    texts = [raw.get("summary"), raw.get("description")]
    words = [" ".join(text.split()) for text in texts if isinstance(text, str) and text.strip()]
    said = ". ".join(word.rstrip(".") for word in dict.fromkeys(words))
    said = f"{said}." if said else otherwise
    return said if len(said) <= 1000 else f"{said[:999]}…"


def _parameters(document: ApiDocument, entry: OperationEntry) -> list[dict[str, Any]]:
    """Return the parameters; one of the operation stands in for the path's of the same name and place."""
    own = entry.raw.get("parameters")
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for raw in [*entry.shared, *(own if isinstance(own, list) else [])]:
        one = document.resolve(raw)
        if isinstance(one, dict) and isinstance(one.get("name"), str):
            found[one["name"], str(one.get("in"))] = one
    return list(found.values())


def _parameter(raw: dict[str, Any], schemas: Schemas, fixed: set[str]) -> Argument | str | None:
    name, place = raw["name"], raw.get("in")
    required = raw.get("required") is True or place == "path"
    if place not in ("path", "query", "header", "cookie") or (place != "path" and name.lower() in fixed):
        return None
    if place == "cookie":
        return f"it wants the cookie {name[:40]}, which cannot be sent" if required else None
    if place == "header" and name.lower() in _UNSENT_HEADERS:
        return None
    content = raw.get("content")
    media: Any = next(iter(content.values()), {}) if isinstance(content, dict) else {}
    schema = schemas.convert(raw.get("schema", media.get("schema", {}) if isinstance(media, dict) else {}))
    if isinstance(raw.get("description"), str):
        schema = {**schema, "description": " ".join(raw["description"].split())[:400]}
    style = str(raw.get("style") or ("form" if place == "query" else "simple"))
    explode = raw["explode"] if isinstance(raw.get("explode"), bool) else style == "form"
    return Argument(name, name, place, schema, required, style, explode, bool(content))


def _media_type(content: dict[str, Any]) -> str:
    kinds = [kind for kind in content if isinstance(kind, str)]
    for fits in (
        lambda kind: kind.partition(";")[0].strip() == "application/json",
        lambda kind: kind.partition(";")[0].strip().endswith("+json"),
        lambda kind: kind in ("*/*", "application/*"),
        lambda kind: kind == _FORM,
        lambda kind: kind.startswith("text/"),
    ):
        if found := next((kind for kind in kinds if fits(kind)), ""):
            return found
    return ""


def _body(media: Any, schemas: Schemas, required: bool, taken: set[str]) -> list[Argument]:
    """Return the body's fields as arguments of their own, which small models fill best, or the body as one."""
    raw = media.get("schema", {}) if isinstance(media, dict) else {}
    schema = schemas.convert(raw)
    fields = schema.get("properties")
    needed = schema.get("required", [])
    plain = isinstance(fields, dict) and fields and not {"anyOf", "allOf", "not"} & schema.keys()
    closed = schema.get("additionalProperties") in (None, False) and schema.get("type") == "object"
    if plain and closed and (required or not needed) and not taken & set(fields or {}):
        return [Argument(name, name, "body", one, name in needed) for name, one in (fields or {}).items()]
    name = "body" if "body" not in taken else "request_body"
    return [Argument(name, name, "whole_body", {"description": "What is sent.", **schema}, required)]


def _named(arguments: list[Argument]) -> list[Argument]:
    """Give each argument a name that providers take, once: `filter[size]` is `filter_size`."""
    taken: set[str] = set()
    made = []
    for one in arguments:
        base = _NOT_IN_AN_ARGUMENT.sub("_", one.sent).strip("_")[:60] or "value"
        name = base if base not in taken else f"{one.place}_{base}"[:64]
        n = 2
        while name in taken:
            name, n = f"{base}_{n}", n + 1
        taken.add(name)
        made.append(Argument(name, *(getattr(one, key) for key in list(Argument.__annotations__)[1:])))
    return made


# -- how values are written --------------------------------------------------------------------------------------------


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _path_text(one: Argument, value: Any) -> str:
    """Return a value as one part of the path: it can neither be empty nor lead to another path."""
    if isinstance(value, dict):
        pairs = [f"{k}={_plain(v)}" if one.explode else f"{k},{_plain(v)}" for k, v in value.items()]
        text = ",".join(pairs)
    else:
        text = ",".join(_plain(item) for item in _items(value))
    if text.strip(". ") == "":
        raise ToolError(f"{one.name}: {text!r} cannot stand in the address", hint="give a real value")
    quoted = quote(text, safe=",=")
    return {"label": f".{quoted}", "matrix": f";{one.sent}={quoted}"}.get(one.style, quoted)


_BETWEEN = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|"}


def _query_pairs(one: Argument, value: Any) -> list[tuple[str, str]]:
    if one.as_json:
        return [(one.sent, json.dumps(value, ensure_ascii=False))]
    if isinstance(value, list):
        if one.explode and one.style in ("form", "deepObject"):
            return [(one.sent, _plain(item)) for item in value]
        return [(one.sent, _BETWEEN.get(one.style, ",").join(map(_plain, value)))]
    if isinstance(value, dict):
        if one.style == "deepObject":
            return [(f"{one.sent}[{key}]", _plain(item)) for key, item in value.items()]
        if one.explode:
            return [(str(key), _plain(item)) for key, item in value.items()]
        return [(one.sent, ",".join(f"{key},{_plain(item)}" for key, item in value.items()))]
    return [(one.sent, _plain(value))]


def _header_text(one: Argument, value: Any) -> str:
    text = ",".join(map(_plain, _items(value)))
    if any(ord(c) < 32 or ord(c) == 127 for c in text):
        raise ToolError(f"{one.name}: a header cannot hold line breaks", hint="give one line")
    return text
