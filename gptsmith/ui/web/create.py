"""A new assistant from a description: say what it should do, read the spec, save it."""

from __future__ import annotations

import time

import streamlit as st

from gptsmith.errors import GptsmithError
from gptsmith.ui.web import diagnostics, markdown, model_note, session, uploads
from gptsmith.ui.web.desk import Build, Desk

_TICK_SECONDS = 0.15
_EXAMPLES = (
    "A patient tutor who explains statistics to nurses with everyday examples and asks a question at the end.",
    "A strict help desk for our product that answers only from the manual I attach and says so when it is silent.",
    "A travel companion for Lisbon: short answers, walking routes, and what to eat on the way.",
)


def draw(desk: Desk, view: session.View) -> None:
    """Draw the form, the work in progress or the review, as the draft stands."""
    with st.container(key="narrow"):
        # Each step has a place of its own, emptied at once: the form must not stand there while the draft is written.
        form, waiting, review = st.empty(), st.empty(), st.empty()
    build = desk.builds.get(view.draft) if view.draft else None
    if build is not None and build.status == "running":
        with waiting.container():
            _waiting(desk, build)
    elif build is not None and build.status == "done":
        with review.container():
            _review(desk, build)
    else:
        with form.container():
            _again(view, build)
            _form(desk)


def _again(view: session.View, build: Build | None) -> None:
    """Say why the form is here again after a draft."""
    if build is not None:
        st.error(markdown.plain(build.error), icon=":material/error:")
        session.put_first("description", build.description)
    elif view.draft:
        st.info("That draft is no longer here: drafts are kept until gptsmith is closed.", icon=":material/info:")


def _form(desk: Desk) -> None:
    st.title("New assistant", anchor=False)
    st.markdown(
        "Say what it should do, for whom, and what it must or must never do. You read the result before it is saved."
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
        help="PDF, Word, Markdown, text or HTML, up to 50 MB each. They are copied beside the spec.",
    )
    model_note.draw(desk.model())
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
            files.append(uploads.check(given.name, given.getvalue(), kinds=("document",)))
        except GptsmithError as error:
            left_out.append(str(error))
    session.forget("asked")
    session.go("create", draft=desk.builds.start(description, files, left_out))


def _waiting(desk: Desk, build: Build) -> None:
    st.title("Writing the spec", anchor=False)
    st.markdown(f"> {markdown.line(build.description[:400])}")
    model_note.draw(desk.model())
    with st.spinner("Reading the description and writing every part of the file", show_time=True):
        while build.status == "running":
            time.sleep(_TICK_SECONDS)
            build = desk.builds.get(build.id) or build
    st.rerun()


def _review(desk: Desk, build: Build) -> None:
    field = f"yaml-draft-{build.id}"
    session.put_first(field, build.yaml)
    text = str(session.value(field))
    problems = desk.builds.check(build.id, text)
    st.title("Review", anchor=False)
    st.markdown("This is the whole assistant, one readable file. Change what you like, then save it.")
    for reason in build.left_out:
        st.warning(markdown.plain(f"Left out: {reason}"), icon=":material/draft:")
    _missing(build)
    wrong = any(p.severity == "error" for p in problems)
    with st.container(horizontal=True):
        st.button("Save", type="primary", key="save", disabled=wrong, on_click=_save, args=(desk, build, field))
        st.button("Check", key="check", help="Check what stands in the editor")
        st.button("Start over", key="discard", on_click=_discard, args=(desk, build, field))
    diagnostics.draw(problems, text)
    st.text_area("Spec (YAML)", key=field, height=640)


def _missing(build: Build) -> None:
    """List what the description calls for and is not there, with the way to add it."""
    if not build.missing:
        return
    with st.container(border=True):
        st.markdown("**Not there yet**")
        for item in build.missing:
            st.markdown(f"- {markdown.line(item.what)}  \n  :material/arrow_right_alt: {markdown.line(item.how)}")


def _save(desk: Desk, build: Build, field: str) -> None:
    try:
        assistant = desk.builds.save(build.id, str(session.value(field)))
    except GptsmithError as error:
        session.fail(str(error))
        return
    session.forget(field, "description")
    session.say("Saved. Say hello.")
    session.go("chat", assistant=assistant)


def _discard(desk: Desk, build: Build, field: str) -> None:
    desk.builds.drop(build.id)
    session.forget(field)
    session.put("description", build.description)
    session.go("create")
