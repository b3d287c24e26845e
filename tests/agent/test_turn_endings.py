"""However a turn ends, the thread goes on: what the next message is sent with is in the order that servers want."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from gptsmith import Assistant
from gptsmith.agent.runtime.history import BROKEN_OFF, UNANSWERED
from gptsmith.agent.runtime.store import INTERRUPTED, Message
from gptsmith.models.chat.messages import fence_result
from gptsmith.tools import register_tool
from tests.support.scripted import Scripted, call

SPEC: dict[str, Any] = {"schema": "assistant/v1", "name": "Tiles", "description": "Knows.", "instructions": "Be kind."}


class Gate:
    """Holds tools until they are let go, so that a turn can be ended while they run."""

    def __init__(self) -> None:
        self.open, self.begun = threading.Event(), threading.Event()

    def wait(self) -> None:
        self.begun.set()
        assert self.open.wait(60)


GATES: dict[str, Gate] = {}


def hold(gate: str) -> str:
    """Hold."""
    GATES[gate].wait()
    return "let go"


async def block(gate: str) -> str:
    """Hold, and the event loop too."""
    GATES[gate].wait()
    return "let go"


def quick(word: str) -> str:
    """Say it."""
    return word


def leave(how: str) -> str:
    """Raise what no tool should raise."""
    raise {"exit": SystemExit(3), "stop": StopIteration(), "memory": MemoryError(), "recursion": RecursionError()}[how]


@pytest.fixture(autouse=True)
def tools() -> None:
    for tool in (hold, block, quick, leave):
        register_tool(tool)


@contextmanager
def gate(name: str) -> Iterator[Gate]:
    GATES[name] = Gate()
    try:
        yield GATES[name]
    finally:
        GATES[name].open.set()


def assistant(*answers: Any, always: Any = None, seconds: float | None = None, **fields: Any) -> tuple[Assistant, Any]:
    model = Scripted(*answers, always=always)
    tools = [{"type": kind} for kind in ("hold", "block", "quick", "leave")]
    a = Assistant.from_dict({**SPEC, "tools": tools, **fields}, model=model)
    if seconds is not None:  # shorter than a spec may ask for
        limits = a.engine.spec.limits.model_copy(update={"timeout_seconds": seconds})
        a.engine.spec = a.engine.spec.model_copy(update={"limits": limits})
    return a, model


def check_order(messages: list[BaseMessage]) -> None:
    """Assert what strict servers and chat templates ask of a history."""
    assert isinstance(messages[0], SystemMessage) and isinstance(messages[-1], HumanMessage)
    waiting: list[str] = []
    for before, message in pairwise(messages):
        if isinstance(message, ToolMessage):
            assert message.tool_call_id in waiting, "a result stands right behind its call"
            waiting.remove(message.tool_call_id)
            continue
        assert not waiting, "every call has its result before anything else is said"
        assert type(before) is not type(message), "nobody speaks twice in a row"
        assert not (isinstance(before, ToolMessage) and isinstance(message, HumanMessage)), "a result is answered"
        if isinstance(message, AIMessage):
            assert message.content or message.tool_calls, "no message is empty"
            waiting = [c["id"] or "" for c in message.tool_calls]
            assert all(waiting) and len(set(waiting)) == len(waiting)


def calls(*made: tuple[str, str, dict[str, Any]], text: str = "") -> AIMessage:
    return AIMessage(content=text, tool_calls=[{"name": n, "args": a, "id": i} for n, i, a in made])


@pytest.mark.parametrize("kind", ["hold", "block"])
@pytest.mark.parametrize("beside", [False, True])
def test_the_time_limit_ends_a_turn_while_a_tool_runs(kind: str, beside: bool) -> None:
    made = [(kind, "c1", {"gate": "limit"})] + ([("quick", "c2", {"word": "soon"})] if beside else [])
    a, model = assistant(calls(*made, text="One moment."), "I am back.", seconds=2 if beside else 0.5)
    with gate("limit") as held:
        reply = a.chat("Wait!", thread_id="t")
        assert held.begun.is_set()
    assert reply.finish_reason == "timeout"
    assert reply.text == f"One moment.\n\nI stopped here: the limit of {2 if beside else 0.5:g} seconds is reached."
    assert [c.status for c in reply.tool_calls if c.name == kind] == ["interrupted"]
    assert a.chat("Are you there?", thread_id="t").text == "I am back."
    sent = model.history[-1]
    check_order(sent)
    results = {m.tool_call_id: m.content for m in sent if isinstance(m, ToolMessage)}
    assert results["c1"] == fence_result(kind, INTERRUPTED)
    assert not beside or results["c2"] == fence_result("quick", "soon"), "what came in time is kept"
    assert [m.content for m in sent if isinstance(m, AIMessage)][-1].startswith("I stopped here")


def test_the_time_limit_ends_a_turn_whose_tool_does_not_hear_that_it_is_stopped() -> None:
    heard: list[int] = []

    async def deaf() -> str:
        """Never hear."""
        while len(heard) < 50:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                heard.append(1)
        return "late"

    register_tool(deaf)
    a, model = assistant(call("deaf"), "I am back.", seconds=2, tools=[{"type": "deaf"}])
    assert a.chat("Wait!", thread_id="t").finish_reason == "timeout"
    assert a.chat("Are you there?", thread_id="t").text == "I am back."
    check_order(model.history[-1])


def test_a_blocked_async_tool_stops_no_other_assistant() -> None:
    a, _ = assistant(call("block", gate="one"))
    b, _ = assistant(call("block", gate="two"), "Done.")
    with gate("one") as held, gate("two") as other:
        turn = a.start_turn("Wait!", thread_id="t")
        assert held.begun.wait(20)
        other.open.set()
        assert b.chat("Hi", thread_id="u").text == "Done."
        assert a.stop_turn(turn)
        assert [e for _, e in a.turn_events(turn)][-1].data["finish_reason"] == "cancelled"


@pytest.mark.parametrize("how", ["exit", "stop", "memory", "recursion"])
def test_what_a_tool_raises_is_its_result(how: str) -> None:
    a, _ = assistant(call("leave", how=how), "It failed.")
    reply = a.chat("Try", thread_id="t")
    assert (reply.text, [c.status for c in reply.tool_calls]) == ("It failed.", ["error"])
    assert reply.tool_calls[0].result.startswith("The tool failed: ")


def test_a_model_that_runs_out_of_its_own_time_is_no_time_limit_of_the_turn() -> None:
    a, _ = assistant(always=TimeoutError("read timed out"))
    events = list(a.stream("Hi", thread_id="t"))
    assert [(e.type, e.data["code"]) for e in events] == [("error", "timeout")]


def called(*ids: str | None) -> Message:
    made = [{"name": "quick", "args": {}, "id": i} for i in ids]
    return Message(turn_id="x", role="assistant", text="", data={"tool_calls": made})


def result(id: str | None) -> Message:
    about = {"tool_call_id": id or "", "name": "quick", "status": "ok"}
    return Message(turn_id="x", role="tool", text="ok", data=about)


NOTE = Message(turn_id="x", role="assistant", text="I stopped here: the limit of 2 seconds is reached.")
BROKEN = {
    "no answer": [],
    "a result behind a note": [called("a"), NOTE, result("a")],
    "without an id": [called(None), result(None)],
    "a result of two": [called("a", "b"), result("b")],
    "one id for two": [called("a", "a"), result("a"), result("a")],
    "a result too many": [called("a"), result("a"), result("z")],
    "no result": [called("a", "b"), NOTE, NOTE],
}


@pytest.mark.parametrize("rows", BROKEN.values(), ids=BROKEN)
def test_a_thread_that_is_already_broken_is_healed(rows: list[Message]) -> None:
    a, model = assistant(always="I am back.")
    for turn in ("x", "y"):
        message = Message(turn_id=turn, role="user", text="Ask")
        a.engine.store.begin("t", message, title="Ask", variables={})
        mine = [row.model_copy(update={"turn_id": turn}) for row in rows]
        a.engine.store.append("t", mine)
        with closing(sqlite3.connect(a.engine.store.path)) as db, db:
            db.execute("UPDATE turns SET status = 'stop' WHERE id = ?", (turn,))
    assert a.chat("Are you there?", thread_id="t").text == "I am back."
    sent = model.history[-1]
    check_order(sent)
    assert (UNANSWERED in [m.content for m in sent]) is not bool(rows)
    assert sent[-2].content in (UNANSWERED, BROKEN_OFF) or sent[-2].content.startswith("I stopped here")


def ended(a: Assistant, turn: str) -> bool:
    return a.engine.store.turn_status(turn) not in ("", "running")


STEPS = st.lists(st.sampled_from(["quick", "two", "garbled", "unknown", "leave", "text and call"]), max_size=3)
ENDINGS = st.sampled_from(
    ["answer", "empty", "stop", "time", "model fails", "kill in tool", "kill in model", "calls on"]
)


@settings(max_examples=60, deadline=None)
@given(turns=st.lists(st.tuples(STEPS, ENDINGS), min_size=1, max_size=3))
def test_any_ending_leaves_a_thread_that_a_strict_server_takes(
    turns: list[tuple[list[str], str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = [0]

    def answer(step: str) -> Callable[[Any], AIMessage]:
        def give(_: Any) -> AIMessage:
            made[0] += 1
            id = f"c{made[0]}"
            return {
                "quick": calls(("quick", id, {"word": "a"})),
                "two": calls(("quick", f"{id}a", {"word": "a"}), ("leave", f"{id}b", {"how": "memory"})),
                "garbled": AIMessage(
                    content="", invalid_tool_calls=[{"name": "quick", "args": '{"wo', "id": id, "error": "cut"}]
                ),
                "unknown": calls(("nothing", id, {})),
                "leave": calls(("leave", id, {"how": "exit"})),
                "text and call": calls(("quick", id, {"word": "a"}), text="Let me see."),
                "hold": calls(("quick", f"{id}a", {"word": "a"}), ("hold", f"{id}b", {"gate": "any"}), text="Wait."),
            }[step]

        return give

    ends: dict[str, list[Any]] = {
        "answer": ["Fine."], "empty": [""], "stop": [answer("hold")], "time": [answer("hold")],
        "model fails": [ValueError("no")], "kill in tool": [answer("hold")], "calls on": [answer("quick")] * 12,
    }  # fmt: skip
    home = tmp_path_factory.mktemp("home")
    for n, (steps, ending) in enumerate(turns):
        with gate("any") as held, pytest.MonkeyPatch.context() as patch:
            patch.setenv("GPTSMITH_HOME", str(home))
            last = ends.get(ending) or [lambda _: held.wait() or "Late."]
            a, _ = assistant(*[answer(s) for s in steps], *last, seconds=0.3 if ending == "time" else 60)
            turn = a.start_turn(f"Ask {n}", thread_id="t")
            if ending in ("stop", "kill in tool", "kill in model"):
                while not held.begun.wait(0.02) and not ended(a, turn):
                    pass  # a limit may come first
                if ending == "stop":
                    a.stop_turn(turn)
                else:  # what lies on the disk at this moment is what a killed process leaves
                    left = tmp_path_factory.mktemp("home")
                    shutil.copytree(home, left, dirs_exist_ok=True)
                    home = left
            if not ending.startswith("kill"):
                list(a.turn_events(turn))
        list(a.turn_events(turn))
        a.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GPTSMITH_HOME", str(home))
        b, model = assistant(always="I am back.")
        assert b.chat("Are you there?", thread_id="t").text == "I am back."
        check_order(model.history[-1])
        assert [t.message for t in b.history("t")] == [*(f"Ask {n}" for n in range(len(turns))), "Are you there?"]
        b.close()
