"""The index of one generation, in memory: passages, their vectors as exact matrices, their words."""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gptsmith.models.text import fold, words_in
from gptsmith.rag.store import Chunk, SourceEntry, Store, digest

# The BM25 index of the passages: words that match, whatever their ending.

_WORD = re.compile(r"\d+(?:\.\d+)+|[^\W_]+(?:'[^\W_]+)?", re.UNICODE)
_VERSION = re.compile(r"\d+(?:\.\d+)+")
_SUM = "sum"
_K1, _B = 1.5, 0.75
# Left out of questions, not of passages: in few or short files such words are rare enough to decide what is found.
_EMPTY = frozenset(
    """a about am an and any are as at be been but by can could did do does don't for from had has have how i if in into
    is isn't it its may me might must my no not of on or our out shall should so some such than that the their them then
    there these they this those to up us was we were what what's when where which while who whom whose why will with
    would you your""".split()  # noqa: SIM905 - readable
)


class KeywordIndex:
    """BM25 over passages in a fixed order; `scores` gives one number between 0 and 1 for each of them."""

    def __init__(self, bm25: Any, count: int) -> None:
        self._bm25 = bm25
        self.count = count
        self._stemmer = _stemmer()

    @classmethod
    def build(cls, texts: Sequence[str]) -> KeywordIndex:
        """Index `texts`."""
        import bm25s

        stemmer = _stemmer()
        bm25 = bm25s.BM25(k1=_K1, b=_B)
        tokens = [words(text, stemmer) for text in texts]
        if any(tokens):
            bm25.index(tokens, show_progress=False)
        else:
            bm25 = None
        return cls(bm25, len(texts))

    @classmethod
    def load(cls, folder: Path, count: int) -> KeywordIndex | None:
        """Return the index saved in `folder`, None when it is not there, damaged or of another size."""
        import bm25s

        try:
            if (folder / _SUM).read_text(encoding="ascii") != _sum(folder):
                return None
            bm25 = bm25s.BM25.load(folder, mmap=False, show_progress=False)
            return cls(bm25, count) if int(bm25.scores["num_docs"]) == count else None
        except (OSError, ValueError, KeyError, TypeError, EOFError):  # a damaged cache is built again
            return None

    def save(self, folder: Path) -> None:
        """Save the index into `folder`, whole or not at all; another process may be doing the same."""
        if self._bm25 is None:
            return
        aside = folder.with_name(f"{folder.name}.{secrets.token_hex(4)}")
        self._bm25.save(aside, show_progress=False)
        (aside / _SUM).write_text(_sum(aside), encoding="ascii")
        try:
            shutil.rmtree(folder, ignore_errors=True)
            aside.rename(folder)
        except OSError:  # the other process was first
            shutil.rmtree(aside, ignore_errors=True)

    def scores(self, query: str) -> Scores:
        """Return the BM25 score of each passage as a share of the best that any passage could reach for `query`.

        That keeps scores comparable between queries: a word that stands nowhere counts against all passages.
        """
        wanted = words(query, self._stemmer, question=True)
        if self._bm25 is None or not wanted:
            return np.zeros(self.count, dtype=np.float32)
        vocabulary = self._bm25.vocab_dict
        known = [w for w in wanted if w in vocabulary]
        if not known:
            return np.zeros(self.count, dtype=np.float32)
        found = np.asarray(self._bm25.get_scores(known), dtype=np.float32)
        share: Scores = np.clip(found / self._ceiling(wanted), 0.0, 1.0)
        return share

    def passages_with(self, word: str) -> int:
        """Return in how many passages a word stands, in whatever form."""
        if self._bm25 is None:
            return 0
        places = [self._bm25.vocab_dict.get(stem) for stem in words(word, self._stemmer)]
        starts = self._bm25.scores["indptr"]
        return min((int(starts[at + 1] - starts[at]) if at is not None else 0 for at in places), default=0)

    def _ceiling(self, wanted: list[str]) -> float:
        """Return the score of a passage that says every word of the query without end (the limit of BM25)."""
        vocabulary, starts = self._bm25.vocab_dict, self._bm25.scores["indptr"]
        total = 0.0
        for word in wanted:
            at = vocabulary.get(word)
            df = int(starts[at + 1] - starts[at]) if at is not None else 0
            total += float(np.log(1 + (self.count - df + 0.5) / (df + 0.5)))
        return max(total, 1e-6)


def words(text: str, stemmer: Any, *, question: bool = False) -> list[str]:
    """Return the lower-case stems of `text`; scripts without spaces are cut into pairs of characters.

    Of a `question` only the words that mean something are kept, all of them when none does.
    """
    said = _WORD.findall(fold(text).lower().replace("’", "'"))
    if question:
        said = [word for word in said if word not in _EMPTY] or said
    stems: list[str] = stemmer.stemWords([part for word in said for part in _parts(word, question)])
    return stems


def _parts(word: str, question: bool) -> list[str]:
    """Return a word as it is indexed: 2.11.1 as itself and as 2.11, so that neither finds 2.7.11.1."""
    if not _VERSION.fullmatch(word):
        return words_in(word)
    numbers = word.split(".")
    return [word] if question else [".".join(numbers[:n]) for n in range(2, len(numbers) + 1)]


def _sum(folder: Path) -> str:
    """Return the checksum of a saved index: numbers that changed on the disk would still load."""
    h = hashlib.blake2b(digest_size=16)
    for file in sorted(folder.iterdir()):
        if file.name != _SUM:
            h.update(file.name.encode() + file.read_bytes())
    return h.hexdigest()


def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")


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
    entries: list[SourceEntry]
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
