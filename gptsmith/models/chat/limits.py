"""The limits of an answer: deadlines for its tokens, and the window of tokens that a model reads."""

from __future__ import annotations

import asyncio
import contextvars
import queue
import re
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from gptsmith.errors import ProviderError

# Deadlines of a chat model's answer: for the first token, between tokens, for the whole.
#
# The clock starts with the request. Before the first token a failure may be retried; after it never, because a second
# answer would follow the first one's beginning. A synchronous stream is read on a thread of its own, the only way to
# stop waiting for a provider that hangs; that thread ends with the provider's socket, whose timeout is set just above
# ours.

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


# A model's window: how many tokens it reads, what a text takes of it, and what a server says when it was too much.

_DENSE = re.compile(r"[\d!-/:-@\[-`{-~]")  # digits and signs: often a token each
_MOST = 4.0  # times our estimate: a server's count beyond that includes something else
_LEAST = 256  # tokens: no window is taken to be smaller
_ANSWER = 1024  # tokens kept free for an answer whose length nobody set

# What servers say; only texts of a refused request are read, so that no quota of tokens per minute is taken for one.
_SAYS_SO = re.compile(
    r"context.{0,12}(?:length|window|size|overflow)|context_length|(?:model'?s?|maximum) (?:context|prompt length)"
    r"|(?:prompt|input|request|messages?|conversation)\b.{0,30}\btoo (?:long|large|many)"
    r"|too many (?:input |total )*tokens|input token count|tokens in the (?:prompt|input|messages)"
    r"|(?:exceed|longer than|reduce the length|cannot exceed)[^.]{0,80}(?:tokens?|messages|prompt)"
    r"|tokens? limit\b|inputs?`? tokens|input length should be|prompt is too long|prompt contains",
    re.IGNORECASE,
)
_NUMBER = r"(\d[\d,_]{2,})"
_LIMITS = [
    re.compile(pattern.replace("N", _NUMBER), re.IGNORECASE | re.DOTALL)
    for pattern in (
        r"n_ctx\D{1,6}N",
        r"(?:context|prompt|input)[ _-](?:length|window|size|limit)\b[^\d]{0,40}N",
        r"N\s*(?:tokens?)?\s*maximum",
        r"maximum[^\d]{0,60}N",
        r"(?:cannot exceed|must be <=|limit(?:ed)?(?: is| of| to|:)?|at most|up to|reads(?: only)?)[^\d]{0,20}N",
        r"[>]\s*N",
        r"\[\d+, N\]",
    )
]
_SENT = [
    re.compile(pattern.replace("N", _NUMBER), re.IGNORECASE | re.DOTALL)
    for pattern in (
        r"N\s*(?:tokens?)?\s*(?:in|of) (?:the |your )?(?:text input|messages|prompt|input)",
        r"N\s*`?(?:input|prompt|inputs)`? tokens",
        r"n_prompt_tokens\D{1,6}N",
        r"(?:resulted in|contains?|has|received|first|requested:?|given:?|too long:)\s*(?:about )?N",
        r"(?:count|input|request) \(N",
    )
]


class TooLongError(ProviderError):
    """The conversation is longer than the model reads; `limit` and `sent` are tokens as the server said, else None."""

    def __init__(self, label: str, *, limit: int | None = None, sent: int | None = None) -> None:
        super().__init__(
            f"the conversation is longer than {label} can read",
            code="too_long",
            hint="shorten the message, begin a new thread, or choose a model that reads more",
        )
        self.limit = limit
        self.sent = sent


def too_long(text: str, label: str) -> TooLongError | None:
    """Read a server's words about a refused request; None when they are not about its length."""
    if not _SAYS_SO.search(text):
        return None
    limit = next((_number(found[1]) for pattern in _LIMITS if (found := pattern.search(text))), None)
    sent = next((_number(found[1]) for pattern in _SENT if (found := pattern.search(text))), None)
    if limit is not None and sent is not None and sent < limit:
        sent = None  # the rest is room for the answer, or the number means something else
    return TooLongError(label, limit=limit, sent=sent)


def _number(digits: str) -> int:
    return int(re.sub(r"[,_]", "", digits)[:9])


def estimated(text: str) -> int:
    """Return about how many tokens a text takes, rather too many: a byte is a third of one, a digit or sign two."""
    return (len(text.encode("utf-8", "surrogatepass")) + len(_DENSE.findall(text))) // 3 + 1


@dataclass
class Window:
    """What is known of one model's window. `tokens` is what it reads and writes together, None while nobody said."""

    tokens: int | None = None
    answer: int | None = None
    count: Callable[[str], int] = estimated
    scale: float = 1.0

    @classmethod
    def of(cls, model: Any, answer: int | None = None) -> Window:
        """Return the window that a chat model is known to have, by its profile; `answer` is its longest answer."""
        profile = getattr(model, "profile", None) or {}
        return cls(profile.get("max_input_tokens"), answer, getattr(model, "count_tokens", None) or estimated)

    @property
    def room(self) -> int | None:
        """Tokens, as `count` counts them, for all that is sent; None when the window is not known."""
        if self.tokens is None:
            return None
        answer = min(self.answer or _ANSWER, self.tokens // 4)
        return int((self.tokens - answer) * 0.95 / self.scale)

    def learn(self, error: TooLongError, sent: int) -> None:
        """Take from a refusal how much the model reads; `sent` is what was refused, as `count` counts it."""
        if error.sent and sent:
            self.scale = max(self.scale, min(error.sent / sent, _MOST))
        refused = int(sent * self.scale)
        says = error.limit if error.limit and (self.tokens is None or error.limit < self.tokens) else refused // 2
        self.tokens = max(_LEAST, says if self.tokens is None else min(self.tokens, says))
