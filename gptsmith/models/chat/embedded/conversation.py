"""A conversation as the embedded model sees it: who it is, what was said, which pictures and passages there are."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from gptsmith.models.passages import Passage, unfence
from gptsmith.models.picture_notes import find_file_notes, find_picture_notes, strip_picture_notes

_NOTES = re.compile(r"\n# Earlier in this conversation\n[^\n]*\n<notes>\n(.*?)\n</notes>", re.DOTALL)
_SYSTEM = re.compile(r"^You are (?P<name>.+?)\.(?:\s+(?P<rest>.*))?$", re.DOTALL)


@dataclass(frozen=True)
class Role:
    """What the system message says: every part may be empty. `files`: it speaks of passages from files."""

    name: str = ""
    description: str = ""
    instructions: str = ""
    files: bool = False


@dataclass(frozen=True)
class Picture:
    """A picture of the conversation; `age` counts the person's messages since it came, 0 for this one."""

    id: str
    age: int
    drawn: bool


@dataclass(frozen=True)
class Turn:
    """An earlier exchange: the person's words and the answer; `drew` when a picture was drawn for them."""

    words: str
    reply: str = ""
    drew: bool = False


@dataclass(frozen=True)
class Conversation:
    """Everything that the reply may stand on. `passages` is None when the message carries no block; `files` are the
    names of those that were attached last. `notes` is what is remembered of what is no longer shown.
    """

    role: Role
    words: str
    passages: list[Passage] | None = None
    earlier: list[Turn] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    results: list[ToolMessage] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    notes: str = ""

    @property
    def picture(self) -> Picture | None:
        """The picture that "it" means: the last one that came."""
        return self.pictures[-1] if self.pictures else None


def read_conversation(messages: list[BaseMessage]) -> Conversation:
    """Read `messages` as any model is given them; what it cannot use (other block types) is passed over."""
    role = Role()
    turns: list[tuple[str, list[Passage] | None]] = []
    replies: list[str] = []
    pictures: list[tuple[str, int, bool]] = []
    results: list[ToolMessage] = []
    files: list[str] = []
    notes = ""
    for message in messages:
        text = text_of(message)
        if isinstance(message, SystemMessage):
            role = role if role.name else _read_role(text)
            notes = _NOTES.findall(text)[-1] if _NOTES.search(text) else notes
        elif isinstance(message, HumanMessage):
            words, passages = unfence(text)
            turns.append((strip_picture_notes(words), passages))
            replies.append("")
            files = find_file_notes(words) or files
            results = []
            pictures += [(id, len(turns), False) for id in [*_block_ids(message), *_note_ids(words)]]
        elif isinstance(message, ToolMessage):
            results.append(message)
            pictures += [(id, len(turns), True) for id in _note_ids(text)]
        elif isinstance(message, AIMessage) and replies and text:
            replies[-1] = text
            results = []
    words, passages = turns[-1] if turns else ("", None)
    return Conversation(
        role=role,
        words=words,
        passages=passages,
        earlier=[
            Turn(w, r, drew=any(drawn and turn == n for _, turn, drawn in pictures))
            for n, ((w, _), r) in enumerate(zip(turns[:-1], replies[:-1], strict=True), 1)
        ],
        pictures=[Picture(id, len(turns) - turn, drawn) for id, turn, drawn in pictures],
        results=results,
        files=files,
        notes=notes,
    )


def text_of(message: BaseMessage) -> str:
    """Return the text of a message, its text blocks joined."""
    if isinstance(message.content, str):
        return message.content
    parts = [b if isinstance(b, str) else b.get("text", "") for b in message.content]
    return "\n".join(str(p) for p in parts if p)


def _block_ids(message: BaseMessage) -> list[str]:
    """Return the ids of image blocks that carry one."""
    if isinstance(message.content, str):
        return []
    blocks = [b for b in message.content if isinstance(b, dict) and b.get("type") in ("image", "image_url")]
    return [str(b["id"]) for b in blocks if b.get("id")]


def _note_ids(text: str) -> list[str]:
    return [note.id for note in find_picture_notes(text)]


def _read_role(text: str) -> Role:
    head, _, rest = text.partition("\n# Instructions\n")
    instructions = rest.partition("\n# How to answer")[0].strip()
    files = "Passages from" in text.partition("\n# How to answer")[2]
    match = _SYSTEM.match(head.partition("\n# How to answer")[0].strip())
    if match is None:
        return Role(instructions=instructions or head.strip(), files=files)
    return Role(match["name"].strip(), (match["rest"] or "").strip(), instructions, files)
