"""The default language model on its way: what the pages say of it, and that a no is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gptsmith.models.chat import arrival
from gptsmith.models.chat.embedded import EmbeddedChatModel
from gptsmith.models.chat.embedded.floor import CONNECT
from gptsmith.models.chat.providers import read_settings
from gptsmith.models.shelf import Shelf, fetching, shelf
from gptsmith.ui.web.state import stock
from tests.support.model_server import ModelServer, small_catalogue
from tests.support.pages import make_library, open_page, words

WEIGHTS = b"GGUF" + bytes(range(256)) * 2000
FILE = "small/weights.gguf"


@pytest.fixture(autouse=True)
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """A mirror with the one default model, and a library."""
    make_library(tmp_path, monkeypatch)
    models = small_catalogue({"small": {"weights.gguf": WEIGHTS}})
    monkeypatch.setattr(shelf, "catalogue", lambda: models)
    monkeypatch.setattr(stock, "find_ollama", lambda: None)
    with ModelServer({FILE: WEIGHTS}) as found:
        monkeypatch.setenv("GPTSMITH_MODEL_MIRROR", found.url)
        yield found


def settled() -> None:
    """Wait until the fetch in the background has ended."""
    give_up = time.monotonic() + 30
    while fetching.fetches().of("small").active and time.monotonic() < give_up:
        time.sleep(0.02)
    assert not fetching.fetches().of("small").active


def buttons(at: AppTest) -> set[str]:
    return {button.key for button in at.button if button.key and button.key.startswith("arrival")}


def press(at: AppTest, key: str) -> AppTest:
    return at.button(key=f"arrival-{key}").click().run()


PAGES = [{}, {"page": "create"}, {"page": "chat", "assistant": "night-sky"}]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.get("page", "gallery"))
def test_every_page_says_what_is_fetched_and_the_line_goes_when_it_is_here(
    server: ModelServer, page: dict[str, str]
) -> None:
    server.modes[FILE] = ["hold:200000", "ok"]
    arrival.begin()
    assert server.held.wait(10)
    at = open_page(**page)
    said = words(at)
    assert "Fetching **Small**, which lets assistants write (1 MB, licence MIT): 1 MB" in said
    assert buttons(at) == {"arrival-pause", "arrival-no"}
    server.release.set()
    settled()
    at.run()
    assert "Fetching" not in words(at) and not buttons(at)
    assert [toast.value for toast in at.toast] == ["The language model is here: assistants write now."]
    assert not at.run().toast
    assert "Fetching" not in words(open_page(**page))


def test_a_pause_is_kept_until_the_person_goes_on(server: ModelServer) -> None:
    server.modes[FILE] = ["hold:200000", "ok"]
    arrival.begin()
    assert server.held.wait(10)
    at = press(open_page(), "pause")
    assert "is paused: 1 MB of 1 MB are here." in words(at)
    server.release.set()
    settled()
    arrival.begin()  # as the next start of the program does
    assert not fetching.fetches().of("small").active
    assert "is paused" in words(open_page(page="create"))
    press(at, "go-on")
    settled()
    assert Shelf().path("small") is not None
    assert server.requests[-1][1].startswith("bytes=")


def said_by_the_floor() -> str:
    return str(EmbeddedChatModel().invoke("Write a poem about the moon").content)


def test_the_assistant_says_how_far_its_language_model_is(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said_by_the_floor() == f"{CONNECT} Small (1 MB) is not here yet."
    server.modes[FILE] = ["hold:200000", "404"]
    arrival.begin()
    assert server.held.wait(10)
    assert said_by_the_floor().startswith(f"{CONNECT} Small is on its way: ")
    arrival.wish("small", "later")
    assert said_by_the_floor().startswith(f"{CONNECT} the download of Small is paused: ")
    server.release.set()
    settled()
    arrival.wish("small", "yes")
    settled()
    failed = f"{CONNECT} Small could not be fetched: none of the places that have it could be reached."
    assert said_by_the_floor() == failed
    monkeypatch.setenv("GPTSMITH_MIND", "off")
    assert said_by_the_floor() == f"{CONNECT} it is switched off here (GPTSMITH_MIND)."


def test_a_pause_that_is_taken_back_at_once_goes_on(server: ModelServer) -> None:
    server.modes[FILE] = ["hold:200000", "ok"]
    arrival.begin()
    assert server.held.wait(10)
    press(press(open_page(), "pause"), "go-on")
    server.release.set()
    settled()
    assert Shelf().path("small") is not None


def test_a_no_is_kept_and_the_models_page_still_offers_it(server: ModelServer) -> None:
    server.modes[FILE] = ["hold:200000", "ok"]
    arrival.begin()
    assert server.held.wait(10)
    at = press(open_page(), "no")
    assert [toast.value for toast in at.toast] == ["It is not fetched. You can get it later, under Models."]
    server.release.set()
    settled()
    arrival.begin()
    assert not fetching.fetches().of("small").active and read_settings().fetch == "no"
    assert not buttons(open_page())
    open_page(page="models").button(key="get-small").click().run()
    settled()
    assert Shelf().path("small") is not None and read_settings().fetch == "yes"


def test_what_was_removed_does_not_come_back_by_itself() -> None:
    arrival.begin()
    settled()
    open_page(page="models").button(key="bare-remove-small").click().run()
    arrival.begin()
    assert not fetching.fetches().of("small").active
    assert arrival.look().state == "declined"


def test_without_a_network_one_calm_line_says_so(server: ModelServer) -> None:
    server.modes[FILE] = ["404", "ok"]
    arrival.begin()
    settled()
    at = open_page()
    assert (
        "**Small**, which lets assistants write, is not here yet: none of the places that have it could be reached. "
        "Everything else works."
    ) in words(at)
    assert not at.error and buttons(at) == {"arrival-again", "arrival-no"}
    press(at, "again")
    settled()
    assert not buttons(at.run())


def switch(name: str, value: str) -> Callable[[pytest.MonkeyPatch, Path], None]:
    return lambda patch, _home: patch.setenv(name, value)


def damage(_patch: pytest.MonkeyPatch, home: Path) -> None:
    home.mkdir(exist_ok=True)
    (home / "settings.json").write_text("{")


@pytest.mark.parametrize(
    "given",
    [
        switch("GPTSMITH_FETCH", "off"),
        switch("GPTSMITH_MIND", "off"),
        switch("OPENAI_API_KEY", "sk-of-somebody"),
        switch("GPTSMITH_MODEL", "ollama:qwen3:8b"),
        switch("GPTSMITH_MODEL", "nonsense"),
        damage,
    ],
    ids=["fetch-off", "mind-off", "key", "model", "bad-model", "damaged-settings"],
)
def test_nothing_is_fetched_where_it_is_not_wanted_or_not_used(
    given: Callable[[pytest.MonkeyPatch, Path], None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    server: ModelServer,
) -> None:
    given(monkeypatch, tmp_path / "home")
    arrival.begin()
    assert not fetching.fetches().of("small").active and not server.requests
    assert not buttons(open_page())
