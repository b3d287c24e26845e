"""Raw spec data, whose types may be wrong: what can be read from it is, the rest is passed over."""

from __future__ import annotations

from typing import Any


def items(data: dict[str, Any], key: str) -> list[tuple[int, dict[str, Any]]]:
    """Return the objects of the list `key` with their positions; anything else is passed over."""
    value = data.get(key)
    return [(i, item) for i, item in enumerate(value) if isinstance(item, dict)] if isinstance(value, list) else []


def texts(value: Any) -> list[tuple[int, str]]:
    """Return the texts of a list with their positions; anything else is passed over."""
    return [(i, item) for i, item in enumerate(value) if isinstance(item, str)] if isinstance(value, list) else []
