"""The files and pages that the knowledge of a spec names, one item each."""
# ruff: noqa: PTH113, PTH114, PTH118 - names as text: before a turn this goes over every file, and a Path costs more

from __future__ import annotations

import os
import stat
import unicodedata
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
    `problem`. Costs some microseconds a file: it runs before turns.
    """
    places = _Places(base_dir.resolve(), trust)
    items: list[Item] = []
    for knowledge in sources:
        seen: set[str] = set()
        for pattern in knowledge.paths:
            items.extend(_of_pattern(knowledge, pattern, places, seen))
        items.extend(Item(knowledge, url, url=url) for url in dict.fromkeys(knowledge.urls))
    return items


class _Places:
    """Where files really lie; a folder is looked up once, so that thousands of files in it cost one look each."""

    def __init__(self, base: Path, trust: bool) -> None:
        self.base = base
        self.trust = trust
        self._inside = os.path.join(base, "")
        self._folders: dict[str, str] = {}

    def real(self, path: str) -> str:
        """Return the real place of a file, links followed. Raises as `paths.resolve` does."""
        folder, name = os.path.split(path)
        if name in ("", ".", "..") or os.path.islink(path):
            return str(resolve(self.base, path, self.trust))
        if folder not in self._folders:
            self._folders[folder] = str(resolve(self.base, folder, trust=True))
        found = os.path.join(self._folders[folder], name)
        if not self.trust and not found.startswith(self._inside):
            resolve(self.base, path)  # says that it leaves the folder
        return found

    def name(self, path: str) -> str:
        """Return what the person calls the file; a name that is not Unicode is shown with question marks."""
        joined = os.path.normpath(path)
        text = joined.removeprefix(self._inside) if joined.startswith(self._inside) else joined
        return one_form(text.replace(os.sep, "/").encode("utf-8", "replace").decode("utf-8"))


def _of_pattern(knowledge: Knowledge, pattern: str, places: _Places, seen: set[str]) -> Iterator[Item]:
    found = False
    for path in (path for form in _forms(pattern) for path in _matches(form, places.base)):
        found = True
        name = places.name(path)
        try:
            real = places.real(path)
        except GptsmithError as error:  # this file only; its neighbours go in
            yield Item(knowledge, name, problem=str(error))
            continue
        if one_form(real) not in seen:
            seen.add(one_form(real))
            if len(seen) > MAX_FILES:
                yield Item(knowledge, name, problem=f"a source has at most {MAX_FILES:,} files; split it into several")
                return
            yield Item(knowledge, name, path=Path(real))
    if not found:
        yield Item(
            knowledge, pattern[:200], problem="no file is there or matches; check the path, from the spec's folder"
        )


def one_form(name: str) -> str:
    """Return a file name in the one form of Unicode in which names are compared: systems write "é" in two ways."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def _forms(pattern: str) -> list[str]:
    """Return a pattern as it is written and in the forms that a file's name may have on the disk."""
    return list(dict.fromkeys([pattern, *(unicodedata.normalize(form, pattern) for form in ("NFC", "NFD"))]))


def _matches(pattern: str, base: Path) -> Iterator[str]:
    literal = base / Path(pattern).expanduser()
    try:
        if literal.is_dir():
            yield from _files(literal)
            return
        if literal.exists():
            yield str(literal)
            return
        root = Path(literal.anchor)
        hits = sorted(map(str, root.glob(literal.relative_to(root).as_posix())))
    except (OSError, ValueError, RuntimeError, NotImplementedError):  # a name that no file can have: too long, a NUL
        return
    shown = frozenset(literal.parts)
    for hit in hits:
        hidden = f"{os.sep}." in hit and any(p.startswith(".") and p not in shown for p in Path(hit).parts)
        if not hidden and os.path.isfile(hit):
            yield hit


def _files(folder: Path) -> Iterator[str]:
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        yield from (os.path.join(here, name) for name in sorted(names) if not name.startswith("."))


def read_file(path: Path, most: int) -> bytes:
    """Return a regular file's bytes, at most `most` + 1 of them; a device or pipe raises OSError instead of hanging."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("it is not a regular file")
        return file.read(most + 1)
