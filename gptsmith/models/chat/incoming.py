"""An answer as it comes in: text goes on at once, tool calls only when they are whole and valid.

LangChain repairs cut JSON (`parse_partial_json`) whenever chunks are added up, so a tool call that the provider never
finished would run with half its arguments. Here the pieces of tool calls are held back until the answer's end, parsed
strictly, and go on in one last chunk. A call that is not valid, and any call of an answer that was cut, goes on with
its raw text as one JSON string: however often chunks are added up, that stays an `invalid_tool_call` and never runs.

What servers leave in the text is taken out of it: thinking goes on as `additional_kwargs["thinking"]`, which nobody
sends back, and a call written as text becomes a call, where tools were offered.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolMessage
from langchain_core.messages.tool import ToolCallChunk, invalid_tool_call, tool_call, tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk

from gptsmith.models.chat.thinking import LOOKED_AT, Habit, Thinking, parted, repeats
from gptsmith.models.chat.tool_calls import CallPieces, CallText, new_id, read_calls, strict_arguments, unrunnable

REASONS = ("finish_reason", "stop_reason", "done_reason", "stopReason", "finishReason", "status")
CUT = {"length", "max_tokens", "model_length", "incomplete", "model_context_window_exceeded"}
CALL_BLOCKS = {"tool_use", "input_json_delta", "function_call", "tool_call", "tool_call_chunk"}
FRAME = ("finish_reason", "tool_calls")  # what only the last chunk says


class Incoming:
    """One streamed answer: `feed` every chunk, then take `end`. `tools` are the names of those that were offered.

    `unsaid` is the reason of an end that named none.
    """

    def __init__(self, tools: Collection[str] = (), habit: Habit | None = None, *, unsaid: str = "truncated") -> None:
        self._unsaid = unsaid
        self.characters = 0
        self.is_empty = True  # no word and no call so far
        self.began = False  # something came that belongs to an answer, if only its end
        self.thought = False
        self._tail = "" if habit and habit.loops else None
        self._thinking = Thinking(habit)
        self._text = CallText(tools)
        self._calls = CallPieces()
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
        self.began = self.began or self._finish is not None or self.is_token(chunk)
        self.characters += len(chunk.text)
        if self._tail is not None:
            self._tail = (self._tail + chunk.text)[-LOOKED_AT:]
        if message.additional_kwargs.get("reasoning_content"):
            self.thought = True
            self._thinking.apart()
        more: dict[str, Any] = {}
        if isinstance(message.content, str) and message.content:
            said, thought = self._thinking.feed(message.content)
            more = self._parts(self._text.feed(said), thought)
        if isinstance(message, AIMessageChunk) and message.tool_call_chunks:
            self._calls.add(message.tool_call_chunks)
            more |= {"tool_call_chunks": [], "tool_calls": [], "invalid_tool_calls": []}
        elif more.get("content") or more.get("additional_kwargs") or (self.is_token(chunk) and not more):
            return self._going(chunk, more)
        held = _with(chunk, more)
        self._held = held if self._held is None else self._held + held
        return None

    def _parts(self, said: str, thought: str) -> dict[str, Any]:
        self.is_empty = self.is_empty and not said.strip()
        self.thought = self.thought or bool(thought.strip())
        return {"content": said, "additional_kwargs": {"thinking": thought} if thought else {}}

    def _going(self, chunk: ChatGenerationChunk, more: dict[str, Any]) -> ChatGenerationChunk:
        """Return a chunk that goes on now: without the reason of the end, which the last chunk names, once."""
        self.is_empty = self.is_empty and not chunk.text.strip() if not more else self.is_empty
        more["additional_kwargs"] = {**chunk.message.additional_kwargs, **more.get("additional_kwargs", {})}
        # strings under one key are joined when chunks are added up; the model's own objects stay as they are
        more["response_metadata"] = {k: v for k, v in chunk.message.response_metadata.items() if k != "finish_reason"}
        chunk = _with(chunk, more)
        chunk.generation_info = {k: v for k, v in (chunk.generation_info or {}).items() if k != "finish_reason"}
        if isinstance(chunk.message, AIMessageChunk):
            chunk.message.chunk_position = None
        return chunk

    @property
    def repeats(self) -> bool:
        """Tell whether a model that is known for it has begun to say the same again and again."""
        return bool(self._tail) and repeats(self._tail or "")

    def end(self) -> ChatGenerationChunk:
        """Return the last chunk: tool calls, usage and the finish reason, `truncated` when the provider gave none."""
        held = self._held or ChatGenerationChunk(message=AIMessageChunk(content=""))
        message = held.message
        finish = self._finish or self._unsaid
        cut = finish in ("truncated", "length")
        said, thought = self._thinking.end(cut=cut, called=bool(self._calls))
        words, written = self._text.end() if not said else _joined(self._text, said)
        if written and finish == "stop":
            finish = "tool_calls"
        calls, invalid = _runnable([*self._calls.joined(), *written], cut=cut)
        content = _without_calls(message.content) if invalid else message.content
        if words:
            content = [*content, {"type": "text", "text": words}] if isinstance(content, list) else content + words
        more = self._parts(words, thought)["additional_kwargs"]
        self.is_empty = self.is_empty and not calls
        last = AIMessageChunk(
            content=content,
            additional_kwargs={**{k: v for k, v in message.additional_kwargs.items() if k not in FRAME}, **more},
            response_metadata={k: v for k, v in message.response_metadata.items() if k not in FRAME},
            tool_call_chunks=calls,
            usage_metadata=message.usage_metadata if isinstance(message, AIMessage) else None,
            id=message.id,
            chunk_position="last",
        )
        info = {**(held.generation_info or {}), "finish_reason": finish}
        return ChatGenerationChunk(message=last, generation_info=info)

    def rest(self) -> ChatGenerationChunk | None:
        """Return the words that were held back, when the answer breaks off here."""
        words = self._text.feed(self._thinking.rest()) + self._text.rest()
        return ChatGenerationChunk(message=AIMessageChunk(content=words)) if words.strip() else None

    def cut(self, why: str | None = None) -> None:
        """Note that reading stops here although the provider goes on, and `why`."""
        self._finish = why


def _joined(text: CallText, said: str) -> tuple[str, list[ToolCallChunk]]:
    """Feed the last words and end the text."""
    shown = text.feed(said)
    words, calls = text.end()
    return shown + words, calls


def _with(chunk: ChatGenerationChunk, more: dict[str, Any]) -> ChatGenerationChunk:
    if not more:
        return chunk
    return ChatGenerationChunk(message=chunk.message.model_copy(update=more), generation_info=chunk.generation_info)


def _runnable(pieces: list[ToolCallChunk], *, cut: bool) -> tuple[list[ToolCallChunk], bool]:
    """Return the calls with arguments that only run where they are whole, and whether one is not."""
    calls, invalid = [], False
    for piece in pieces:
        raw = piece["args"] or ""
        good = not cut and piece["name"] and strict_arguments(raw) is not None
        invalid = invalid or not good
        args = (raw or "{}") if good else unrunnable(raw)
        calls.append(tool_call_chunk(name=piece["name"], args=args, id=piece["id"], index=piece["index"]))
    return calls, invalid


def finish_reason(generation: ChatGeneration) -> str | None:
    """Return why an answer ended: `stop`, `tool_calls`, `length` or the provider's own word; None when not said."""
    message = generation.message
    for place in (generation.generation_info or {}, message.response_metadata):
        for key in REASONS:
            reason = place.get(key)
            if isinstance(reason, str) and reason and not (key == "status" and reason == "in_progress"):
                return "length" if reason.lower() in CUT else reason
    return None


