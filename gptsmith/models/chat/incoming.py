"""An answer as it comes in: text goes on at once, tool calls only when they are whole and valid.

LangChain repairs cut JSON (`parse_partial_json`) whenever chunks are added up, so a tool call that the provider never
finished would run with half its arguments. Here the pieces of tool calls are held back until the answer's end, parsed
strictly, and go on in one last chunk. A call that is not valid, and any call of an answer that was cut, goes on with
its raw text as one JSON string: however often chunks are added up, that stays an `invalid_tool_call` and never runs.
"""

from __future__ import annotations

import json
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolMessage
from langchain_core.messages.tool import invalid_tool_call, tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk

REASONS = ("finish_reason", "stop_reason", "done_reason", "stopReason", "finishReason", "status")
CUT = {"length", "max_tokens", "model_length", "incomplete", "model_context_window_exceeded"}
CALL_BLOCKS = {"tool_use", "input_json_delta", "function_call", "tool_call", "tool_call_chunk"}


class Incoming:
    """One streamed answer: `feed` every chunk, then take `end`."""

    def __init__(self) -> None:
        self.characters = 0
        self._held: ChatGenerationChunk | None = None
        self._finish: str | None = None

    @staticmethod
    def is_token(chunk: ChatGenerationChunk) -> bool:
        """Tell whether the chunk carries something of the answer, not only its frame."""
        message = chunk.message
        calls = isinstance(message, AIMessageChunk) and bool(message.tool_call_chunks)
        return bool(message.content) or calls or bool(message.additional_kwargs.get("reasoning_content"))

    def feed(self, chunk: ChatGenerationChunk) -> ChatGenerationChunk | None:
        """Take one chunk and return what may go on now: text, not tool calls, not the frame."""
        message = chunk.message
        self._finish = finish_reason(chunk) or self._finish
        self.characters += len(chunk.text)
        calls = isinstance(message, AIMessageChunk) and bool(message.tool_call_chunks)
        if not calls and self.is_token(chunk):
            # the last chunk names the reason, once: strings under one key are joined when chunks are added up
            (chunk.generation_info or {}).pop("finish_reason", None)
            message.response_metadata.pop("finish_reason", None)
            if isinstance(message, AIMessageChunk):
                message.chunk_position = None
            return chunk
        self._held = chunk if self._held is None else self._held + chunk
        return None

    def end(self) -> ChatGenerationChunk:
        """Return the last chunk: tool calls, usage and the finish reason, `truncated` when the provider gave none."""
        held = self._held or ChatGenerationChunk(message=AIMessageChunk(content=""))
        message = held.message
        pieces = message.tool_call_chunks if isinstance(message, AIMessageChunk) else []
        finish = self._finish or "truncated"
        calls, invalid = [], False
        for piece in pieces:
            raw = piece["args"] or ""
            good = finish not in ("truncated", "length") and piece["name"] and strict_arguments(raw) is not None
            invalid = invalid or not good
            args = (raw or "{}") if good else unrunnable(raw)
            calls.append(tool_call_chunk(name=piece["name"], args=args, id=piece["id"], index=piece["index"]))
        last = AIMessageChunk(
            content=_without_calls(message.content) if invalid else message.content,
            additional_kwargs={k: v for k, v in message.additional_kwargs.items() if k != "tool_calls"},
            response_metadata={k: v for k, v in message.response_metadata.items() if k != "finish_reason"},
            tool_call_chunks=calls,
            usage_metadata=message.usage_metadata if isinstance(message, AIMessage) else None,
            id=message.id,
            chunk_position="last",
        )
        info = {**(held.generation_info or {}), "finish_reason": finish}
        return ChatGenerationChunk(message=last, generation_info=info)

    def cut(self) -> None:
        """Note that reading stops here although the provider goes on."""
        self._finish = None


def finish_reason(generation: ChatGeneration) -> str | None:
    """Return why an answer ended: `stop`, `tool_calls`, `length` or the provider's own word; None when not said."""
    message = generation.message
    for place in (generation.generation_info or {}, message.response_metadata):
        for key in REASONS:
            reason = place.get(key)
            if isinstance(reason, str) and reason and not (key == "status" and reason == "in_progress"):
                return "length" if reason.lower() in CUT else reason
    return None


def strict_arguments(text: str) -> dict[str, Any] | None:
    """Parse a tool call's arguments; None unless they are one whole JSON object. No text means no arguments.

    Control characters inside strings are taken as they stand, as LangChain's parser for whole answers does.
    """
    try:
        value = json.loads(text or "{}", strict=False, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def unrunnable(raw: str) -> str:
    """Return the raw text of arguments as one JSON string, which no parser takes for arguments; once is enough."""
    try:
        if isinstance(json.loads(raw), str):
            return raw
    except (ValueError, RecursionError):
        pass
    return json.dumps(raw, ensure_ascii=False)


def whole(generation: ChatGeneration) -> ChatGeneration:
    """Hold a whole (not streamed) answer to the same rules: no call of an answer that was cut stays runnable."""
    message = generation.message
    if not isinstance(message, AIMessage):
        return generation
    reason = finish_reason(generation) or "truncated"
    info = {**(generation.generation_info or {}), "finish_reason": reason}
    cut = []
    if reason in ("length", "truncated"):
        cut = [
            invalid_tool_call(name=c["name"], args=json.dumps(c["args"], ensure_ascii=False), id=c["id"])
            for c in message.tool_calls
        ]
    message.response_metadata.pop("finish_reason", None)
    if not cut and not message.invalid_tool_calls:
        return ChatGeneration(message=message, generation_info=info)
    bad = [invalid_tool_call(name=c["name"], args=c["args"], id=c["id"]) for c in (*cut, *message.invalid_tool_calls)]
    for call in bad:
        call["args"] = unrunnable(call["args"] or "")
    update = {
        "content": _without_calls(message.content),
        "tool_calls": [] if cut else message.tool_calls,
        "invalid_tool_calls": bad,
        "additional_kwargs": {k: v for k, v in message.additional_kwargs.items() if k != "tool_calls"},
    }
    return ChatGeneration(message=message.model_copy(update=update), generation_info=info)


def sendable(messages: list[BaseMessage]) -> list[BaseMessage]:
    """Return the messages without invalid tool calls that nothing answers: providers refuse such a history for ever."""
    answered = {m.tool_call_id for m in messages if isinstance(m, ToolMessage)}
    out: list[BaseMessage] = []
    for message in messages:
        if isinstance(message, AIMessage) and message.invalid_tool_calls:
            kept = [c for c in message.invalid_tool_calls if c["id"] in answered]
            message = message.model_copy(update={"invalid_tool_calls": kept})
        out.append(message)
    return out


def _without_calls(content: Any) -> Any:
    """Take the blocks of tool calls out of a content list, so that a call that must not run leaves no half block."""
    if not isinstance(content, list):
        return content
    return [b for b in content if not (isinstance(b, dict) and b.get("type") in CALL_BLOCKS)]


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
