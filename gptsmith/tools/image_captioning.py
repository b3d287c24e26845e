"""The `image_captioning` tool: says what a picture shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import BaseModel, Field

from gptsmith.assistants.tool_types import ToolSpec
from gptsmith.tools.context import ToolContext
from gptsmith.tools.registry import STRICT, not_built, tool_type

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool


class Arguments(BaseModel):
    """What the model passes when it calls the tool."""

    image: str = Field(description="Id of the picture.")
    detail: Literal["short", "descriptive"] | None = None


def make(spec: ImageCaptioning, context: ToolContext) -> BaseTool:
    """Return the tool. Not part of this release: always NotReadyError."""
    raise not_built("describing pictures", "use a chat model that sees pictures, such as openai:gpt-4o-mini")


@tool_type(make, Arguments)
class ImageCaptioning(ToolSpec):
    """Describes a picture in words."""

    model_config = STRICT
    TYPE: ClassVar[str] = "image_captioning"
    SUMMARY: ClassVar[str] = "Describes what a picture shows."

    type: Literal["image_captioning"] = "image_captioning"
    model: str = Field(default="embedded", description="embedded, a transformers folder or id, or a vision chat model.")
    detail: Literal["short", "descriptive"] = "descriptive"
