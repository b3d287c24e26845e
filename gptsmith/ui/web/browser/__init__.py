"""What the page does in the browser that Streamlit has no part for.

A message that was sent comes into sight, the box to write in has the focus, and the drawer of a phone closes after a
choice.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

from gptsmith.ui.web import session

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
