"""Calls that wait for the person: what is asked, what each answer does, and what a restart or a crash changes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.graph import START, MessagesState, StateGraph

from gptsmith import Assistant, UsageError
from gptsmith.assistants.format.spec import TOOL_TYPES
from gptsmith.tools import register_tool
from gptsmith.ui.cli import run
from tests.support.pages import NIGHT_SKY, make_library, open_page, words
from tests.support.scripted import Scripted, call

SPEC: dict[str, Any] = {
    "schema": "assistant/v1", "name": "Desk", "description": "Helps.", "instructions": "Be kind.",
    "tools": [{"type": "pay", "requires_approval": True}, {"type": "look"}],
}  # fmt: skip
PAID: list[tuple[int, str]] = []


@pytest.fixture(autouse=True)
def own_tools() -> Iterator[None]:
    def pay(amount: int, to: str) -> str:
        """Pay somebody."""
        PAID.append((amount, to))
        return f"paid {amount} to {to}"

    def look(what: str) -> str:
        """Look something up."""
        return f"{what}: open"

    PAID.clear()
    register_tool(pay)
    register_tool(look)
    yield
    for name in ("pay", "look"):
        TOOL_TYPES.pop(name)


def desk(*answers: Any, **fields: Any) -> tuple[Assistant, Scripted]:
    model = Scripted(*answers)
    return Assistant.from_dict({**SPEC, **fields}, model=model), model


def pay(id: str = "c1", amount: int = 5, to: str = "Ana", text: str = "") -> AIMessage:
    return call("pay", id, text, amount=amount, to=to)


def both() -> AIMessage:
    calls = [
        {"name": "look", "args": {"what": "bill"}, "id": "l1"},
        {"name": "pay", "args": {"amount": 5, "to": "Ana"}, "id": "c1"},
    ]
    return AIMessage(content="One moment.", tool_calls=calls)


APPROVE, REJECT = {"type": "approve"}, {"type": "reject", "message": "too much"}


def test_the_turn_stops_before_the_call_and_says_with_what() -> None:
    a, _ = desk(both())
    events = list(a.stream("Pay the bill", thread_id="t"))
    reply = events[-1].data
    assert PAID == []
    assert [(c["name"], c["status"], c["result"]) for c in reply["tool_calls"]] == [
        ("look", "ok", "bill: open"),
        ("pay", "waiting", ""),
    ]
    asked = {"id": "c1", "name": "pay", "args": {"amount": 5, "to": "Ana"}, "description": "Pay somebody."}
    asked["callers"] = False
    assert (reply["finish_reason"], reply["text"], reply["approvals"]) == ("approval", "One moment.", [asked])
    assert [e.data for e in events if e.type == "approval"] == [{"requests": [asked]}]
    assert [r.model_dump() for r in a.waiting("t")] == [asked]
    assert [t.waits for t in a.threads()] == [True]


@pytest.mark.parametrize(
    ("decision", "paid", "read"),
    [
        (APPROVE, [(5, "Ana")], "paid 5 to Ana"),
        (
            {"type": "edit", "args": {"amount": 3, "to": "Bo"}},
            [(3, "Bo")],
            '(The person changed the arguments to {"amount": 3, "to": "Bo"} before it ran, on purpose; '
            "do not call it again.)\npaid 3 to Bo",
        ),
        (REJECT, [], "The person refused this call; it was not run. They say: too much"),
        ({"type": "reject"}, [], "The person refused this call; it was not run."),
    ],
)
def test_what_each_answer_does(decision: dict[str, Any], paid: list[Any], read: str) -> None:
    a, model = desk(both(), "Done.")
    a.chat("Pay the bill", thread_id="t")
    reply = a.resume("t", [decision])
    assert paid == PAID
    assert (reply.finish_reason, reply.text, reply.approvals) == ("stop", "One moment.\n\nDone.", [])
    results = [m for m in model.history[-1] if isinstance(m, ToolMessage)]
    assert [m.tool_call_id for m in results] == ["l1", "c1"]
    assert results[1].text == f'<tool_result tool="pay">\n{read}\n</tool_result>'
    assert [t.waits for t in a.threads()] == [False]
    assert [(t.status, t.message, t.reply.text) for t in a.history("t") if t.reply] == [
        ("stop", "Pay the bill", reply.text)
    ]
    with pytest.raises(UsageError, match="nothing waits"):
        a.resume("t", [decision])
    assert paid == PAID


@pytest.mark.parametrize(
    ("decisions", "told"),
    [
        ([], "1 call waits (pay) for approval, and 0 decisions were given; give one for each, in order"),
        (
            [APPROVE, APPROVE],
            "1 call waits (pay) for approval, and 2 decisions were given",
        ),
        ("approve", "1 call waits (pay) for approval, and 0 decisions were given; give one for each, in order"),
        ([{"type": "yes"}], "this is no decision about pay: {'type': 'yes'}"),
        ([{"type": "edit", "name": "look", "args": {}}], "this is no decision about pay"),
        ([{"type": "approve", "args": {"amount": 1}}], "only an edit changes the arguments of pay"),
        ([{"type": "edit", "args": {"amount": "much", "to": "Ana"}}], "these arguments do not fit pay: amount: "),
        ([{"type": "edit", "args": {"amount": 5}}], "these arguments do not fit pay: to: Field required"),
        ([{"type": "edit", "args": {"amount": float("nan"), "to": "Ana"}}], "these arguments do not fit pay"),
    ],
)
def test_an_answer_that_does_not_fit_changes_nothing(decisions: Any, told: str) -> None:
    a, _ = desk(pay(), "Done.")
    a.chat("Pay", thread_id="t")
    with pytest.raises(UsageError) as raised:
        a.resume("t", decisions)
    assert told in str(raised.value)
    assert (PAID, len(a.waiting("t"))) == ([], 1)
    assert a.resume("t", [APPROVE]).text == "Done."


def test_always_holds_for_this_conversation_and_this_tool() -> None:
    a, _ = desk(pay("c1"), "One.", pay("c2"), "Two.", pay("c3"))
    a.chat("Pay", thread_id="t")
    a.resume("t", [{**APPROVE, "always": True}])
    assert a.chat("Pay again", thread_id="t").text == "Two."
    assert a.chat("Pay", thread_id="other").finish_reason == "approval"
    assert len(PAID) == 2


def test_several_calls_are_decided_in_order_and_the_next_one_asks_again() -> None:
    three = AIMessage(content="", tool_calls=[*pay("c1", 1).tool_calls, *pay("c2", 2).tool_calls])
    a, _ = desk(three, pay("c3", 3), "Done.")
    assert [call.args["amount"] for call in a.chat("Pay", thread_id="t").approvals] == [1, 2]
    reply = a.resume("t", [REJECT, APPROVE])
    assert (PAID, [call.id for call in reply.approvals]) == ([(2, "Ana")], ["c3"])
    assert a.resume("t", [APPROVE]).text == "Done."
    assert PAID == [(2, "Ana"), (3, "Ana")]


def test_another_message_takes_the_request_back() -> None:
    a, model = desk(pay(), "As you like.")
    a.chat("Pay", thread_id="t")
    assert a.chat("Leave it", thread_id="t").text == "As you like."
    (result,) = [m for m in model.history[-1] if isinstance(m, ToolMessage)]
    assert "did not approve this call" in result.text
    assert [(t.status, t.reply.approvals, t.reply.tool_calls[0].status) for t in a.history("t")[:1] if t.reply] == [
        ("cancelled", [], "interrupted")
    ]
    with pytest.raises(UsageError, match="nothing waits"):
        a.resume("t", [APPROVE])
    assert PAID == []


def test_a_stream_of_the_resumed_turn_is_whole() -> None:
    a, _ = desk(both(), "Done.")
    a.chat("Pay", thread_id="t")
    events = list(a.resume_stream("t", [APPROVE]))
    assert "".join(e.data["text"] for e in events if e.type == "text") == events[-1].data["text"]
    assert [e.data["name"] for e in events if e.type == "tool_call"] == ["pay"]


async def _in_host(a: Assistant) -> str:
    host = StateGraph(MessagesState)
    host.add_node("desk", a.graph)
    host.add_edge(START, "desk")
    done = await host.compile().ainvoke({"messages": [HumanMessage("Pay")]})
    return str(done["messages"][-1].text)


def test_a_host_that_cannot_ask_never_lets_it_run() -> None:
    import asyncio

    a, model = desk(pay(), "I may not.", pay("c2"), "I may not.")
    assert asyncio.run(_in_host(a)) == "I may not."
    assert a.as_tool().invoke({"request": "Pay"}) == "I may not."
    assert "approval, which cannot be asked for here" in model.history[-1][-1].text
    assert PAID == []


@pytest.mark.parametrize(("limits", "finish"), [({"max_tool_calls": 0}, "limit"), ({"max_iterations": 1}, "approval")])
def test_limits_come_first_and_go_on_counting(limits: dict[str, int], finish: str) -> None:
    a, _ = desk(pay(), "Done.", limits=limits)
    assert a.chat("Pay", thread_id="t").finish_reason == finish
    if finish == "approval":
        assert "may think 1 times" in a.resume("t", [APPROVE]).text


_OTHER = """
import json, sys
from tests.support.scripted import Scripted
from gptsmith import Assistant
from gptsmith.tools import register_tool

