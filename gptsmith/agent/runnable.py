"""The `Assistant` as a LangChain Runnable, and as a tool of another agent. Imported when an assistant is made."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.tools import BaseTool, StructuredTool

from gptsmith.agent.assistant import Assistant
from gptsmith.agent.events import Event
from gptsmith.tools.registry import Request


class RunnableAssistant(Assistant, Runnable[Any, Any]):  # type: ignore[misc]  # our as_tool takes no options
    """An assistant in a chain: `prompt | assistant | parser`. Nothing is stored; memory belongs to the host.

    `invoke`, `batch` and `transform` take what a chain hands on (text, messages, a prompt value, a state) and yield
    messages; `stream` and `astream` yield the events of a turn.
    """

    name: str | None = None

    @property
    def InputType(self) -> Any:
        return Any

    @property
    def OutputType(self) -> Any:
        return AIMessage

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> AIMessage:
        """Answer, and return one message; its `additional_kwargs["gptsmith"]` holds the Reply."""
        from gptsmith.agent.runtime.bare import as_messages

        return _last(self.graph.invoke({"messages": as_messages(input)}, config)["messages"])

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> AIMessage:
        """As `invoke`, for asynchronous code."""
        from gptsmith.agent.runtime.bare import as_messages

        return _last((await self.graph.ainvoke({"messages": as_messages(input)}, config))["messages"])

    def transform(
        self, input: Iterator[Any], config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[AIMessageChunk]:
        """Gather the input and yield the answer in pieces, so that a chain streams."""
        from gptsmith.agent.runtime import core
        from gptsmith.agent.runtime.bare import pieces, run_messages

        whole = _gathered(list(input))
        events: Iterator[Event] = core.stream(
            lambda deliver: run_messages(self.engine, whole, deliver),
            instead="write `async for … in assistant.atransform(…)`",
        )
        yield from pieces(events)

    async def atransform(
        self, input: AsyncIterator[Any], config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[AIMessageChunk]:
        """As `transform`, for asynchronous code."""
        from gptsmith.agent.runtime import core
        from gptsmith.agent.runtime.bare import piece_of, run_messages

        whole = _gathered([item async for item in input])
        events: AsyncIterator[Event] = core.astream(lambda deliver: run_messages(self.engine, whole, deliver))
        async for event in events:
            if (piece := piece_of(event)) is not None:
                yield piece


def assistant_tool(assistant: Assistant) -> BaseTool:
    """Return the assistant as a tool with one argument, `request`."""
    runnable: Any = assistant

    def ask(request: str) -> str:
        return str(runnable.invoke(request).text)

    async def aask(request: str) -> str:
        return str((await runnable.ainvoke(request)).text)

    spec = assistant.spec
    return StructuredTool.from_function(
        ask,
        aask,
        name=(spec.id or "assistant").replace("-", "_"),
        description=f"{spec.name}: {spec.description}",
        args_schema=Request,
    )


def _last(messages: list[BaseMessage]) -> AIMessage:
    message = messages[-1]
    assert isinstance(message, AIMessage), "the graph ends with the assistant's message"  # noqa: S101
    return message


def _gathered(items: list[Any]) -> Any:
    """Put the pieces of a streamed input together; LangChain's own add up."""
    whole = items[0] if items else ""
    for item in items[1:]:
        whole = whole + item
    return whole
