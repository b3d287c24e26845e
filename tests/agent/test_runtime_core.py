"""The async core: work that is stopped does stop, even where something below swallows the first word."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import gc
import multiprocessing.connection
import os
import threading
from collections.abc import Callable
from typing import Any

import pytest

from gptsmith import Assistant, ThreadBusyError, UsageError
from gptsmith.agent.runtime import core
from gptsmith.agent.runtime.core import loop
from gptsmith.tools import register_tool
from tests.support.scripted import Scripted, call

SPEC: dict[str, Any] = {"schema": "assistant/v1", "name": "Tiles", "description": "Knows.", "instructions": "Be kind."}


@pytest.mark.parametrize("deaf_for", [0, 1, 3])
def test_work_stops_that_swallows_cancellations(deaf_for: int) -> None:
    heard: list[bool] = []
    begun = threading.Event()

    async def work() -> None:
        begun.set()
        for _ in range(deaf_for):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                continue
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            heard.append(True)
            await asyncio.sleep(1)  # what is written down at the end is not disturbed

    job = core.CoreWork(work())
    assert begun.wait(20)
    job.cancel(lambda: bool(heard))
    concurrent.futures.wait([job.done], timeout=20)
    assert heard == [True]
    assert job.done.result(timeout=0) is None


def test_closing_a_stream_stops_work_that_swallows_a_cancellation() -> None:
    heard: list[str] = []

    async def work(deliver: core.Deliver[str]) -> None:
        deliver("begun")
        for word in ("swallowed", "heard"):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                heard.append(word)

    stream = core.stream(work)
    assert next(stream) == "begun"
    stream.close()
    assert heard == ["swallowed", "heard"]


def test_work_sees_the_context_of_its_caller() -> None:
    name = contextvars.ContextVar("name", default="nobody")

    async def work() -> str:
        return name.get()

    name.set("Ana")
    assert core.run(work()) == "Ana"


def test_a_task_that_ends_the_program_does_not_end_the_core() -> None:
    async def leave() -> None:
        raise SystemExit(3)

    job = core.CoreWork(leave())
    with pytest.raises(SystemExit):
        job.done.result(timeout=20)

    async def work() -> str:
        return "still here"

    assert core.run(work()) == "still here"


# -- a second process ----------------------------------------------------------------------------------------------


def in_child(work: Callable[[], Any]) -> Any:
    """Run `work` in a fork of this process and return what it returns."""
    inbox, outbox = os.pipe()
    if (child := os.fork()) == 0:
        try:
            os.write(outbox, repr(work()).encode())
        finally:
            os._exit(0)
    os.close(outbox)
    with os.fdopen(inbox, "rb") as answer:
        ready = multiprocessing.connection.wait([answer], timeout=60)
        if not ready:
            os.kill(child, 9)
        text = answer.read().decode()
    os.waitpid(child, 0)
    return text


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("again", [False, True], ids=["the parent's assistant", "one of its own"])
def test_a_fork_can_chat(again: bool, tmp_path: Any) -> None:
    (tmp_path / "guide.md").write_text("The ship was made in 1755.", "utf-8")
    spec = {**SPEC, "id": "tile-guide", "knowledge": [{"name": "guide", "paths": ["./guide.md"]}]}

    def made() -> Assistant:
        return Assistant.from_dict(spec, tmp_path, model=Scripted(always="In 1755 [1]."))

    parent = made()
    parent.chat("When was the ship made?", thread_id="t")
    running = parent.start_turn("And now?", thread_id="u")

    def work() -> Any:
        child = made() if again else parent
        reply = child.chat("When was the ship made?", thread_id="t")
        return len(reply.citations), [t.message for t in child.history("t")], bool(child.stop_turn(running))

    asked = ["When was the ship made?"] * 2
    assert in_child(work) == repr((1, asked, False))
    list(parent.turn_events(running))
    assert parent.chat("Still?", thread_id="t").citations
    assert [t.message for t in parent.history("t")] == [*asked, "Still?"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_in_the_middle_of_a_turn_leaves_the_thread_to_the_one_that_answers(tmp_path: Any) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly(_messages: Any) -> str:
        begun.set()
        assert go_on.wait(60)
        return "At last."

    parent = Assistant.from_dict({**SPEC, "id": "tiles"}, model=Scripted(slowly, always="Fine."))
    running = parent.start_turn("And now?", thread_id="t")
    assert begun.wait(60)
    told, may_try = os.pipe()

    def busy(who: Assistant) -> bool:
        try:
            who.chat("May I?", thread_id="t")
        except ThreadBusyError:
            return True
        return False

    def in_the_fork() -> Any:
        first = busy(parent)
        gc.collect()  # what the fork inherited is thrown away: the parent's lock must outlive that
        os.write(answered, b"1")
        os.read(told, 1)
        return first, busy(parent)

    heard, answered = os.pipe()
    results: list[Any] = []
    other = threading.Thread(target=lambda: results.append(in_child(in_the_fork)))
    other.start()
    os.read(heard, 1)
    assert busy(parent), "the fork did not let go of the lock"
    go_on.set()
    list(parent.turn_events(running))
    os.write(may_try, b"1")  # the fork is still there, and may talk on the thread now
    other.join()
    assert results == [repr((True, False))]
    assert not busy(parent)
    assert [turn.message for turn in parent.history("t")] == ["And now?", "May I?", "May I?"]


# -- a call from inside --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("use", "instead"),
    [
        (lambda a: a.chat("Hi").text, "achat"),
        (lambda a: list(a.stream("Hi")), "astream"),
        (lambda a: a.invoke("Hi"), "ainvoke"),
        (lambda a: a.as_tool().invoke("Hi"), "ainvoke"),
        (lambda a: list(a.transform(iter(["Hi"]))), "atransform"),
        (lambda a: list(a.turn_events(a.start_turn("Hi"))), "to_thread"),
        (lambda a: [r.failures for r in a.run_tests()], "to_thread"),
    ],
)
def test_an_async_tool_cannot_wait_for_another_assistant(use: Any, instead: str) -> None:
    tests = [{"name": "hello", "message": "Hi", "expect": {}}]
    inner = Assistant.from_dict({**SPEC, "tests": tests}, model=Scripted(always="Hello."))

    async def ask_wrongly() -> str:
        """Ask the other one."""
        return str(use(inner))

    async def ask_rightly() -> str:
        """Ask the other one."""
        return f"{(await inner.achat('Hi')).text} {await asyncio.to_thread(lambda: inner.chat('Hi').text)}"

    for tool in (ask_wrongly, ask_rightly):
        register_tool(tool)
    tools = [{"type": "ask_wrongly"}, {"type": "ask_rightly"}]
    outer = Assistant.from_dict(
        {**SPEC, "id": "outer", "tools": tools}, model=Scripted(call("ask_wrongly"), call("ask_rightly"), "Done.")
    )
    reply = outer.chat("Ask")
    assert reply.text == "Done."
    wrong, right = (c.result for c in reply.tool_calls)
    assert instead in wrong and "inside an async tool" in wrong
    assert right == "Hello. Hello."


def test_a_synchronous_call_on_the_core_itself_is_a_usage_error() -> None:
    a = Assistant.from_dict(SPEC, model=Scripted(always="Hello."))

    async def wrong() -> None:
        a.chat("Hi")

    with pytest.raises(UsageError, match=r"await assistant\.achat"):
        asyncio.run_coroutine_threadsafe(wrong(), loop()).result(timeout=20)
