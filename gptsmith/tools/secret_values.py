"""The secrets that a tool sends: taken out of whatever comes back before anybody reads it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from gptsmith.assistants.variables import env_names

HIDDEN = "•••"
_SHORTEST = 4  # characters; shorter values stand in ordinary text, too
_SECRET_HEADER = re.compile(r"auth|key|token|secret|cookie|session|password", re.IGNORECASE)


class SecretValues:
    """What must not appear in results, errors and events: the values of `${env:…}`, and headers that sign in."""

    def __init__(self, *declared: Any, headers: Mapping[str, str] | None = None) -> None:
        values = {os.environ.get(name, "") for name in env_names(list(declared))}
        for name, value in (headers or {}).items():
            if _SECRET_HEADER.search(name):
                values |= {value, value.partition(" ")[2]}
        forms = {form for value in values for form in _forms(value.strip()) if len(form) >= _SHORTEST}
        longest_first = sorted(forms, key=len, reverse=True)
        self._found = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def hide(self, text: str) -> str:
        """Return `text` with every secret in it replaced."""
        return self._found.sub(HIDDEN, text) if self._found else text


def _forms(value: str) -> set[str]:
    return {value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1]} if value else set()
