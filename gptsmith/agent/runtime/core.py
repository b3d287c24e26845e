"""The async core: every turn of the process runs on its loop, and ends in time.

Synchronous callers submit work and wait; asynchronous ones are woken in their own loop. A caller that walks away can be
cleaned up after: that needs a loop that outlives the caller.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import logging
import os
import queue
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from typing import Any, TypeVar

from langchain_core.runnables.config import var_child_runnable_config

from gptsmith.errors import UsageError

# The threads and event loops of a process: the core's own loop, and one for foreign async code.
#
# A program's own async tools run on the second: one that blocks its loop cannot keep the core from ending a turn in
# time.

_WAITS = 5.0  # seconds that a thread without work stays
_ANSWERS_WITHIN = 1.0  # seconds after which the loop of foreign code counts as blocked
_LOCK = threading.Lock()
_LOOP: asyncio.AbstractEventLoop | None = None
_FOREIGN: asyncio.AbstractEventLoop | None = None


def loop() -> asyncio.AbstractEventLoop:
    """Return the core's loop, started at the first call."""
    global _LOOP
    with _LOCK:
        if _LOOP is None or _LOOP.is_closed():
            _LOOP = _started("gptsmith-core")
        return _LOOP


def refuse_to_wait(what: str, instead: str) -> None:
    """Refuse to wait on a thread of the loops: what is waited for could then never happen.

    Raises:
        UsageError: `what` was called there; the hint names what to write `instead`.
    """
    if isinstance(threading.current_thread(), _LoopThread):
        raise UsageError(f"{what} cannot wait inside an async tool: it would stop every assistant", hint=instead)


class _LoopThread(threading.Thread):
    """The thread of one loop. Whatever escapes from a task (SystemExit does) ends the task, never the loop."""

    def __init__(self, name: str, its_loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(name=name, daemon=True)
        self._its_loop = its_loop

    def run(self) -> None:
        while not self._its_loop.is_closed():
            try:
                self._its_loop.run_forever()
            except BaseException:  # noqa: BLE001 - the task has it; a dead loop would hang every later turn
                _LOG.debug("a task tried to end the program", exc_info=True)


class Threads(concurrent.futures.ThreadPoolExecutor):
    """Gives each call a daemon thread at once: a tool that never returns holds up no other call and no exit.

    A thread that is done waits for the next call: each step of a graph makes one, and a new thread costs more than it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[queue.SimpleQueue[Callable[[], None]]] = []
        self._guard = threading.Lock()

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> concurrent.futures.Future[T]:
        future: concurrent.futures.Future[T] = concurrent.futures.Future()
        with self._guard:
            inbox = self._waiting.pop() if self._waiting else None
        is_new = inbox is None
        inbox = queue.SimpleQueue() if inbox is None else inbox

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                self._wait_in(inbox)
                return
            try:
                result = contextvars.Context().run(fn, *args, **kwargs)  # nothing of the call before is seen
            except BaseException as error:  # noqa: BLE001 - carried to whoever waits
                self._wait_in(inbox)
                future.set_exception(error)
            else:
                self._wait_in(inbox)  # before anybody hears of it: the next call finds this thread
                future.set_result(result)

        inbox.put(work)
        if is_new:
            threading.Thread(target=self._serve, args=(inbox,), name="gptsmith-work", daemon=True).start()
        return future

    def _wait_in(self, inbox: queue.SimpleQueue[Callable[[], None]]) -> None:
        with self._guard:
            self._waiting.append(inbox)

    def _serve(self, inbox: queue.SimpleQueue[Callable[[], None]]) -> None:
        while True:
            try:
                work = inbox.get(timeout=_WAITS)
            except queue.Empty:
                with self._guard:
                    if inbox in self._waiting:
                        self._waiting.remove(inbox)
                        return
                work = inbox.get()  # it was given a call in this moment
            work()
            del work  # with what it holds, while the thread waits


def _started(name: str) -> asyncio.AbstractEventLoop:
    made = asyncio.new_event_loop()
    made.set_default_executor(Threads())
    _LoopThread(name, made).start()
    return made


def _after_fork() -> None:
    """Forget the loops in the child of a fork: their threads are the parent's alone."""
    global _LOOP, _FOREIGN, _LOCK
    _LOOP, _FOREIGN, _LOCK = None, None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


async def _awaited(work: Awaitable[T]) -> T:
    return await work


async def apart(work: Awaitable[T]) -> T:
    """Run foreign async code on the loop for it, in the caller's context; one that is blocked is replaced."""
    place = _foreign_loop()
    heard = asyncio.run_coroutine_threadsafe(asyncio.sleep(0), place)
    try:
        await asyncio.wait_for(asyncio.wrap_future(heard), _ANSWERS_WITHIN)
    except TimeoutError:
        place = _foreign_loop(instead_of=place)
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_awaited(work), place))


