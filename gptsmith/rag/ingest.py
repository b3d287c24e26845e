"""One sync: what the spec names, read, cut and embedded where it changed, then put in use as a whole."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gptsmith.assistants.spec import Knowledge
from gptsmith.errors import FetchError
from gptsmith.rag.cutting import Cutter, cutting_of
from gptsmith.rag.hit import Receipt
from gptsmith.rag.reading.parsed import MAX_BYTES, READERS, Unreadable
from gptsmith.rag.reading.process import ReadingProcess
from gptsmith.rag.sources import Item, expand, read_file
from gptsmith.rag.store import Entry, Store, digest

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
        cutter = Cutter(self._store, self._progress)
        for one in read:
            if one.document_id:
                cutter.add(one.document_id, one.item.knowledge)
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

    def _unchanged(self, item: Item, mark: str, before: Entry) -> bool:
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
        self._store.add_text(document_id, parsed.text, parsed.pages, parsed.note)
        return document_id, parsed.note

    def _entry(self, one: _Read) -> Entry:
        knowledge = one.item.knowledge
        cutting = cutting_of(knowledge)
        receipt = Receipt(source=one.item.source, knowledge=knowledge.name, status=one.status, reason=one.note)
        stored = self._store.text(one.document_id) if one.document_id else None
        if one.document_id and stored:
            receipt.characters = len(stored[0])
            receipt.pages = len(stored[1]) or None
            receipt.chunks = self._store.count(one.document_id, cutting)
        return Entry(knowledge.name, one.item.source, cutting, one.document_id, one.mark, receipt)


def _used(entries: Sequence[Entry]) -> list[tuple[str, str, str, str | None]]:
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
