"""Tools of the program that asks: the model calls them, the turn ends, the program's results let it go on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import StructuredTool

from gptsmith import Assistant, Event, UsageError
from gptsmith.agent.runtime.callers import Caller, callers_tool
from gptsmith.tools import register_tool
from tests.support.scripted import Scripted, call

SPEC = {"schema": "assistant/v1", "name": "Desk", "description": "Helps.", "instructions": "Be brief."}
WEATHER = callers_tool(
    "weather", "Say the weather.", {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
)


def made(model: Scripted, tmp_path: Path, **more: Any) -> Assistant:
    return Assistant.from_dict({**SPEC, **more}, base_dir=tmp_path, model=model)


def heard(events: Any) -> list[Event]:
    async def gather() -> list[Event]:
        return [event async for event in events]

    return asyncio.run(gather())


def test_a_call_of_the_callers_tool_ends_a_turn_that_nobody_stores(tmp_path: Path) -> None:
    model = Scripted(call("weather", text="Let me look.", city="Porto"))
    with made(model, tmp_path) as desk:
        events = heard(
            desk.astream([HumanMessage("And the weather?")], caller=Caller([WEATHER], beside="Speak Latin."))
        )
    done = events[-1].data
    assert (done["finish_reason"], done["text"]) == ("tool_calls", "Let me look.")
    assert [(c["name"], c["args"], c["status"]) for c in done["tool_calls"]] == [
        ("weather", {"city": "Porto"}, "waiting")
    ]
    assert model.bound == ["weather"]
    assert "Speak Latin." in model.history[0][0].text


def test_a_stored_turn_goes_on_with_the_callers_results(tmp_path: Path) -> None:
    model = Scripted(call("weather", city="Porto"), "It rains in Porto.")
    caller = Caller([WEATHER])
    with made(model, tmp_path) as desk:
        first = heard(desk.astream("And the weather?", thread_id="t1", caller=caller))
        assert first[-1].data["finish_reason"] == "tool_calls"
        assert [asked.callers for asked in desk.waiting("t1")] == [True]
    with made(model, tmp_path) as desk:
        second = heard(desk.aresume_stream("t1", [{"type": "result", "message": "rain, 12 degrees"}], caller))
        assert second[-1].data["text"] == "It rains in Porto."
        assert [turn.reply.finish_reason for turn in desk.history("t1") if turn.reply] == ["stop"]
    sent = model.history[1][-1]
    assert isinstance(sent, ToolMessage) and "rain, 12 degrees" in sent.text


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        ({"type": "approve"}, "the program that asked runs weather, so this is no decision about it"),
        ({"type": "edit", "args": {"city": "Lisbon"}}, "the program that asked runs weather"),
    ],
)
def test_only_a_result_answers_the_callers_tool(decision: dict[str, Any], said: str, tmp_path: Path) -> None:
    with made(Scripted(call("weather", city="Porto")), tmp_path) as desk:
        heard(desk.astream("And the weather?", thread_id="t1", caller=Caller([WEATHER])))
        with pytest.raises(UsageError, match=said):
            desk.resume("t1", [decision])


def test_a_result_answers_no_call_of_the_assistants_own(tmp_path: Path) -> None:
    ran: list[int] = []

    def order(count: int) -> str:
        """Order tiles."""
        ran.append(count)
        return "ordered"

    register_tool(order)
    with made(Scripted(call("order", count=2)), tmp_path, tools=[{"type": "order", "requires_approval": True}]) as desk:
        assert desk.chat("Two, please", thread_id="t1").finish_reason == "approval"
        with pytest.raises(UsageError, match="gptsmith runs order"):
            desk.resume("t1", [{"type": "result", "message": "ordered a thousand"}])
    assert ran == []


def test_own_tools_come_before_the_callers_where_nothing_is_stored(tmp_path: Path) -> None:
    def stock() -> str:
        """Count the tiles."""
        return "seven"

    register_tool(StructuredTool.from_function(stock))
    both = AIMessage(
        content="",
        tool_calls=[
            {"name": "stock", "args": {}, "id": "a"},
            {"name": "weather", "args": {"city": "Porto"}, "id": "b"},
        ],
    )
    model = Scripted(both, call("weather", "c", city="Porto"))
    with made(model, tmp_path, tools=[{"type": "stock"}]) as desk:
        done = heard(desk.astream([HumanMessage("Both?")], caller=Caller([WEATHER])))[-1].data
    assert [(c["name"], c["status"]) for c in done["tool_calls"]] == [("stock", "ok"), ("weather", "waiting")]
    assert "seven" in model.history[1][-1].text
