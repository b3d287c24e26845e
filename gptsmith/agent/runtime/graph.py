"""The compiled LangGraph graph of an assistant: model, tools, model again, within the turn's limits."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import BaseTool, StructuredTool, Tool
from langgraph.errors import GraphBubbleUp
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command

from gptsmith.agent.events import ToolCallRecord
from gptsmith.agent.runtime import approvals, history, streaming
from gptsmith.agent.runtime.approvals import StraightToTools
from gptsmith.agent.runtime.attachments import takes_no_pictures, unpictured
from gptsmith.agent.runtime.callers import own_first
from gptsmith.agent.runtime.core import apart
from gptsmith.agent.runtime.history import shortened
from gptsmith.agent.runtime.streaming import too_deep, unfit, whole, whole_values
from gptsmith.agent.runtime.turn import CURRENT, Turn
from gptsmith.errors import GptsmithError, ProviderError
from gptsmith.models.chat.failures import is_refusal
from gptsmith.models.chat.messages import Passage, fence, fence_result
from gptsmith.models.chat.thinking import REPETITION

# The two gates of the graph: around each model call and around each tool call. Here the limits are kept.
#
# Wrapping, not before/after hooks: each hook would be one more checkpointed step.

_PLAIN = (BaseTool._arun, StructuredTool._arun, Tool._arun)  # they run a synchronous tool on a thread
_CUT = {"length", "max_tokens", "truncated"}
_FILTERED = {
    "content_filter", "content_filtered", "guardrail_intervened", "refusal", "safety", "blocklist", "recitation",
    "prohibited_content", "spii", "image_safety",
}  # fmt: skip
_BAD_CALL = (
    "Your last tool call did not run: its arguments were not complete, valid JSON, or nested too deeply. Call it again "
    "with complete, plain arguments, or answer without it."
)


def current() -> Turn:
    """Return the turn that runs here; the graph is only ever run inside one."""
    turn = CURRENT.get()
    assert turn is not None, "the graph runs only inside a turn"  # noqa: S101 - a programming error, not an input
    return turn


class ModelGate(AgentMiddleware[Any, Any, Any]):
    """Counts model calls, puts the passages behind the person's message, and lets no cut tool call through."""

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        turn = current()
        if (ending := _out_of_calls(turn)) is not None:
            return ending
        request = history.within(turn.window, _prepared(request, turn))
        for left in reversed(range(history.TRIES)):
            try:
                response = handler(request)
                break
            except Exception as error:  # noqa: BLE001 - a model that was passed in raises its own classes
                request = _otherwise(turn, request, error, left)
        if _is_broken(response) and _out_of_calls(turn) is None:
            response = handler(_corrected(request, response))
        return _checked(turn, response)

    # Not itself async, though it gives a coroutine: LangChain's spans around async ones start two threads for a call.
    def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
    ) -> Coroutine[Any, Any, ModelResponse[Any]]:
        return self._acall(request, handler)

    async def _acall(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any]:
        turn = current()
        if (ending := _out_of_calls(turn)) is not None:
            return ending
        request = history.within(turn.window, _prepared(request, turn))
        for left in reversed(range(history.TRIES)):
            try:
                response = await handler(request)
                break
            except Exception as error:  # noqa: BLE001 - a model that was passed in raises its own classes
                request = _otherwise(turn, request, error, left)
        if _is_broken(response) and _out_of_calls(turn) is None:
            response = await handler(_corrected(request, response))
        return _checked(turn, response)


class ToolGate(AgentMiddleware[Any, Any, Any]):
    """Counts tool calls, turns what goes wrong into a result that the model reads, and reports both to the turn."""

    def wrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], ToolMessage | Command[Any]]
    ) -> ToolMessage | Command[Any]:
        turn = current()
        request, refused = _permitted(turn, request)
        return _reported(turn, request, refused or _ran(request, handler))

    def awrap_tool_call(  # as in ModelGate
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]]
    ) -> Coroutine[Any, Any, ToolMessage | Command[Any]]:
        return self._arun(request, handler)

    async def _arun(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]]
    ) -> ToolMessage | Command[Any]:
        turn = current()
        if (before := turn.results.get(request.tool_call["id"] or "")) is not None:
            return before
        request, refused = _permitted(turn, request)
        return _reported(turn, request, refused or await _aran(request, handler))


