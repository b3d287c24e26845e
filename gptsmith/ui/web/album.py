"""All pictures that an assistant drew, in all conversations, searched by words and seed, or by being like one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from gptsmith.errors import GptsmithError
from gptsmith.ui.web import markdown, session
from gptsmith.ui.web.talk import Talk

_SHOWN = 60
_COMPARED = 300  # of the newest
_COLUMNS = 3
_LIKE = "album-like"


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
    there = [(picture, path) for picture in found if (path := talk.drawn(picture)) is not None]
    if like := session.value(_LIKE):
        st.button("Newest first", icon=":material/schedule:", on_click=session.put, args=(_LIKE, ""))
        there = _likest_first(there, str(like))
    columns = st.columns(_COLUMNS)
    for number, (picture, path) in enumerate(there[:_SHOWN]):
        with columns[number % _COLUMNS]:
            st.image(str(path), width="stretch", alt=str(picture["caption"])[:500])
            st.caption(f"{markdown.line(str(picture['caption'])[:200])}  \nseed {picture['seed']}")
            key = f"like-{path.parent.parent.name}-{path.stem}"
            st.button("Like this one", key=key, type="tertiary", on_click=session.put, args=(_LIKE, str(path)))
    if len(found) > _SHOWN:
        st.caption(f"{len(found) - _SHOWN} older ones are not shown; search for them.")


def _likest_first(there: list[tuple[dict[str, Any], Path]], like: str) -> list[tuple[dict[str, Any], Path]]:
    """Return the pictures in the order of how much they are like one, by the embedded CLIP."""
    from gptsmith import Pictures

    some = there[:_COMPARED]
    try:
        order = Pictures().similar(like, [path for _, path in some], len(some))
    except GptsmithError as error:
        st.warning(error.message, icon=":material/warning:")
        return there
    return [some[number] for number, _ in order]
