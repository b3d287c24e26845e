"""What of a spec cannot run here: tools whose runtime, package or weights are missing, settings without effect."""

from __future__ import annotations

from pathlib import Path

from gptsmith.assistants.faults import KeyPath
from gptsmith.assistants.loader import Loaded, load_file
from gptsmith.assistants.reader import dotted
from gptsmith.assistants.tool_types import ToolSpec
from gptsmith.errors import Diagnostic, NotReadyError
from gptsmith.tools import ToolContext, not_ready


def unavailable_tools(loaded: Loaded, folder: Path, *, trust: bool = False) -> list[tuple[ToolSpec, NotReadyError]]:
    """Return the tools that cannot run here, each with the reason and what to do."""
    context = ToolContext(loaded.base_dir or Path.cwd(), folder, trust)
    found = ((tool, not_ready(tool, context)) for tool in loaded.spec.tools)
    return [(tool, error) for tool, error in found if error is not None]


def warnings(path: Path) -> list[Diagnostic]:
    """Return a warning, with its place in the file, for each part of a valid spec that cannot run here."""
    loaded = load_file(path)
    found = [
        _warning(str(path), loaded, ("tools", loaded.spec.tools.index(tool)), error, tool.name)
        for tool, error in unavailable_tools(loaded, path.parent)
    ]
    reranking = NotReadyError("reranking has no effect in this release", code="not_built", hint="remove it")
    return found + [
        _warning(str(path), loaded, ("knowledge", i, "retrieval", "rerank"), reranking)
        for i, source in enumerate(loaded.spec.knowledge)
        if source.retrieval.rerank
    ]


def _warning(file: str, loaded: Loaded, at: KeyPath, error: NotReadyError, name: str = "") -> Diagnostic:
    mark = loaded.document.marks.get(at)
    return Diagnostic(
        file=file,
        line=mark.value.line if mark else 1,
        column=mark.value.column if mark else 1,
        path=dotted(at),
        code=error.code,
        severity="warning",
        message=f"{name}: {error.message}" if name else error.message,
        hint=error.hint,
    )
