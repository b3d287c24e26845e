"""The thread store: every message of every thread of one assistant, append-only, in its own SQLite file.

This table, not the graph's checkpoints, is the history: the person's message is written before the turn begins, and
what a crash leaves behind is healed when the thread is next used. Redaction happens before anything comes here.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from gptsmith.agent.events import Event, Reply
from gptsmith.agent.runtime import standing
from gptsmith.errors import NotReadyError, UsageError
from gptsmith.state import connect, home

_THREAD_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SCHEMA = """
CREATE TABLE threads (id TEXT PRIMARY KEY, title TEXT NOT NULL, created REAL NOT NULL, updated REAL NOT NULL,
    variables TEXT NOT NULL DEFAULT '{}', summary TEXT NOT NULL DEFAULT '', summary_upto INTEGER NOT NULL DEFAULT 0);
CREATE TABLE turns (id TEXT PRIMARY KEY, thread_id TEXT NOT NULL, started REAL NOT NULL, ended REAL,
    status TEXT NOT NULL DEFAULT 'running', reply TEXT, error TEXT);
CREATE INDEX turns_of_thread ON turns (thread_id, started);
CREATE TABLE messages (seq INTEGER PRIMARY KEY AUTOINCREMENT, thread_id TEXT NOT NULL, turn_id TEXT NOT NULL,
    role TEXT NOT NULL, text TEXT NOT NULL, data TEXT NOT NULL DEFAULT '{}', created REAL NOT NULL);
CREATE INDEX messages_of_thread ON messages (thread_id, seq);
CREATE INDEX messages_of_turn ON messages (turn_id);
CREATE TABLE events (turn_id TEXT NOT NULL, n INTEGER NOT NULL, type TEXT NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (turn_id, n)) WITHOUT ROWID;
"""
# A turn that takes the place of another hides it: `place` is the first turn of that place, empty for a turn that was
# never replaced. A thread with a time in `deleted` is no longer listed and can be brought back until it is purged.
_REVISED = """
ALTER TABLE threads ADD COLUMN deleted REAL;
ALTER TABLE turns ADD COLUMN place TEXT NOT NULL DEFAULT '';
ALTER TABLE turns ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;
ALTER TABLE turns ADD COLUMN feedback TEXT NOT NULL DEFAULT '{}';
"""
_THREAD = f"t.id, t.title, t.created, t.updated, EXISTS ({standing.WAITS})"
# A thread is `titled` once somebody gave it a title: the person, or a model after its first exchange.
_TITLED = "ALTER TABLE threads ADD COLUMN titled INTEGER NOT NULL DEFAULT 0;"
# The SHA-256 of the spec file that a turn ran on, empty for turns of before and for specs that are no file.
_OF_SPEC = "ALTER TABLE turns ADD COLUMN spec TEXT NOT NULL DEFAULT '';"
DAMAGED = {"code": "damaged", "message": "the stored answer is damaged; ask again"}
CUT_OFF = "(The answer breaks off here: gptsmith was closed while it was being written.)"
INTERRUPTED = "This call was interrupted; it is not known whether it took effect."


class Thread(BaseModel):
    """One conversation; times are seconds since the epoch."""

    id: str
    title: str
    created: float
    updated: float
    waits: bool = Field(default=False, description="A tool call waits for the person's approval.")


class Message(BaseModel):
    """One stored message. `data` holds tool_calls of an assistant's, tool_call_id, name and status of a tool's, and
    files of a user's message."""

    seq: int = 0
    turn_id: str
    role: Literal["user", "assistant", "tool"]
    text: str
    data: dict[str, Any] = {}


class StoredTurn(BaseModel):
    """One turn for the page: what was asked, and the reply or why there is none.

    `feedback` is what the person thought of it: `thumb` (1 or -1) and `reason`. `spec` is the SHA-256 of the spec file
    that it ran on, empty where that is not known.
    """

    id: str
    thread_id: str
    status: str
    message: str = ""
    files: list[dict[str, Any]] = []
    reply: Reply | None = None
    error: dict[str, Any] | None = None
    started: float = 0.0
    feedback: dict[str, Any] = {}
    spec: str = ""


