"""What of a spec cannot run here: tools whose runtime, package or weights are missing."""

from __future__ import annotations

from pathlib import Path

from gptsmith.assistants.loader import Loaded, load_file
from gptsmith.assistants.tool_types import ToolSpec
from gptsmith.errors import Diagnostic, NotReadyError
from gptsmith.tools import ToolContext, not_ready


def unavailable_tools(loaded: Loaded, folder: Path, *, trust: bool = False) -> list[tuple[ToolSpec, NotReadyError]]:
    """Return the tools that cannot run here, each with the reason and what to do."""
    context = ToolContext(loaded.base_dir or Path.cwd(), folder, trust)
    found = ((tool, not_ready(tool, context)) for tool in loaded.spec.tools)
    return [(tool, error) for tool, error in found if error is not None]


def tool_warnings(path: Path) -> list[Diagnostic]:
    """Return a warning, with its place in the file, for each tool of a valid spec that cannot run here."""
    loaded = load_file(path)
    return [_warning(str(path), loaded, tool, error) for tool, error in unavailable_tools(loaded, path.parent)]


def _warning(file: str, loaded: Loaded, tool: ToolSpec, error: NotReadyError) -> Diagnostic:
    index = loaded.spec.tools.index(tool)
    mark = loaded.document.marks.get(("tools", index))
    return Diagnostic(
        file=file,
        line=mark.value.line if mark else 1,
        column=mark.value.column if mark else 1,
        path=f"tools[{index}]",
        code=error.code,
        severity="warning",
        message=f"{tool.name}: {error.message}",
        hint=error.hint,
    )
