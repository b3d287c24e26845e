"""The SDK's `BuilderSession`: an assistant is built and changed by talking, and the talk survives a restart."""

from __future__ import annotations

import re
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from gptsmith.agent.builder.changes.change import Change
from gptsmith.agent.builder.changes.guards import hold_back
from gptsmith.agent.builder.session.graph import session_graph
from gptsmith.agent.builder.session.proposing import INTERRUPTED, SessionMessage, SessionState, pending_of, start
from gptsmith.assistants.files.library import is_shipped
from gptsmith.errors import GptsmithError, ThreadBusyError, UsageError
from gptsmith.state import State, connect, home_path, lock

if TYPE_CHECKING:
    from langgraph.checkpoint.sqlite import SqliteSaver
    from langgraph.graph.state import CompiledStateGraph

    from gptsmith.agent.builder.builder import Builder
    from gptsmith.assistants.files.library import Library
    from gptsmith.models.chat.drafting import Drafting


# The building sessions of this person: their checkpoints and their list, in one SQLite file of the state folder.

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
    with open_saver() as kept:
        kept.delete_thread(id)
        with kept.conn:
            kept.conn.execute("DELETE FROM sessions WHERE id = ?", (id,))


@contextmanager
def open_saver() -> Iterator[SqliteSaver]:
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


_AGAIN = (
    "decide",
    "undo",
    "move",
    "enough",
    "settle",
)  # steps that a crash may have cut, and that may be made once more


