"""A prompt of LangChain or LangSmith: a template as JSON, or one saved by `dumps`."""

from __future__ import annotations

import re
from typing import Any

from gptsmith.assistants.foreign.carried import Foreign, Source, escaped
from gptsmith.assistants.foreign.given import Given

NAME = "LangChain prompt"
_FIELD = re.compile(r"(?<!\{)\{([A-Za-z_][A-Za-z0-9_]*)\}(?!\})")
_MUSTACHE = re.compile(r"\{\{\{?\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}?\}\}")
_ROLES = {"SystemMessage": "system", "HumanMessage": "user", "AIMessage": "assistant", "ChatMessage": "user"}
_WORDS = frozenset(
    ("_type", "lc", "type", "id", "name", "input_types", "partial_variables", "optional_variables", "input_variables",
     "output_parser", "validate_template", "metadata", "tags", "template_format")
)  # fmt: skip


def fits(given: Given) -> bool:
    """Tell whether it is one."""
    data = given.data
    if not isinstance(data, dict):
        return False
    return data.get("_type") in ("prompt", "few_shot", "chat") or (data.get("lc") == 1 and _find(data) is not None)


def read(given: Given) -> list[Foreign]:
    """Return the assistant: system messages are its instructions, further ones examples, inputs its variables."""
    made = Foreign(NAME)
    prompt = _find(given.data)
    source = Source(prompt["kwargs"] if prompt is not None else given.data)
    told, examples, asked = [], [], ""
    for role, text, fields in _messages(source, made):
        filled = _variables(made, text, fields)
        if role == "system":
            told.append(filled)
        elif role == "user" and fields and _only_fields(text):
            asked = asked or fields[0]  # where the person's own words stand
        else:
            examples.append(f"{'Person' if role == 'user' else 'You'}: {filled}")
    words = "\n\n".join(told)
    if examples:
        words += "\n\n# The conversation that it was written for\n" + "\n\n".join(examples)
    made.describe(str(given.data.get("name") or given.title), "", "")
    variables = made.spec.pop("variables", {})
    made.put("instructions", words.strip() or made.spec["instructions"], 32_000)
    used = {name: value for name, value in variables.items() if "{{" + name + "}}" in made.spec["instructions"]}
    if used:
        made.spec["variables"] = used
    if prompt is not given.data and prompt is not None:
        made.leave("what follows the prompt", "a chain's model and parsers are not carried; the default model answers")
    made.leave_rest(source, _WORDS)
    return [made]


def _find(data: Any, depth: int = 0) -> dict[str, Any] | None:
    """Return the prompt in a saved object: itself, or the first step of a chain."""
    if depth > 8 or not isinstance(data, dict):
        return None
    name = data["id"][-1] if isinstance(data.get("id"), list) and data["id"] else ""
    kwargs = data.get("kwargs")
    if isinstance(kwargs, dict):
        if str(name).endswith("PromptTemplate"):
            return data
        for step in (kwargs.get("first"), kwargs.get("bound"), *_list(kwargs.get("middle"))):
            if (found := _find(step, depth + 1)) is not None:
                return found
    return None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _messages(source: Source, made: Foreign) -> list[tuple[str, str, list[str]]]:
    """Return each message's role, its template, and the fields in it."""
    found = source.take("messages")
    if not isinstance(found, list):
        form = source.text("template_format") or "f-string"
        text = source.text("template", "prefix")
        return [("system", *_fields(text, form, made))]
    out = []
    for item in found:
        data = item if isinstance(item, dict) else {}
        name = str(data["id"][-1]) if isinstance(data.get("id"), list) and data["id"] else ""
        kwargs = data["kwargs"] if isinstance(data.get("kwargs"), dict) else data
        if name == "MessagesPlaceholder":
            continue  # the conversation itself
        prompt = kwargs.get("prompt")
        inner = prompt.get("kwargs", prompt) if isinstance(prompt, dict) else kwargs
        words = inner.get("template") or inner.get("content") if isinstance(inner, dict) else None
        if not isinstance(words, str):
            made.leave(name or "a message", "only messages of text are carried")
            continue
        role = next((role for kind, role in _ROLES.items() if name.startswith(kind)), str(kwargs.get("role") or "user"))
        out.append((role, *_fields(words, str(inner.get("template_format") or "f-string"), made)))
    return out


def _fields(text: str, form: str, made: Foreign) -> tuple[str, list[str]]:
    """Return a template with its fields as `\\0name\\0`, and their names."""
    pattern = _FIELD if form == "f-string" else _MUSTACHE
    names = list(dict.fromkeys(pattern.findall(text)))
    marked = pattern.sub(lambda found: f"\0{found[1]}\0", text)
    if form == "f-string":
        marked = marked.replace("{{", "{").replace("}}", "}")
    elif form == "jinja2" and "{%" in text:
        made.leave("conditions and loops of jinja2", "they stand as they are; a prompt here has only variables")
    return marked, names


def _only_fields(text: str) -> bool:
    return not re.sub(r"\0\w+\0", "", text).strip()


def _variables(made: Foreign, text: str, fields: list[str]) -> str:
    """Return the text with our variables in the places of its fields."""
    out = escaped(text)
    for field in fields:
        name = re.sub(r"[^a-z0-9_]", "_", field.lower()).lstrip("_0123456789") or "value"
        about = {"description": f"Stands for {field}", "default": ""}
        made.spec.setdefault("variables", {})[name] = about
        out = out.replace(f"\0{field}\0", "{{" + name + "}}")
    return out
