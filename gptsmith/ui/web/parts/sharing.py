"""The dialogs that take an assistant out as one file and bring one in, with all that is inside shown before."""

from __future__ import annotations

import streamlit as st

from gptsmith.errors import GptsmithError
from gptsmith.ui.web import session
from gptsmith.ui.web.parts import markdown, permission
from gptsmith.ui.web.state.bench import Bench
from gptsmith.ui.web.state.bundles import BundleContents
from gptsmith.ui.web.state.desk import Desk

_SHOWN = 12


@st.dialog("Take this assistant to another computer")
def export(desk: Desk, bench: Bench) -> None:
    """Offer the file, and say what goes along."""
    try:
        contents, data = desk.bundles.export(bench.path)
    except GptsmithError as error:
        st.error(markdown.plain(str(error)), icon=":material/error:")
        return
    _contents(contents)
    name = desk.bundles.name(bench.path)
    label = f"Download {_size(len(data))}"
    st.download_button(label, data, name, "application/zip", key="download", type="primary", icon=":material/download:")
    st.caption("On the other computer, choose Import on the Assistants page.")


@st.dialog("Bring an assistant in")
def bring_in(desk: Desk) -> None:
    """Take a file, show what is inside, and write it when the person says so."""
    given = st.file_uploader("A file that ends in .assistant.zip", type=["zip"], key="bundle")
    if given is None:
        return
    looked = _look(desk, given.file_id, given.name, given.getvalue())
    if looked is None:
        return
    contents, token = looked
    st.markdown(f"**{markdown.line(contents.name)}**  \n{markdown.line(contents.description)}")
    _contents(contents)
    _needs(contents)
    # The callback does the work, the return value closes the dialog.
    args = (desk, token, contents.digest)
    if st.button("Bring it in", type="primary", key="bring-in", on_click=_bring, args=args):
        st.rerun()


def _look(desk: Desk, file: str, name: str, data: bytes) -> tuple[BundleContents, str] | None:
    """Look at a file once, however often the dialog is drawn."""
    known = session.value("looked")
    if known and known[0] == file:
        looked: tuple[BundleContents, str] = known[1]
        return looked
    try:
        looked = desk.bundles.look(name, data)
    except GptsmithError as error:
        st.error(markdown.plain(str(error)), icon=":material/error:")
        return None
    session.put("looked", (file, looked))
    return looked


def _bring(desk: Desk, token: str, digest: str) -> None:
    try:
        assistant = desk.bundles.bring(token, digest)
    except GptsmithError as error:
        session.fail(str(error))
        return
    session.forget("looked")
    session.say("It is among your assistants now.")
    session.go("edit", assistant=assistant)


def _contents(contents: BundleContents) -> None:
    versions = f"{contents.versions} version{'' if contents.versions == 1 else 's'}"
    tests = f"{contents.tests} test{'' if contents.tests == 1 else 's'}"
    st.markdown(f"{len(contents.files)} file{'' if len(contents.files) == 1 else 's'}, {versions}, {tests}")
    shown = [f"{file.path}  ({_size(file.size)})" for file in contents.files[:_SHOWN]]
    more = len(contents.files) - _SHOWN
    st.code("\n".join([*shown, *([f"and {more} more"] if more > 0 else [])]), language=None, wrap_lines=True)
    for page in contents.pages[:_SHOWN]:
        st.caption(f":material/language: Fetched anew on the other computer: {markdown.line(page)}")
    for remark in contents.remarks:
        st.caption(f":material/info: {markdown.line(remark)}")


def _needs(contents: BundleContents) -> None:
    """Say what the assistant would run or reach; it does none of it before that is agreed to in the chat."""
    permission.list_needs([(need.kind, need.name) for need in contents.trust])
    if contents.missing_variables:
        names = markdown.line(", ".join(contents.missing_variables))
        st.caption(f":material/key_off: Not set on this computer: {names}")
    if contents.trust:
        st.caption("Nothing of this happens before you agree to it, when you first chat with it.")


def _size(size: int) -> str:
    return f"{size / 2**20:.1f} MB" if size >= 2**20 else f"{max(1, round(size / 1024))} KB"
