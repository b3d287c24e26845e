"""The request for an assistant made of a conversation: fenced blocks that a hosted and an embedded model read alike."""

from __future__ import annotations

from pydantic import BaseModel

from gptsmith.assistants.fences import Fences

FENCES = Fences(
    "assistant", "instructions", "attached_files", "tools", "asked", "answered", "used", "draft", "problems"
)


class Exchange(BaseModel):
    """One turn: what the person wrote, what was answered, and what the answer used, one line each.

    Lines of `used`: `cited guide.md: “a quote”`, `called image_generation as draw_tile`, `showed 1 pictures`.
    """

    asked: str
    answered: str = ""
    used: list[str] = []


class ThreadRequest(BaseModel):
    """A conversation with an assistant, and what may be carried over from it.

    `name`, `description` and `instructions` are those of the assistant that was talked to; `files` the names of files
    that its answers cited, `tools` the tool types with their summaries. Private data is already taken out.
    """

    name: str
    description: str
    instructions: str = ""
    exchanges: list[Exchange] = []
    files: list[str] = []
    tools: dict[str, str] = {}

    def to_text(self) -> str:
        """Return the request as fenced blocks, the conversation last; fences inside the texts are escaped."""
        blocks = [
            FENCES.block("assistant", f"{self.name}\n{self.description}"),
            FENCES.block("instructions", self.instructions),
            FENCES.items("attached_files", self.files),
            FENCES.items("tools", [f"{kind}: {summary}" for kind, summary in self.tools.items()]),
        ]
        for one in self.exchanges:
            blocks += [FENCES.block("asked", one.asked), FENCES.block("answered", one.answered)]
            blocks.append(FENCES.items("used", one.used))
        return "\n\n".join(blocks)


def read_thread_request(text: str) -> ThreadRequest | None:
    """Read the blocks back; None when `text` holds no conversation."""
    about, asked = FENCES.find(text, "assistant"), FENCES.find(text, "asked")
    if not about or not asked:
        return None
    answered = FENCES.find(text, "answered")
    used = [[line[2:].strip() for line in b.splitlines() if line.startswith("- ")] for b in FENCES.find(text, "used")]
    if not len(asked) == len(answered) == len(used):
        return None
    name, _, description = about[0].partition("\n")
    return ThreadRequest(
        name=name,
        description=description,
        instructions="".join(FENCES.find(text, "instructions")[:1]),
        exchanges=[Exchange(asked=a, answered=b, used=c) for a, b, c in zip(asked, answered, used, strict=True)],
        files=FENCES.find_items(text, "attached_files"),
        tools=dict(line.partition(": ")[::2] for line in FENCES.find_items(text, "tools")),
    )
