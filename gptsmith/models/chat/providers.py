"""The model providers: where each one lives, which variable holds its key, and how a model of it is made."""

from __future__ import annotations

import os
import re
import ssl
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gptsmith.assistants.spec import ModelSpec
from gptsmith.errors import NotReadyError, UsageError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from gptsmith.models.chat.deadlines import Deadlines

NO_KEY = "not-needed"  # sent where a client insists on a key and the server has none
LOCAL = ("embedded", "huggingface")


@dataclass(frozen=True)
class Provider:
    """A provider: its own address, the variable of its key, the variables of its address, how its server starts."""

    url: str = ""
    variable: str = ""
    url_variables: tuple[str, ...] = ()
    start: str = ""


PROVIDERS: dict[str, Provider] = {
    "openai": Provider("https://api.openai.com/v1", "OPENAI_API_KEY", ("OPENAI_BASE_URL", "OPENAI_API_BASE")),
    "anthropic": Provider(
        "https://api.anthropic.com", "ANTHROPIC_API_KEY", ("ANTHROPIC_BASE_URL", "ANTHROPIC_API_URL")
    ),
    "cohere": Provider("https://api.cohere.com", "COHERE_API_KEY"),
    "deepseek": Provider("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY", ("DEEPSEEK_API_BASE",)),
    "fireworks": Provider("https://api.fireworks.ai", "FIREWORKS_API_KEY"),
    "google_genai": Provider("https://generativelanguage.googleapis.com", "GOOGLE_API_KEY"),
    "groq": Provider("https://api.groq.com", "GROQ_API_KEY", ("GROQ_API_BASE",)),
    "mistralai": Provider("https://api.mistral.ai", "MISTRAL_API_KEY", ("MISTRAL_BASE_URL",)),
    "nvidia": Provider("https://integrate.api.nvidia.com/v1", "NVIDIA_API_KEY", ("NVIDIA_BASE_URL",)),
    "ollama": Provider(
        "http://127.0.0.1:11434", "", ("OLLAMA_HOST",), "start it with `ollama serve`, and `ollama pull` the model"
    ),
    "openrouter": Provider("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", ("OPENROUTER_API_BASE",)),
    "perplexity": Provider("https://api.perplexity.ai", "PPLX_API_KEY"),
    "together": Provider("https://api.together.xyz/v1", "TOGETHER_API_KEY"),
    "xai": Provider("https://api.x.ai/v1", "XAI_API_KEY"),
}

