"""What of a spec cannot run here: tools whose runtime, package or weights are missing, settings without effect."""

from __future__ import annotations

from pathlib import Path

from gptsmith.assistants.format.loader import Loaded
from gptsmith.assistants.format.problems import KeyPath
from gptsmith.assistants.format.reader import dotted
from gptsmith.assistants.format.spec import ToolSpec
from gptsmith.errors import Diagnostic, NotReadyError
from gptsmith.tools import ToolContext, not_ready


def unavailable_tools(loaded: Loaded, folder: Path, *, trust: bool = False) -> list[tuple[ToolSpec, NotReadyError]]:
    """Return the tools that cannot run here, each with the reason and what to do."""
    context = ToolContext(loaded.base_dir or Path.cwd(), folder, trust, spec=loaded.path)
    found = ((tool, not_ready(tool, context)) for tool in loaded.spec.tools)
    return [(tool, error) for tool, error in found if error is not None]


def warnings(loaded: Loaded, file: str) -> list[Diagnostic]:
    """Return a warning, with its place in `file`, for each part of a valid spec that cannot run here."""
    folder = loaded.base_dir or Path.cwd()
    context = ToolContext(folder, folder, spec=loaded.path)
    found = []
    for i, tool in enumerate(loaded.spec.tools):
        if (error := not_ready(tool, context)) is not None:
            found.append(_warning(file, loaded, ("tools", i), error, tool.name))
    for i, source in enumerate(loaded.spec.knowledge):
        if source.retrieval.rerank and source.embedding_model.startswith("openai:"):
            why = f"reranking has no effect with {source.embedding_model}, which gives no vectors of single words"
            reranking = NotReadyError(why, code="not_built", hint="remove it, or name a model of this machine")
            found.append(_warning(file, loaded, ("knowledge", i, "retrieval", "rerank"), reranking))
    return found


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
