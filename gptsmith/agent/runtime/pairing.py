"""The order that strict servers and chat templates want of a history, made of whatever is stored.

A crash, or an older release, can leave a call without its result, a result apart from its call, calls without an id,
and messages that nobody answered. What is sent to a model has none of these.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from gptsmith.agent.runtime.store import INTERRUPTED, Message

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
