"""The checkpoint saver of an assistant whose turns can pause: one thread of checkpoints per turn, deleted at its end.

The history lives in the thread store, so a turn that cannot pause has none; one that can needs them until it ended.
"""

from __future__ import annotations

import asyncio
import atexit
from pathlib import Path

import aiosqlite
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from gptsmith.agent.runtime import core

_OPEN: dict[Path, asyncio.Task[AsyncSqliteSaver]] = {}
_DELETING: set[asyncio.Task[None]] = set()


async def open_saver(folder: Path) -> AsyncSqliteSaver:
    """Return the saver on `folder/checkpoints.sqlite`; one per file and process. Only on the core's loop."""
    path = folder / "checkpoints.sqlite"
    if path not in _OPEN or not path.parent.is_dir():
        if not _OPEN:
            atexit.register(_close_all)
        _OPEN[path] = asyncio.create_task(_open(path))
    return await asyncio.shield(_OPEN[path])


async def close_saver(folder: Path) -> None:
    """Close the saver of `folder`, if it is open, when what it still has to delete is deleted."""
    await asyncio.gather(*_DELETING, return_exceptions=True)
    opened = _OPEN.pop(folder / "checkpoints.sqlite", None)
    if opened is not None:
        await (await opened).conn.close()


def forget(saver: AsyncSqliteSaver, turn_id: str) -> None:
    """Delete the checkpoints of a turn that has ended; nobody waits for it."""
    deleting = asyncio.create_task(saver.adelete_thread(turn_id))
    _DELETING.add(deleting)
    deleting.add_done_callback(_DELETING.discard)


async def _open(path: Path) -> AsyncSqliteSaver:
    connecting = aiosqlite.connect(path)
    connecting._thread.daemon = True  # else a program that forgets to close us would never end
    connection = await connecting
    # An entry is only data: no type outside of LangGraph's own list is made from it (a forged row could run code).
    saver = AsyncSqliteSaver(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=None))
    await saver.setup()
    await connection.execute("PRAGMA synchronous = NORMAL")
    return saver


def _close_all() -> None:
    """Close what is open when the program ends."""
    for path in list(_OPEN):
        core.run(close_saver(path.parent))
    atexit.unregister(_close_all)
