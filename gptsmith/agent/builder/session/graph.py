"""Taking changes of a file back one after the other, the newest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gptsmith.agent.builder.changes.change import Change
from gptsmith.agent.builder.changes.proposal import Proposal, with_followers, without
from gptsmith.agent.builder.session import proposing as words
from gptsmith.agent.builder.session.decisions import Decision, agrees, decision, says_yes
from gptsmith.agent.builder.session.proposing import (
    SessionMessage,
    SessionState,
    answered,
    behind,
    make_propose,
    pending_of,
)
from gptsmith.assistants.files.drafts import Drafts
from gptsmith.assistants.files.versions import Version, Versions
from gptsmith.errors import GptsmithError, UsageError

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

    from gptsmith.agent.builder.builder import Builder
    from gptsmith.models.chat.drafting import Drafting


def take_back(path: Path, newest: int | None = None) -> Version:
    """Take the last change back that is not taken back yet, and return the version that did it.

    `newest` is the version that was the newest when it was asked for: when another one took it back since, that is it.

    Raises UsageError: `nothing_to_undo`, or `changed_since` when the file was changed outside after it.
    """
    versions = Versions(path)
    kept = versions.list()
    if kept and newest and kept[-1].number == newest + 1 and kept[-1].author != "outside":
        return kept[-1]
    standing = _standing(kept)
    if len(standing) < 2:
        raise UsageError(f"there is no change of {path.name} to undo", code="nothing_to_undo")
    if standing[-1].number == kept[-1].number:
        return versions.undo()
    return versions.restore(standing[-2].number)


def _standing(kept: list[Version]) -> list[Version]:
    """Return the versions whose changes are in the file, the oldest first: one that goes back to another ends there."""
    standing: list[Version] = []
    for version in kept:
        same = [n for n, other in enumerate(standing) if other.after() == version.after()]
        standing = standing[: same[0] + 1] if same else [*standing, version]
    return standing


# The graph of a building session: it listens, drafts, proposes, decides and takes back, and never forgets between.

Way = Literal["draft", "propose", "decide", "undo", "enough", "move", "tests", "settle", "recount", "save"]


def session_graph(
    builder: Builder, checkpointer: Any, drafting: Drafting | None = None
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """Compile the graph; it waits in `listen` for the next event, and every way leads back there.

    `drafting` watches a draft that is made in this run.
    """
    from langgraph.graph import START, StateGraph

    nodes: dict[Way, Any] = {
        "draft": make_draft(builder, drafting),
        "propose": make_propose(builder),
        "decide": decide,
        "undo": undo,
        "enough": enough,
        "move": move,
        "tests": make_tests(builder),
        "settle": settle,
        "recount": recount,
        "save": save,
    }
    graph = StateGraph(SessionState)
    graph.add_node("listen", listen)
    graph.add_edge(START, "listen")
    graph.add_conditional_edges("listen", after_listen)
    for name, node in nodes.items():
        graph.add_node(name, node)
        if name != "propose":
            graph.add_edge(name, "listen")
    graph.add_conditional_edges("propose", after_propose)
    return graph.compile(checkpointer=checkpointer)


def listen(state: SessionState) -> SessionState:
    """Wait for the person; what they say is kept before it is answered."""
    from langgraph.types import interrupt

    event = interrupt({"waits": True})
    if event["type"] != "say":
        return {"event": {**event, "version": _newest(state)}}
    event, said = {**event, "version": _newest(state)}, event["text"]
    message = SessionMessage(role="person", text=said, kind="said", files=[Path(f).name for f in event["files"]])
    kept: SessionState = {"messages": [*state["messages"], message.model_dump()], "event": event}
    if state["said"] is not None:
        kept["said"] = [*state["said"], said]
    return kept


def _newest(state: SessionState) -> int:
    """Return the number of the file's newest version before the event, 0 without one."""
    if not state["path"]:
        return 0
    try:
        return next((version.number for version in reversed(Versions(state["path"]).list())), 0)
    except GptsmithError:
        return 0  # whoever needs the file says why it cannot be read


def after_listen(state: SessionState) -> Way:
    """Choose who answers: what is a decision needs no model, the first message is a description."""
    event = state["event"]
    if event["type"] != "say":
        ways: dict[str, Way] = {
            "accept": "decide",
            "refuse": "decide",
            "undo": "undo",
            "move": "move",
            "tests": "tests",
        }
        return ways[event["type"]]
    if not state["path"]:
        return "draft"
    if state.get("otherwise") and agrees(event["text"]) is not None:
        return "settle"
    if not event["files"] and words.asks_what_changed(event["text"]):
        return "recount"
    typed = _typed(state)
    if typed is None:
        return "propose"
    return {"accept": "decide", "refuse": "decide", "undo": "undo", "enough": "enough", "save": "save"}[typed.kind]  # type: ignore[return-value]


