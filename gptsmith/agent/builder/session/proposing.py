"""The builder's own sentences in a building session."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from pydantic import BaseModel

from gptsmith.agent.builder.attachments import attach, beside
from gptsmith.agent.builder.changes.change import Change
from gptsmith.agent.builder.changes.editor import EarlierTalk, Editor
from gptsmith.agent.builder.changes.order import moved_away
from gptsmith.agent.builder.changes.proposal import Merged, Proposal, merge
from gptsmith.agent.builder.changes.subject import Subject, read_subject
from gptsmith.assistants.editing.operations import Remove, parse_path
from gptsmith.assistants.files.versions import Version
from gptsmith.errors import GptsmithError

if TYPE_CHECKING:
    from gptsmith.agent.builder.builder import Builder


_END = r"[\s.!,]*(?:please|bitte|thanks|thank you)?[\s.!]*\Z"
_GREETING = re.compile(
    r"(?:hi|hello|hey|hallo|guten tag|bonjour|salut|hola|olá|oi|ciao|hoi|good (?:morning|evening|day)|test)(?: there)?",
    re.IGNORECASE,
)
_WHAT_CHANGED = re.compile(
    r"(?:(?:please )?(?:tell|show) me |so,? |and )*(?:what|which (?:things|changes)|everything)"
    r"(?: (?:did|have|has|had|was|were|is|all))*(?: (?:you|we|been|it|there))*"
    r" (?:changed?|do|done|edited|modified|altered|made)(?: (?:so far|until now|up to now|already|yet|today|here"
    r"|in (?:the|this) (?:file|assistant|session)|to (?:it|the file|the assistant|this|my assistant)))*"
    r"|(?:(?:please )?(?:list|show(?: me)?|summari[sz]e|give me) )?(?:all |a list of |a summary of )?(?:the |your )?"
    r"changes"
    r"(?: (?:so far|until now|up to now|you(?: have|['’]ve)? made|made))+"
    r"|was hast du (?:bisher|bis jetzt|schon) geändert|was wurde (?:bisher|schon) geändert"
    r"|qu['’]as-tu changé(?: jusqu['’]ici)?|qué (?:has cambiado|cambiaste)(?: hasta ahora)?"
    r"|cosa hai cambiato(?: finora)?|o que (?:mudaste|você mudou)(?: até agora)?",
    re.IGNORECASE,
)
_LISTED = 30  # changes

ASK_FOR_GOAL = "What should the assistant do, and for whom? A sentence or two is enough."
INVITE = "Try it out. From here on, say what to change, in your own words."
NO_MORE = "I have no more questions."
SAVED = "What you accepted is in the file already."
SAVE = "To keep it among your assistants: the Save button on the page, /save in the terminal, save() in Python."
INTERRUPTED = "I was interrupted before I could answer. Nothing was changed; say it again."
STILL_WAITS = "This still waits."
NOTHING_WAITS = "There is no change that waits for a decision."


def is_greeting(text: str) -> bool:
    """Say whether a first message describes nothing yet."""
    return bool(_GREETING.fullmatch(re.sub(_END, "", text.strip(), flags=re.IGNORECASE)))


def remarks(change: Change) -> list[str]:
    """Return what is to be said about a proposal besides its words, one sentence or paragraph each."""
    out = [risk.question for risk in change.rules_at_risk]
    for held in change.locked:
        lines = "\n".join(f"    {line}" for line in held.lines)
        out.append(f"Not applied: {held.words} ({held.why})" + (f"\n{lines}" if lines else ""))
    out += [f"Not there: {item.what}. {item.how}" for item in change.missing]
    out += [f'I did not understand "{part}".' for part in change.not_understood if part not in change.reply]
    out += [f"Not done: {text}" if not text.endswith(".") else text for text in change.unmet]
    return out + ([change.reply] if change.reply else [])


def shall_go(doubtful: Sequence[str]) -> str:
    """Ask about what waits and would be replaced though nobody took it back."""
    return f"This would replace what still waits: {' '.join(doubtful)} Shall that go?"


def taken_back(version: Version) -> str:
    """Say which change the version takes back, in the words that asked for it."""
    undone = version.reason.removeprefix("undone: ")
    which = (
        f'"{shorten(undone, 100, placeholder=" …")}". The file is as it was before it'
        if undone != version.reason
        else version.reason
    )
    return f"Taken back: {which}. Saved as version {version.number}."


def list_words(words: Sequence[str]) -> str:
    """Return the sentences of a change as a numbered list, from 1, as they are spoken of."""
    return "\n".join(f"{number}. {sentence}" for number, sentence in enumerate(words, 1))


def asks_what_changed(text: str) -> bool:
    """Say whether a message asks what was changed so far."""
    return _WHAT_CHANGED.fullmatch(" ".join(text.split()).strip(" .?!")) is not None


def history(kept: Sequence[Version], waiting: Sequence[str]) -> str:
    """Return the changes of a file, the oldest first, and what waits for a decision."""
    lines = [f"{version.number}. {_by(version)}{version.reason}" for version in kept[1:]][-_LISTED:]
    told = ["So far, by version:", *lines] if lines else ["Nothing was changed so far."]
    return "\n".join([*told, *(f"Still waiting for your decision: {sentence}" for sentence in waiting)])


def _by(version: Version) -> str:
    return "(outside of gptsmith) " if version.author == "outside" else ""


# What a building session keeps: its messages, the change that waits, how far the questions have come; plain data.

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
        told = "" if self.kind == "refused" else list_words(self.words)
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


# A message in a building session as a proposal: put with what waits, written at once, or read as a decision.

QUESTIONS = 6
"""Questions about a new assistant at most."""

_TOLD = ("instructions", "description", "welcome_message", "conversation_starters", "disclaimer", "tests")
"""What an answer to a question of the builder's may change without being accepted; undo takes it back."""


