"""What a model is shown of a thread: its last messages, in the order that servers want, made to fit its window."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from langchain.agents.middleware import ModelRequest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import BaseTool

from gptsmith.agent.runtime import prompts
from gptsmith.agent.runtime.attachments import Eyes
from gptsmith.agent.runtime.store import INTERRUPTED, Message, ThreadStore
from gptsmith.assistants.format.spec import Memory
from gptsmith.errors import ProviderError
from gptsmith.models.chat.failures import Contact, read_failure
from gptsmith.models.chat.limits import TooLongError, Window, estimated
from gptsmith.models.chat.messages import fence_result, file_note, picture_note

# Tool results on their way to the model: shortened in the middle, and what later messages show of them.

_LONGEST_RESULT = 8000
_NO_LONGER = "(What this search found is no longer shown. Search again to answer from it.)"


def shortened(text: str, longest: int = _LONGEST_RESULT) -> str:
    """Return `text`, or its beginning and end with a note of how many characters were left out."""
    if len(text) <= longest:
        return text
    head, tail = text[: longest * 3 // 4], text[-longest // 4 :]
    return f"{head}\n[… {len(text) - len(head) - len(tail)} characters left out …]\n{tail}"


def of_earlier(name: str, text: str) -> str:
    """Return a result as later messages of the thread show it: passages go, because each message numbers its own."""
    return fence_result(name, _NO_LONGER if text.startswith("<passages>") else text)


# The order that strict servers and chat templates want of a history, made of whatever is stored.
#
# A crash, or an older release, can leave a call without its result, a result apart from its call, calls without an id,
# and messages that nobody answered. What is sent to a model has none of these.

UNANSWERED = "(This message was not answered.)"
BROKEN_OFF = "(The answer breaks off here.)"


def paired(rows: list[Message]) -> list[Message]:
    """Return the rows with each call's results right behind it, and an answer between any two of the person's.

    The last row is an answer: what follows is the person's. Some templates take no person's message behind a result.
    """
    out: list[Message] = []
    for _, turn in groupby(rows, key=lambda row: row.turn_id):
        for row in _turn(list(turn)):
            last = out[-1] if out else None
            if last and row.role == "user":
                out += _closing(last)
            if last and row.role == last.role == "assistant" and not _calls(last) and not _calls(row):
                out[-1] = last.model_copy(update={"text": f"{last.text}\n\n{row.text}"})
            else:
                out.append(row)
    return out + _closing(out[-1]) if out else out


def _closing(last: Message) -> list[Message]:
    """Return the answer that is missing behind a person's message, or behind a tool's result."""
    text = {"user": UNANSWERED, "tool": BROKEN_OFF}.get(last.role)
    return [Message(turn_id=last.turn_id, role="assistant", text=text)] if text else []


def _calls(row: Message) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = row.data.get("tool_calls", [])
    return calls


def _turn(rows: list[Message]) -> list[Message]:
    """Return one turn in order; a result that no call asked for goes."""
    results: dict[str, list[Message]] = {}
    for row in rows:
        if row.role == "tool":
            results.setdefault(row.data.get("tool_call_id") or "", []).append(row)
    out: list[Message] = []
    known: set[str] = set()
    for row in rows:
        if row.role == "tool":
            continue
        calls = _calls(row)
        named = [{**call, "id": _free(call["id"] or f"call_{row.seq}", known)} for call in calls]
        out.append(row.model_copy(update={"data": {**row.data, "tool_calls": named}}) if calls else row)
        for call, as_named in zip(calls, named, strict=True):
            found = results.get(call["id"] or "", [])
            out.append(_result(found.pop(0) if found else None, row.turn_id, as_named))
    return out


def _result(row: Message | None, turn_id: str, call: dict[str, Any]) -> Message:
    if row is None:
        about = {"name": call["name"], "status": "interrupted"}
        row = Message(turn_id=turn_id, role="tool", text=INTERRUPTED, data=about)
    return row.model_copy(update={"data": {**row.data, "tool_call_id": call["id"]}})


def _free(id: str, known: set[str]) -> str:
    """Return `id`, or one like it where another call of the turn has it already."""
    free, n = id, 2
    while free in known:
        free, n = f"{id}_{n}", n + 1
    known.add(free)
    return free


# What is sent to a model, made to fit its window: the oldest exchanges go first, a call never without its result.

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


ROOM = 20_000  # tokens of earlier messages that a model is shown, where its window has room for them
_LONGEST = 20_000  # characters of one message
_NO_SUMMARY = 1000  # tokens: where less is left for what was said, it is cut and not summarized
_SUMMARY_CHARACTERS = 30_000


async def recall(
    store: ThreadStore,
    thread_id: str,
    memory: Memory,
    *,
    turn_id: str,
    summarizer: BaseChatModel | None,
    count: Callable[[AIMessage], None],
    window: Window,
    beside: Sequence[str] = (),
) -> tuple[list[Message], str]:
    """Return the messages of the thread to show, oldest first, beginning with one of the person's; and a summary.

    They are at most `memory.max_messages`, and fit into the window together with `beside`, the texts that are sent with
    them. `summarizer` writes the summary of what does not fit, and `count` is given its answer; without one the summary
    is the notes that were made behind earlier turns. Where it fails, the oldest messages are left out.
    """
    if memory.history == "none":
        return [], ""
    room = _room(window, beside)
    if summarizer is None or not memory.summarize or room < _NO_SUMMARY:
        rows = store.messages(thread_id, last=memory.max_messages, before_turn=turn_id)
        noted = store.summary(thread_id)[0] if memory.summarize and room >= _NO_SUMMARY else ""
        return fitting(rows, room, window.count), noted
    summary, upto = store.summary(thread_id)
    rows = [m for m in store.messages(thread_id, last=memory.max_messages * 3, before_turn=turn_id) if m.seq > upto]
    kept = rows
    if len(rows) > memory.max_messages:
        kept = fitting(rows[_whole_turns(rows, memory.max_messages // 2) :], room, window.count)
    elif len(fitting(rows, room, window.count)) < len(rows):
        kept = fitting(rows, room // 2, window.count)
    if len(kept) < len(rows):
        first = kept[0].seq if kept else rows[-1].seq + 1
        older = [m for m in rows if m.seq < first]
        try:
            answer = await _summarize(summarizer, summary, older, room * 2)
        except ProviderError:
            return fitting(rows, room, window.count), summary  # the answer itself may still come; else it says why not
        count(answer)
        summary = answer.text.strip()[: min(4000, room)] or summary
        store.set_summary(thread_id, summary, older[-1].seq)
    return fitting(kept, room, window.count), summary


def _room(window: Window, beside: Sequence[str]) -> int:
    """Return the tokens for what was said before; a quarter of the window stays for passages and results of tools."""
    if window.room is None:
        return ROOM
    return max(0, min(ROOM, window.room * 3 // 4 - sum(window.count(text) for text in beside)))


def _whole_turns(rows: list[Message], last: int) -> int:
    """Return where the newest rows begin, about `last` of them: at a person's message, the last exchange included."""
    begins = [i for i, row in enumerate(rows) if row.role == "user"]
    before = [i for i in begins if 0 < i <= len(rows) - last]
    return before[-1] if before else next((i for i in begins if i > 0), len(rows))