# -- around the model ----------------------------------------------------------------------------------------------


def _out_of_calls(turn: Turn) -> ModelResponse[Any] | None:
    limit = turn.spec.limits.max_iterations
    if turn.model_calls >= limit:
        turn.note(f"I stopped here: this assistant may think {limit} times about one message.", "limit")
        return ModelResponse(result=[AIMessage(content="")])
    turn.model_calls += 1
    return None


def _prepared(request: ModelRequest[Any], turn: Turn) -> ModelRequest[Any]:
    messages = with_passages([_sendable(message) for message in request.messages], turn.passages)
    messages = unpictured(messages) if turn.blind else messages
    choice = {"tool_choice": turn.caller.choice} if turn.caller.choice is not None and turn.model_calls == 1 else {}
    return request.override(messages=messages, system_message=SystemMessage(content=whole(turn.system)), **choice)


def _sendable(message: AnyMessage) -> AnyMessage:
    """Return a message, which may be a host's own, with every character whole."""
    made = whole_values(message.content)
    return message if made == message.content else message.model_copy(update={"content": made})


def _otherwise(turn: Turn, request: ModelRequest[Any], error: Exception, left: int) -> ModelRequest[Any]:
    """Return the request that may be answered where this one was refused; raise what nothing can be done about."""
    bare = unpictured(request.messages)
    if turn.blind or bare == request.messages or not is_refusal(error, turn.model):
        return _shorter(turn, request, error, left)
    turn.blind = True  # asked once more without pictures; if that is refused too, they were not the reason
    return request.override(messages=bare)


def _shorter(turn: Turn, request: ModelRequest[Any], error: Exception, left: int) -> ModelRequest[Any]:
    """Return the request that may be read where this one was refused for its length; raise everything else."""
    shorter = history.shorter(turn.window, request, error, label=turn.model, last=not left)
    if left == history.TRIES - 1:
        text = "The conversation is longer than the model reads; its oldest part was left out."
        turn.emit("progress", {"stage": "memory", "text": text})
    return shorter


def with_passages(messages: list[AnyMessage], passages: list[Passage] | None) -> list[AnyMessage]:
    """Return the messages with the block of passages behind the person's last one; None: nothing was searched."""
    if passages is None:
        return messages
    for i in range(len(messages) - 1, -1, -1):
        message = messages[i]
        if isinstance(message, HumanMessage):
            block = fence(passages)
            content: Any = message.content
            content = (
                f"{content}\n\n{block}" if isinstance(content, str) else [*content, {"type": "text", "text": block}]
            )
            return [*messages[:i], message.model_copy(update={"content": content}), *messages[i + 1 :]]
    return messages


def _last(response: ModelResponse[Any]) -> AIMessage:
    message = response.result[-1]
    assert isinstance(message, AIMessage), "a model answers with its own message"  # noqa: S101
    return message


def _is_broken(response: ModelResponse[Any]) -> bool:
    message = _last(response)
    cut = bool(message.tool_calls) and _was_cut(message)
    return bool(message.invalid_tool_calls) or cut or any(too_deep(call["args"]) for call in message.tool_calls)


def _was_cut(message: AIMessage) -> bool:
    return bool(_finish(message) & _CUT)


def _finish(message: AIMessage) -> set[str]:
    """Return why the answer ended, in the provider's own words."""
    about = message.response_metadata
    return {str(about[name]).lower() for name in ("finish_reason", "stop_reason", "done_reason") if about.get(name)}


def _corrected(request: ModelRequest[Any], response: ModelResponse[Any]) -> ModelRequest[Any]:
    said = _last(response).text or "(a tool call that did not run)"
    return request.override(messages=[*request.messages, AIMessage(content=said), HumanMessage(content=_BAD_CALL)])


