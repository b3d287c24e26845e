"""The spec of one assistant as YAML: read, change, check, save."""

from __future__ import annotations

import streamlit as st

from gptsmith.errors import GptsmithError
from gptsmith.ui.web import diagnostics, markdown, session
from gptsmith.ui.web.desk import Desk, SpecText


def draw(desk: Desk, view: session.View) -> None:
    """Draw the page for `view.assistant`."""
    spec = desk.spec_text(view.assistant)
    field, seen = f"yaml-{spec.id}", f"yaml-seen-{spec.id}"
    if spec.read_only:
        _head(spec)
        _read(desk, spec)
        return
    # What the person started from: saving is refused when the file is no longer that.
    session.put_first(seen, spec)
    session.put_first(field, spec.text)
    text = str(session.value(field))
    started: SpecText = session.value(seen)
    problems = desk.check(text, spec)
    _head(spec)
    if started.digest != spec.digest:
        _changed_elsewhere(spec, field, seen)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.text_area("Spec", key=field, height=620, label_visibility="collapsed")
    with right:
        wrong = any(p.severity == "error" for p in problems)
        changed = text != started.text
        with st.container(horizontal=True):
            save, idle = (desk, spec, field, seen), wrong or not changed
            st.button("Save", type="primary", key="save", disabled=idle, on_click=_save, args=save)
            st.button("Check", key="check", help="Check what stands in the editor")
            undo = (field, seen)
            st.button("Undo my changes", key="revert", disabled=not changed, on_click=session.forget, args=undo)
        diagnostics.draw(problems, text)


def _read(desk: Desk, spec: SpecText) -> None:
    """Show a file that cannot be changed here, with the way to a copy that can."""
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown("This example is read-only. Make a copy to change it.", width="stretch")
        st.button("Make a copy", icon=":material/content_copy:", key="copy", on_click=_copy, args=(desk, spec.id))
    st.code(spec.text, language="yaml", line_numbers=True, wrap_lines=True)


def _head(spec: SpecText) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.title("Spec", anchor=False, width="content")
        st.button("Open the chat", icon=":material/chat:", key="chat", on_click=_chat, args=(spec.id,))
    with st.container(key="quiet-path"):
        st.markdown(f":material/description: {markdown.line(str(spec.path))}")


def _changed_elsewhere(spec: SpecText, field: str, seen: str) -> None:
    st.warning(
        "The file was changed outside this page since you opened it. Saving is refused so that nothing is lost.",
        icon=":material/sync_problem:",
    )
    with st.expander("Show the file as it is now"):
        st.code(spec.text, language="yaml", line_numbers=True)
    st.button("Take the file's version and drop mine", key="take", on_click=session.forget, args=(field, seen))


def _save(desk: Desk, spec: SpecText, field: str, seen: str) -> None:
    started: SpecText = session.value(seen)
    try:
        saved = desk.save(spec.id, str(session.value(field)), started.digest)
    except GptsmithError as error:
        session.fail(str(error))
        return
    session.put(seen, saved)
    session.say("Saved.")


def _copy(desk: Desk, assistant: str) -> None:
    try:
        copy = desk.copy(assistant)
    except GptsmithError as error:
        session.fail(str(error))
        return
    session.say("This copy is yours.")
    session.go("edit", assistant=copy)


def _chat(assistant: str) -> None:
    session.go("chat", assistant=assistant)
