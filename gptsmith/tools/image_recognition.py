"""The `image_recognition` tool: which of some labels fits a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import BaseModel, Field

from gptsmith.assistants.format.spec import ToolFacts, ToolSpec
from gptsmith.tools.registry import STRICT, ToolContext, tool_type

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool


class Arguments(BaseModel):
    """What the model passes when it calls the tool."""

    image: str = Field(description="Id of the picture.")
    labels: list[str] | None = Field(default=None, description="What it could be; default: the tool's own labels.")


def make(spec: ImageRecognition, context: ToolContext) -> BaseTool:
    """Return the tool. Its model's weights are read at the first call.

    Raises:
        NotReadyError: the model is not there.
    """
    from gptsmith.models.pictures.recognizers import load_recognizer
    from gptsmith.tools.looking import recognition_tool

    return recognition_tool(spec, context, load_recognizer(spec.model, base_dir=context.base_dir, trust=context.trust))


@tool_type(make, Arguments)
class ImageRecognition(ToolSpec):
    """Tells which of the given labels fits a picture, without training on them."""

    model_config = STRICT
    TYPE: ClassVar[str] = "image_recognition"
    SUMMARY: ClassVar[str] = "Tells which of some labels fits a picture."
    FACTS: ClassVar[ToolFacts] = ToolFacts(
        first=("labels",),
        harmless=True,
        suggested=("recognize_picture", "Says which kind of thing a picture shows."),
        requests=(
            "recognise and identify what is on a photo",
            "tell which kind it is from a picture",
            "sort and label the photos",
            "tell one from the other on a photo",
        ),
        words="recognise recogniser identify sort classify tell apart labels photos",
        example="Which kind of thing does my picture show?",
    )

    type: Literal["image_recognition"] = "image_recognition"
    model: str = "embedded"
    labels: list[str] = Field(default=[], description="What a picture could be.")
