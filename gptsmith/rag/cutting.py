"""Cutting and embedding documents: many small ones share a batch, a document is marked when all of it is stored."""

from __future__ import annotations

from collections.abc import Callable

from gptsmith.assistants.spec import Knowledge
from gptsmith.models.embedding import Embedder, load_embedder
from gptsmith.rag.chunker import CHUNKER, Cut, cut
from gptsmith.rag.store import Store, digest

Progress = Callable[[str], None]
_Row = tuple[str, str, str, int, int]

_BATCH = 128  # passages embedded and stored at a time
_SPECIALS = 2  # tokens that the encoder puts around a text


def cutting_of(knowledge: Knowledge) -> str:
    """Return the id of everything that decides where chunks lie and what their vectors are."""
    return digest(CHUNKER, knowledge.chunking.size, knowledge.chunking.overlap, knowledge.embedding_model)


def chunks_of(text: str, pages: list[int], knowledge: Knowledge, embedder: Embedder) -> list[Cut]:
    """Cut one document as its source asks, no passage longer than the encoder reads."""
    return cut(
        text,
        size=knowledge.chunking.size,
        overlap=knowledge.chunking.overlap,
        pages=pages,
        token_starts=[start for start, _ in embedder.token_spans(text)],
        max_tokens=embedder.max_tokens - _SPECIALS,
    )


class Cutter:
    """Stores the chunks and vectors of documents; call `finish` at the end."""

    def __init__(self, store: Store, progress: Progress) -> None:
        self._store = store
        self._progress = progress
        self._waiting: dict[str, list[tuple[_Row, str]]] = {}
        self._unmarked: dict[str, list[tuple[str, str]]] = {}
        self._done = 0

    def add(self, document_id: str, knowledge: Knowledge) -> None:
        """Cut a stored document; nothing happens when its chunks are stored already."""
        cutting = cutting_of(knowledge)
        marks = self._unmarked.setdefault(knowledge.embedding_model, [])
        stored = self._store.text(document_id)
        if stored is None or (document_id, cutting) in marks or self._store.is_cut(document_id, cutting):
            return
        text, pages, _ = stored
        embedder = load_embedder(knowledge.embedding_model)
        cuts = chunks_of(text, pages, knowledge, embedder)
        rows = [(digest(document_id, cutting, c.start), document_id, cutting, c.start, c.end) for c in cuts]
        known = self._store.known_chunks([row[0] for row in rows])
        waiting = self._waiting.setdefault(knowledge.embedding_model, [])
        waiting.extend((row, text[row[3] : row[4]]) for row in rows if row[0] not in known)
        marks.append((document_id, cutting))
        if len(waiting) >= _BATCH:
            self._store_waiting(knowledge.embedding_model)

    def finish(self) -> None:
        """Store what is still waiting."""
        for model in list(self._unmarked):
            self._store_waiting(model)

    def _store_waiting(self, model: str) -> None:
        waiting = self._waiting.pop(model, [])
        for i in range(0, len(waiting), _BATCH):
            part = waiting[i : i + _BATCH]
            vectors = load_embedder(model).encode([text for _, text in part])
            self._store.add_chunks([row for row, _ in part], vectors)
            self._done += len(part)
            self._progress(f"Indexed {self._done:,} passages")
        for document_id, cutting in self._unmarked.pop(model, []):
            self._store.mark_cut(document_id, cutting)
