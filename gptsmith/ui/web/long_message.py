"""A message that is too long to send: it is kept, that is said, and it can go as a file."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from gptsmith.errors import GptsmithError
from gptsmith.ui.web import markdown, session, uploads

LONGEST = 32_000
"""Characters of one message."""
_NAME = "pasted.txt"

Send = Callable[[str, list[uploads.Upload]], None]


def kept(box: str, text: str, files: list[uploads.Upload]) -> bool:
    """Keep a message of the chat input `box` that is too long; tell whether it is."""
    if len(text) <= LONGEST:
        return False
    session.put(_key(box), (text, files))
    return True


def draw(box: str, unsaid: str, send: Send) -> None:
    """Draw the message that is kept, with the ways on; `unsaid` is sent with the file when nothing is asked of it."""
    found: tuple[str, list[uploads.Upload]] | None = session.value(_key(box))
    if found is None:
        return
    text, files = found
    ask = f"long-question-{box}"
    with st.container(border=True, key="long-message", gap="small"):
        st.markdown(
            f":material/content_paste: **This message has {len(text):,} characters; {LONGEST:,} fit into one.** "
            "It is kept here. Attach it as a file, or put it back and shorten it."
        )
        st.caption(f"“{markdown.line(text[:160])} …”")
        st.text_input("What is to be done with it?", key=ask, max_chars=2000, placeholder=unsaid)
        with st.container(horizontal=True, gap="small"):
            attach = (box, ask, unsaid, text, files, send)
            icon = ":material/attach_file:"
            st.button(
                "Attach it as a file", type="primary", icon=icon, key="attach-long", on_click=_attach, args=attach
            )
            st.button("Put it back", key="restore-long", on_click=_put_back, args=(box, text))
            st.button("Drop it", key="drop-long", type="tertiary", on_click=session.forget, args=(_key(box), ask))


def _attach(box: str, ask: str, unsaid: str, text: str, files: list[uploads.Upload], send: Send) -> None:
    words = str(session.value(ask) or "").strip() or unsaid
    try:
        pasted = uploads.check(_NAME, text.encode("utf-8", "replace"), wanted=("document",))
    except GptsmithError as error:
        session.fail(str(error))
        return
    session.forget(_key(box), ask)
    send(words, [*files, pasted])


def _put_back(box: str, text: str) -> None:
    session.forget(_key(box))
    session.put(box, text)


def _key(box: str) -> str:
    return f"long-{box}"
