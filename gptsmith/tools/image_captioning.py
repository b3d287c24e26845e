"""The `image_captioning` tool: says what a picture shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import BaseModel, Field

from gptsmith.assistants.format.spec import ToolFacts, ToolSpec
from gptsmith.tools.registry import STRICT, ToolContext, tool_type

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool


Detail = Literal["short", "descriptive"]


class Arguments(BaseModel):
    """What the model passes when it calls the tool."""

    image: str = Field(description="Id of the picture.")
    detail: Detail | None = None


def make(spec: ImageCaptioning, context: ToolContext) -> BaseTool:
    """Return the tool. Its model's weights are read at the first call.

    Raises:
        NotReadyError: the model is not there.
    """
    from gptsmith.models.pictures.captioners import load_captioner
    from gptsmith.tools.looking import captioning_tool

    return captioning_tool(spec, context, load_captioner(spec.model, base_dir=context.base_dir, trust=context.trust))


@tool_type(make, Arguments)
class ImageCaptioning(ToolSpec):
    """Describes a picture in words."""

    model_config = STRICT
    TYPE: ClassVar[str] = "image_captioning"
    SUMMARY: ClassVar[str] = "Describes what a picture shows."
    FACTS: ClassVar[ToolFacts] = ToolFacts(
        first=("detail",),
        harmless=True,
        suggested=("describe_picture", "Says what is to be seen in a picture that the user sends."),
        requests=(
            "let it look at the photos that people send",
            "people send pictures and it should see and understand them",
            "describe what is on a picture",
            "have a look at the screenshots they upload",
            "read what is on a photo",
        ),
        words="describe photos pictures pics captions look at see snapshots",
        example="Describe the picture that I sent.",
    )

    type: Literal["image_captioning"] = "image_captioning"
    model: str = Field(default="embedded", description="embedded, a transformers folder or id, or a vision chat model.")
    detail: Detail = "descriptive"
