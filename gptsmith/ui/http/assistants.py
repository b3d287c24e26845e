"""`/assistants`: gptsmith's own event stream, with all that OpenAI's form has no place for.

A turn that is begun here runs to its end whoever listens; its events are numbered and can be followed again.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from gptsmith import Assistant, Event
from gptsmith.ui.http import sse
from gptsmith.ui.http.conversation import written
from gptsmith.ui.http.door import At, Door
from gptsmith.ui.http.faults import Refusal
from gptsmith.ui.http.turns import shown_id, stored_id

router = APIRouter(prefix="/assistants", tags=["gptsmith"])
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {}}, "description": "Events: id (a number), event (its type), data (JSON)."}
}


class TurnRequest(BaseModel):
    """A message; `files` are ids of uploaded files."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=200_000)
    files: list[str] = Field(default=[], max_length=20)
    variables: dict[str, str] = {}


class Decisions(BaseModel):
    """Answers to the calls that wait, in order: `{"type": "approve"}`, `edit` with `args`, `reject` with `message`."""

    model_config = ConfigDict(extra="forbid")

    decisions: list[dict[str, Any]] = Field(max_length=100)


class Search(BaseModel):
    """Words to look for in the knowledge."""

    model_config = ConfigDict(extra="forbid")

    query: str = Field(min_length=1, max_length=2000)


@router.get("")
async def list_assistants(door: At) -> dict[str, Any]:
    """List the assistants with what a person sees first."""
    return {"assistants": [_card(one) for one in await door.assistants()]}


@router.get("/{assistant_id}")
async def get_assistant(assistant_id: str, door: At) -> dict[str, Any]:
    """Describe an assistant."""
    return _card(await door.assistant(assistant_id))


@router.get("/{assistant_id}/threads")
async def list_threads(assistant_id: str, door: At) -> dict[str, Any]:
    """List the conversations of this key, the last used first."""
    assistant = await door.assistant(assistant_id)
    found = await asyncio.to_thread(assistant.threads)
    shown = [{**one.model_dump(), "id": name} for one in found if (name := shown_id(door.key, one.id))]
    return {"threads": shown}


@router.get("/{assistant_id}/threads/{thread_id}")
async def get_thread(assistant_id: str, thread_id: str, door: At) -> dict[str, Any]:
    """Return the turns of a conversation, and the calls that wait for a decision."""
    assistant, stored = await door.assistant(assistant_id), stored_id(door.key, thread_id)
    turns = await asyncio.to_thread(assistant.history, stored)
    if not turns:
        raise _no_thread(thread_id)
    waiting = await asyncio.to_thread(assistant.waiting, stored)
    place = _Place(assistant_id, thread_id)
    told = [one.model_dump(mode="json") for one in turns]
    for turn in told:
        turn["reply"] = place.reply(turn["reply"]) if turn.get("reply") else None
        turn["files"] = [{k: v for k, v in file.items() if k != "file"} for file in turn.get("files", [])]
        turn["thread_id"] = thread_id
    return {"id": thread_id, "turns": told, "waiting": [call.model_dump() for call in waiting]}


@router.delete("/{assistant_id}/threads/{thread_id}")
async def delete_thread(assistant_id: str, thread_id: str, door: At) -> dict[str, Any]:
    """Forget a conversation with its pictures and files."""
    assistant = await door.assistant(assistant_id)
    await asyncio.to_thread(assistant.delete_thread, stored_id(door.key, thread_id))
    return {"id": thread_id, "deleted": True}


@router.post("/{assistant_id}/threads/{thread_id}/turns", response_class=Response, responses=_STREAM)
async def begin_turn(assistant_id: str, thread_id: str, request: TurnRequest, door: At) -> Response:
    """Send a message and stream the events of the turn; closing the stream does not stop it."""
    assistant, stored = await door.assistant(assistant_id), stored_id(door.key, thread_id)
    held = ExitStack()

    def begin() -> str:
        files = written([door.uploads.given(door.key, id) for id in request.files], held)
        return assistant.start_turn(request.text, thread_id=stored, files=files, variables=request.variables)

    try:
        turn = await asyncio.to_thread(begin)
    except BaseException:
        held.close()
        raise
    return _stream(assistant, turn, _Place(assistant_id, thread_id), held=held)


@router.post("/{assistant_id}/threads/{thread_id}/resume", response_class=Response, responses=_STREAM)
async def resume_turn(assistant_id: str, thread_id: str, request: Decisions, door: At) -> Response:
    """Go on with a turn that waits for approval, and stream its events."""
    assistant, stored = await door.assistant(assistant_id), stored_id(door.key, thread_id)
    turn = await asyncio.to_thread(assistant.start_resume, stored, request.decisions)
    return _stream(assistant, turn, _Place(assistant_id, thread_id))


