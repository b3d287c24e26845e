"""One turn while it runs: what it has found, called, said and counted, and the call that a person chose for it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import BaseModel

from gptsmith.agent.events import (
    ApprovalRequest,
    Citation,
    Event,
    EventType,
    FinishReason,
    Reply,
    Searched,
    ToolCallRecord,
    Usage,
)
from gptsmith.agent.runtime import streaming
from gptsmith.agent.runtime.callers import NOBODY as callers_NOBODY
from gptsmith.agent.runtime.callers import Caller, is_callers
from gptsmith.agent.runtime.citing import cite, nearest_of, numbers, unsupported
from gptsmith.agent.runtime.streaming import TextOut
from gptsmith.assistants.format.spec import AssistantSpec, Guardrail
from gptsmith.models.chat.limits import Window
from gptsmith.models.chat.messages import Passage, find_picture_notes, unfence_result
from gptsmith.rag.hit import Hit

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

    from gptsmith.agent.runtime.approvals import ApprovalDecision
    from gptsmith.agent.runtime.attachments import Sight


# A tool call that the person chose on a surface ("again with this seed"): the turn runs it, no model is asked.

NOBODY = "nobody (you chose this step)"
"""What stands where a reply names the model that answered."""


class ChosenCall(BaseModel):
    """One call of the tool `name`; `more` is what only a surface may add to its arguments."""

    name: str
    args: dict[str, Any] = {}
    more: dict[str, Any] = {}


class ChosenModel(BaseChatModel):
    """Makes the one call, then reports in a sentence; so the call meets the same gates and limits as any other."""

    call: ChosenCall

    @property
    def _llm_type(self) -> str:
        return "gptsmith-chosen"

    def bind_tools(self, tools: Any, **_keywords: Any) -> Any:
        """Return the model itself: its call is fixed."""
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        last = messages[-1]
        if isinstance(last, ToolMessage):
            answer = AIMessage(content=_report(last))
        else:
            call = {"name": self.call.name, "args": self.call.args, "id": "call_chosen", "type": "tool_call"}
            answer = AIMessage(content="", tool_calls=[call])
        return ChatResult(generations=[ChatGeneration(message=answer)])


def _report(result: ToolMessage) -> str:
    text = unfence_result(str(result.text))
    if result.status == "error":
        return f"That did not work: {text.removeprefix('The tool failed: ')}."
    return "Here it is." if find_picture_notes(text) else text


_WORDS = ("prompt", "caption", "negative", "notes", "tries")  # of a picture: what a guardrail looks at
CURRENT: ContextVar[Turn | None] = ContextVar("gptsmith_turn", default=None)


@dataclass
class Turn:
    """State of one turn. The graph's nodes and the tools reach it through `CURRENT`."""

    id: str
    thread_id: str
    spec: AssistantSpec
    rails: list[Guardrail]
    deliver: Callable[[Event], None]
    model: str = ""
    system: str = ""
    passages: list[Passage] | None = None
    hits: dict[int, Hit] = field(default_factory=dict)
    searched: list[Searched] = field(default_factory=list)
    calls: list[ToolCallRecord] = field(default_factory=list)
    of: dict[str, str] = field(default_factory=dict)  # the spec's tool that each called tool belongs to
    images: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    model_calls: int = 0
    inner_calls: int = 0  # of tools, by assistants that this one asked
    finish: FinishReason = "stop"
    notes: list[str] = field(default_factory=list)
    cites: bool = False
    numbered: bool = False
    ended: bool = False
    chosen: dict[str, Any] = field(default_factory=dict)
    remark: str = ""
    remarked: Callable[[str], bool] = lambda _: False  # whether the conversation has been told so before
    window: Window = field(default_factory=Window)
    sight: Sight | None = None  # of the chat model; None: nobody knows
    blind: bool = False  # whether the model is asked without pictures, since its server refused them
    caller: Caller = callers_NOBODY
    can_wait: bool = False  # for the person's approval: a stored thread can, a host's messages cannot
    always: frozenset[str] = frozenset()  # tools that the person approved for the whole conversation
    asked: list[ApprovalRequest] = field(default_factory=list)
    decisions: dict[str, ApprovalDecision] = field(default_factory=dict)
    results: dict[str, ToolMessage] = field(default_factory=dict)  # of calls that ran before the turn waited
    out: TextOut = field(init=False)

    def __post_init__(self) -> None:
        def say(text: str) -> None:
            self.emit("text", {"text": text})

        self.out = TextOut(say, self.rails, self._citable, lambda: self.cites, self._passage_of)

    @property
    def seconds(self) -> float:
        """How long the turn may take."""
        return self.spec.limits.timeout_seconds

    @property
    def asks(self) -> bool:
        """Whether any tool of the spec needs approval."""
        return any(spec.requires_approval for spec in self.spec.tools)

    def asks_before(self, name: str, tool: BaseTool | None) -> bool:
        """Tell whether a call waits, for the person or for who asks; a server's tools follow the tool of the spec."""
        if is_callers(tool):
            return True
        of = (tool.metadata or {}).get("of", name) if tool is not None else name
        return any(spec.name == of and spec.requires_approval for spec in self.spec.tools)

    @property
    def waits(self) -> bool:
        """Whether the turn has ended for now, with calls that wait."""
        return self.finish in ("approval", "tool_calls")

    def wait(self) -> None:
        """End the turn for now where calls wait and nothing else ended it."""
        if self.asked and self.finish == "stop":
            self.finish = "tool_calls" if all(asked.callers for asked in self.asked) else "approval"

    def _citable(self) -> Collection[int] | None:
        """Return the numbers that may stand in the answer, None when brackets are none of our business."""
        return self.hits if self.cites or self.numbered else None

    def _passage_of(self, name: str, claim: str) -> int | None:
        """Return the number of the passage of the file called `name` that a claim comes nearest to."""
        wanted = name.removeprefix("./").casefold()
        same = [n for n, hit in self.hits.items() if hit.source.casefold() in (wanted, wanted.rpartition("/")[2])]
        return nearest_of(claim, {number: self.hits[number].text for number in same})

    def emit(self, kind: EventType, data: dict[str, Any]) -> None:
        """Add an event to the stream; after the end of the turn, what a tool left behind still says is not heard."""
        if self.ended:
            return
        if kind == "image":
            data = {**data, **streaming.clean_values({k: data[k] for k in _WORDS if k in data}, self.rails)}
            self.images.append(data)
        if kind == "file":
            self.files = [*(file for file in self.files if file["path"] != data["path"]), data]
        self.deliver(Event(type=kind, data=data))

    def found(self, query: str, hits: list[Hit], names: list[str]) -> list[Passage]:
        """Number the hits of one search, going on where the last search of the turn ended; return the passages."""
        known = {hit.chunk_id: number for number, hit in self.hits.items()}
        passages, report = [], []
        for hit in hits:
            number = known.setdefault(hit.chunk_id, len(self.hits) + 1)
            self.hits[number] = hit
            passages.append(Passage(id=number, source=hit.source, page=hit.page, text=hit.text))
            report.append({"id": number, **hit.model_dump(include={"source", "page", "text", "score"})})
        query = streaming.redact(query, self.rails, blocking=False)
        self.searched.append(Searched(query=query, knowledge=names, found=report))
        return passages

    def note(self, text: str, finish: FinishReason | None = None) -> None:
        """Explain something to the person at the end of the reply, once."""
        if text not in self.notes:
            self.notes.append(text)
        if finish is not None:
            self.finish = finish

    def unsaid(self) -> str:
        """Return what is left to explain: the notes that the model did not say itself."""
        said = " ".join(self.out.text.split())
        return "\n\n".join(note for note in self.notes if " ".join(note.split()) not in said)

    def count(self, message: AIMessage) -> None:
        """Add a message's tokens; note which model wrote it when a fallback did, and what it remarks on its words."""
        if (by := message.response_metadata.get("answered_by")) and by != self.model:
            self.emit("progress", {"stage": "model", "text": f"{self.model} did not answer; {by} did."})
            self.model = by
        if remark := str(message.response_metadata.get("remark") or ""):
            self.mention(remark)
        used = message.usage_metadata
        if used:
            self.usage.input_tokens += used["input_tokens"]
            self.usage.output_tokens += used["output_tokens"]
            self.usage.total_tokens += used["total_tokens"]

    def mention(self, remark: str) -> None:
        """Remark on how the answer was written, once in a conversation."""
        if remark != self.remark and not self.remarked(remark):
            self.remark = remark
            self.emit("progress", {"stage": "model", "text": remark})

    def citations(self) -> list[Citation]:
        """Return the citations of what was said, and mark the passages that it used."""
        used = set(numbers(self.out.text)) & set(self.hits)
        for search in self.searched:
            search.used = [item["id"] for item in search.found if item["id"] in used]
        return cite(self.out.text, self.hits) if self.cites else []

    def reply(self, citations: list[Citation]) -> Reply:
        """Return the whole turn."""
        return Reply(
            thread_id=self.thread_id,
            text=self.out.text,
            images=self.images,
            files=self.files,
            citations=citations,
            unsupported=unsupported(self.out.text) if self.cites else [],
            searched=self.searched,
            tool_calls=self.calls,
            usage=self.usage,
            model=self.model,
            remark=self.remark,
            approvals=self.asked if self.waits else [],
            finish_reason=self.finish,
        )
