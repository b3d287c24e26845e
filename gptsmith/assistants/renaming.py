"""A spec under another id: the id that it states, and the paths into the folder `<id>.files/` beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gptsmith.assistants.faults import KeyPath
from gptsmith.assistants.loader import slug
from gptsmith.assistants.named_files import path_values
from gptsmith.assistants.operations import Set, value_at, write_path
from gptsmith.assistants.raw import items, texts
from gptsmith.assistants.reader import read
from gptsmith.assistants.splice import splice


def under_id(text: str, old: str, new: str) -> str:
    """Return a spec's text as it must be when its id, and so the folder of its files, is `new` instead of `old`.

    Only the values that name them are changed. Raises SpecError when the text cannot be read, and
    SpliceRefusedError with the lines to write by hand.
    """
    data = read(text).data
    if old == new or not isinstance(data, dict):
        return text
    ops = [Set(path="id", value=new)] if isinstance(data.get("id"), str) and data["id"] != new else []
    for path in _places(data):
        value = value_at(data, path)
        head, found, rest = value.partition(f"{old}.files")
        if found and head in ("", "./") and (not rest or rest[0] in "/\\"):
            ops.append(Set(path=write_path(path), value=f"{head}{new}.files{rest}"))
    return splice(text, ops).text


def files_folder(spec: Path) -> Path:
    """Return the folder for the files of the spec at this path."""
    return spec.with_name(f"{slug(spec.name)}.files")


def _places(data: dict[str, Any]) -> Iterator[KeyPath]:
    yield from (path for path, _ in path_values(data))
    for i, test in items(data, "tests"):
        expect = test.get("expect")
        if isinstance(expect, dict):
            yield from (("tests", i, "expect", "cites", n) for n, _ in texts(expect.get("cites")))
