"""The `mcp` tool: the tools of a Model Context Protocol server."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator

from gptsmith.assistants.tool_types import ToolSpec
from gptsmith.tools.context import ToolContext
from gptsmith.tools.registry import STRICT, Request, not_built, tool_type

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool


def make(spec: Mcp, context: ToolContext) -> BaseTool:
    """Return the tool. Not part of this release: always NotReadyError."""
    raise not_built("calling an MCP server", "register the call as your own tool with gptsmith.tools.register_tool")


@tool_type(make, Request)
class Mcp(ToolSpec):
    """Tools of an MCP server, reached by URL or started as a command."""

    model_config = STRICT
    TYPE: ClassVar[str] = "mcp"
    SUMMARY: ClassVar[str] = "Calls the tools of an MCP server."

    type: Literal["mcp"] = "mcp"
    url: str | None = Field(default=None, description="Address of the server; `${env:NAME}` allowed.")
    command: list[str] | None = Field(default=None, min_length=1, description="Program and arguments; needs trust.")
    headers: dict[str, str] = Field(default={})
    env: dict[str, str] = Field(default={})
    tools: list[str] | None = Field(default=None, description="Only these of the server's tools; default: all.")

    @model_validator(mode="after")
    def _url_or_command(self) -> Mcp:
        if (self.url is None) == (self.command is None):
            raise ValueError("needs exactly one of url or command")
        return self
