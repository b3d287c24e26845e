"""The SQLite file of one assistant's knowledge: the truth from which every index can be made again.

Texts, chunks and vectors are keyed by content, so that writing new ones never disturbs what is searched; `entries`
says which of them are in use and is replaced whole, in one transaction, by `switch`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from gptsmith.errors import NotReadyError
from gptsmith.rag.receipt import Proof, Receipt
from gptsmith.state import connect, edit_lock, is_sound

log = logging.getLogger(__name__)

MIGRATIONS = [
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE texts (
        document_id TEXT PRIMARY KEY, text TEXT NOT NULL, pages TEXT NOT NULL, note TEXT NOT NULL
    );
    CREATE TABLE chunks (
        chunk_id TEXT PRIMARY KEY, document_id TEXT NOT NULL, cutting TEXT NOT NULL,
        start INTEGER NOT NULL, stop INTEGER NOT NULL, vector BLOB
    );
    CREATE INDEX chunks_of ON chunks (document_id, cutting, start);
    CREATE TABLE cuttings (document_id TEXT NOT NULL, cutting TEXT NOT NULL, PRIMARY KEY (document_id, cutting));
    CREATE TABLE entries (
        position INTEGER PRIMARY KEY, knowledge TEXT NOT NULL, source TEXT NOT NULL, cutting TEXT NOT NULL,
        document_id TEXT, mark TEXT NOT NULL, receipt TEXT NOT NULL
    );
    INSERT INTO meta VALUES ('generation', '0');
    INSERT INTO meta VALUES ('settings', '');
    """,
    "INSERT INTO meta VALUES ('sum', '');",  # empty: put in use before there were sums
    """
    ALTER TABLE texts ADD COLUMN images INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE proofs (
        document_id TEXT NOT NULL, cutting TEXT NOT NULL, proofs TEXT NOT NULL, PRIMARY KEY (document_id, cutting)
    );
    UPDATE meta SET value = '' WHERE key = 'sum';
    """,
]
_PROOFS = TypeAdapter(list[Proof])
_NEEDED = {"generation", "settings", "sum"}

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class SourceEntry:
    """One file or page in use: `mark` tells whether it changed, `document_id` is None when it could not be read."""

    knowledge: str
    source: str
    cutting: str
    document_id: str | None
    mark: str
    receipt: Receipt


@dataclass(frozen=True)
class Chunk:
    """One passage in use; `entry` is its place in the list of entries."""

    chunk_id: str
    document_id: str
    entry: int
    start: int
    end: int


class StoreContents(NamedTuple):
    """What is in use at one moment: passages in order, their vectors' bytes, each document's text and page offsets."""

    generation: int
    entries: list[SourceEntry]
    chunks: list[Chunk]
    vectors: list[bytes]
    texts: dict[str, tuple[str, list[int]]]


def digest(*parts: str | bytes | int) -> str:
    """Return a 32-character id made of `parts`; the same parts give the same id everywhere."""
    h = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
        h.update(len(data).to_bytes(8, "big"))
        h.update(data)
    return h.hexdigest()[:32]


