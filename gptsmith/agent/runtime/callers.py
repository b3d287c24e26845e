"""The tools of the program that asks: the model is offered them beside the assistant's own, the program runs them.

A call of one ends the turn with the finish reason `tool_calls`, as a call that waits for approval does; on a stored
thread the program's results are the decisions that the turn goes on with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.tools import BaseTool, StructuredTool


@dataclass(frozen=True)
class Caller:
    """What the program that asks brings along: its tools, its wish which one is called, words beside the instructions.

    `place` names the conversation of a turn that is not stored, so that its pictures have a folder of their own.
    """

    tools: Sequence[BaseTool] = ()
    choice: Any = None
    beside: str = ""
    place: str = ""


NOBODY = Caller()


def callers_tool(name: str, description: str, schema: dict[str, Any]) -> BaseTool:
    """Return a tool that the model can call and that never runs here; `schema` is the JSON Schema of its arguments."""
    return StructuredTool(
        name=name, description=description, args_schema=schema, func=_never, metadata={"callers": True}
    )


def is_callers(tool: BaseTool | None) -> bool:
    """Tell whether a tool is the caller's."""
    return tool is not None and bool((tool.metadata or {}).get("callers"))


def own_first(message: AIMessage, names: frozenset[str]) -> AIMessage:
    """Return the message without the caller's calls where it also calls the assistant's own tools.

    What those bring would be lost with the end of a turn that nobody stores; the model calls again when it has seen it.
    """
    own = [call for call in message.tool_calls if call["name"] not in names]
    return message.model_copy(update={"tool_calls": own}) if 0 < len(own) < len(message.tool_calls) else message


def _never(**_arguments: Any) -> str:
    raise AssertionError("the program that asked runs its own tools")
