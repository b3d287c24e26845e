"""The `python` tool: a function in a file beside the spec."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from gptsmith.assistants.format.paths import FUNCTION
from gptsmith.assistants.format.problems import Problem, show
from gptsmith.assistants.format.spec import ToolFacts, ToolSpec
from gptsmith.tools.registry import STRICT, Request, ToolContext, tool_type

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool


def make(spec: Python, context: ToolContext) -> BaseTool:
    """Return the tool. The file is read here, not run: that is done in a child process at each call.

    Raises:
        NotReadyError: the file has no such function, or it takes what a model cannot give.
    """
    from gptsmith.tools.python.function_tool import function_tool

    return function_tool(spec, context)


@tool_type(make, Request)
class Python(ToolSpec):
    """A Python function, its signature and docstring being what the model is told; needs the caller's trust."""

    model_config = STRICT
    TYPE: ClassVar[str] = "python"
    SUMMARY: ClassVar[str] = "Calls a Python function."
    FACTS: ClassVar[ToolFacts] = ToolFacts(
        label="Python function",
        first=("ref",),
    )

    type: Literal["python"] = "python"
    ref: str = Field(pattern=r"^.+\.py:[A-Za-z_][A-Za-z0-9_]*$", description="file.py:function, relative to the spec.")
    network: bool = Field(default=False, description="Let the function reach the network.")
    timeout_seconds: float = Field(default=30, ge=1, le=600, description="For one call.")
    memory_mb: int = Field(default=1024, ge=128, le=65536, description="For one call.")

    @classmethod
    def files_in(cls, data: dict[str, Any]) -> Iterable[tuple[str, str]]:
        """Yield the file of the function."""
        ref = data.get("ref")
        return [("ref", ref.rpartition(":")[0])] if isinstance(ref, str) and FUNCTION.fullmatch(ref) else []

    @classmethod
    def problems_in(cls, data: dict[str, Any]) -> Iterable[Problem]:
        """Yield a function that is not named as one."""
        ref = data.get("ref")
        if isinstance(ref, str) and not FUNCTION.fullmatch(ref):
            message = f"expected file.py:function, got {show(ref)}"
            yield Problem(("ref",), "bad_ref", message, 'e.g. "./tools.py:price"')

    @classmethod
    def code_in(cls, data: dict[str, Any]) -> Iterable[tuple[str, str]]:
        """Yield the function."""
        ref = data.get("ref")
        return [("ref", ref)] if isinstance(ref, str) else []