class Store:
    """One connection to the file, shared between threads under `guard`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.guard = threading.RLock()
        self.damaged: Path | None = None
        """Where a damaged file was set aside, until somebody was told."""
        self._db = self._opened()

    def _opened(self) -> sqlite3.Connection:
        """Open the file; one that is damaged is set aside: all of it can be made again from the files."""
        for locked in (contextlib.nullcontext(), edit_lock(self.path)):  # the second look is nobody else's
            with locked:
                try:
                    db = connect(self.path, MIGRATIONS, across_threads=True)
                except NotReadyError as error:
                    if error.code != "bad_state":
                        raise
                else:
                    if is_sound(db) and _intact(db):
                        return db
                    db.close()
                if not isinstance(locked, contextlib.nullcontext):
                    return self._anew()
        raise AssertionError

    def _anew(self) -> sqlite3.Connection:
        self.damaged = _move_aside(self.path)
        log.warning("the stored knowledge was damaged; it is set aside as %s and built again", self.damaged)
        return connect(self.path, MIGRATIONS, across_threads=True)

    def renew(self) -> None:
        """Begin with an empty file, the damaged one moved aside; the next sync fills it from the spec's files."""
        with self.guard:
            self._db.close()
            self._db = self._anew()

    def close(self) -> None:
        """Close the connection; the store cannot be used afterwards."""
        with self.guard:
            self._db.close()

    def generation(self) -> int:
        """Return the number of the generation in use; 0 before the first sync."""
        return int(self.meta("generation") or 0)

    def meta(self, key: str) -> str:
        """Return a stored setting, empty when it is not there."""
        with self.guard:
            row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def set_meta(self, key: str, value: str) -> None:
        """Store a setting."""
        with self.guard, self._db:
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def entries(self) -> list[SourceEntry]:
        """Return what is in use, in the order of the spec."""
        with self.guard:
            rows = self._db.execute(
                "SELECT knowledge, source, cutting, document_id, mark, receipt FROM entries ORDER BY position"
            ).fetchall()
        return [SourceEntry(k, s, c, d, m, Receipt.model_validate_json(r)) for k, s, c, d, m, r in rows]

    def marks(self) -> dict[tuple[str, str], str]:
        """Return the mark of each `(knowledge, source)` in use."""
        with self.guard:
            rows = self._db.execute("SELECT knowledge, source, mark FROM entries ORDER BY position").fetchall()
        return {(knowledge, source): mark for knowledge, source, mark in rows}

    def has_text(self, document_id: str) -> bool:
        """Say whether the document's text is stored."""
        with self.guard:
            found = self._db.execute("SELECT 1 FROM texts WHERE document_id = ?", (document_id,)).fetchone()
        return found is not None

    def text(self, document_id: str) -> tuple[str, list[int], str] | None:
        """Return a document's text, the offsets where its pages begin (empty without pages) and the reader's note."""
        with self.guard:
            row = self._db.execute(
                "SELECT text, pages, note FROM texts WHERE document_id = ?", (document_id,)
            ).fetchone()
        return (row[0], json.loads(row[1]), row[2]) if row else None

    def add_text(self, document_id: str, text: str, pages: Sequence[int], note: str, images: int = 0) -> None:
        """Store a document's text; nothing uses it before `switch`."""
        row = (document_id, text, json.dumps(list(pages)), note, images)
        with self.guard, self._db:
            self._db.execute("INSERT OR REPLACE INTO texts VALUES (?, ?, ?, ?, ?)", row)

    def sizes(self, document_id: str) -> tuple[int, int]:
        """Return how many characters and pictures a document has; 0 for one that is not stored."""
        with self.guard:
            row = self._db.execute(
                "SELECT LENGTH(text), images FROM texts WHERE document_id = ?", (document_id,)
            ).fetchone()
        return (int(row[0]), int(row[1])) if row else (0, 0)

    def is_cut(self, document_id: str, cutting: str) -> bool:
        """Say whether the document's chunks for this chunking and encoder are stored, vectors included."""
        with self.guard:
            found = self._db.execute(
                "SELECT 1 FROM cuttings WHERE document_id = ? AND cutting = ?", (document_id, cutting)
            ).fetchone()
        return found is not None

    def known_chunks(self, chunk_ids: Sequence[str]) -> set[str]:
        """Return those of `chunk_ids` that are stored already."""
        found: set[str] = set()
        with self.guard:
            for i in range(0, len(chunk_ids), 500):
                part = chunk_ids[i : i + 500]
                marks = ",".join("?" * len(part))
                rows = self._db.execute(
                    f"SELECT chunk_id FROM chunks WHERE chunk_id IN ({marks})",  # noqa: S608 - only question marks
                    part,
                )
                found.update(row[0] for row in rows)
        return found

    def add_chunks(self, rows: Iterable[tuple[str, str, str, int, int]], vectors: Matrix) -> None:
        """Store chunks `(chunk_id, document_id, cutting, start, end)` with their vectors; those of before stay."""
        values = [(*row, vector.astype(np.float32).tobytes()) for row, vector in zip(rows, vectors, strict=True)]
        with self.guard, self._db:
            self._db.executemany("INSERT OR IGNORE INTO chunks VALUES (?, ?, ?, ?, ?, ?)", values)

    def mark_cut(self, document_id: str, cutting: str) -> None:
        """Record that all chunks of a document are stored."""
        with self.guard, self._db:
            self._db.execute("INSERT OR REPLACE INTO cuttings VALUES (?, ?)", (document_id, cutting))

    def count(self, document_id: str, cutting: str) -> int:
        """Return how many chunks a document has under one chunking."""
        with self.guard:
            row = self._db.execute(
                "SELECT COUNT(*) FROM chunks WHERE document_id = ? AND cutting = ?", (document_id, cutting)
            ).fetchone()
        return int(row[0])

    def places(self, document_id: str, cutting: str) -> list[tuple[int, int]]:
        """Return where the chunks of a document lie, in its order."""
        with self.guard:
            rows = self._db.execute(
                "SELECT start, stop FROM chunks WHERE document_id = ? AND cutting = ? ORDER BY start",
                (document_id, cutting),
            ).fetchall()
        return [(start, stop) for start, stop in rows]

    def proofs(self) -> dict[tuple[str, str], list[Proof]]:
        """Return the questions that were asked of each `(document_id, cutting)`."""
        with self.guard:
            rows = self._db.execute("SELECT document_id, cutting, proofs FROM proofs").fetchall()
        return {(document_id, cutting): _PROOFS.validate_json(proofs) for document_id, cutting, proofs in rows}

    def add_proofs(self, document_id: str, cutting: str, proofs: Sequence[Proof]) -> None:
        """Store the questions that were asked of a document."""
        with self.guard, self._db:
            row = (document_id, cutting, _PROOFS.dump_json(list(proofs)).decode())
            self._db.execute("INSERT OR REPLACE INTO proofs VALUES (?, ?, ?)", row)

    def switch(self, entries: Sequence[SourceEntry], settings: str, *, same: bool = False) -> int:
        """Put `entries` in use in one transaction, drop what nothing uses, and return the generation's number.

        `same` keeps the number: the passages are those of before, only marks and receipts changed.
        """
        with self.guard, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            generation = self.generation() + (0 if same else 1)
            self._db.execute("DELETE FROM entries")
            self._db.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)", map(_row, enumerate(entries)))
            self._db.execute("UPDATE meta SET value = ? WHERE key = 'generation'", (str(generation),))
            self._db.execute("UPDATE meta SET value = ? WHERE key = 'settings'", (settings,))
            self._drop_unused()
            self._db.execute("UPDATE meta SET value = ? WHERE key = 'sum'", (_sum(self._db),))
        return generation

    def _drop_unused(self) -> None:
        for table in ("chunks", "cuttings", "proofs"):
            self._db.execute(
                f"DELETE FROM {table} WHERE NOT EXISTS (SELECT 1 FROM entries e"  # noqa: S608 - fixed names
                f" WHERE e.document_id = {table}.document_id AND e.cutting = {table}.cutting)"
            )
        self._db.execute(
            "DELETE FROM texts WHERE document_id NOT IN (SELECT document_id FROM entries WHERE document_id NOT NULL)"
        )

    def load(self) -> StoreContents:
        """Return one consistent view of what is in use."""
        with self.guard, self._db:
            self._db.execute("BEGIN")
            generation, entries = self.generation(), self.entries()
            rows = self._db.execute(
                "SELECT c.chunk_id, c.document_id, e.position, c.start, c.stop, c.vector FROM entries e JOIN chunks c"
                " ON c.document_id = e.document_id AND c.cutting = e.cutting ORDER BY e.position, c.start"
            ).fetchall()
            found = ((e.document_id, self.text(e.document_id)) for e in entries if e.document_id)
            texts = {document_id: stored[:2] for document_id, stored in found if stored}
        return StoreContents(generation, entries, [Chunk(*row[:5]) for row in rows], [row[5] for row in rows], texts)

    def chunk(self, chunk_id: str) -> tuple[str, int, int] | None:
        """Return `(document_id, start, end)` of a chunk."""
        with self.guard:
            row = self._db.execute(
                "SELECT document_id, start, stop FROM chunks WHERE chunk_id = ?", (chunk_id,)
            ).fetchone()
        return (row[0], row[1], row[2]) if row else None


