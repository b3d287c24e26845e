"""The `openapi` tool: the operations of a web service described by an OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from gptsmith.assistants.tool_types import ToolSpec
from gptsmith.tools.context import ToolContext
from gptsmith.tools.registry import STRICT, Request, not_built, tool_type

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool


def make(spec: OpenApi, context: ToolContext) -> BaseTool:
    """Return the tool. Not part of this release: always NotReadyError."""
    raise not_built("calling a web service", "register the call as your own tool with gptsmith.tools.register_tool")


@tool_type(make, Request)
class OpenApi(ToolSpec):
    """Operations of a web service."""

    model_config = STRICT
    TYPE: ClassVar[str] = "openapi"
    SUMMARY: ClassVar[str] = "Calls operations of a web service."

    type: Literal["openapi"] = "openapi"
    schema_: str = Field(alias="schema", min_length=1, description="Path or URL of the OpenAPI document.")
    server: str | None = Field(default=None, description="Address that replaces the document's own.")
    headers: dict[str, str] = Field(default={})
    operations: list[str] | None = Field(default=None, description="Only these operation ids; default: all.")
