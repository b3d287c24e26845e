"""The building sessions of this person: their checkpoints and their list, in one SQLite file of the state folder."""

from __future__ import annotations

import re
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from gptsmith.errors import GptsmithError, ThreadBusyError, UsageError
from gptsmith.state import State, connect, home_path, lock

if TYPE_CHECKING:
    from langgraph.checkpoint.sqlite import SqliteSaver

_ID = re.compile(r"build_[0-9a-f]{20}\Z")
_MIGRATIONS = (
    "CREATE TABLE sessions (id TEXT PRIMARY KEY, path TEXT NOT NULL, title TEXT NOT NULL, started TEXT NOT NULL,"
    " changed TEXT NOT NULL);",
)


class SessionEntry(BaseModel):
    """One session: the spec file it builds ("" before there is one), its first words, times in UTC (ISO)."""

    model_config = ConfigDict(frozen=True)

    id: str
    path: str
    title: str
    started: str
    changed: str


def new_id() -> str:
    """Return the id of a new session."""
    return f"build_{secrets.token_hex(10)}"


def known(id: str) -> SessionEntry:
    """Return the session of that id. Raises UsageError when there is none."""
    found = [entry for entry in entries() if entry.id == id] if _ID.match(id) else []
    if not found:
        hint = "begin a new one, or choose from the list of sessions"
        raise UsageError("there is no such building session", code="not_found", hint=hint)
    return found[0]


def entries(path: Path | None = None) -> list[SessionEntry]:
    """Return the sessions, of one spec file or all, the one that was changed last first."""
    if not (home_path() / "state" / "builder" / "sessions.sqlite").is_file():
        return []
    with _opened() as connection:
        rows = connection.execute("SELECT id, path, title, started, changed FROM sessions ORDER BY changed DESC, id")
        found = [SessionEntry(id=r[0], path=r[1], title=r[2], started=r[3], changed=r[4]) for r in rows]
    return found if path is None else [entry for entry in found if entry.path == str(path.resolve())]


def record(id: str, path: str, title: str) -> None:
    """Keep what the list shows of a session; the title is that of its first words."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    with _opened() as connection, connection:
        connection.execute(
            "INSERT INTO sessions VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET path = excluded.path,"
            " title = CASE WHEN title = '' THEN excluded.title ELSE title END, changed = excluded.changed",
            (id, path, " ".join(title.split())[:120], now, now),
        )


def forget(id: str) -> None:
    """Delete a session; the file that it built stays."""
    with saver() as kept:
        kept.delete_thread(id)
        with kept.conn:
            kept.conn.execute("DELETE FROM sessions WHERE id = ?", (id,))


@contextmanager
def saver() -> Iterator[SqliteSaver]:
    """Open the checkpointer."""
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
    from langgraph.checkpoint.sqlite import SqliteSaver

    with _opened() as connection:
        # An entry is only data: no type outside of LangGraph's own list is made from it (a forged row could run code).
        opened = SqliteSaver(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=None))
        opened.setup()
        yield opened


def keep_latest(opened: SqliteSaver, id: str) -> None:
    """Delete all checkpoints of a session but the newest: each holds the whole conversation."""
    newest = "(SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = ?1)"
    with opened.conn:
        for table in ("writes", "checkpoints"):
            opened.conn.execute(f"DELETE FROM {table} WHERE thread_id = ?1 AND checkpoint_id < {newest}", (id,))  # noqa: S608 (both names are ours)


@contextmanager
def held(id: str) -> Iterator[None]:
    """Hold a session against other windows. Raises ThreadBusyError when one of them is answering."""
    try:
        with lock(_folder() / f"{id}.lock", timeout=0):
            yield
    except GptsmithError as error:
        if error.code != "locked" or not str(error).startswith(id):
            raise
        hint = "wait until it has finished"
        raise ThreadBusyError("this building session is answering in another window", hint=hint) from error


@contextmanager
def _opened() -> Iterator[sqlite3.Connection]:
    with closing(connect(_folder() / "sessions.sqlite", _MIGRATIONS, across_threads=True)) as connection:
        yield connection


def _folder() -> Path:
    return State().folder("builder")