def _intact(db: sqlite3.Connection) -> bool:
    """Say whether what is in use reads as it was put in use; pages that can be read may still hold other bytes."""
    try:
        with db:
            db.execute("BEGIN")
            meta = dict(db.execute("SELECT key, value FROM meta").fetchall())
            return meta.keys() >= _NEEDED and meta["generation"].isdecimal() and meta["sum"] in ("", _sum(db))
    except sqlite3.OperationalError as error:
        return "UTF-8" not in str(error)  # else it is locked, or the disk does not allow it: no damage
    except (sqlite3.DatabaseError, AttributeError, UnicodeDecodeError):
        return False


def _sum(db: sqlite3.Connection) -> str:
    """Return the checksum of what is in use: the entries, their texts, passages and vectors."""
    h = hashlib.blake2b(digest_size=16)
    for query in (
        "SELECT * FROM entries ORDER BY position",
        "SELECT t.* FROM entries e JOIN texts t ON t.document_id = e.document_id ORDER BY e.position",
        "SELECT c.*, e.position FROM entries e JOIN chunks c ON c.document_id = e.document_id"
        " AND c.cutting = e.cutting ORDER BY e.position, c.start, c.chunk_id",
        "SELECT c.* FROM entries e JOIN cuttings c ON c.document_id = e.document_id AND c.cutting = e.cutting"
        " ORDER BY e.position",
    ):
        for row in db.execute(query):
            for value in row:
                h.update(value if isinstance(value, bytes) else repr(value).encode("utf-8", "surrogatepass"))
                h.update(b"\n")
    return h.hexdigest()


def _move_aside(path: Path) -> Path:
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return path.replace(path.with_name(path.name + ".damaged"))


def _row(item: tuple[int, SourceEntry]) -> tuple[Any, ...]:
    position, e = item
    return (position, e.knowledge, e.source, e.cutting, e.document_id, e.mark, e.receipt.model_dump_json())
