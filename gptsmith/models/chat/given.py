"""A chat model that a program passes in, read like every other: thinking and calls in its text are taken out of it.

Its deadlines, retries and errors stay its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from pydantic import ConfigDict, Field

from gptsmith.models.chat.attempts import Member
from gptsmith.models.chat.failures import Contact
from gptsmith.models.chat.guarded import GuardedChatModel, as_chunk, streams, tool_name
from gptsmith.models.chat.incoming import Incoming, sendable, whole
from gptsmith.models.chat.thinking import Habit


class GivenChatModel(BaseChatModel):
    """Asks the model of `member`, with `tools` where they are bound."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    member: Any = Field(repr=False, exclude=True)
    tools: Any = Field(default=None, exclude=True)

    @property
    def _llm_type(self) -> str:
        return str(self.member.model()._llm_type)

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return dict(self.member.model()._identifying_params)

    def bind_tools(
        self, tools: Sequence[Any], *, tool_choice: str | None = None, **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Return this model with `tools`, given to the model itself in its own form."""
        choice = {} if tool_choice is None else {"tool_choice": tool_choice}
        bound = self.model_copy(update={"tools": (list(tools), {**choice, **kwargs})})
        self.member.bound(bound.tools)  # tools that it cannot take are an error here, not in a turn
        return bound

    def with_structured_output(self, schema: dict[str, Any] | type, **kwargs: Any) -> Runnable[LanguageModelInput, Any]:
        """Ask the model itself, which knows its best way to a form."""
        form: Runnable[LanguageModelInput, Any] = self.member.model().with_structured_output(schema, **kwargs)
        return form

    def _incoming(self) -> Incoming:
        return Incoming(self._names(), self.member.habit, unsaid="stop")

    def _names(self) -> frozenset[str]:
        return frozenset(filter(None, map(tool_name, self.tools[0] if self.tools else [])))

    def _streams(self, model: BaseChatModel) -> bool:
        quiet = model.disable_streaming
        return streams(model) and quiet is not True and not (quiet == "tool_calling" and self.tools)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        model, keywords = self.member.bound(self.tools)
        return self._read(model._generate(sendable(messages), stop=stop, **{**keywords, **kwargs}))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        model, keywords = self.member.bound(self.tools)
        return self._read(await model._agenerate(sendable(messages), stop=stop, **{**keywords, **kwargs}))

    def _read(self, result: ChatResult) -> ChatResult:
        habit = self.member.habit
        read = [whole(g, self._names(), habit, unsaid="stop") for g in result.generations]
        return ChatResult(generations=read, llm_output=result.llm_output)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        model, keywords = self.member.bound(self.tools)
        asked, incoming = sendable(messages), self._incoming()
        if self._streams(model):
            chunks: Iterator[ChatGenerationChunk] = model._stream(asked, stop=stop, **{**keywords, **kwargs})
        else:
            chunks = iter([as_chunk(model._generate(asked, stop=stop, **{**keywords, **kwargs}))])
        for chunk in chunks:
            if part := incoming.feed(chunk):
                yield part
        yield incoming.end()

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        model, keywords = self.member.bound(self.tools)
        asked, incoming = sendable(messages), self._incoming()
        if self._streams(model):
            async for chunk in model._astream(asked, stop=stop, **{**keywords, **kwargs}):
                if part := incoming.feed(chunk):
                    yield part
        elif part := incoming.feed(as_chunk(await model._agenerate(asked, stop=stop, **{**keywords, **kwargs}))):
            yield part
        yield incoming.end()


def given(model: BaseChatModel, label: str) -> BaseChatModel:
    """Return a program's own model so that what it says is read like what the others say."""
    if isinstance(model, GuardedChatModel | GivenChatModel) or type(model).__module__.startswith("gptsmith."):
        return model
    name = str(getattr(model, "model_name", None) or getattr(model, "model", None) or "")
    member = Member(Contact(label), lambda: model, habit=Habit(name, wary=Habit(name, wary=True).unopened))
    own = {name: getattr(model, name) for name in ("profile", "callbacks", "tags", "metadata", "cache", "rate_limiter")}
    return GivenChatModel(member=member, **own)
