"""From a guarded draft to the data of a spec: code, not the model, decides what the YAML holds."""

from __future__ import annotations

from typing import Any

from gptsmith.agent.builder.attachments import Attachment
from gptsmith.assistants.description import language
from gptsmith.assistants.draft import Draft, DraftKnowledge, DraftTest

_HEADINGS = {
    "en": ("What matters", "How you work", "When to ask back", "How you speak"),
    "de": ("Worauf es ankommt", "So gehst du vor", "Wann du nachfragst", "So sprichst du"),
    "es": ("Lo que importa", "Cómo trabajas", "Cuándo preguntar", "Cómo hablas"),
    "fr": ("Ce qui compte", "Ta façon de travailler", "Quand poser une question", "Ta façon de parler"),
    "it": ("Ciò che conta", "Come lavori", "Quando fare domande", "Come parli"),
    "pt": ("O que importa", "Como trabalhas", "Quando perguntar", "Como falas"),
    "nl": ("Wat telt", "Zo werk je", "Wanneer je doorvraagt", "Zo praat je"),
}
RULES_HEADINGS = frozenset(headings[0] for headings in _HEADINGS.values())
WORK_HEADINGS = frozenset(headings[1] for headings in _HEADINGS.values())


def instructions(draft: Draft) -> str:
    """Join the five parts of the instructions, each under its heading, in the draft's own language."""
    matters, works, asks, speaks = _HEADINGS.get(language(draft.role), _HEADINGS["en"])
    parts = [draft.role.strip()]
    parts += [f"## {matters}\n{_bullets(draft.emphasis)}"] if draft.emphasis else []
    parts += [f"## {works}\n{_bullets(draft.guidelines)}"] if draft.guidelines else []
    parts += [f"## {asks}\n{draft.clarify.strip()}"] if draft.clarify.strip() else []
    parts += [f"## {speaks}\n{draft.tone.strip()}"] if draft.tone.strip() else []
    return "\n\n".join(parts) + "\n"


def spec_data(draft: Draft, id: str, attachments: list[Attachment]) -> dict[str, Any]:
    """Return the spec as plain data in the file's own terms, empty fields left out."""
    model = {"temperature": draft.temperature} if draft.temperature is not None else None
    variables = {
        v.name: {k: value for k, value in (("description", v.description), ("default", v.default)) if value is not None}
        for v in draft.variables
    }
    data: dict[str, Any] = {
        "schema": "assistant/v1",
        "id": id,
        "name": draft.name,
        "description": draft.description,
        "instructions": instructions(draft),
        "variables": variables,
        "model": model,
        "welcome_message": draft.welcome_message.strip(),
        "conversation_starters": draft.conversation_starters,
        "knowledge": [_source(source, id, attachments) for source in draft.knowledge],
        "tools": [{"type": t.type, "name": t.name, "description": t.description} for t in draft.tools],
        "tests": [_test(test) for test in draft.tests],
    }
    return {key: value for key, value in data.items() if value not in (None, "", [], {})}


def _source(source: DraftKnowledge, id: str, attachments: list[Attachment]) -> dict[str, Any]:
    paths = [_place(path, id, attachments) for path in source.paths]
    data = {"name": source.name, "description": source.description[:1000], "paths": paths, "urls": source.urls}
    return {key: value for key, value in data.items() if value}


def _place(path: str, id: str, attachments: list[Attachment]) -> str:
    """Return the spec's path for a listed name: an attachment itself, or a file inside an attached folder."""
    for attachment in attachments:
        if path == attachment.name:
            return attachment.spec_path(id)
        if attachment.name.endswith("/") and path.startswith(attachment.name):
            return f"{attachment.spec_path(id)}/{path.removeprefix(attachment.name)}"
    return path


def _test(test: DraftTest) -> dict[str, Any]:
    expect: dict[str, Any] = {k: getattr(test, k) for k in ("contains", "not_contains", "cites", "calls")}
    expect = {key: value for key, value in expect.items() if value}
    if test.matches:
        expect["matches"] = test.matches
    return {"name": test.name, "message": test.message, "expect": expect}


def _bullets(lines: list[str]) -> str:
    return "\n".join("- " + line.strip().replace("\n", "\n  ") for line in lines)