def _checked(turn: Turn, response: ModelResponse[Any]) -> ModelResponse[Any]:
    broken = _is_broken(response)
    message = _last(response)
    turn.count(message)
    if turn.blind:
        _learned(turn)
    message = _storable(message.model_copy(update={"tool_calls": []}) if broken else message)
    message = _named(message, {record.id for record in turn.calls})
    if turn.caller.tools and not turn.can_wait:
        message = own_first(message, frozenset(tool.name for tool in turn.caller.tools))
    if broken:
        turn.note("The model's call of a tool came cut or garbled, so it was not run.", "truncated")
    elif _was_cut(message):
        turn.note("(The answer was cut off here by the model.)", "truncated")
    elif REPETITION in _finish(message):
        turn.note("(The model began to say the same again and again, so it was stopped here.)", "truncated")
    elif message.tool_calls and turn.finish == "limit":
        pass  # it was told to stop calling tools and calls again
    elif _finish(message) & _FILTERED:
        turn.note("(The provider's content filter stopped this answer. Ask in other words.)", "content_filter")
    elif not (message.tool_calls or message.text.strip() or turn.images or turn.notes):
        hint = "ask again, or choose another model"
        raise ProviderError(f"{turn.model} gave no answer: what it sent is empty", code="bad_answer", hint=hint)
    else:
        return ModelResponse(result=[*response.result[:-1], message])
    plain = message.model_copy(update={"tool_calls": [], "invalid_tool_calls": [], "additional_kwargs": {}})
    return ModelResponse(result=[*response.result[:-1], plain])


def _learned(turn: Turn) -> None:
    """Note that the model answered as soon as it was shown no pictures, and tell the person."""
    if turn.sight is not None:
        turn.sight.refuse()
    turn.mention(takes_no_pictures(turn.model))


def _storable(message: AIMessage) -> AIMessage:
    """Return the message with every character whole: it is stored, shown and sent again."""
    parts = {"content": message.content, "tool_calls": message.tool_calls, "kwargs": message.additional_kwargs}
    made = whole_values(parts)
    if made == parts:
        return message
    update = {"content": made["content"], "tool_calls": made["tool_calls"], "additional_kwargs": made["kwargs"]}
    return message.model_copy(update=update)


def _named(message: AIMessage, known: set[str]) -> AIMessage:
    """Give each call an id of its own within the turn: some servers send none, or the same one again."""
    calls = []
    for call in message.tool_calls:
        id = call["id"] if call["id"] and call["id"] not in known else f"call_{secrets.token_hex(8)}"
        known.add(id)
        calls.append({**call, "id": id})
    return message if calls == message.tool_calls else message.model_copy(update={"tool_calls": calls})


# -- around a tool -------------------------------------------------------------------------------------------------


def _permitted(turn: Turn, request: ToolCallRequest) -> tuple[ToolCallRequest, ToolMessage | None]:
    """Report the call; return it as it may run, and the result that stands for it when it must not."""
    refused = _refused(turn, request)
    if refused is not None or not turn.asks_before(request.tool_call["name"], request.tool):
        return request, refused
    found = approvals.allowed(turn, request)
    return (request, found) if isinstance(found, ToolMessage) else (found, None)


