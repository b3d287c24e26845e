"""A message in a building session as a proposal: put with what waits, written at once, or read as a decision."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gptsmith.agent.builder import session_words as words
from gptsmith.agent.builder.attachments import attach, beside
from gptsmith.agent.builder.edits.change import Change
from gptsmith.agent.builder.edits.editor import Editor, Talk
from gptsmith.agent.builder.edits.merging import Merged, merge
from gptsmith.agent.builder.edits.proposal import Proposal
from gptsmith.agent.builder.edits.standing import moved_away
from gptsmith.agent.builder.edits.subject import Subject, read_subject
from gptsmith.agent.builder.session_state import SessionState, answered, conversation, pending_of
from gptsmith.assistants.operations import Remove, parse_path
from gptsmith.errors import GptsmithError

if TYPE_CHECKING:
    from gptsmith.agent.builder.builder import Builder

QUESTIONS = 6
"""Questions about a new assistant at most."""

_TOLD = ("instructions", "description", "welcome_message", "conversation_starters", "disclaimer", "tests")
"""What an answer to a question of the builder's may change without being accepted; undo takes it back."""


def make_propose(builder: Builder) -> Callable[[SessionState], SessionState]:
    """Return the node that asks the model what a message would change."""

    def propose(state: SessionState) -> SessionState:
        event, waiting = state["event"], pending_of(state)
        steps = waiting.proposal.steps if waiting else ()
        talk = Talk(conversation(state), steps, interview=state["asked"] >= 0, question=state["question"])
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
    return {"type": kind, "only": sorted(set(found.which)) or None, "version": event["version"], "then": then}


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
    lines = [line for line in (merged.told, *words.remarks(change)) if line]
    kept = None if change.changes_nothing else change.proposal.model_dump(mode="json")
    written = waiting is None and _answers(state, change)
    if state["asked"] >= 0 and asked < 0:
        lines.append(words.NO_MORE if kept and not written else words.INVITE)
    if written:
        event = {"type": "accept", "only": [*range(len(change.operations))], "version": state["event"]["version"]}
        return {"pending": kept, "asked": asked, "question": asks, "event": {**event, "lines": lines}}
    if merged.otherwise is not None:
        asks = words.shall_go(merged.doubtful)
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
