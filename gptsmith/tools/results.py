"""What a tool brings back: answers within what a model should read, and pictures kept with the conversation's."""

from __future__ import annotations

import json
import time
from typing import Any

from gptsmith.tools.registry import ToolContext

# An answer of a service within what a model should read: the beginning of long lists and texts, and what was cut.

BUDGET = 6000  # characters
_STEPS = ((50, 2000), (20, 800), (10, 300), (5, 150), (3, 80), (1, 40))  # items of a list, characters of a text


def trimmed(value: Any, budget: int = BUDGET) -> str:
    """Return data as JSON text; where it is longer than `budget`, shorter lists and texts with a note of what went."""
    text = _json(value)
    if len(text) <= budget:
        return text
    for items, characters in _STEPS:
        cut = [0, 0]
        text = _json(_shorter(value, items, characters, cut))
        if len(text) <= budget:
            return f"{text}\n({_note(cut)})"
    return f"{text[:budget]}…\n(Shortened: {len(text) - budget:,} more characters were left out.)"


def trimmed_text(text: str, budget: int = BUDGET) -> str:
    """Return a text, cut at `budget` with a note of how much went."""
    if len(text) <= budget:
        return text
    return f"{text[:budget].rstrip()}…\n(Shortened: {len(text) - budget:,} more characters were left out.)"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "), default=str)


def _shorter(value: Any, items: int, characters: int, cut: list[int]) -> Any:
    if isinstance(value, str) and len(value) > characters:
        cut[1] += len(value) - characters
        return f"{value[:characters]}…"
    if isinstance(value, list):
        kept: list[Any] = [_shorter(item, items, characters, cut) for item in value[:items]]
        if len(value) > items:
            cut[0] += len(value) - items
            kept.append(f"… {len(value) - items:,} of {len(value):,} items left out")
        return kept
    if isinstance(value, dict):
        return {key: _shorter(item, items, characters, cut) for key, item in value.items()}
    return value


def _note(cut: list[int]) -> str:
    parts = [f"{cut[0]:,} items of lists" if cut[0] else "", f"{cut[1]:,} characters of texts" if cut[1] else ""]
    return f"Shortened: {' and '.join(filter(None, parts))} were left out. Ask for less, or for the next page."


# A picture that a tool brings back: kept with the conversation's pictures and shown to the person.


def show_picture(data: bytes, context: ToolContext, tool: str, caption: str = "") -> str:
    """Keep and show the picture in `data`; return the words that name it to the model.

    Raises:
        UsageError: it is no picture, or has too many pixels.
    """
    from gptsmith.models.chat.messages import picture_note
    from gptsmith.models.pictures.input_images import open_picture
    from gptsmith.tools.drawing.store import Picture, PictureRecord, PictureStore

    image = open_picture(data)
    words = caption or f"a picture from {tool}"
    size = f"{image.width}x{image.height}"
    record = PictureRecord(prompt=words, caption=words, own_words=True, size=size, model=tool, created=time.time())
    kept = PictureStore(context.folder).save(context.thread(), Picture(image, record), parameters=False)
    context.emit("image", {**kept.model_dump(), "tool": tool, "tries": []})
    return f"{picture_note(kept.id, words)} It is shown to the person."
