"""The page Models: what there is for this machine, what is here, and the place to connect something stronger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import streamlit as st

from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.errors import GptsmithError
from gptsmith.models.chat.providers import label, leaves_machine
from gptsmith.models.shelf import size_words
from gptsmith.models.shelf.fetching import Running
from gptsmith.ui.web import session
from gptsmith.ui.web.parts import markdown, model_lines
from gptsmith.ui.web.state.stock import KINDS, OPENAI, Row, Stock, first

# The part of the page Models that connects something stronger: Ollama, OpenAI, any compatible address.

_OPENAI_MODEL = "gpt-4o-mini"
_TESTED = "model-tested"


def draw_connections(stock: Stock) -> None:
    """Draw what can be connected."""
    st.markdown(
        "Use one for all assistants here, or for a single one in its settings under *Model*. A model that is not on "
        "this computer is sent what you write, the passages found in your files, and the pictures you attach."
    )
    _ollama(stock)
    _openai(stock)
    _server(stock)


def _ollama(stock: Stock) -> None:
    with st.container(border=True, key="connect-ollama", gap="small"):
        st.markdown("**Ollama on this computer**")
        found = stock.ollama()
        if found is None:
            st.caption("Not found. When `ollama serve` runs, its models are listed here. Text stays on this computer.")
            return
        if not found.models:
            st.caption(f"It runs at {found.url} and has no model yet: `ollama pull qwen3:8b` fetches one.")
            return
        st.caption(f":material/lock: Found at {found.url}. Text stays on this computer.")
        name = st.selectbox("Model", found.models, key="ollama-model")
        _use_and_test(stock, found.spec(name), "ollama")


def _openai(stock: Stock) -> None:
    with st.container(border=True, key="connect-openai", gap="small"):
        st.markdown("**OpenAI**")
        st.caption(":material/cloud_upload: Text is sent to api.openai.com.")
        source = stock.key_from()
        if source == "environment":
            st.markdown(f"The key comes from the environment variable `{OPENAI}`.")
        elif source == "keyring":
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown("The key is in the keyring of your system.", width="stretch")
                st.button("Forget the key", key="forget-key", type="tertiary", on_click=_forget, args=(stock,))
        elif stock.can_store():
            st.text_input("Key", type="password", key="openai-key", placeholder="sk-…", autocomplete="off")
            st.caption("It is kept in the keyring of your system, never in a file of gptsmith.")
            st.button("Keep the key", key="keep-key", on_click=_keep, args=(stock,))
        else:
            st.markdown(f"Set the environment variable `{OPENAI}` to your key and start gptsmith again.")
            st.caption("This system has no keyring that could hold the key, and gptsmith keeps none in a file.")
        if source:
            session.put_first("openai-model", _OPENAI_MODEL)
            name = st.text_input("Model", key="openai-model", max_chars=200)
            _use_and_test(stock, ModelSpec(provider="openai", name=(name or _OPENAI_MODEL).strip()), "openai")


def _server(stock: Stock) -> None:
    with st.container(border=True, key="connect-server", gap="small"):
        st.markdown("**Any OpenAI-compatible address**")
        st.caption("llama.cpp, vLLM, LM Studio, a company's own gateway. Text is sent to that address.")
        left, right = st.columns(2)
        url = left.text_input("Address", key="server-url", placeholder="http://127.0.0.1:8080/v1", max_chars=500)
        name = right.text_input("Model", key="server-model", placeholder="my-model", max_chars=200)
        variable = st.text_input(
            "Environment variable with the key, if it wants one",
            key="server-variable",
            placeholder="MY_SERVER_KEY",
            max_chars=100,
        )
        if not (url and name):
            return
        try:
            spec = stock.server(url, name, variable or "")
            host = leaves_machine(spec)
        except GptsmithError as error:
            st.warning(markdown.plain(str(error)))
            return
        if host:
            st.caption(f":material/cloud_upload: Text is sent to {markdown.line(host)}.")
        else:
            st.caption(":material/lock: Text stays on this computer.")
        _use_and_test(stock, spec, "server")


def _use_and_test(stock: Stock, spec: ModelSpec, key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button("Test", key=f"test-{key}", icon=":material/network_check:"):
            with st.spinner("Asking it for one word", show_time=True):
                tested = stock.test(spec)
            session.put(_TESTED, (key, label(spec), tested.ok, tested.text))
        if stock.chosen(spec):
            st.markdown(":green-badge[in use for all]", width="content")
        else:
            st.button("Use for all", key=f"use-{key}", type="primary", on_click=_use_connection, args=(stock, spec))
    result = session.value(_TESTED)
    if result and result[:2] == (key, label(spec)):
        _, name, ok, text = result
        if ok:
            st.success(f"{markdown.line(name)} answered: {markdown.line(text)}", icon=":material/check:")
        else:
            st.error(markdown.plain(text), icon=":material/error:")


def _keep(stock: Stock) -> None:
    try:
        stock.store_key(str(session.value("openai-key") or ""))
    except GptsmithError as error:
        session.fail(str(error))
        return
    session.forget("openai-key")
    session.say("The key is in your system's keyring.")


def _forget(stock: Stock) -> None:
    try:
        stock.forget_key()
    except GptsmithError as error:
        session.fail(str(error))
        return
    session.say("The key is forgotten.")


def _use_connection(stock: Stock, spec: ModelSpec) -> None:
    try:
        stock.use(spec)
    except GptsmithError as error:
        session.fail(str(error))
        return
    session.say(f"Assistants that name no model use {label(spec)} now.")


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
    draw_connections(stock)


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
        st.progress(_fraction(running), text=model_lines.how_far(running.progress))
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
