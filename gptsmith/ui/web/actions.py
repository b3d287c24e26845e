"""What a person can do with the last turn: ask again, ask otherwise, look at how it was before, say what they think."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from gptsmith.ui.web import session
from gptsmith.ui.web.long_message import LONGEST
from gptsmith.ui.web.talk import Talk, Turn

_EDITING = "editing"


@dataclass(frozen=True)
class Actions:
    """The last turn's actions: `send` sends a text in the place of a turn."""

    send: Callable[[Turn, str], None]

    def instead(self, talk: Talk, turn: Turn) -> bool:
        """Draw the message as a field when the person is changing it; tell whether that was done."""
        if session.value(_EDITING) != turn.id:
            return False
        key = f"edited-{turn.id}"
        session.put_first(key, turn.message)
        st.text_area("Your message", key=key, max_chars=LONGEST, label_visibility="collapsed")
        with st.container(horizontal=True, gap="small"):
            send = (turn, key)
            st.button("Send", type="primary", key="send-edited", on_click=self._send_edited, args=send)
            st.button("Cancel", type="tertiary", key="cancel-edited", on_click=session.forget, args=(_EDITING, key))
        return True

    def below(self, talk: Talk, turn: Turn) -> None:
        """Draw the buttons that stand below the answer."""
        again = (turn, turn.message)
        chosen = talk.chosen(turn.reply)  # a step that the person chose is repeated where it was chosen
        if not chosen and (turn.message or turn.files):
            ended = (
                turn.error is None
                and turn.reply is not None
                and turn.reply.finish_reason not in ("cancelled", "interrupted")
            )
            label = "Answer again" if ended else "Send it again"
            icon = ":material/refresh:"
            kind: Literal["tertiary", "secondary"] = "tertiary" if ended else "secondary"
            st.button(label, icon=icon, key="again", type=kind, on_click=self.send, args=again)
        if not chosen and session.value(_EDITING) != turn.id:
            label, icon, edit = "Edit my message", ":material/edit:", (_EDITING, turn.id)
            st.button(label, icon=icon, key="edit-message", type="tertiary", on_click=session.put, args=edit)
        tries = talk.tries(turn.id)
        if len(tries) > 1:
            _pager(talk, tries, tries.index(turn.id))

    def _send_edited(self, turn: Turn, key: str) -> None:
        text = str(session.value(key) or "").strip()
        session.forget(_EDITING, key)
        if text:
            self.send(turn, text)


def _pager(talk: Talk, tries: list[str], at: int) -> None:
    """Draw the way between the tries of one place."""
    with st.container(horizontal=True, gap=None, width="content", vertical_alignment="center", key="bare-tries"):
        for label, icon, to in (
            ("The try before", ":material/chevron_left:", at - 1),
            ("The next try", ":material/chevron_right:", at + 1),
        ):
            if to > at:
                st.markdown(f"{at + 1} of {len(tries)}", width="content")
            there = 0 <= to < len(tries)
            choose = (tries[to],) if there else None
            key = f"try-{'next' if to > at else 'before'}"
            st.button(label, icon=icon, key=key, type="tertiary", disabled=not there, on_click=talk.choose, args=choose)
