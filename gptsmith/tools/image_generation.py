"""The `image_generation` tool: draws and changes pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import BaseModel, Field, StringConstraints

from gptsmith.assistants.format.spec import ToolFacts, ToolSpec
from gptsmith.tools.registry import STRICT, ToolContext, tool_type

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

Size = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{1,3}x[1-9][0-9]{1,3}$")]


class CaptionUpsampling(BaseModel):
    """How a short request becomes a full caption before drawing."""

    model_config = STRICT
    model: str | None = Field(default=None, description="Chat model as provider:name; default: the assistant's.")
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_k: int | None = Field(default=None, ge=1)
    top_p: float | None = Field(default=None, ge=0, le=1)


class Arguments(BaseModel):
    """What the model passes when it calls the tool."""

    request: str = Field(description="What to draw, or what to change, in the person's words.")
    image: str | None = Field(default=None, description="Id of the picture to change; leave out for a new one.")
    mode: Literal["new", "change", "inpaint"] = "new"
    count: int | None = Field(default=None, ge=1, le=8)
    seed: int | None = None


def make(spec: ImageGeneration, context: ToolContext) -> BaseTool:
    """Return the tool. Its model's weights are read at the first call.

    Raises:
        NotReadyError: the model is not there.
    """
    from gptsmith.models.pictures.generators import find_generator
    from gptsmith.tools.drawing.call import drawing_tool

    find_generator(spec.model, base_dir=context.base_dir, trust=context.trust)
    return drawing_tool(spec, context)


@tool_type(make, Arguments)
class ImageGeneration(ToolSpec):
    """Draws pictures from words, changes earlier ones."""

    model_config = STRICT
    TYPE: ClassVar[str] = "image_generation"
    SUMMARY: ClassVar[str] = "Draws a picture from a description, or changes an earlier one."
    FACTS: ClassVar[ToolFacts] = ToolFacts(
        first=("size", "count"),
        draws=True,
        harmless=True,
        suggested=("draw_picture", "Draws what the user asks for, and changes a drawing as they say."),
        requests=(
            "let it draw pictures",
            "can it make images for us",
            "it should paint a sketch or a map",
            "draw how it looks",
        ),
        words="draw drawings paint pictures pics sketch images illustrations",
        example="Draw a small red boat on a calm lake.",
    )

    type: Literal["image_generation"] = "image_generation"
    model: str = Field(
        default="embedded", description="embedded, a diffusers folder or hub id, or openai:<images model>."
    )
    size: Size | None = Field(default=None, description="WIDTHxHEIGHT in pixels; default: the model's own best.")
    steps: int | None = Field(default=None, ge=1, le=1000, description="Denoising steps.")
    guidance_scale: float | None = Field(default=None, ge=0, le=50)
    sampler: Literal["ddim", "euler", "dpmpp", "unipc"] | None = None
    seed: int | None = Field(default=None, ge=0, description="Default: a new one for each picture.")
    count: int = Field(default=1, ge=1, le=8, description="Pictures delivered per call.")
    negative_prompt: str | None = Field(default=None, max_length=2000)
    caption_upsampling: bool | CaptionUpsampling = Field(
        default=True, description="Turn a short request into a full caption first: true, false or its settings."
    )
    embed_parameters: bool = Field(default=True, description="Write prompt, seed and settings into the picture file.")