def fitting(rows: list[Message], room: int, count: Callable[[str], int] = estimated) -> list[Message]:
    """Return the newest rows that fit into `room` tokens, cut so that they begin with a person's message.

    A very long one is shortened.
    """
    kept: list[Message] = []
    for row in reversed(rows):
        if len(row.text) > _LONGEST:
            row = row.model_copy(update={"text": shortened(row.text, _LONGEST)})
        room -= count(row.text) + (count(json.dumps(calls)) if (calls := row.data.get("tool_calls")) else 0)
        if room < 0:
            break
        kept.append(row)
    kept.reverse()
    start = next((i for i, row in enumerate(kept) if row.role == "user"), len(kept))
    return kept[start:]


def last_exchange(rows: Sequence[Message]) -> tuple[str, str]:
    """Return what the person said last, and what was answered."""
    pairs = exchanges(rows)
    return (pairs[-1].asked, pairs[-1].answered) if pairs else ("", "")


@dataclass(frozen=True)
class ShownExchange:
    """A person's message and the answer to it; `upto` is the `seq` of its last row."""

    asked: str
    answered: str
    upto: int


def exchanges(rows: Sequence[Message]) -> list[ShownExchange]:
    """Return the stored messages as exchanges, oldest first; what no message of the person's opens is left out."""
    begins = [i for i, row in enumerate(rows) if row.role == "user"]
    found = []
    for begin, end in pairwise([*begins, len(rows)]):
        said = [row.text for row in rows[begin + 1 : end] if row.role == "assistant" and row.text]
        found.append(ShownExchange(rows[begin].text, "\n".join(said), rows[end - 1].seq))
    return found


def as_messages(rows: list[Message], eyes: Eyes | None = None) -> list[AnyMessage]:
    """Return stored messages in the form and the order that a chat model takes; `eyes`: it is shown the pictures."""
    return [as_message(row, eyes) for row in paired(rows)]


def with_notes(text: str, files: list[dict[str, str]]) -> str:
    """Return a person's text with one note for each picture and file that came with it."""
    notes = [picture_note(f["id"], f["name"]) if f["kind"] == "image" else file_note(f["id"]) for f in files]
    return "\n".join([text, *notes]) if notes else text


def of_now(row: Message) -> ToolMessage:
    """Return a stored result of the running turn as the model first read it: its passages are still this turn's."""
    name, status = row.data.get("name", ""), "success" if row.data.get("status") == "ok" else "error"
    content = fence_result(name, row.text)
    return ToolMessage(content=content, name=name, tool_call_id=row.data["tool_call_id"], status=status)


def as_message(row: Message, eyes: Eyes | None = None) -> AnyMessage:
    """Return one stored message in the form that a chat model takes."""
    if row.role == "user":
        files = row.data.get("files", [])
        text = with_notes(row.text, files)
        return HumanMessage(content=eyes.content(text, files) if eyes else text)
    if row.role == "tool":
        name, status = row.data.get("name", ""), "success" if row.data.get("status") == "ok" else "error"
        return ToolMessage(
            content=of_earlier(name, row.text), name=name, tool_call_id=row.data["tool_call_id"], status=status
        )
    return AIMessage(content=row.text, tool_calls=row.data.get("tool_calls", []))


async def _summarize(model: BaseChatModel, before: str, rows: list[Message], longest: int) -> AIMessage:
    """Ask for the summary of at most the last `longest` characters."""
    talk = "\n".join(f"{row.role}: {_said(row)}" for row in rows if row.text)[-min(longest, _SUMMARY_CHARACTERS) :]
    noted = f"<earlier>\n{prompts.unfenced(before, 'conversation', 'earlier')}\n</earlier>\n" if before else ""
    talk = prompts.unfenced(talk, "conversation", "earlier")
    ask = [
        SystemMessage(content=prompts.text("summary")),
        HumanMessage(content=f"{noted}<conversation>\n{talk}\n</conversation>"),
    ]
    return await model.ainvoke(ask, {"tags": ["nostream"], "callbacks": []})


def _said(row: Message) -> str:
    return of_earlier(row.data.get("name", ""), row.text) if row.role == "tool" else row.text
