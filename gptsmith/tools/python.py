"""The `python` tool: a function in a file beside the spec."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from gptsmith.assistants.tool_types import ToolSpec
from gptsmith.tools.context import ToolContext
from gptsmith.tools.registry import STRICT, Request, not_built, tool_type

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool


def make(spec: Python, context: ToolContext) -> BaseTool:
    """Return the tool. Not part of this release: always NotReadyError."""
    raise not_built(
        "running a Python file named in a spec",
        "import the function in your program and register it with gptsmith.tools.register_tool",
    )


@tool_type(make, Request)
class Python(ToolSpec):
    """A Python function; needs the caller's trust."""

    model_config = STRICT
    TYPE: ClassVar[str] = "python"
    SUMMARY: ClassVar[str] = "Calls a Python function."

    type: Literal["python"] = "python"
    ref: str = Field(pattern=r"^.+\.py:[A-Za-z_][A-Za-z0-9_]*$", description="file.py:function, relative to the spec.")
