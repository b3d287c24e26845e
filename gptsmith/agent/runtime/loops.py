"""The threads and event loops of a process: the core's own loop, and one for foreign async code.

A program's own async tools run on the second: one that blocks its loop cannot keep the core from ending a turn in time.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import os
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from gptsmith.errors import UsageError

_LOG = logging.getLogger(__name__)

T = TypeVar("T")

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
    """Gives each call a daemon thread at once: a tool that never returns holds up no other call and no exit."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> concurrent.futures.Future[T]:
        future: concurrent.futures.Future[T] = concurrent.futures.Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - carried to whoever waits
                future.set_exception(error)

        threading.Thread(target=work, name="gptsmith-work", daemon=True).start()
        return future


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
