"""The lines about the language model: which one answers, and one on its way."""

from __future__ import annotations

import streamlit as st

from gptsmith.errors import GptsmithError
from gptsmith.models.chat.arrival import Arrival
from gptsmith.models.chat.providers import FetchWish
from gptsmith.models.shelf import Progress, size_words
from gptsmith.ui.web import session
from gptsmith.ui.web.parts import markdown
from gptsmith.ui.web.state.desk import ModelNote
from gptsmith.ui.web.state.stock import Stock

# Which model answers, how to change it, and whether text leaves the machine: said the same way on every page.

_HOW = """
The first of these that is set decides:

1. `model:` in the assistant's spec, for example `model: "ollama:qwen3:8b"`
2. the environment variable `GPTSMITH_MODEL`, for example `GPTSMITH_MODEL=openai:gpt-4o-mini`
3. the model that you chose for all assistants on the page *Models*
4. OpenAI's `gpt-4o-mini`, when `OPENAI_API_KEY` is set
5. the embedded model, which works offline

A variable counts after gptsmith is started again.
"""


def draw(note: ModelNote) -> None:
    """Draw one quiet line with a way to read more."""
    with st.container(horizontal=True, vertical_alignment="center", key="quiet-model", gap="small"):
        place = _place(note)
        st.markdown(f":material/memory: {markdown.line(note.name)} · {place}", width="content")
        with st.popover("Change", type="tertiary"):
            st.markdown(f"**Active model: {markdown.line(note.name)}**")
            if note.problem:
                st.warning(markdown.plain(note.problem))
            st.markdown(_HOW)
            st.button("Models", icon=":material/memory:", key="to-models", on_click=session.go, args=("models",))


def connect(key: str) -> None:
    """Draw the way to the page on which a language model is fetched or connected."""
    st.button("Connect a model", icon=":material/power:", key=key, on_click=session.go, args=("models",))


def _place(note: ModelNote) -> str:
    if note.leaves:
        return f":orange[:material/cloud_upload: text is sent to {markdown.line(note.leaves)}]"
    return ":material/lock: text stays on this computer"


# The line about the default language model on its way, on every page: what it is, how far, how to say no.

_TICK_SECONDS = 2.0
_OVER = ("here", "declined")
_SEEN, _SAID = "arrival-seen", "arrival-said"
_HERE = "The language model is here: assistants write now."
_NO = "It is not fetched. You can get it later, under Models."


def draw_arrival(stock: Stock) -> None:
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
