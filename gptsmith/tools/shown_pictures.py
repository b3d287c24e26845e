"""A picture that a tool brings back: kept with the conversation's pictures and shown to the person."""

from __future__ import annotations

import time

from gptsmith.tools.context import ToolContext


def show_picture(data: bytes, context: ToolContext, tool: str, caption: str = "") -> str:
    """Keep and show the picture in `data`; return the words that name it to the model.

    Raises:
        UsageError: it is no picture, or has too many pixels.
    """
    from gptsmith.models.picture_notes import picture_note
    from gptsmith.models.pictures.input_images import open_picture
    from gptsmith.models.pictures.record import Picture, PictureRecord
    from gptsmith.models.pictures.store import PictureStore

    image = open_picture(data)
    words = caption or f"a picture from {tool}"
    size = f"{image.width}x{image.height}"
    record = PictureRecord(prompt=words, caption=words, own_words=True, size=size, model=tool, created=time.time())
    kept = PictureStore(context.folder).save(context.thread(), Picture(image, record), parameters=False)
    context.emit("image", {**kept.model_dump(), "tool": tool, "tries": []})
    return f"{picture_note(kept.id, words)} It is shown to the person."
