"""Deadlines of a chat model's answer: for the first token, between tokens, for the whole.

The clock starts with the request. Before the first token a failure may be retried; after it never, because a second
answer would follow the first one's beginning. A synchronous stream is read on a thread of its own, the only way to stop
waiting for a provider that hangs; that thread ends with the provider's socket, whose timeout is set just above ours.
"""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Deadlines:
    """How long a model may take, in seconds, and how often it is asked again.

    `first_token` is long because a local server may have to load the model first. `retries` is the number of further
    attempts, all within `total`; a provider that asks for a longer wait than `longest_wait` is not asked again.
    """

    first_token: float = 120
    between_tokens: float = 60
    total: float = 600
    retries: int = 2
    longest_wait: float = 20
    pause: float = 0.5

    @property
    def socket(self) -> float:
        """The timeout for the provider's own client: longer than ours, so that ours speaks first."""
        return min(self.total, max(self.first_token, self.between_tokens)) + 5


PATIENT = Deadlines(first_token=86_400, between_tokens=86_400, total=86_400)  # a model that computes in this process


class DeadlineError(Exception):
    """A deadline passed; the text says which one and how long it was."""


class Clock:
    """The time of one message to a model, over all its attempts."""

    def __init__(self, deadlines: Deadlines, *, streaming: bool) -> None:
        self.deadlines = deadlines
        self.streaming = streaming
        self.end = time.monotonic() + deadlines.total
        self.restart()

    def restart(self) -> None:
        """Begin a new attempt: the first token is awaited again, the end stays where it is."""
        self.seen_token = False
        self._mark = time.monotonic()

    def token(self) -> None:
        """Note that a token arrived just now."""
        self.seen_token = True
        self._mark = time.monotonic()

    def left(self) -> float:
        """Return the seconds until the next deadline, never below 0."""
        now, until = time.monotonic(), self.end
        if self.streaming:
            until = min(until, self._mark + self._patience())
        return max(0.0, until - now)

    def expired(self) -> DeadlineError:
        """Return the error for the deadline that passed."""
        if not self.streaming or time.monotonic() >= self.end:
            return DeadlineError(f"gave no whole answer within {self.deadlines.total:g} seconds")
        what = "stopped for" if self.seen_token else "sent no first word within"
        return DeadlineError(f"{what} {self._patience():g} seconds" + (" in its answer" if self.seen_token else ""))

    def _patience(self) -> float:
        return self.deadlines.between_tokens if self.seen_token else self.deadlines.first_token


def pull(source: Callable[[], Iterator[T]], clock: Clock) -> Generator[T, None, None]:
    """Yield what `source` yields, read on a thread; raise `DeadlineError` when the clock runs out.

    Errors of the source are raised here. When the consumer leaves, the thread stops at the source's next item.
    """
    box: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
    left = threading.Event()

    def work() -> None:
        try:
            for item in source():
                if left.is_set():
                    return
                box.put(("item", item))
        except BaseException as error:  # noqa: BLE001  carried to the waiting thread and raised there
            box.put(("error", error))
        else:
            box.put(("end", None))

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(work,), name="chat-model", daemon=True).start()
    try:
        while True:
            try:
                kind, value = box.get(timeout=clock.left())
            except queue.Empty:
                raise clock.expired() from None
            if kind == "end":
                return
            if kind == "error":
                raise value
            yield value
    finally:
        left.set()


async def apull(source: AsyncGenerator[T, None], clock: Clock) -> AsyncGenerator[T, None]:
    """Yield what `source` yields; raise `DeadlineError` when the clock runs out. Leaving closes the source."""
    try:
        while True:
            limit = asyncio.timeout(clock.left())
            try:
                async with limit:
                    item = await anext(source)
            except StopAsyncIteration:
                return
            except TimeoutError:
                if limit.expired():
                    raise clock.expired() from None
                raise
            yield item
    finally:
        await source.aclose()
