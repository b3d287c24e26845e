"""Arguments and flat schemas filled from a person's words, never guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from importlib import import_module
from typing import Any, TypeVar

from langchain_core.messages import BaseMessage
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, ValidationError

from gptsmith.errors import NotReadyError
from gptsmith.models.chat.drafting import Drafting
from gptsmith.models.chat.embedded import quantities
from gptsmith.models.chat.embedded.conversation import read_conversation
from gptsmith.models.chat.embedded.namings import CODE_AFTER, formed, is_code, is_place, left_over
from gptsmith.models.chat.embedded.phrases import Span
from gptsmith.models.chat.embedded.quantities import currencies, is_measured, number
from gptsmith.models.chat.embedded.toolbox import Param, Tool, read_params
from gptsmith.models.chat.embedded.words import content_stems, stem, tokens

# Arguments of a tool filled from a person's words, by name, description, type and unit; never guessed.

_QUOTED = re.compile(r"[\"“]([^\"”]+)[\"”]")
_MENDED = re.compile(
    r"(?:\.{2,}|…|[,;.–-])?\s*\b(?:no|sorry|actually|i mean|i meant|rather|make that"
    r"|wait)[,:]\s+(?P<tail>.+)$",
    re.IGNORECASE,
)
_ON = re.compile(r"\b(?:on|up|enable[ds]?|yes|true|activate[ds]?|with)\b", re.IGNORECASE)
_OFF = re.compile(r"\b(?:off|out|disable[ds]?|no|false|deactivate[ds]?|without|not)\b", re.IGNORECASE)
_CLAUSES = re.compile(r"[,.;!?]\s+|\s+(?:and|but)\s+", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:no|not|none|nothing|without|never)\b|n[’']t\b", re.IGNORECASE)
_TRUTH = re.compile(r"\b(?P<which>true|false) (?:to|when|if|for|means?|=)\s+(?P<what>[^,;.]+)", re.IGNORECASE)
_ALIKE = {"shut": "close", "start": "on", "stop": "off", "raise": "up", "lower": "down"}
_ENDS = re.compile(r"\b(?:end|last|until|till|return|back|due|check ?out|finish|deadline|to|expir\w*)\b")
_END_LEAD = re.compile(r"(?:\b(?:until|till|to|through|by|due|due on|due by|back on|returning(?: on)?)|[-–])\s*$", re.I)


def fill(tool: Tool, text: str, *, today: date | None = None) -> dict[str, Any]:
    """Return the arguments of `tool` that `text` names; those it does not name are left out."""
    return fill_params(tool.params, text, tool.stems, today=today)


def fill_params(
    params: tuple[Param, ...], text: str, subject: set[str], *, today: date | None = None
) -> dict[str, Any]:
    """Fill `params` from `text`; `subject` are the stems of what the whole is about (they are no values)."""
    if (mended := _MENDED.search(text)) and (late := fill_params(params, mended["tail"], subject, today=today)):
        return fill_params(params, text[: mended.start()], subject, today=today) | late
    filled: dict[str, Any] = {}
    timed = False
    taken: list[Span] = [m.span(1) for m in CODE_AFTER.finditer(text)] if any(is_code(p) for p in params) else []
    for param in sorted(params, key=_eagerness):
        if _eagerness(param) == 4 and not timed:  # words come last, without what says when
            timed = True
            taken += quantities.times(text, today)
        value = _value(param, params, text, subject, taken, today)
        if value is not None:
            filled[param.name] = value
    subject |= {s for p in params if filled.get(p.name) is True for s in content_stems(p.name.replace("_", " "))}
    open_ = [p for p in params if p.name not in filled and p.type == "string" and not p.enum]
    filled |= left_over([p for p in open_ if not _is_date(p) and not _is_time(p)], text, subject, taken)
    return {p.name: filled[p.name] for p in params if p.name in filled}


def has_form(p: Param) -> bool:
    """Tell whether an argument's values have a form of their own, so that finding one says something of the tool."""
    plain = p.type == "string" and not p.enum and not p.format
    return not plain or _is_date(p) or _is_time(p) or is_code(p) or "currency" in p.words or is_place(p)


def _eagerness(param: Param) -> int:
    """Arguments with the most telling form take their words first."""
    if param.enum or param.type == "boolean" or _is_date(param) or _is_time(param):
        return 0
    if param.type in ("integer", "number"):
        return 2 if is_measured(param) else 3
    return 1 if is_code(param) or "address" in param.words else 4


def _is_date(p: Param) -> bool:
    return p.type == "string" and (
        p.format in ("date", "date-time")
        or p.name in ("date", "day")
        or p.name.endswith("_date")
        or "yyyy-mm-dd" in p.words
    )