def after_propose(state: SessionState) -> Literal["decide", "undo", "listen"]:
    """Go on with what the message was read as: an answer that is written at once, or a decision."""
    ways: dict[str, Literal["decide", "undo"]] = {"accept": "decide", "refuse": "decide", "undo": "undo"}
    return ways.get(state["event"]["type"], "listen")


def _typed(state: SessionState) -> Decision | None:
    event = state["event"]
    return None if event["files"] else decision(event["text"], pending_of(state), asked=state["question"])


def make_draft(builder: Builder, drafting: Drafting | None = None) -> Callable[[SessionState], SessionState]:
    """Return the node that makes a whole draft of the first description."""

    def draft(state: SessionState) -> SessionState:
        event = state["event"]
        if words.is_greeting(event["text"]) and not event["files"]:
            return {**answered(state, "answer", "Hello.", question=words.ASK_FOR_GOAL), "said": []}
        try:
            built = builder.build(event["text"], event["files"], drafting=drafting)
            path = Drafts().make(built.id, built.write)
        except GptsmithError as error:
            return {**answered(state, "error", str(error)), "said": []}
        spec = built.spec
        lines = [f'I drafted "{spec.name}": {spec.description} Say another name if you like.']
        lines += [found.message for found in built.diagnostics if found.code == "left_out"]
        lines += [f"Not there yet: {item.what}. {item.how}" for item in built.missing]
        question = built.draft.question
        reply = answered(state, "draft", "\n".join(lines + ([] if question else [words.INVITE])), question=question)
        return {**reply, "path": str(path), "asked": 1 if question else -1}

    return draft


def make_tests(builder: Builder) -> Callable[[SessionState], SessionState]:
    """Return the node that puts tests of what it adds to the change that waits; the builder's model writes some."""

    def tests(state: SessionState) -> SessionState:
        pending = pending_of(state)
        if pending is None:
            return answered(state, "note", words.NOTHING_WAITS, question=state["question"])
        try:
            more = pending.with_tests(**{"builder_model": builder.chat_model()} | state["event"]["options"])
        except GptsmithError as error:
            return answered(state, "error", str(error), question=state["question"])
        return _with_tests(state, pending, more)

    return tests


def _with_tests(state: SessionState, pending: Change, more: Change) -> SessionState:
    """Show the change that waits anew, with its tests."""
    added = len(more.operations) - len(pending.operations)
    text = "" if added else "No test was found that would show this change."
    last = SessionMessage.model_validate(state["messages"][-1])
    left_out = [line for line in more.unmet if line not in pending.unmet]
    lines = [*([last.text] if last.kind == "proposal" else []), *left_out, text]
    text = "\n".join(line for line in lines if line)
    reply = answered(state, "proposal", text, words=more.words, diff=more.diff, question=state["question"])
    if last.kind == "proposal":  # the same proposal, with its tests
        reply["messages"] = [*state["messages"][:-1], reply["messages"][-1]]
    return {**reply, "pending": more.proposal.model_dump(mode="json")}


def decide(state: SessionState) -> SessionState:
    """Apply the change that waits, or the part that is meant, or drop it."""
    pending = pending_of(state)
    typed = _typed(state) if state["event"]["type"] == "say" else None
    kind, only = (typed.kind, typed.only) if typed else (state["event"]["type"], state["event"].get("only"))
    if pending is not None and kind == "accept" and only and not typed and not state["event"].get("exactly"):
        only = with_followers(only, pending.proposal.steps)
    reply = _decided(state, pending, kind, only)
    then = state["event"].get("then")
    if then and reply["messages"][-1]["kind"] != "error":
        return {**reply, **behind({**state, **reply, "event": {**state["event"], "then": None}}, then)}
    return reply


