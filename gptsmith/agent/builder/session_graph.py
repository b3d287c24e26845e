"""The graph of a building session: it listens, drafts, proposes, decides and takes back, and never forgets between."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from pydantic import BaseModel

from gptsmith.agent.builder import session_words as words
from gptsmith.agent.builder.attachments import attach, beside
from gptsmith.agent.builder.edits.change import Change
from gptsmith.agent.builder.edits.editor import Editor, Talk
from gptsmith.agent.builder.edits.merging import merge
from gptsmith.agent.builder.edits.proposal import Proposal
from gptsmith.agent.builder.edits.secrets import hold_back
from gptsmith.agent.builder.edits.subject import Subject, read_subject
from gptsmith.agent.builder.undoing import take_back
from gptsmith.assistants.drafts import Drafts
from gptsmith.assistants.library import is_shipped
from gptsmith.errors import GptsmithError, UsageError

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

    from gptsmith.agent.builder.builder import Builder

QUESTIONS = 6
"""Questions about a new assistant at most."""

_REMEMBERED = 24  # lines of the conversation that a model is shown
_LONGEST_LINE = 1500

Kind = Literal["said", "draft", "proposal", "answer", "applied", "refused", "undone", "error", "note"]
Way = Literal["draft", "propose", "decide", "undo", "enough", "move"]


class SessionMessage(BaseModel):
    """One message of a building session, for display.

    A `proposal` and an `applied` change have `words`, one sentence per operation, and `diff`; `text` is what else is to
    be said. `question` is asked at its end.
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
        return "\n\n".join(part for part in (words.listed(self.words), self.text, self.question) if part)


class SessionState(TypedDict, total=False):
    """What a session keeps, as plain data.

    `said` are the person's own words where the session made the file, else None; `asked` counts the questions, -1 when
    no more are asked; `done` are the numbers of the versions that it wrote; `event` is what is to be answered.
    """

    path: str
    messages: list[dict[str, Any]]
    pending: dict[str, Any] | None
    confirmed: bool
    said: list[str] | None
    asked: int
    question: str
    done: list[int]
    event: dict[str, Any]


def start(path: Path | None) -> SessionState:
    """Return the state of a session that begins, on a file that is there or on none yet."""
    return {
        "path": str(path) if path else "",
        "messages": [],
        "pending": None,
        "confirmed": False,
        "said": [] if path is None else None,
        "asked": -1,
        "question": "",
        "done": [],
        "event": {},
    }


def pending_of(state: SessionState) -> Change | None:
    """Return the change that waits for the person's decision."""
    kept = state.get("pending")
    return Change(Proposal.model_validate(kept)) if kept else None


def session_graph(builder: Builder, checkpointer: Any) -> CompiledStateGraph[Any, Any, Any, Any]:
    """Compile the graph; it waits in `listen` for the next event, and every way leads back there."""
    from langgraph.graph import START, StateGraph

    nodes: dict[Way, Callable[[SessionState], SessionState]] = {
        "draft": make_draft(builder),
        "propose": make_propose(builder),
        "decide": decide,
        "undo": undo,
        "enough": enough,
        "move": move,
    }
    graph = StateGraph(SessionState)
    graph.add_node("listen", listen)
    graph.add_edge(START, "listen")
    graph.add_conditional_edges("listen", after_listen)
    for name, node in nodes.items():
        graph.add_node(name, node)  # type: ignore[call-overload]
        graph.add_edge(name, "listen")
    return graph.compile(checkpointer=checkpointer)


def listen(state: SessionState) -> SessionState:
    """Wait for the person; what they say is kept before it is answered."""
    from langgraph.types import interrupt

    event = interrupt({"waits": True})
    if event["type"] != "say":
        return {"event": event}
    said = hold_back(event["text"].strip())
    message = SessionMessage(role="person", text=said, kind="said", files=[Path(f).name for f in event["files"]])
    kept: SessionState = {"messages": [*state["messages"], message.model_dump()], "event": event}
    if state["said"] is not None:
        kept["said"] = [*state["said"], said]
    return kept


def after_listen(state: SessionState) -> Way:
    """Choose who answers: what is a decision needs no model, the first message is a description."""
    event = state["event"]
    if event["type"] != "say":
        ways: dict[str, Way] = {"accept": "decide", "refuse": "decide", "undo": "undo", "move": "move"}
        return ways[event["type"]]
    if not state["path"]:
        return "draft"
    typed = _typed(state)
    if typed is None:
        return "propose"
    return {"accept": "decide", "refuse": "decide", "undo": "undo", "enough": "enough"}[typed.kind]  # type: ignore[return-value]


def _typed(state: SessionState) -> words.Decision | None:
    asked = bool(state["question"])
    found = words.decision(state["event"]["text"], pending_of(state), asked=asked) if not state["event"]["files"] else None
    return found if found is None or found.kind != "enough" or state["asked"] >= 0 else None


def make_draft(builder: Builder) -> Callable[[SessionState], SessionState]:
    """Return the node that makes a whole draft of the first description."""

    def draft(state: SessionState) -> SessionState:
        event = state["event"]
        if words.is_greeting(event["text"]) and not event["files"]:
            return {**_told(state, "answer", "Hello.", question=words.ASK_FOR_GOAL), "said": []}
        try:
            built = builder.build(hold_back(event["text"]), event["files"])
            path = Drafts().make(built.id, built.write)
        except GptsmithError as error:
            return {**_told(state, "error", str(error)), "said": []}
        spec = built.spec
        lines = [f'I drafted "{spec.name}": {spec.description} Say another name if you like.']
        lines += [f"Not there yet: {item.what}. {item.how}" for item in built.missing]
        question = built.draft.question
        told = _told(state, "draft", "\n".join(lines + ([] if question else [words.INVITE])), question=question)
        return {**told, "path": str(path), "asked": 1 if question else -1}

    return draft


