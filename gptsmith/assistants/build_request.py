"""The request that the builder sends to a model: fenced blocks that a hosted and an embedded model read alike."""

from __future__ import annotations

from pydantic import BaseModel

from gptsmith.assistants.fences import Fences

FENCES = Fences("description", "attached_files", "tools", "draft", "problems")


class BuildRequest(BaseModel):
    """What the person wants built: their words, the attached files' names, the tool types with their summaries."""

    description: str
    files: list[str] = []
    tools: dict[str, str] = {}

    def to_text(self) -> str:
        """Return the request as fenced blocks; a fence inside the person's words is escaped."""
        blocks = [
            FENCES.block("description", self.description),
            FENCES.items("attached_files", self.files),
            FENCES.items("tools", [f"{kind}: {summary}" for kind, summary in self.tools.items()]),
        ]
        return "\n\n".join(blocks)


def read_request(text: str) -> BuildRequest | None:
    """Read the blocks back; None when `text` has no description block."""
    description = FENCES.find(text, "description")
    if not description:
        return None
    tools = dict(line.partition(": ")[::2] for line in FENCES.find_items(text, "tools"))
    return BuildRequest(
        description=description[0],
        files=FENCES.find_items(text, "attached_files"),
        tools=tools,
    )
