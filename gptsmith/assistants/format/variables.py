"""The two substitutions of a spec, and the secrets in plain sight where one of them should stand."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from gptsmith.assistants.format.problems import KeyPath, items, texts
from gptsmith.errors import NotReadyError

# The two substitutions: `${env:NAME}` when a thing is built, `{{name}}` once per thread.

_ENV = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_FILL = re.compile(r"\{\{\{\{|\{\{([a-z][a-z0-9_]*)\}\}")


def expand_env(value: Any) -> Any:
    """Replace `${env:NAME}` and `${env:NAME:-default}` in a text, or in all texts of a list or dict.

    A variable that is set to nothing counts as unset. Raises NotReadyError (`missing_variable`) with all the names
    that are unset and have no default.
    """
    missing = unset(value)
    if missing:
        be = "variable {} is" if len(missing) == 1 else "variables {} are"
        raise NotReadyError(
            f"the environment {be.format(', '.join(missing))} not set",
            code="missing_variable",
            hint=f"set it, e.g. export {missing[0]}=…",
        )
    return _expand(value)


def env_names(value: Any) -> list[str]:
    """Return the environment variables that `value` (text, list or dict) names, each once, in order."""
    return list(dict.fromkeys(name for text in _texts(value) for name, _ in _ENV.findall(text)))


def unset(value: Any) -> list[str]:
    """Return the variables in `value` that are unset and have no default."""
    found = (m for text in _texts(value) for m in _ENV.finditer(text))
    return list(dict.fromkeys(m.group(1) for m in found if m.group(2) is None and not os.environ.get(m.group(1))))


def variable_names(text: str) -> list[str]:
    """Return the `{{name}}` variables of a text, each once, in order; `{{{{` is an escaped `{{`."""
    return list(dict.fromkeys(m.group(1) for m in _FILL.finditer(text) if m.group(1)))


def fill(text: str, values: Mapping[str, str]) -> str:
    """Replace each `{{name}}` by its value in one pass, `{{{{` by `{{`; a name without a value stays as it is."""
    return _FILL.sub(lambda m: "{{" if m.group(1) is None else values.get(m.group(1), m.group(0)), text)


def _expand(value: Any) -> Any:
    if isinstance(value, str):
        return _ENV.sub(lambda m: os.environ.get(m.group(1)) or (m.group(2) or ""), value)
    if isinstance(value, list):
        return [_expand(item) for item in value]
    if isinstance(value, dict):
        return {key: _expand(item) for key, item in value.items()}
    return value


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for item in value for text in _texts(item)] if isinstance(value, list) else []


# Secrets in plain sight: keys and passwords that stand in a spec or in a text, where a reference should be.
#
# `KEYS` has the shapes of keys that their makers publish, and a user's password in an address; whoever looks for
# secrets starts from these. A placeholder such as `sk-xxxxxxxx` is none.

KEYS = re.compile(
    r"\b(?:sk-(?:[a-z]+-)*[A-Za-z0-9_-]{12,}|[prs]k_(?:live|test)_\w{12,}|gsk_[A-Za-z0-9]{20,}|hf_[A-Za-z0-9]{20,}"
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|A[KS]IA[0-9A-Z]{12,}|AIza[\w-]{30,}"
    r"|ya29\.[\w-]{16,}|xox[abeprs]-[\w-]{10,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{4,})"
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?s:.*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z))"
    r"|(?<=://)(?!\$\{)[^\s/:@]{1,80}:[^\s/@]{1,200}(?=@)"
)
_SECRET_NAME = re.compile(
    r"auth|token|secret|passw|cookie|credential|api.?key|access.?key|^key$|x-.*key", re.IGNORECASE
)
_REFERENCE = re.compile(r"\$\{env:[A-Za-z_][A-Za-z0-9_]*(?::-([^}]*))?\}")
_DIFFERENT = 10  # characters that differ, at least, in a key that is one


def secret_lines(text: str) -> list[int]:
    """Return the lines (from 1) of a text on which a key stands."""
    found = (match for match in KEYS.finditer(text) if len(set(match.group())) > _DIFFERENT)
    return sorted({text.count("\n", 0, match.start()) + 1 for match in found})


def secret_values(data: dict[str, Any]) -> Iterator[KeyPath]:
    """Give the places of a valid spec at which a secret stands itself, not the name of a variable that holds it."""
    model = data.get("model")
    if isinstance(model, dict):
        if _is_plain("api_key", model.get("api_key")):
            yield ("model", "api_key")
        if _in_address(model.get("base_url")):
            yield ("model", "base_url")
    for i, source in items(data, "knowledge"):
        for n, url in texts(source.get("urls")):
            if is_signed_in(url) or _in_address(url):
                yield ("knowledge", i, "urls", n)
    for i, tool in items(data, "tools"):
        for field in ("url", "server", "schema"):
            if _in_address(tool.get(field)):
                yield ("tools", i, field)
        for field in ("headers", "env"):
            table = tool.get(field)
            for name, value in table.items() if isinstance(table, dict) else ():
                if _is_plain(str(name), value):
                    yield ("tools", i, field, name)
        command = tool.get("command")
        words = command if isinstance(command, list) else []
        for n, word in enumerate(words):
            option, equals, value = str(word).partition("=")
            before = str(words[n - 1]) if n else ""
            if _is_plain(option, value) if equals else before.startswith("-") and _is_plain(before, word):
                yield ("tools", i, "command", n)


def is_signed_in(url: str) -> bool:
    """Say whether an address holds a user or a password, which would stand in the file and in every export."""
    try:
        parts = urlsplit(url)
        return parts.username is not None or parts.password is not None
    except ValueError:
        return False


def _is_plain(name: str, value: Any) -> bool:
    """Say whether a secret's value is written out: neither a reference, nor a word before one (`Bearer ${env:T}`)."""
    if not isinstance(value, str) or not _SECRET_NAME.search(name):
        return False
    defaults = [match.group(1) for match in _REFERENCE.finditer(value)]
    return any(defaults) or (not defaults and bool(value.strip()))


def _in_address(value: Any) -> bool:
    if not isinstance(value, str) or "://" not in value:
        return False
    try:
        parts = urlsplit(value)
        held = [("password", parts.password or ""), *parse_qsl(parts.query)]
    except ValueError:
        return False
    return any(_is_plain(name, text) for name, text in held)
