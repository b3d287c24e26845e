"""An assistant's picture in the form: the one that it has, and a drawn one to look at before it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from gptsmith.errors import GptsmithError
from gptsmith.ui.web import session
from gptsmith.ui.web.parts import markdown
from gptsmith.ui.web.parts.review import diff
from gptsmith.ui.web.state.bench import Bench, Sheet, diff_of

if TYPE_CHECKING:
    from gptsmith.agent.builder.portrait import Portrait

_WIDTH = 100  # pixels: the size at which it has to read


def draw(bench: Bench, sheet: Sheet, *, idle: bool) -> None:
    """Draw the picture and the button that makes one; `idle` while other changes are not saved."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"portrait-{bench.id}"):
        if shown := bench.picture(sheet):
            st.image(shown, width=_WIDTH, alt="The picture of this assistant")
        wanted = st.button(
            "Draw another picture" if shown else "Draw a picture",
            icon=":material/brush:",
            key="draw-portrait",
            disabled=idle or not sheet.valid,
            help="Save your changes first." if idle else "One simple thing that stands for the assistant.",
        )
    if wanted:
        try:
            with st.spinner("Drawing"):
                portrait = bench.propose_picture()
        except GptsmithError as error:
            st.warning(markdown.plain(str(error)), icon=":material/warning:")
            return
        _review(portrait)


@st.dialog("Keep this picture?")
def _review(portrait: Portrait) -> None:
    st.image(portrait.png, width=_WIDTH, alt="The proposed picture of this assistant")
    st.markdown(markdown.line(portrait.words))
    diff(diff_of(portrait.planned))
    with st.container(horizontal=True):
        if st.button("Keep it", type="primary", key="keep-portrait", on_click=_keep, args=(portrait,)):
            st.rerun()
        if st.button("Not this one", key="close-portrait"):
            st.rerun()


def _keep(portrait: Portrait) -> None:
    try:
        portrait.apply()
    except GptsmithError as error:
        session.fail(str(error))
        return
    session.say("Saved.")
