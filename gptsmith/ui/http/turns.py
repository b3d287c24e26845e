"""Turns that other programs ask for: begun on a stored conversation or without one, followed event by event."""

from __future__ import annotations

import asyncio
import base64
import re
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gptsmith import Assistant, Event
from gptsmith.agent.runtime.callers import Caller
from gptsmith.ui.http.conversation import Conversation, as_messages, written
from gptsmith.ui.http.faults import Refusal, of_event, wrong
from gptsmith.ui.http.keys import Key
from gptsmith.ui.http.metrics import Metrics

_THREAD = re.compile(r"[A-Za-z0-9_-]{1,48}\Z")
_PEEK_SECONDS = 10.0  # how long an error may take and still be a status


def stored_id(key: Key, thread: str) -> str:
    """Return the id under which a key's conversation is stored: nobody reaches another key's by naming it.

    Raises:
        Refusal: it is no id.
    """
    if not _THREAD.match(thread):
        raise wrong("A thread id has 1 to 48 letters, digits, - and _.", "metadata.thread_id")
    return f"k{key.id}-{thread}" if key.id else thread


def shown_id(key: Key, stored: str) -> str:
    """Return a stored conversation's id as its key names it; empty for another key's."""
    if not key.id:
        return "" if re.match(r"k[0-9a-f]{12}-", stored) else stored
    head = f"k{key.id}-"
    return stored[len(head) :] if stored.startswith(head) else ""


@dataclass
class Asked:
    """One turn that a program asks for. `thread` is the program's own name of the conversation, empty for none."""

    assistant: Assistant
    key: Key
    conversation: Conversation
    caller: Caller
    thread: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    place: str = field(default_factory=lambda: f"http_{secrets.token_hex(10)}")
    said_before: str = ""  # of a turn that goes on: what it had said before it waited

    @property
    def id(self) -> str:
        """The assistant's id."""
        return self.assistant.spec.id or "assistant"

    @property
    def folder(self) -> Path:
        """Where the conversation's pictures and files are."""
        stored = stored_id(self.key, self.thread) if self.thread else self.place
        return self.assistant.folder / "threads" / f"{stored}.files"


async def follow(asked: Asked, metrics: Metrics) -> AsyncIterator[Event]:
    """Yield the events of a turn. Closing the iterator stops it; a turn that is not stored leaves nothing behind."""
    begun, first = time.perf_counter(), True
    with ExitStack() as held:
        if not asked.thread:
            held.callback(shutil.rmtree, asked.folder, ignore_errors=True)
        events = await asyncio.to_thread(_events, asked, held)
        skip = len(asked.said_before)
        async with aclosing(events) as running:  # type: ignore[type-var]
            async for event in running:
                if event.type == "text":
                    if skip:
                        piece = event.data["text"]
                        event, skip = Event(type="text", data={"text": piece[skip:]}), max(0, skip - len(piece))
                        if not event.data["text"]:
                            continue
                    if first:
                        metrics.first_text(asked.id, time.perf_counter() - begun)
                        first = False
                elif event.type == "done":
                    metrics.turn(asked.id, event.data, time.perf_counter() - begun)
                elif event.type == "error":
                    metrics.failed(asked.id, str(event.data.get("code")))
                yield event


def _events(asked: Asked, held: ExitStack) -> AsyncIterator[Event]:
    """Begin the turn; reading the files that came along may take a while."""
    assistant, talk = asked.assistant, asked.conversation
    beside = {"beside": talk.beside, "place": asked.place}
    caller = Caller(asked.caller.tools, asked.caller.choice, **beside)
    if not asked.thread:
        return assistant.astream(as_messages(talk, assistant, asked.place), caller=caller)
    thread = stored_id(asked.key, asked.thread)
    if results := talk.results:
        by_id = {one.call_id: one.text for one in results}
        waiting = assistant.waiting(thread)
        lacking = [call.id for call in waiting if call.id not in by_id]
        if not waiting or lacking:
            told = f"The call {lacking[0]} still waits for its result." if lacking else "No call waits for a result."
            raise Refusal(400, told, code="no_such_call", param="messages")
        turns = assistant.history(thread)
        asked.said_before = turns[-1].reply.text if turns and turns[-1].reply else ""
        decisions = [{"type": "result", "message": by_id[call.id]} for call in waiting]
        return assistant.aresume_stream(thread, decisions, caller)
    new = talk.new()
    files = written(new.files, held)
    return assistant.astream(new.text, thread_id=thread, files=files, variables=asked.variables, caller=caller)


async def whole(asked: Asked, metrics: Metrics) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Run a turn to its end; return its reply, without what it had said before it waited, and its pictures.

    Raises:
        Refusal: it failed.
    """
    pictures: dict[str, bytes] = {}
    async with aclosing(follow(asked, metrics)) as events:  # type: ignore[type-var]
        async for event in events:
            if event.type == "image":
                pictures[event.data["id"]] = await asyncio.to_thread(Path(event.data["path"]).read_bytes)
            elif event.type == "error":
                raise of_event(event.data)
            elif event.type == "done":
                return event.data, pictures
    raise Refusal(499, "The turn was stopped.", code="cancelled")


async def begun(asked: Asked, metrics: Metrics) -> AsyncIterator[Event]:
    """Begin a turn and return its events; what fails at once is raised, so that it can still be a status.

    Raises:
        Refusal: it failed before it said anything.
    """
    events = follow(asked, metrics)
    first = asyncio.ensure_future(anext(events))
    done, _ = await asyncio.wait({first}, timeout=_PEEK_SECONDS)
    if done and first.exception() is None and first.result().type == "error":
        await events.aclose()  # type: ignore[attr-defined]
        raise of_event(first.result().data)

    async def rest() -> AsyncIterator[Event]:
        try:
            yield await first
            async for event in events:
                yield event
        finally:
            first.cancel()
            await events.aclose()  # type: ignore[attr-defined]

    if done and (error := first.exception()) is not None:
        await events.aclose()  # type: ignore[attr-defined]
        raise error
    return rest()


async def picture(event: Event) -> str:
    """Return the picture of an `image` event as a data URI."""
    data = await asyncio.to_thread(Path(event.data["path"]).read_bytes)
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def about(reply: dict[str, Any], thread: str, callers: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return what gptsmith knows of a turn beyond OpenAI's form: citations, searches, its own calls, pictures."""
    kept = ("citations", "searched", "unsupported", "remark", "finish_reason", "model")
    images = [{k: v for k, v in image.items() if k not in ("path", "tries")} for image in reply["images"]]
    files = [{k: v for k, v in file.items() if k != "path"} for file in reply["files"]]
    own = [call for call in reply["tool_calls"] if call["name"] not in callers]
    waits = [call for call in reply["approvals"] if not call["callers"]]
    found = {name: reply[name] for name in kept}
    return {
        **found,
        "thread_id": thread or None,
        "tool_calls": own,
        "images": images,
        "files": files,
        "approvals": waits,
    }
