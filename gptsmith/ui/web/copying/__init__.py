"""The button that copies an answer to the clipboard: only the browser can, and only at the moment of the click."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any


@lru_cache(maxsize=1)
def _component() -> Any:
    import streamlit as st

    folder = files(__name__)
    html, css, js = ((folder / f"copying.{kind}").read_text("utf-8") for kind in ("html", "css", "js"))
    return st.components.v2.component("gptsmith_copying", html=html, css=css, js=js)


def draw(text: str, key: str) -> None:
    """Draw the button for `text`."""
    _component()(key=key, data={"text": text}, width="content", height="content")
