"""The compiled LangGraph graph of an assistant: model, tools, model again, within the turn's limits."""

from __future__ import annotations

from typing import Any

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.tools import BaseTool
from langgraph.graph.state import CompiledStateGraph

from gptsmith.agent.runtime.approvals import StraightToTools
from gptsmith.agent.runtime.gates import ModelGate, ToolGate

Graph = CompiledStateGraph[Any, Any, Any, Any]


def build_graph(model: BaseChatModel, tools: list[BaseTool], *, at_tools: bool = False) -> Graph:
    """Return the graph on which a turn runs; it is only ever run with `turn.CURRENT` set.

    `at_tools`: it begins with the calls of the last message, as a turn does that waited for approval.

    It has no checkpoints, nor does it take the saver of a graph around it (None would).
    """
    gates: list[Any] = [ModelGate(), ToolGate()] if tools else [ModelGate()]
    return create_agent(model, tools, middleware=[StraightToTools(), *gates] if at_tools else gates, checkpointer=False)