def new_id(prefix: str) -> str:
    """Return an id that nobody can guess, made of letters, digits and `_`."""
    return f"{prefix}_{secrets.token_hex(10)}"


def check_thread_id(value: object) -> str:
    """Return a thread id that a caller gave.

    Raises:
        UsageError: it is not text of 1 to 64 letters, digits, `-` and `_`.
    """
    if not isinstance(value, str) or not _THREAD_ID.fullmatch(value):
        raise UsageError(
            "a thread id is 1 to 64 letters, digits, - and _", hint="leave thread_id out to begin a new thread"
        )
    return value


class ThreadStore:
    """The threads of one assistant, in the file `threads.sqlite` of its state folder; safe across threads."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "threads.sqlite"
        self._lock = threading.Lock()
        with _told():
            self._connection, self._file = self._opened()

    def _opened(self) -> tuple[sqlite3.Connection, tuple[int, int]]:
        connection = connect(
            self.path, [_SCHEMA, _REVISED, standing.SCHEMA, _TITLED, _OF_SPEC], across_threads=True, checked=True
        )
        return connection, _identity(self.path)

    def close(self) -> None:
        """Close the file; the store cannot be used afterwards."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """Lend the file for one transaction, to one thread at a time.

        A file that was deleted or replaced meanwhile is opened anew: what went on into the old one would be lost.

        Raises:
            NotReadyError: the disk or the file does not allow it.
        """
        with self._lock, _told():
            if _identity(self.path) != self._file:
                self._connection.close()
                home()  # made private again when all of it is gone
                self._connection, self._file = self._opened()
            with self._connection as db:
                yield db

    def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._database() as db:
            return db.execute(sql, values).fetchall()

    # -- the course of a turn ------------------------------------------------------------------------------------

    def begin(
        self,
        thread_id: str,
        message: Message,
        *,
        title: str,
        variables: dict[str, str],
        replaces: str = "",
        spec: str = "",
    ) -> None:
        """Write the person's message and the turn in one transaction, making the thread when it is new.

        `replaces` is the turn whose place this one takes; that one is hidden and can be chosen again. `spec` is the
        SHA-256 of the spec file that the turn runs on.
        """
        now = time.time()
        with self._database() as db:
            self._withdraw(db, thread_id, now)
            db.execute(
                "INSERT INTO threads (id, title, created, updated, variables) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET updated = excluded.updated, variables = excluded.variables",
                (thread_id, title, now, now, json.dumps(variables)),
            )
            row = (message.turn_id, thread_id, now, spec)
            db.execute("INSERT INTO turns (id, thread_id, started, spec) VALUES (?, ?, ?, ?)", row)
            if replaces:
                standing.take_place(db, thread_id, message.turn_id, replaces)
            self._insert(db, thread_id, message, now)

    def append(self, thread_id: str, messages: list[Message]) -> None:
        """Write messages of a running turn; of one that is not in the file (any more), nothing."""
        now = time.time()
        with self._database() as db:
            if not all(_known(db, turn_id) for turn_id in {message.turn_id for message in messages}):
                return
            for message in messages:
                self._insert(db, thread_id, message, now)

    def finish(
        self,
        thread_id: str,
        turn_id: str,
        *,
        status: str,
        messages: list[Message],
        reply: Reply | None = None,
        error: dict[str, Any] | None = None,
        paused: str = "",
    ) -> bool:
        """Write the last messages of a turn and how it ended, in one transaction; `paused`: what it waits with.

        Return whether the turn is in the file: one that was deleted meanwhile does not have it, and takes nothing.
        """
        now = time.time()
        with self._database() as db:
            if not _known(db, turn_id):
                return False
            for message in messages:
                self._insert(db, thread_id, message, now)
            db.execute(
                "UPDATE turns SET ended = ?, status = ?, reply = ?, error = ?, paused = ? WHERE id = ?",
                (now, status, reply and reply.model_dump_json(), error and json.dumps(error), paused, turn_id),
            )
            if not paused:
                self._heal_calls(db, thread_id, turn_id, now)
        return True

    @staticmethod
    def _insert(db: Any, thread_id: str, message: Message, now: float) -> None:
        db.execute(
            "INSERT INTO messages (thread_id, turn_id, role, text, data, created) VALUES (?, ?, ?, ?, ?, ?)",
            (thread_id, message.turn_id, message.role, message.text, json.dumps(message.data), now),
        )

    def heal(self, thread_id: str) -> list[str]:
        """Mark turns that a crash left running as interrupted and answer their open tool calls; return their ids.

        Only for the holder of the thread's lock: nobody else can then be running a turn on it.
        """
        left = [r[0] for r in self._rows("SELECT id FROM turns WHERE thread_id = ? AND status = 'running'", thread_id)]
        if left:
            now = time.time()
            with self._database() as db:
                for turn_id in left:
                    db.execute("UPDATE turns SET ended = ?, status = 'interrupted' WHERE id = ?", (now, turn_id))
                    self._heal_calls(db, thread_id, turn_id, now)
                    self._heal_text(db, thread_id, turn_id, now)
        return left

    # -- a turn that waits for approval --------------------------------------------------------------------------

    def waiting(self, thread_id: str) -> str | None:
        """Return what was stored of the turn that waits for approval, None when none does."""
        with self._database() as db:
            return standing.waiting(db, thread_id)

    def go_on(self, thread_id: str, turn_id: str, always: set[str]) -> None:
        """Let a turn that waited run again; `always` are tools that are approved for the whole conversation."""
        with self._database() as db:
            standing.go_on(db, thread_id, turn_id, time.time())
            if always:
                standing.approve(db, thread_id, always)

    def approved(self, thread_id: str) -> frozenset[str]:
        """Return the tools that are approved for the whole conversation."""
        with self._database() as db:
            return standing.approved(db, thread_id)

    def _withdraw(self, db: Any, thread_id: str, now: float) -> None:
        for turn_id in standing.withdraw(db, thread_id):
            self._heal_calls(db, thread_id, turn_id, now, text=standing.WITHDRAWN)

    def note_so_far(self, turn_id: str, reply: Reply) -> None:
        """Keep what a running turn has said so far: it is all that is left of it when its process dies."""
        with self._database() as db:
            text = reply.model_dump_json()
            db.execute("UPDATE turns SET reply = ? WHERE id = ? AND status = 'running'", (text, turn_id))

    def _heal_text(self, db: Any, thread_id: str, turn_id: str, now: float) -> None:
        """Mark what a dead turn had said, and put into the history what was not yet in it."""
        so_far = _reply(db.execute("SELECT reply FROM turns WHERE id = ?", (turn_id,)).fetchone()[0])
        if so_far is None:
            return
        rows = db.execute(
            "SELECT text FROM messages WHERE turn_id = ? AND role = 'assistant' AND text != '' ORDER BY seq", (turn_id,)
        ).fetchall()
        rest = so_far.text.removeprefix("\n\n".join(row[0] for row in rows)).strip("\n")
        said = f"{rest}\n\n{CUT_OFF}" if rest else CUT_OFF
        self._insert(db, thread_id, Message(turn_id=turn_id, role="assistant", text=said), now)
        for call in so_far.tool_calls:
            if call.status in ("interrupted", "waiting"):
                call.status, call.result = "interrupted", INTERRUPTED
        whole = so_far.model_copy(
            update={"text": f"{so_far.text}\n\n{CUT_OFF}", "finish_reason": "interrupted", "approvals": []}
        )
        db.execute("UPDATE turns SET reply = ? WHERE id = ?", (whole.model_dump_json(), turn_id))

    def _heal_calls(self, db: Any, thread_id: str, turn_id: str, now: float, text: str = INTERRUPTED) -> None:
        rows = db.execute(
            "SELECT role, data FROM messages WHERE turn_id = ? AND role != 'user' ORDER BY seq", (turn_id,)
        ).fetchall()
        data = [(role, read) for role, text in rows if (read := _object(text)) is not None]
        answered = {d.get("tool_call_id") for role, d in data if role == "tool"}
        for call in (c for role, d in data if role == "assistant" for c in d.get("tool_calls", [])):
            if call["id"] not in answered:
                result = {"tool_call_id": call["id"], "name": call["name"], "status": "interrupted"}
                self._insert(db, thread_id, Message(turn_id=turn_id, role="tool", text=text, data=result), now)

    # -- reading -------------------------------------------------------------------------------------------------

    def messages(self, thread_id: str, *, last: int | None = None, before_turn: str = "") -> list[Message]:
        """Return the thread's messages, oldest first; only the `last` ones, and without those of `before_turn`."""
        rows = self._rows(
            "SELECT seq, turn_id, role, text, data FROM messages WHERE thread_id = ? AND turn_id != ? "
            "AND turn_id NOT IN (SELECT id FROM turns WHERE thread_id = ? AND hidden) ORDER BY seq DESC LIMIT ?",
            thread_id,
            before_turn,
            thread_id,
            -1 if last is None else last,
        )
        read = (_message(*row) for row in reversed(rows))
        return [message for message in read if message is not None]  # a damaged one is left out, the others go on

    def variables(self, thread_id: str) -> dict[str, str]:
        """Return the variables with which the thread began; empty for a new one."""
        rows = self._rows("SELECT variables FROM threads WHERE id = ?", thread_id)
        return dict(_object(rows[0][0]) or {}) if rows else {}

    def summary(self, thread_id: str) -> tuple[str, int]:
        """Return the summary of the thread's beginning and the `seq` up to which it reaches."""
        rows = self._rows("SELECT summary, summary_upto FROM threads WHERE id = ?", thread_id)
        return (rows[0][0], rows[0][1]) if rows else ("", 0)

    def set_summary(self, thread_id: str, text: str, upto: int) -> None:
        """Keep a new summary of everything up to message `upto`."""
        with self._database() as db:
            db.execute("UPDATE threads SET summary = ?, summary_upto = ? WHERE id = ?", (text, upto, thread_id))

    def threads(self) -> list[Thread]:
        """Return all threads, the last used first."""
        rows = self._rows(f"SELECT {_THREAD} FROM threads t WHERE deleted IS NULL ORDER BY updated DESC")  # noqa: S608
        return [_thread(row) for row in rows]

    def holding(self, words: str) -> list[Thread]:
        """Return the threads in whose title or messages `words` stand, the last used first; capitals do not matter."""
        like = "%" + re.sub(r"([\\%_])", r"\\\1", " ".join(words.split())) + "%"
        rows = self._rows(
            f"SELECT {_THREAD} FROM threads t WHERE deleted IS NULL AND (title LIKE ? ESCAPE '\\' "  # noqa: S608
            "OR EXISTS (SELECT 1 FROM messages m JOIN turns u ON u.id = m.turn_id WHERE m.thread_id = t.id "
            "AND NOT u.hidden AND m.role != 'tool' AND m.text LIKE ? ESCAPE '\\')) ORDER BY updated DESC",
            like,
            like,
        )
        return [_thread(row) for row in rows]

    def turns(self, thread_id: str) -> list[StoredTurn]:
        """Return the thread's turns, oldest first, without those whose place another took."""
        return self._turns("t.thread_id = ? AND NOT t.hidden", thread_id)

    def tries(self, turn_id: str) -> list[StoredTurn]:
        """Return every turn of the place of `turn_id`, oldest first: the ways in which it was asked and answered."""
        return self._turns("t.place != '' AND t.place = (SELECT place FROM turns WHERE id = ?)", turn_id)

    def turn(self, turn_id: str) -> StoredTurn | None:
        """Return one turn, None when there is no such turn."""
        return next(iter(self._turns("t.id = ?", turn_id)), None)

    def _turns(self, where: str, value: str, order: str = "m.seq") -> list[StoredTurn]:
        rows = self._rows(
            "SELECT t.id, t.thread_id, t.status, t.reply, t.error, t.started, t.feedback, t.spec, m.text, m.data "  # noqa: S608
            "FROM turns t "
            f"LEFT JOIN messages m ON m.turn_id = t.id AND m.role = 'user' WHERE {where} ORDER BY {order}",
            value,
        )
        return [
            StoredTurn(
                id=turn,
                thread_id=thread,
                status=status,
                message=text or "",
                files=(_object(data) or {}).get("files", []),
                reply=(read := None if status == "running" else _reply(reply)),
                error=_object(error) if error else DAMAGED if reply and read is None and status != "running" else None,
                started=started,
                feedback=_object(feedback) or {},
                spec=spec if isinstance(spec, str) else "",
            )
            for turn, thread, status, reply, error, started, feedback, spec, text, data in rows
        ]

    def rename(self, thread_id: str, title: str) -> None:
        """Give the thread a title of up to 120 characters."""
        with self._database() as db:
            sql = "UPDATE threads SET title = ?, titled = 1 WHERE id = ?"
            done = db.execute(sql, (title_of(title), thread_id)).rowcount
        if not done:
            raise UsageError(f"there is no thread {thread_id}", hint="list the threads and choose one of them")

    def untitled(self, thread_id: str) -> bool:
        """Tell whether the thread is there and still carries the title that was made of its first message."""
        return bool(self._rows("SELECT 1 FROM threads WHERE id = ? AND NOT titled AND deleted IS NULL", thread_id))

    def set_title(self, thread_id: str, title: str, *, instead_of: str) -> None:
        """Give the thread a title, once, where it is still called `instead_of`."""
        with self._database() as db:
            sql = "UPDATE threads SET titled = 1, title = CASE title WHEN ? THEN ? ELSE title END WHERE id = ?"
            db.execute(f"{sql} AND NOT titled", (instead_of, title_of(title), thread_id))

    def choose(self, turn_id: str) -> None:
        """Let a turn stand in its place again, and hide the one that stood there."""
        with self._database() as db:
            standing.choose(db, turn_id)

    def rate(self, turn_id: str, feedback: dict[str, Any]) -> None:
        """Keep what the person thinks of a turn; empty forgets it."""
        with self._database() as db:
            db.execute("UPDATE turns SET feedback = ? WHERE id = ?", (json.dumps(feedback), turn_id))

    def rated(self) -> list[StoredTurn]:
        """Return the turns of which the person said what they think, oldest first; of discarded threads, none."""
        of_listed = "t.thread_id IN (SELECT id FROM threads WHERE deleted IS NULL)"
        found = self._turns(f"t.feedback NOT IN ('', ?) AND {of_listed}", "{}", order="t.started, m.seq")
        return [turn for turn in found if turn.feedback]

    def discard(self, thread_id: str) -> None:
        """Take the thread off the list; it can be restored until the discarded ones are deleted."""
        with self._database() as db:
            db.execute("UPDATE threads SET deleted = ? WHERE id = ?", (time.time(), thread_id))

    def restore(self, thread_id: str) -> None:
        """Bring a discarded thread back."""
        with self._database() as db:
            db.execute("UPDATE threads SET deleted = NULL WHERE id = ?", (thread_id,))

    def discarded(self) -> list[str]:
        """Return the threads that were discarded, the last one first."""
        rows = self._rows("SELECT id FROM threads WHERE deleted IS NOT NULL ORDER BY deleted DESC")
        return [str(row[0]) for row in rows]

    def delete(self, thread_id: str) -> None:
        """Forget the thread with all that was said in it."""
        with self._database() as db:
            db.execute("DELETE FROM events WHERE turn_id IN (SELECT id FROM turns WHERE thread_id = ?)", (thread_id,))
            for table, column in (("messages", "thread_id"), ("turns", "thread_id"), ("threads", "id")):
                db.execute(f"DELETE FROM {table} WHERE {column} = ?", (thread_id,))  # noqa: S608 - names from above

    # -- events of a turn that a page may re-attach to -------------------------------------------------------------

    def save_events(self, turn_id: str, first: int, events: list[Event]) -> None:
        """Write the events `first`, `first + 1`, … of a turn."""
        with self._database() as db:
            rows = [(turn_id, first + i, e.type, json.dumps(e.data)) for i, e in enumerate(events)]
            db.executemany("INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?)", rows)

    def events(self, turn_id: str, after: int = 0) -> list[tuple[int, Event]]:
        """Return the saved events of a turn whose number is above `after`; numbers count from 1."""
        rows = self._rows("SELECT n, type, data FROM events WHERE turn_id = ? AND n > ? ORDER BY n", turn_id, after)
        return [(n, Event(type=kind, data=json.loads(data))) for n, kind, data in rows]

    def drop_events(self, thread_id: str, keep: str) -> None:
        """Forget the events of the thread's turns but `keep`: their replies are stored whole."""
        with self._database() as db:
            db.execute(
                "DELETE FROM events WHERE turn_id IN (SELECT id FROM turns WHERE thread_id = ? AND id != ?)",
                (thread_id, keep),
            )

    def turn_status(self, turn_id: str) -> str:
        """Return `running`, how the turn ended, or an empty text when there is no such turn (yet)."""
        rows = self._rows("SELECT status FROM turns WHERE id = ?", turn_id)
        return str(rows[0][0]) if rows else ""

    def running_turn(self, thread_id: str) -> str:
        """Return the id of the thread's turn that has not ended, or an empty text."""
        rows = self._rows("SELECT id FROM turns WHERE thread_id = ? AND status = 'running'", thread_id)
        return str(rows[0][0]) if rows else ""


