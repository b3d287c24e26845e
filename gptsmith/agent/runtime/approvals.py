"""Tool calls that wait for the person: what is asked, what may be answered, and the turn that goes on afterwards.

A call that needs approval interrupts the graph (LangGraph's `interrupt`). The turn ends as one that waits, with all
that it knows written into the thread store, so that any process can go on with it. The answers have the form of
LangChain's human in the loop: approve, edit or reject, one for each call, in order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from langchain.agents.middleware import AgentMiddleware, hook_config
from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool
from langgraph.types import interrupt
from pydantic import BaseModel, ConfigDict, ValidationError

from gptsmith.agent.events import ApprovalRequest, Reply
from gptsmith.agent.runtime.callers import is_callers
from gptsmith.agent.runtime.store import ThreadStore
from gptsmith.agent.runtime.streaming import too_deep
from gptsmith.agent.runtime.turn import Turn
from gptsmith.errors import ToolError, UsageError
from gptsmith.models.chat.messages import Passage
from gptsmith.rag.hit import Hit
from gptsmith.tools.described_tool import check_arguments

_FORMS = 'give {"type": "approve"}, {"type": "edit", "args": {…}} or {"type": "reject", "message": "…"}'
_UNASKED = "This call needs the person's approval, which cannot be asked for here. It was not run; go on without it."


class ApprovalDecision(BaseModel):
    """The person's answer to one call: `args` take the place of the model's, `message` says why it is refused.

    With `always` the tool is not asked about again in this conversation. A `result` is what the caller's own tool
    brought; its text is the `message`.
    """

    model_config = ConfigDict(extra="forbid")

    type: Literal["approve", "edit", "reject", "result"]
    args: dict[str, Any] = {}
    message: str = ""
    always: bool = False


# -- before a call -------------------------------------------------------------------------------------------------


def allowed(turn: Turn, request: ToolCallRequest) -> ToolCallRequest | ToolMessage:
    """Return the call as the person allows it to run, or the result that stands for it when they refused.

    Raises:
        GraphInterrupt: the person is not asked yet.
    """
    call = request.tool_call
    callers = is_callers(request.tool)
    decision = turn.decisions.get(call["id"] or "")
    if decision is None:
        if call["name"] in turn.always and not callers:
            return request
        if not (turn.can_wait or callers):
            return _result(call, _UNASKED)
        asked = _ask(turn, request)
        interrupt({"action_requests": [asked.model_dump()]})
    assert decision is not None, "an interrupt does not return"  # noqa: S101
    if decision.type == "result":
        return ToolMessage(content=decision.message, name=call["name"], tool_call_id=call["id"] or "")
    if decision.type == "reject":
        why = f" They say: {decision.message}" if decision.message.strip() else ""
        return _result(call, f"The person refused this call; it was not run.{why}")
    if decision.type == "edit":
        return request.override(tool_call={**call, "args": decision.args})
    return request


def edited(turn: Turn, call_id: str, text: str) -> str:
    """Return a result with a word about arguments that the person changed, so that the model does not call again."""
    decision = turn.decisions.get(call_id)
    if decision is None or decision.type != "edit":
        return text
    args = json.dumps(decision.args, ensure_ascii=False)
    return f"(The person changed the arguments to {args} before it ran, on purpose; do not call it again.)\n{text}"


def _ask(turn: Turn, request: ToolCallRequest) -> ApprovalRequest:
    call = request.tool_call
    record = next(record for record in turn.calls if record.id == call["id"])
    record.status = "waiting"
    about = request.tool.description if request.tool else ""
    asked = ApprovalRequest(id=record.id, name=record.name, args=record.args, description=about)
    asked.callers = is_callers(request.tool)
    turn.asked.append(asked)
    order = {one.id: number for number, one in enumerate(turn.calls)}
    turn.asked.sort(key=lambda one: order[one.id])  # as the model made them, whichever of them came here first
    return asked


def _result(call: Any, text: str) -> ToolMessage:
    return ToolMessage(content=text, name=call["name"], tool_call_id=call["id"] or "", status="error")


# -- the person's answers --------------------------------------------------------------------------------------------


def read_decisions(
    asked: Sequence[ApprovalRequest], given: Any, tools: Sequence[BaseTool]
) -> dict[str, ApprovalDecision]:
    """Return the decision for each waiting call, by the call's id.

    Raises:
        UsageError: there is not one for each call, one has no known form, or changed arguments do not fit the tool.
    """
    waits = f"{len(asked)} call{'s wait' if len(asked) > 1 else ' waits'} ({', '.join(a.name for a in asked)})"
    if not isinstance(given, (list, tuple)) or len(given) != len(asked):
        count = len(given) if isinstance(given, (list, tuple)) else 0
        raise UsageError(f"{waits} for approval, and {count} decisions were given", hint="give one for each, in order")
    by_name = {tool.name: tool for tool in tools}
    return {call.id: _decision(call, item, by_name) for call, item in zip(asked, given, strict=True)}


def _decision(call: ApprovalRequest, item: Any, tools: Mapping[str, BaseTool]) -> ApprovalDecision:
    try:
        decision = item if isinstance(item, ApprovalDecision) else ApprovalDecision.model_validate(item)
    except ValidationError:
        raise UsageError(f"this is no decision about {call.name}: {str(item)[:80]}", hint=_FORMS) from None
    if (decision.type == "result") != call.callers and decision.type != "reject":
        hint = 'give {"type": "result", "message": "…"}' if call.callers else _FORMS
        who = "the program that asked" if call.callers else "gptsmith"
        raise UsageError(f"{who} runs {call.name}, so this is no decision about it", hint=hint)
    if decision.type != "edit":
        if decision.args:
            raise UsageError(f"only an edit changes the arguments of {call.name}", hint=_FORMS)
        return decision
    schema = getattr(tools.get(call.name), "args_schema", None)
    try:
        json.dumps(decision.args, allow_nan=False)
        if too_deep(decision.args):
            raise ValueError("nested too deeply")
        if isinstance(schema, type) and issubclass(schema, BaseModel):
            schema.model_validate(decision.args)
        elif isinstance(schema, dict):
            check_arguments(decision.args, schema)
    except (ValueError, TypeError, RecursionError, ToolError) as error:
        raise UsageError(f"these arguments do not fit {call.name}: {_told(error)}", hint="change them again") from None
    return decision


def _told(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'arguments'}: {e['msg']}" for e in error.errors()[:3])
    return error.message[:300] if isinstance(error, ToolError) else str(error)[:200]


# -- the turn that goes on -------------------------------------------------------------------------------------------


class Paused(BaseModel):
    """What a waiting turn knows beyond its reply, as it is stored."""

    turn_id: str
    asked: list[ApprovalRequest]
    hits: dict[int, Hit] = {}
    passages: list[Passage] | None = None
    model_calls: int = 0
    notes: list[str] = []


def paused(turn: Turn) -> Paused:
    """Return what is to be stored of a turn that waits."""
    about: dict[str, Any] = {"asked": turn.asked, "hits": turn.hits, "passages": turn.passages, "notes": turn.notes}
    return Paused(turn_id=turn.id, **about, model_calls=turn.model_calls)


def find_paused(store: ThreadStore, thread_id: str) -> Paused:
    """Return what waits on a thread.

    Raises:
        UsageError: nothing does.
    """
    found = store.waiting(thread_id)
    if found is None:
        raise UsageError(f"nothing waits for approval on thread {thread_id}", hint="send a message with chat()")
    return Paused.model_validate_json(found)


def restore(turn: Turn, state: Paused, reply: Reply) -> None:
    """Bring a turn back to where it waited; what it had said goes out first, so that a stream of it is whole."""
    turn.hits, turn.passages = state.hits, state.passages
    turn.model_calls, turn.notes = state.model_calls, list(state.notes)
    turn.searched, turn.usage = reply.searched, reply.usage
    turn.calls = [record.model_copy() for record in reply.tool_calls]
    turn.model, turn.remark = reply.model, reply.remark
    if reply.text:
        turn.out.say(reply.text)
    for image in reply.images:
        turn.emit("image", image)
    for file in reply.files:
        turn.emit("file", file)


class StraightToTools(AgentMiddleware[Any, Any, Any]):
    """Begins a graph at its tools: the calls of the last message are there, and the person has decided."""

    @hook_config(can_jump_to=["tools"])
    def before_agent(self, state: Any, runtime: Any) -> dict[str, Any]:
        """Leave out the model, which has spoken."""
        return {"jump_to": "tools"}
