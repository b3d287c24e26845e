"""The tool calls of one answer, put together from their pieces as servers send them, and what of them may run.

By the protocol the first piece of a call has its id and name, and all have its index. Servers differ: some repeat id
and name in each piece, some give every call the same index, none, or no id.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk


@dataclass
class _Call:
    id: str
    index: int | str | None
    name: str = ""
    args: list[str] = field(default_factory=list)


class CallPieces:
    """Takes pieces with `add`; `joined` are the calls, with the raw text of their arguments."""

    def __init__(self) -> None:
        self._calls: list[_Call] = []

    def __bool__(self) -> bool:
        return bool(self._calls)

    def add(self, pieces: Iterable[ToolCallChunk]) -> None:
        """Take the next pieces, in the order in which they came."""
        for piece in pieces:
            call = self._of(piece)
            name = piece["name"] or ""
            if name.startswith(call.name):  # repeated, or sent so far and a little more
                call.name = name
            else:
                call.name += name
            call.args.append(piece["args"] or "")

    def _of(self, piece: ToolCallChunk) -> _Call:
        """Return the call that a piece belongs to; a new one when its id or index says so."""
        id, index = piece["id"] or "", piece["index"]
        same = [c for c in self._calls if c.index == index] if index is not None else self._calls
        found = same[-1] if same else None
        if found is not None and id and found.id and id != found.id:
            found = next((c for c in reversed(same) if c.id == id), None)
        if found is None or (index is None and piece["name"] and not id):
            found = _Call(id, index)
            self._calls.append(found)
        found.id = found.id or id
        return found

    def joined(self) -> list[ToolCallChunk]:
        """Return the calls; each has an id of its own, invented where the server gave none."""
        seen: set[str] = set()
        out = []
        for place, call in enumerate(self._calls):
            id = call.id if call.id and call.id not in seen else new_id()
            seen.add(id)
            out.append(tool_call_chunk(name=call.name or None, args="".join(call.args), id=id, index=place))
        return out


def new_id() -> str:
    """Return an id for a call that came without one."""
    return f"call_{uuid4().hex[:12]}"


def strict_arguments(text: str) -> dict[str, Any] | None:
    """Parse a tool call's arguments; None unless they are one whole JSON object. No text means no arguments.

    Control characters inside strings are taken as they stand, as LangChain's parser for whole answers does.
    """
    try:
        value = json.loads(text or "{}", strict=False, parse_constant=refuse_constant)
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


def refuse_constant(constant: str) -> Any:
    """Refuse NaN and Infinity, which Python's parser would take."""
    raise ValueError(f"{constant} is not JSON")
