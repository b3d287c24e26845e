"""Which model answers, how to change it, and whether text leaves the machine: said the same way on every page."""

from __future__ import annotations

import streamlit as st

from gptsmith.ui.web import markdown, session
from gptsmith.ui.web.desk import ModelNote

_HOW = """
The first of these that is set decides:

1. `model:` in the assistant's spec, for example `model: "ollama:qwen3:8b"`
2. the environment variable `GPTSMITH_MODEL`, for example `GPTSMITH_MODEL=openai:gpt-4o-mini`
3. the model that you chose for all assistants on the page *Models*
4. OpenAI's `gpt-4o-mini`, when `OPENAI_API_KEY` is set
5. the embedded model, which works offline

A variable counts after gptsmith is started again.
"""


def draw(note: ModelNote) -> None:
    """Draw one quiet line with a way to read more."""
    with st.container(horizontal=True, vertical_alignment="center", key="quiet-model", gap="small"):
        place = _place(note)
        st.markdown(f":material/memory: {markdown.line(note.name)} · {place}", width="content")
        with st.popover("Change", type="tertiary"):
            st.markdown(f"**Active model: {markdown.line(note.name)}**")
            if note.problem:
                st.warning(markdown.plain(note.problem))
            st.markdown(_HOW)
            st.button("Models", icon=":material/memory:", key="to-models", on_click=session.go, args=("models",))


def connect(key: str) -> None:
    """Draw the way to the page on which a language model is fetched or connected."""
    st.button("Connect a model", icon=":material/power:", key=key, on_click=session.go, args=("models",))


def _place(note: ModelNote) -> str:
    if note.leaves:
        return f":orange[:material/cloud_upload: text is sent to {markdown.line(note.leaves)}]"
    return ":material/lock: text stays on this computer"
