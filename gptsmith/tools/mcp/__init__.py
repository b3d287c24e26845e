"""The `mcp` tool: the tools of a Model Context Protocol server."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator

from gptsmith.assistants.format.spec import ToolFacts, ToolSpec
from gptsmith.errors import NotReadyError
from gptsmith.tools.registry import STRICT, Request, ToolContext, tool_type

if TYPE_CHECKING:
    from gptsmith.tools.registry import Toolset


def make(spec: Mcp, context: ToolContext) -> Toolset:
    """Return the tools. The server is started, or connected to, beside the first message.

    Raises:
        NotReadyError: the package or an environment variable is missing.
    """
    try:
        from gptsmith.tools.mcp.server_tools import ServerTools
    except ModuleNotFoundError as error:
        if error.name != "mcp":
            raise
        hint = 'pip install "gptsmith[mcp]"'
        raise NotReadyError("the package mcp is not installed", code="missing_package", hint=hint) from error
    return ServerTools(spec, context)


@tool_type(make, Request)
class Mcp(ToolSpec):
    """Tools of an MCP server, reached by URL or started as a command: `calendar` gives `calendar_list_events`."""

    model_config = STRICT
    TYPE: ClassVar[str] = "mcp"
    SUMMARY: ClassVar[str] = "Calls the tools of an MCP server."
    FACTS: ClassVar[ToolFacts] = ToolFacts(
        label="MCP server",
        first=("url", "command", "tools"),
        several=True,
        starts=True,
        words="service server",
    )

    type: Literal["mcp"] = "mcp"
    url: str | None = Field(default=None, description="Address of the server; `${env:NAME}` allowed.")
    command: list[str] | None = Field(default=None, min_length=1, description="Program and arguments; needs trust.")
    headers: dict[str, str] = Field(default={}, description="Sent to the server at `url`; `${env:NAME}` allowed.")
    env: dict[str, str] = Field(default={}, description="Environment of the `command`, beside PATH and the like.")
    tools: list[str] | None = Field(default=None, description="Only these of the server's tools; default: all.")

    @model_validator(mode="after")
    def _url_or_command(self) -> Mcp:
        if (self.url is None) == (self.command is None):
            raise ValueError("needs exactly one of url or command")
        return self
