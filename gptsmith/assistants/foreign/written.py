"""An assistant in the form of another program, as far as that form holds it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from gptsmith.assistants.foreign import agents_md, character_card, openai_gpt
from gptsmith.assistants.foreign.carried import Left
from gptsmith.assistants.format.loader import Loaded
from gptsmith.errors import UsageError

_HELD: dict[str, tuple[str, ...]] = {
    "character-card": ("welcome_message", "metadata", "version"),
    "agents-md": (),
    "openai-gpt": ("conversation_starters", "tools"),
}


def _card(spec: dict[str, Any]) -> str:
    return json.dumps(character_card.write(spec), indent=2, ensure_ascii=False) + "\n"


_WRITERS: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "character-card": (".card.json", _card),
    "agents-md": (".AGENTS.md", agents_md.write),
    "openai-gpt": (".gpt.txt", openai_gpt.write),
}
FORMS = tuple(_WRITERS)


def write_foreign(loaded: Loaded, form: str) -> tuple[str, str, list[Left]]:
    """Return the text of an assistant in a form, the ending of its file's name, and what the form cannot hold.

    Raises:
        UsageError: there is no such form.
    """
    if form not in _WRITERS:
        raise UsageError(f"there is no form {form[:40]!r}", hint=f"there are: {', '.join(FORMS)}")
    spec = loaded.spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
    spec["instructions"] = loaded.instructions()
    always = {"schema", "id", "name", "description", "instructions", "instructions_file", *_HELD[form]}
    why = "this form has no place for it"
    left = [Left(what=name, why=why) for name in spec if name not in always]
    tools = spec.get("tools", []) if "tools" in _HELD[form] else []
    left += [
        Left(what=f"tool {tool.get('name') or tool['type']}", why=why)
        for tool in tools
        if tool["type"] not in openai_gpt.KINDS
    ]
    ending, write = _WRITERS[form]
    return write(spec), ending, left
