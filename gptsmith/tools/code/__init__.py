"""The `code` tool: the model writes Python over the attached files, run in a child process."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, Field

from gptsmith.assistants.format.spec import ToolFacts, ToolSpec
from gptsmith.tools.registry import STRICT, ToolContext, tool_type

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool


class Arguments(BaseModel):
    """What the model passes when it calls the tool."""

    code: str = Field(description="Python. Print what is wanted; open figures and written files are shown.")


def make(spec: Code, context: ToolContext) -> BaseTool:
    """Return the tool.

    Raises:
        NotReadyError: a package that the spec names is not installed.
    """
    from gptsmith.tools.code.interpreter import code_tool

    return code_tool(spec, context)


@tool_type(make, Arguments)
class Code(ToolSpec):
    """Python that the model writes over the attached files, without network; needs the caller's trust."""

    model_config = STRICT
    TYPE: ClassVar[str] = "code"
    SUMMARY: ClassVar[str] = "Runs Python over the attached files."
    FACTS: ClassVar[ToolFacts] = ToolFacts(
        label="Python over attached files",
        first=("packages",),
        example="Compute with Python: how many days lie between 3 March 1987 and 9 August 2011?",
    )

    type: Literal["code"] = "code"
    packages: list[str] = Field(
        default=["pandas", "matplotlib"], description="What the code may import beside Python itself."
    )
    timeout_seconds: float = Field(default=30, ge=1, le=600, description="For one call.")
    memory_mb: int = Field(default=1024, ge=256, le=65536, description="For one call.")

    @classmethod
    def code_in(cls, data: dict[str, Any]) -> Iterable[tuple[str, str]]:
        """Yield whose code it runs: it is written anew at each call."""
        del data
        return [("type", "the model, written over your files")]
