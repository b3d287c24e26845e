"""What one entry under a spec's `tools` gives to the model: one tool, or as many as a server or document has."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

_NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9_-]+")
_LONGEST = 64  # characters; providers refuse longer names


class Toolset:
    """The tools of one entry: a fixed list. A type whose tools come from elsewhere overrides `tools`.

    `moving` says that the list may differ from turn to turn; `tools` is then asked before each turn, on a thread.
    """

    moving = False

    def __init__(self, tools: Iterable[BaseTool] = ()) -> None:
        self._tools = list(tools)

    def begin(self) -> None:
        """Begin, beside everything else, what takes a while: the start of a server, the fetch of a document."""

    def tools(self) -> list[BaseTool]:
        """Return the tools as they are now.

        Raises:
            GptsmithError: they cannot be had; it says why, and the next turn asks again.
        """
        return self._tools

    def close(self) -> None:
        """Let go of processes and connections."""


def call_name(entry: str, name: str, taken: Collection[str] = ()) -> str:
    """Return the name by which the model calls the tool `name` of the entry: `shop_getOrder`; one not yet `taken`."""
    return free_name(f"{entry}_{_NOT_IN_A_NAME.sub('_', name).strip('_')}", taken)


def free_name(name: str, taken: Collection[str]) -> str:
    """Return `name`, no longer than a provider takes, with a number behind where it is `taken`."""
    found, n = name[:_LONGEST].rstrip("_"), 2
    while found in taken:
        found, n = f"{name[: _LONGEST - 4].rstrip('_')}_{n}", n + 1
    return found
