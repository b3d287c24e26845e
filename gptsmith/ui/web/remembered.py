"""What an assistant remembers of the person across conversations: shown, edited, forgotten."""

from __future__ import annotations

import streamlit as st

from gptsmith.errors import GptsmithError
from gptsmith.ui.web import session
from gptsmith.ui.web.talk import Talk

_FIELD = "remembered"


def draw(talk: Talk) -> None:
    """Draw the facts as one field, a line each; nothing for an assistant that remembers nothing."""
    facts = talk.facts
    if facts is None:
        return
    key = f"{_FIELD}-{hash(tuple(facts))}"
    label = f"What I remember of you ({len(facts)})" if facts else "What I remember of you: nothing yet"
    with st.expander(label, icon=":material/bookmark:"):
        st.caption('One fact per line. Say "remember that …" to add one; change or delete them here.')
        session.put_first(key, "\n".join(facts))
        st.text_area("Facts, one per line", key=key, label_visibility="collapsed", max_chars=60_000)
        st.button("Save", key="save-facts", on_click=_save, args=(talk, key))


def _save(talk: Talk, key: str) -> None:
    try:
        talk.put_facts(str(session.value(key) or "").splitlines())
    except GptsmithError as error:
        session.fail(str(error))
