"""Which turns of a thread stand: those that were asked again, and those that wait for approval."""

from __future__ import annotations

import json
import sqlite3

from gptsmith.agent.events import Reply
from gptsmith.errors import UsageError

# Turns that take the place of another: asked again, or asked otherwise. One of a place stands, the others are kept.


def take_place(db: sqlite3.Connection, thread_id: str, turn_id: str, replaced: str) -> None:
    """Put a new turn where `replaced` stands.

    Raises:
        UsageError: `replaced` is not the last turn of the thread; what was said after it would lose its ground.
    """
    last = db.execute(
        "SELECT id FROM turns WHERE thread_id = ? AND NOT hidden AND id != ? ORDER BY started DESC LIMIT 1",
        (thread_id, turn_id),
    ).fetchone()
    if last is None or last[0] != replaced:
        raise UsageError("only the last message can be asked again", hint="send it as a new message")
    db.execute("UPDATE turns SET place = id WHERE id = ? AND place = ''", (replaced,))
    db.execute("UPDATE turns SET place = (SELECT place FROM turns WHERE id = ?) WHERE id = ?", (replaced, turn_id))
    choose(db, turn_id)


def choose(db: sqlite3.Connection, turn_id: str) -> None:
    """Let a turn stand in its place and hide the others of that place."""
    db.execute(
        "UPDATE turns SET hidden = (id != ?) WHERE place != '' AND place = (SELECT place FROM turns WHERE id = ?)",
        (turn_id, turn_id),
    )


# Turns that wait for approval, in the thread store: what they know, how they go on, and what ends their waiting.

SCHEMA = """
ALTER TABLE turns ADD COLUMN paused TEXT NOT NULL DEFAULT '';
ALTER TABLE threads ADD COLUMN approved TEXT NOT NULL DEFAULT '[]';
"""
WITHDRAWN = "The person did not approve this call, and went on with another message. It was not run."
WAITS = "SELECT 1 FROM turns w WHERE w.thread_id = t.id AND w.status = 'approval' AND NOT w.hidden"


def waiting(db: sqlite3.Connection, thread_id: str) -> str | None:
    """Return what was stored of the turn that waits on a thread, None when none does."""
    found = db.execute(
        "SELECT paused FROM turns WHERE thread_id = ? AND status = 'approval' AND NOT hidden", (thread_id,)
    ).fetchone()
    return found[0] if found else None


def go_on(db: sqlite3.Connection, thread_id: str, turn_id: str, now: float) -> None:
    """Let a turn that waited run again; its events begin anew."""
    db.execute("UPDATE turns SET status = 'running', ended = NULL, paused = '' WHERE id = ?", (turn_id,))
    db.execute("DELETE FROM events WHERE turn_id = ?", (turn_id,))
    db.execute("UPDATE threads SET updated = ? WHERE id = ?", (now, thread_id))


def withdraw(db: sqlite3.Connection, thread_id: str) -> list[str]:
    """End the waiting of a thread's turns, because the person went on otherwise; return their ids."""
    rows = db.execute(
        "SELECT id, reply FROM turns WHERE thread_id = ? AND status = 'approval'", (thread_id,)
    ).fetchall()
    for turn_id, text in rows:
        reply = Reply.model_validate_json(text)
        for call in reply.tool_calls:
            if call.status == "waiting":
                call.status, call.result = "interrupted", "It was not approved, and did not run."
        done = reply.model_copy(update={"approvals": [], "finish_reason": "cancelled"})
        about = (done.model_dump_json(), turn_id)
        db.execute("UPDATE turns SET status = 'cancelled', paused = '', reply = ? WHERE id = ?", about)
    return [row[0] for row in rows]


def approved(db: sqlite3.Connection, thread_id: str) -> frozenset[str]:
    """Return the tools that the person approved for the whole conversation."""
    row = db.execute("SELECT approved FROM threads WHERE id = ?", (thread_id,)).fetchone()
    return frozenset(json.loads(row[0])) if row else frozenset()


def approve(db: sqlite3.Connection, thread_id: str, names: set[str]) -> None:
    """Approve tools for the whole conversation."""
    known = sorted(approved(db, thread_id) | names)
    db.execute("UPDATE threads SET approved = ? WHERE id = ?", (json.dumps(known), thread_id))
