"""What a model is shown of a thread: its last messages within a budget, and a summary of those before."""

from __future__ import annotations

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage, ToolMessage

from gptsmith.agent.runtime import prompts
from gptsmith.agent.runtime.store import Message, ThreadStore
from gptsmith.assistants.spec import Memory
from gptsmith.models.picture_notes import picture_note
from gptsmith.models.tool_results import fence_result

CHARACTERS = 60_000
_SUMMARY_CHARACTERS = 30_000


async def recall(
    store: ThreadStore, thread_id: str, memory: Memory, *, turn_id: str, summarizer: BaseChatModel | None
) -> tuple[list[Message], str]:
    """Return the messages of the thread to show, oldest first, beginning with one of the person's; and a summary.

    `summarizer` writes the summary of what does not fit; without one the oldest messages are left out.
    """
    if memory.history == "none":
        return [], ""
    if summarizer is None or not memory.summarize:
        return fitting(store.messages(thread_id, last=memory.max_messages, before_turn=turn_id)), ""
    summary, upto = store.summary(thread_id)
    rows = [m for m in store.messages(thread_id, last=memory.max_messages * 3, before_turn=turn_id) if m.seq > upto]
    if len(rows) > memory.max_messages:
        kept = fitting(rows[-max(1, memory.max_messages // 2) :])
        first = kept[0].seq if kept else rows[-1].seq + 1
        older = [m for m in rows if m.seq < first]
        summary = await _summarize(summarizer, summary, older)
        store.set_summary(thread_id, summary, older[-1].seq)
        rows = kept
    return fitting(rows), summary


def fitting(rows: list[Message], characters: int = CHARACTERS) -> list[Message]:
    """Return the newest rows that fit, cut so that they begin with a person's message."""
    size, first = 0, len(rows)
    while first > 0 and size + len(rows[first - 1].text) <= characters:
        first -= 1
        size += len(rows[first].text)
    rows = rows[first:]
    start = next((i for i, row in enumerate(rows) if row.role == "user"), len(rows))
    return rows[start:]


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
        name, ok = row.data.get("name", ""), row.data.get("status") == "ok"
        text = fence_result(name, row.text) if ok else row.text
        status = "success" if ok else "error"
        return ToolMessage(content=text, name=name, tool_call_id=row.data["tool_call_id"], status=status)
    return AIMessage(content=row.text, tool_calls=row.data.get("tool_calls", []))


async def _summarize(model: BaseChatModel, before: str, rows: list[Message]) -> str:
    lines = [f"{row.role}: {row.text}" for row in rows if row.text]
    talk = "\n".join([f"(earlier) {before}"] * bool(before) + lines)[-_SUMMARY_CHARACTERS:]
    ask = [
        SystemMessage(content=prompts.text("summary")),
        HumanMessage(content=f"<conversation>\n{talk}\n</conversation>"),
    ]
    answer = await model.ainvoke(ask, {"tags": ["nostream"], "callbacks": []})
    return answer.text.strip()[:4000]
