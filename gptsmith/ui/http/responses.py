"""`POST /v1/responses`: an assistant behind OpenAI's newer API, whose conversations are kept here."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from gptsmith import Event
from gptsmith.ui.http import conversation, sse
from gptsmith.ui.http.chat_completions import names_of, refuse_forms
from gptsmith.ui.http.door import At, Door
from gptsmith.ui.http.faults import Refusal, of_event, wrong
from gptsmith.ui.http.turns import Asked, about, begun, picture, stored_id, whole

router = APIRouter()
_ID = re.compile(r"resp_([A-Za-z0-9-]{1,40})_(\d{1,6})_(\d{1,6})\Z")


class ResponseRequest(BaseModel):
    """A response; fields that set up a model are the spec's affair and are not looked at."""

    model_config = ConfigDict(extra="ignore")

    model: str = Field(max_length=200, description="The id of an assistant.")
    input: str | list[dict[str, Any]]
    instructions: str | None = None
    previous_response_id: str | None = Field(default=None, max_length=80)
    stream: bool = False
    store: bool | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    metadata: dict[str, str] | None = None
    text: dict[str, Any] | None = None


@dataclass
class Course:
    """One response: what is asked, and which it is in its conversation."""

    asked: Asked
    request: ResponseRequest
    id: str
    created: int = field(default_factory=lambda: int(time.time()))

    def shell(self, status: str, output: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        """Return the response object."""
        request = self.request
        plain: dict[str, Any] = {
            "id": self.id, "object": "response", "created_at": self.created, "status": status, "background": False,
            "error": None, "incomplete_details": None, "instructions": request.instructions,
            "max_output_tokens": None, "max_tool_calls": None, "model": self.asked.id, "output": output,
            "parallel_tool_calls": True, "previous_response_id": request.previous_response_id,
            "reasoning": {"effort": None, "summary": None}, "store": bool(self.asked.thread), "temperature": None,
            "text": {"format": {"type": "text"}}, "tool_choice": request.tool_choice or "auto",
            "tools": request.tools or [], "top_p": None, "truncation": "disabled", "usage": None, "user": None,
            "metadata": request.metadata or {},
        }  # fmt: skip
        return plain | more

    def end(self, reply: dict[str, Any], output: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the response object of a turn that has ended."""
        why = {"truncated": "max_output_tokens", "content_filter": "content_filter", "blocked": "content_filter"}
        cut = why.get(reply["finish_reason"])
        more: dict[str, Any] = {"incomplete_details": {"reason": cut}} if cut else {}
        names = frozenset(tool.name for tool in self.asked.caller.tools)
        more |= {"usage": _usage(reply), "gptsmith": about(reply, self.asked.thread, names)}
        return self.shell("incomplete" if cut else "completed", output, **more)


@router.post("/v1/responses", response_model=None, tags=["openai"])
async def create_response(request: ResponseRequest, door: At) -> Response:
    """Answer, whole or as a stream of events; `previous_response_id` goes on with a conversation."""
    course = await _course(request, door)
    if request.stream:
        return sse.response(_events(course, await begun(course.asked, door.metrics)))
    reply, pictures = await whole(course.asked, door.metrics)
    text = reply["text"][len(course.asked.said_before) :].lstrip() if course.asked.said_before else reply["text"]
    output = [_image(base64.b64encode(png).decode()) for png in pictures.values()]
    if text or not reply["approvals"]:
        output.append(_message(_new("msg"), text, notes_of(text, reply["citations"])))
    output += [_call(call) for call in reply["approvals"] if call["callers"]]
    return JSONResponse(course.end(reply, output))


@router.delete("/v1/responses/{response_id}", tags=["openai"])
async def delete_response(response_id: str, model: str, door: At) -> dict[str, Any]:
    """Forget the conversation that a response belongs to; `model` names its assistant."""
    assistant = await door.assistant(model)
    thread, _turn, _step = _parsed(response_id)
    await asyncio.to_thread(assistant.delete_thread, stored_id(door.key, thread))
    return {"id": response_id, "object": "response", "deleted": True}


async def _course(request: ResponseRequest, door: Door) -> Course:
    refuse_forms((request.text or {}).get("format"), "text.format")
    assistant = await door.assistant(request.model)
    messages = _messages(request.input)
    if request.instructions:
        messages.insert(0, {"role": "system", "content": request.instructions})
    talk = conversation.read(messages, lambda id: door.uploads.given(door.key, id))
    functions = [tool for tool in request.tools or [] if tool.get("type") != "function" or "function" not in tool]
    if len(functions) != len(request.tools or []):
        raise wrong("Here a function stands flat: type, name, description, parameters.", "tools")
    caller = conversation.tools(request.tools, names_of(assistant), request.tool_choice)
    given = request.metadata or {}
    variables = {name[4:]: value for name, value in given.items() if name.startswith("var_")}
    asked = Asked(assistant, door.key, talk, caller, "", variables)
    turn, step = 1, 0
    if request.previous_response_id:
        asked.thread, before, last = _parsed(request.previous_response_id)
        turns = await asyncio.to_thread(assistant.history, stored_id(door.key, asked.thread))
        if not turns:
            raise _unknown(request.previous_response_id)
        if len(turns) != before:
            raise wrong("The conversation has gone on since that response.", "previous_response_id", "not_the_last")
        turn, step = (before, last + 1) if talk.results else (before + 1, 0)
    elif request.store is not False and not talk.has_before:
        asked.thread = f"r{secrets.token_hex(12)}"
    return Course(asked, request, f"resp_{asked.thread or 's' + secrets.token_hex(12)}_{turn}_{step}")


def _messages(given: str | list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the input as messages of a chat completion; calls of tools that follow each other are one message."""
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    out: list[dict[str, Any]] = []
    for number, item in enumerate(given):
        kind = item.get("type", "message")
        if kind == "message":
            out.append({"role": item.get("role"), "content": item.get("content")})
        elif kind == "function_call":
            call = {"id": item.get("call_id"), "function": {k: item.get(k) for k in ("name", "arguments")}}
            if not out or out[-1]["role"] != "assistant":
                out.append({"role": "assistant", "content": ""})
            out[-1].setdefault("tool_calls", []).append(call)
        elif kind == "function_call_output":
            out.append({"role": "tool", "tool_call_id": item.get("call_id"), "content": item.get("output")})
        elif kind not in ("reasoning", "image_generation_call"):  # what we or others said beside the words
            raise wrong(f"Items of the type {str(kind)[:40]!r} cannot be read here.", f"input.{number}")
    return out


async def _events(course: Course, events: AsyncIterator[Event]) -> AsyncIterator[str]:
    writer = _Writer(course)
    yield writer.event("response.created", response=course.shell("in_progress", []))
    yield writer.event("response.in_progress", response=course.shell("in_progress", []))
    async for event in events:
        if event.type == "text":
            for line in writer.text(event.data["text"]):
                yield line
        elif event.type == "image":
            for line in writer.item(_image((await picture(event)).partition(",")[2])):
                yield line
        elif event.type == "progress":
            yield sse.comment(event.data.get("stage", ""))
        elif event.type == "error":
            refusal = of_event(event.data)
            error = {"code": refusal.code or "server_error", "message": refusal.message}
            yield writer.event("response.failed", response=course.shell("failed", writer.output, error=error))
        elif event.type == "done":
            for line in writer.end(event.data):
                yield line


class _Writer:
    """Puts the events of a turn into those of the protocol, numbered; the text so far is one open message."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.output: list[dict[str, Any]] = []
        self.number = -1
        self.open = ""
        self.said = ""

    def event(self, kind: str, **more: Any) -> str:
        self.number += 1
        return sse.data({"type": kind, "sequence_number": self.number, **more}, event=kind)

    def text(self, piece: str) -> list[str]:
        lines = []
        if not self.open:
            piece = piece.lstrip() if self.course.asked.said_before else piece
            self.open, self.said = _new("msg"), ""
            item = _message(self.open, "", []) | {"status": "in_progress", "content": []}
            lines.append(self.event("response.output_item.added", output_index=len(self.output), item=item))
            lines.append(self.event("response.content_part.added", **self._place(), part=_part("", [])))
        self.said += piece
        lines.append(self.event("response.output_text.delta", **self._place(), delta=piece, logprobs=[]))
        return lines

    def close(self, citations: list[dict[str, Any]]) -> list[str]:
        if not self.open:
            return []
        notes, place = notes_of(self.said, citations), self._place()
        lines = [
            self.event("response.output_text.annotation.added", **place, annotation_index=n, annotation=note)
            for n, note in enumerate(notes)
        ]
        lines.append(self.event("response.output_text.done", **place, text=self.said, logprobs=[]))
        lines.append(self.event("response.content_part.done", **place, part=_part(self.said, notes)))
        item = _message(self.open, self.said, notes)
        lines.append(self.event("response.output_item.done", output_index=len(self.output), item=item))
        self.output.append(item)
        self.open = ""
        return lines

    def item(self, item: dict[str, Any]) -> list[str]:
        """Add an item that comes whole; the message before it is closed."""
        lines, index = self.close([]), len(self.output)
        begun = item | {"status": "in_progress"} | ({"arguments": ""} if "arguments" in item else {"result": None})
        lines.append(self.event("response.output_item.added", output_index=index, item=begun))
        place = {"output_index": index, "item_id": item["id"]}
        if "arguments" in item:
            words, name = item["arguments"], item["name"]
            lines.append(self.event("response.function_call_arguments.delta", **place, delta=words))
            lines.append(self.event("response.function_call_arguments.done", **place, arguments=words, name=name))
        else:
            lines.append(self.event("response.image_generation_call.completed", **place))
        lines.append(self.event("response.output_item.done", output_index=index, item=item))
        self.output.append(item)
        return lines

    def end(self, reply: dict[str, Any]) -> list[str]:
        lines = self.close(reply["citations"])
        for call in reply["approvals"]:
            if call["callers"]:
                lines += self.item(_call(call))
        made = self.course.end(reply, self.output)
        return [*lines, self.event(f"response.{made['status']}", response=made)]

    def _place(self) -> dict[str, Any]:
        return {"item_id": self.open, "output_index": len(self.output), "content_index": 0}


def notes_of(text: str, citations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return citations as annotations of a text; each stands where its number first does."""
    found: list[dict[str, Any]] = []
    for one in citations:
        mark = f"[{one['id']}]"
        at = max(0, text.find(mark))
        source, quote = one["source"], {"quote": one["quote"]}
        if source.startswith(("http://", "https://")):
            place = {"start_index": at, "end_index": at + len(mark), "title": source, "url": source}
            found.append({"type": "url_citation", **place, **quote})
        else:
            place = {"file_id": one["document_id"], "filename": source, "index": at, "page": one["page"]}
            found.append({"type": "file_citation", **place, **quote})
    return found


def _message(id: str, text: str, notes: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "message", "id": id, "status": "completed", "role": "assistant", "content": [_part(text, notes)]}


def _part(text: str, notes: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": notes, "logprobs": []}


def _call(call: dict[str, Any]) -> dict[str, Any]:
    words = json.dumps(call["args"], ensure_ascii=False)
    plain = {"type": "function_call", "id": _new("fc"), "call_id": call["id"], "name": call["name"]}
    return plain | {"arguments": words, "status": "completed"}


def _image(data: str) -> dict[str, Any]:
    return {"type": "image_generation_call", "id": _new("ig"), "status": "completed", "result": data}


def _usage(reply: dict[str, Any]) -> dict[str, Any]:
    details = {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
    return {**reply["usage"], **details}


def _new(kind: str) -> str:
    return f"{kind}_{secrets.token_hex(12)}"


def _parsed(id: str) -> tuple[str, int, int]:
    found = _ID.match(id)
    if found is None:
        raise _unknown(id)
    return found[1], int(found[2]), int(found[3])


def _unknown(id: str) -> Refusal:
    told = f"There is no response {id[:80]!r} of this assistant that was kept."
    return Refusal(404, told, code="previous_response_not_found", param="previous_response_id")