def _is_time(p: Param) -> bool:
    return p.type == "string" and (
        p.format == "time" or p.name == "time" or p.name.endswith("_time") or "hh:mm" in p.words
    )


def _value(
    p: Param, params: tuple[Param, ...], text: str, subject: set[str], taken: list[Span], today: date | None
) -> Any:
    if p.enum and "currency" in p.words:
        named = formed(p, params, text, subject, taken)  # "francs" is CHF, "in euros" the target
        return named if named in p.enum else None
    if p.enum:
        twin = next((q for q in params if q is not p and q.enum == p.enum), None)
        return one_of_two(p, text) if twin else enum_value(p, text, taken, {q.name for q in params if q is not p})
    if p.type == "boolean":
        return _switch(p, text)
    if p.type in ("integer", "number"):
        return number(p, params, text, taken)
    if p.type == "array":
        return _items(p, text)
    if p.type != "string":
        return None
    if _is_date(p):
        return _day(p, params, text, taken, today)
    if _is_time(p):
        times = quantities.clocks(text)
        return times[0].value if times else None
    return formed(p, params, text, subject, taken)


def enum_value(p: Param, text: str, taken: list[Span], others: set[str]) -> Any:
    """Return the allowed value that `text` names, by its words or their stems; None when none or two are named.

    `others` are the names of the other arguments: "white was Ivo, black was Lena and white won" names white once.
    """
    said = {stem(w) for w in tokens(text)} | {code.lower() for _, code in currencies(text)}
    hits = [v for v in p.enum if all(stem(w) in said for w in _words(v))]
    if not hits:
        hits = [v for v in p.enum if all(any(_akin(stem(w), s) for s in said) for w in _words(v))]
    if len(hits) > 1:  # "check my credit card": the word itself goes before one of its family
        hits = [v for v in hits if set(_words(v)) <= set(tokens(text))] or hits
        longest = max(len(_words(v)) for v in hits)
        hits = [v for v in hits if len(_words(v)) == longest]
    if len(hits) > 1:
        hits = [v for v in hits if tokens(text).count(str(v).lower()) > (str(v).lower() in others)]
    if len(hits) != 1:
        return None
    stems = {stem(w) for w in _words(hits[0])}
    taken += [m.span() for m in re.finditer(r"[^\W_]+", text) if any(_akin(s, stem(m[0].lower())) for s in stems)]
    return hits[0]


def one_of_two(p: Param, text: str) -> Any:
    """Return the value of one of two arguments that take the same: 42 km to miles, how many miles are 42 km."""
    hits = [(m.start(), v) for v in p.enum if (m := re.search(rf"\b{re.escape(str(v))}s?\b", text, re.IGNORECASE))]
    aimed = [v for at, v in hits if re.search(r"\b(?:to|into|in|how many|how much)\s*$", text[:at], re.IGNORECASE)]
    if re.search(r"\b(?:to|into|target)\b", p.words) and "from" not in p.words:
        return aimed[0] if aimed else hits[1][1] if len(hits) > 1 else None
    rest = [v for _, v in sorted(hits) if v not in aimed]
    return rest[0] if rest else None


def _words(value: Any) -> list[str]:
    return tokens(str(value).replace("_", " ").replace("-", " "))


def _akin(a: str, b: str) -> bool:
    """Tell whether two stems are of one family: surgeri and surgeon, paediatr and paediatrician."""
    if a == b:
        return True
    same = 0
    while same < min(len(a), len(b)) and a[same] == b[same]:
        same += 1
    return same >= 5 and same >= 0.6 * max(len(a), len(b))


def _switch(p: Param, text: str) -> bool | None:
    """Return true or false by the argument's name, or by what its description says that each of them means."""
    name = p.name.replace("_", " ").lower()
    said = {stem(_ALIKE.get(w, w)) for w in tokens(text)}
    means = {m["which"].lower(): set(content_stems(m["what"])) for m in _TRUTH.finditer(p.description)}
    if set(means) == {"true", "false"}:
        yes, no = means["true"] - means["false"], means["false"] - means["true"]
        if no & said:
            return False
        if yes & said:
            return True
    if name not in ("on", "enabled", "active", "state", "value"):
        if re.search(rf"\b(?:without|no|not) (?:an? |the )?{re.escape(name)}", text, re.IGNORECASE):
            return False
        return True if re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE) else _as_described(p, text)
    off, on = _OFF.search(text), _ON.search(text)
    return False if off else True if on else None


def _as_described(p: Param, text: str) -> bool | None:
    """Return true or false when a clause says what the argument's description asks: "we don't need drums"."""
    own = set(content_stems(p.description)) - {"whether"}
    if not p.description.lower().startswith(("whether", "if ")) or len(own) < 2:
        return None
    for clause in _CLAUSES.split(text):
        if len(own & set(content_stems(clause))) >= max(2, 0.6 * len(own)):
            return not _DENIED.search(clause)
    return None


