"""The index of one generation, in memory: passages, their vectors as exact matrices, their words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gptsmith.rag.keyword import KeywordIndex
from gptsmith.rag.store import Chunk, Entry, Store, digest

Scores = NDArray[np.float32]

_WORDS = "w3"  # raise it when the word index is made of other words
_NAME_END = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_HEADING = re.compile(r"^(#{1,6})[ \t]+(\S.{0,200})$", re.MULTILINE)


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
    """What is searched. `entry_of[i]` is the place in `entries` of passage i; `documents` gives text and
    page offsets by document id.
    """

    generation: int
    entries: list[Entry]
    chunks: list[Chunk]
    entry_of: NDArray[np.int64]
    documents: dict[str, tuple[str, list[int]]]
    dense: list[Dense]
    keyword: KeywordIndex
    keyword_folder: Path
    _headings: dict[str, list[tuple[int, int, str]]] = field(default_factory=dict)

    def text(self, i: int) -> str:
        """Return passage `i`."""
        chunk = self.chunks[i]
        return self.documents[chunk.document_id][0][chunk.start : chunk.end]

    def words(self, i: int) -> str:
        """Return what the word index knows of passage `i`: the file's name and the headings above it come first."""
        chunk = self.chunks[i]
        name = _NAME_END.sub("", self.entries[chunk.entry].source).replace("_", " ").replace("-", " ")
        return f"{name}\n{self._above(chunk)}\n{self.text(i)}"

    def _above(self, chunk: Chunk) -> str:
        """Return the headings under which a passage begins, outermost first."""
        if chunk.document_id not in self._headings:
            text = self.documents[chunk.document_id][0]
            self._headings[chunk.document_id] = [(m.start(), len(m[1]), m[2]) for m in _HEADING.finditer(text)]
        path: dict[int, str] = {}
        for start, level, heading in self._headings[chunk.document_id]:
            if start >= chunk.start:
                break
            path = {other: words for other, words in path.items() if other < level} | {level: heading}
        return "\n".join(path.values())


def load(store: Store, models: dict[str, str], folder: Path) -> Index:
    """Read what is in use from `store`; `models` gives the encoder of each source, `folder` keeps the word index."""
    generation, entries, chunks, blobs, documents = store.load()
    dense = []
    for model in dict.fromkeys(models.values()):
        mine = [i for i, c in enumerate(chunks) if models.get(entries[c.entry].knowledge) == model]
        if mine:
            dense.append(_dense(model, mine, chunks, blobs))
    place = (
        folder / f"words-{digest(_WORDS, *(part for c in chunks for part in (c.chunk_id, entries[c.entry].source)))}"
    )
    entry_of = np.array([c.entry for c in chunks], dtype=np.int64)
    index = Index(generation, entries, chunks, entry_of, documents, dense, KeywordIndex(None, 0), place)
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
    built = KeywordIndex.build([index.words(i) for i in range(len(index.chunks))])
    built.save(index.keyword_folder)
    return built
