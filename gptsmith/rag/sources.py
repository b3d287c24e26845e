"""The files and pages that the knowledge of a spec names, one item each."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gptsmith.assistants.paths import resolve
from gptsmith.assistants.spec import Knowledge
from gptsmith.errors import GptsmithError

MAX_FILES = 20_000  # of one source


@dataclass(frozen=True)
class Item:
    """One file (`path`) or page (`url`) of a source; `problem` says why there is neither.

    `source` is what a person calls it: the path relative to the spec, or the URL.
    """

    knowledge: Knowledge
    source: str
    path: Path | None = None
    url: str | None = None
    problem: str = ""

    def mark(self) -> str:
        """Return what changes when the file changes, without reading it; the URL for a page, empty when it is gone."""
        if self.url is not None:
            return self.url
        if self.path is None:
            return ""
        try:
            s = self.path.stat()
        except OSError:
            return ""
        return f"{s.st_size}-{s.st_mtime_ns}-{s.st_ctime_ns}-{s.st_ino}"


def expand(sources: list[Knowledge], base_dir: Path, *, trust: bool = False) -> list[Item]:
    """Return the items of all sources in the spec's order, no file twice within a source.

    A path that leaves `base_dir` (links followed) needs `trust`; a pattern that matches nothing is an item with a
    `problem`.
    """
    base = base_dir.resolve()
    items: list[Item] = []
    for knowledge in sources:
        seen: set[Path] = set()
        for pattern in knowledge.paths:
            items.extend(_of_pattern(knowledge, pattern, base, trust, seen))
        items.extend(Item(knowledge, url, url=url) for url in dict.fromkeys(knowledge.urls))
    return items


def _of_pattern(knowledge: Knowledge, pattern: str, base: Path, trust: bool, seen: set[Path]) -> Iterator[Item]:
    found = False
    for path in _matches(pattern, base):
        found = True
        name = _name(path, base)
        try:
            real = resolve(base, path, trust)
        except GptsmithError as error:  # this file only; its neighbours go in
            yield Item(knowledge, name, problem=str(error))
            continue
        if real not in seen:
            seen.add(real)
            if len(seen) > MAX_FILES:
                yield Item(knowledge, name, problem=f"a source has at most {MAX_FILES:,} files; split it into several")
                return
            yield Item(knowledge, name, path=real)
    if not found:
        yield Item(
            knowledge, pattern[:200], problem="no file is there or matches; check the path, from the spec's folder"
        )


def _matches(pattern: str, base: Path) -> Iterator[Path]:
    literal = base / Path(pattern).expanduser()
    try:
        if literal.is_dir():
            yield from _files(literal)
            return
        if literal.exists():
            yield literal
            return
        root = Path(literal.anchor)
        hits = sorted(root.glob(literal.relative_to(root).as_posix()))
    except (OSError, ValueError, RuntimeError, NotImplementedError):  # a name that no file can have: too long, a NUL
        return
    shown = frozenset(literal.parts)
    for hit in hits:
        if hit.is_file() and not any(part.startswith(".") and part not in shown for part in hit.parts):
            yield hit


def _files(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        yield from (Path(here) / name for name in sorted(names) if not name.startswith("."))


def _name(path: Path, base: Path) -> str:
    """Return what the person calls the file; a name that is not Unicode is shown with question marks."""
    joined = Path(os.path.normpath(path))
    text = joined.relative_to(base).as_posix() if joined.is_relative_to(base) else joined.as_posix()
    return text.encode("utf-8", "replace").decode("utf-8")


def read_file(path: Path, most: int) -> bytes:
    """Return a regular file's bytes, at most `most` + 1 of them; a device or pipe raises OSError instead of hanging."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("it is not a regular file")
        return file.read(most + 1)
