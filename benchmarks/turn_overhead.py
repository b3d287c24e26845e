"""How much a turn costs beside a bare `create_agent` with the same model, messages and SQLite saver.

    python benchmarks/turn_overhead.py [--turns 200] [--repeat 3]

Both keep their history themselves: the bare agent in its checkpoints (as it must), gptsmith in its message table.
Turns 2-20 and 181-200 of one thread are timed, interleaved, so that all meet the same machine; the model answers at
once.
`durability` is LangGraph's: `async` is its default, `exit` writes one checkpoint at the end of a turn.
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
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

SPEC = {
    "schema": "assistant/v1",
    "name": "Bench",
    "description": "Answers.",
    "instructions": "Answer.",
}
MESSAGE = "x" * 100  # so that 400 of them fit into what a model is shown of a thread


class Instant(BaseChatModel):
    """Answers 100 characters at once."""

    def bind_tools(self, _tools: Any, **_kwargs: Any) -> Any:
        return self

    @property
    def _llm_type(self) -> str:
        return "instant"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **_kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content="y" * 100))])

    async def _agenerate(self, messages: list[BaseMessage], *_args: Any, **_kwargs: Any) -> ChatResult:
        return self._generate(messages)


def bare(folder: Path, durability: str) -> Callable[[], float]:
    """Return a function that runs one turn of the bare agent on the core's loop and returns its seconds."""
    import aiosqlite
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    from gptsmith.agent.runtime import core

    async def make() -> Any:
        connecting = aiosqlite.connect(folder / f"bare-{durability}.sqlite")
        connecting._thread.daemon = True
        connection = await connecting
        saver = AsyncSqliteSaver(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=None))
        await saver.setup()
        await connection.execute("PRAGMA synchronous = NORMAL")  # as ours, so that both wait for the disk alike
        return create_agent(Instant(), [], system_prompt="Answer.", checkpointer=saver)

    agent = core.run(make())
    config = {"configurable": {"thread_id": "t"}}

    async def once() -> None:
        await agent.ainvoke({"messages": [HumanMessage(MESSAGE)]}, config, durability=durability)

    def turn() -> float:
        begun = time.perf_counter()
        core.run(once())
        return time.perf_counter() - begun

    return turn


def ours(name: str, max_messages: int) -> Callable[[], float]:
    """Return a function that runs one turn of an assistant and returns its seconds."""
    from gptsmith import Assistant

    memory = {"max_messages": max_messages, "summarize": False}
    spec = {**SPEC, "name": name, "memory": memory}
    assistant = Assistant.from_dict(spec, model=Instant())

    def turn() -> float:
        begun = time.perf_counter()
        assistant.chat(MESSAGE, thread_id="t")
        return time.perf_counter() - begun

    return turn


def measure(turns: int, folder: Path) -> dict[str, list[float]]:
    """Run the contestants side by side, one turn each in turn."""
    runners = {
        "bare, async": bare(folder, "async"),
        "bare, exit": bare(folder, "exit"),
        "gptsmith, whole thread": ours("whole", 1000),
        "gptsmith, 40 messages": ours("last", 40),
    }
    times: dict[str, list[float]] = {name: [] for name in runners}
    for _ in range(turns):
        for name, run in runners.items():
            times[name].append(run())
    return times


def main() -> None:
    """Print a Markdown table: median milliseconds per turn, and the ratio to the bare agent."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--turns", type=int, default=200)
    arguments.add_argument("--repeat", type=int, default=3)
    chosen = arguments.parse_args()
    ends = {"2-20": slice(1, 20), f"{chosen.turns - 19}-{chosen.turns}": slice(chosen.turns - 20, chosen.turns)}
    medians: dict[tuple[str, str], list[float]] = {}
    for _ in range(chosen.repeat):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["GPTSMITH_HOME"] = folder
            for name, seconds in measure(chosen.turns, Path(folder)).items():
                for end, part in ends.items():
                    medians.setdefault((name, end), []).append(statistics.median(seconds[part]) * 1000)
    best = {key: min(values) for key, values in medians.items()}
    print("| runner | turns | ms | to bare async | to bare exit |\n|---|---|---|---|---|")
    for (name, end), ms in best.items():
        ratios = [ms / best[(f"bare, {durability}", end)] for durability in ("async", "exit")]
        print(f"| {name} | {end} | {ms:.2f} | {ratios[0]:.2f} | {ratios[1]:.2f} |")


if __name__ == "__main__":
    main()
