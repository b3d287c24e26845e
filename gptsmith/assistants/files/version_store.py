"""The SQLite file with the versions of one spec: which there are, and the bytes of each."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from gptsmith.assistants.files.spec_files import Move
from gptsmith.errors import GptsmithError, NotReadyError
from gptsmith.state import connect, path_key

_LONGEST = 500  # characters of a reason
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")  # could steer what is shown
_MIGRATIONS = [
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE contents (hash TEXT PRIMARY KEY, data BLOB NOT NULL);
    CREATE TABLE versions (
        number INTEGER PRIMARY KEY, at TEXT NOT NULL, author TEXT NOT NULL, reason TEXT NOT NULL,
        name TEXT NOT NULL DEFAULT '', takes_back INTEGER, written INTEGER NOT NULL
    );
    CREATE TABLE files (
        number INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE, path TEXT NOT NULL,
        before TEXT REFERENCES contents, after TEXT REFERENCES contents, PRIMARY KEY (number, path)
    );
    """,
]


def plain_words(words: str) -> str:
    """Return words on one line, without what cannot be seen, up to 500 characters."""
    return " ".join(_UNSEEN.sub(" ", words).split())[:_LONGEST].rstrip()


class VersionFile(BaseModel):
    """One file of a version: its path from the spec's folder ("" for the spec) and its SHA-256 before and after.

    A hash is None where the file was not there. A file that the version did not change has the same one twice.
    """

    model_config = ConfigDict(frozen=True)

    path: str
    before: str | None
    after: str | None

    @property
    def changed(self) -> bool:
        """Say whether the version changed this file."""
        return self.before != self.after


class Version(BaseModel):
    """One version of a spec: the state of its files after a change.

    `at` is UTC in ISO form; `author` is `builder`, `person` or `outside` (a change that gptsmith only noticed);
    `takes_back` is the number of the version that this one undid.
    """

    model_config = ConfigDict(frozen=True)

    number: int
    at: str
    author: str
    reason: str
    name: str = ""
    takes_back: int | None = None
    files: tuple[VersionFile, ...] = ()

    @classmethod
    def now(cls, number: int, author: str, reason: str, takes_back: int | None = None) -> Version:
        """Return a version of this moment, without its files."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return cls(number=number, at=at, author=author, reason=plain_words(reason), takes_back=takes_back)

    def after(self) -> dict[str, str | None]:
        """Return each file's hash in this version."""
        return {file.path: file.after for file in self.files}


class Touched(NamedTuple):
    """A file with its bytes before and after a change; None where it is not there."""

    path: str
    before: bytes | None
    after: bytes | None


class VersionStore:
    """The open SQLite file; whoever opens it holds the spec's edit lock. Raises NotReadyError when it cannot be used.

    A version that is intended is not one yet: it counts when the files are on disk (`done`), or never (`forget`).
    """

    def __init__(self, file: Path) -> None:
        self._db = connect(file, _MIGRATIONS, checked=True)
        self._db.execute("PRAGMA synchronous = FULL")  # an intent must be on disk before the spec is

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def versions(self) -> list[Version]:
        """Return every version, the oldest first."""
        return self._read("written = 1 ORDER BY number")

    def last(self) -> Version | None:
        """Return the newest version."""
        found = self._read("written = 1 ORDER BY number DESC LIMIT 1")
        return found[0] if found else None

    def before(self, number: int) -> Version | None:
        """Return the newest version that is older than this one."""
        found = self._read("written = 1 AND number < ? ORDER BY number DESC LIMIT 1", number)
        return found[0] if found else None

    def undone(self, version: Version) -> str:
        """Say what it means to undo a version: an undo of an undo makes the change again."""
        first, again = version, False
        while first.takes_back and (earlier := self.get(first.takes_back)):
            first, again = earlier, not again
        return f"{'made again' if again else 'undone'}: {first.reason}"

    def get(self, number: int) -> Version | None:
        """Return one version."""
        found = self._read("written = 1 AND number = ?", number)
        return found[0] if found else None

    def intended(self) -> Version | None:
        """Return the version whose writing was cut short."""
        found = self._read("written = 0")
        return found[0] if found else None

    def add(self, version: Version, files: Iterable[Touched], *, written: bool) -> Version:
        """Record a version, or the intent of one, under the number of `version` and return it with its files."""
        kept = []
        with self._db:
            self._db.execute(
                "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    version.number,
                    version.at,
                    version.author,
                    version.reason,
                    version.name,
                    version.takes_back,
                    int(written),
                ),
            )
            for file in files:
                row = VersionFile(path=file.path, before=self._keep(file.before), after=self._keep(file.after))
                self._db.execute(
                    "INSERT INTO files VALUES (?, ?, ?, ?)", (version.number, row.path, row.before, row.after)
                )
                kept.append(row)
        return version.model_copy(update={"files": tuple(kept)})

    def done(self, number: int) -> None:
        """Make an intent a version."""
        with self._db:
            self._db.execute("UPDATE versions SET written = 1 WHERE number = ?", (number,))

    def forget(self, number: int) -> None:
        """Take an intent away, as if it had never been."""
        with self._db:
            self._db.execute("DELETE FROM versions WHERE number = ? AND written = 0", (number,))

    def rename(self, number: int, name: str) -> None:
        """Give a version a name."""
        with self._db:
            self._db.execute("UPDATE versions SET name = ? WHERE number = ?", (name, number))

    def content(self, digest: str | None) -> bytes | None:
        """Return the bytes with this hash; None for None. Raises NotReadyError when they are damaged."""
        if digest is None:
            return None
        row = self._db.execute("SELECT data FROM contents WHERE hash = ?", (digest,)).fetchone()
        with suppress(zlib.error):
            data = zlib.decompress(row[0]) if row else b""
            if hashlib.sha256(data).hexdigest() == digest:
                return data
        raise NotReadyError(
            "the kept bytes of a version are damaged", code="bad_state", hint="choose another version to restore"
        )

    def place(self) -> str:
        """Return the path of the spec whose versions these are."""
        row = self._db.execute("SELECT value FROM meta WHERE key = 'path'").fetchone()
        return str(row[0]) if row else ""

    def keep_place(self, path: Path) -> None:
        """Say whose versions these are."""
        if self.place() != str(path):
            with self._db:
                self._db.execute("INSERT OR REPLACE INTO meta VALUES ('path', ?)", (str(path),))

    def copy(self, file: Path) -> None:
        """Write all of it into a new SQLite file."""
        self._db.execute("VACUUM INTO ?", (str(file),))

    def history(self) -> Iterator[tuple[Version, list[Touched]]]:
        """Give every version with the bytes of its files."""
        for version in self.versions():
            yield version, [Touched(f.path, self.content(f.before), self.content(f.after)) for f in version.files]

    def move(self, move: Move) -> None:
        """Make of every version what it would be in another place."""
        moved = list(moved_history(self.history(), move))
        with self._db:
            self._db.execute("DELETE FROM versions")
            self._db.execute("DELETE FROM contents")
        for version, files in moved:
            self.add(version, files, written=True)

    def _keep(self, data: bytes | None) -> str | None:
        if data is None:
            return None
        digest = hashlib.sha256(data).hexdigest()
        self._db.execute("INSERT OR IGNORE INTO contents VALUES (?, ?)", (digest, zlib.compress(data)))
        return digest

    def _read(self, where: str, *values: int) -> list[Version]:
        columns = "number, at, author, reason, name, takes_back"
        rows = self._db.execute(f"SELECT {columns} FROM versions WHERE {where}", values).fetchall()  # noqa: S608
        return [
            Version(
                **dict(zip(columns.split(", "), row, strict=True)),
                files=tuple(
                    VersionFile(path=path, before=before, after=after)
                    for path, before, after in self._db.execute(
                        "SELECT path, before, after FROM files WHERE number = ? ORDER BY path", (row[0],)
                    )
                ),
            )
            for row in rows
        ]