def _thread(row: tuple[Any, ...]) -> Thread:
    id, title, created, updated, waits = row
    return Thread(id=id, title=title, created=created, updated=updated, waits=bool(waits))


def _object(text: str | None) -> dict[str, Any] | None:
    """Return a stored object, None when what is stored is damaged."""
    try:
        found = json.loads(text or "{}")
    except (TypeError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _message(seq: Any, turn: Any, role: Any, text: Any, data: Any) -> Message | None:
    try:
        return Message(seq=seq, turn_id=turn, role=role, text=text, data=_object(data))
    except ValidationError:
        return None


def _reply(text: str | None) -> Reply | None:
    try:
        return Reply.model_validate_json(text) if text else None
    except ValidationError:
        return None


def _known(db: sqlite3.Connection, turn_id: str) -> bool:
    return db.execute("SELECT 1 FROM turns WHERE id = ?", (turn_id,)).fetchone() is not None


def _identity(path: Path) -> tuple[int, int]:
    """Return what tells a file from another one of its name; zeros when there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_dev, found.st_ino


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn what SQLite or the disk says into one sentence with the fix."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise damaged_error() if type(error) is sqlite3.DatabaseError else storage_error(error) from error
    except OSError as error:
        raise storage_error(error) from error


def storage_error(error: Exception, what: str = "the conversations") -> NotReadyError:
    """Return the error for a disk that is full or cannot be written to."""
    why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
    if "locked" in why:
        told = f"{what} are in use by another program ({why})"
        return NotReadyError(told, code="storage", hint="wait a moment and try again")
    return NotReadyError(
        f"{what} cannot be stored or read ({why})",
        code="storage",
        hint="free disk space and check that GPTSMITH_HOME can be written to",
    )


def damaged_error() -> NotReadyError:
    """Return the error for a file that SQLite cannot read."""
    return NotReadyError(
        "the file with the conversations is damaged",
        code="damaged",
        hint="move threads.sqlite away from the assistant's state folder, or put a copy of before in its place",
    )


def title_of(text: str) -> str:
    """Return a title made of a message: one line of up to 120 characters."""
    line = " ".join(text.split())
    return line if len(line) <= 120 else line[:119] + "…"
