"""What is sent to a model, made to fit its window: the oldest exchanges go first, a call never without its result."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from langchain.agents.middleware import ModelRequest
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.tools import BaseTool

from gptsmith.agent.runtime.results import shortened
from gptsmith.models.chat.failures import Contact, read_failure
from gptsmith.models.chat.window import TooLongError, Window

TRIES = 4  # requests for one answer, each shorter than the refused one before
_MESSAGE = 6  # tokens that a message takes beside its text
_PICTURE = 1000  # tokens
_RESULTS = (4000, 2000, 1000, 500)  # characters of a tool's result or an answer within the exchange that must stay
_WORDS = (16_000, 8000, 4000, 2000, 1000)  # characters of the person's message, with the passages behind it

Count = Callable[[str], int]


def within(window: Window, request: ModelRequest[Any]) -> ModelRequest[Any]:
    """Return the request with the messages that fit into the window, as far as it is known."""
    room = window.room
    if room is None or 4 * sum(size(m, window.count) for m in request.messages) <= room:
        return request  # nothing is near: the tools need not be measured
    return _fit(window, request)


def shorter(
    window: Window, request: ModelRequest[Any], error: Exception, *, label: str, last: bool
) -> ModelRequest[Any]:
    """Return what may be read where `request` was refused for its length; raise everything else, and at the `last`."""
    longer = error if isinstance(error, TooLongError) else read_failure(error, Contact(label)).error
    if not isinstance(longer, TooLongError):
        raise error
    before = sum(size(m, window.count) for m in request.messages)
    window.learn(longer, before + _beside(window, request))
    again = _fit(window, request)
    if last or sum(size(m, window.count) for m in again.messages) >= before:
        raise longer from error
    return again


def _fit(window: Window, request: ModelRequest[Any]) -> ModelRequest[Any]:
    if (room := window.room) is None:
        return request
    return request.override(messages=fitted(request.messages, room - _beside(window, request), window.count))


def fitted(messages: list[AnyMessage], room: int, count: Count) -> list[AnyMessage]:
    """Return the newest exchanges that fit into `room` tokens; the last one stays, its long texts cut in the middle."""
    sizes = [size(message, count) for message in messages]
    if sum(sizes) <= room:
        return messages
    starts = [i for i, message in enumerate(messages) if isinstance(message, HumanMessage)] or [0]
    for start in starts[1:]:
        if sum(sizes[start:]) <= room:
            return messages[start:]
    last = messages[starts[-1] :]
    cuts = [((ToolMessage, AIMessage), n) for n in _RESULTS] + [((HumanMessage,), n) for n in _WORDS]
    for kinds, longest in cuts:
        last = [_cut(message, longest) if isinstance(message, kinds) else message for message in last]
        if sum(size(message, count) for message in last) <= room:
            break
    return last


def size(message: AnyMessage, count: Count) -> int:
    """Return about how many tokens a message takes."""
    tokens = _MESSAGE + count(message.text)
    if isinstance(message, AIMessage) and message.tool_calls:
        tokens += count(json.dumps([[c["name"], c["args"]] for c in message.tool_calls], default=str))
    if not isinstance(message.content, str):
        kinds = [block.get("type", "") for block in message.content if isinstance(block, dict)]
        tokens += _PICTURE * sum(kind.startswith("image") for kind in kinds)
    return tokens


def _cut(message: AnyMessage, longest: int) -> AnyMessage:
    content = message.content
    if isinstance(content, str):
        return message.model_copy(update={"content": shortened(content, longest)})
    blocks = [
        {**block, "text": shortened(block["text"], longest)} if isinstance(block, dict) and "text" in block else block
        for block in content
    ]
    return message.model_copy(update={"content": blocks})


def _beside(window: Window, request: ModelRequest[Any]) -> int:
    """Return the tokens of what cannot be cut: the instructions and the tools."""
    system = size(request.system_message, window.count) if request.system_message is not None else 0
    tools = [_schema(tool) for tool in request.tools]
    return system + (window.count(json.dumps(tools, default=str)) if tools else 0)


def _schema(tool: BaseTool | dict[str, Any]) -> Any:
    return [tool.name, tool.description, tool.args] if isinstance(tool, BaseTool) else tool
