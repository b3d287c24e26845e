"""The async core: work that is stopped does stop, even where something below swallows the first word."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading

import pytest

from gptsmith.agent.runtime import core


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

    job = core.Job(work())
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
