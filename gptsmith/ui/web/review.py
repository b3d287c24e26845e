"""A change before it is written: in words and as the lines of the file, drawn the same way wherever one is proposed."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from gptsmith.ui.web import markdown
from gptsmith.ui.web.bench import Proposal


@st.dialog("Save these changes?", width="large")
def review(proposal: Proposal, save: Callable[[], None]) -> None:
    """Show a change and write it when the person says so."""
    for words in proposal.words:
        st.markdown(f"- {markdown.line(words)}")
    for problem in proposal.problems:
        st.error(markdown.plain(problem), icon=":material/error:")
    if proposal.diff:
        diff(proposal.diff)
    # The callbacks do the work, the return values close the dialog.
    with st.container(horizontal=True):
        wrong = proposal.planned is None
        if st.button("Save", type="primary", key="save-review", disabled=wrong, on_click=save):
            st.rerun()
        if st.button("Not yet", key="close-review"):
            st.rerun()


def diff(text: str) -> None:
    """Draw the lines that change."""
    st.code(text, language="diff", wrap_lines=True)
