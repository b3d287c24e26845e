"""The page Models: what there is for this machine, what is here, and the place to connect something stronger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import streamlit as st

from gptsmith.assistants.spec import ModelSpec
from gptsmith.errors import GptsmithError
from gptsmith.models.shelf import size_words
from gptsmith.models.shelf.background import Running
from gptsmith.ui.web import arrival_line, connections, markdown, session
from gptsmith.ui.web.stock import KINDS, Row, Stock, first

_TICK_SECONDS = 1.0
_USES = {
    "pictures": "Name it in an assistant's picture tool: `model: local:{}`.",
    "vision": "Name it in the tool that describes pictures: `model: local:{}`.",
}


def draw(stock: Stock) -> None:
    """Draw the page."""
    st.title("Models", anchor=False)
    _in_use(stock)
    st.header("On this computer", anchor=False)
    st.markdown(
        "They are fetched once and work without a network from then on. Nothing you write leaves this computer."
    )
    # While something comes, only the list is drawn again, so that what is typed further below stays.
    st.fragment(_shelf, run_every=_TICK_SECONDS if stock.busy else None)(stock, stock.busy)
    st.header("Something stronger", anchor=False)
    connections.draw(stock)


def _in_use(stock: Stock) -> None:
    now = stock.in_use()
    if now.problem:
        st.error(markdown.plain(now.problem), icon=":material/error:")
        st.button("Forget the choice", key="unchoose", on_click=_use, args=(stock, None))
        return
    place = ":material/lock: Text stays on this computer."
    if now.leaves:
        place = f":orange[:material/cloud_upload: Text is sent to {markdown.line(now.leaves)}.]"
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="in-use"):
        said = (
            f"Assistants that name no model use **{markdown.line(now.name)}**, since {markdown.line(now.why)}. {place}"
        )
        st.markdown(f"{said} {_lacks(stock, now.name)}".strip(), width="stretch")
        if now.why.startswith("you chose"):
            st.button("Take back", key="unchoose", type="tertiary", on_click=_use, args=(stock, None))


def _lacks(stock: Stock, name: str) -> str:
    """Say that the embedded model only quotes until the default model of this machine is here."""
    if name != "embedded":
        return ""
    if missing := stock.default_missing():
        return f"It quotes your files; to write, it needs **{markdown.line(missing)}** from below."
    used, better = map(markdown.line, stock.better_default())
    return f"It writes with **{used}**; **{better}** from below would be better on this computer." if better else ""


def _shelf(stock: Stock, was_busy: bool) -> None:
    if was_busy and not stock.busy:
        st.rerun()  # the last fetch has ended: the whole page says so, and looks no more
    rows = stock.rows()
    for kind, title in KINDS.items():
        found = first(rows, kind)
        if found:
            st.markdown(f"**{title}**")
        for row in found:
            _row(stock, row)
    st.caption(f"Kept in {markdown.line(stock.root)}")


def _row(stock: Stock, row: Row) -> None:
    model = row.model
    with st.container(border=True, key=f"model-{model.name}", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{markdown.line(model.title)}** {_badges(row)}", width="stretch")
            _buttons(stock, row)
        st.markdown(markdown.line(model.good_for))
        card = f" · [about it]({model.card})" if model.card else ""
        licence = f"Licence: {markdown.line(f'{model.licence}. {model.licence_note}'.strip())}"
        st.caption(f"`{model.name}` · {row.facts} · {licence}{card}")
        if not row.fits:
            st.caption(":material/warning: More than this computer has: it would be slow, or not start.")
        if row.status.state == "here" and model.kind in _USES:
            st.caption(_USES[model.kind].format(model.name))
        _progress(row)


def _badges(row: Row) -> str:
    state = {"here": ":green-badge[here]", "altered": ":red-badge[damaged]"}.get(row.status.state, "")
    found = [":blue-badge[fits this computer best]" if row.default else "", state]
    found.append(":gray-badge[sees pictures]" if row.model.sees else "")
    return " ".join(badge for badge in found if badge)


def _buttons(stock: Stock, row: Row) -> None:
    name = row.model.name
    if row.running.active:
        label = "Pausing" if row.running.pausing else "Pause"
        if st.button(label, key=f"pause-{name}", icon=":material/pause:", disabled=row.running.pausing):
            _do(lambda: stock.pause(name))
        return
    if row.status.state != "here":
        label = {"partial": "Go on", "altered": "Fetch again"}.get(row.status.state, "Get")
        kind: Literal["primary", "secondary"] = "primary" if row.default else "secondary"
        if st.button(label, key=f"get-{name}", icon=":material/download:", type=kind):
            _do(lambda: stock.get(name))
    elif row.model.kind == "chat" and not row.default:
        spec = ModelSpec(provider="local", name=name)
        if not stock.chosen(spec) and st.button("Use for all", key=f"use-{name}"):
            _do(lambda: stock.use(spec))
    if row.status.state != "absent":
        # The label is there for screen readers; the style sheet shows the icon alone.
        label, key = f"Remove {row.model.title}", f"bare-remove-{name}"
        if st.button(label, key=key, icon=":material/delete:", type="tertiary", help="Remove"):
            _do(lambda: session.say(stock.remove(name)))


def _do(action: Callable[[], None]) -> None:
    """Do what a button of the list says, and draw the whole page: a callback would draw the list alone."""
    try:
        action()
    except GptsmithError as error:
        session.fail(str(error))
    st.rerun()


def _progress(row: Row) -> None:
    running, status = row.running, row.status
    if running.active:
        st.progress(_fraction(running), text=arrival_line.how_far(running.progress))
        for note in running.progress.notes if running.progress else ():
            st.caption(f":material/info: Passed over: {markdown.line(note)}")
        return
    if running.error:
        st.error(markdown.plain(running.error), icon=":material/error:")
    if status.state == "partial":
        done = f"{size_words(status.done)} of {size_words(status.total)} are here; it goes on from there."
        st.progress(min(1.0, status.done / max(1, status.total)), text=done)


def _fraction(running: Running) -> float:
    return running.progress.fraction if running.progress else 0.0


def _use(stock: Stock, spec: ModelSpec | None) -> None:
    try:
        stock.use(spec)
    except GptsmithError as error:
        session.fail(str(error))
