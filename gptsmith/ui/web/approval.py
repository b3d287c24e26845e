"""Tool calls that wait for the person: what would run and with what, and the answers that can be given."""

from __future__ import annotations

import json
import re
from typing import Any

import streamlit as st

from gptsmith.agent.events import ApprovalRequest
from gptsmith.errors import GptsmithError, UsageError
from gptsmith.ui.web import markdown, session
from gptsmith.ui.web.talk import Talk, Turn

_WAYS = {"approve": "Allow", "always": "Allow, and do not ask again in this conversation", "reject": "Refuse"}


def draw(talk: Talk, turn: Turn) -> None:
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
        st.button("Go on", key=f"decide-{turn.id}", type="primary", on_click=_decide, args=args)
        st.caption("Or write another message: then nothing of this runs.")


def _call(call: ApprovalRequest) -> None:
    about = re.split(r"(?<=[.!?])\s|\n|,", call.description, maxsplit=1)[0][:200]
    st.markdown(f"`{call.name.replace('`', '')}` {markdown.line(about)}")
    if call.args:
        st.json(call.args, expanded=2)
    way = st.radio(
        f"What to do with {call.name}", list(_WAYS), format_func=_WAYS.__getitem__, key=_key("way", call.id),
        label_visibility="collapsed",
    )  # fmt: skip
    if way == "reject":
        st.text_input("Why not? The assistant is told. (optional)", max_chars=500, key=_key("why", call.id))
    elif call.args:
        with st.expander("Change what it runs with", icon=":material/edit:"):
            key = _key("args", call.id)
            session.put_first(key, json.dumps(call.args, indent=2, ensure_ascii=False))
            st.text_area("Arguments (JSON)", key=key, height="content")


def _key(what: str, call: str) -> str:
    return f"approval-{what}-{call}"


def _decide(talk: Talk, turn: Turn, ids: list[str]) -> None:
    calls = {call.id: call for call in (turn.reply.approvals if turn.reply else [])}
    try:
        talk.decide(turn.thread_id, [_decision(calls[id]) for id in ids])
    except GptsmithError as error:
        session.fail(str(error))
        return
    for id in ids:
        session.forget(*(_key(what, id) for what in ("way", "why", "args")))


def _decision(call: ApprovalRequest) -> dict[str, Any]:
    way = str(session.value(_key("way", call.id)) or "approve")
    if way == "reject":
        return {"type": "reject", "message": str(session.value(_key("why", call.id)) or "").strip()}
    always = {"always": True} if way == "always" else {}
    written = session.value(_key("args", call.id))
    try:
        args = json.loads(str(written)) if written else call.args
    except ValueError as error:
        hint = "correct them, or empty the field to leave them as they were"
        raise UsageError(f"the arguments for {call.name} are not JSON ({error})", hint=hint) from None
    return {"type": "approve", **always} if args == call.args else {"type": "edit", "args": args, **always}
