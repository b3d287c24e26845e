"""The gallery: the person's own assistants and the examples that come with gptsmith."""

from __future__ import annotations

import streamlit as st

from gptsmith.errors import GptsmithError
from gptsmith.ui.web import session
from gptsmith.ui.web.parts import markdown, sharing
from gptsmith.ui.web.state.desk import DRAFT, OPENED, Card, Desk

_COLUMNS = 3


def draw(desk: Desk) -> None:
    """Draw the page."""
    cards = desk.cards()
    own = [card for card in cards if not card.shipped]
    shipped = [card for card in cards if card.shipped]
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.title("Assistants", anchor=False, width="content")
        with st.container(horizontal=True, width="content", gap="small"):
            if st.button("Import", icon=":material/upload_file:", key="import", type="tertiary"):
                sharing.bring_in(desk)
            icon = ":material/add:"
            st.button("New assistant", type="primary", icon=icon, on_click=session.go, args=("create",), key="new")
    if drafts := desk.drafts():
        st.header("Drafts, not saved yet", anchor=False)
        _grid(desk, drafts)
    st.header("Yours", anchor=False)
    if own:
        _grid(desk, own)
    else:
        _nothing_yet()
    if shipped:
        st.header("Examples to start from", anchor=False)
        _grid(desk, shipped)


def _nothing_yet() -> None:
    with st.container(border=True, key="quiet-empty"):
        st.markdown("Nothing here yet. Say in plain words what an assistant should do, and gptsmith writes it for you.")
        st.button("Describe your first assistant", icon=":material/edit_note:", on_click=session.go, args=("create",))


def _grid(desk: Desk, cards: list[Card]) -> None:
    for start in range(0, len(cards), _COLUMNS):
        row = cards[start : start + _COLUMNS]
        for column, card in zip(st.columns(_COLUMNS, gap="medium"), row, strict=False):
            with column:
                _card(desk, card)


def _card(desk: Desk, card: Card) -> None:
    with st.container(border=True, key=f"card-{card.id}", height="stretch"):
        st.subheader(markdown.line(card.name), anchor=False)
        if card.error:
            st.warning("The file has a problem and cannot be opened.", icon=":material/warning:")
        elif card.description:
            st.markdown(markdown.line(card.description))
        with st.container(key=f"quiet-starters-{card.id}", height="stretch"):
            for starter in card.starters[:2]:
                st.markdown(f"*“{markdown.line(starter)}”*")
        _buttons(desk, card)


def _buttons(desk: Desk, card: Card) -> None:
    with st.container(horizontal=True, gap="small"):
        if card.id.startswith(DRAFT):
            st.button("Go on", key=f"edit-{card.id}", type="primary", on_click=_edit, args=(card.id,))
        elif card.error:
            st.button("Repair", key=f"edit-{card.id}", type="primary", on_click=_edit, args=(card.id,))
        else:
            st.button("Chat", key=f"open-{card.id}", type="primary", on_click=_open, args=(card.id,))
            word = "Look inside" if card.shipped else "Edit"
            st.button(word, key=f"edit-{card.id}", on_click=_edit, args=(card.id,))
        if card.shipped or card.id == OPENED:
            return
        # The label is there for screen readers; the style sheet shows the icon alone.
        label = f"Delete {markdown.line(card.name)}"
        if st.button(label, key=f"delete-{card.id}", icon=":material/delete:", type="tertiary", help="Delete"):
            _confirm_delete(desk, card)


@st.dialog("Delete this assistant?")
def _confirm_delete(desk: Desk, card: Card) -> None:
    st.markdown(f"**{markdown.line(card.name)}**")
    st.markdown(f"Its file and its conversations are deleted from this computer: {markdown.line(card.path.name)}")
    # The callback does the work, the return value closes the dialog.
    with st.container(horizontal=True):
        if st.button("Delete", type="primary", key="confirm-delete", on_click=_delete, args=(desk, card)):
            st.rerun()
        if st.button("Keep it", key="keep"):
            st.rerun()


def _delete(desk: Desk, card: Card) -> None:
    try:
        desk.delete(card.id)
    except GptsmithError as error:
        session.fail(str(error))
        return
    session.say(f"{card.name} is deleted.")


def _open(assistant: str) -> None:
    session.go("chat", assistant=assistant)


def _edit(assistant: str) -> None:
    session.go("edit", assistant=assistant)
