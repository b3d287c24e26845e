"""The words of diagnostics: how a found value is shown, bounded and on one line."""

from __future__ import annotations

from typing import Any

LONGEST = 40


def shown(value: Any, longest: int = LONGEST) -> str:
    """Show a value in a message: short text in quotes, numbers as they are, the rest by its kind. Never long."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**20 else "a number of more than 20 digits"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        return _quoted(value, longest)
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, (list, tuple)):
        return "a list"
    return f"a {type(value).__name__}"


def listed(names: list[str], most: int = 30) -> str:
    """Join names for a sentence; a long list is cut and says so."""
    head = ", ".join(names[:most])
    return f"{head}, … ({len(names) - most} more)" if len(names) > most else head


def _quoted(text: str, longest: int) -> str:
    cut = text if len(text) <= longest else f"{text[:longest]}…"
    safe = "".join(c if c.isprintable() else _escape(c) for c in cut)
    return f'"{safe}"'


def _escape(character: str) -> str:
    return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(character, f"\\u{ord(character):04x}")
