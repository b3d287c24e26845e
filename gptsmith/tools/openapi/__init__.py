"""The `openapi` tool: the operations of a web service described by an OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from gptsmith.assistants.format.spec import ToolSpec
from gptsmith.tools.registry import STRICT, Request, ToolContext, tool_type

if TYPE_CHECKING:
    from gptsmith.tools.registry import Toolset


def make(spec: OpenApi, context: ToolContext) -> Toolset:
    """Return the tools. A document beside the spec is read here, one behind a URL when the tools are first wanted.

    Raises:
        NotReadyError: an environment variable is missing, or the document cannot be used.
    """
    from gptsmith.tools.openapi.operations import Operations

    return Operations(spec, context)


@tool_type(make, Request)
class OpenApi(ToolSpec):
    """Operations of a web service, each a tool of its own: `shop` with `getOrder` gives `shop_getOrder`."""

    model_config = STRICT
    TYPE: ClassVar[str] = "openapi"
    SUMMARY: ClassVar[str] = "Calls operations of a web service."
    STARTS: ClassVar[bool] = True

    type: Literal["openapi"] = "openapi"
    schema_: str = Field(alias="schema", min_length=1, description="Path or URL of the OpenAPI document.")
    server: str | None = Field(
        default=None,
        description="Address that replaces the document's own; its query (`?key=${env:KEY}`) goes with every call.",
    )
    headers: dict[str, str] = Field(default={}, description="Sent with every call; `${env:NAME}` allowed.")
    operations: list[str] | None = Field(
        default=None,
        description="Only these operation ids; default: all. One without an id is named `get /orders/{id}`.",
    )
