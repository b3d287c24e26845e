"""Server-sent events: the lines, and a stream that is kept alive while nothing comes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi.responses import StreamingResponse

_ALIVE_EVERY = 15.0  # seconds of silence
_END_SECONDS = 10.0
_ENDING: set[asyncio.Future[None]] = set()  # streams that are being closed


def data(value: Any, *, event: str = "", id: str = "") -> str:
    """Return one event whose data is JSON."""
    head = (f"id: {id}\n" if id else "") + (f"event: {event}\n" if event else "")
    return f"{head}data: {json.dumps(value, ensure_ascii=False, default=str)}\n\n"


def comment(text: str) -> str:
    """Return a line that clients pass over."""
    return f": {' '.join(text.split())}\n\n"


def response(lines: AsyncIterator[str], headers: dict[str, str] | None = None) -> StreamingResponse:
    """Return the stream of `lines`; proxies are told not to gather it."""
    own = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", **(headers or {})}
    return StreamingResponse(_kept_alive(lines), media_type="text/event-stream", headers=own)


async def _kept_alive(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    coming: asyncio.Future[str] | None = None
    try:
        while True:
            coming = coming or asyncio.ensure_future(anext(lines))
            done, _ = await asyncio.wait({coming}, timeout=_ALIVE_EVERY)
            if not done:
                yield comment("waiting")
                continue
            try:
                line = coming.result()
            except StopAsyncIteration:
                return
            coming = None
            yield line
    finally:  # in a task of its own: where the client has gone, every await of this one is cancelled
        task = asyncio.ensure_future(_end(coming, lines))
        _ENDING.add(task)
        task.add_done_callback(_ENDING.discard)


async def _end(coming: asyncio.Future[str] | None, lines: AsyncIterator[str]) -> None:
    if coming is not None:
        coming.cancel()
        await asyncio.wait({coming}, timeout=_END_SECONDS)
    if coming is None or coming.done():
        await lines.aclose()  # type: ignore[attr-defined]
