"""Secrets in a message: seen before anything is sent or stored, and never written into a file."""

from __future__ import annotations

import re

HELD_BACK = "[a secret that was held back]"

_SECRETS = re.compile(
    r"\bsk-[A-Za-z0-9_-]{12,}|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bhf_[A-Za-z0-9]{20,}"
    r"|\bA(?:KIA|SIA)[A-Z0-9]{16}\b|\bAIza[\w-]{30,}|\bxox[abprs]-[\w-]{10,}|\b[rs]k_(?:live|test)_\w{12,}"
    r"|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*|-----BEGIN [A-Z ]*PRIVATE KEY-----(?:.*?-----END [A-Z ]*PRIVATE KEY-----)?"
    r"|(?<=://)[^\s/:@]+:[^\s/@]+(?=@)",
    re.DOTALL,
)
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
    masked = _SECRETS.sub(HELD_BACK, text)
    return _NAMED.sub(lambda m: m["word"] + HELD_BACK if not m["value"].startswith("${env:") else m[0], masked)
