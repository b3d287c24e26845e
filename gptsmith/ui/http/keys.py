"""The keys of the HTTP door: shown once, kept as hashes, each for all assistants or for some.

A key is `gsk_<id>_<secret>`; the secret is 256 random bits, so that a plain SHA-256 of the key is enough.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from gptsmith.errors import UsageError
from gptsmith.state import connect, home

_SCHEMA = [
    """
    CREATE TABLE keys (
        id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, hash TEXT NOT NULL, assistants TEXT NOT NULL,
        created REAL NOT NULL, used REAL
    );
    """
]
_FORM = re.compile(r"gsk_([0-9a-f]{12})_")
_NOTE_USE_EVERY = 60.0  # seconds


@dataclass(frozen=True)
class Key:
    """One key without its secret; `assistants` are the ids that it opens, empty for all; times are in Unix seconds."""

    id: str
    name: str
    assistants: tuple[str, ...] = ()
    created: float = 0.0
    used: float | None = None

    def opens(self, assistant: str) -> bool:
        """Tell whether the key is for an assistant."""
        return not self.assistants or assistant in self.assistants


ANYBODY = Key("", "anybody on this machine")
"""Who asks where no key is set: only this machine can."""


class Keys:
    """The keys that were given out and not taken back, in `keys.sqlite` of the state folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self._file = (folder or home()) / "keys.sqlite"
        self._noted: dict[str, float] = {}

    def add(self, name: str, assistants: tuple[str, ...] = ()) -> str:
        """Make a key and return it; it is not kept and cannot be shown again.

        Raises:
            UsageError: the name is empty, too long or taken.
        """
        if not name.strip() or len(name) > 80:
            raise UsageError("a key needs a name of 1 to 80 characters", hint="name who will use it")
        id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        key = f"gsk_{id}_{secret}"
        try:
            with self._database() as db:
                row = (id, name, _hash(key), json.dumps(assistants), time.time())
                db.execute("INSERT INTO keys (id, name, hash, assistants, created) VALUES (?, ?, ?, ?, ?)", row)
        except sqlite3.IntegrityError:
            raise UsageError(f"there is a key called {name[:80]}", hint="revoke it first, or choose a name") from None
        return key

    def all(self) -> list[Key]:
        """Return the keys, the oldest first."""
        with self._database() as db:
            rows = db.execute("SELECT id, name, assistants, created, used FROM keys ORDER BY created").fetchall()
        return [Key(id, name, tuple(json.loads(some)), created, used) for id, name, some, created, used in rows]

    def revoke(self, name: str) -> None:
        """Take a key back, by its name or its id; whoever uses it is refused from now on.

        Raises:
            UsageError: there is no such key.
        """
        with self._database() as db:
            gone = db.execute("DELETE FROM keys WHERE name = ? OR id = ?", (name, name)).rowcount
        if not gone:
            known = ", ".join(key.name for key in self.all()) or "none"
            raise UsageError(f"there is no key called {name[:80]}", hint=f"there are: {known}")

    def find(self, given: str) -> Key | None:
        """Return the key that `given` is, None when it is none; takes the same time whatever is wrong with it."""
        form = _FORM.match(given)
        id = form[1] if form else ""
        with self._database() as db:
            row = db.execute(
                "SELECT id, name, assistants, created, used, hash FROM keys WHERE id = ?", (id,)
            ).fetchone()
            expected = row[5] if row else _hash("nobody's")
            if not hmac.compare_digest(_hash(given), expected) or row is None:
                return None
            if time.time() - self._noted.get(id, 0) > _NOTE_USE_EVERY:
                self._noted[id] = time.time()
                db.execute("UPDATE keys SET used = ? WHERE id = ?", (time.time(), id))
        return Key(row[0], row[1], tuple(json.loads(row[2])), row[3], row[4])

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        with closing(connect(self._file, _SCHEMA)) as db, db:
            yield db


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
