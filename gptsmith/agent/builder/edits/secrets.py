"""Secrets in a message: seen before anything is sent or stored, and never written into a file."""

from __future__ import annotations

import re

from gptsmith.assistants.plain_secrets import KEYS

HELD_BACK = "[a secret that was held back]"

# "my api key is …", "password: …": the value behind such a word, when it looks made rather than written.
_NAMED = re.compile(
    r"(?P<word>\b(?:api[ _-]?key|access[ _-]?key|secret(?:[ _-]?key)?|token|bearer|password|passwort|kennwort"
    r"|mot de passe|contraseña|senha)\b['\"]?\s*(?:is|ist|est|es|é|lautet|=|:)?\s*['\"]?)"
    r"(?P<value>(?=\S*\d)(?=\S*[A-Za-z])[^\s'\",;]{8,})",
    re.IGNORECASE,
)


def has_secret(text: str) -> bool:
    """Say whether a text holds something that looks like a key, token or password; `${env:NAME}` is none."""
    return hold_back(text) != text


def hold_back(text: str) -> str:
    """Return `text` with each secret replaced by a mark."""
    masked = KEYS.sub(HELD_BACK, text)
    return _NAMED.sub(lambda m: m["word"] + HELD_BACK if not m["value"].startswith("${env:") else m[0], masked)
