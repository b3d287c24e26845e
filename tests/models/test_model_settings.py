"""What is chosen for all assistants: the default model, keys in the keyring of the system, Ollama on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.errors import NotReadyError
from gptsmith.models.chat import providers
from gptsmith.models.chat.factory import choose_model
from gptsmith.models.chat.providers import choose_for_all, connection, find_ollama, label, read_settings
from gptsmith.state import home_path

keyring = pytest.importorskip("keyring")


class Memory(keyring.backend.KeyringBackend):  # type: ignore[name-defined,misc]
    """A keyring in memory; `refuses` makes it one that is locked."""

    priority = 5

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.refuses = False

    def get_password(self, service: str, name: str) -> str | None:
        self._look()
        return self.kept.get((service, name))

    def set_password(self, service: str, name: str, key: str) -> None:
        self._look()
        self.kept[service, name] = key

    def delete_password(self, service: str, name: str) -> None:
        self._look()
        del self.kept[service, name]

    def _look(self) -> None:
        if self.refuses:
            raise keyring.errors.KeyringLocked("it is locked")


@pytest.fixture
def system() -> Iterator[Memory]:
    """The keyring of the system, for one test."""
    before, mine = keyring.get_keyring(), Memory()
    keyring.set_keyring(mine)
    yield mine
    keyring.set_keyring(before)


LOCAL = ModelSpec(provider="openai", name="mine", base_url="http://127.0.0.1:1/v1", api_key="${env:MINE}")


@pytest.mark.parametrize(
    ("override", "in_file", "environment", "chosen"),
    [
        ("ollama:a", "openai:b", {"GPTSMITH_MODEL": "embedded"}, "ollama:a"),
        (None, "openai:b", {"GPTSMITH_MODEL": "embedded"}, "openai:b"),
        (None, None, {"GPTSMITH_MODEL": "ollama:c", "OPENAI_API_KEY": "k"}, "ollama:c"),
        (None, None, {"OPENAI_API_KEY": "k"}, "openai:mine"),
        (None, None, {}, "openai:mine"),
    ],
)
def test_the_choice_for_all_stands_between_the_environment_and_openai(
    override: str | None,
    in_file: str | None,
    environment: dict[str, str],
    chosen: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    choose_for_all(LOCAL)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    parts = in_file.split(":") if in_file else None
    assert label(choose_model(ModelSpec(provider=parts[0], name=parts[1]) if parts else None, override)) == chosen
    assert read_settings().model == LOCAL


def test_a_choice_is_taken_back_and_what_is_not_known_is_kept() -> None:
    home_path().mkdir(parents=True)
    file = home_path() / "settings.json"
    file.write_text('{"model": {"provider": "embedded"}, "later": 1}')
    choose_for_all(LOCAL)
    assert json.loads(file.read_text())["later"] == 1
    choose_for_all(None)
    assert json.loads(file.read_text()) == {"later": 1}
    assert choose_model(None).provider == "embedded"


@pytest.mark.parametrize(
    "text", ["", "{", '{"model": "embedded"}', '{"model": {"provider": 3}}', '{"model": {"api_key": "sk-1"}}']
)
def test_a_damaged_choice_is_said_and_never_replaced_by_another_model(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home_path().mkdir(parents=True)
    (home_path() / "settings.json").write_text(text)
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    with pytest.raises(NotReadyError, match="cannot be read, and with it the model that you chose") as error:
        choose_model(None)
    assert error.value.code == "bad_state" and "sk-1" not in str(error.value)


def test_a_key_lives_in_the_keyring_and_in_no_file(system: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    openai = ModelSpec(provider="openai", name="gpt-4o-mini")
    assert providers.can_store() and providers.find_key("OPENAI_API_KEY") == ""
    providers.store_key("OPENAI_API_KEY", " sk-secret-1\n")
    assert connection(openai).key == "sk-secret-1"
    assert not any("sk-secret-1" in p.read_text() for p in Path(home_path()).rglob("*") if p.is_file())
    assert choose_model(None).provider == "embedded"  # a key alone chooses nothing
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
    assert connection(openai).key == "sk-other"
    monkeypatch.delenv("OPENAI_API_KEY")
    providers.forget_key("OPENAI_API_KEY")
    assert system.kept == {}
    with pytest.raises(NotReadyError, match="needs a key in the environment variable OPENAI_API_KEY"):
        connection(openai)


def test_a_key_of_the_keyring_goes_to_its_own_host_only(system: Memory) -> None:
    providers.store_key("OPENAI_API_KEY", "sk-secret-1")
    elsewhere = ModelSpec(provider="openai", name="x", base_url="https://models.example/v1")
    assert connection(elsewhere).key == "not-needed"


def test_the_keyring_is_not_asked_before_a_key_was_stored(system: Memory) -> None:
    system.refuses = True
    assert providers.find_key("OPENAI_API_KEY") == ""


def test_a_locked_keyring_is_said(system: Memory) -> None:
    providers.store_key("OPENAI_API_KEY", "sk-secret-1")
    system.refuses = True
    with pytest.raises(NotReadyError, match=r"did not give the key of OPENAI_API_KEY \(it is locked\); unlock it"):
        providers.find_key("OPENAI_API_KEY")
    with pytest.raises(NotReadyError, match="did not take the key"):
        providers.store_key("OPENAI_API_KEY", "sk-secret-2")


def test_a_keyring_that_keeps_plain_text_is_none(system: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Memory, "priority", 0.5)
    assert not providers.can_store()
    with pytest.raises(NotReadyError, match="this system has no keyring; set the environment variable OPENAI_API_KEY"):
        providers.store_key("OPENAI_API_KEY", "sk-secret-1")


# --- Ollama ----------------------------------------------------------------------------------------------------------


class Tags(BaseHTTPRequestHandler):
    """Answers as Ollama does, or not."""

    body: bytes = b""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/api/tags" else 404)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def ollama(monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Tags)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    monkeypatch.setenv("OLLAMA_HOST", f"0.0.0.0:{server.server_port}")  # how it is told to serve the whole network
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("body", "models"),
    [
        (b'{"models": [{"name": "qwen3:8b"}, {"name": "llava"}]}', ("qwen3:8b", "llava")),
        (b'{"models": []}', ()),
        (b"<html>", None),
        (b'{"models": [{}]}', None),
        (b"[]", None),
    ],
)
def test_ollama_is_found_with_its_models(ollama: HTTPServer, body: bytes, models: tuple[str, ...] | None) -> None:
    Tags.body = body
    found = find_ollama()
    assert (found.models if found else None) == models
    if found:
        assert found.url == f"http://127.0.0.1:{ollama.server_port}"


def test_ollama_elsewhere_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "gpu.example.org:11434")
    assert find_ollama() is None


@pytest.mark.parametrize("package", [True, False])
def test_a_model_of_ollama_is_used_with_or_without_its_package(
    ollama: HTTPServer, package: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    Tags.body = b'{"models": [{"name": "qwen3:8b"}]}'
    monkeypatch.setattr("gptsmith.models.chat.providers.find_spec", lambda _: object() if package else None)
    found = find_ollama()
    assert found is not None
    spec = found.spec("qwen3:8b")
    assert label(spec) == ("ollama:qwen3:8b" if package else "openai:qwen3:8b")
    assert spec.base_url == (None if package else f"{found.url}/v1")
