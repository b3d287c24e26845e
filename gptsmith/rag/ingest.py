"""One sync: the files and pages that a spec names, read, cut and embedded where they changed."""

from __future__ import annotations

import hashlib
import os
import stat
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gptsmith.assistants.format.paths import resolve
from gptsmith.assistants.format.spec import Knowledge
from gptsmith.errors import FetchError, GptsmithError
from gptsmith.rag.cutting import Cutter, cutting_of
from gptsmith.rag.reading.parsed import MAX_BYTES, READERS, Unreadable
from gptsmith.rag.reading.process import ReadingProcess
from gptsmith.rag.receipt import Receipt, language_in, tables_in, words_in
from gptsmith.rag.store import SourceEntry, Store, digest

# The files and pages that the knowledge of a spec names, one item each.

# ruff: noqa: PTH113, PTH114, PTH118 - names as text: before a turn this goes over every file, and a Path costs more


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


# A look at files before they become knowledge: which of them cannot be read, and why.


def unreadable(files: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Yield the files that give no text, each with the reason in one sentence."""
    with ReadingProcess() as reader:
        for file in files:
            try:
                if not reader.read(read_file(file, MAX_BYTES), file.name).text.strip():
                    yield file, "it holds no text"
            except Unreadable as error:
                yield file, str(error)
            except OSError as error:
                yield file, error.strerror or str(error)


# One sync: what the spec names, read, cut and embedded where it changed, then put in use as a whole.

Progress = Callable[[str], None]


@dataclass
class _Read:
    """What became of one item: a stored document, or why there is none."""

    item: Item
    mark: str
    document_id: str | None = None
    status: str = "ok"
    note: str = ""


def settings_of(sources: Sequence[Knowledge]) -> str:
    """Return the id of the settings that need a new sync when they change."""
    return digest(READERS, *(part for k in sources for part in (k.name, cutting_of(k), *k.paths, "\0", *k.urls)))


class Ingest:
    """One run of a sync against a store."""

    def __init__(self, store: Store, sources: list[Knowledge], base_dir: Path, trust: bool, progress: Progress) -> None:
        self._store = store
        self._sources = sources
        self._items = expand(sources, base_dir, trust=trust)
        self._progress = progress
        self._before = {(e.knowledge, e.source): e for e in store.entries()}
        self._same_readers = store.meta("readers") == READERS

    def run(self) -> list[Receipt]:
        """Read, cut, embed and switch; return what became of each file and page, in the spec's order."""
        with ReadingProcess() as reader:
            read = [self._read(item, i, reader) for i, item in enumerate(self._items)]
        documents = [(one.document_id, one.item.knowledge) for one in read if one.document_id]
        cutter = Cutter(self._store, self._progress, documents)
        for document_id, knowledge in documents:
            cutter.add(document_id, knowledge)
        cutter.finish()
        entries = [self._entry(one) for one in read]
        self._progress("Putting the new index in use")
        same = _used(entries) == _used(list(self._before.values()))
        self._store.switch(entries, settings_of(self._sources), same=same and self._store.generation() > 0)
        self._store.set_meta("readers", READERS)
        return [e.receipt for e in entries]

    def _read(self, item: Item, number: int, reader: ReadingProcess) -> _Read:
        if item.problem:
            return _Read(item, "", status="failed", note=item.problem)
        before = self._before.get((item.knowledge.name, item.source))
        mark = item.mark()
        if before and self._unchanged(item, mark, before):
            return _Read(item, mark, before.document_id, before.receipt.status, before.receipt.reason)
        self._progress(f"Reading {item.source} ({number + 1} of {len(self._items)})")
        try:
            data, content_type, charset = _bytes(item)
            document_id, note = self._parse(item, data, content_type, charset, reader)
            return _Read(item, mark, document_id, note=note)
        except Unreadable as error:
            return _Read(item, mark, status=error.status, note=str(error))
        except FetchError as error:
            if before and before.document_id and self._store.has_text(before.document_id):
                note = f"it could not be fetched again, the copy from before is used ({error})"
                return _Read(item, mark, before.document_id, note=note)
            return _Read(item, f"{mark} {time.time():.0f}", status="failed", note=str(error))
        except OSError as error:
            reason = error.strerror or str(error)
            return _Read(item, mark, status="failed", note=f"it could not be read ({reason}); check its permissions")

    def _unchanged(self, item: Item, mark: str, before: SourceEntry) -> bool:
        if item.url is not None or not mark or mark != before.mark or not self._same_readers:
            return False
        if before.document_id is None:
            return before.receipt.status == "skipped"  # failed ones are tried again
        return self._store.has_text(before.document_id)

    def _parse(
        self, item: Item, data: bytes, content_type: str, charset: str, reader: ReadingProcess
    ) -> tuple[str, str]:
        name = item.source.rpartition("/")[2] if item.url is None else _page_name(item.source)
        suffix = name.rpartition(".")[2].lower() if "." in name else ""
        document_id = digest(READERS, suffix, content_type, charset, hashlib.sha256(data).digest())
        stored = self._store.text(document_id)
        if stored:
            return document_id, stored[2]
        parsed = reader.read(data, name, content_type, charset)
        if not parsed.text.strip():
            raise Unreadable("it holds no text", "skipped")
        self._store.add_text(document_id, parsed.text, parsed.pages, parsed.note, parsed.images)
        return document_id, parsed.note

    def _entry(self, one: _Read) -> SourceEntry:
        knowledge = one.item.knowledge
        cutting = cutting_of(knowledge)
        receipt = Receipt(source=one.item.source, knowledge=knowledge.name, status=one.status, reason=one.note)
        before = self._before.get((knowledge.name, one.item.source))
        if one.document_id and before and (before.document_id, before.cutting) == (one.document_id, cutting):
            receipt = before.receipt.model_copy(update={"status": one.status, "reason": one.note})
        elif one.document_id and (stored := self._store.text(one.document_id)):
            text, pages, _ = stored
            receipt.characters, receipt.images = self._store.sizes(one.document_id)
            receipt.pages = len(pages) or None
            receipt.words, receipt.tables, receipt.language = words_in(text), tables_in(text), language_in(text)
            receipt.chunks = self._store.count(one.document_id, cutting)
        return SourceEntry(knowledge.name, one.item.source, cutting, one.document_id, one.mark, receipt)


def _used(entries: Sequence[SourceEntry]) -> list[tuple[str, str, str, str | None]]:
    return [(e.knowledge, e.source, e.cutting, e.document_id) for e in entries]


def _bytes(item: Item) -> tuple[bytes, str, str]:
    if item.url is not None:
        from gptsmith.fetch import fetch

        page = fetch(item.url, max_bytes=MAX_BYTES)
        return page.data, page.content_type, page.charset
    if item.path is None:
        raise FileNotFoundError(item.source)
    return read_file(item.path, MAX_BYTES), "", ""


def _page_name(url: str) -> str:
    """Return the file name at the end of a URL's path, empty when there is none."""
    return urlsplit(url).path.rpartition("/")[2]
