"""The runtimes of `image_captioning` and `image_recognition`: words about a picture of the conversation."""

from __future__ import annotations

from langchain_core.tools import BaseTool, StructuredTool

from gptsmith.models.pictures.captioners import Captioner
from gptsmith.models.pictures.input_images import open_picture
from gptsmith.models.pictures.recognizers import Recognizer, check_labels
from gptsmith.tools import image_captioning, image_recognition
from gptsmith.tools.drawing.store import PictureStore
from gptsmith.tools.registry import ToolContext

_SHOWN = 5  # labels that are told


def captioning_tool(spec: image_captioning.ImageCaptioning, context: ToolContext, captioner: Captioner) -> BaseTool:
    """Return the tool that says what a picture shows."""
    store = PictureStore(context.folder)

    def describe(image: str, detail: image_captioning.Detail | None = None) -> str:
        picture = open_picture(store.path(context.thread(), image.strip()))
        where = f", which is sent to {captioner.leaves}" if captioner.leaves else ""
        context.emit("progress", {"stage": "look", "text": f"Looking at the picture{where}"})
        return captioner.caption(picture, detail or spec.detail).told

    return StructuredTool.from_function(
        describe,
        name=spec.name,
        description="Describes what a picture of this conversation shows. The image is its id, e.g. img_1.",
        args_schema=image_captioning.Arguments,
    )


def recognition_tool(
    spec: image_recognition.ImageRecognition, context: ToolContext, recognizer: Recognizer
) -> BaseTool:
    """Return the tool that says which label fits a picture."""
    store = PictureStore(context.folder)

    def recognize(image: str, labels: list[str] | None = None) -> str:
        wanted = check_labels(labels or spec.labels or recognizer.labels)
        picture = open_picture(store.path(context.thread(), image.strip()))
        context.emit("progress", {"stage": "look", "text": "Looking at the picture"})
        found = recognizer.recognize(picture, wanted)[:_SHOWN]
        return ", ".join(f"{match.label}: {match.score:.0%}" for match in found)

    return StructuredTool.from_function(
        recognize,
        name=spec.name,
        description=(
            "Recognizes what a picture of this conversation shows, among labels. The image is its id, e.g. img_1."
        ),
        args_schema=image_recognition.Arguments,
    )
