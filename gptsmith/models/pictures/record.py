"""What is known of a drawn picture: the words, the settings, the model, and the picture that it came from."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Literal

from PIL import Image
from pydantic import BaseModel, Field

from gptsmith.models.pictures.parameters import KEY, png_info, write_parameters
from gptsmith.state import atomic_write


class PictureRecord(BaseModel):
    """One drawn picture, as events, replies and the SDK give it."""

    id: str = Field(default="", description="What a later request names it by.")
    path: str = Field(default="", description="The PNG file; empty while it was not saved.")
    prompt: str = Field(description="What the person asked for.")
    caption: str = Field(description="What was really drawn: the description that the model was given.")
    own_words: bool = Field(default=False, description="The caption is the person's own words, as they are.")
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    size: str = ""
    native_size: str = Field(default="", description="The size that the model drew, where it was enlarged or pasted.")
    sampler: str = ""
    negative: str = ""
    strength: float | None = None
    model: str = ""
    mode: Literal["new", "change", "inpaint"] = "new"
    parent: str = Field(default="", description="The picture that it was made from.")
    score: float | None = Field(default=None, description="How well it fits the request, where pictures were ranked.")
    notes: list[str] = Field(default=[], description="What the person should know, one sentence each.")
    version: str = ""
    created: float = 0.0


class Picture:
    """A drawn picture: `image` (PIL, RGB), whose `info` says what a PNG's parameters text would, and its `record`."""

    def __init__(self, image: Image.Image, record: PictureRecord) -> None:
        self.image = image
        self.image.info[KEY] = write_parameters(record)
        self.record = record

    def png(self, *, parameters: bool = True) -> bytes:
        """Return the PNG file's bytes, with the parameters text in it unless that is switched off."""
        file = io.BytesIO()
        self.image.save(file, "PNG", pnginfo=png_info(self.record) if parameters else None)
        return file.getvalue()

    def save(self, path: str | Path, *, parameters: bool = True) -> Path:
        """Write the PNG to `path`, whole or not at all, and return it."""
        target = Path(path)
        atomic_write(target, self.png(parameters=parameters))
        return target

    def __repr__(self) -> str:
        return f"Picture({self.record.caption[:60]!r}, seed={self.record.seed}, size={self.record.size!r})"
