"""Turns that take the place of another: asked again, or asked otherwise. One of a place stands, the others are kept."""

from __future__ import annotations

import sqlite3

from gptsmith.errors import UsageError


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
