"""What the page does in the browser that Streamlit has no part for: focus, the copy button, the mask brush."""

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
from gptsmith.ui.web import session
from gptsmith.ui.web.state.uploads import Upload

# A message that was sent comes into sight, the box to write in has the focus, and the drawer of a phone closes after a
# choice.

_BROUGHT = "brought"


@lru_cache(maxsize=1)
def _component() -> Any:
    import streamlit as st

    js = (files(__name__) / "browser.js").read_text("utf-8")
    return st.components.v2.component("gptsmith_browser", html="<span></span>", js=js)


def bring(key: str) -> None:
    """Bring the container `key` into sight once it is drawn; for use in callbacks."""
    session.put(_BROUGHT, key)


def draw(view: session.View) -> None:
    """Add this to the page; it shows nothing."""
    import streamlit as st

    # The thread is no part of it: the box keeps what is being typed when a new conversation gets its name.
    place = "/".join((view.page, view.assistant, view.draft))
    with st.container(key="browser"):
        _component()(key="browser-script", data={"brought": session.value(_BROUGHT, ""), "place": place})


# The button that copies an answer to the clipboard: only the browser can, and only at the moment of the click.


@lru_cache(maxsize=1)
def _copy_component() -> Any:
    import streamlit as st

    folder = files(__name__)
    html, css, js = ((folder / f"copying.{kind}").read_text("utf-8") for kind in ("html", "css", "js"))
    return st.components.v2.component("gptsmith_copying", html=html, css=css, js=js)


def draw_copy(text: str, key: str) -> None:
    """Draw the button for `text`."""
    _copy_component()(key=key, data={"text": text}, width="content", height="content")


# The mask brush: a part of a picture is painted over, with words for what should be there instead.

_SIDE = 720  # pixels of the picture's longer side in the brush; the mask is enlarged to the picture again
_PREFIX = "data:image/png;base64,"
_MOST = 2_000_000  # characters of a painted mask


@lru_cache(maxsize=1)
def _brush_component() -> Any:
    import streamlit as st

    folder = files(__name__)
    html, css, js = ((folder / f"brush.{kind}").read_text("utf-8") for kind in ("html", "css", "js"))
    return st.components.v2.component("gptsmith_brush", html=html, css=css, js=js)


def draw_brush(path: Path, key: str, on_paint: Callable[[], None]) -> None:
    """Draw the brush over the picture; `on_paint` runs when the person asks for the part to be drawn anew."""
    picture = open_picture(path)
    picture.thumbnail((_SIDE, _SIDE))
    file = io.BytesIO()
    picture.save(file, "PNG")
    data = _PREFIX + base64.b64encode(file.getvalue()).decode()
    _brush_component()(key=key, data={"picture": data}, on_painted_change=on_paint)


def read_mask(painted: Any, path: Path) -> tuple[str, Upload]:
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
