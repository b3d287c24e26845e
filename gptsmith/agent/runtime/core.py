"""The async core: one event loop on its own thread, on which every turn of the process runs.

Synchronous callers submit work and wait; asynchronous ones are woken in their own loop. SQLite's async saver belongs to
one loop, and a caller that walks away can be cleaned up after: both need a loop that outlives the caller.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import queue
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from typing import Any, TypeVar

T = TypeVar("T")
Deliver = Callable[[T], None]
Work = Callable[[Deliver[T]], Awaitable[None]]

_INSIST_SECONDS = 1.0
_LOCK = threading.Lock()
_LOOP: asyncio.AbstractEventLoop | None = None


def loop() -> asyncio.AbstractEventLoop:
    """Return the core's loop, started at the first call."""
    global _LOOP
    with _LOCK:
        if _LOOP is None or _LOOP.is_closed():
            _LOOP = asyncio.new_event_loop()
            threading.Thread(target=_LOOP.run_forever, name="gptsmith-core", daemon=True).start()
        return _LOOP


class Job:
    """Work that runs on the core; `done` is resolved when it has really ended, also after `cancel`."""

    def __init__(self, work: Coroutine[Any, Any, Any]) -> None:
        self.done: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self._task: asyncio.Task[Any] | None = None
        self._loop = loop()
        self._loop.call_soon_threadsafe(self._start, work)

    def _start(self, work: Coroutine[Any, Any, Any]) -> None:
        self._task = self._loop.create_task(work)
        self._task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[Any]) -> None:
        if task.cancelled():
            self.done.set_exception(concurrent.futures.CancelledError())
        elif (error := task.exception()) is not None:
            self.done.set_exception(error)
        else:
            self.done.set_result(task.result())

    def cancel(self, heard: Callable[[], bool] = lambda: False) -> None:
        """Ask the work to stop, again and again until it has `heard` that or ended: libraries below can swallow a
        cancellation. The work may still write down that it was stopped."""
        self._loop.call_soon_threadsafe(self._insist, heard)

    def _insist(self, heard: Callable[[], bool]) -> None:
        if self._task is not None and not self._task.done() and not heard():
            self._task.cancel()
            self._loop.call_later(_INSIST_SECONDS, self._insist, heard)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` on the core and wait for its result; never from the core's own thread."""
    job = Job(work)
    try:
        result: T = job.done.result()
        return result
    except KeyboardInterrupt:
        job.cancel()
        concurrent.futures.wait([job.done], timeout=5)
        raise


def stream(work: Work[T]) -> Iterator[T]:
    """Yield what `work` delivers; closing the iterator stops the work."""
    inbox: queue.SimpleQueue[tuple[T] | None] = queue.SimpleQueue()
    job = Job(_call(work, lambda item: inbox.put((item,))))
    job.done.add_done_callback(lambda _: inbox.put(None))
    try:
        while (item := inbox.get()) is not None:
            yield item[0]
        job.done.result()
    finally:
        if not job.done.done():
            job.cancel()
            concurrent.futures.wait([job.done], timeout=5)


async def astream(work: Work[T]) -> AsyncIterator[T]:
    """As `stream`, for a caller with a loop of its own."""
    here = asyncio.get_running_loop()
    inbox: asyncio.Queue[tuple[T] | None] = asyncio.Queue()

    def wake(item: tuple[T] | None) -> None:
        if not here.is_closed():
            here.call_soon_threadsafe(inbox.put_nowait, item)

    job = Job(_call(work, lambda item: wake((item,))))
    job.done.add_done_callback(lambda _: wake(None))
    try:
        while (item := await inbox.get()) is not None:
            yield item[0]
        job.done.result()
    finally:
        if not job.done.done():
            job.cancel()
            await asyncio.wait([asyncio.wrap_future(job.done)], timeout=5)


async def _call(work: Work[T], deliver: Deliver[T]) -> None:
    await work(deliver)
