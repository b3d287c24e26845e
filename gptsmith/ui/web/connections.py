"""The part of the page Models that connects something stronger: Ollama, OpenAI, any compatible address."""

from __future__ import annotations

import streamlit as st

from gptsmith.assistants.spec import ModelSpec
from gptsmith.errors import GptsmithError
from gptsmith.models.chat.providers import label, leaves_machine
from gptsmith.ui.web import markdown, session
from gptsmith.ui.web.stock import OPENAI, Stock

_OPENAI_MODEL = "gpt-4o-mini"
_TESTED = "model-tested"


def draw(stock: Stock) -> None:
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
            st.button("Use for all", key=f"use-{key}", type="primary", on_click=_use, args=(stock, spec))
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


def _use(stock: Stock, spec: ModelSpec) -> None:
    try:
        stock.use(spec)
    except GptsmithError as error:
        session.fail(str(error))
        return
    session.say(f"Assistants that name no model use {label(spec)} now.")
