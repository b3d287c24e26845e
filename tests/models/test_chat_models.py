"""Chat models: which one is chosen, how it is made, and where its key and the conversation go."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel

from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.errors import GptsmithError, NotReadyError, ProviderError, UsageError
from gptsmith.models.chat.factory import choose_model, leaves_machine, make_chat_model
from tests.support import loopback as lb
from tests.support.chat_server import DEAD, QUICK, WAYS, every_way, maker, spec
from tests.support.loopback import Loopback


@pytest.fixture
def make(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> Callable[..., BaseChatModel]:
    """Make a model on the loopback server, with quick deadlines."""
    return maker(loopback, monkeypatch)


# ---- which model


@pytest.mark.parametrize(
    "override,in_file,environment,chosen",
    [
        ("ollama:qwen3:8b", "openai:gpt-4o", {"GPTSMITH_MODEL": "embedded"}, "ollama:qwen3:8b"),
        (None, "openai:gpt-4o", {"GPTSMITH_MODEL": "embedded", "OPENAI_API_KEY": "k"}, "openai:gpt-4o"),
        (None, None, {"GPTSMITH_MODEL": "ollama:llama3", "OPENAI_API_KEY": "k"}, "ollama:llama3"),
        (None, None, {"OPENAI_API_KEY": "k"}, "openai:gpt-4o-mini"),
        (None, None, {}, "embedded:"),
    ],
)
def test_choice(
    override: str | None, in_file: str | None, environment: dict[str, str], chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    file_spec = ModelSpec(**dict(zip(("provider", "name"), in_file.split(":", 1), strict=True))) if in_file else None
    got = choose_model(file_spec, override)
    assert f"{got.provider}:{got.name}" == chosen


def test_override_as_object() -> None:
    mine = ModelSpec(provider="openai", name="x", temperature=0.1)
    assert choose_model(ModelSpec(provider="embedded"), mine) is mine


@pytest.mark.parametrize(
    "fields,environment,host",
    [
        ({"provider": "embedded"}, {}, None),
        ({"provider": "huggingface", "name": "org/model"}, {}, None),
        ({"provider": "ollama", "name": "qwen3:8b"}, {}, None),
        ({"provider": "ollama", "name": "qwen3:8b"}, {"OLLAMA_HOST": "gpu.example.org:11434"}, "gpu.example.org"),
        ({"provider": "openai", "name": "gpt-4o"}, {}, "api.openai.com"),
        ({"provider": "openai", "name": "gpt-4o"}, {"OPENAI_BASE_URL": "http://localhost:1234/v1"}, None),
        ({"provider": "openai", "name": "x", "base_url": "http://127.0.0.1:8080/v1"}, {}, None),
        ({"provider": "openai", "name": "x", "base_url": "http://[::1]:8080/v1"}, {}, None),
        ({"provider": "openai", "name": "x", "base_url": "http://192.168.1.9/v1"}, {}, "192.168.1.9"),
        (
            {"provider": "openai", "name": "x", "base_url": "http://127.0.0.1.evil.example/v1"},
            {},
            "127.0.0.1.evil.example",
        ),
        (
            {"provider": "openai", "name": "x", "base_url": "${env:U:-http://localhost/v1}"},
            {"U": "https://a.b/v1"},
            "a.b",
        ),
        ({"provider": "anthropic", "name": "claude"}, {}, "api.anthropic.com"),
        ({"provider": "somebody", "name": "m"}, {}, "somebody"),
    ],
)
def test_leaves_machine(
    fields: dict[str, Any], environment: dict[str, str], host: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert leaves_machine(ModelSpec(**fields)) == host


@pytest.mark.parametrize(
    "fields,kind,code,message",
    [
        (
            {"provider": "openai", "name": "gpt-4o-mini"},
            NotReadyError,
            "missing_variable",
            "openai:gpt-4o-mini needs a key in the environment variable OPENAI_API_KEY, which is not set;"
            " set it, e.g. export OPENAI_API_KEY=…, or choose another model, e.g. embedded",
        ),
        (
            {"provider": "openai", "name": "x", "base_url": "http://localhost/v1", "api_key": "${env:MY_KEY}"},
            NotReadyError,
            "missing_variable",
            "the environment variable MY_KEY is not set; set it, e.g. export MY_KEY=…",
        ),
        (
            {"provider": "mistralai", "name": "m", "base_url": "http://localhost/v1"},
            NotReadyError,
            "missing_package",
            "mistralai:m needs the package langchain-mistralai; pip install langchain-mistralai",
        ),
        (
            {"provider": "gpt-4o-mini"},
            NotReadyError,
            "missing_model",
            'the model "gpt-4o-mini" has no name; write provider:name, e.g. openai:gpt-4o-mini',
        ),
        (
            {"provider": "nobody", "name": "m"},
            NotReadyError,
            "missing_model",
            '"nobody" is no model provider; use one of embedded, local, huggingface, anthropic, cohere,'
            " deepseek, fireworks, google_genai, groq, mistralai, nvidia, ollama, openai, openrouter, perplexity, "
            "together, xai",
        ),
        (
            {
                "provider": "openai",
                "name": "x",
                "base_url": "http://localhost/v1",
                "options": {"openai_api_base": "http://e"},
            },
            UsageError,
            "usage",
            "model.options.openai_api_base would change where or with which key the model is asked;"
            " use model.base_url and model.api_key",
        ),
        (
            {"provider": "openai", "name": "x", "base_url": "localhost:8080/v1"},
            UsageError,
            "usage",
            "the address 'localhost:8080/v1' of openai:x is no URL; write it as http://host:port/v1 or https://…",
        ),
        (
            {"provider": "openai", "name": "x", "api_key": "${env:K:-my secret key}"},
            NotReadyError,
            "missing_variable",
            "the environment variable K does not hold a key: it has spaces or letters that no key has;"
            " copy the key again, without anything around it",
        ),
        (
            {"provider": "openai", "name": "gpt-4o", "top_k": 5, "api_key": "${env:K:-x}"},
            UsageError,
            "usage",
            "openai:gpt-4o does not take top_k; take top_k out of the model section",
        ),
    ],
)
def test_not_ready(fields: dict[str, Any], kind: type[GptsmithError], code: str, message: str) -> None:
    with pytest.raises(kind) as caught:
        make_chat_model(ModelSpec(**fields))
    assert (str(caught.value), caught.value.code) == (message, code)


# ---- keys


@pytest.mark.parametrize("declared", ["file", "environment"])
def test_default_key_goes_to_its_own_host_only(
    declared: str, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    loopback.api_key = "not-needed"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-the-persons-own")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-the-person")
    if declared == "environment":
        monkeypatch.setenv("OPENAI_BASE_URL", loopback.base_url)
    url = loopback.base_url if declared == "file" else None
    loopback.always = "hello"
    model = make_chat_model(ModelSpec(provider="openai", name="m", base_url=url), deadlines=QUICK)
    assert model.invoke("hi").content == "hello"
    sent = str(loopback.headers)
    assert "sk-the-persons-own" not in sent
    assert "org-of-the-person" not in sent


def test_file_beats_the_environments_address(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", DEAD)
    monkeypatch.setenv("KEY", loopback.api_key)
    loopback.push("from the file's server")
    assert make_chat_model(spec(loopback), deadlines=QUICK).invoke("hi").content == "from the file's server"


@every_way
def test_wrong_key_is_named_but_never_shown(way: str, loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "sk-proj-very-secret-123456"
    monkeypatch.setenv("KEY", secret)
    with pytest.raises(ProviderError) as caught:
        WAYS[way](make_chat_model(spec(loopback), deadlines=QUICK))
    assert str(caught.value) == (
        "openai:scripted did not accept the key (HTTP 401); check the key in KEY and what it may use"
    )
    assert caught.value.code == "unauthorized"
    assert secret not in "".join(traceback.format_exception(caught.value))
    assert len(loopback.refused) == 1


def test_server_that_wants_a_key(loopback: Loopback) -> None:
    with pytest.raises(ProviderError) as caught:
        make_chat_model(ModelSpec(provider="openai", name="m", base_url=loopback.base_url), deadlines=QUICK).invoke(
            "hi"
        )
    assert str(caught.value) == (
        "openai:m did not accept the key (HTTP 401); this server wants a key: put one in an environment variable"
        " and write api_key: ${env:NAME} under model"
    )


def test_a_copied_line_end_is_taken_off_the_key(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", f" {loopback.api_key}\n")
    loopback.push("hello")
    assert make_chat_model(spec(loopback), deadlines=QUICK).invoke("hi").content == "hello"


@every_way
def test_a_local_server_cannot_redirect_the_conversation(
    way: str, make: Callable[..., BaseChatModel], loopback: Loopback
) -> None:
    with Loopback("stolen", api_key=loopback.api_key) as other:
        headers = (("Location", f"{other.base_url}/chat/completions"),)
        loopback.push(lb.Answer(status=307, headers=headers))
        with pytest.raises(ProviderError):
            WAYS[way](make())
        assert other.history == []
