"""Thumbs up and down below an answer, with a reason: kept with the conversation."""

from __future__ import annotations

import streamlit as st

from gptsmith.ui.web import session
from gptsmith.ui.web.talk import Talk, Turn

_VALUES = {0: -1, 1: 1}  # what Streamlit calls the two thumbs


def draw(talk: Talk, turn: Turn) -> None:
    """Draw the thumbs of one answer; what was said of it before is shown."""
    thumb = turn.feedback.get("thumb")
    key = f"thumbs-{turn.id}"
    session.put_first(key, next((shown for shown, value in _VALUES.items() if value == thumb), None))
    st.feedback("thumbs", key=key, on_change=_rate, args=(talk, turn, key))
    if thumb == -1:
        _reason(talk, turn)


def _reason(talk: Talk, turn: Turn) -> None:
    key = f"reason-{turn.id}"
    session.put_first(key, str(turn.feedback.get("reason", "")))
    st.text_input(
        "What was wrong with it?",
        key=key,
        max_chars=500,
        placeholder="What was wrong with it?",
        label_visibility="collapsed",
        width=260,
        on_change=_explain,
        args=(talk, turn, key),
    )


def _rate(talk: Talk, turn: Turn, key: str) -> None:
    thumb = _VALUES.get(session.value(key))
    talk.rate(turn.id, thumb)


def _explain(talk: Talk, turn: Turn, key: str) -> None:
    talk.rate(turn.id, -1, str(session.value(key) or "").strip())
