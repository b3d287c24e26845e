"""What is wrong with the arguments of a model's call, in one line."""

from __future__ import annotations

from pydantic import ValidationError


def complaints(error: ValidationError) -> str:
    """Return what is wrong with arguments, each with its place."""
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)[:8])
