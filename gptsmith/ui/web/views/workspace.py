"""The workspace of one assistant: its file in tabs on the left, the assistant as it is on the right."""

from __future__ import annotations

import streamlit as st

from gptsmith.errors import GptsmithError
from gptsmith.ui.web import session
from gptsmith.ui.web.parts import markdown, model_lines, sharing
from gptsmith.ui.web.state.bench import Bench, Sheet
from gptsmith.ui.web.state.desk import Desk
from gptsmith.ui.web.tabs import all_tabs
from gptsmith.ui.web.views import chat

# The preview: the assistant as its file is now, answered by the same runtime as everywhere.

_HEIGHT = 460


def draw_preview(desk: Desk, view: session.View, sheet: Sheet) -> None:
    """Draw the preview, and follow the answer that is being written."""
    with st.container(border=True, key="preview"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown("**Preview**", width="content")
            again = st.container(width="content")
        if not sheet.valid:
            st.info("The preview is back as soon as the file has no errors.", icon=":material/visibility_off:")
            return
        talk = desk.talk(view.assistant)
        with again:
            gone = not view.thread
            restart = (desk, view)
            icon = ":material/restart_alt:"
            st.button(
                "Start over", key="restart", icon=icon, type="tertiary", disabled=gone, on_click=_restart, args=restart
            )
        model_lines.draw(desk.model(talk.spec))
        chat.conversation(talk, view, height=_HEIGHT)


def _restart(desk: Desk, view: session.View) -> None:
    """Begin anew; a conversation of the preview is not kept."""
    try:
        desk.talk(view.assistant).delete(view.thread)
    except GptsmithError as error:
        session.fail(str(error))
        return
    session.go("edit", assistant=view.assistant)


_LOOK_SECONDS = 3


def draw(desk: Desk, view: session.View) -> None:
    """Draw the workspace of `view.assistant`."""
    bench = desk.bench(view.assistant)
    sheet = bench.sheet()
    with st.container(key="wide"):
        _watch(bench, sheet)
        _head(desk, view, bench, sheet)
    if sheet.read_only:
        _read_only(desk, bench)
    left, right = st.columns([11, 9], gap="medium")
    with left:
        _tabs(desk, bench, sheet)
    with right:
        draw_preview(desk, view, sheet)


def _head(desk: Desk, view: session.View, bench: Bench, sheet: Sheet) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.title(markdown.line(str(sheet.data.get("name") or bench.path.name)), anchor=False, width="content")
        if bench.is_draft:
            save, wrong = (desk, view), not sheet.valid
            label, icon = "Save to my assistants", ":material/save:"
            st.button(label, icon=icon, key="save-draft", type="primary", disabled=wrong, on_click=_save, args=save)
        else:
            with st.container(horizontal=True, width="content", gap="small"):
                shareable = sheet.valid and not bench.shipped
                if shareable and st.button("Export", icon=":material/ios_share:", key="export", type="tertiary"):
                    sharing.export(desk, bench)
                st.button("Open the chat", icon=":material/chat:", key="open-chat", on_click=_chat, args=(bench.id,))
    with st.container(key="quiet-path"):
        if bench.is_draft:
            st.markdown(":material/draft: A draft. It is kept as it is, also when gptsmith is closed.")
        else:
            st.markdown(f":material/description: {markdown.line(str(bench.path))}")


def _tabs(desk: Desk, bench: Bench, sheet: Sheet) -> None:
    """Draw the tabs; only the open one is worked out."""
    shown = [tab for tab in all_tabs() if not (sheet.read_only and tab.writes)]
    labels = [tab.label for tab in shown]
    first = labels[0] if sheet.valid else next(tab.label for tab in shown if tab.mends)
    for tab, place in zip(shown, session.tabs(labels, first), strict=True):
        if not place.open:
            continue
        with place:
            if sheet.data or not tab.reads:
                tab.draw(desk, bench, sheet)
            else:
                st.warning("gptsmith cannot read this file. Repair it in the YAML tab.", icon=":material/warning:")


def _read_only(desk: Desk, bench: Bench) -> None:
    """Say that the file stays as it is, with the way to a copy."""
    what = "This example is read-only." if bench.shipped else "This file is read-only."
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(f"{what} Make a copy to change it.", width="stretch")
        copy = (desk, bench.id)
        st.button("Make a copy", icon=":material/content_copy:", key="copy", on_click=_copy, args=copy, type="primary")


def _watch(bench: Bench, sheet: Sheet) -> None:
    """Look every few seconds whether the file was changed elsewhere, and draw the page anew then."""

    @st.fragment(run_every=_LOOK_SECONDS)
    def look() -> None:
        if bench.digest() != sheet.digest:
            st.rerun()

    look()


def _save(desk: Desk, view: session.View) -> None:
    """Save a draft; the conversation with the preview goes along."""
    try:
        assistant = desk.save_draft(view.assistant)
    except GptsmithError as error:
        session.fail(str(error))
        return
    session.say("Saved. It is among your assistants now.")
    session.go("edit", assistant=assistant, thread=view.thread)


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
