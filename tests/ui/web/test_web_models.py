"""The page Models: what a person reads and presses, with the real shelf behind it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gptsmith.models.chat.providers import read_settings
from gptsmith.models.shelf import Shelf, fetching, shelf
from gptsmith.ui.web.state import stock
from tests.support.loopback import Loopback
from tests.support.model_server import ModelServer, small_catalogue
from tests.support.pages import make_library, open_page, words

WEIGHTS = b"GGUF" + bytes(range(256)) * 2000


@pytest.fixture(autouse=True)
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """A mirror with two models, and a machine that has no Ollama."""
    make_library(tmp_path, monkeypatch)
    models = small_catalogue({"small": {"weights.gguf": WEIGHTS}, "other": {"weights.gguf": WEIGHTS}})
    monkeypatch.setattr(shelf, "catalogue", lambda: models)
    monkeypatch.setattr(stock, "find_ollama", lambda: None)
    with ModelServer({"small/weights.gguf": WEIGHTS, "other/weights.gguf": WEIGHTS}) as found:
        monkeypatch.setenv("GPTSMITH_MODEL_MIRROR", found.url)
        yield found


def settled(name: str) -> None:
    """Wait until the fetch in the background has ended."""
    give_up = time.monotonic() + 30
    while fetching.fetches().of(name).active and time.monotonic() < give_up:
        time.sleep(0.02)
    assert not fetching.fetches().of(name).active


def keys_of(at: AppTest) -> set[str]:
    return {button.key for button in at.button if button.key}


def test_the_page_is_reached_from_the_sidebar_and_says_what_there_is() -> None:
    at = open_page()
    at.button(key="nav-models").click().run()
    said = words(at)
    assert "to write, it needs **Small** from below" in said
    for text in ("**Small** :blue-badge[fits this computer best]", "Licence: MIT", "1 MB to fetch", "embedded"):
        assert text in said
    assert {"get-small", "get-other"} <= keys_of(at)


def test_get_fetches_in_the_background_and_the_model_is_here() -> None:
    at = open_page(page="models")
    at.button(key="get-small").click().run()
    settled("small")
    at.run()
    assert ":green-badge[here]" in words(at) and "get-small" not in keys_of(at)
    assert "from below" not in words(at)
    assert Shelf().path("small") is not None
    at.button(key="bare-remove-small").click().run()
    assert "get-small" in keys_of(at) and Shelf().path("small") is None


def test_a_smaller_model_that_is_here_writes_and_the_best_one_keeps_its_badge() -> None:
    Shelf().get("other")
    said = words(open_page(page="models"))
    assert "It writes with **Other**; **Small** from below would be better on this computer." in said
    assert "**Small** :blue-badge[fits this computer best]" in said


def test_a_fetch_is_paused_outlives_the_page_and_goes_on(server: ModelServer) -> None:
    server.modes["small/weights.gguf"] = ["hold:200000", "ok"]
    at = open_page(page="models")
    at.button(key="get-small").click().run()
    assert server.held.wait(10)
    fresh = open_page(page="models")  # another tab, or the same one after a reload
    assert "pause-small" in keys_of(fresh)
    fresh.button(key="pause-small").click().run()
    assert fresh.button(key="pause-small").label == "Pausing"
    server.release.set()
    settled("small")
    fresh.run()
    assert fresh.button(key="get-small").label == "Go on"
    fresh.button(key="get-small").click().run()
    settled("small")
    assert Shelf().path("small") is not None
    assert server.requests[-1][1].startswith("bytes=")


def test_why_a_fetch_failed_stands_there(server: ModelServer) -> None:
    server.modes["small/weights.gguf"] = ["html"]
    at = open_page(page="models")
    at.button(key="get-small").click().run()
    settled("small")
    at.run()
    assert "it answered with a web page instead of the file" in words(at)
    assert at.button(key="get-small").label == "Get"


def test_a_model_of_this_machine_is_chosen_for_all_and_taken_back() -> None:
    Shelf().get("other")
    Shelf().get("small")
    at = open_page(page="models")
    assert "use-small" not in keys_of(at)  # it is what `embedded` uses anyway
    at.button(key="use-other").click().run()
    chosen = read_settings().model
    assert chosen is not None and (chosen.provider, chosen.name) == ("local", "other")
    assert "you chose it for all assistants" in words(at)
    at.button(key="unchoose").click().run()
    assert read_settings().model is None


def test_any_compatible_address_is_tested_and_used(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_SERVER", loopback.api_key)
    loopback.push("Ready!")
    at = open_page(page="models")
    at.text_input(key="server-url").set_value(loopback.base_url)
    at.text_input(key="server-variable").set_value("MY_SERVER")
    at.text_input(key="server-model").set_value("mine").run()
    assert "Text stays on this computer" in words(at)
    at.button(key="test-server").click().run()
    assert "mine answered: Ready" in words(at)
    at.button(key="use-server").click().run()
    chosen = read_settings().model
    assert chosen is not None and chosen.base_url == loopback.base_url
    assert "you chose it for all assistants" in words(at)


@pytest.mark.parametrize(
    ("url", "variable", "said"),
    [
        ("ftp://x", "", "the address is no URL"),
        ("http://127.0.0.1:9/v1", "sk-123-abc", "never the key itself"),
        ("http://127.0.0.1:9/v1", "NOTSET", "NOTSET"),
        ("https://models.example/v1", "", "Text is sent to models.example"),
    ],
)
def test_what_is_wrong_with_an_address_is_said(url: str, variable: str, said: str) -> None:
    at = open_page(page="models")
    at.text_input(key="server-url").set_value(url)
    at.text_input(key="server-variable").set_value(variable)
    at.text_input(key="server-model").set_value("mine").run()
    if variable == "NOTSET":
        at.button(key="test-server").click().run()
    assert said in words(at)


def test_a_key_of_the_environment_is_enough_and_openai_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "use-openai" not in keys_of(open_page(page="models"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-from-environment")
    at = open_page(page="models")
    assert "The key comes from the environment variable" in words(at) and "sk-from" not in words(at)
    assert "Text is sent to api.openai.com.]" in words(at)
    assert {"use-openai", "test-openai"} <= keys_of(at)


def test_ollama_with_its_models_is_one_click_away(monkeypatch: pytest.MonkeyPatch) -> None:
    from gptsmith.models.chat.providers import Ollama

    monkeypatch.setattr(stock, "find_ollama", lambda: Ollama("http://127.0.0.1:11434", ("qwen3:8b", "llava")))
    at = open_page(page="models")
    at.selectbox(key="ollama-model").set_value("llava").run()
    at.button(key="use-ollama").click().run()
    chosen = read_settings().model
    assert chosen is not None and chosen.name == "llava"


def test_a_damaged_choice_can_be_forgotten(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "home" / "settings.json").write_text("{")
    at = open_page(page="models")
    assert "cannot be read, and with it the model that you chose" in words(at)
    at.button(key="unchoose").click().run()
    assert "embedded" in words(at)
