"""The passage that an answer cites, shown inside its document with the quote on a coloured ground."""

from __future__ import annotations

import streamlit as st

from gptsmith.agent.events import Citation
from gptsmith.ui.web import markdown
from gptsmith.ui.web.talk import Talk


@st.dialog("Source", width="medium")
def show(talk: Talk, citations: list[Citation], thread: str) -> None:
    """Open the dialog for the citations of one passage."""
    first = citations[0]
    found = talk.passage(citations, thread)
    page = f" · page {first.page}" if first.page else ""
    st.markdown(f"**{markdown.line(first.source)}**{page}")
    if found is None:
        st.warning("The document is no longer among the assistant's files. This is the quote as it was cited:")
        for citation in citations:
            st.markdown(markdown.marked(citation.quote))
        return
    if not all(citation.verified for citation in citations):
        st.warning("These words do not stand in the document exactly as cited; the passage that was used is marked.")
    with st.container(border=True, height=420, key="passage"):
        text = "".join(markdown.marked(part) if quote else markdown.plain(part) for part, quote in found.parts)
        st.markdown(("… " if found.cut_before else "") + text + (" …" if found.cut_after else ""))
    if found.file:
        data, name = found.file.read_bytes(), found.file.name
        st.download_button("Download the file", data, name, key="passage-file", on_click="ignore")
