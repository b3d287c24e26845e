"""What a tool is given when it is made: folders, trust, and the way to show something."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gptsmith.models.passages import Passage, fence

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from gptsmith.rag.hit import Hit


def _nowhere() -> str:
    """Name no conversation: the tool runs outside a turn."""
    return ""


def _nothing() -> dict[str, Any]:
    """Add nothing to a call: no surface made it."""
    return {}


def _silent(_type: str, _data: dict[str, Any]) -> None:
    """Show nothing: the tool runs outside a turn."""


def _numbered(_query: str, hits: list[Hit]) -> str:
    """Return hits as numbered passages: there is no turn to cite them in."""
    return fence([Passage(id=n, source=hit.source, page=hit.page, text=hit.text) for n, hit in enumerate(hits, 1)])


@dataclass(frozen=True)
class ToolContext:
    """One assistant's surroundings, the same for all of its tools.

    `base_dir` is the spec's folder, `folder` the assistant's state folder, `trust` what the caller granted,
    `spec` the spec's file. `cite(query, hits)` numbers what was found for the answer to cite, and
    gives it as a block. `helper(path)` gives what asks another assistant. `model` is
    the assistant's chat model (never looked up from here). `emit(type, data)` adds an event to the running turn,
    `thread()` is the id of its conversation, empty outside of one. `chosen()` holds what a surface adds to a call that
    the person made there, and that no model may pass.
    """

    base_dir: Path
    folder: Path
    trust: bool = False
    model: BaseChatModel | None = None
    emit: Callable[[str, dict[str, Any]], None] = field(default=_silent)
    thread: Callable[[], str] = field(default=_nowhere)
    chosen: Callable[[], dict[str, Any]] = field(default=_nothing)
    spec: Path | None = None
    cite: Callable[[str, list[Hit]], str] = field(default=_numbered)
    helper: Callable[[Path], Callable[[str], Awaitable[str]]] | None = None