def moved_history(
    history: Iterable[tuple[Version, list[Touched]]], move: Move
) -> Iterator[tuple[Version, list[Touched]]]:
    """Give the versions as they would be in another place; one whose text cannot be moved is left out."""
    last: dict[str, bytes | None] = {}
    for version, files in history:
        try:
            after = {move.file(file.path): _moved(file.path, file.after, move) for file in files}
        except (GptsmithError, UnicodeDecodeError):
            continue
        before = {move.file(file.path): file.before for file in files} | {"": after.get("")} | last
        yield version, [Touched(path, before[path], data) for path, data in after.items()]
        last = after


def _moved(path: str, data: bytes | None, move: Move) -> bytes | None:
    return move.text(data.decode("utf-8")).encode("utf-8") if data is not None and not path else data


# Where the versions of a spec are kept: one SQLite file in its state folder, which follows the spec.
#
# The file's name is made of the spec's place, so that two files that claim one id never share it, and so that it is
# found again when the spec gets another id.


def store_name(spec: Path) -> str:
    """Return the name of the SQLite file for a spec, by the spec's place."""
    return f"versions-{path_key(spec)}.sqlite"


def find_store(states: Path, folder: Path, spec: Path) -> Path:
    """Return where the versions of `spec` are or will be: in `folder`, its state folder below `states`.

    Versions kept under another id of the same file, or in the same folder for a file that is gone from its place, are
    brought there first. The caller holds the spec's edit lock.
    """
    own = folder / store_name(spec)
    found = list(states.glob(f"*/{own.name}"))
    if len(found) > 1:  # a move was cut short: both were alike then, one has gone on since
        found.sort(key=_newest, reverse=True)
    if not found:
        found = [other for other in folder.glob("versions-*.sqlite") if _left_behind(other)]
    if found and found[0] != own:
        move_store(found[0], own, spec)
    return own


def move_store(old: Path, new: Path, spec: Path) -> None:
    """Move versions to another SQLite file; a crash leaves the old ones, the new ones, or both alike."""
    copy_store(old, new, spec)
    remove_store(old)


def copy_store(old: Path, new: Path, spec: Path, move: Move | None = None) -> None:
    """Copy versions to another SQLite file, for a spec at another place.

    `move` says what is different there: each version is kept as it would have been in that place, so that restoring
    it touches no file of another assistant. One whose text cannot be moved is left out.
    """
    half = new.with_name(f".{new.name}.half")
    remove_store(half)
    with closing(VersionStore(old)) as store:
        store.copy(half)
    with closing(VersionStore(half)) as store:
        store.keep_place(spec)
        if move is not None:
            store.move(move)
    remove_store(new)
    half.replace(new)


def remove_store(file: Path) -> None:
    """Delete an SQLite file with what lies beside it."""
    for ending in ("", "-wal", "-shm", "-journal"):
        file.with_name(file.name + ending).unlink(missing_ok=True)


def _newest(file: Path) -> int:
    with closing(VersionStore(file)) as store:
        last = store.last()
    return last.number if last else 0


def _left_behind(file: Path) -> bool:
    """Say whether the spec of these versions is no longer where it was."""
    with closing(VersionStore(file)) as store:
        place = store.place()
    return bool(place) and not Path(place).exists()
