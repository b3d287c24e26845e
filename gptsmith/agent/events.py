"""The one event stream that the SDK, the command line and the pages consume, and the reply made of it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

EventType = Literal[
    "text", "tool_call", "tool_result", "image", "file", "progress", "citation", "approval", "done", "error"
]


class Citation(BaseModel):
    """A passage that the answer cites: `quote` stands verbatim in the source; offsets are in the document's text."""

    id: int
    source: str
    page: int | None = None
    quote: str
    knowledge: str = ""
    document_id: str = ""
    chunk_id: str = ""
    start: int = 0
    end: int = 0
    verified: bool = True


class Searched(BaseModel):
    """One search of the turn: what was asked, which passages were found, which of them the answer used."""

    query: str
    knowledge: list[str] = []
    found: list[dict[str, Any]] = Field(default=[], description="Hits: id, source, page, text, score.")
    used: list[int] = []


class ToolCallRecord(BaseModel):
    """One tool call of the turn and what came back."""

    id: str
    name: str
    args: dict[str, Any] = {}
    result: str = ""
    status: Literal["ok", "error", "interrupted", "waiting"] = "ok"


class ApprovalRequest(BaseModel):
    """A tool call that waits: for the person's approval, `args` are what it would run with; or, where it is the
    caller's own tool, for its result.
    """

    id: str
    name: str
    args: dict[str, Any] = {}
    description: str = ""
    callers: bool = Field(default=False, description="A tool of the program that asks, which runs it itself.")


class Usage(BaseModel):
    """Tokens of the turn, as the provider counts them."""

    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0


FinishReason = Literal[
    "stop",
    "limit",
    "truncated",
    "content_filter",
    "error",
    "timeout",
    "cancelled",
    "interrupted",
    "blocked",
    "approval",
    "tool_calls",
]


class Reply(BaseModel):
    """A whole turn: what `Assistant.chat` returns and `chat --json` prints."""

    thread_id: str
    text: str = ""
    images: list[dict[str, Any]] = []
    files: list[dict[str, Any]] = Field(default=[], description="Files that tools made: name, path, bytes, tool.")
    citations: list[Citation] = []
    unsupported: list[str] = Field(default=[], description="Claims that cite a passage that there is not.")
    searched: list[Searched] = []
    tool_calls: list[ToolCallRecord] = []
    usage: Usage = Usage()
    model: str = ""
    remark: str = Field(default="", description="What to know about how it was written; once in a conversation.")
    approvals: list[ApprovalRequest] = Field(
        default=[], description="Calls that wait for a decision: finish_reason is approval, `resume` goes on."
    )
    finish_reason: FinishReason = "stop"


class Feedback(BaseModel):
    """What the person thinks of one answer: what `Assistant.feedback` returns and `gptsmith feedback` prints."""

    turn_id: str
    thread_id: str
    at: float = Field(description="When the message was sent, in seconds since the epoch.")
    thumb: int = Field(description="1 up, -1 down.")
    reason: str = ""
    message: str = ""
    answer: str = ""
    model: str = ""
    spec_sha256: str = Field(default="", description="Of the spec file; empty where it is not known.")
    spec_version: int | None = Field(default=None, description="As `gptsmith history` counts; null without a history.")


class Event(BaseModel):
    """One step of a turn.

    `data` by type: text {"text"}; tool_call {"id","name","args"}; tool_result {"id","name","text","status"};
    image {"path","prompt","caption","seed",...};
    file {"name","path","bytes","tool"}; progress {"stage","text"}; citation (a Citation);
    approval {"requests"} (each an ApprovalRequest); done (a Reply); error {"code","message","exit_code"}; every
    stream ends with done or error.
    """

    type: EventType
    data: dict[str, Any] = {}
