"""The providers of models: where each one lives, its key, and what the person chose for all assistants."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from gptsmith.assistants.format.providers import PROVIDERS, is_own
from gptsmith.assistants.format.providers import provider as provider_row
from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.errors import NotReadyError, UsageError
from gptsmith.state import atomic_write, home, home_path, lock

# What the person chose for all assistants: the chat model, its fetching, and which keys are in the system's keyring.
#
# `settings.json` in the state folder. It never holds a key.

FetchWish = Literal["yes", "later", "no"]


class ChatSettings(BaseModel):
    """`model` is the default model, `keys` the variables whose keys the keyring holds; what is not known is kept.

    `fetch` tells whether the language model that comes by itself is wanted: `later` when its fetch was paused.
    """

    model_config = ConfigDict(extra="allow")

    model: ModelSpec | None = None
    keys: list[str] = []
    fetch: FetchWish = "yes"


def read_settings() -> ChatSettings:
    """Read the settings; without a file nothing is chosen.

    Raises NotReadyError `bad_state`: a damaged choice is not passed over, since another model may send text elsewhere.
    """
    path = _path()
    try:
        return ChatSettings.model_validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return ChatSettings()
    except (OSError, ValidationError) as error:
        raise NotReadyError(
            f"{path} cannot be read, and with it the model that you chose",
            code="bad_state",
            hint="delete the file and choose again",
        ) from error


def choose_for_all(model: ModelSpec | None) -> None:
    """Make `model` the default of all assistants that name none; None takes the choice back, a damaged one, too."""
    _change(model=model)


def wish_to_fetch(wish: FetchWish) -> None:
    """Keep whether the language model that comes by itself is wanted."""
    if read_settings().fetch != wish:
        _change(fetch=wish)


def keep_in_mind(variable: str, stored: bool) -> None:
    """Write down whether the keyring holds the key of a variable."""
    keys = [key for key in read_settings().keys if key != variable]
    _change(keys=[*keys, variable] if stored else keys)


def _change(**fields: object) -> None:
    home()
    with lock(_path()):
        try:
            before = read_settings()
        except NotReadyError:  # a new choice is the way out of a damaged one
            before = ChatSettings()
        changed = before.model_copy(update=fields)
        atomic_write(_path(), changed.model_dump_json(exclude_defaults=True, indent=1) + "\n")


def _path() -> Path:
    return home_path() / "settings.json"


# The keys of providers: environment variables, else the keyring of the operating system; never a file of ours.

SERVICE = "gptsmith"


def find_key(variable: str) -> str:
    """Return the key that the environment variable holds, else the one that was stored under its name, else ``""``.

    The keyring is asked only when a key was stored, since it may open a dialog. Raises NotReadyError when it refuses.
    """
    if found := os.environ.get(variable, ""):
        return found
    if variable not in read_settings().keys:
        return ""
    keyring = _keyring()
    if keyring is None:
        raise NotReadyError(
            f"the key of {variable} is in the system's keyring, which cannot be used here",
            code="missing_variable",
            hint=f"set {variable}, or store the key again on the page Models",
        )
    try:
        return str(keyring.get_password(SERVICE, variable) or "")
    except keyring.errors.KeyringError as error:
        raise NotReadyError(
            f"the system's keyring did not give the key of {variable} ({_reason(error)})",
            code="missing_variable",
            hint=f"unlock it, or set {variable}",
        ) from error


def can_store() -> bool:
    """Say whether this system has a keyring that keeps keys safely."""
    return _keyring() is not None


def store_key(variable: str, key: str) -> None:
    """Put a key into the keyring of the system; NotReadyError when there is none or it refuses."""
    keyring = _keyring()
    if keyring is None:
        raise NotReadyError(
            "this system has no keyring",
            code="missing_package",
            hint=f"set the environment variable {variable} instead",
        )
    try:
        keyring.set_password(SERVICE, variable, key.strip())
    except keyring.errors.KeyringError as error:
        raise NotReadyError(
            f"the system's keyring did not take the key ({_reason(error)})",
            code="missing_variable",
            hint=f"unlock it, or set the environment variable {variable}",
        ) from error
    keep_in_mind(variable, True)


def forget_key(variable: str) -> None:
    """Take a key out of the keyring."""
    keyring = _keyring()
    if keyring is not None:
        try:
            keyring.delete_password(SERVICE, variable)
        except keyring.errors.PasswordDeleteError:
            pass  # it was not there
        except keyring.errors.KeyringError as error:
            raise NotReadyError(
                f"the system's keyring did not delete the key of {variable} ({_reason(error)})",
                code="missing_variable",
                hint="delete it with the system's own program for passwords",
            ) from error
    keep_in_mind(variable, False)


def _keyring() -> Any:
    """Return the library when its backend is a real keyring: those that keep plain text have a priority below 1."""
    try:
        import keyring
        import keyring.errors
    except ImportError:
        return None
    backend = keyring.get_keyring()
    return keyring if getattr(backend, "priority", 0) >= 1 else None


def _reason(error: Exception) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:160]


# Where the model of a spec is asked, and with which key.

NO_KEY = "not-needed"  # sent where a client insists on a key and the server has none


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
    from gptsmith.assistants.format.variables import expand_env

    if spec.base_url:
        return str(expand_env(spec.base_url))
    provider = provider_row(spec.provider)
    url = next((os.environ[name] for name in provider.url_variables if os.environ.get(name)), None)
    return f"http://{url}" if url and "://" not in url else url


def leaves_machine(spec: ModelSpec) -> str | None:
    """Return the host that the conversation goes to, or None when it stays on this machine.

    A provider whose address is not known is named by its own name. Raises NotReadyError when `base_url` names an unset
    variable.
    """
    if is_own(spec.provider):
        return None
    url = address(spec) or provider_row(spec.provider).url
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
    from gptsmith.assistants.format.variables import env_names, expand_env

    provider = provider_row(spec.provider)
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


# The Ollama server of this machine, when there is one, and the models that it has.

_MOST = 200


@dataclass(frozen=True)
class Ollama:
    """A running server: its address and the names of its models."""

    url: str
    models: tuple[str, ...]

    def spec(self, model: str) -> ModelSpec:
        """Return how one of its models is named; by its OpenAI-compatible side where LangChain's package is missing."""
        if find_spec("langchain_ollama") is not None:
            return ModelSpec(provider="ollama", name=model)
        return ModelSpec(provider="openai", name=model, base_url=f"{self.url}/v1")


def find_ollama(timeout: float = 1.0) -> Ollama | None:
    """Ask this machine's Ollama for its models; None when it does not answer, or `OLLAMA_HOST` is another machine."""
    import httpx

    parts = urlsplit(address(ModelSpec(provider="ollama")) or PROVIDERS["ollama"].url)
    host = parts.hostname or ""
    if not is_loopback(host):
        return None
    url = f"http://{'127.0.0.1' if host == '0.0.0.0' else f'[{host}]' if ':' in host else host}:{parts.port or 11434}"  # noqa: S104
    try:
        answer = httpx.get(f"{url}/api/tags", timeout=timeout, trust_env=False)
        found = [str(entry["name"]) for entry in answer.json()["models"][:_MOST]]
    except (httpx.HTTPError, ValueError, KeyError, TypeError):  # nothing there, or something else than Ollama
        return None
    return Ollama(url, tuple(name[:_MOST] for name in found))
