"""The runtime of `python`: each call is a child process, its error one line to the model and whole to the person."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.tools import BaseTool

from gptsmith.assistants.files.trust import code_digest
from gptsmith.assistants.format.paths import resolve
from gptsmith.errors import NotReadyError, ToolError
from gptsmith.tools.child.child import Job, Outcome, run
from gptsmith.tools.described_tool import DescribedTool
from gptsmith.tools.python.signature import read_signature
from gptsmith.tools.registry import ToolContext
from gptsmith.tools.results import trimmed, trimmed_text

if TYPE_CHECKING:
    from gptsmith.tools.python import Python


def function_tool(spec: Python, context: ToolContext) -> BaseTool:
    """Return the tool of a function.

    Raises:
        NotReadyError: there is none that can be called.
    """
    path, _, function = spec.ref.rpartition(":")
    file = resolve(context.base_dir, path, context.trust)
    signature = read_signature(file, function, spec.ref)
    trusted = code_digest(file)

    def call(arguments: dict[str, Any]) -> str:
        if not context.trust:
            raise NotReadyError(f"it runs the code of {spec.ref}", code="trust_required", hint="run with --trust")
        if code_digest(file) != trusted:  # what was trusted is what was there then
            raise ToolError(f"{path}, or code beside it, was changed while the assistant ran", hint="open it again")
        with tempfile.TemporaryDirectory(prefix="gptsmith-call-") as folder:
            what = {"kind": "function", "file": str(file), "function": function, "arguments": arguments}
            job = Job(what, Path(folder).resolve(), [context.base_dir.resolve()], spec.network,
                      spec.timeout_seconds, spec.memory_mb)  # fmt: skip
            return answer(run(job), context, spec.name)

    return DescribedTool(name=spec.name, description=signature.about, args_schema=signature.schema, call=call)


def answer(outcome: Outcome, context: ToolContext, name: str) -> str:
    """Return what a call gave back, as text; what it printed stands before it.

    Raises:
        ToolError: it failed; the person is shown the whole of it.
    """
    if outcome.error:
        if outcome.traceback:
            context.emit("progress", {"stage": "tools", "text": f"{name} failed:\n{outcome.traceback}"})
        raise ToolError(outcome.error, code="failed")
    value = outcome.value
    text = value if isinstance(value, str) else trimmed(value) if value is not None else ""
    said = outcome.output.strip()
    if said:
        text = f"{trimmed_text(said, 2000)}\n{text}".strip()
    return trimmed_text(text) if text else json.dumps(value)
