"""A provider's chat model, made through LangChain's `init_chat_model` with the settings of a spec."""

from __future__ import annotations

import re
import ssl
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from gptsmith.assistants.format.providers import PROVIDERS, provider
from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.errors import NotReadyError, UsageError
from gptsmith.models.chat.providers import Connection, host_of, is_loopback, label

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from gptsmith.models.chat.limits import Deadlines

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
    row = provider(spec.provider)
    if row.speaks:  # LangChain knows its protocol alone; what is another company's, such as its account, stays out
        line = replace(line, url=line.url or row.url, own=False)
        spec = spec.model_copy(update={"provider": row.speaks})
    base: dict[str, Any] = {}
    if line.key is not None:
        base["api_key"] = line.key
    if line.url is not None or spec.provider == "openai":  # said always: OpenAI's class would read the environment
        base["base_url"] = line.url or PROVIDERS["openai"].url
    if spec.provider == "openai":
        base |= http_clients(host_of(base["base_url"]))
    bare = _init(spec, base)
    taken = {n for name, info in type(bare).model_fields.items() for n in (name, info.alias) if n}
    settings = _settings(spec, line, taken)
    _add_deadlines(settings, taken, deadlines, host_of(line.url or provider(spec.provider).url))
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
        if spec.provider == "openai":
            from gptsmith.models.chat.compatible import CompatibleChatOpenAI

            return CompatibleChatOpenAI(model=spec.name, **keywords)
        model: BaseChatModel = init_chat_model(spec.name, model_provider=spec.provider, **keywords)
    except ImportError as error:
        raise _missing_package(spec, error) from None
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
        raise UsageError(f"{label(spec)} cannot be made: {wrong}", hint="correct the model section") from None
    except ValueError:
        known = ", ".join(name for name, one in PROVIDERS.items() if one.own or one.url)
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


def http_clients(host: str) -> dict[str, Any]:
    """Return HTTP clients of this model's own; LangChain's default ones are shared by all models and event loops.

    On this machine no proxy is asked, no redirect leads away, and no connection is kept: one that outlives its event
    loop breaks the next call.
    """
    from openai import DEFAULT_CONNECTION_LIMITS, DefaultAsyncHttpxClient, DefaultHttpxClient

    keywords: dict[str, Any] = {"limits": DEFAULT_CONNECTION_LIMITS, "verify": _trusted()}
    if is_loopback(host):
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
        if is_loopback(host):  # as in http_clients
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