def make_propose(builder: Builder) -> Callable[[SessionState], SessionState]:
    """Return the node that asks the model what a message would change."""

    def propose(state: SessionState) -> SessionState:
        event, waiting = state["event"], pending_of(state)
        steps = waiting.proposal.steps if waiting else ()
        talk = EarlierTalk(conversation(state), steps, interview=state["asked"] >= 0, question=state["question"])
        try:
            subject = read_subject(state["path"], state["said"])
            attached = beside(attach(event["files"], subject.path.parent), subject.path.parent, subject.files_folder)
            found = Editor(builder.chat_model()).propose(subject, event["text"], attached, talk)
            if found.decided:
                return {"event": _decision(event, found, waiting)}
            return _proposed(state, found, waiting, subject)
        except GptsmithError as error:
            return answered(state, "error", str(error), question=state["question"])

    return propose


def _decision(event: dict[str, Any], found: Proposal, waiting: Change | None) -> dict[str, Any]:
    """Return the event that the message is, as the model read it; what else it asks for is proposed behind it."""
    kind = "refuse" if found.decided == "undo" and waiting is not None else found.decided
    then = found.model_copy(update={"decided": ""}).model_dump(mode="json") if found.steps else None
    return {
        "type": kind,
        "only": sorted(set(found.which)) or None,
        "exactly": False,
        "version": event["version"],
        "then": then,
    }


def behind(state: SessionState, kept: dict[str, Any]) -> SessionState:
    """Propose, for the file as it is now, what a message asked for besides its decision."""
    proposal = Proposal.model_validate(kept)
    try:
        subject = read_subject(state["path"], state["said"])
        shown = Change(proposal)
        if why := moved_away(shown.operations, shown.shown.data, subject.data):
            return answered(state, "error", f"Not proposed: {why}. Ask for it again.", question=state["question"])
        base = {str(subject.path): subject.text}
        if subject.told_file is not None:
            base[str(subject.told_file)] = subject.told_text
        return _proposed(state, proposal.model_copy(update={"base": base}), pending_of(state), subject)
    except GptsmithError as error:
        return answered(state, "error", str(error), question=state["question"])


def _proposed(state: SessionState, found: Proposal, waiting: Change | None, subject: Subject) -> SessionState:
    """Say what would change, put together with what waits already, and what is asked next."""
    merged = merge(waiting.proposal, found, subject) if waiting is not None else Merged(found)
    change, asks = Change(merged.proposal), found.question
    asked = state["asked"]
    if asked >= 0:
        asked = asked + 1 if asks and asked < QUESTIONS else -1
        asks = asks if asked >= 0 else ""
    lines = [line for line in (merged.told, *remarks(change)) if line]
    kept = None if change.changes_nothing else change.proposal.model_dump(mode="json")
    written = waiting is None and _answers(state, change)
    if state["asked"] >= 0 and asked < 0:
        lines.append(NO_MORE if kept and not written else INVITE)
    if written:
        event = {"type": "accept", "only": [*range(len(change.operations))], "version": state["event"]["version"]}
        return {"pending": kept, "asked": asked, "question": asks, "event": {**event, "lines": lines}}
    if merged.otherwise is not None:
        asks = shall_go(merged.doubtful)
    elif merged.doubtful:
        lines += [f"No longer: {told}" for told in merged.doubtful]
    nothing = not (change.words or lines or asks)
    text = "\n".join(lines) if not nothing else "Nothing would change. Say it in other words."
    shown = change.words and (found.steps or merged.told or merged.doubtful)
    reply = answered(
        state,
        "proposal" if shown else "answer",
        text,
        words=change.words if shown else [],
        diff=change.diff if shown else "",
        question=asks,
    )
    otherwise = merged.otherwise.model_dump(mode="json") if merged.otherwise is not None else None
    return {**reply, "pending": kept, "otherwise": otherwise, "confirmed": False, "asked": asked}


def _answers(state: SessionState, change: Change) -> bool:
    """Say whether a change is the answer to the builder's own question, which needs no decision of its own."""
    if state["asked"] < 0 or not state["question"] or change.changes_nothing:
        return False
    if change.rules_at_risk or change.locked or change.not_understood:
        return False
    return all(not isinstance(op, Remove) and parse_path(op.path)[0] in _TOLD for op in change.operations)
