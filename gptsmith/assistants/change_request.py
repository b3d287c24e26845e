"""The request for a change of an assistant: fenced blocks that a hosted and an embedded model read alike."""

from __future__ import annotations

from pydantic import BaseModel

from gptsmith.assistants.fences import Fences

FENCES = Fences(
    "spec",
    "instructions",
    "attached_files",
    "tools",
    "locked",
    "rules",
    "conversation",
    "message",
    "proposal",
    "problems",
)


class ChangeRequest(BaseModel):
    """What the person says about an assistant that is there, with all that is needed to answer.

    `spec` is the YAML text as it stands; `instructions` the text of its `instructions_file`, empty without one; `files`
    the names of the files attached to the message; `tools` the tool types with their summaries; `locked` the paths that
    may only be suggested; `rules` the person's own rules, word for word; `conversation` what was said before, oldest
    first, as "person: …" and "builder: …" lines.
    """

    spec: str
    message: str
    instructions: str = ""
    files: list[str] = []
    tools: dict[str, str] = {}
    locked: list[str] = []
    rules: list[str] = []
    conversation: list[str] = []

    def to_text(self) -> str:
        """Return the request as fenced blocks, the person's message last; fences inside the texts are escaped."""
        told = [FENCES.block("instructions", self.instructions)] if self.instructions else []
        return "\n\n".join(
            [
                FENCES.block("spec", self.spec),
                *told,
                FENCES.items("attached_files", self.files),
                FENCES.items("tools", [f"{kind}: {summary}" for kind, summary in self.tools.items()]),
                FENCES.items("locked", self.locked),
                FENCES.items("rules", self.rules),
                FENCES.items("conversation", self.conversation),
                FENCES.block("message", self.message),
            ]
        )


def read_change_request(text: str) -> ChangeRequest | None:
    """Read the blocks back; None when `text` has no block of a spec and of a message."""
    spec, message = FENCES.find(text, "spec"), FENCES.find(text, "message")
    if not spec or not message:
        return None
    tools = dict(line.partition(": ")[::2] for line in FENCES.find_items(text, "tools"))
    return ChangeRequest(
        spec=spec[0],
        message=message[0],
        instructions="".join(FENCES.find(text, "instructions")[:1]),
        files=FENCES.find_items(text, "attached_files"),
        tools=tools,
        locked=FENCES.find_items(text, "locked"),
        rules=FENCES.find_items(text, "rules"),
        conversation=FENCES.find_items(text, "conversation"),
    )