def _foreign_loop(instead_of: asyncio.AbstractEventLoop | None = None) -> asyncio.AbstractEventLoop:
    global _FOREIGN
    with _LOCK:
        if _FOREIGN is None or _FOREIGN is instead_of:
            _FOREIGN = _started("gptsmith-tools")
        return _FOREIGN


_LOG = logging.getLogger(__name__)

T = TypeVar("T")
Deliver = Callable[[T], None]
Work = Callable[[Deliver[T]], Awaitable[None]]

_INSIST_SECONDS = 1.0


class LimitReachedError(Exception):
    """The time for a piece of work is over."""


async def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns. Whether time runs out or the caller is cancelled, the end comes: work that does not
    hear its cancellation is left behind.

    Raises:
        LimitReachedError: it has not ended within `seconds`.
    """
    task = asyncio.create_task(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if not done:
            raise LimitReachedError
    finally:
        if not task.done():
            await _stop(task)
    if task.cancelled() or isinstance(task.exception(), SystemExit | KeyboardInterrupt):
        raise RuntimeError("it tried to end itself or the program")
    return task.result()


async def _stop(task: asyncio.Task[Any]) -> None:
    task.add_done_callback(_seen)
    for _ in range(2):
        task.cancel()
        done, _rest = await asyncio.wait({task}, timeout=_INSIST_SECONDS)
        if done:
            return


def _seen(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and task.exception() is not None:
        _LOG.debug("work that was stopped failed", exc_info=task.exception())


def within_thread(seconds: float, call: Callable[[], T]) -> T:
    """As `within`, for synchronous work: it runs on a thread of its own, in the caller's context.

    Raises:
        LimitReachedError: it has not ended within `seconds`; it may go on unheard.
    """
    future = Threads().submit(contextvars.copy_context().run, call)
    concurrent.futures.wait([future], timeout=seconds)
    if not future.done():
        raise LimitReachedError
    result: T = future.result()
    return result


class CoreWork:
    """Work that runs on the core; `done` is resolved when it has really ended, also after `cancel`.

    It runs in the caller's context but for LangChain's part of it: a graph around the caller would lend its
    checkpointer, callbacks and configuration to ours.
    """

    def __init__(self, work: Coroutine[Any, Any, Any]) -> None:
        self.done: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self._task: asyncio.Task[Any] | None = None
        self._loop = loop()
        context = contextvars.copy_context()
        context.run(var_child_runnable_config.set, None)
        self._loop.call_soon_threadsafe(self._start, work, context=context)

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


def run(work: Coroutine[Any, Any, T], *, instead: str = "await it") -> T:
    """Run `work` on the core and wait for its result.

    Raises:
        UsageError: it was called on a thread of the loops; the hint is to `await` what `instead` names.
    """
    try:
        refuse_to_wait("a synchronous call", instead)
    except UsageError:
        work.close()
        raise
    job = CoreWork(work)
    try:
        result: T = job.done.result()
        return result
    except KeyboardInterrupt:
        job.cancel()
        concurrent.futures.wait([job.done], timeout=5)
        raise


def stream(work: Work[T], *, instead: str = "iterate with async for") -> Iterator[T]:
    """Yield what `work` delivers; closing the iterator stops the work.

    Raises:
        UsageError: as `run`.
    """
    refuse_to_wait("a synchronous call", instead)
    return _stream(work)


def _stream(work: Work[T]) -> Iterator[T]:
    inbox: queue.SimpleQueue[tuple[T] | None] = queue.SimpleQueue()
    job = CoreWork(_call(work, lambda item: inbox.put((item,))))
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
        try:
            here.call_soon_threadsafe(inbox.put_nowait, item)
        except RuntimeError:  # the caller's loop is closed: nobody listens any more
            _LOG.debug("nobody listens")

    job = CoreWork(_call(work, lambda item: wake((item,))))
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
