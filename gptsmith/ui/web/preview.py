"""The preview: the assistant as its file is now, answered by the same runtime as everywhere."""

from __future__ import annotations

import streamlit as st

from gptsmith.errors import GptsmithError
from gptsmith.ui.web import chat, model_note, session
from gptsmith.ui.web.bench import Sheet
from gptsmith.ui.web.desk import Desk

_HEIGHT = 460


def draw(desk: Desk, view: session.View, sheet: Sheet) -> None:
    """Draw the preview, and follow the answer that is being written."""
    with st.container(border=True, key="preview"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown("**Preview**", width="content")
            again = st.container(width="content")
        if not sheet.valid:
            st.info("The preview is back as soon as the file has no errors.", icon=":material/visibility_off:")
            return
        talk = desk.talk(view.assistant)
        with again:
            gone = not view.thread
            restart = (desk, view)
            icon = ":material/restart_alt:"
            st.button(
                "Start over", key="restart", icon=icon, type="tertiary", disabled=gone, on_click=_restart, args=restart
            )
        model_note.draw(desk.model(talk.spec))
        chat.conversation(talk, view, height=_HEIGHT)


def _restart(desk: Desk, view: session.View) -> None:
    """Begin anew; a conversation of the preview is not kept."""
    try:
        desk.talk(view.assistant).delete(view.thread)
    except GptsmithError as error:
        session.fail(str(error))
        return
    session.go("edit", assistant=view.assistant)
