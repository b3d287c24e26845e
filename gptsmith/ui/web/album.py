"""All pictures that an assistant drew, in all conversations, searched by their words and their seed."""

from __future__ import annotations

import streamlit as st

from gptsmith.ui.web import markdown
from gptsmith.ui.web.talk import Talk

_SHOWN = 60
_COLUMNS = 3


@st.dialog("Pictures", width="large")
def show(talk: Talk) -> None:
    """Draw the search and the pictures that it finds, newest first."""
    with st.container(horizontal=True, gap="small"):
        words = st.text_input("Words", key="album-words", placeholder="a word of the description")
        seed = st.text_input("Seed", key="album-seed", placeholder="any", width=160)
    if seed and not seed.strip().isdigit():
        st.warning("A seed is a number.", icon=":material/warning:")
        return
    found = talk.album((words or "").strip(), int(seed) if seed else None)
    if not found:
        st.markdown("No picture fits." if words or seed else "No pictures yet. What is drawn is kept here.")
        return
    columns = st.columns(_COLUMNS)
    for number, picture in enumerate(found[:_SHOWN]):
        path = talk.drawn(picture)
        if path is None:
            continue
        with columns[number % _COLUMNS]:
            st.image(str(path), width="stretch")
            st.caption(f"{markdown.line(str(picture['caption'])[:200])}  \nseed {picture['seed']}")
    if len(found) > _SHOWN:
        st.caption(f"{len(found) - _SHOWN} older ones are not shown; search for them.")
