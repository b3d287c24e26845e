"""The tools that the model was given, read from their schemas: what kind each is and which arguments it takes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Literal

from gptsmith.models.chat.embedded.words import content_stems, stem, tokens

Kind = Literal["draw", "look", "search", "other"]

_DRAWING = re.compile(
    r"\b(draw|paint|sketch|illustrat|generat\w* (?:an? )?(?:image|picture)|(?:image|picture|poster|logo|portrait|flyer"
    r"|banner|drawing|illustration|photo)s?\b)",
    re.IGNORECASE,
)
_LOOKING = re.compile(r"\b(describ|caption|see|seen|look|recogni|alt text|shows?)", re.IGNORECASE)
_SEARCHING = re.compile(r"\b(search|look\w* up|find|retriev|consult|quer(y|ies))", re.IGNORECASE)
_MONEY = re.compile(r"\bcurrenc(?:y|ies)\b", re.IGNORECASE)
_SIDES = {
    **dict.fromkeys(("source", "from", "from_", "base"), "currency from which"),
    **dict.fromkeys(("target", "to", "to_", "quote"), "currency to which"),
}
_MADE_SO = {
    stem(w) for w in ("generation", "generator", "tool", "request", "change", "new", "it", "one", "description")
}
_FREE = ("request", "prompt", "query", "question", "q", "text", "description")


@dataclass(frozen=True)
class Param:
    """One argument: `type` is a JSON type; `words` are its name and description."""

    name: str
    type: str
    description: str = ""
    enum: tuple[Any, ...] = ()
    format: str = ""
    items: str = "string"
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None

    @property
    def words(self) -> str:
        return f"{self.name.replace('_', ' ')} {self.description}".lower()


@dataclass(frozen=True)
class Tool:
    """One tool: `kind` says which part of the grammar serves it."""

    name: str
    description: str
    kind: Kind
    params: tuple[Param, ...]

    def param(self, *names: str) -> Param | None:
        """Return the first argument with one of `names`."""
        return next((p for n in names for p in self.params if p.name == n), None)

    @property
    def text_param(self) -> Param | None:
        """Return the argument that takes the person's words."""
        named = self.param(*_FREE)
        free = [p for p in self.params if p.required and p.type == "string" and not p.enum and not p.format]
        return named if named and named.type == "string" else (free[0] if free else None)

    @property
    def nouns(self) -> frozenset[str]:
        """The stems of what it makes, as its name and the object in its description say: sign, pictogram, tile."""
        object_ = re.split(r"\b(?:for|from|of|in|on|with|that|which|to|as|by)\b|[.;:]", self.description, maxsplit=1)[0]
        heads = [tokens(part)[-1:] for part in re.split(r",|\b(?:and|or)\b", object_)]
        named = re.split(r"[_\-\s]+", self.name.lower())[-1:]
        found = {stem(w) for head in [*heads, named] for w in head if len(w) > 2}
        return frozenset(s for s in found if not _DRAWING.match(s) and s not in _MADE_SO)

    @property
    def stems(self) -> set[str]:
        """The stems of its name and description."""
        return {*content_stems(self.name.replace("_", " ").replace("-", " ")), *content_stems(self.description)}

    @property
    def name_stems(self) -> set[str]:
        """The stems of its name, without the verbs that say nothing of what it is about."""
        found = {stem(w) for w in re.split(r"[_\-\s]+", self.name.lower()) if w}
        return found - {stem(w) for w in ("get", "set", "do", "make", "run", "call", "list", "fetch", "create", "send")}


def read_tools(definitions: list[dict[str, Any]]) -> list[Tool]:
    """Read tool definitions in the form of OpenAI's function calling."""
    return [_read(d.get("function", d)) for d in definitions]


def _read(function: dict[str, Any]) -> Tool:
    schema = function.get("parameters") or {}
    params = read_params(schema)
    name, description = str(function.get("name", "")), str(function.get("description") or "")
    if _MONEY.search(f"{name.replace('_', ' ')} {description}"):
        params = tuple(_of_money(p) for p in params)
    return Tool(name, description, _kind(name, description, params), params)


def _of_money(p: Param) -> Param:
    """Say of an argument without a description which currency it is, when the tool as a whole converts them."""
    side = _SIDES.get(p.name)
    return replace(p, description=side) if side and p.type == "string" and not p.description else p


def read_params(schema: dict[str, Any]) -> tuple[Param, ...]:
    """Read the properties of an object schema."""
    required = set(schema.get("required") or [])
    defs = schema.get("$defs") or {}
    return tuple(_param(n, s, n in required, defs) for n, s in (schema.get("properties") or {}).items())


def _param(name: str, schema: dict[str, Any], required: bool, defs: dict[str, Any]) -> Param:
    one = {**schema}
    for choice in schema.get("anyOf") or schema.get("oneOf") or []:
        if choice.get("type") != "null":
            one = {**one, **choice}
            break
    if "$ref" in one:
        one = {**one, **(defs.get(str(one["$ref"]).rsplit("/", 1)[-1]) or {})}
    kind = one.get("type", "string" if "enum" in one or "const" in one else "object")
    if isinstance(kind, list):
        kind = next((k for k in kind if k != "null"), "string")
    return Param(
        name=name,
        type=str(kind),
        description=str(schema.get("description") or one.get("description") or ""),
        enum=tuple(v for v in one.get("enum") or ([one["const"]] if "const" in one else []) if v is not None),
        format=str(one.get("format") or ""),
        items=str((one.get("items") or {}).get("type", "string")),
        required=required,
        minimum=_bound(one, "minimum", "exclusiveMinimum"),
        maximum=_bound(one, "maximum", "exclusiveMaximum"),
    )


def _bound(schema: dict[str, Any], *names: str) -> float | None:
    return next((float(schema[n]) for n in names if isinstance(schema.get(n), int | float)), None)


def _kind(name: str, description: str, params: tuple[Param, ...]) -> Kind:
    words = f"{name.replace('_', ' ')} {description}"
    required = [p for p in params if p.required]
    names = {p.name for p in params}
    takes_picture = bool(names & {"image", "picture", "photo", "image_id"})
    free = [p for p in required if p.type == "string" and not p.enum and not p.format]
    if takes_picture and any(p.name in ("image", "picture", "photo", "image_id") for p in required):
        return "look" if len(required) == 1 and _LOOKING.search(words) else "other"
    if len(required) == len(free) == 1:
        by_name = free[0].name in ("request", "prompt", "query", "question", "q", "search", "text", "description")
        if _SEARCHING.search(words) and by_name and free[0].name not in ("request", "prompt"):
            return "search"
        if by_name and _DRAWING.search(words):
            return "draw"
    return "other"
