"""The checkpoint saver of an assistant: one file, one thread of checkpoints per turn, deleted when the turn has ended.

The history lives in the thread store; a checkpoint only has to survive as long as its turn may have to go on.
"""

from __future__ import annotations

from pathlib import Path

import aiosqlite
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

_OPEN: dict[Path, AsyncSqliteSaver] = {}


async def open_saver(folder: Path) -> AsyncSqliteSaver:
    """Return the saver on `folder/checkpoints.sqlite`; one per file and process. Only on the core's loop."""
    path = folder / "checkpoints.sqlite"
    saver = _OPEN.get(path)
    if saver is None or not path.exists():
        connecting = aiosqlite.connect(path)
        connecting._thread.daemon = True  # else a program that forgets to close us would never end
        connection = await connecting
        # An entry is only data: no type outside of LangGraph's own list is made from it (a forged row could run code).
        saver = AsyncSqliteSaver(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=None))
        await connection.execute("PRAGMA auto_vacuum = FULL")
        await saver.setup()
        await connection.execute("PRAGMA synchronous = NORMAL")
        _OPEN[path] = saver
    return saver


async def close_saver(folder: Path) -> None:
    """Close the saver of `folder`, if it is open."""
    saver = _OPEN.pop(folder / "checkpoints.sqlite", None)
    if saver is not None:
        await saver.conn.close()