def _day(p: Param, params: tuple[Param, ...], text: str, taken: list[Span], today: date | None) -> str | None:
    """Return the day that `p` means: of two, the earlier words are the start unless "until" says otherwise."""
    found = quantities.days(text, today)
    dates = [q for q in params if _is_date(q)]
    if found and len(dates) > 1 and sum(bool(_ENDS.search(q.words)) for q in dates) == 1:
        ends = [d for d in found if _END_LEAD.search(text[: d.start])] or found[1:2]
        found = ends if _ENDS.search(p.words) else [d for d in found if d not in ends]
    elif found and len(dates) > 1:
        found = found[dates.index(p) :]
    if not found:
        return None
    taken.append((found[0].start, found[0].end))
    return found[0].value.isoformat()


def _items(p: Param, text: str) -> list[Any] | None:
    if p.items in ("integer", "number"):
        values = [f.value for f in quantities.numbers(text)]
        return [int(v) if p.items == "integer" else v for v in values] or None
    quoted = _QUOTED.findall(text)
    if quoted:
        return [str(q) for q in quoted]
    name = re.escape(p.name.replace("_", " "))
    m = re.search(
        rf"(?:\b(?:{name}|among|one of|between|labels|tags|options)\b\W*(?:are|is|of)?|:)\s*(.+)$", text, re.IGNORECASE
    )
    tail = m[1] if m else ""
    parts = [w.strip(" .?!") for w in re.split(r",|\band\b|\bor\b|/", tail)]
    return [w for w in parts if w] or None


# Structured answers: flat schemas filled from the message, gptsmith's own through composers, nothing else.

Composer = Callable[[list[BaseMessage], Drafting | None], BaseModel]
C = TypeVar("C", bound=Composer)

COMPOSERS: dict[type, Composer] = {}
_HINT = "connect a model that can: set `model: ollama:qwen3:8b` in the spec or the variable OPENAI_API_KEY"
_SCALARS = ("string", "integer", "number", "boolean")


class NotSupported(NotReadyError):
    """The embedded model cannot fill this schema."""


def not_supported(what: str) -> NotSupported:
    """Return the error for something that the embedded model does not do."""
    return NotSupported(f"the embedded model cannot {what}", code="not_supported", hint=_HINT)


def register_composer(schema: type[BaseModel]) -> Callable[[C], C]:
    """Make the decorated function the way in which `schema` is composed from messages."""

    def keep(composer: C) -> C:
        COMPOSERS[schema] = composer
        return composer

    return keep


def composer_of(schema: Any) -> Composer | None:
    """Return the composer of `schema`; the module that a schema names as its `COMPOSER` is loaded when it is needed."""
    if not isinstance(schema, type):
        return None
    if schema not in COMPOSERS and (module := getattr(schema, "COMPOSER", None)):
        import_module(module)
    return COMPOSERS.get(schema)


def parameters_of(schema: Any) -> dict[str, Any]:
    """Return the JSON schema of the object; raises NotSupported unless it is flat: scalars, enums, lists of scalars."""
    function = convert_to_openai_tool(schema)["function"]
    parameters: dict[str, Any] = function.get("parameters") or {}
    for p in read_params(parameters):
        flat = p.type in _SCALARS or bool(p.enum) or (p.type == "array" and p.items in _SCALARS)
        if not flat:
            raise not_supported(f"fill nested schemas ({function.get('name', 'schema')}.{p.name})")
    return parameters


def fill_schema(schema: Any, messages: Sequence[BaseMessage], drafting: Drafting | None = None) -> Any:
    """Return an instance of `schema` (or a dict, for a JSON schema) made from the last message.

    `drafting` watches a schema of the builder's that is written part by part.

    Raises NotSupported when the schema is nested, or when the message does not name a required field.
    """
    composer = composer_of(schema)
    if composer is not None:
        return composer(list(messages), drafting)
    parameters = parameters_of(schema)
    talk = read_conversation(list(messages))
    params = read_params(parameters)
    values = fill_params(params, talk.words, set(content_stems(str(parameters.get("description", "")))))
    whole = [p for p in params if p.required and p.type == "string" and not p.enum and p.name not in values]
    if len(whole) == 1:  # the one free text of a schema is what the person said
        values[whole[0].name] = talk.words
    missing = [p.name for p in params if p.required and p.name not in values]
    if missing:
        raise not_supported(f"find {', '.join(missing)} in the message")
    if not (isinstance(schema, type) and issubclass(schema, BaseModel)):
        return values
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        raise not_supported(f"make a valid {schema.__name__} of the message") from error
