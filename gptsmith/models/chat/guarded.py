"""A chat model with deadlines, bounded retries, strict tool calls and fallbacks, over any LangChain chat model."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Sequence
from contextlib import aclosing, closing
from typing import Any, TypeVar

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.chat_models import agenerate_from_stream, generate_from_stream
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import ConfigDict, Field

from gptsmith.errors import ProviderError
from gptsmith.models.chat.answering_in_schema import constrained
from gptsmith.models.chat.attempts import Attempts, Failed
from gptsmith.models.chat.failures import Failure, empty_answer, no_events, read_failure
from gptsmith.models.chat.incoming import Incoming, sendable, whole
from gptsmith.models.chat.limits import Clock, Deadlines, apull, pull
from gptsmith.models.chat.thinking import REPETITION

GenerationT = TypeVar("GenerationT", bound=ChatGeneration)
LONGEST_ANSWER = 4_000_000  # characters; a model that never ends is cut here, marked truncated


class GuardedChatModel(BaseChatModel):
    """Asks `members` in turn: the first is the model itself, the others its fallbacks.

    Every failure is a `ProviderError`. Retries and fallbacks happen only before the first token. Each answer ends with
    `response_metadata["finish_reason"]`; `truncated` when the provider never gave one.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    members: list[Any] = Field(repr=False, exclude=True)
    deadlines: Any = Field(default_factory=Deadlines, exclude=True)
    allow_hosted: Any = Field(default=False, exclude=True)
    tools: Any = Field(default=None, exclude=True)

    @property
    def model_name(self) -> str:
        """The label of the model that is asked first, as `provider:name`."""
        return str(self.members[0].contact.label)

    @property
    def _llm_type(self) -> str:
        return "gptsmith-guarded"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name, "fallback": [m.contact.label for m in self.members[1:]]}

    def bind_tools(
        self, tools: Sequence[Any], *, tool_choice: str | None = None, **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Return this model with `tools`; each member is given them in its provider's form when it is asked."""
        kwargs.pop("ls_structured_output_format", None)  # only for traces
        choice = {} if tool_choice is None else {"tool_choice": tool_choice}
        bound = self.model_copy(update={"tools": (list(tools), {**choice, **kwargs})})
        bound.members[0].bound(bound.tools)  # a tool that the provider cannot take is an error here, not in a turn
        return bound

    def with_structured_output(
        self,
        schema: dict[str, Any] | type,
        *,
        include_raw: bool = False,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, Any]:
        """Ask for `schema` by a forced tool call; an answer in another form is a ProviderError `bad_answer`.

        A model whose server holds it to a schema is asked for the JSON itself: small ones write no tool call reliably.
        """
        if all(member.habit.constrained for member in self.members):
            chain: Runnable[LanguageModelInput, Any] = constrained(self, schema)
        else:
            chain = super().with_structured_output(schema, include_raw=True, **kwargs)
        return chain if include_raw else chain | RunnableLambda(self._parsed)

    def _parsed(self, answer: Any) -> Any:
        if answer["parsed"] is None or answer["parsing_error"] is not None:
            cut = answer["raw"].response_metadata.get("finish_reason") in ("truncated", "length")
            why = ": its answer was cut" if cut else ""
            raise ProviderError(
                f"{self.model_name} did not answer in the form that was asked for{why}",
                code="bad_answer",
                hint="try again, or choose a model that is good at tool calls",
            )
        return answer["parsed"]

    def _offered(self, keywords: dict[str, Any]) -> frozenset[str]:
        """Return the names of the tools that the model may call."""
        given = [*(self.tools[0] if self.tools else []), *(keywords.get("tools") or [])]
        return frozenset(filter(None, map(tool_name, given)))

    @property
    def _loops(self) -> bool:
        """Tell whether the model may say the same without end: its whole answers are read as they come, too."""
        return any(member.habit.loops for member in self.members)

    def _attempts(self, *, streaming: bool) -> Attempts:
        return Attempts(self.members, self.deadlines, self.allow_hosted, streaming=streaming)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        attempts, tools = self._attempts(streaming=True), self._offered(kwargs)
        while True:
            incoming = Incoming(tools, attempts.member.habit, unsaid=attempts.member.unsaid)
            try:
                with closing(self._attempt(attempts, sendable(messages), stop, kwargs)) as chunks:
                    for chunk in chunks:
                        if part := take(incoming, chunk, attempts.clock):
                            yield part
                        if _cut_short(incoming):
                            break
                last = incoming.end()
                if (unanswered := streamed_nothing(incoming, last, messages, attempts)) is None:
                    yield signed(last, attempts)
                    return
                failure = unanswered
            except Failed as failed:
                failure = failed.failure
                if rest := incoming.rest():
                    yield rest
            time.sleep(attempts.failed(failure))

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        attempts, tools = self._attempts(streaming=True), self._offered(kwargs)
        while True:
            incoming = Incoming(tools, attempts.member.habit, unsaid=attempts.member.unsaid)
            try:
                async with aclosing(self._aattempt(attempts, sendable(messages), stop, kwargs)) as chunks:
                    async for chunk in chunks:
                        if part := take(incoming, chunk, attempts.clock):
                            yield part
                        if _cut_short(incoming):
                            break
                last = incoming.end()
                if (unanswered := streamed_nothing(incoming, last, messages, attempts)) is None:
                    yield signed(last, attempts)
                    return
                failure = unanswered
            except Failed as failed:
                failure = failed.failure
                if rest := incoming.rest():
                    yield rest
            await asyncio.sleep(await asyncio.to_thread(attempts.failed, failure))

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        if self._loops:
            return generate_from_stream(self._stream(messages, stop, **kwargs))
        attempts, tools = self._attempts(streaming=False), self._offered(kwargs)
        while True:
            member = attempts.member
            try:
                answer = next(pull(lambda: self._once(attempts, messages, stop, kwargs), attempts.clock))
                answer = held_to_rules(answer, attempts, tools)
                if (unanswered := said_nothing(answer, messages, attempts)) is None:
                    return answer
                failure = unanswered
            except Exception as error:  # noqa: BLE001  providers raise classes of a dozen packages
                failure = read_failure(error, member.contact)
            time.sleep(attempts.failed(failure))

    def _once(
        self, attempts: Attempts, messages: list[BaseMessage], stop: list[str] | None, kwargs: dict[str, Any]
    ) -> Iterator[ChatResult]:
        model, keywords = attempts.member.bound(self.tools)
        yield model._generate(sendable(messages), stop=stop, **{**keywords, **kwargs})

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        if self._loops:
            return await agenerate_from_stream(self._astream(messages, stop, **kwargs))
        attempts, tools = self._attempts(streaming=False), self._offered(kwargs)
        while True:
            member = attempts.member
            limit = asyncio.timeout(attempts.clock.left())
            try:
                async with limit:
                    model, keywords = await asyncio.to_thread(member.bound, self.tools, asyncio.get_running_loop())
                    answer = await model._agenerate(sendable(messages), stop=stop, **{**keywords, **kwargs})
                answer = held_to_rules(answer, attempts, tools)
                if (unanswered := said_nothing(answer, messages, attempts)) is None:
                    return answer
                failure = unanswered
            except Exception as error:  # noqa: BLE001  providers raise classes of a dozen packages
                failure = read_failure(attempts.clock.expired() if limit.expired() else error, member.contact)
            await asyncio.sleep(await asyncio.to_thread(attempts.failed, failure))

    def _attempt(
        self, attempts: Attempts, messages: list[BaseMessage], stop: list[str] | None, kwargs: dict[str, Any]
    ) -> Generator[ChatGenerationChunk, None, None]:
        """Yield one attempt's chunks; whatever the provider raises becomes `Failed`."""
        member, failure = attempts.member, None

        def chunks() -> Iterator[ChatGenerationChunk]:
            model, keywords = member.bound(self.tools)
            if streams(model, self.tools) and not attempts.wants_whole:
                yield from model._stream(messages, stop=stop, **{**keywords, **kwargs})
            else:
                yield as_chunk(model._generate(messages, stop=stop, **{**keywords, **kwargs}))

        with closing(pull(chunks, attempts.clock)) as source:
            while failure is None:
                try:
                    chunk = next(source)
                except StopIteration:
                    return
                except Exception as error:  # noqa: BLE001  providers raise classes of a dozen packages
                    failure = read_failure(error, member.contact, started=attempts.clock.seen_token)
                else:
                    yield chunk
        raise Failed(failure)

    async def _aattempt(
        self, attempts: Attempts, messages: list[BaseMessage], stop: list[str] | None, kwargs: dict[str, Any]
    ) -> AsyncGenerator[ChatGenerationChunk, None]:
        """Yield one attempt's chunks; whatever the provider raises becomes `Failed`."""
        member, failure = attempts.member, None

        async def chunks() -> AsyncGenerator[ChatGenerationChunk, None]:
            model, keywords = await asyncio.to_thread(member.bound, self.tools, asyncio.get_running_loop())
            if streams(model, self.tools) and not attempts.wants_whole:
                async for chunk in model._astream(messages, stop=stop, **{**keywords, **kwargs}):
                    yield chunk
            else:
                yield as_chunk(await model._agenerate(messages, stop=stop, **{**keywords, **kwargs}))

        async with aclosing(apull(chunks(), attempts.clock)) as source:
            while failure is None:
                try:
                    chunk = await anext(source)
                except StopAsyncIteration:
                    return
                except Exception as error:  # noqa: BLE001  providers raise classes of a dozen packages
                    failure = read_failure(error, member.contact, started=attempts.clock.seen_token)
                else:
                    yield chunk
        raise Failed(failure)


def take(incoming: Incoming, chunk: ChatGenerationChunk, clock: Clock) -> ChatGenerationChunk | None:
    """Feed one chunk and note on the clock whether it was a token; return what may go on."""
    if incoming.is_token(chunk):
        clock.token()
    return incoming.feed(chunk)


def streams(model: BaseChatModel, tools: Any = None) -> bool:
    """Tell whether the model can stream, and does with these tools."""
    kind, quiet = type(model), model.disable_streaming
    if quiet is True or (quiet == "tool_calling" and tools):
        return False
    return kind._stream is not BaseChatModel._stream or kind._astream is not BaseChatModel._astream


def as_chunk(result: ChatResult) -> ChatGenerationChunk:
    """Turn a whole answer into one chunk, for models that do not stream."""
    generation = result.generations[0]
    message = AIMessageChunk(**generation.message.model_dump(exclude={"type"}))
    return ChatGenerationChunk(message=message, generation_info=generation.generation_info)


def signed(generation: GenerationT, attempts: Attempts) -> GenerationT:
    """Write on an answer which fallback gave it, as `response_metadata["answered_by"]`."""
    if attempts.member is not attempts.members[0]:
        generation.message.response_metadata["answered_by"] = attempts.member.contact.label
    return generation


def held_to_rules(result: ChatResult, attempts: Attempts, tools: frozenset[str]) -> ChatResult:
    """Apply the rules for whole answers to each generation."""
    habit, unsaid = attempts.member.habit, attempts.member.unsaid
    read = [whole(g, tools, habit, unsaid=unsaid) for g in result.generations]
    generations: list[ChatGeneration] = [signed(one, attempts) for one in read]
    return ChatResult(generations=generations, llm_output=result.llm_output)


def streamed_nothing(
    incoming: Incoming, last: ChatGenerationChunk, messages: list[BaseMessage], attempts: Attempts
) -> Failure | None:
    """Return the failure of a streamed answer that has nothing in it, None when it has."""
    member = attempts.member
    if not incoming.began and not attempts.wants_whole:  # perhaps a server that takes no notice of `stream`
        attempts.whole = True
        return no_events(member.contact)
    if not incoming.is_empty:
        member.unstreamed += attempts.whole
        return None
    return _nothing(last, incoming.thought, messages, attempts)


def said_nothing(result: ChatResult, messages: list[BaseMessage], attempts: Attempts) -> Failure | None:
    """Return the failure of a whole answer that has nothing in it, None when it has."""
    message = result.generations[0].message
    calls = isinstance(message, AIMessage) and (message.tool_calls or message.invalid_tool_calls)
    if calls or message.text.strip():
        return None
    thought = bool({"thinking", "reasoning_content"} & set(message.additional_kwargs))
    return _nothing(result.generations[0], thought, messages, attempts)


def _nothing(answer: ChatGeneration, thought: bool, messages: list[BaseMessage], attempts: Attempts) -> Failure | None:
    finish = str((answer.generation_info or {}).get("finish_reason"))
    refusal = str(answer.message.additional_kwargs.get("refusal") or "")
    failure = empty_answer(attempts.member.contact, finish, thought=thought, refusal=refusal)
    return attempts.unanswered(failure, after_tool=bool(messages) and isinstance(messages[-1], ToolMessage))


def tool_name(tool: Any) -> str:
    """Return the name under which a model is offered `tool`, empty for a provider's own tool without one."""
    if isinstance(tool, dict):
        return str((tool.get("function") or tool).get("name") or tool.get("title") or "")
    return str(convert_to_openai_tool(tool)["function"]["name"])


def _cut_short(incoming: Incoming) -> bool:
    """Cut an answer that grows past all bounds or repeats itself; say whether it was."""
    if incoming.characters > LONGEST_ANSWER:
        incoming.cut()
    elif incoming.repeats:
        incoming.cut(REPETITION)
    else:
        return False
    return True