def _refused(turn: Turn, request: ToolCallRequest) -> ToolMessage | None:
    """Report the call; return the result that stands for it when it must not run."""
    call = request.tool_call
    decision = turn.decisions.get(call["id"] or "")
    shown = streaming.clean_values(decision.args if decision and decision.type == "edit" else call["args"], turn.rails)
    record = next((r for r in turn.calls if r.id == call["id"] and r.status == "waiting"), None)
    if record is None:
        record = ToolCallRecord(id=call["id"] or "", name=call["name"])
        turn.calls.append(record)
    record.args, record.status = shown, "interrupted"  # it stays so unless a result comes
    turn.emit("tool_call", {"id": call["id"], "name": call["name"], "args": shown})
    limits = turn.spec.limits
    if request.tool is None:
        return _message(request, f"There is no tool {call['name']}.", "error")
    if reason := (request.tool.metadata or {}).get("told"):
        turn.note(reason)
        return _message(request, reason, "error")
    if len(turn.calls) + turn.inner_calls > limits.max_tool_calls:
        turn.note(
            f"I stopped calling tools: this assistant may do so {limits.max_tool_calls} times a message.", "limit"
        )
        return _message(request, "The limit of tool calls is reached. Answer now with what you have.", "error")
    if fault := unfit(call["args"]):
        return _message(request, f"The tool did not run: {fault}", "error")
    of = turn.of[call["name"]] = (request.tool.metadata or {}).get("of", call["name"])
    own = next((t for t in turn.spec.tools if t.name == of), None)
    used = sum(turn.of.get(record.name, record.name) == of for record in turn.calls)
    if own is not None and own.max_calls is not None and used > own.max_calls:
        text = f"{of} may be called {own.max_calls} times for one message. Go on without it."
        return _message(request, text, "error")
    return None


def _ran(
    request: ToolCallRequest, handler: Callable[[ToolCallRequest], ToolMessage | Command[Any]]
) -> ToolMessage | Command[Any]:
    try:
        return handler(request)
    except GraphBubbleUp:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a tool raises is the model's to read
        return _failed(request, error)


async def _aran(
    request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]]
) -> ToolMessage | Command[Any]:
    try:
        return await (apart(handler(request)) if _is_async(request.tool) else handler(request))
    except GraphBubbleUp:
        raise
    except asyncio.CancelledError as error:
        if _is_stopped():
            raise
        return _failed(request, error)
    except (Exception, SystemExit, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever a tool raises is the model's
        return _failed(request, error)


def _is_async(tool: BaseTool | None) -> bool:
    """Tell whether a call of the tool runs code of its own on the event loop."""
    return tool is not None and (getattr(tool, "coroutine", None) is not None or type(tool)._arun not in _PLAIN)


def _is_stopped() -> bool:
    """Tell whether the turn was told to stop: a tool can also raise CancelledError by itself."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _failed(request: ToolCallRequest, error: BaseException) -> ToolMessage:
    text = str(error) if isinstance(error, GptsmithError) else f"{type(error).__name__}: {error}"
    return _message(request, f"The tool failed: {text}", "error")


def _message(request: ToolCallRequest, text: str, status: str) -> ToolMessage:
    call = request.tool_call
    return ToolMessage(content=text, name=call["name"], tool_call_id=call["id"] or "", status=status)


def _reported(turn: Turn, request: ToolCallRequest, result: ToolMessage | Command[Any]) -> ToolMessage | Command[Any]:
    if not isinstance(result, ToolMessage):
        return result
    text = approvals.edited(turn, request.tool_call["id"] or "", whole(shortened(result.text)))
    rails = streaming.rails_for(turn.spec.guardrails, "tool_results")
    if rails:
        text = streaming.redact(text, rails, blocking=False)
    record = next(r for r in turn.calls if r.id == (request.tool_call["id"] or ""))
    record.result, record.status = text, "error" if result.status == "error" else "ok"
    turn.emit("tool_result", {"id": record.id, "name": record.name, "text": text, "status": record.status})
    return result.model_copy(update={"content": fence_result(record.name, text)})


Graph = CompiledStateGraph[Any, Any, Any, Any]


def build_graph(model: BaseChatModel, tools: list[BaseTool], *, at_tools: bool = False) -> Graph:
    """Return the graph on which a turn runs; it is only ever run with `turn.CURRENT` set.

    `at_tools`: it begins with the calls of the last message, as a turn does that waited for approval.

    It has no checkpoints, nor does it take the saver of a graph around it (None would).
    """
    gates: list[Any] = [ModelGate(), ToolGate()] if tools else [ModelGate()]
    return create_agent(model, tools, middleware=[StraightToTools(), *gates] if at_tools else gates, checkpointer=False)