def _decided(state: SessionState, pending: Change | None, kind: str, only: list[int] | None) -> SessionState:
    again = state["question"]
    if pending is None:
        return answered(state, "note", words.NOTHING_WAITS, question=again)
    if kind == "refuse":
        return _refused(state, pending, only)
    risks = pending.rules_at_risk
    if only is None and risks and not (state["confirmed"] or _answers_risk(state, [risk.question for risk in risks])):
        asks = " ".join(risk.question for risk in risks) + " Accept once more to let it go, or accept only the others."
        return {**answered(state, "note", asks), "confirmed": True}
    numbers = list(range(len(pending.operations))) if only is None else _with_what_they_follow(only, pending)
    try:
        version = pending.apply(only=numbers)
    except GptsmithError as error:
        return answered(state, "error", str(error), question=again)
    if version is None:
        return {**answered(state, "refused", "Nothing was changed.", question=again), "pending": None}
    chosen = [sentence for n, sentence in enumerate(pending.words) if n in numbers and n not in pending.overtaken]
    left = [sentence for n, sentence in enumerate(pending.words) if n not in numbers]
    lines = [f"Saved as version {version.number}.", *(f"Left out: {sentence}" for sentence in left)]
    lines += [f"Changed meanwhile, and left as it is: {pending.words[n]}" for n in sorted(pending.overtaken)]
    lines += state["event"].get("lines", [])
    reply = answered(state, "applied", "\n".join(lines), words=chosen, diff=pending.written_diff, question=again)
    return {**reply, "pending": None, "otherwise": None, "confirmed": False}


def _with_what_they_follow(only: list[int], pending: Change) -> list[int]:
    """Leave out what only follows from a change that is not meant: a test of a name that was not accepted."""
    steps = pending.proposal.steps
    meant = {steps[n].operation.path for n in only if 0 <= n < len(steps)}
    return [n for n in only if not (0 <= n < len(steps)) or steps[n].follows in ("", *meant)]


def _answers_risk(state: SessionState, questions: Sequence[str]) -> bool:
    """Say whether the person just said yes to what the proposal asks about: whether their rules shall go."""
    if state["event"]["type"] != "say" or not says_yes(state["event"]["text"]):
        return False
    asked = next((kept for kept in reversed(state["messages"]) if kept["role"] == "builder"), None)
    return asked is not None and all(question in asked["text"] for question in questions)


def _refused(state: SessionState, pending: Change, only: list[int] | None) -> SessionState:
    """Drop the change that waits, or a part of it."""
    steps = without(pending.proposal.steps, only) if only is not None else []
    if not steps:
        reply = answered(state, "refused", "Left as it was.", words=pending.words, question=state["question"])
        return {**reply, "pending": None, "confirmed": False}
    left = Change(pending.proposal.model_copy(update={"steps": steps}))
    reply = answered(state, "proposal", words.STILL_WAITS, words=left.words, diff=left.diff, question=state["question"])
    return {**reply, "pending": left.proposal.model_dump(mode="json"), "confirmed": False}


def undo(state: SessionState) -> SessionState:
    """Take the last change back that is not taken back yet, also one from before a restart."""
    try:
        if not state["path"]:
            raise UsageError("there is nothing to undo yet", code="nothing_to_undo")
        version = take_back(Path(state["path"]), state["event"]["version"])
    except GptsmithError as error:
        return answered(state, "error", str(error), question=state["question"])
    return {**answered(state, "undone", words.taken_back(version), question=state["question"]), "pending": None}


def settle(state: SessionState) -> SessionState:
    """Keep or drop what a later message would replace, as the person said."""
    going = agrees(state["event"]["text"])
    kept = pending_of(state) if going else Change(Proposal.model_validate(state["otherwise"]))
    told, diff = (kept.words, kept.diff) if kept is not None else ([], "")
    reply = answered(state, "proposal" if told else "answer", words.STILL_WAITS, words=told, diff=diff)
    pending = kept.proposal.model_dump(mode="json") if kept is not None else None
    return {**reply, "pending": pending, "otherwise": None, "confirmed": False}


def recount(state: SessionState) -> SessionState:
    """Say what was changed so far, from the history of the file, and what waits."""
    try:
        kept = Versions(state["path"]).list()
    except GptsmithError as error:
        return answered(state, "error", str(error), question=state["question"])
    pending = pending_of(state)
    told = words.history(kept, pending.words if pending is not None else [])
    return answered(state, "answer", told, question=state["question"])


def save(state: SessionState) -> SessionState:
    """Say where an assistant is saved: into which library is not for the conversation to decide."""
    text = words.SAVE if Drafts().holds(Path(state["path"])) else words.SAVED
    return answered(state, "note", text, question=state["question"])


def enough(state: SessionState) -> SessionState:
    """Stop asking about the new assistant."""
    return {**answered(state, "answer", words.INVITE), "asked": -1}


def move(state: SessionState) -> SessionState:
    """Go on with the file in its new place; a change that waits was for the old one."""
    path = state["event"]["path"]
    text = f"Saved as {Path(path).name}."
    if state["pending"]:
        text += " The change that waited was not applied; ask for it again."
    return {**answered(state, "note", text, question=state["question"]), "path": path, "pending": None}
