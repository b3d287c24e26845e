"""The questions to a person: what an assistant would run or reach, whether text may leave, whether a call may run."""

from __future__ import annotations

import json
import re
from typing import Any

import streamlit as st

from gptsmith.agent.events import ApprovalRequest
from gptsmith.errors import GptsmithError, UsageError
from gptsmith.ui.web import session
from gptsmith.ui.web.parts import markdown
from gptsmith.ui.web.state.talk import StoredTurn, Talk

# The questions before a conversation: what an assistant would run or reach, and whether text may leave the machine.

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
        list_needs([(need.kind, need.name) for need in needs])
        st.button("I trust it", type="primary", key="trust-it", on_click=talk.trust)
        st.caption("You are asked again when the file or its code changes.")
    return True


def list_needs(needs: list[tuple[str, str]]) -> None:
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


# Tool calls that wait for the person: what would run and with what, and the answers that can be given.

_WAYS = {"approve": "Allow", "always": "Allow, and do not ask again in this conversation", "reject": "Refuse"}


def draw(talk: Talk, turn: StoredTurn) -> None:
    """Draw the calls that a turn waits with, each with its own answer, and the one button that goes on."""
    calls = turn.reply.approvals if turn.reply else []
    if not calls:
        return
    with st.container(border=True, key=f"approvals-{turn.id}"):
        many = len(calls) > 1
        st.markdown(f":material/front_hand: **{'These steps need' if many else 'This step needs'} your approval**")
        for call in calls:
            _call(call)
        args = (talk, turn, [call.id for call in calls])
        st.button("Go on", key=f"decide-{turn.id}", type="primary", on_click=_decide_call, args=args)
        st.caption("Or write another message: then nothing of this runs.")


def _call(call: ApprovalRequest) -> None:
    about = re.split(r"(?<=[.!?])\s|\n|,", call.description, maxsplit=1)[0][:200]
    st.markdown(f"`{call.name.replace('`', '')}` {markdown.line(about)}")
    if call.args:
        st.json(call.args, expanded=2)
    way = st.radio(
        f"What to do with {call.name}", list(_WAYS), format_func=_WAYS.__getitem__, key=_call_key("way", call.id),
        label_visibility="collapsed",
    )  # fmt: skip
    if way == "reject":
        st.text_input("Why not? The assistant is told. (optional)", max_chars=500, key=_call_key("why", call.id))
    elif call.args:
        with st.expander("Change what it runs with", icon=":material/edit:"):
            key = _call_key("args", call.id)
            session.put_first(key, json.dumps(call.args, indent=2, ensure_ascii=False))
            st.text_area("Arguments (JSON)", key=key, height="content")


def _call_key(what: str, call: str) -> str:
    return f"approval-{what}-{call}"


def _decide_call(talk: Talk, turn: StoredTurn, ids: list[str]) -> None:
    calls = {call.id: call for call in (turn.reply.approvals if turn.reply else [])}
    try:
        talk.decide(turn.thread_id, [_decision(calls[id]) for id in ids])
    except GptsmithError as error:
        session.fail(str(error))
        return
    for id in ids:
        session.forget(*(_call_key(what, id) for what in ("way", "why", "args")))


def _decision(call: ApprovalRequest) -> dict[str, Any]:
    way = str(session.value(_call_key("way", call.id)) or "approve")
    if way == "reject":
        return {"type": "reject", "message": str(session.value(_call_key("why", call.id)) or "").strip()}
    always = {"always": True} if way == "always" else {}
    written = session.value(_call_key("args", call.id))
    try:
        args = json.loads(str(written)) if written else call.args
    except ValueError as error:
        hint = "correct them, or empty the field to leave them as they were"
        raise UsageError(f"the arguments for {call.name} are not JSON ({error})", hint=hint) from None
    return {"type": "approve", **always} if args == call.args else {"type": "edit", "args": args, **always}
