"""The knowledge of one assistant: kept in step with its files, searched, opened at a citation."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gptsmith.assistants.format.spec import Knowledge
from gptsmith.errors import KnowledgeError, UsageError
from gptsmith.models.embedding import load_embedder
from gptsmith.rag.chroma import ChromaCache
from gptsmith.rag.hit import Hit
from gptsmith.rag.index import Dense, Index, load
from gptsmith.rag.ingest import Ingest, Item, expand, settings_of
from gptsmith.rag.proving import prove, questions
from gptsmith.rag.receipt import Receipt
from gptsmith.rag.reranking import rerank
from gptsmith.rag.search import fill, opening, page_at, score
from gptsmith.rag.store import SourceEntry, Store
from gptsmith.state import lock

EXACT_UP_TO = 50_000  # passages; beyond, Chroma is quicker than the exact matrix
FETCH_AGAIN = 600.0  # seconds until a page that could not be fetched makes the index stale
_PROVEN_AT_ONCE = 50  # files whose questions are encoded together
NEAREST = 400  # passages asked of Chroma

_SYNC_WAIT = 3600.0  # seconds to wait for another process that syncs the same knowledge


class PassageView(NamedTuple):
    """A passage in its document: `text[start:end]` of the document's whole `text`."""

    source: str
    document_id: str
    text: str
    start: int
    end: int
    page: int | None


class DocumentView(NamedTuple):
    """A document's whole text; `pages` are the offsets where its pages begin, empty without pages."""

    source: str
    text: str
    pages: list[int]


