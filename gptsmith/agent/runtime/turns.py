"""Turns that outlive the page that asked: a worker on the core, and the way to attach to it again."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Iterator

from gptsmith.agent.events import Event
from gptsmith.agent.runtime import core
from gptsmith.agent.runtime.core import refuse_to_wait
from gptsmith.agent.runtime.engine import Engine
from gptsmith.agent.runtime.running import Ask, Outcome, run_turn
from gptsmith.agent.runtime.store import StoredTurn
from gptsmith.agent.runtime.streaming import whole
from gptsmith.errors import GptsmithError
from gptsmith.state import lock

_LOG = logging.getLogger(__name__)
_SAVE_EVERY = 0.25  # seconds
_LOOK_EVERY = 0.1
_UNWRITTEN = 20  # turns that could not be stored and are still shown

_LIVE: dict[str, _Live] = {}
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_LIVE.clear)  # they run in the parent, and are followed through the store


class _Live:
    """A turn of this process, with its events so far; one that could not be stored stays here when it has ended."""

    def __init__(self, engine: Engine, ask: Ask) -> None:
        self.ask = ask
        self.place = engine.folder, ask.thread_id
        self.begun = time.time()
        self.events: list[Event] = []
        self.changed = threading.Condition()
        self.ended = False
        self.job: core.CoreWork | None = None

    def deliver(self, event: Event) -> None:
        with self.changed:
            self.events.append(event)
            self.changed.notify_all()

    def end(self) -> None:
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def after(self, n: int) -> tuple[list[Event], bool]:
        """Wait for events beyond the first `n`; return them, and whether these are the last."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.events) > n or self.ended)
            return self.events[n:], self.ended


def start(engine: Engine, ask: Ask) -> str:
    """Begin a turn that runs to its end whether or not anybody listens; return its id."""
    live = _LIVE[ask.turn_id] = _Live(engine, ask)
    live.job = core.CoreWork(_work(engine, ask, live))
    return ask.turn_id


async def _work(engine: Engine, ask: Ask, live: _Live) -> None:
    saving = asyncio.create_task(_save(engine, ask.turn_id, live))
    try:
        await run_turn(engine, ask, live.deliver, Outcome())
    finally:
        written = _is_written(engine, ask)
        if written:
            forget(engine, ask.thread_id)  # what could not be stored before this; the person has gone on
        live.end()
        await saving
        if written:
            _LIVE.pop(ask.turn_id, None)
        for old in [old for old in _LIVE.values() if old.ended][:-_UNWRITTEN]:
            _LIVE.pop(old.ask.turn_id, None)


def _is_written(engine: Engine, ask: Ask) -> bool:
    """Tell whether the end of a turn is in the store; then forget the events of the turns before it."""
    try:
        if engine.store.turn_status(ask.turn_id) in ("", "running"):
            return False
        engine.store.drop_events(ask.thread_id, keep=ask.turn_id)
    except GptsmithError:
        _LOG.debug("the end of a turn cannot be looked up", exc_info=True)
        return False
    return True


def forget(engine: Engine, thread_id: str) -> None:
    """Forget the turns of a thread that have ended here."""
    for old in _ended(engine, thread_id):
        _LIVE.pop(old.ask.turn_id, None)


def unwritten(engine: Engine, thread_id: str) -> list[StoredTurn]:
    """Return the turns of this process whose message could not be stored; they are kept in memory alone."""
    return [
        StoredTurn(
            id=old.ask.turn_id,
            thread_id=thread_id,
            status="error",
            message=whole(old.ask.text),
            error=next((event.data for event in old.events if event.type == "error"), None),
            started=old.begun,
        )
        for old in _ended(engine, thread_id)
        if not engine.store.turn_status(old.ask.turn_id)
    ]


def _ended(engine: Engine, thread_id: str) -> list[_Live]:
    return [live for live in list(_LIVE.values()) if live.ended and live.place == (engine.folder, thread_id)]


