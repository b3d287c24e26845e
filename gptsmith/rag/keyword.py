"""The BM25 index of the passages: words that match, whatever their ending."""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gptsmith.models.folding import fold, words_in

Scores = NDArray[np.float32]

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
