"""What a building session keeps: its messages, the change that waits, how far the questions have come; plain data."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, TypedDict

from pydantic import BaseModel

from gptsmith.agent.builder import session_words as words
from gptsmith.agent.builder.edits.change import Change
from gptsmith.agent.builder.edits.proposal import Proposal

_REMEMBERED = 24  # lines of the conversation that a model is shown
_LONGEST_LINE = 1500

Kind = Literal["said", "draft", "proposal", "answer", "applied", "refused", "undone", "error", "note"]


class SessionMessage(BaseModel):
    """One message of a building session, for display.

    A `proposal` and an `applied` change have `words`, one sentence per operation, and `diff`; a `refused` one has the
    words of what was not done. `text` is what else is to be said, `question` is asked at its end.
    """

    role: Literal["person", "builder"]
    text: str
    kind: Kind
    words: list[str] = []
    diff: str = ""
    question: str = ""
    files: list[str] = []

    @property
    def whole(self) -> str:
        """The message as one text, its words as a numbered list."""
        told = "" if self.kind == "refused" else words.listed(self.words)
        return "\n\n".join(part for part in (told, self.text, self.question) if part)


class SessionState(TypedDict, total=False):
    """What a session keeps, as plain data.

    `otherwise` is what waits instead when the person says no to a question of what would go. `said` are the person's
    own words where the session made the file, else None; `asked` counts the questions, -1 when no more are asked;
    `event` is what is to be answered, with the file's newest version when it came.
    """

    path: str
    messages: list[dict[str, Any]]
    pending: dict[str, Any] | None
    otherwise: dict[str, Any] | None
    confirmed: bool
    said: list[str] | None
    asked: int
    question: str
    event: dict[str, Any]


def start(path: Path | None) -> SessionState:
    """Return the state of a session that begins, on a file that is there or on none yet."""
    return {
        "path": str(path) if path else "",
        "messages": [],
        "pending": None,
        "otherwise": None,
        "confirmed": False,
        "said": [] if path is None else None,
        "asked": -1,
        "question": "",
        "event": {},
    }


def pending_of(state: SessionState) -> Change | None:
    """Return the change that waits for the person's decision."""
    kept = state.get("pending")
    return Change(Proposal.model_validate(kept)) if kept else None


def answered(
    state: SessionState,
    kind: Kind,
    text: str,
    *,
    words: list[str] | None = None,
    diff: str = "",
    question: str = "",
) -> SessionState:
    message = SessionMessage(role="builder", text=text, kind=kind, words=words or [], diff=diff, question=question)
    return {"messages": [*state["messages"], message.model_dump()], "question": question}


def conversation(state: SessionState) -> list[str]:
    """Return what was said before the message at hand, as the request wants it."""
    lines = []
    for kept in state["messages"][:-1][-_REMEMBERED:]:
        message = SessionMessage.model_validate(kept)
        text = message.text if message.role == "person" else _short(message)
        if text:
            lines.append(f"{message.role}: {' '.join(text.split())[:_LONGEST_LINE]}")
    return lines


def _short(message: SessionMessage) -> str:
    """Say what the builder said in the words that a model needs: what was applied, what was asked."""
    if message.kind in ("error", "note"):
        return message.question
    if message.kind == "proposal":  # what waits stands in the request, what was decided in the message behind
        return message.question
    head = {"applied": "The person accepted:", "refused": "The person refused:"}
    parts = [head.get(message.kind, ""), " ".join(message.words), message.text, message.question]
    return " ".join(part for part in parts if part)