async def _save(engine: Engine, turn_id: str, live: _Live) -> None:
    """Write the events down as they come, a few times a second, for other processes and later pages."""
    saved = 0
    while True:
        ended = live.ended
        if len(live.events) > saved:
            fresh = live.events[saved:]
            try:
                engine.store.save_events(turn_id, saved + 1, fresh)
            except Exception:  # noqa: BLE001 - only a copy for others: the turn itself says what is wrong
                _LOG.debug("events could not be saved", exc_info=True)
                return
            saved += len(fresh)
        if ended:
            return
        await asyncio.sleep(_SAVE_EVERY)


def events(engine: Engine, turn_id: str, after: int = 0) -> Iterator[tuple[int, Event]]:
    """Yield `(n, event)` of a turn from event `after + 1` on, until its end; waits while the turn runs.

    A turn that another process runs is followed through the store; one that died with its process ends with the error
    `interrupted`. Of a turn long past, the stored reply is given as one text, its citations and `done`.
    """
    refuse_to_wait("following a turn", "write `await asyncio.to_thread(…)`")
    live = _LIVE.get(turn_id)
    if live is None:
        yield from _stored(engine, turn_id, after)
        return
    while True:
        fresh, ended = live.after(after)
        for event in fresh:
            after += 1
            yield after, event
        if ended and not fresh:
            return


def stop(turn_id: str) -> bool:
    """Stop a turn that runs in this process; return whether there was one. What was said so far is kept."""
    live = _LIVE.get(turn_id)
    if live is None or live.job is None or live.ended:
        return False
    live.job.cancel(lambda: live.ended)
    return True


def so_far(engine: Engine, turn_id: str, after: int = 0) -> list[tuple[int, Event]]:
    """Return the events of a turn that are there now, from event `after + 1` on; never waits."""
    live = _LIVE.get(turn_id)
    if live is None:
        return engine.store.events(turn_id, after)
    return list(enumerate(live.events[after:], after + 1))


def running(engine: Engine, thread_id: str) -> str:
    """Return the id of the turn that runs on the thread now, in any process; a dead one is marked as interrupted."""
    turn_id = engine.store.running_turn(thread_id)
    if turn_id and (turn_id not in _LIVE or _LIVE[turn_id].ended):
        _heal_if_dead(engine, turn_id)
        turn_id = engine.store.running_turn(thread_id)
    return turn_id


def _stored(engine: Engine, turn_id: str, after: int) -> Iterator[tuple[int, Event]]:
    first = True
    while True:
        status = engine.store.turn_status(turn_id)
        fresh = engine.store.events(turn_id, after)
        for n, event in fresh:
            after = n
            yield n, event
            if event.type in ("done", "error"):
                return
        if status != "running":
            if not fresh:
                yield from _from_reply(engine, turn_id, after, whole=first and after == 0)
            return
        first = first and not fresh
        _heal_if_dead(engine, turn_id)
        time.sleep(_LOOK_EVERY)


def _from_reply(engine: Engine, turn_id: str, after: int, *, whole: bool) -> Iterator[tuple[int, Event]]:
    turn = engine.store.turn(turn_id)
    kept = "its message is kept, ask again" if turn else "its message was not kept, send it again"
    interrupted = {"code": "interrupted", "message": f"this turn was interrupted; {kept}"}
    if turn is None or turn.reply is None:
        yield after + 1, Event(type="error", data=(turn and turn.error) or interrupted)
        return
    out = [Event(type="text", data={"text": turn.reply.text})] if whole else []
    out += [Event(type="citation", data=c.model_dump()) for c in turn.reply.citations] if whole else []
    error = turn.error or (interrupted if turn.status == "interrupted" else None)
    end = Event(type="error", data=error) if error else Event(type="done", data=turn.reply.model_dump())
    yield from enumerate([*out, end], after + 1)


def _heal_if_dead(engine: Engine, turn_id: str) -> None:
    """Mark the turn as interrupted when nobody holds its thread: its process has died."""
    turn = engine.store.turn(turn_id)
    if turn is None:
        return
    try:
        with lock(engine.folder / "threads" / f"{turn.thread_id}.lock", timeout=0):
            engine.store.heal(turn.thread_id)
    except GptsmithError as error:
        if error.code != "locked":
            raise
