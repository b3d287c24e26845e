"""The line about the default language model on its way, on every page: what it is, how far, how to say no."""

from __future__ import annotations

import streamlit as st

from gptsmith.errors import GptsmithError
from gptsmith.models.chat.arrival import Arrival
from gptsmith.models.chat.settings import FetchWish
from gptsmith.models.shelf import Progress, size_words
from gptsmith.ui.web import markdown, session
from gptsmith.ui.web.stock import Stock

_TICK_SECONDS = 2.0
_OVER = ("here", "declined")
_SEEN, _SAID = "arrival-seen", "arrival-said"
_HERE = "The language model is here: assistants write now."
_NO = "It is not fetched. You can get it later, under Models."


def draw(stock: Stock) -> None:
    """Draw the line while there is something to say; a fragment, so that what is typed beside it stays."""
    over = stock.arrival().state in _OVER
    st.fragment(_line, run_every=None if over else _TICK_SECONDS)(stock)


def how_far(progress: Progress | None) -> str:
    """Return how far a fetch is, in words."""
    if progress is None:
        return "Looking for where it can be had"
    if progress.phase == "waiting":
        return "Another window or program is fetching it"
    if progress.phase == "checking":
        return "Checking that it is what was published"
    text = f"{size_words(progress.done)} of {size_words(progress.total)} from {markdown.line(progress.source)}"
    return f"{text}, {progress.time_left} left" if progress.time_left else text


def _line(stock: Stock) -> None:
    now = stock.arrival()
    if now.state == "here" and session.value(_SEEN):
        session.put(_SAID, _HERE)
    if said := session.value(_SAID):
        st.toast(markdown.line(said))
        session.forget(_SAID)
    if now.model is None or now.state == "waiting" or now.state in _OVER:
        session.forget(_SEEN)
        return
    session.put(_SEEN, True)
    with st.container(key="quiet-arrival", gap=None):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(_said(now), width="stretch")
            with st.container(horizontal=True, width="content", gap="small"):
                for label, key, wish in _choices(now):
                    args = (stock, now.model.name, wish)
                    st.button(label, key=f"arrival-{key}", type="tertiary", on_click=_wish, args=args)
        if now.state == "coming":
            st.progress(now.done / max(1, now.model.size))


def _said(now: Arrival) -> str:
    assert now.model is not None, "the line was drawn without a model"  # noqa: S101
    title, size = f"**{markdown.line(now.model.title)}**", size_words(now.model.size)
    if now.state == "coming":
        licence = markdown.line(now.model.licence)
        return f"Fetching {title}, which lets assistants write ({size}, licence {licence}): {_far(now)}"
    if now.state == "paused":
        part = f"{size_words(now.done)} of {size} are here" if now.done else f"{size} to fetch"
        return f"{title}, which lets assistants write, is paused: {part}."
    return f"{title}, which lets assistants write, is not here yet: {now.problem}. Everything else works."


def _far(now: Arrival) -> str:
    """Return how far it is in a word or two; the page Models says where it comes from."""
    progress = now.progress
    if progress is None or progress.phase != "fetching":
        return "checking" if progress and progress.phase == "checking" else "waiting"
    far = size_words(progress.done)
    return f"{far}, {progress.time_left} left" if progress.time_left else far


def _choices(now: Arrival) -> list[tuple[str, str, FetchWish]]:
    first: dict[str, tuple[str, str, FetchWish]] = {
        "coming": ("Pause", "pause", "later"),
        "paused": ("Go on", "go-on", "yes"),
        "failed": ("Try again", "again", "yes"),
    }
    return [first[now.state], ("No, thanks", "no", "no")]


def _wish(stock: Stock, name: str, wish: FetchWish) -> None:
    try:
        stock.wish(name, wish)
    except GptsmithError as error:
        session.put(_SAID, str(error))
        return
    session.put(_SAID, _NO if wish == "no" else "")