def whole(
    generation: ChatGeneration, tools: Collection[str] = (), habit: Habit | None = None, *, unsaid: str = "truncated"
) -> ChatGeneration:
    """Hold a whole (not streamed) answer to the same rules: no call of an answer that was cut stays runnable."""
    message = generation.message
    if not isinstance(message, AIMessage):
        return generation
    reason = finish_reason(generation) or unsaid
    cut = reason in ("length", "truncated")
    native = bool(message.tool_calls)
    message = _read(message, tools, habit, cut=cut)
    if reason == "stop" and message.tool_calls and not native:
        reason = "tool_calls"
    info = {**(generation.generation_info or {}), "finish_reason": reason}
    about = {k: v for k, v in message.response_metadata.items() if k != "finish_reason"}
    message = message.model_copy(update={"response_metadata": about})
    stopped = message.tool_calls if cut else []
    bad = [
        invalid_tool_call(name=c["name"], args=json.dumps(c["args"], ensure_ascii=False), id=c["id"]) for c in stopped
    ] + [invalid_tool_call(name=c["name"], args=c["args"], id=c["id"]) for c in message.invalid_tool_calls]
    if not bad:
        return ChatGeneration(message=message, generation_info=info)
    for call in bad:
        call["args"] = unrunnable(call["args"] or "")
    update = {
        "content": _without_calls(message.content),
        "tool_calls": [] if cut else message.tool_calls,
        "invalid_tool_calls": bad,
        "additional_kwargs": {k: v for k, v in message.additional_kwargs.items() if k != "tool_calls"},
    }
    return ChatGeneration(message=message.model_copy(update=update), generation_info=info)


def _read(message: AIMessage, tools: Collection[str], habit: Habit | None, *, cut: bool) -> AIMessage:
    """Return a whole message with the thinking and the calls taken out of its text, every call with an id."""
    calls = [tool_call(name=c["name"], args=c["args"], id=c["id"] or new_id()) for c in message.tool_calls]
    update: dict[str, Any] = {"tool_calls": calls}
    if isinstance(message.content, str):
        said, thought = parted(message.content, habit, cut=cut)
        words, written = read_calls(said, tools) if not calls else (said, [])
        update["content"] = words
        if thought:
            update["additional_kwargs"] = {**message.additional_kwargs, "thinking": thought}
        bad = list(message.invalid_tool_calls)
        for piece in written:
            arguments = strict_arguments(piece["args"] or "") if piece["name"] else None
            if arguments is None:
                bad.append(invalid_tool_call(name=piece["name"], args=piece["args"], id=piece["id"]))
            else:
                calls.append(tool_call(name=piece["name"] or "", args=arguments, id=piece["id"]))
        update["invalid_tool_calls"] = bad
    return message.model_copy(update=update)


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
