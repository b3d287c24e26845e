"""The chat with one assistant."""

from __future__ import annotations

from typing import Any

import streamlit as st

from gptsmith.assistants.format.spec import AssistantSpec, Starter
from gptsmith.errors import GptsmithError
from gptsmith.ui.web import session
from gptsmith.ui.web.parts import actions, browser, markdown, message, model_lines, permission, pictures, sources
from gptsmith.ui.web.parts.actions import Actions
from gptsmith.ui.web.state import uploads
from gptsmith.ui.web.state.desk import Desk
from gptsmith.ui.web.state.talk import Talk

_INPUT = "say"


def draw(desk: Desk, view: session.View) -> None:
    """Draw the conversation that the URL names; without a thread a new one."""
    talk = desk.talk(view.assistant)
    with st.container(key="narrow"):
        _head(desk, talk, view)
    conversation(talk, view)


def conversation(talk: Talk, view: session.View, *, height: int | None = None) -> None:
    """Draw the turns and the input, and follow the turn that runs; with `height` (pixels) in a frame that scrolls."""
    if permission.trust(talk):
        return
    turns = talk.turns(view.thread) if view.thread else []
    unstored = talk.unstored(view.thread) if view.thread else []
    running = talk.running(view.thread) if view.thread else ""
    frame = st.container(height=height or "content", border=False, key="preview-frame" if height else None)
    # Each part has a place of its own, emptied at once: what is no longer true must not stand there while a turn runs.
    with frame:
        needed = _variables(talk, view)
        permission.leave(talk, view)
        beginning, earlier, said = st.empty(), st.empty(), st.container()
    stop = st.empty().container() if height else st.bottom
    if not (turns or unstored):
        with beginning.container():
            _beginning(talk, view, blocked=needed)
    shown = session.messages_shown()
    if len(turns) * 2 > shown:
        label, icon = "Show earlier messages", ":material/expand_less:"
        earlier.button(label, type="tertiary", icon=icon, key="earlier", on_click=session.show_earlier)
    with said:
        for turn in turns[-(shown // 2) :]:
            if turn.id == running:
                message.asked(talk, turn)
                st.empty()  # where its answer stood before it waited for approval
            else:
                last = turn is turns[-1] and not running
                message.draw(talk, turn, _actions(talk, view) if last else None)
        for turn in unstored:
            message.unstored(talk, turn)
        actions.draw(_INPUT, "What does the attached text say?", lambda text, files: _send(talk, view, text, files))
    _input(talk, view, disabled=needed or bool(running))
    if running:
        with frame:
            message.draw_live(talk, running, stop)


def _actions(talk: Talk, view: session.View) -> Actions:
    return Actions(lambda turn, text: _send(talk, view, text, replaces=turn.id))


def _head(desk: Desk, talk: Talk, view: session.View) -> None:
    spec = talk.spec
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.title(markdown.line(spec.name), anchor=False, width="content")
        with st.container(horizontal=True, width="content", gap="small"):
            if view.thread:
                label, icon, make = "New assistant from this chat", ":material/auto_fix_high:", (desk, view)
                st.button(label, icon=icon, key="make-from", type="tertiary", on_click=_make_from, args=make)
            if talk.draws and st.button("Pictures", icon=":material/photo_library:", key="album"):
                pictures.show(talk)
            st.button("Edit", icon=":material/tune:", key="spec", on_click=_edit, args=(view.assistant,))
    model_lines.draw(desk.model(spec))
    for notice in talk.notices:
        st.warning(markdown.plain(notice), icon=":material/warning:")
    sources.draw(talk)
    sources.draw_remembered(talk)


def _beginning(talk: Talk, view: session.View, *, blocked: bool) -> None:
    """Draw what an empty conversation shows: description, welcome, disclaimer, starters."""
    spec = talk.spec
    values = _values(spec, view)
    st.markdown(markdown.plain(spec.description))
    if spec.welcome_message:
        with st.chat_message("assistant", avatar=message.ASSISTANT):
            st.markdown(markdown.safe(talk.fill(spec.welcome_message, values)))
    if spec.disclaimer:
        st.caption(f":material/info: {markdown.line(spec.disclaimer)}")
    with st.container(key="starters", gap="small"):
        for number, starter in enumerate(spec.conversation_starters):
            title, text = (starter.title, starter.text) if isinstance(starter, Starter) else (starter, starter)
            label = markdown.line(talk.fill(title, values))
            args = (talk, view, talk.fill(text, values))
            st.button(label, key=f"starter-{number}", disabled=blocked, on_click=_send, args=args)


def _variables(talk: Talk, view: session.View) -> bool:
    """Draw the form of the spec's variables; tell whether a required one is still missing."""
    spec = talk.spec
    if not spec.variables:
        return False
    stored = talk.variables(view.thread) if view.thread else {}
    given = {**{name: variable.default or "" for name, variable in spec.variables.items()}, **stored}
    missing = [n for n, v in spec.variables.items() if v.required and not (_values(spec, view).get(n) or given[n])]
    with st.expander("About this conversation", expanded=bool(missing), icon=":material/tune:"):
        for name, variable in spec.variables.items():
            label = markdown.line(variable.description or name.replace("_", " ").capitalize())
            label += " (required)" if variable.required else ""
            key, fixed = _field(view, name), bool(stored)
            session.put_first(key, given[name] or next(iter(variable.choices), ""))
            if variable.choices:
                st.selectbox(label, variable.choices, key=key, disabled=fixed)
            else:
                st.text_input(label, key=key, max_chars=300, disabled=fixed)
        if stored:
            st.caption("These are fixed for a conversation once it has begun.")
        elif missing:
            st.caption("Fill these in to begin.")
    return bool(missing)


def _field(view: session.View, name: str) -> str:
    """Return the key of a variable's widget: each conversation has its own."""
    return f"variable-{view.assistant}-{view.thread or 'new'}-{name}"


def _values(spec: AssistantSpec, view: session.View) -> dict[str, str]:
    """Return the variables as they stand in the form, without those that are empty."""
    written = {name: str(session.value(_field(view, name)) or "").strip() for name in spec.variables}
    return {name: value for name, value in written.items() if value}


def _input(talk: Talk, view: session.View, *, disabled: bool) -> None:
    st.chat_input(
        f"Message {talk.spec.name}"[:80],
        key=_INPUT,
        accept_file="multiple",
        file_type=[*uploads.DOCUMENTS, *uploads.PICTURES],
        disabled=disabled,
        on_submit=_submit,
        args=(talk, view),
    )


def _submit(talk: Talk, view: session.View) -> None:
    given: Any = session.value(_INPUT)
    text = given if isinstance(given, str) else (given.text or "")
    files, problems = [], []
    for file in [] if isinstance(given, str) else given.files:
        try:
            files.append(uploads.check_upload(file.name, file.getvalue()))
        except GptsmithError as error:
            problems.append(str(error))
    if problems:
        actions.put_back(_INPUT, text, "\n".join(problems))
        return
    if not actions.kept(_INPUT, text, files):
        _send(talk, view, text, files)


def _send(
    talk: Talk, view: session.View, text: str, files: list[uploads.Upload] | None = None, *, replaces: str = ""
) -> None:
    if not (text.strip() or files or replaces):
        return
    try:
        thread = talk.send(
            text,
            thread=view.thread,
            files=files or [],
            variables=_values(talk.spec, view),
            leave=permission.allowed(talk, view),
            replaces=replaces,
        )
    except GptsmithError as error:
        actions.put_back(_INPUT, text, str(error), files=files or [])
        return
    browser.bring(f"asked-{talk.latest(thread)}")
    session.go(view.page, assistant=view.assistant, thread=thread)


def _edit(assistant: str) -> None:
    session.go("edit", assistant=assistant)


def _make_from(desk: Desk, view: session.View) -> None:
    try:
        made = desk.make_from(view.assistant, view.thread)
    except GptsmithError as error:
        session.fail(str(error))
        return
    session.go("create", draft=made)
