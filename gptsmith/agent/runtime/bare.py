"""The bare graph of an assistant: over {"messages": […]}, for a host program that owns memory and locks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import aclosing
from typing import Any

from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    AnyMessage,
    BaseMessage,
    HumanMessage,
    convert_to_messages,
)
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import StreamMode

from gptsmith.agent.events import Event
from gptsmith.agent.runtime import core, streaming
from gptsmith.agent.runtime.callers import NOBODY, Caller
from gptsmith.agent.runtime.core import refuse_to_wait
from gptsmith.agent.runtime.engine import Engine
from gptsmith.agent.runtime.graph import Graph, build_graph
from gptsmith.agent.runtime.running import as_told, blocked_text, conclude, feed, limit_text, prepare
from gptsmith.agent.runtime.turn import CURRENT, Turn
from gptsmith.errors import GptsmithError, ProviderError


def bare_graph(engine: Engine) -> Graph:
    """Return the assistant as a compiled graph with one node; it keeps nothing and can be a node of another graph.

    Search, limits, guardrails and citation checks run as in a chat; the answer is one message whose
    `additional_kwargs["gptsmith"]` holds the Reply (citations, searched, tool calls).
    """

    def answer(state: MessagesState, config: RunnableConfig) -> dict[str, Any]:
        refuse_to_wait("a synchronous call", "write `await assistant.ainvoke(…)`")
        messages = _redacted(engine, state["messages"])
        turn = prepare(engine, messages, _unheard)
        token = CURRENT.set(turn)
        try:
            given, quiet = {"messages": messages}, _quiet(engine, config)
            done = core.within_thread(turn.seconds, lambda: engine.graph.invoke(given, quiet))["messages"]
        except core.LimitReachedError:
            done = _late(turn, messages)
        finally:
            CURRENT.reset(token)
        return {"messages": [conclude(turn, done[len(messages) :])]}

    async def aanswer(state: MessagesState, config: RunnableConfig) -> dict[str, Any]:
        messages = _redacted(engine, state["messages"])
        turn = await asyncio.to_thread(prepare, engine, messages, _unheard)
        token = CURRENT.set(turn)
        try:
            run = engine.graph.ainvoke({"messages": messages}, _quiet(engine, config))
            done = (await core.within(turn.seconds, run))["messages"]
        except core.LimitReachedError:
            done = _late(turn, messages)
        finally:
            CURRENT.reset(token)
        return {"messages": [conclude(turn, done[len(messages) :])]}

    graph = StateGraph(MessagesState)
    graph.add_node("assistant", RunnableLambda(answer, aanswer))
    graph.add_edge(START, "assistant")
    return graph.compile(checkpointer=False, name=(engine.spec.id or "assistant").replace("-", "_"))


def _late(turn: Turn, messages: list[AnyMessage]) -> list[AnyMessage]:
    turn.note(limit_text(turn), "timeout")
    return messages


def _redacted(engine: Engine, messages: list[AnyMessage]) -> list[AnyMessage]:
    rails = streaming.rails_for(engine.spec.guardrails, "input")
    if not rails:
        return messages
    return [_clean(m, rails) if isinstance(m, HumanMessage) and isinstance(m.content, str) else m for m in messages]


def _clean(message: HumanMessage, rails: list[Any]) -> HumanMessage:
    return message.model_copy(update={"content": streaming.redact(message.text, rails, blocking=False)})


def _quiet(engine: Engine, config: RunnableConfig) -> RunnableConfig:
    """Keep the model's raw tokens out of the host's stream where the finished text is redacted."""
    if not streaming.rails_for(engine.spec.guardrails, "output"):
        return config
    return {**config, "tags": [*(config.get("tags") or []), "nostream"]}


def _unheard(_event: Event) -> None:
    """Nobody listens to the events of a bare graph: its answer carries what they say."""


def as_messages(value: Any) -> list[AnyMessage]:
    """Return the messages in what a chain hands on: a text, a message, messages, a prompt value or a state."""
    if isinstance(value, str):
        return [HumanMessage(content=value)]
    if isinstance(value, BaseMessage):
        return [value]  # type: ignore[list-item]
    if hasattr(value, "to_messages"):
        return list(value.to_messages())
    if isinstance(value, dict) and "messages" in value:
        return as_messages(value["messages"])
    return list(convert_to_messages(value))  # type: ignore[arg-type]


async def run_messages(engine: Engine, given: Any, deliver: Callable[[Event], None], caller: Caller = NOBODY) -> None:
    """Run a turn on messages that a host keeps, and deliver its events; nothing is stored."""
    try:
        if not engine.is_ready:
            await asyncio.to_thread(engine.make_ready)
        messages = _redacted(engine, as_messages(given))
        if engine.knowledge is None and not engine.is_moving:  # nothing to wait for, so no thread
            turn = prepare(engine, messages, deliver, caller)
        else:
            turn = await asyncio.to_thread(prepare, engine, messages, deliver, caller)
        CURRENT.set(turn)
        await core.within(turn.seconds, _followed(engine, turn, messages))
    except core.LimitReachedError:
        deliver(_failure(GptsmithError("the limit of seconds for one message is reached", code="timeout")))
        return
    except streaming.Blocked as found:
        turn.note(blocked_text("answer", found), "blocked")
    except Exception as error:  # noqa: BLE001 - a model's package raises what it likes
        deliver(_failure(as_told(error)))
        return
    turn.wait()
    turn.out.say(turn.unsaid())
    reply = turn.reply(turn.citations())
    for citation in reply.citations:
        turn.emit("citation", citation.model_dump())
    turn.emit("done", reply.model_dump())


async def _followed(engine: Engine, turn: Turn, messages: list[AnyMessage]) -> None:
    modes: list[StreamMode] = ["updates", "messages"]
    own = turn.caller.tools
    graph = build_graph(engine.model, [*engine.tools, *own]) if own else engine.graph
    async with aclosing(graph.astream({"messages": messages}, stream_mode=modes)) as run:  # type: ignore[type-var]
        async for mode, data in run:
            if mode == "messages":
                feed(turn, data)
                continue
            updates: dict[str, Any] = data  # type: ignore[assignment]
            updates.pop("__interrupt__", None)  # a call that waits for who asked
            for message in (m for update in updates.values() for m in (update or {}).get("messages", [])):
                if isinstance(message, AIMessage):
                    turn.out.complete(message.text)


def piece_of(event: Event) -> AIMessageChunk | None:
    """Return the message chunk that an event means in a chain, None for most.

    Raises:
        ProviderError: the event is an error.
    """
    if event.type == "error":
        raise ProviderError(event.data["message"], code=event.data["code"])
    if event.type == "text":
        return AIMessageChunk(content=event.data["text"])
    return None


def pieces(events: Iterator[Event]) -> Iterator[AIMessageChunk]:
    """Return the message chunks of a turn's events."""
    for event in events:
        if (piece := piece_of(event)) is not None:
            yield piece


def _failure(error: GptsmithError) -> Event:
    return Event(type="error", data={"code": error.code, "message": str(error), "exit_code": error.exit_code})
