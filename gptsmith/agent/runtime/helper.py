"""Another assistant that answers a request of this one: its turn runs inside, and counts against this one's limits."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_core.messages import HumanMessage

from gptsmith.agent.events import Reply
from gptsmith.agent.runtime.gates import current
from gptsmith.agent.runtime.turn import Turn
from gptsmith.assistants.loader import load_file

if TYPE_CHECKING:
    from gptsmith.agent.runtime.engine import Engine

_CITED = re.compile(r"\s*\[(\d+)\]")


def helper(outer: Engine, path: Path) -> Callable[[str], Awaitable[str]]:
    """Return what asks the assistant at `path`; it keeps its index and pictures in a folder of the outer one's."""
    from gptsmith.agent.runtime.bare import bare_graph
    from gptsmith.agent.runtime.engine import Engine

    loaded = load_file(path)
    inner = Engine(
        loaded, trust=outer.trust, model=outer.override, allow_hosted=outer.allow_hosted, folder=_folder(outer, path)
    )
    graph = bare_graph(inner)

    async def ask(request: str) -> str:
        turn = current()
        turn.emit("progress", {"stage": "tools", "text": f"Asking {loaded.spec.name}"})
        answer = (await graph.ainvoke({"messages": [HumanMessage(request)]}))["messages"][-1]
        reply = Reply.model_validate(answer.additional_kwargs["gptsmith"])
        _count(turn, reply)
        for image in reply.images:
            turn.emit("image", image)
        for file in reply.files:
            turn.emit("file", file)
        return _text(reply)

    return ask


def _folder(outer: Engine, path: Path) -> Path:
    return outer.folder / "helpers" / path.name.removesuffix(".assistant.yaml")


def _count(turn: Turn, reply: Reply) -> None:
    """Add what the helper used to the turn that asked it."""
    turn.usage.input_tokens += reply.usage.input_tokens
    turn.usage.output_tokens += reply.usage.output_tokens
    turn.usage.total_tokens += reply.usage.total_tokens
    turn.inner_calls += len(reply.tool_calls)


def _text(reply: Reply) -> str:
    """Return the answer with its sources in words: its numbers mean nothing to the assistant that asked."""
    sources = {c.id: f"{c.source}, page {c.page}" if c.page else c.source for c in reply.citations}
    return _CITED.sub(lambda mark: f" ({sources[int(mark[1])]})" if int(mark[1]) in sources else "", reply.text)
