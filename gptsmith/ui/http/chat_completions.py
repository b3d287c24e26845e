"""`POST /v1/chat/completions`: an assistant as a chat model of OpenAI's API."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from gptsmith import Event
from gptsmith.ui.http import conversation, sse
from gptsmith.ui.http.door import At, Door
from gptsmith.ui.http.faults import body, of_event, wrong
from gptsmith.ui.http.turns import Asked, about, begun, picture, whole

router = APIRouter()
_FINISH = {
    "tool_calls": "tool_calls", "truncated": "length", "timeout": "length", "limit": "length",
    "content_filter": "content_filter", "blocked": "content_filter",
}  # fmt: skip


class StreamOptions(BaseModel):
    """What a stream ends with."""

    model_config = ConfigDict(extra="ignore")

    include_usage: bool = False


class ChatRequest(BaseModel):
    """A chat completion; fields that set up a model (temperature, …) are the spec's affair and are not looked at."""

    model_config = ConfigDict(extra="ignore")

    model: str = Field(max_length=200, description="The id of an assistant.")
    messages: list[dict[str, Any]] = Field(min_length=1, max_length=2000)
    stream: bool = False
    stream_options: StreamOptions | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    metadata: dict[str, str] | None = Field(
        default=None, description="`thread_id` keeps the conversation here; `var_NAME` fills a variable of the spec."
    )
    n: int | None = None
    response_format: dict[str, Any] | None = None
    functions: list[dict[str, Any]] | None = None


@router.post("/v1/chat/completions", response_model=None, tags=["openai"])
async def chat_completions(request: ChatRequest, door: At) -> Response:
    """Answer a conversation, whole or as a stream of chunks."""
    asked = await _asked(request, door)
    if request.stream:
        with_usage = bool(request.stream_options and request.stream_options.include_usage)
        return sse.response(_chunks(asked, await begun(asked, door.metrics), with_usage))
    reply, pictures = await whole(asked, door.metrics)
    return JSONResponse(_completion(asked, reply, pictures))


async def _asked(request: ChatRequest, door: Door) -> Asked:
    refuse_forms(request.response_format, "response_format")
    if request.n not in (None, 1):
        raise wrong("One answer is given to a request; n has to be 1.", "n", "unsupported_value")
    if request.functions:
        raise wrong("functions is the form of before; send tools.", "functions", "unsupported_parameter")
    assistant = await door.assistant(request.model)
    talk = conversation.read(request.messages, lambda id: door.uploads.given(door.key, id))
    caller = conversation.tools(request.tools, names_of(assistant), request.tool_choice)
    given = request.metadata or {}
    variables = {name[4:]: value for name, value in given.items() if name.startswith("var_")}
    return Asked(assistant, door.key, talk, caller, given.get("thread_id", ""), variables)


def names_of(assistant: Any) -> list[str]:
    """Return the names that an assistant's own tools have by its spec."""
    spec = assistant.spec
    return [str(tool.name or tool.type) for tool in spec.tools] + [f"search_{k.name}" for k in spec.knowledge]


def refuse_forms(form: dict[str, Any] | None, where: str) -> None:
    """Refuse a form of the answer that an assistant cannot be held to."""
    if form and form.get("type") not in (None, "text"):
        told = "An assistant answers in its own words; ask for a form with a tool that takes it."
        raise wrong(told, where, "unsupported_value")


def _completion(asked: Asked, reply: dict[str, Any], pictures: dict[str, bytes]) -> dict[str, Any]:
    text = reply["text"][len(asked.said_before) :].lstrip() if asked.said_before else reply["text"]
    message: dict[str, Any] = {"role": "assistant", "content": text or None, "refusal": None}
    message["annotations"] = notes_of(reply["citations"])
    if calls := _callers(reply):
        message["tool_calls"] = [_call(call) for call in calls]
    if pictures:
        data = [f"data:image/png;base64,{base64.b64encode(png).decode()}" for png in pictures.values()]
        message["images"] = [_image(url, number) for number, url in enumerate(data)]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(reply)}
    made = _head(asked, "chat.completion") | {"choices": [choice], "usage": usage(reply)}
    return made | {"gptsmith": about(reply, asked.thread, _names(asked))}


async def _chunks(asked: Asked, events: AsyncIterator[Event], with_usage: bool) -> AsyncIterator[str]:
    head = _head(asked, "chat.completion.chunk")

    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return sse.data(head | {"choices": [choice], **more})

    yield chunk({"role": "assistant", "content": ""})
    number = 0
    async for event in events:
        if event.type == "text":
            yield chunk({"content": event.data["text"]})
        elif event.type == "image":
            yield chunk({"images": [_image(await picture(event), number)]})
            number += 1
        elif event.type == "progress":
            yield sse.comment(event.data.get("stage", ""))
        elif event.type == "error":
            refusal = of_event(event.data)
            yield sse.data(body(refusal.status, refusal.message, refusal.code))
            return
        elif event.type == "done":
            reply = event.data
            for index, call in enumerate(_callers(reply)):
                yield chunk({"tool_calls": [{"index": index, **_call(call)}]})
            if notes := notes_of(reply["citations"]):
                yield chunk({"annotations": notes})
            yield chunk({}, _finish(reply), gptsmith=about(reply, asked.thread, _names(asked)))
            if with_usage:
                yield sse.data(head | {"choices": [], "usage": usage(reply)})
    yield "data: [DONE]\n\n"


def notes_of(citations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return citations in OpenAI's form: of a page its address, of a file its name and page."""
    found: list[dict[str, Any]] = []
    for one in citations:
        source, quote = one["source"], one["quote"]
        if source.startswith(("http://", "https://")):
            cited = {"url": source, "title": source, "start_index": 0, "end_index": 0, "quote": quote}
            found.append({"type": "url_citation", "url_citation": cited})
        else:
            cited = {"file_id": one["document_id"], "filename": source, "index": one["id"], "page": one["page"]}
            found.append({"type": "file_citation", "file_citation": cited | {"quote": quote}})
    return found


def usage(reply: dict[str, Any]) -> dict[str, int]:
    """Return the tokens of a turn in OpenAI's names."""
    used = reply["usage"]
    names = {"prompt_tokens": "input_tokens", "completion_tokens": "output_tokens", "total_tokens": "total_tokens"}
    return {theirs: used[ours] for theirs, ours in names.items()}


def _head(asked: Asked, kind: str) -> dict[str, Any]:
    id = f"chatcmpl-{secrets.token_hex(12)}"
    return {"id": id, "object": kind, "created": int(time.time()), "model": asked.id}


def _finish(reply: dict[str, Any]) -> str:
    return _FINISH.get(reply["finish_reason"], "stop")


def _names(asked: Asked) -> frozenset[str]:
    return frozenset(tool.name for tool in asked.caller.tools)


def _callers(reply: dict[str, Any]) -> list[dict[str, Any]]:
    return [call for call in reply["approvals"] if call["callers"]]


def _call(call: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(call["args"], ensure_ascii=False)
    return {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": text}}


def _image(url: str, number: int) -> dict[str, Any]:
    return {"type": "image_url", "index": number, "image_url": {"url": url}}