class BuilderSession:
    """One conversation with the builder about one spec file.

    Everything is kept in the state folder: another process goes on with `Builder.session(id=…)`. What waits for a
    decision is `pending`; nothing of it is in the file before `accept`. Each method that answers returns the builder's
    message and raises only ThreadBusyError (another window is answering) and UsageError (an empty message); what fails
    on the way is a message of kind `error`.
    """

    def __init__(self, builder: Builder, id: str) -> None:
        self.id = id
        self._builder = builder

    @classmethod
    def begin(cls, builder: Builder, path: Path | None) -> BuilderSession:
        """Begin a session, on a file that is there or on none yet."""
        session = cls(builder, new_id())
        file = _writable(path) if path else None
        with session._graph() as graph:
            graph.invoke(start(file), session._config)
        record(session.id, str(file or ""), "")
        return session

    @property
    def messages(self) -> list[SessionMessage]:
        """What was said, oldest first."""
        return [SessionMessage.model_validate(kept) for kept in self._state()["messages"]]

    @property
    def pending(self) -> Change | None:
        """The change that waits for a decision, to be shown; `accept` applies it."""
        return pending_of(self._state())

    @property
    def path(self) -> Path | None:
        """The spec file, a draft until it is saved; None before the first message."""
        kept = self._state()["path"]
        return Path(kept) if kept else None

    @property
    def yaml(self) -> str:
        """The file as it is now, "" before there is one."""
        path = self.path
        return path.read_text("utf-8") if path and path.is_file() else ""

    def say(self, text: str, files: Sequence[str | Path] = (), *, drafting: Drafting | None = None) -> SessionMessage:
        """Answer a message: a description first, then answers, commands and typed decisions; `files` come with it.

        `drafting` is shown the draft of a first description as it grows, and can end it early.
        """
        if not text.strip():
            raise UsageError("the message is empty", code="empty_message", hint="say what should change")
        kept = hold_back(text.strip())  # before anything of it is written, the checkpoint included
        return self._answer(
            {"type": "say", "text": kept, "files": [str(Path(file).expanduser()) for file in files]}, drafting
        )

    async def asay(
        self, text: str, files: Sequence[str | Path] = (), *, drafting: Drafting | None = None
    ) -> SessionMessage:
        """Do what `say` does without blocking the event loop."""
        import asyncio

        return await asyncio.to_thread(self.say, text, files, drafting=drafting)

    def accept(self, only: Iterable[int] | None = None, *, exactly: bool = False) -> SessionMessage:
        """Apply the change that waits, or of it the operations with these numbers (from 0); the others are dropped.

        What follows from one of them, as the texts and tests that say an old name do from the new one, comes along
        where none of it is numbered itself; not with `exactly`, for one who was asked about each. A change that would
        lose a rule of the person's is asked about once before it is applied as a whole.
        """
        numbers = None if only is None else sorted(set(only))
        return self._answer({"type": "accept", "only": numbers, "exactly": exactly})

    def propose_tests(self, **options: Any) -> SessionMessage:
        """Put tests of what it adds to the change that waits, each run with that part and without it.

        Options are plain values of `Change.with_tests`, as `seconds`.
        """
        return self._answer({"type": "tests", "options": options})

    def refuse(self, only: Iterable[int] | None = None) -> SessionMessage:
        """Drop the change that waits, or of it the operations with these numbers; the others then still wait."""
        return self._answer({"type": "refuse", "only": None if only is None else sorted(set(only))})

    def undo(self) -> SessionMessage:
        """Take the last applied change back, and at the next call the one before it."""
        return self._answer({"type": "undo"})

    def save(self, target: Library | Path | None = None) -> Path:
        """Save a draft into a library (default: the one in use) or to a file, and go on with it there.

        Raises UsageError and SpecError as `Drafts.save` does; of a file that is no draft the path is returned.
        """
        from gptsmith.assistants.files.drafts import Drafts

        path = self.path
        if path is None:
            raise UsageError("there is nothing to save yet", code="no_draft", hint="describe the assistant first")
        if not Drafts().holds(path):
            return path
        saved = Drafts().save(path, target)
        self._answer({"type": "move", "path": str(saved)})
        return saved

    def delete(self) -> None:
        """Forget the conversation; the file stays."""
        with held(self.id):
            forget(self.id)

    @property
    def _config(self) -> Any:
        return {"configurable": {"thread_id": self.id}}

    @contextmanager
    def _graph(self, drafting: Drafting | None = None) -> Iterator[CompiledStateGraph[Any, Any, Any, Any]]:
        with open_saver() as saver:
            yield session_graph(self._builder, saver, drafting)
            keep_latest(saver, self.id)

    def _state(self) -> SessionState:
        """Read the newest checkpoint itself: a page asks often, and no graph is needed for that."""
        with open_saver() as saver:
            kept = saver.get_tuple(self._config)
        if kept is None:
            known(self.id)
            return start(None)
        found: SessionState = kept.checkpoint["channel_values"]  # type: ignore[assignment]
        return found

    def _answer(self, event: dict[str, Any], drafting: Drafting | None = None) -> SessionMessage:
        from langgraph.types import Command

        with held(self.id), self._graph(drafting) as graph:
            self._settle(graph)
            state: SessionState = graph.invoke(Command(resume=event), self._config, durability="sync")  # type: ignore[assignment]
        title = next((kept["text"] for kept in state["messages"] if kept["role"] == "person"), "")
        record(self.id, state["path"], title)
        return SessionMessage.model_validate(state["messages"][-1])

    def _settle(self, graph: CompiledStateGraph[Any, Any, Any, Any]) -> None:
        """Bring a session that was cut off in the middle back to where it listens."""
        found = graph.get_state(self._config)
        if not found.values:
            known(self.id)
        cut = [name for name in found.next if name != "listen"]
        if not cut:
            return
        if cut[0] in _AGAIN:
            graph.invoke(None, self._config, durability="sync")
            return
        note = SessionMessage(role="builder", text=INTERRUPTED, kind="note").model_dump()
        kept = [*found.values["messages"], note]
        graph.update_state(self._config, {"messages": kept}, as_node=cut[0])
        graph.invoke(None, self._config)


def _writable(path: Path) -> Path:
    """Return the file of a session. Raises UsageError for a shipped one, which no session can change."""
    if is_shipped(path):
        hint = "make a copy of it, and change that"
        raise UsageError(f"{path.name} is shipped with gptsmith and stays as it is", code="shipped", hint=hint)
    return path.resolve()
