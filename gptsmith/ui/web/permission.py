"""The questions before a conversation: what an assistant would run or reach, and whether text may leave the machine."""

from __future__ import annotations

import streamlit as st

from gptsmith.ui.web import markdown, session
from gptsmith.ui.web.talk import Talk

_HEADS = {
    "code": "runs this code on your computer",
    "command": "starts this program on your computer",
    "path": "reads this outside of its own folder",
    "host": "sends text to this address",
    "variable": "uses this variable of your environment",
}


def trust(talk: Talk) -> bool:
    """Ask for trust where the assistant needs it; say whether the conversation has to wait."""
    needs = talk.needs
    if not needs:
        return False
    with st.container(border=True, key="trust"):
        st.markdown("**:material/shield: Do you trust this assistant?**")
        st.markdown("Its file asks for more than talking. Go on only if you know who wrote it.")
        listed([(need.kind, need.name) for need in needs])
        st.button("I trust it", type="primary", key="trust-it", on_click=talk.trust)
        st.caption("You are asked again when the file or its code changes.")
    return True


def listed(needs: list[tuple[str, str]]) -> None:
    """Draw what an assistant would run, reach or read: kinds of `TrustNeed`, each with its name."""
    for kind, head in _HEADS.items():
        named = [name for found, name in needs if found == kind]
        if named:
            st.markdown(f"It {head}:")
            st.code("\n".join(named), language=None, wrap_lines=True)


def leave(talk: Talk, view: session.View) -> None:
    """Ask whether the conversation may be sent to another host when the model on this machine does not answer."""
    hosts = talk.fallback_hosts
    if not hosts:
        return
    where = markdown.line(" or ".join(hosts))
    if allowed(talk, view):
        st.caption(f":material/cloud_upload: If the model here does not answer, this conversation is sent to {where}.")
        return
    if session.value(_key(view)) == "no":
        st.caption(":material/lock: If the model here does not answer, nothing is sent anywhere else.")
        return
    with st.container(border=True, key="leave"):
        st.markdown(f"If the model on this computer does not answer, this would be sent to **{where}**.")
        with st.container(horizontal=True):
            label = "Allow for this conversation"
            st.button(label, key="leave-yes", on_click=_decide, args=(talk, view, "yes"))
            st.button("Keep it here", key="leave-no", type="tertiary", on_click=_decide, args=(talk, view, "no"))


def allowed(talk: Talk, view: session.View) -> bool:
    """Say whether the conversation may leave this machine; a new one has the answer in this browser tab."""
    return talk.may_leave(view.thread) if view.thread else session.value(_key(view)) == "yes"


def _decide(talk: Talk, view: session.View, answer: str) -> None:
    session.put(_key(view), answer)
    if answer == "yes" and view.thread:
        talk.let_leave(view.thread)


def _key(view: session.View) -> str:
    return f"leave-{view.assistant}-{view.thread or 'new'}"
