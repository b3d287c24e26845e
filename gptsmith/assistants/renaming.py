"""A spec under another id or in another place: the id that it states, and the paths of the files beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gptsmith.assistants.faults import KeyPath
from gptsmith.assistants.loader import slug
from gptsmith.assistants.named_files import path_values
from gptsmith.assistants.operations import Set, value_at, write_path
from gptsmith.assistants.raw import items, texts
from gptsmith.assistants.reader import read
from gptsmith.assistants.splice import splice

_FIXED = re.compile(r"/|~|[A-Za-z]:|\.\.(/|$)")  # leads to the same place wherever the spec lies


@dataclass(frozen=True)
class Move:
    """The way of a spec from the id `old` to `new`: what was in `<old>.files/` is in `<new>.files/`.

    With `deeper` everything that was beside the spec, at whatever path, is below `<new>.files/` at the same path.
    """

    old: str
    new: str
    deeper: bool = False

    def text(self, text: str) -> str:
        """Return the spec's text as it must be there: only its id and the paths are changed.

        Raises SpecError when the text cannot be read, and SpliceRefusedError with the lines to write by hand.
        """
        data = read(text).data
        if not isinstance(data, dict) or (self.old == self.new and not self.deeper):
            return text
        ops = [Set(path="id", value=self.new)] if isinstance(data.get("id"), str) else []
        for path, named in _paths(data):
            value = value_at(data, path)
            ops.append(Set(path=write_path(path), value=value.replace(named, self.path(named), 1)))
        return splice(text, ops).text

    def path(self, path: str) -> str:
        """Return a path or pattern of the spec as it must be there."""
        start, plain = ("./", path[2:]) if path.startswith("./") else ("", path)
        return path if _FIXED.match(plain) else start + self.file(plain)

    def file(self, path: str) -> str:
        """Return the path of a file beside the spec there; "" is the spec itself."""
        if self.deeper and path:
            return f"{self.new}.files/{path}"
        head, slash, rest = path.partition("/")
        return f"{self.new}.files{slash}{rest}" if head == f"{self.old}.files" else path


def under_id(text: str, old: str, new: str) -> str:
    """Return a spec's text under another id, with the files in `<new>.files/`; raises what `Move.text` does."""
    return Move(old, new).text(text)


def files_folder(spec: Path) -> Path:
    """Return the folder for the files of the spec at this path."""
    return spec.with_name(f"{slug(spec.name)}.files")


def _paths(data: dict[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Give the paths that a spec names, and those that its tests expect to be cited."""
    yield from path_values(data)
    for i, test in items(data, "tests"):
        expect = test.get("expect")
        if isinstance(expect, dict):
            cited = texts(expect.get("cites"))
            yield from ((("tests", i, "expect", "cites", n), text) for n, text in cited if "/" in text)
