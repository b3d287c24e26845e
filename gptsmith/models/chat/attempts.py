"""The models that may answer one message, and which of them is asked next, after which wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableBinding

from gptsmith.errors import ProviderError
from gptsmith.models.chat.failures import Contact, Failure
from gptsmith.models.chat.limits import Clock, Deadlines, TooLongError
from gptsmith.models.chat.thinking import Habit

_HOW_TO_ALLOW = "allow it with --allow-hosted or allow_hosted=True, or take it out of model.fallback"

Bound = tuple[Sequence[Any], dict[str, Any]]  # tools and the keywords of bind_tools


@dataclass
class Member:
    """One model that may answer: made when it is first needed. `hosted` names the host that text would leave for.

    `habit` is how it thinks; `unstreamed` counts the streams that brought nothing where a whole answer came; `unsaid`
    is the reason of an end that named none.
    """

    contact: Contact
    make: Callable[[], BaseChatModel] = field(repr=False)
    hosted: str | None = None
    habit: Habit = field(default_factory=Habit, repr=False)
    unstreamed: int = 0
    unsaid: str = "truncated"
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

    def __init__(
        self,
        members: Sequence[Member],
        deadlines: Deadlines,
        allow_hosted: bool | Callable[[str], bool],
        *,
        streaming: bool,
    ) -> None:
        self.members = members
        self.deadlines = deadlines
        self.allow = allow_hosted
        self.clock = Clock(deadlines, streaming=streaming)
        self._at = 0
        self._tries = 0
        self._asked_again = False
        self.whole = False
        self._first: ProviderError | None = None

    @property
    def member(self) -> Member:
        """The model that is asked now."""
        return self.members[self._at]

    @property
    def wants_whole(self) -> bool:
        """Whether the answer is asked for in one piece, because this server's streams bring nothing."""
        return self.whole or self.member.unstreamed > 1

    def failed(self, failure: Failure) -> float:
        """Return the seconds to wait before the next attempt; raise the error when nobody else can be asked."""
        if self.clock.seen_token and not failure.empty:
            raise self._told(failure.error)
        wait = self._wait(failure)
        if wait is None:
            self._first = self._first or failure.error
            self._next(failure.error)
            wait = 0.0
        self.clock.restart()
        return wait

    def unanswered(self, failure: Failure, *, after_tool: bool) -> Failure | None:
        """Return the failure of an empty answer, None where it stands: asked again, a model may have no more to say."""
        return None if after_tool and self._asked_again else failure

    def _told(self, error: ProviderError) -> ProviderError:
        """Return the error to show: the first model's, and the fallback's behind it."""
        if self._first is None or self._first is error:
            return error
        if isinstance(self._first, TooLongError):
            return self._first  # the caller can send less
        message = f"{self._first.message}; the fallback failed too: {error.message}"
        return ProviderError(message, code=self._first.code, hint=error.hint or self._first.hint)

    def _wait(self, failure: Failure) -> float | None:
        if not failure.retry or self._tries >= self.deadlines.retries or (failure.empty and self._asked_again):
            return None
        self._asked_again = self._asked_again or failure.empty
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
                self._at, self._tries, self._asked_again, self.whole = at, 0, False, False
                self.clock.end = max(self.clock.end, time.monotonic() + self.deadlines.first_token)
                return
            refused += f"; the fallback {self.members[at].contact.label} was not asked, because that would send the"
            refused += f" conversation to {host}"
        told = self._told(error)
        if not refused or isinstance(told, TooLongError):
            raise told
        raise ProviderError(told.message + refused, code=told.code, hint=_HOW_TO_ALLOW)

    def _allowed(self, host: str) -> bool:
        return bool(self.allow(host)) if callable(self.allow) else bool(self.allow)
