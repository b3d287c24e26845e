"""The `search_<name>` tool that a knowledge source in `mode: tool` gives to the model; not a type of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gptsmith.assistants.format.spec import Knowledge

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool


def search_tool(source: Knowledge, search: Callable[[str], str]) -> BaseTool:
    """Return the tool `search_<name>(query)`; `search` takes the query and gives the fenced passages."""
    from langchain_core.tools import StructuredTool

    about = source.description or f"the source {source.name}"

    def run(query: str) -> str:
        return search(query)

    return StructuredTool.from_function(
        run,
        name=f"search_{source.name}",
        description=f"Looks things up in the assistant's files: {about}. The query is a few words or a question.",
    )
