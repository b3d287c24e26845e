"""What a model is shown of a thread: its last messages within a budget, and a summary of those before."""

from __future__ import annotations

from collections.abc import Callable

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage, ToolMessage

from gptsmith.agent.runtime import prompts
from gptsmith.agent.runtime.results import of_earlier, shortened
from gptsmith.agent.runtime.store import Message, ThreadStore
from gptsmith.assistants.spec import Memory
from gptsmith.models.picture_notes import picture_note

CHARACTERS = 60_000
_LONGEST = 20_000  # characters of one message
_SUMMARY_CHARACTERS = 30_000


async def recall(
    store: ThreadStore,
    thread_id: str,
    memory: Memory,
    *,
    turn_id: str,
    summarizer: BaseChatModel | None,
    count: Callable[[AIMessage], None],
) -> tuple[list[Message], str]:
    """Return the messages of the thread to show, oldest first, beginning with one of the person's; and a summary.

    `summarizer` writes the summary of what does not fit, and `count` is given its answer; without one the oldest
    messages are left out.
    """
    if memory.history == "none":
        return [], ""
    if summarizer is None or not memory.summarize:
        return fitting(store.messages(thread_id, last=memory.max_messages, before_turn=turn_id)), ""
    summary, upto = store.summary(thread_id)
    rows = [m for m in store.messages(thread_id, last=memory.max_messages * 3, before_turn=turn_id) if m.seq > upto]
    if len(rows) > memory.max_messages:
        kept = fitting(rows[_whole_turns(rows, memory.max_messages // 2) :])
        first = kept[0].seq if kept else rows[-1].seq + 1
        older = [m for m in rows if m.seq < first]
        answer = await _summarize(summarizer, summary, older)
        count(answer)
        summary = answer.text.strip()[:4000] or summary
        store.set_summary(thread_id, summary, older[-1].seq)
        rows = kept
    return fitting(rows), summary


def _whole_turns(rows: list[Message], last: int) -> int:
    """Return where the newest rows begin, about `last` of them: at a person's message, the last exchange included."""
    begins = [i for i, row in enumerate(rows) if row.role == "user"]
    before = [i for i in begins if 0 < i <= len(rows) - last]
    return before[-1] if before else next((i for i in begins if i > 0), len(rows))


def fitting(rows: list[Message], characters: int = CHARACTERS) -> list[Message]:
    """Return the newest rows that fit, cut so that they begin with a person's message; a very long one is shortened."""
    kept: list[Message] = []
    for row in reversed(rows):
        if len(row.text) > _LONGEST:
            row = row.model_copy(update={"text": shortened(row.text, _LONGEST)})
        characters -= len(row.text)
        if characters < 0:
            break
        kept.append(row)
    kept.reverse()
    start = next((i for i, row in enumerate(kept) if row.role == "user"), len(kept))
    return kept[start:]


def as_messages(rows: list[Message]) -> list[AnyMessage]:
    """Return stored messages in the form that a chat model takes."""
    return [_as_message(row) for row in rows]


def with_notes(text: str, files: list[dict[str, str]]) -> str:
    """Return a person's text with one note for each picture that came with it."""
    notes = [picture_note(f["id"], f["name"]) for f in files if f["kind"] == "image"]
    return "\n".join([text, *notes]) if notes else text


def _as_message(row: Message) -> AnyMessage:
    if row.role == "user":
        return HumanMessage(content=with_notes(row.text, row.data.get("files", [])))
    if row.role == "tool":
        name, status = row.data.get("name", ""), "success" if row.data.get("status") == "ok" else "error"
        return ToolMessage(
            content=of_earlier(name, row.text), name=name, tool_call_id=row.data["tool_call_id"], status=status
        )
    return AIMessage(content=row.text, tool_calls=row.data.get("tool_calls", []))


async def _summarize(model: BaseChatModel, before: str, rows: list[Message]) -> AIMessage:
    talk = "\n".join(f"{row.role}: {_said(row)}" for row in rows if row.text)[-_SUMMARY_CHARACTERS:]
    noted = f"<earlier>\n{prompts.unfenced(before, 'conversation', 'earlier')}\n</earlier>\n" if before else ""
    talk = prompts.unfenced(talk, "conversation", "earlier")
    ask = [
        SystemMessage(content=prompts.text("summary")),
        HumanMessage(content=f"{noted}<conversation>\n{talk}\n</conversation>"),
    ]
    return await model.ainvoke(ask, {"tags": ["nostream"], "callbacks": []})


def _said(row: Message) -> str:
    return of_earlier(row.data.get("name", ""), row.text) if row.role == "tool" else row.text