# A setting's name in the classes of the providers; the first that a class has is used.
NAMES = {
    "temperature": ("temperature",),
    "top_p": ("top_p",),
    "top_k": ("top_k",),
    "max_tokens": ("max_tokens", "max_output_tokens", "num_predict"),
    "seed": ("seed",),
    "stop": ("stop", "stop_sequences"),
}
# Options that would move the conversation or a key elsewhere, or load code: only `base_url` and `api_key` may.
REFUSED_OPTION = re.compile(
    r"^(model|model_name|model_provider|config_prefix|configurable_fields)$|key|token$|secret|credential|base|url|host|endpoint|proxy|client|header|transport|callbacks|cache|trust|organi[sz]ation",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Connection:
    """Where a model is asked and with which key; `variable` is the environment variable that the key came from."""

    url: str | None
    key: str | None
    variable: str = ""
    own: bool = True


def label(spec: ModelSpec) -> str:
    """Return `provider:name`."""
    return f"{spec.provider}:{spec.name}" if spec.name else spec.provider


def address(spec: ModelSpec) -> str | None:
    """Return the declared address, from the spec or else the provider's environment variable; None for its own."""
    from gptsmith.assistants.variables import expand_env

    if spec.base_url:
        return str(expand_env(spec.base_url))
    provider = PROVIDERS.get(spec.provider, Provider())
    url = next((os.environ[name] for name in provider.url_variables if os.environ.get(name)), None)
    return f"http://{url}" if url and "://" not in url else url


def leaves_machine(spec: ModelSpec) -> str | None:
    """Return the host that the conversation goes to, or None when it stays on this machine.

    A provider whose address is not known is named by its own name. Raises NotReadyError when `base_url` names an unset
    variable.
    """
    if spec.provider in LOCAL:
        return None
    url = address(spec) or PROVIDERS.get(spec.provider, Provider()).url
    if not url:
        return spec.provider
    host = host_of(url)
    return None if _is_loopback(host) else host


def host_of(url: str) -> str:
    """Return the host of a URL in lower case, or the text itself when it has none."""
    try:
        return (urlsplit(url).hostname or url).lower()
    except ValueError:
        return url


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        found = ip_address(host)
    except ValueError:
        return False
    return found.is_loopback or found.is_unspecified


def connection(spec: ModelSpec) -> Connection:
    """Return where and with which key a model is asked.

    A provider's default key goes to the provider's own host only; any other address gets the spec's `api_key` or a
    placeholder. Raises NotReadyError `missing_variable`.
    """
    from gptsmith.assistants.variables import env_names, expand_env

    provider = PROVIDERS.get(spec.provider, Provider())
    url = address(spec)
    if url is not None and not re.match(r"https?://[^/\s]", url):
        raise UsageError(
            f"the address {url[:100]!r} of {label(spec)} is no URL", hint="write it as http://host:port/v1 or https://…"
        )
    own = url is None or (bool(provider.url) and host_of(url) == host_of(provider.url) and url.startswith("https:"))
    if spec.api_key:
        variable = next(iter(env_names(spec.api_key)), "")
        return Connection(url, _clean(str(expand_env(spec.api_key)), variable) or NO_KEY, variable, own)
    if not own:
        return Connection(url, NO_KEY, "", own)
    if not provider.variable:
        return Connection(url, None, "", own)
    if not (found := _clean(os.environ.get(provider.variable, ""), provider.variable)):
        raise NotReadyError(
            f"{label(spec)} needs a key in the environment variable {provider.variable}, which is not set",
            code="missing_variable",
            hint=f"set it, e.g. export {provider.variable}=…, or choose another model, e.g. embedded",
        )
    return Connection(url, found, provider.variable, own)


def _clean(key: str, variable: str) -> str:
    """Return the key without the line end that came along when it was copied; a text that cannot be one is refused."""
    key = key.strip()
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise NotReadyError(
            f"the environment variable {variable} does not hold a key: it has spaces or letters that no key has",
            code="missing_variable",
            hint="copy the key again, without anything around it",
        )
    return key


def make_provider_model(spec: ModelSpec, line: Connection, deadlines: Deadlines) -> BaseChatModel:
    """Make the model through LangChain's `init_chat_model`.

    It is made twice: once bare, to see which settings its class takes, and once with them.
    """
    if not spec.name:
        example = f"{spec.provider}:<model>" if spec.provider in PROVIDERS else f"openai:{spec.provider}"
        raise NotReadyError(
            f'the model "{spec.provider}" has no name',
            code="missing_model",
            hint=f"write provider:name, e.g. {example}",
        )
    base: dict[str, Any] = {}
    if line.key is not None:
        base["api_key"] = line.key
    if line.url is not None or spec.provider == "openai":  # said always: OpenAI's class would read the environment
        base["base_url"] = line.url or PROVIDERS["openai"].url
    if spec.provider == "openai":
        base |= _clients(host_of(base["base_url"]))
    bare = _init(spec, base)
    taken = {n for name, info in type(bare).model_fields.items() for n in (name, info.alias) if n}
    settings = _settings(spec, line, taken)
    _add_deadlines(settings, taken, deadlines, host_of(line.url or PROVIDERS.get(spec.provider, Provider()).url))
    model = _init(spec, {**base, **settings, **_options(spec, settings, taken)})
    if not line.own:
        _forget_account(model)
    return model


def _forget_account(model: BaseChatModel) -> None:
    """Send no organization or project, which OpenAI's client reads from the environment."""
    for client in (getattr(model, "root_client", None), getattr(model, "root_async_client", None)):
        for name in ("organization", "project"):
            if hasattr(client, name):
                setattr(client, name, None)


def _init(spec: ModelSpec, keywords: dict[str, Any]) -> BaseChatModel:
    from langchain.chat_models import init_chat_model
    from pydantic import ValidationError

    try:
        model: BaseChatModel = init_chat_model(spec.name, model_provider=spec.provider, **keywords)
    except ImportError as error:
        raise _missing_package(spec, error) from None
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
        raise UsageError(f"{label(spec)} cannot be made: {wrong}", hint="correct the model section") from None
    except ValueError:
        known = ", ".join([*LOCAL, *PROVIDERS])
        raise NotReadyError(
            f'"{spec.provider}" is no model provider', code="missing_model", hint=f"use one of {known}"
        ) from None
    return model


def _missing_package(spec: ModelSpec, error: ImportError) -> NotReadyError:
    """Name the package to install: LangChain's message ends with the pip line."""
    found = re.search(r"pip install (?:-U )?[\"']?([A-Za-z0-9_.\-\[\]]+)", str(error))
    package = found.group(1).rstrip(".") if found else f"langchain-{spec.provider.replace('_', '-')}"
    return NotReadyError(
        f"{label(spec)} needs the package {package}", code="missing_package", hint=f"pip install {package}"
    )


def _settings(spec: ModelSpec, line: Connection, taken: set[str]) -> dict[str, Any]:
    """Return the spec's sampling settings under the names that the class takes; one that it lacks is an error."""
    settings: dict[str, Any] = {}
    if spec.provider == "openai":
        settings["stream_usage"] = True
    for setting, names in NAMES.items():
        value = getattr(spec, setting)
        if value is None or value == []:
            continue
        if spec.provider == "openai" and not line.own and setting in ("top_k", "max_tokens"):
            # compatible servers know them by these names, which OpenAI's client does not send itself
            settings.setdefault("extra_body", {})[setting] = value
            continue
        name = next((n for n in names if n in taken), None)
        if name is None:
            raise UsageError(f"{label(spec)} does not take {setting}", hint=f"take {setting} out of the model section")
        settings[name] = value
    if spec.provider == "openai" and not line.own:
        settings["use_responses_api"] = False
    return settings


def _clients(host: str) -> dict[str, Any]:
    """Return HTTP clients of this model's own; LangChain's default ones are shared by all models and event loops.

    On this machine no proxy is asked, no redirect leads away, and no connection is kept: one that outlives its event
    loop breaks the next call.
    """
    from openai import DEFAULT_CONNECTION_LIMITS, DefaultAsyncHttpxClient, DefaultHttpxClient

    keywords: dict[str, Any] = {"limits": DEFAULT_CONNECTION_LIMITS, "verify": _trusted()}
    if _is_loopback(host):
        limits = type(DEFAULT_CONNECTION_LIMITS)(max_connections=100, max_keepalive_connections=0)
        keywords |= {"limits": limits, "trust_env": False, "follow_redirects": False}
    return {"http_client": DefaultHttpxClient(**keywords), "http_async_client": DefaultAsyncHttpxClient(**keywords)}


@cache
def _trusted() -> ssl.SSLContext:
    """Return the certificates that are trusted; reading them takes longer than all else in making a model."""
    import certifi

    return ssl.create_default_context(cafile=certifi.where())


def _add_deadlines(settings: dict[str, Any], taken: set[str], deadlines: Deadlines, host: str) -> None:
    """Switch the client's own retries off and set its socket timeout just above our deadlines."""
    if "max_retries" in taken:
        settings["max_retries"] = 0
    for name in ("timeout", "request_timeout", "default_request_timeout"):
        if name in taken:
            settings[name] = deadlines.socket
            return
    if "client_kwargs" in taken:
        settings["client_kwargs"] = {"timeout": deadlines.socket}
        if _is_loopback(host):  # as in _clients
            import httpx

            settings["client_kwargs"] |= {"limits": httpx.Limits(max_keepalive_connections=0), "trust_env": False}


def _options(spec: ModelSpec, settings: dict[str, Any], taken: set[str]) -> dict[str, Any]:
    """Return the spec's extras; OpenAI-compatible servers get those that the client does not know in the body."""
    given, body = {}, dict(settings.get("extra_body", {}))
    for name, value in spec.options.items():
        if REFUSED_OPTION.search(name):
            raise UsageError(
                f"model.options.{name} would change where or with which key the model is asked",
                hint="use model.base_url and model.api_key",
            )
        if name == "extra_body" and isinstance(value, dict):
            body.update(value)
        elif name in taken:
            given[name] = value
        elif spec.provider == "openai":
            body[name] = value
        else:
            raise UsageError(f"{label(spec)} does not take the option {name}", hint=f"take {name} out of model.options")
    return {**given, "extra_body": body} if body else given