def make_propose(builder: Builder) -> Callable[[SessionState], SessionState]:
    """Return the node that asks the model what a message would change."""

    def propose(state: SessionState) -> SessionState:
        event, waiting = state["event"], pending_of(state)
        talk = Talk(_conversation(state), waiting.words if waiting else (), interview=state["asked"] >= 0)
        try:
            subject = read_subject(state["path"], state["said"])
            attached = beside(attach(event["files"], subject.path.parent), subject.path.parent, subject.files_folder)
            found = Editor(builder.chat_model()).propose(subject, event["text"], attached, talk)
            return _proposed(state, found, waiting, subject)
        except GptsmithError as error:
            return _told(state, "error", str(error), question=state["question"])

    return propose


def _proposed(state: SessionState, found: Proposal, waiting: Change | None, subject: Subject) -> SessionState:
    """Say what would change, put together with what waits already, and what is asked next."""
    change, before = Change(found), ""
    asks = found.question
    if waiting is not None:
        merged, before = merge(waiting.proposal, found, subject)
        change = Change(merged)
    asked = state["asked"]
    if asked >= 0:
        asked = asked + 1 if asks and asked < QUESTIONS else -1
        asks = asks if asked >= 0 else ""
    lines = [before, *words.remarks(change)] if before else words.remarks(change)
    if state["asked"] >= 0 and asked < 0:
        lines.append(words.INVITE)
    nothing = not (change.words or lines or asks)
    text = "\n".join(lines) if not nothing else "Nothing would change. Say it in other words."
    shown = change.words and (found.steps or before)
    told = _told(
        state,
        "proposal" if shown else "answer",
        text,
        words=change.words if shown else [],
        diff=change.diff if shown else "",
        question=asks,
    )
    kept = None if change.changes_nothing else change.proposal.model_dump(mode="json")
    return {**told, "pending": kept, "confirmed": False, "asked": asked}


def decide(state: SessionState) -> SessionState:
    """Apply the change that waits, or the part that is meant, or drop it."""
    pending = pending_of(state)
    typed = _typed(state) if state["event"]["type"] == "say" else None
    kind, only = (typed.kind, typed.only) if typed else (state["event"]["type"], state["event"].get("only"))
    again = state["question"]
    if pending is None:
        return _told(state, "note", words.NOTHING_WAITS, question=again)
    if kind == "refuse":
        return {**_told(state, "refused", "Nothing was changed.", question=again), "pending": None}
    risks = pending.rules_at_risk
    if only is None and risks and not state["confirmed"]:
        asks = " ".join(risk.question for risk in risks) + " Accept once more to let it go, or accept only the others."
        return {**_told(state, "note", asks), "confirmed": True}
    numbers = list(range(len(pending.operations))) if only is None else only
    try:
        version = pending.apply(only=numbers)
    except GptsmithError as error:
        return _told(state, "error", str(error), question=again)
    if version is None:
        return {**_told(state, "refused", "Nothing was changed.", question=again), "pending": None}
    chosen = [sentence for n, sentence in enumerate(pending.words) if n in numbers]
    left = [sentence for n, sentence in enumerate(pending.words) if n not in numbers]
    lines = [f"Saved as version {version.number}.", *(f"Left out: {sentence}" for sentence in left)]
    told = _told(state, "applied", "\n".join(lines), words=chosen, diff=pending.diff_of(numbers), question=again)
    return {**told, "pending": None, "confirmed": False, "done": [*state["done"], version.number]}


def undo(state: SessionState) -> SessionState:
    """Take the last change back that is not taken back yet, also one from before a restart."""
    try:
        if not state["path"]:
            raise UsageError("there is nothing to undo yet", code="nothing_to_undo")
        version, left = take_back(Path(state["path"]), state["done"])
    except GptsmithError as error:
        return _told(state, "error", str(error), question=state["question"])
    text = f"Taken back, as version {version.number}: {version.reason}."
    return {**_told(state, "undone", text, question=state["question"]), "pending": None, "done": left}


def enough(state: SessionState) -> SessionState:
    """Stop asking about the new assistant."""
    return {**_told(state, "answer", words.INVITE), "asked": -1}


def move(state: SessionState) -> SessionState:
    """Go on with the file in its new place; a change that waits was for the old one."""
    path = state["event"]["path"]
    text = f"Saved as {Path(path).name}."
    if state["pending"]:
        text += " The change that waited was not applied; ask for it again."
    return {**_told(state, "note", text, question=state["question"]), "path": path, "pending": None}


def _told(
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


def _conversation(state: SessionState) -> list[str]:
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
    head = {"applied": "The person accepted:", "proposal": "Proposed:", "refused": "The person refused the proposal."}
    parts = [head.get(message.kind, ""), " ".join(message.words), message.text, message.question]
    return " ".join(part for part in parts if part)


def writable(path: Path) -> Path:
    """Return the file of a session. Raises UsageError for a shipped one, which no session can change."""
    if is_shipped(path):
        hint = "make a copy of it, and change that"
        raise UsageError(f"{path.name} is shipped with gptsmith and stays as it is", code="shipped", hint=hint)
    return path.resolve()
