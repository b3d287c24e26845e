"""A model's arguments, read as they are meant: slips that lose nothing are mended, what has no place is left out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from gptsmith.agent.builder.language.mentions import named_documents

# What is wrong with the arguments of a model's call, in one line.


def complaints(error: ValidationError) -> str:
    """Return what is wrong with arguments, each with its place."""
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)[:8])


_ROUNDS = 24  # slips of one answer that are mended
_FENCED = re.compile(r"```(?:json)?\s*\n(.*?)```", re.DOTALL | re.IGNORECASE)
_WRAPPERS = frozenset(("draft", "changeset", "arguments", "parameters", "input", "design", "assistant", "drafttests"))
_KEYS = {  # other names that models give to fields
    "greeting": "welcome_message", "welcome": "welcome_message", "starters": "conversation_starters",
    "suggestions": "conversation_starters", "rules": "emphasis", "title": "name", "prompt": "role",
    "system_prompt": "role", "instructions": "role", "clarification": "clarify", "style": "tone",
    "reason": "words", "explanation": "words", "summary": "words", "operation": "op", "action": "op",
    "from": "old", "to": "new", "position": "after", "index": "after", "operations": "changes",
    "message_to_user": "reply", "comment": "reply",
}  # fmt: skip
_VALUES = {  # other words for the values of an enum, by field
    "op": {"replace": "set", "update": "set", "change": "set", "delete": "remove", "insert": "add", "append": "add"},
    "tests": {"knowledge": "source", "file": "source", "document": "source", "citation": "source", "tone": "rule",
              "behaviour": "rule", "behavior": "rule", "style": "rule", "format": "rule", "language": "rule",
              "identity": "name"},
    "kind": {"file": "knowledge", "files": "knowledge", "document": "knowledge", "feature": "tool",
             "capability": "tool", "integration": "tool", "page": "url", "website": "url", "link": "url"},
}  # fmt: skip
_TEXTS = ("text", "value", "message", "content", "title", "name", "question", "prompt", "rule")


@dataclass
class Read:
    """What an answer says: `parsed` is None where it cannot be read, then `problem` says why.

    `left_out` are sentences on what was dropped and `complaint` is what was wrong with it, for the model; `shown` is
    the answer as the model gave it, `said` its text.
    """

    parsed: list[BaseModel] = field(default_factory=list)
    problem: str = ""
    left_out: list[str] = field(default_factory=list)
    shown: str = ""
    said: str = ""
    complaint: str = ""


def read_answer(answer: dict[str, Any], schema: type[BaseModel]) -> Read:
    """Read every call of `schema` in an answer (`parsed`, `raw`, `parsing_error`), or the JSON in its text."""
    raw = answer.get("raw")
    text = _text(raw)
    found = Read(shown=text, said=text)
    calls = list(_called(raw))
    if calls:
        found.shown = json.dumps(calls if len(calls) > 1 else calls[0], ensure_ascii=False)
    wrong = []
    for arguments in calls or list(_written(text)):
        try:
            found.complaint = found.complaint or _complaint(arguments, schema)
            found.parsed.append(_mended(arguments, schema, found.left_out))
        except ValidationError as error:
            wrong.append(complaints(error))
    if not found.parsed and not wrong and isinstance(answer.get("parsed"), schema):
        found.parsed = [answer["parsed"]]  # a model that composes the answer itself calls nothing
    if not found.parsed:
        broken = bool(getattr(raw, "invalid_tool_calls", None)) and not calls
        name = schema.__name__
        nothing = f"the arguments of {name} are no JSON" if broken else f"it did not call the function {name}"
        found.problem = wrong[0] if wrong else nothing
    elif wrong:
        found.left_out += [f"A part of the answer could not be read ({one})." for one in wrong]
    return found


def _called(raw: Any) -> Iterator[Any]:
    """Yield the arguments of each call, of a broken one where its text is JSON after all."""
    for call in getattr(raw, "tool_calls", None) or []:
        yield call.get("args") or {}
    for call in getattr(raw, "invalid_tool_calls", None) or []:
        yield from _written(str(call.get("args") or ""))


def _text(raw: Any) -> str:
    content = getattr(raw, "content", "")
    if isinstance(content, str):
        return content.strip()
    parts = [part.get("text", "") for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    return "".join(parts).strip()


def _written(text: str) -> Iterator[Any]:
    """Yield the first JSON object of a text: fenced, or in the middle of prose."""
    decoder = json.JSONDecoder(strict=False)
    for body in [*_FENCED.findall(text), text]:
        for start in (m.start() for m in re.finditer(r"\{", body)):
            try:
                data, _ = decoder.raw_decode(body, start)
            except ValueError:
                continue
            if isinstance(data, dict) and data:
                yield data.get("arguments", data) if isinstance(data.get("arguments"), dict) else data
                return


def _complaint(data: Any, schema: type[BaseModel]) -> str:
    try:
        schema.model_validate(_unwrapped(data, schema))
    except ValidationError as error:
        return complaints(error)
    return ""


def _mended(data: Any, schema: type[BaseModel], left_out: list[str]) -> BaseModel:
    """Validate `data`, mending slip after slip. Raises ValidationError for what cannot be done without."""
    data = json.loads(json.dumps(_unwrapped(data, schema)))
    for _ in range(_ROUNDS):
        try:
            return schema.model_validate(data)
        except ValidationError as error:
            if not any(_mend(data, one, schema, left_out) for one in error.errors(include_url=False)):
                raise
    return schema.model_validate(data)


def _unwrapped(data: Any, schema: type[BaseModel]) -> Any:
    if isinstance(data, dict) and len(data) == 1:
        (key, inner), *_ = data.items()
        if key.replace("_", "").casefold() in _WRAPPERS and key not in schema.model_fields and isinstance(inner, dict):
            return inner
    return data


def _mend(data: Any, error: Any, schema: type[BaseModel], left_out: list[str]) -> bool:
    """Mend one slip in `data` itself; say whether anything was done."""
    place = _place(data, error["loc"])
    if place is None:
        return False
    holder, key = place
    kind, loc = error["type"], [part for part in error["loc"] if isinstance(part, (str, int))]
    if kind == "extra_forbidden":
        return _rename(holder, key, left_out)
    value = holder[key] if (isinstance(holder, list) or key in holder) else None
    if kind == "missing":
        return _drop_item(data, loc[:-1], left_out)
    meant = _meant(kind, key, value, holder, error)
    if meant is not None and meant != value:
        holder[key] = meant
        return True
    return _drop(data, loc, schema, left_out)


def _place(data: Any, loc: tuple[Any, ...]) -> tuple[Any, Any] | None:
    """Return what holds the faulty value, and its key there; parts of `loc` that name a type are passed over."""
    here: Any = data
    holder: Any = None
    key: Any = None
    for part in loc:
        if isinstance(here, dict) and isinstance(part, str):
            holder, key, here = here, part, here.get(part)
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            holder, key, here = here, part, here[part]
    return None if holder is None else (holder, key)


_TALK = ("words", "asked")  # what is said of a change is no part of it: nothing is lost when it is said twice


def _rename(holder: dict[str, Any], key: str, left_out: list[str]) -> bool:
    """Move a value to the field that is meant, where that is empty; else leave it out."""
    value, meant = holder.pop(key), _KEYS.get(key.casefold())
    if meant and not holder.get(meant) and isinstance(value, (str, int, list)):
        holder[meant] = value
    elif value not in (None, "", [], {}) and meant not in _TALK:
        left_out.append(f"Left out: {key.replace('_', ' ')} ({_short(value)}), for which there is no place.")
    return True


def _meant(kind: str, key: Any, value: Any, holder: Any, error: Any) -> Any:
    """Return the value that a faulty one stands for; None when it stands for none."""
    if kind == "list_type":
        return [value]
    if kind == "string_type":
        if isinstance(value, dict):
            return next((value[name] for name in _TEXTS if isinstance(value.get(name), str)), None)
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return "\n".join(value)
        return str(value) if isinstance(value, (int, float, bool)) else None
    if kind == "literal_error" and isinstance(value, str):
        plain = re.sub(r"[\s-]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", value)).casefold()
        if key == "op" and plain in ("replace", "update", "change", "edit") and holder.get("old"):
            return "replace_text"
        allowed = re.findall(r"'([^']*)'", error["msg"])
        return plain if plain in allowed else _VALUES.get(str(key), {}).get(plain)
    if kind in ("model_type", "model_attributes_type", "dict_type") and isinstance(value, str):
        return _named(value, str(error["loc"][0]))
    return None


def _named(value: str, where: str) -> dict[str, Any] | None:
    """Return the entry of a list that a name alone stands for."""
    if where == "missing":
        document = bool(named_documents(f"from {value}"))
        how = "Attach the files, or add their paths under knowledge." if document else "Add it under tools."
        return {"what": value, "kind": "knowledge" if document else "tool", "how": how}
    if where == "knowledge":
        place = {"urls": [value]} if "://" in value else {"paths": [value]}
        return {"name": value.rsplit("/", 1)[-1].split(".")[0], "description": "What it answers from.", **place}
    if where == "tools":
        return {"type": value, "name": value, "description": value}
    return {"name": value} if where == "variables" else None


def _drop(data: Any, loc: list[Any], schema: type[BaseModel], left_out: list[str]) -> bool:
    """Take out the list item that holds a faulty value, or the optional field itself."""
    if any(isinstance(part, int) for part in loc):
        return _drop_item(data, loc, left_out)
    info = schema.model_fields.get(str(loc[0])) if loc else None
    if info is None or info.is_required() or loc[0] not in data:
        return False
    left_out.append(f"Left out: {str(loc[0]).replace('_', ' ')} ({_short(data.pop(loc[0]))}), which cannot be so.")
    return True


def _drop_item(data: Any, loc: list[Any], left_out: list[str]) -> bool:
    last = max((n for n, part in enumerate(loc) if isinstance(part, int)), default=-1)
    place = _place(data, tuple(loc[: last + 1])) if last >= 0 else None
    if place is None or not isinstance(place[0], list):
        return False
    gone = place[0].pop(place[1])
    left_out.append(f"Left out of {str(loc[0]).replace('_', ' ')}: {_short(gone)}, which could not be read.")
    return True


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else ", ".join(_leaves(value))
    return f'"{text if len(text) <= 80 else text[:79] + "…"}"'


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif value is not None:
        yield str(value)
