"""What a person can do with the last turn: ask again, ask otherwise, look at how it was before, say what they think."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from gptsmith.errors import GptsmithError
from gptsmith.ui.web import session
from gptsmith.ui.web.parts import markdown
from gptsmith.ui.web.state import uploads
from gptsmith.ui.web.state.talk import StoredTurn, Talk

# A message that is too long to send: it is kept, that is said, and it can go as a file.

LONGEST = 32_000
"""Characters of one message."""
_NAME = "pasted.txt"

Send = Callable[[str, list[uploads.Upload]], None]


def kept(box: str, text: str, files: list[uploads.Upload]) -> bool:
    """Keep a message of the chat input `box` that is too long; tell whether it is."""
    if len(text) <= LONGEST:
        return False
    session.put(_key(box), (text, files))
    return True


def draw(box: str, unsaid: str, send: Send) -> None:
    """Draw the message that is kept, with the ways on; `unsaid` is sent with the file when nothing is asked of it."""
    found: tuple[str, list[uploads.Upload]] | None = session.value(_key(box))
    if found is None:
        return
    text, files = found
    ask = f"long-question-{box}"
    with st.container(border=True, key="long-message", gap="small"):
        st.markdown(
            f":material/content_paste: **This message has {len(text):,} characters; {LONGEST:,} fit into one.** "
            "It is kept here. Attach it as a file, or put it back and shorten it."
        )
        st.caption(f"“{markdown.line(text[:160])} …”")
        st.text_input("What is to be done with it?", key=ask, max_chars=2000, placeholder=unsaid)
        with st.container(horizontal=True, gap="small"):
            attach = (box, ask, unsaid, text, files, send)
            icon = ":material/attach_file:"
            st.button(
                "Attach it as a file", type="primary", icon=icon, key="attach-long", on_click=_attach, args=attach
            )
            st.button("Put it back", key="restore-long", on_click=_put_back, args=(box, text))
            st.button("Drop it", key="drop-long", type="tertiary", on_click=session.forget, args=(_key(box), ask))


def _attach(box: str, ask: str, unsaid: str, text: str, files: list[uploads.Upload], send: Send) -> None:
    words = str(session.value(ask) or "").strip() or unsaid
    try:
        pasted = uploads.check_upload(_NAME, text.encode("utf-8", "replace"), wanted=("document",))
    except GptsmithError as error:
        session.fail(str(error))
        return
    session.forget(_key(box), ask)
    send(words, [*files, pasted])


def _put_back(box: str, text: str) -> None:
    session.forget(_key(box))
    session.put(box, text)


def _key(box: str) -> str:
    return f"long-{box}"


# A message that could not be sent: it goes back into its box, with the reason in a sentence.


def put_back(box: str, text: str, why: str, *, files: Sequence[object] = ()) -> None:
    """Put `text` back into the chat input `box`; whatever a person typed is never lost to an error."""
    back = ["Your message is back in its box."] if text.strip() else []
    again = ["Attach its files again when you send it."] if files else []
    session.fail("\n".join([why, " ".join([*back, *again])]).strip())
    if text.strip():
        session.put(box, text)


# Thumbs up and down below an answer, with a reason: kept with the conversation.

_VALUES = {0: -1, 1: 1}  # what Streamlit calls the two thumbs


def draw_thumbs(talk: Talk, turn: StoredTurn) -> None:
    """Draw the thumbs of one answer; what was said of it before is shown."""
    thumb = turn.feedback.get("thumb")
    key = f"thumbs-{turn.id}"
    session.put_first(key, next((shown for shown, value in _VALUES.items() if value == thumb), None))
    st.feedback("thumbs", key=key, on_change=_rate, args=(talk, turn, key))
    if thumb == -1:
        _reason(talk, turn)


def _reason(talk: Talk, turn: StoredTurn) -> None:
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


def _rate(talk: Talk, turn: StoredTurn, key: str) -> None:
    thumb = _VALUES.get(session.value(key))
    talk.rate(turn.id, thumb)


def _explain(talk: Talk, turn: StoredTurn, key: str) -> None:
    talk.rate(turn.id, -1, str(session.value(key) or "").strip())


_EDITING = "editing"


@dataclass(frozen=True)
class Actions:
    """The last turn's actions: `send` sends a text in the place of a turn."""

    send: Callable[[StoredTurn, str], None]

    def instead(self, talk: Talk, turn: StoredTurn) -> bool:
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

    def below(self, talk: Talk, turn: StoredTurn) -> None:
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

    def _send_edited(self, turn: StoredTurn, key: str) -> None:
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
