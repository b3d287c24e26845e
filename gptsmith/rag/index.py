"""The index of one generation, in memory: passages, their vectors as exact matrices, their words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gptsmith.rag.keyword import KeywordIndex
from gptsmith.rag.store import Chunk, Entry, Store, digest

Scores = NDArray[np.float32]


@dataclass
class Dense:
    """The vectors of all passages that share an encoder: `rows[i]` is the passage of `matrix[i]`, `ids[i]` its id.

    `key` names these very vectors.
    """

    model: str
    rows: NDArray[np.int64]
    matrix: Scores
    ids: list[str]
    key: str


@dataclass
class Index:
    """What is searched. `documents` gives text and page offsets by document id."""

    generation: int
    entries: list[Entry]
    chunks: list[Chunk]
    documents: dict[str, tuple[str, list[int]]]
    dense: list[Dense]
    keyword: KeywordIndex
    keyword_folder: Path

    def text(self, i: int) -> str:
        """Return passage `i`."""
        chunk = self.chunks[i]
        return self.documents[chunk.document_id][0][chunk.start : chunk.end]


def load(store: Store, models: dict[str, str], folder: Path) -> Index:
    """Read what is in use from `store`; `models` gives the encoder of each source, `folder` keeps the word index."""
    generation, entries, chunks, blobs, documents = store.load()
    dense = []
    for model in dict.fromkeys(models.values()):
        mine = [i for i, c in enumerate(chunks) if models.get(entries[c.entry].knowledge) == model]
        if mine:
            dense.append(_dense(model, mine, chunks, blobs))
    place = folder / f"words-{digest(*(c.chunk_id for c in chunks))}"
    index = Index(generation, entries, chunks, documents, dense, KeywordIndex(None, 0), place)
    index.keyword = _keyword(index)
    return index


def _dense(model: str, rows: list[int], chunks: list[Chunk], blobs: list[bytes]) -> Dense:
    width = len(blobs[rows[0]])
    fitting = [i for i in rows if len(blobs[i]) == width]  # a model that changed its width under the same name
    matrix = np.frombuffer(b"".join(blobs[i] for i in fitting), dtype=np.float32).reshape(len(fitting), width // 4)
    ids = [chunks[i].chunk_id for i in fitting]
    return Dense(model, np.array(fitting, dtype=np.int64), matrix, ids, digest(model, *ids))


def _keyword(index: Index) -> KeywordIndex:
    """Load the word index of these very passages, or build and keep it."""
    found = KeywordIndex.load(index.keyword_folder, len(index.chunks))
    if found is not None:
        return found
    built = KeywordIndex.build([index.text(i) for i in range(len(index.chunks))])
    built.save(index.keyword_folder)
    return built