class KnowledgeBase:
    """The files and pages of an assistant, kept in `folder` (its own, in the state folder). Safe between threads.

    Making one reads nothing; `sync` brings the index in step with the files, `search` answers from what is in use.
    """

    def __init__(
        self,
        sources: list[Knowledge],
        base_dir: Path,
        folder: Path,
        *,
        trust: bool = False,
        exact_up_to: int = EXACT_UP_TO,
    ) -> None:
        self.sources = list(sources)
        self.base_dir = base_dir
        self.folder = folder
        self._trust = trust
        self._guard = threading.RLock()
        self._store = Store(folder / "knowledge.sqlite")
        self._index: Index | None = None
        self._prepared: dict[tuple[str, str], NDArray[np.float32]] = {}  # questions that were encoded together
        self._cache = ChromaCache(folder)
        self._exact_up_to = exact_up_to

    def __enter__(self) -> KnowledgeBase:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of files and locks; the object cannot be used afterwards."""
        self._cache.close()
        self._store.close()

    def sync(
        self, progress: Callable[[str], None] | None = None, *, cancelled: Callable[[], bool] | None = None
    ) -> list[Receipt]:
        """Read what is new or changed and put it in use; return what became of each file and page.

        `progress` is told each step before it begins, with the time that is left when that is long; `cancelled` is
        asked there, and ends the sync with a KnowledgeError `cancelled`: what was read and embedded is kept.

        Files that cannot be read have a receipt that is not `ok`, with the reason; the others go in. The index of
        before answers until the new one is whole; one process at a time syncs, others wait.
        """
        with _told(), lock(self.folder / "sync.lock", timeout=_SYNC_WAIT):
            said = _until(cancelled, progress or _silent)
            try:
                self._ingest(said)
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):  # a full disk, a missing right: not damage
                    raise
                self._store.renew()
                self._ingest(said)
            index = self._current()
            self._tidy(index)
            self._prove(said)
        if len(index.chunks) > self._exact_up_to:
            self._cache.keep_in_step(index)
        else:
            self._cache.drop()  # nothing would read it
        return self.receipts()

    def _ingest(self, progress: Callable[[str], None]) -> None:
        if (aside := self._store.damaged) is not None:
            progress(f"The stored knowledge was damaged: it is kept as {aside.name} and built again from your files")
            self._store.damaged = None
        Ingest(self._store, self.sources, self.base_dir, self._trust, progress).run()

    def _prove(self, progress: Callable[[str], None]) -> None:
        """Ask questions of what was read anew, so that its receipt shows that it can be found."""
        known = self._store.proofs()
        new = {(e.document_id, e.cutting): e for e in self._store.entries() if e.document_id}
        new = {key: entry for key, entry in new.items() if key not in known}
        models = {k.name: k.embedding_model for k in self.sources}
        keys = list(new)
        for i in range(0, len(keys), _PROVEN_AT_ONCE):
            self._prove_some({key: new[key] for key in keys[i : i + _PROVEN_AT_ONCE]}, models, progress)
        self._prepared.clear()

    def _prove_some(
        self, new: dict[tuple[str, str], SourceEntry], models: dict[str, str], progress: Callable[[str], None]
    ) -> None:
        """Make the questions of some documents, encode them together, and ask them."""
        texts = {key: self._store.text(key[0]) for key in new}
        spread = self._current().keyword.passages_with
        asked = {
            key: questions(stored[0], self._store.places(*key), spread)
            for key, stored in texts.items()
            if stored is not None
        }
        for model in set(models.values()):
            mine = [q.question for key, found in asked.items() if models[new[key].knowledge] == model for q in found]
            if mine:
                rows = load_embedder(model).encode(mine)
                self._prepared.update(zip(((model, text) for text in mine), rows, strict=True))
        for key, found in asked.items():
            entry, stored = new[key], texts[key]
            progress(f"Asking questions of {entry.source}")
            if stored is not None:
                search = partial(self.search, names=[entry.knowledge])
                self._store.add_proofs(*key, prove(found, stored[0], stored[1], key[0], search))

    def stale(self) -> bool:
        """Say whether a `sync` would find work: files or settings differ from what is indexed. Reads no file."""
        try:
            with _told():
                settings, generation = self._store.meta("settings"), self._store.generation()
                known = self._store.marks()
        except KnowledgeError as error:
            if error.code != "damaged":
                raise
            return True
        if settings != settings_of(self.sources):
            return bool(self.sources) or generation > 0
        items = {(i.knowledge.name, i.source): i for i in expand(self.sources, self.base_dir, trust=self._trust)}
        return set(known) != set(items) or any(_changed(item, known[key]) for key, item in items.items())

    def receipts(self) -> list[Receipt]:
        """Return what became of each file and page at the last sync."""
        with _told():
            proofs = self._store.proofs()
            return [
                e.receipt.model_copy(update={"proofs": proofs.get((e.document_id or "", e.cutting), [])})
                for e in self._store.entries()
            ]

    def search(self, query: str, names: Sequence[str] | None = None, budget: int | None = None) -> list[Hit]:
        """Return the passages that speak of `query`, best first.

        `names` are the sources to search, all when left out; `budget` is how many characters the passages may have
        together, by default what the sources ask for. Raises UsageError for a name that is no source.
        """
        chosen = self._chosen(names)
        if not query.strip() or not chosen:
            return []
        with _told():
            index = self._current()
        everything = len(chosen) == len(self.sources)
        scores = score(index, query, chosen, partial(self._nearness, everything))
        return fill(index, rerank(index, query, scores, chosen), chosen, budget)

    def opening(self, sources: Sequence[str], budget: int | None = None) -> list[Hit]:
        """Return the beginnings of the documents called `sources`, whole where they are short.

        Together they have at most `budget` characters, by default what the sources ask for.
        """
        with _told():
            index = self._current()
        room = budget if budget is not None else max((k.retrieval.budget for k in self.sources), default=0)
        return opening(index, sources, room)

    def passage(self, chunk_id: str) -> PassageView:
        """Return the passage of a hit or citation within its document. Raises KnowledgeError when it is gone."""
        with _told():
            found = self._store.chunk(chunk_id)
        if found is None:
            raise KnowledgeError(
                "this passage is not in the knowledge any more", code="gone", hint="its file changed; ask again"
            )
        document_id, start, end = found
        document = self.document(document_id)
        return PassageView(document.source, document_id, document.text, start, end, page_at(document.pages, start))

    def document(self, document_id: str) -> DocumentView:
        """Return a document's whole text and where its pages begin. Raises KnowledgeError when it is gone."""
        with _told():
            stored = self._store.text(document_id)
        if stored is None:
            raise KnowledgeError(
                "this document is not in the knowledge any more", code="gone", hint="its file changed; ask again"
            )
        source = next((e.source for e in self._store.entries() if e.document_id == document_id), "")
        return DocumentView(source, stored[0], stored[1])

    def named(self, source: str) -> DocumentView:
        """Return the document that a receipt calls `source`. Raises KnowledgeError when there is none that was read."""
        with _told():
            found = next((e.document_id for e in self._store.entries() if e.source == source and e.document_id), None)
        if found is None:
            raise KnowledgeError("there is no such document in the knowledge", source=source, code="not_found")
        return self.document(found)

    def _chosen(self, names: Sequence[str] | None) -> list[Knowledge]:
        known = {k.name: k for k in self.sources}
        unknown = [n for n in names or () if n not in known]
        if unknown:
            raise UsageError(
                f"no knowledge source is called {unknown[0][:60]!r}", hint=f"there are: {', '.join(known) or 'none'}"
            )
        return list(self.sources) if names is None else [known[n] for n in dict.fromkeys(names)]

    def _current(self) -> Index:
        """Return the index of the generation in use, read anew when another process or a sync switched it."""
        if self._store.damaged is not None:
            raise sqlite3.DatabaseError("set aside as damaged")
        with self._guard:
            if self._index is None or self._index.generation != self._store.generation():
                self._index = load(self._store, {k.name: k.embedding_model for k in self.sources}, self.folder)
                if len(self._index.chunks) > self._exact_up_to:
                    self._cache.keep_in_step(self._index)
            return self._index

    def _nearness(
        self, everything: bool, dense: Dense, query: str, likely: NDArray[np.int64], scores: NDArray[np.float32]
    ) -> None:
        """Write the cosines of `query` into `scores`: exact, or of the nearest alone where passages are very many."""
        vector = self._prepared.get((dense.model, query))
        if vector is None:
            vector = load_embedder(dense.model).encode([query])[0]
        if vector.shape[0] != dense.matrix.shape[1]:
            return  # another model under the same name: words alone decide
        found = None
        if everything and len(dense.ids) > self._exact_up_to:
            found = self._cache.nearest(dense, vector, NEAREST)
        if found is None:
            scores[dense.rows] = dense.matrix @ vector
        else:
            scores[dense.rows[found.places]] = found.cosines
            mine = np.flatnonzero(np.isin(dense.rows, likely))
            scores[dense.rows[mine]] = dense.matrix[mine] @ vector

    def _tidy(self, index: Index) -> None:
        """Remove the word indexes of generations that are gone."""
        keep = index.keyword_folder
        for place in self.folder.glob("words-*"):
            if place != keep:
                shutil.rmtree(place, ignore_errors=True)


def _changed(item: Item, mark: str) -> bool:
    """Say whether a file changed, or a page that could not be fetched is due again."""
    if item.url is not None and mark.startswith(f"{item.url} "):
        return time.time() - float(mark.rpartition(" ")[2]) > FETCH_AGAIN
    return item.mark() != mark


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn what SQLite or the disk says into one sentence with the fix."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise KnowledgeError(
            f"the knowledge cannot be stored or read ({error})",
            code="storage",
            hint="free disk space and check that GPTSMITH_HOME can be written to",
        ) from error
    except sqlite3.DatabaseError as error:
        raise KnowledgeError(
            "the stored knowledge is damaged", code="damaged", hint="run `gptsmith knowledge sync` to build it again"
        ) from error


def _until(cancelled: Callable[[], bool] | None, progress: Callable[[str], None]) -> Callable[[str], None]:
    """Return `progress`, which then ends the sync when it is `cancelled`."""

    def said(text: str) -> None:
        if cancelled is not None and cancelled():
            raise KnowledgeError(
                "reading the files was stopped", code="cancelled", hint="what was read is kept; the next time goes on"
            )
        progress(text)

    return said


def _silent(_: str) -> None:
    """Say nothing."""
