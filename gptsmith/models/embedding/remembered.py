"""Vectors of sentences that were encoded before, kept in the state folder: a turn encodes its question alone.

Only hashes of the texts are kept. Whatever is wrong with the file, the texts are simply encoded again.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from gptsmith.errors import GptsmithError
from gptsmith.models.embedding import Embedder, Vectors, unit_rows
from gptsmith.state import connect, home_path

log = logging.getLogger(__name__)

MOST = 100_000  # vectors that are kept, 80 MB; then the older half goes

_MIGRATIONS = ["CREATE TABLE vectors (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, vector BLOB NOT NULL);"]
_AT_ONCE = 500  # names in one query


class RememberedVectors:
    """The vectors in one SQLite file, for any number of encoders. Safe to share between threads."""

    def __init__(self, path: Path, *, most: int = MOST) -> None:
        self._path = path
        self._most = most
        self._guard = threading.Lock()
        self._db: sqlite3.Connection | None = None

    def encode(self, embedder: Embedder, texts: Sequence[str]) -> Vectors:
        """Return what `embedder.encode` does, encoding only texts that it never encoded before."""
        if not texts:
            return embedder.encode(texts)
        keys = [_key(embedder.name, text) for text in texts]
        known = self._known(keys, embedder.dimensions)
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if new:
            known.update(zip(new, embedder.encode(list(new.values())), strict=True))
            self._keep({key: known[key] for key in new})
        return unit_rows(np.stack([known[key] for key in keys]))

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        with self._guard:
            if self._db is not None:
                self._db.close()
            self._db = None

    def _known(self, keys: Sequence[bytes], dimensions: int) -> dict[bytes, Vectors]:
        found: dict[bytes, Vectors] = {}
        try:
            with self._guard:
                for i in range(0, len(keys), _AT_ONCE):
                    part = keys[i : i + _AT_ONCE]
                    marks = ",".join("?" * len(part))
                    query = f"SELECT key, vector FROM vectors WHERE key IN ({marks})"  # noqa: S608 - only question marks
                    for key, blob in self._opened().execute(query, part):
                        if len(blob) == 2 * dimensions:
                            found[key] = np.frombuffer(blob, dtype=np.float16).astype(np.float32)
        except (sqlite3.Error, OSError, GptsmithError):
            log.debug("kept vectors cannot be read", exc_info=True)
        return found

    def _keep(self, vectors: dict[bytes, Vectors]) -> None:
        rows = [(key, vector.astype(np.float16).tobytes()) for key, vector in vectors.items()]
        try:
            with self._guard, self._opened() as db:
                db.executemany("INSERT OR REPLACE INTO vectors (key, vector) VALUES (?, ?)", rows)
                first, last = db.execute("SELECT MIN(id), MAX(id) FROM vectors").fetchone()
                if last - first >= self._most:
                    db.execute("DELETE FROM vectors WHERE id <= ?", (last - self._most // 2,))
        except (sqlite3.Error, OSError, GptsmithError):
            log.debug("vectors cannot be kept", exc_info=True)

    def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._db = connect(self._path, _MIGRATIONS, across_threads=True)
        return self._db


def _key(name: str, text: str) -> bytes:
    return hashlib.blake2b(f"{name}\0{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


@lru_cache(maxsize=4)
def _at(path: Path) -> RememberedVectors:
    return RememberedVectors(path)


def remembered() -> RememberedVectors:
    """Return the vectors in the state folder of this moment."""
    return _at(home_path() / "sentences.sqlite")
