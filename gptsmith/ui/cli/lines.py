"""The lines that a person types into a conversation in the terminal, or pipes into it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress


def typed_lines() -> Iterator[str]:
    """Yield each line without the spaces around it, until the end of input; in a terminal after a prompt."""
    in_terminal = sys.stdin.isatty()
    if in_terminal:
        with suppress(ImportError):  # not on Windows; with it, input() has arrow keys and a history
            import readline  # noqa: F401
    while (line := _line(in_terminal)) is not None:
        yield line


def _line(in_terminal: bool) -> str | None:
    try:
        if not in_terminal:
            read = sys.stdin.readline()
            return read.strip() if read else None
        if sys.stdout.isatty():
            return input("> ").strip()
        print("> ", end="", file=sys.stderr, flush=True)
        return input().strip()
    except EOFError:
        return None
