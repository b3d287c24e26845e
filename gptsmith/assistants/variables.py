"""The two substitutions: `${env:NAME}` when a thing is built, `{{name}}` once per thread."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from gptsmith.errors import NotReadyError

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


def names(text: str) -> list[str]:
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
