"""A new assistant from a description: say what it should do; the workspace opens with a draft of it."""

from __future__ import annotations

import time

import streamlit as st

from gptsmith.errors import GptsmithError
from gptsmith.ui.web import session
from gptsmith.ui.web.parts import markdown, model_lines
from gptsmith.ui.web.state import uploads
from gptsmith.ui.web.state.building import Building, Making, parts_of
from gptsmith.ui.web.state.desk import Desk

_TICK_SECONDS = 0.15
_EXAMPLES = (
    "A patient tutor who explains statistics to nurses with everyday examples and asks a question at the end.",
    "A strict help desk for our product that answers only from the manual I attach and says so when it is silent.",
    "A travel companion for Lisbon: short answers, walking routes, and what to eat on the way.",
)


def draw(desk: Desk, view: session.View) -> None:
    """Draw the form, or the work in progress; when it is done the workspace opens."""
    with st.container(key="narrow"):
        # Each step has a place of its own, emptied at once: the form must not stand there while the draft is written.
        form, waiting = st.empty(), st.empty()
    building = desk.buildings.making(view.draft) if view.draft else None
    if building is not None and building.asked:
        with waiting.container():
            _waiting(desk, building)
    if building is not None and building.path is not None:
        session.go("edit", assistant=desk.id_of(building.path))
        st.rerun()
    with form.container():
        _again(view, building)
        _form(desk)


def _again(view: session.View, building: Building | Making | None) -> None:
    """Say why the form is here again after a description."""
    if building is None:
        if view.draft:
            st.info("That draft is no longer here. Describe the assistant again.", icon=":material/info:")
        return
    said = building.messages
    last = said[-1].whole if said and said[-1].role == "builder" else ""
    if problem := building.problem or last:
        st.warning(markdown.plain(problem), icon=":material/info:")
    described = next((message.text for message in reversed(said) if message.role == "person"), "")
    session.put_first("description", described)


def _form(desk: Desk) -> None:
    st.title("New assistant", anchor=False)
    st.markdown(
        "Say what it should do, for whom, and what it must or must never do. You get a draft to try, to read and to "
        "change by talking; nothing is in your library before you save it."
    )
    st.text_area(
        "What should the assistant do?",
        key="description",
        height=170,
        max_chars=20_000,
        placeholder="A guide for visitors of a small tile museum who answers from the catalogue and cites it.",
    )
    with st.expander("Examples", icon=":material/lightbulb:"):
        for number, example in enumerate(_EXAMPLES):
            st.button(
                example, key=f"example-{number}", type="tertiary", on_click=session.put, args=("description", example)
            )
    st.file_uploader(
        "Files it should answer from",
        key="knowledge",
        type=list(uploads.DOCUMENTS),
        accept_multiple_files=True,
        help="PDF, Word, text, tables, web pages, mail and more, up to 50 MB each. They are copied beside the spec.",
    )
    model_lines.draw(desk.model())
    empty = not str(session.value("description", "")).strip()
    st.button("Build", type="primary", icon=":material/construction:", key="build", on_click=_start, args=(desk,))
    if empty and session.value("asked"):
        st.warning("Write a sentence or two first.", icon=":material/edit:")


def _start(desk: Desk) -> None:
    """Check the files and begin; the work goes on when the page is reloaded."""
    session.put("asked", True)
    description = str(session.value("description", "")).strip()
    if not description:
        return
    files, left_out = [], []
    for given in session.value("knowledge") or []:
        try:
            files.append(uploads.check_upload(given.name, given.getvalue(), wanted=("document",)))
        except GptsmithError as error:
            left_out.append(str(error))
    session.forget("asked")
    session.go("create", draft=desk.buildings.begin(description, files, left_out))


def _waiting(desk: Desk, building: Building | Making) -> None:
    st.title("Writing the assistant", anchor=False)
    st.markdown(f"> {markdown.line(building.asked[:400])}")
    model_lines.draw(desk.model())
    with st.spinner("Reading the description and writing every part of the file", show_time=True):
        _grow(building)
    session.forget("description")
    st.rerun()


def _grow(building: Building | Making) -> None:
    """Show the draft as it is written, each part as soon as it is there."""
    button, parts = st.empty(), st.empty()
    shown, drawn = None, 0.0
    while building.asked:
        if building.growing is not None and (building.growing is not shown or time.monotonic() - drawn > 1):
            if shown is None:
                button.button(
                    "Use what is there",
                    key="enough",
                    icon=":material/stop_circle:",
                    help="End the writing; you can change every part afterwards",
                    on_click=building.hurry,
                )
            shown, drawn = building.growing, time.monotonic()
            with parts.container(border=True, key="growing"):
                for label, text in parts_of(shown):
                    st.markdown(f":gray[{label}]  {markdown.line(text)}")
        time.sleep(_TICK_SECONDS)
