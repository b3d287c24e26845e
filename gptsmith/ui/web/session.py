"""What one browser tab is looking at: the only module that touches Streamlit's session state and the URL.

The URL carries what must survive a reload (page, assistant, thread, draft); the session state what may be forgotten.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

if TYPE_CHECKING:
    from streamlit.elements.lib.mutable_tab_container import TabContainer

Page = Literal["gallery", "create", "edit", "chat", "models"]
PAGES: tuple[Page, ...] = ("gallery", "create", "edit", "chat", "models")
MESSAGES_SHOWN = 30


@dataclass(frozen=True)
class View:
    """Where the tab is: `assistant` is a library id, `thread` and `draft` ids that the program made.

    `named` tells whether the URL names a page at all.
    """

    page: Page = "gallery"
    named: bool = False
    assistant: str = ""
    thread: str = ""
    draft: str = ""
    tab: str = ""


def view() -> View:
    """Read the view from the URL; an unknown page is the gallery."""
    page = st.query_params.get("page", "gallery")
    found: Page = page if page in PAGES else "gallery"
    return View(
        found,
        named="page" in st.query_params,
        assistant=st.query_params.get("assistant", ""),
        thread=st.query_params.get("thread", ""),
        draft=st.query_params.get("draft", ""),
        tab=st.query_params.get("tab", ""),
    )


def go(page: Page, *, assistant: str = "", thread: str = "", draft: str = "", tab: str = "") -> None:
    """Move to another view; for use in callbacks, the script runs again by itself.

    A `tab` that is left out stays the one that is open, as long as the assistant is the same.
    """
    same = st.query_params.get("page") == page and st.query_params.get("assistant", "") == assistant
    kept = tab or (st.query_params.get("tab", "") if same else "")
    wanted = {"page": page, "assistant": assistant, "thread": thread, "draft": draft, "tab": kept}
    st.query_params.from_dict({key: value for key, value in wanted.items() if value})
    if not same or tab:
        st.session_state.pop("tab", None)
    st.session_state.pop("shown", None)


def tabs(labels: list[str], first: str) -> list[TabContainer]:
    """Draw tabs of which the URL keeps the open one, `first` at first; only its content needs to be drawn."""
    if st.session_state.get("tab") not in labels:
        wanted = st.query_params.get("tab", "")
        st.session_state["tab"] = wanted if wanted in labels else first
    # No `default`: it would make another widget of the tabs at each change of the URL, and a quick click would be lost.
    return list(st.tabs(labels, key="tab", on_change=_keep_tab))


def _keep_tab() -> None:
    st.query_params["tab"] = st.session_state["tab"]


def token() -> str:
    """Return the name under which this browser tab keeps what is not saved; a reload gets a new one."""
    if "token" not in st.session_state:
        st.session_state["token"] = secrets.token_hex(8)
    return str(st.session_state["token"])


def say(text: str, icon: str = ":material/check:") -> None:
    """Leave a short notice for the next run of the script."""
    st.session_state["notice"] = (text, icon)


def notice() -> tuple[str, str] | None:
    """Take the notice that the last action left."""
    found: tuple[str, str] | None = st.session_state.pop("notice", None)
    return found


def fail(text: str) -> None:
    """Leave an error for the next run of the script."""
    st.session_state["failure"] = text


def failure() -> str:
    """Take the error that the last action left."""
    return str(st.session_state.pop("failure", ""))


def messages_shown() -> int:
    """Return how many of the thread's last messages are drawn."""
    return int(st.session_state.get("shown", MESSAGES_SHOWN))


def show_earlier() -> None:
    """Draw another page of earlier messages."""
    st.session_state["shown"] = messages_shown() + MESSAGES_SHOWN


def value(key: str, default: Any = None) -> Any:
    """Return what the widget `key` holds."""
    return st.session_state.get(key, default)


def put(key: str, what: Any) -> None:
    """Set what the widget `key` will show; only before the widget is drawn or in a callback."""
    st.session_state[key] = what


def put_first(key: str, what: Any) -> None:
    """Set what the widget `key` shows, unless it already holds something."""
    if key not in st.session_state:
        st.session_state[key] = what


def forget(*keys: str) -> None:
    """Drop what the widgets hold."""
    for key in keys:
        st.session_state.pop(key, None)
