"""A chat model with deadlines, bounded retries, strict tool calls and fallbacks, over any LangChain chat model."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableBinding, RunnableLambda
from pydantic import ConfigDict, Field

from gptsmith.errors import ProviderError
from gptsmith.models.chat.deadlines import Clock, Deadlines, apull, pull
from gptsmith.models.chat.failures import Contact, Failure, read_failure
from gptsmith.models.chat.incoming import Incoming, sendable, whole

Bound = tuple[Sequence[Any], dict[str, Any]]  # tools and the keywords of bind_tools
LONGEST_ANSWER = 4_000_000  # characters; a model that never ends is cut here, marked truncated


@dataclass
class Member:
    """One model that may answer: made when it is first needed. `hosted` names the host that text would leave for."""

    contact: Contact
    make: Callable[[], BaseChatModel] = field(repr=False)
    hosted: str | None = None
    _model: BaseChatModel | None = field(default=None, repr=False)
    _by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, BaseChatModel] = field(
        default_factory=WeakKeyDictionary, repr=False
    )
    _by_loop_used: bool = field(default=False, repr=False)

    def model(self, loop: asyncio.AbstractEventLoop | None = None) -> BaseChatModel:
        """Return the model; raises NotReadyError when it cannot be made.

        Each event loop gets a model of its own, because pooled connections do not survive their loop. The first loop
        takes the one that was made without a loop.
        """
        if self._model is None:
            self._model = self.make()
        if loop is None:
            return self._model
        if loop not in self._by_loop:
            self._by_loop[loop] = self.make() if self._by_loop_used else self._model
            self._by_loop_used = True
        return self._by_loop[loop]

    def bound(self, tools: Bound | None, loop: asyncio.AbstractEventLoop | None = None) -> tuple[BaseChatModel, Any]:
        """Return the model and the keywords with which it knows `tools`, in its provider's own form."""
        model = self.model(loop)
        if tools is None:
            return model, {}
        runnable: Runnable[Any, Any] = model.bind_tools(tools[0], **tools[1])
        keywords: dict[str, Any] = {}
        while isinstance(runnable, RunnableBinding):
            keywords = {**runnable.kwargs, **keywords}
            runnable = runnable.bound
        if not isinstance(runnable, BaseChatModel):
            raise ProviderError(f"{self.contact.label} cannot be given tools", code="rejected")
        return runnable, keywords


@dataclass
class Failed(Exception):
    """A provider's failure on its way to the loop that may ask again."""

    failure: Failure


class Attempts:
    """Who is asked next, and after which wait."""

    def __init__(self, model: GuardedChatModel, *, streaming: bool) -> None:
        self.members = model.members
        self.deadlines = model.deadlines
        self.allow = model.allow_hosted
        self.clock = Clock(model.deadlines, streaming=streaming)
        self._at = 0
        self._tries = 0
        self._first: ProviderError | None = None

    @property
    def member(self) -> Member:
        """The model that is asked now."""
        member: Member = self.members[self._at]
        return member

    def failed(self, failure: Failure) -> float:
        """Return the seconds to wait before the next attempt; raise the error when nobody else can be asked."""
        if self.clock.seen_token:
            raise self._told(failure.error)
        wait = self._wait(failure)
        if wait is None:
            self._first = self._first or failure.error
            self._next(failure.error)
            wait = 0.0
        self.clock.restart()
        return wait

    def _told(self, error: ProviderError) -> ProviderError:
        """Return the error to show: the first model's, and the fallback's behind it."""
        if self._first is None or self._first is error:
            return error
        message = f"{self._first.message}; the fallback failed too: {error.message}"
        return ProviderError(message, code=self._first.code, hint=error.hint or self._first.hint)

    def _wait(self, failure: Failure) -> float | None:
        if not failure.retry or self._tries >= self.deadlines.retries:
            return None
        wait = self.deadlines.pause * 2**self._tries if failure.retry_after is None else failure.retry_after
        if wait > self.deadlines.longest_wait or time.monotonic() + wait >= self.clock.end:
            return None
        self._tries += 1
        return wait

    def _next(self, error: ProviderError) -> None:
        """Go on to the next fallback; text leaves a machine that it had not left only when the caller allows it."""
        refused = ""
        for at in range(self._at + 1, len(self.members)):
            host = self.members[at].hosted
            if host is None or self.members[0].hosted is not None or self._allowed(host):
                self._at, self._tries = at, 0
                self.clock.end = max(self.clock.end, time.monotonic() + self.deadlines.first_token)
                return
            refused += f"; the fallback {self.members[at].contact.label} was not asked, because that would send the"
            refused += f" conversation to {host}"
        told = self._told(error)
        if not refused:
            raise told
        raise ProviderError(told.message + refused, code=told.code, hint="allow it, or take it out of model.fallback")

    def _allowed(self, host: str) -> bool:
        return bool(self.allow(host)) if callable(self.allow) else bool(self.allow)


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
        """Ask for `schema` by a forced tool call; an answer in another form is a ProviderError `bad_answer`."""
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

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        attempts = Attempts(self, streaming=True)
        while True:
            incoming = Incoming()
            try:
                with closing(self._attempt(attempts, sendable(messages), stop, kwargs)) as chunks:
                    for chunk in chunks:
                        if part := take(incoming, chunk, attempts.clock):
                            yield part
                        if incoming.characters > LONGEST_ANSWER:
                            incoming.cut()
                            break
                yield incoming.end()
                return
            except Failed as failed:
                failure = failed.failure
            time.sleep(attempts.failed(failure))

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        attempts = Attempts(self, streaming=True)
        while True:
            incoming = Incoming()
            try:
                async with aclosing(self._aattempt(attempts, sendable(messages), stop, kwargs)) as chunks:
                    async for chunk in chunks:
                        if part := take(incoming, chunk, attempts.clock):
                            yield part
                        if incoming.characters > LONGEST_ANSWER:
                            incoming.cut()
                            break
                yield incoming.end()
                return
            except Failed as failed:
                failure = failed.failure
            await asyncio.sleep(await asyncio.to_thread(attempts.failed, failure))

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        attempts = Attempts(self, streaming=False)
        while True:
            member = attempts.member
            try:
                return held_to_rules(next(pull(lambda: self._once(attempts, messages, stop, kwargs), attempts.clock)))
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
        attempts = Attempts(self, streaming=False)
        while True:
            member = attempts.member
            limit = asyncio.timeout(attempts.clock.left())
            try:
                async with limit:
                    model, keywords = await asyncio.to_thread(member.bound, self.tools, asyncio.get_running_loop())
                    answer = await model._agenerate(sendable(messages), stop=stop, **{**keywords, **kwargs})
                return held_to_rules(answer)
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
            if streams(model):
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
            if streams(model):
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


def streams(model: BaseChatModel) -> bool:
    """Tell whether the model can stream at all."""
    kind = type(model)
    return kind._stream is not BaseChatModel._stream or kind._astream is not BaseChatModel._astream


def as_chunk(result: ChatResult) -> ChatGenerationChunk:
    """Turn a whole answer into one chunk, for models that do not stream."""
    generation = result.generations[0]
    message = AIMessageChunk(**generation.message.model_dump(exclude={"type"}))
    return ChatGenerationChunk(message=message, generation_info=generation.generation_info)


def held_to_rules(result: ChatResult) -> ChatResult:
    """Apply the rules for whole answers to each generation."""
    generations: list[ChatGeneration] = [whole(g) for g in result.generations]
    return ChatResult(generations=generations, llm_output=result.llm_output)
