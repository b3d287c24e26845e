"""The mask brush: a part of a picture is painted over, with words for what should be there instead."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Callable
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from PIL import Image

from gptsmith.errors import UsageError
from gptsmith.models.pictures.input_images import open_picture
from gptsmith.ui.web.uploads import Upload

_SIDE = 720  # pixels of the picture's longer side in the brush; the mask is enlarged to the picture again
_PREFIX = "data:image/png;base64,"
_MOST = 2_000_000  # characters of a painted mask


@lru_cache(maxsize=1)
def _component() -> Any:
    import streamlit as st

    folder = files(__name__)
    html, css, js = ((folder / f"brush.{kind}").read_text("utf-8") for kind in ("html", "css", "js"))
    return st.components.v2.component("gptsmith_brush", html=html, css=css, js=js)


def draw(path: Path, key: str, on_paint: Callable[[], None]) -> None:
    """Draw the brush over the picture; `on_paint` runs when the person asks for the part to be drawn anew."""
    picture = open_picture(path)
    picture.thumbnail((_SIDE, _SIDE))
    file = io.BytesIO()
    picture.save(file, "PNG")
    data = _PREFIX + base64.b64encode(file.getvalue()).decode()
    _component()(key=key, data={"picture": data}, on_painted_change=on_paint)


def read(painted: Any, path: Path) -> tuple[str, Upload]:
    """Return the words and the mask, at the size of the picture, that the brush gave.

    Raises:
        UsageError: nothing was painted, or what came is no mask.
    """
    given = painted if isinstance(painted, dict) else {}
    data, words = str(given.get("mask") or ""), str(given.get("words") or "").strip()
    if not data.startswith(_PREFIX) or len(data) > _MOST:
        raise UsageError("no part of the picture is marked", hint="paint over the part that should change")
    try:
        mask = open_picture(base64.b64decode(data.removeprefix(_PREFIX), validate=True), mode="L")
    except binascii.Error:
        raise UsageError("no part of the picture is marked", hint="paint over the part that should change") from None
    mask = mask.point(lambda value: 255 if value > 127 else 0)
    if not mask.getbbox():
        raise UsageError("no part of the picture is marked", hint="paint over the part that should change")
    with Image.open(path) as picture:
        size = picture.size
    file = io.BytesIO()
    mask.resize(size, Image.Resampling.NEAREST).save(file, "PNG")
    return words, Upload("mask.png", file.getvalue(), "picture")
