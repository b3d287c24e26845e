"""What tool calls and approvals cost: a call beside one through bare LangGraph, a turn with approvals and without.

    python benchmarks/tools.py [--calls 40] [--repeat 3]

Both agents have the same model, which calls one function so many times, one call per answer, and then says that it is
done; both keep the turn on disk. The difference to a turn without calls is what the calls cost. Runs are interleaved.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langchain.agents import create_agent
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer


def look_up(number: int) -> str:
    """Look up one order by its number."""
    return f"order {number} is packed"


def pay(number: int) -> str:
    """Pay an order."""
    return f"order {number} is paid"


class Calling(BaseChatModel):
    """Calls `look_up` until `calls` results stand behind the last message of the person, then answers."""

    calls: int

    def bind_tools(self, _tools: Any, **_kwargs: Any) -> Any:
        return self

    @property
    def _llm_type(self) -> str:
        return "calling"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **_kwargs: Any,
    ) -> ChatResult:
        last = max(n for n, message in enumerate(messages) if isinstance(message, HumanMessage))
        done = sum(isinstance(message, ToolMessage) for message in messages[last:])
        call = {"name": "look_up", "args": {"number": done}, "id": f"call_{last}_{done}"}
        answer = AIMessage("Done.") if done >= self.calls else AIMessage("", tool_calls=[call])
        return ChatResult(generations=[ChatGeneration(message=answer)])

    async def _agenerate(self, messages: list[BaseMessage], *_args: Any, **_kwargs: Any) -> ChatResult:
        return self._generate(messages)


def bare(folder: Path, calls: int, durability: str) -> Callable[[], float]:
    """Return a function that runs one turn of the bare agent, in a thread of its own, and returns its seconds."""
    import aiosqlite
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    from gptsmith.agent.runtime import core

    async def make() -> Any:
        connecting = aiosqlite.connect(folder / f"bare-{calls}-{durability}.sqlite")
        connecting._thread.daemon = True
        connection = await connecting
        saver = AsyncSqliteSaver(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=None))
        await saver.setup()
        await connection.execute("PRAGMA synchronous = NORMAL")
        return create_agent(Calling(calls=calls), [look_up], system_prompt="Answer.", checkpointer=saver)

    agent = core.run(make())
    count = iter(range(10**6))

    async def once() -> None:
        config = {"configurable": {"thread_id": f"t{next(count)}"}, "recursion_limit": 1000}
        await agent.ainvoke({"messages": [HumanMessage("Look them up")]}, config, durability=durability)

    return lambda: timed(lambda: core.run(once()))


def ours(folder: Path, calls: int, *, approval: bool = False) -> Callable[[], float]:
    """Return a function that runs one turn of an assistant; with `approval` another tool of it asks first."""
    os.environ["GPTSMITH_HOME"] = str(folder / f"home-{calls}-{approval}")
    from gptsmith import Assistant
    from gptsmith.assistants.format.spec import TOOL_TYPES
    from gptsmith.tools import register_tool

    if "look_up" not in TOOL_TYPES:
        register_tool(look_up)
        register_tool(pay)
    assistant = Assistant.from_dict(
        {
            "schema": "assistant/v1", "name": "Bench", "description": "Answers.", "instructions": "Answer.",
            "tools": [{"type": "look_up"}, {"type": "pay", "requires_approval": approval}],
            "limits": {"max_iterations": 50, "max_tool_calls": 100},
        },
        model=Calling(calls=calls),
    )  # fmt: skip
    return lambda: timed(lambda: assistant.chat("Look them up"))


def timed(work: Callable[[], object]) -> float:
    """Return how long `work` takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def medians(turns: dict[str, Callable[[], float]], repeat: int) -> dict[str, float]:
    """Return the median milliseconds of each turn, interleaved; the first round is not counted."""
    times: dict[str, list[float]] = {name: [] for name in turns}
    for round_ in range(repeat + 1):
        for name, turn in turns.items():
            taken = turn()
            if round_:
                times[name].append(taken * 1000)
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=40)
    parser.add_argument("--repeat", type=int, default=9)
    options = parser.parse_args()
    n = options.calls
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        turns = {
            **{f"bare {way} {calls}": bare(folder, calls, way) for way in ("async", "exit") for calls in (0, n)},
            **{f"gptsmith {calls}": ours(folder, calls) for calls in (0, n)},
            **{f"gptsmith approvals {calls}": ours(folder, calls, approval=True) for calls in (0, n)},
        }
        found = medians(turns, options.repeat)
    costs = {kind: (found[f"{kind} {n}"] - found[f"{kind} 0"]) / n for kind in ("bare async", "bare exit", "gptsmith")}
    for kind, cost in costs.items():
        print(f"one call, {kind}: {cost:.2f} ms ({cost / costs['bare async']:.2f}, {cost / costs['bare exit']:.2f})")
    with_, without = found["gptsmith approvals 0"], found["gptsmith 0"]
    print(
        f"a turn: {without:.2f} ms; with a tool that asks first, none pending: {with_:.2f} ms ({with_ / without:.2f})"
    )


if __name__ == "__main__":
    main()
