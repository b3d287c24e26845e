"""The pictures of a conversation as a model is shown them: upright, without metadata, not larger than it can use."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel

from gptsmith.rag.reading.pictures import openable

SIDE = 1568  # pixels of the longer side: what hosted models look at, at most
MOST = 8  # pictures of one request; the newest are shown, the notes name them all
_SMALL = 400_000  # bytes up to which a picture is sent without loss


def sees(model: BaseChatModel, provider: str) -> bool:
    """Tell whether a model can be shown pictures: by its profile; a hosted one without a word on it is trusted to."""
    said = (getattr(model, "profile", None) or {}).get("image_inputs")
    return provider not in ("embedded", "huggingface") if said is None else bool(said)


class Eyes:
    """The pictures that go with one request: the newest of `files`, given in the order of the conversation."""

    def __init__(self, folder: Path, files: Iterable[dict[str, str]]) -> None:
        self._folder = folder
        pictures = [file["file"] for file in files if file["kind"] == "image"]
        self._shown = frozenset(pictures[-MOST:])

    def content(self, text: str, files: list[dict[str, str]]) -> str | list[str | dict[Any, Any]]:
        """Return a message's content: its text, and its pictures behind it."""
        blocks = [block for file in files if file["file"] in self._shown and (block := self._block(file["file"]))]
        return [{"type": "text", "text": text}, *blocks] if blocks else text

    def _block(self, file: str) -> dict[str, Any] | None:
        path = self._folder / file
        try:
            kind, data = _sent(str(path), path.stat().st_mtime_ns)
        except (OSError, ValueError, SyntaxError):  # deleted or damaged since: its note stays in the text
            return None
        return {"type": "image", "base64": data, "mime_type": kind}


@lru_cache(maxsize=2 * MOST)
def _sent(path: str, _changed: int) -> tuple[str, str]:
    """Return the media type and the base64 of the picture as it is sent."""
    from PIL import Image

    from gptsmith.models.pictures.upright import is_clear, upright

    with Image.open(path, formats=openable()) as file:
        file.draft("RGB", (2 * SIDE, 2 * SIDE))  # a JPEG is decoded at a fraction of its size where that is enough
        file.load()
        picture = upright(file)
    clear = is_clear(picture)
    picture = picture.convert("RGBA" if clear else "RGB")
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    bare = Image.new(picture.mode, picture.size)  # only the pixels: no place, no camera, no comment
    bare.paste(picture)
    form, data = "PNG", _saved(bare, "PNG")
    if len(data) > _SMALL and not clear:
        form, data = "JPEG", _saved(bare, "JPEG", quality=88)
    return f"image/{form.lower()}", base64.b64encode(data).decode()


def _saved(picture: Any, form: str, **settings: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **settings)
    return out.getvalue()
