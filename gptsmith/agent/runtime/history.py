"""What a model is shown of a thread: its last messages within a budget, and a summary of those before."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage, ToolMessage

from gptsmith.agent.runtime import prompts
from gptsmith.agent.runtime.eyes import Eyes
from gptsmith.agent.runtime.pairing import paired
from gptsmith.agent.runtime.results import of_earlier, shortened
from gptsmith.agent.runtime.store import Message, ThreadStore
from gptsmith.assistants.spec import Memory
from gptsmith.errors import ProviderError
from gptsmith.models.chat.window import Window, estimated
from gptsmith.models.picture_notes import file_note, picture_note
from gptsmith.models.tool_results import fence_result

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
class Exchange:
    """A person's message and the answer to it; `upto` is the `seq` of its last row."""

    asked: str
    answered: str
    upto: int


def exchanges(rows: Sequence[Message]) -> list[Exchange]:
    """Return the stored messages as exchanges, oldest first; what no message of the person's opens is left out."""
    begins = [i for i, row in enumerate(rows) if row.role == "user"]
    found = []
    for begin, end in pairwise([*begins, len(rows)]):
        said = [row.text for row in rows[begin + 1 : end] if row.role == "assistant" and row.text]
        found.append(Exchange(rows[begin].text, "\n".join(said), rows[end - 1].seq))
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