@router.get("/{assistant_id}/threads/{thread_id}/turns/{turn_id}/events", response_class=Response, responses=_STREAM)
async def follow_turn(
    assistant_id: str,
    thread_id: str,
    turn_id: str,
    door: At,
    after: Annotated[int, Query(ge=0, le=10**9)] = 0,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Stream a turn's events again, after a number; a browser's EventSource says where it stopped by itself."""
    assistant = await _owner_of(assistant_id, thread_id, turn_id, door)
    if last_event_id and last_event_id.isascii() and last_event_id.isdecimal() and len(last_event_id) < 10:
        after = int(last_event_id)
    return _stream(assistant, turn_id, _Place(assistant_id, thread_id), after=after)


@router.delete("/{assistant_id}/threads/{thread_id}/turns/{turn_id}")
async def stop_turn(assistant_id: str, thread_id: str, turn_id: str, door: At) -> dict[str, Any]:
    """Stop a turn that runs; what was said so far is kept."""
    assistant = await _owner_of(assistant_id, thread_id, turn_id, door)
    return {"id": turn_id, "stopped": assistant.stop_turn(turn_id)}


@router.get("/{assistant_id}/threads/{thread_id}/images/{image_id}", response_class=Response)
async def get_image(assistant_id: str, thread_id: str, image_id: str, door: At) -> Response:
    """Return a picture of a conversation."""
    from gptsmith.tools.drawing.store import PictureStore

    assistant, stored = await door.assistant(assistant_id), stored_id(door.key, thread_id)
    store = PictureStore(assistant.folder)
    path = await asyncio.to_thread(store.path, stored, image_id)
    return FileResponse(path, headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "private"})


@router.get("/{assistant_id}/knowledge")
async def list_knowledge(assistant_id: str, door: At) -> dict[str, Any]:
    """List what became of each file and page of the knowledge."""
    assistant = await door.assistant(assistant_id)
    found = await asyncio.to_thread(assistant.receipts)
    return {"receipts": [receipt.model_dump(mode="json") for receipt in found]}


@router.post("/{assistant_id}/knowledge/search")
async def search_knowledge(assistant_id: str, request: Search, door: At) -> dict[str, Any]:
    """Return the passages that speak of something, the best first."""
    assistant = await door.assistant(assistant_id)
    found = await asyncio.to_thread(assistant.search_knowledge, request.query)
    return {"hits": [hit.model_dump(mode="json") for hit in found]}


async def _owner_of(assistant_id: str, thread_id: str, turn_id: str, door: Door) -> Assistant:
    """Return the assistant of a turn, where the turn is of this conversation and the conversation of this key."""
    assistant, stored = await door.assistant(assistant_id), stored_id(door.key, thread_id)
    turn = await asyncio.to_thread(assistant.engine.store.turn, turn_id)
    if turn is None or turn.thread_id != stored:
        raise Refusal(404, f"There is no turn {turn_id[:60]!r} in this conversation.", code="not_found")
    return assistant


def _no_thread(thread_id: str) -> Refusal:
    return Refusal(404, f"There is no conversation {thread_id!r}.", code="not_found")


def _card(assistant: Assistant) -> dict[str, Any]:
    spec = assistant.spec
    return {
        "id": spec.id or "assistant",
        "name": spec.name,
        "description": spec.description,
        "welcome_message": assistant.welcome_message,
        "conversation_starters": [one.model_dump() for one in assistant.starters],
        "disclaimer": spec.disclaimer or "",
        "variables": {name: one.model_dump() for name, one in spec.variables.items()},
    }


class _Place:
    """Where a conversation is reached from outside: in events, addresses stand instead of this machine's paths."""

    def __init__(self, assistant: str, thread: str) -> None:
        self.thread = thread
        self.images = f"/assistants/{assistant}/threads/{thread}/images"

    def event(self, event: Event) -> dict[str, Any]:
        if event.type == "image":
            return self._image(event.data)
        if event.type == "file":
            return _pathless(event.data)
        return self.reply(event.data) if event.type == "done" else event.data

    def reply(self, reply: dict[str, Any]) -> dict[str, Any]:
        images = [self._image(one) for one in reply["images"]]
        return {**reply, "thread_id": self.thread, "images": images, "files": [*map(_pathless, reply["files"])]}

    def _image(self, image: dict[str, Any]) -> dict[str, Any]:
        tries = [_pathless(one) for one in image.get("tries", [])]
        return {**_pathless(image), "tries": tries, "url": f"{self.images}/{image['id']}"}


def _pathless(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != "path"}


def _stream(
    assistant: Assistant, turn: str, place: _Place, *, after: int = 0, held: ExitStack | None = None
) -> Response:
    return sse.response(_lines(assistant, turn, place, after, held), {"X-Turn-Id": turn})


async def _lines(
    assistant: Assistant, turn: str, place: _Place, after: int, held: ExitStack | None
) -> AsyncIterator[str]:
    here = asyncio.get_running_loop()
    inbox: asyncio.Queue[tuple[int, Event] | None] = asyncio.Queue()

    def listen() -> None:
        """Follow the turn on a thread of its own, to its end even when nobody reads: the files may go only then."""
        try:
            for numbered in assistant.turn_events(turn, after):
                here.call_soon_threadsafe(inbox.put_nowait, numbered)
            here.call_soon_threadsafe(inbox.put_nowait, None)
        except RuntimeError:  # the server has stopped
            pass
        finally:
            if held is not None:
                held.close()

    threading.Thread(target=listen, name="gptsmith-listen", daemon=True).start()
    while (numbered := await inbox.get()) is not None:
        number, event = numbered
        yield sse.data(place.event(event), event=event.type, id=str(number))
