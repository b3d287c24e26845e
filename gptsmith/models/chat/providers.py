"""The model providers: where each one lives, and which variable holds its key."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from gptsmith.assistants.spec import ModelSpec
from gptsmith.errors import NotReadyError, UsageError
from gptsmith.models.chat.keys import find_key

NO_KEY = "not-needed"  # sent where a client insists on a key and the server has none
LOCAL = ("embedded", "local", "huggingface")


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
    return None if is_loopback(host) else host


def host_of(url: str) -> str:
    """Return the host of a URL in lower case, or the text itself when it has none."""
    try:
        return (urlsplit(url).hostname or url).lower()
    except ValueError:
        return url


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
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
    if not (found := _clean(find_key(provider.variable), provider.variable)):
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
