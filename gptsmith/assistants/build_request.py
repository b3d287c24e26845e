"""The request that the builder sends to a model: fenced blocks that a hosted and an embedded model read alike."""

from __future__ import annotations

import re

from pydantic import BaseModel

_WORDS = "description|attached_files|tools|change|draft|problems"
_FENCE = re.compile(rf"<(?=/?(?:{_WORDS})>)")
_ESCAPED = re.compile(rf"&lt;(?=/?(?:{_WORDS})>)")
_EMPTY = "(none)"


class BuildRequest(BaseModel):
    """What the person wants built: their words, the names of the attached files, the tool types with their summaries.

    `changes` are what the person said after reading an earlier proposal, oldest first.
    """

    description: str
    files: list[str] = []
    tools: dict[str, str] = {}
    changes: list[str] = []

    def to_text(self) -> str:
        """Return the request as fenced blocks; a fence inside the person's words is escaped."""
        files = "\n".join(f"- {name}" for name in self.files)
        tools = "\n".join(f"- {kind}: {' '.join(summary.split())}" for kind, summary in self.tools.items())
        blocks = [_block("description", self.description), _block("attached_files", files), _block("tools", tools)]
        return "\n\n".join(blocks + [_block("change", change) for change in self.changes])


def read_request(text: str) -> BuildRequest | None:
    """Read the blocks back; None when `text` has no description block."""
    description = _find(text, "description")
    if not description:
        return None
    tools = dict(line.partition(": ")[::2] for line in _items(text, "tools"))
    return BuildRequest(
        description=description[0], files=_items(text, "attached_files"), tools=tools, changes=_find(text, "change")
    )


def fenced(name: str, text: str) -> str:
    """Return `text` as the block `name`, for the rounds after the first."""
    return _block(name, text)


def _block(name: str, text: str) -> str:
    return f"<{name}>\n{_FENCE.sub('&lt;', text.strip()) or _EMPTY}\n</{name}>"


def _find(text: str, name: str) -> list[str]:
    found = re.findall(rf"<{name}>\n(.*?)\n</{name}>", text, re.DOTALL)
    return [_ESCAPED.sub("<", body) for body in found]


def _items(text: str, name: str) -> list[str]:
    bodies = _find(text, name)
    lines = bodies[0].splitlines() if bodies else []
    return [line[2:].strip() for line in lines if line.startswith("- ")]