def pay(amount: int, to: str) -> str:
    "Pay somebody."
    if "die" in sys.argv:
        import os
        os._exit(9)
    return f"paid {amount} to {to}"

def look(what: str) -> str:
    "Look."
    return what

register_tool(pay)
register_tool(look)
a = Assistant.from_dict(json.loads(sys.argv[1]), model=Scripted("Done."))
print(a.resume("t", [{"type": "approve"}]).text)
"""


@pytest.mark.parametrize("how", ["", "die"])
def test_another_process_goes_on_and_a_crash_there_is_told(how: str) -> None:
    a, model = desk(both(), "I see.")
    a.chat("Pay", thread_id="t")
    a.close()
    command = [sys.executable, "-c", _OTHER, json.dumps(SPEC), *([how] if how else [])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=Path(__file__).parents[2])
    if how:
        assert done.returncode == 9, done.stderr
        reply = a.chat("And now?", thread_id="t")
        assert reply.text == "I see."
        results = [m.text for m in model.history[-1] if isinstance(m, ToolMessage)]
        assert "bill: open" in results[0]
        assert "it is not known whether it took effect" in results[1]
        assert a.history("t")[0].status == "interrupted"
    else:
        assert done.stdout.strip() == "One moment.\n\nDone.", done.stderr
        assert [t.status for t in a.history("t")] == ["stop"]
    with pytest.raises(UsageError, match="nothing waits"):
        a.resume("t", [APPROVE])


def test_the_page_follows_a_resumed_turn_as_any_other() -> None:
    a, _ = desk(both(), "Done.")
    a.chat("Pay", thread_id="t")
    turn = a.start_resume("t", [APPROVE])
    events = [event.type for _, event in a.turn_events(turn)]
    assert events[-1] == "done"
    assert [event.type for _, event in a.turn_events(turn)][-1] == "done"
    assert a.history("t")[0].status == "stop"


@pytest.mark.parametrize(
    ("typed", "paid", "said"),
    [
        ("y\n", [(5, "Ana")], "Done."),
        ("n\ntoo much\n", [], "Done."),
        ("what\ne\n{\ne\n" + '{"amount": "x"}\n' + 'e\n{"amount": 2, "to": "Bo"}\n', [(2, "Bo")], "Done."),
    ],
)
def test_the_terminal_asks(
    typed: str, paid: list[Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    import io

    model = Scripted(pay(text="One moment."), "Done.")
    monkeypatch.setattr("gptsmith.agent.runtime.engine.Engine.model", model)
    file = tmp_path / "d.assistant.yaml"
    tools = "tools: [{type: pay, requires_approval: true}, {type: look}]\n"
    file.write_text("schema: assistant/v1\nname: D\ndescription: D\ninstructions: I\n" + tools, "utf-8")
    stdin = io.StringIO(typed)
    stdin.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdin", stdin)
    assert run(["chat", str(file), "-m", "Pay"]) == 0
    out = capsys.readouterr()
    assert paid == PAID
    assert "wants to call pay with" in out.err
    assert out.out.split() == ["One", "moment.", *said.split()]


def test_a_pipe_is_told_where_to_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr("gptsmith.agent.runtime.engine.Engine.model", Scripted(pay()))
    file = tmp_path / "d.assistant.yaml"
    tools = "tools: [{type: pay, requires_approval: true}, {type: look}]\n"
    file.write_text("schema: assistant/v1\nname: D\ndescription: D\ninstructions: I\n" + tools, "utf-8")
    assert run(["chat", str(file), "-m", "Pay", "--thread", "t"]) == 0
    assert "pay waits for your approval" in capsys.readouterr().err
    assert PAID == []


@pytest.mark.parametrize(
    ("way", "more", "paid", "answer"),
    [
        ("approve", {}, [(5, "Ana")], "Done."),
        ("reject", {"why": "too much"}, [], "Done."),
        ("always", {"args": '{"amount": 1, "to": "Bo"}'}, [(1, "Bo")], "Done."),
        ("approve", {"args": "{amount"}, [], "are not JSON"),
    ],
)
def test_the_page_asks(
    way: str, more: dict[str, str], paid: list[Any], answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    specs = make_library(tmp_path, monkeypatch)
    tools = "tools: [{type: pay, requires_approval: true}, {type: look}]\n"
    (specs / "desk.assistant.yaml").write_text(NIGHT_SKY + tools)
    monkeypatch.setattr("gptsmith.agent.runtime.engine.Engine.model", Scripted(both(), "Done."))
    at = open_page(page="chat", assistant="desk")
    at.chat_input[0].set_value("Pay the bill").run()
    at.run()
    assert "This step needs your approval" in words(at)
    assert "Pay somebody." in words(at)
    assert any(button.icon == ":material/front_hand:" for button in at.button if button.key.startswith("thread-"))
    at.radio(key="approval-way-c1").set_value(way).run()
    if "why" in more:
        at.text_input(key="approval-why-c1").set_value(more["why"])
    if "args" in more:
        at.text_area(key="approval-args-c1").set_value(more["args"])
    next(button for button in at.button if button.key.startswith("decide-")).click().run()
    if answer == "Done.":
        at.run()
    assert paid == PAID
    assert answer in words(at)
    assert ("needs your approval" in words(at)) is (answer != "Done.")
