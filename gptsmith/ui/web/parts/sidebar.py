"""The sidebar: the way between the pages, the conversations of the open assistant, and where the data is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import streamlit as st

from gptsmith.errors import GptsmithError
from gptsmith.ui.web import session
from gptsmith.ui.web.parts import markdown
from gptsmith.ui.web.state.desk import Desk

if TYPE_CHECKING:
    from gptsmith.ui.web.state.talk import Talk

_THREADS_SHOWN = 20
_SEARCHED_FROM = 4  # fewer are looked through at a glance
_DELETED = "deleted-thread"


def draw(desk: Desk, view: session.View) -> None:
    """Draw the sidebar for the page that is open."""
    with st.sidebar:
        st.markdown("**:material/construction: gptsmith**", width="content")
        _nav("Assistants", ":material/apps:", "gallery", view)
        _nav("New assistant", ":material/add:", "create", view)
        _nav("Models", ":material/memory:", "models", view)
        with st.container():
            if view.page == "chat" and view.assistant:
                st.divider()
                _threads(desk, view)
        st.divider()
        _places(desk)


def _nav(label: str, icon: str, page: session.Page, view: session.View) -> None:
    kind = _kind(page == view.page)
    st.button(label, icon=icon, key=f"nav-{page}", type=kind, width="stretch", on_click=session.go, args=(page,))


def _kind(here: bool) -> Literal["secondary", "tertiary"]:
    return "secondary" if here else "tertiary"


def _threads(desk: Desk, view: session.View) -> None:
    st.markdown("**Conversations**")
    talk = desk.talk(view.assistant)
    args = (view.assistant, "")
    st.button("New conversation", icon=":material/edit_square:", key="new-thread", on_click=_open, args=args)
    _deleted(talk, view)
    threads, said = talk.threads(), "None yet. What you talk about is kept here."
    if len(threads) >= _SEARCHED_FROM:
        place = "Search conversations"
        st.text_input(place, key="search-threads", placeholder=place, max_chars=200, label_visibility="collapsed")
        if words := str(session.value("search-threads") or "").strip():
            threads, said = talk.threads_holding(words), "No conversation has these words."
    none = st.empty()
    if not threads:
        none.caption(said)
    # A dialog's buttons wait until the script has ended, and with it the turn that is being followed.
    busy = bool(view.thread and talk.running(view.thread))
    help_text = "Wait for the answer, or stop it first" if busy else "Rename or delete"
    everything = bool(session.value("all-threads"))
    with st.container(key="threads", gap="small"):
        for thread in threads if everything else threads[:_THREADS_SHOWN]:
            with st.container(horizontal=True, vertical_alignment="center", gap=None, wrap=False):
                kind = _kind(thread.id == view.thread)
                label = markdown.line(thread.title) or "Untitled"
                icon = ":material/front_hand:" if thread.waits else None
                told = "A step waits for your approval" if thread.waits else None
                go = (view.assistant, thread.id)
                st.button(
                    label,
                    key=f"thread-{thread.id}",
                    type=kind,
                    icon=icon,
                    help=told,
                    on_click=_open,
                    args=go,
                    width="stretch",
                )
                # The label is there for screen readers; the style sheet shows the icon alone.
                more, icon = f"Rename or delete {label}", ":material/more_vert:"
                key = f"more-{thread.id}"
                if st.button(more, key=key, icon=icon, type="tertiary", help=help_text, disabled=busy):
                    _manage(desk, view, thread.id, thread.title)
    if len(threads) > _THREADS_SHOWN and not everything:
        st.button(f"Show all {len(threads)}", type="tertiary", on_click=session.put, args=("all-threads", True))


@st.dialog("Conversation")
def _manage(desk: Desk, view: session.View, thread: str, title: str) -> None:
    field = f"title-{thread}"
    session.put_first(field, title)
    name = st.text_input("Title", max_chars=120, key=field)
    # The callbacks do the work, the return values close the dialog.
    with st.container(horizontal=True):
        empty = not (name or "").strip()
        rename = (desk, view, thread, field)
        if st.button("Rename", type="primary", key="rename", disabled=empty, on_click=_rename, args=rename):
            st.rerun()
        delete = (desk, view, thread)
        label = "Delete this conversation"
        if st.button(label, icon=":material/delete:", key="delete-thread", on_click=_delete, args=delete):
            st.rerun()
    with st.container(horizontal=True):
        turns = desk.talk(view.assistant).turns(thread)
        for kind, write in (("Markdown", markdown.as_markdown), ("JSON", markdown.as_json)):
            name = f"conversation.{'md' if kind == 'Markdown' else 'json'}"
            data, icon = write(title, turns), ":material/download:"
            st.download_button(f"Save as {kind}", data, name, icon=icon, key=f"save-{kind}", on_click="ignore")


def _rename(desk: Desk, view: session.View, thread: str, field: str) -> None:
    desk.talk(view.assistant).rename(thread, str(session.value(field)))
    session.forget(field)


def _delete(desk: Desk, view: session.View, thread: str) -> None:
    talk = desk.talk(view.assistant)
    title = next((found.title for found in talk.threads() if found.id == thread), "")
    try:
        talk.discard(thread)
    except GptsmithError as error:
        session.fail(str(error))
        return
    if thread == view.thread:
        session.go("chat", assistant=view.assistant)
    session.put(_DELETED, (view.assistant, thread, title))


def _deleted(talk: Talk, view: session.View) -> None:
    """Say which conversation was deleted last, with the way back."""
    assistant, thread, title = session.value(_DELETED, ("", "", ""))
    if assistant != view.assistant:
        return
    with st.container(key="quiet-deleted", gap="small"):
        st.markdown(f"“{markdown.line(title[:60]) or 'Untitled'}” is deleted.")
        back = (talk, view, thread)
        st.button("Undo", icon=":material/undo:", key="undo-delete", on_click=_restore, args=back)


def _restore(talk: Talk, view: session.View, thread: str) -> None:
    session.forget(_DELETED)
    if talk.restore(thread):
        session.go("chat", assistant=view.assistant, thread=thread)
    else:
        session.fail("This conversation is gone for good.")


def _open(assistant: str, thread: str) -> None:
    session.go("chat", assistant=assistant, thread=thread)


def _places(desk: Desk) -> None:
    """Say plainly where the files are and that nothing else goes anywhere."""
    with st.expander("Where your data is", icon=":material/folder:"):
        st.markdown("Assistants (one YAML file each):")
        st.code(str(desk.places.library), language=None, wrap_lines=True)
        st.markdown("Conversations, indexes and attached files:")
        st.code(str(desk.places.state), language=None, wrap_lines=True)
        st.markdown("This page is served to this computer only and sends no usage statistics.")
        st.markdown("Light or dark: it follows the setting of your system.")
