"""The unified diff of two texts, for a person to read."""

from __future__ import annotations

import difflib

_NO_NEWLINE = "\\ No newline at end of file\n"


def unified(before: str, after: str, name: str, old: str = "before", new: str = "after") -> str:
    """Return the diff of two texts of the file `name`, "" when they are alike.

    `old` and `new` say in the head which state each side is. Where nothing but line endings or the byte order mark
    differs, one line says so.
    """
    if before == after:
        return ""
    old_lines, new_lines = _lines(before), _lines(after)
    if old_lines == new_lines:
        return f"--- {name} ({old})\n+++ {name} ({new})\n only line endings or the byte order mark are different\n"
    found = difflib.unified_diff(old_lines, new_lines, f"{name} ({old})", f"{name} ({new})")
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}" for line in found)


def _lines(text: str) -> list[str]:
    """Cut a text at its line ends, whichever they are; only the last line may lack one."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return [line + "\n" for line in plain.split("\n")[:-1]] + [line for line in plain.split("\n")[-1:] if line]
