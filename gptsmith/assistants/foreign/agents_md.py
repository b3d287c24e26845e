"""An AGENTS.md (CLAUDE.md, GEMINI.md): instructions as plain Markdown; also written."""

from __future__ import annotations

import re
from typing import Any

from gptsmith.assistants.foreign.carried import Foreign
from gptsmith.assistants.foreign.given import Given

NAME = "AGENTS.md"
_FILES = ("agents.md", "claude.md", "gemini.md", "agent.md")


def fits(given: Given) -> bool:
    """Tell whether it is one."""
    return given.kind == "text" and given.path.name.lower() in _FILES


def read(given: Given) -> list[Foreign]:
    """Return the assistant; its name is the first heading that says more than the file's name."""
    made, text = Foreign(NAME), given.text.strip()
    heads = [line.lstrip("#").strip() for line in text.splitlines() if re.match(r"#{1,2}\s", line)]
    said = [head for head in heads[:1] if head.lower() not in _FILES and len(head) <= 80]
    folder = given.path.resolve().parent.name
    blocks = [block for block in re.split(r"\n\s*\n", text) if not re.match(r"[#`\-*<|>]", block.strip())]
    made.describe(said[0] if said else f"{folder} guide", blocks[0] if blocks else "", text)
    if "@" in text and re.search(r"^@\S+\.md\s*$", text, re.MULTILINE):
        made.leave("files named with @", "they are not read in; copy what is needed from them")
    return [made]


def write(spec: dict[str, Any]) -> str:
    """Return a spec as an AGENTS.md."""
    return f"# {spec['name']}\n\n{spec['description']}\n\n{spec['instructions'].strip()}\n"
