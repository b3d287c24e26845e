"""A scripted chat model for tests of the runtime: a queue of answers, and `.history` of what it was sent.

An answer is a text, an AIMessage (with tool calls), an exception, or a callable that takes the messages and returns one
of them. Text streams word by word.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

Answer = str | AIMessage | Exception | Callable[[list[BaseMessage]], Any]


def call(name: str, id: str = "call_1", text: str = "", **args: Any) -> AIMessage:
    """Return an answer that calls one tool."""
    return AIMessage(content=text, tool_calls=[{"name": name, "args": args, "id": id}])


class Scripted(BaseChatModel):
    """Answers from a queue, then with `always`; `slow` is seconds between words."""

    answers: list[Any]
    always: Any = None
    history: list[list[BaseMessage]]
    bound: list[str]
    slow: float = 0

    def __init__(self, *answers: Answer, **kwargs: Any) -> None:
        super().__init__(answers=list(answers), history=[], bound=[], **kwargs)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **_kwargs: Any) -> Any:
        self.bound[:] = [tool.name for tool in tools]
        return self

    def _next(self, messages: list[BaseMessage]) -> AIMessage:
        self.history.append(list(messages))
        answer = self.answers.pop(0) if self.answers else self.always
        while callable(answer):
            answer = answer(messages)
        if isinstance(answer, Exception):
            raise answer
        assert answer is not None, "the script has no answer left"
        message = answer if isinstance(answer, AIMessage) else AIMessage(content=answer)
        usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
        return message.model_copy(update={"id": None, "usage_metadata": usage})

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **_kwargs: Any,
    ) -> ChatResult:
        message = self._next(messages)
        if self.slow:
            time.sleep(self.slow * len(str(message.content).split()))
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **_kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        message = self._next(messages)
        words = str(message.content).split(" ") if message.content else []
        for i, word in enumerate(words):
            time.sleep(self.slow)
            yield _chunk(content=word if i == 0 else f" {word}")
        calls = [
            {"name": c["name"], "args": json.dumps(c["args"]), "id": c["id"], "index": i, "type": "tool_call_chunk"}
            for i, c in enumerate(message.tool_calls)
        ]
        calls += [
            {"name": c["name"], "args": c["args"], "id": c["id"], "index": i + len(calls), "type": "tool_call_chunk"}
            for i, c in enumerate(message.invalid_tool_calls)
        ]
        yield _chunk(
            content="",
            tool_call_chunks=calls,
            usage_metadata=message.usage_metadata,
            response_metadata=message.response_metadata,
        )


def _chunk(**fields: Any) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=AIMessageChunk(**fields))
