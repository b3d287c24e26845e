"""The state folder: where it is, its SQLite files, its locks and its atomic writes.

State (threads, versions, indexes, pictures, receipts) lives in `GPTSMITH_HOME`, one folder per assistant.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import os
import re
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from gptsmith.errors import GptsmithError, NotReadyError

Migration = str | Callable[[sqlite3.Connection], None]

_BUSY_SECONDS = 30.0
_HEAD, _PAGE = 100, 4096  # bytes of an SQLite file's head, and of its pages
_UNREADABLE = 10_000  # rows in a row that cannot be read, until the rest of a damaged table is given up
_FOLDER_NAME = re.compile(r"^[a-z0-9][a-z0-9-]{0,99}$")


def home_path() -> Path:
    """Return where the state lives, `GPTSMITH_HOME` or the platform's data folder, without creating it."""
    chosen = os.environ.get("GPTSMITH_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    import platformdirs

    return platformdirs.user_data_path("gptsmith", appauthor=False)


def home() -> Path:
    """Return the state folder, created for this user alone (mode 0700) when it is not there.

    Raises NotReadyError when it cannot be made.
    """
    path = home_path()
    _make_private(path)
    return path


class State:
    """The folders of one state home; `State()` is the person's own."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root if root is not None else home()

    def folder(self, key: str) -> Path:
        """Return the folder of the assistant `key` (see `library.state_key`), created when it is not there.

        A key that is not a plain lower-case name is hashed, so that no text from outside becomes a path.
        """
        name = key if _FOLDER_NAME.match(key) else hashlib.sha256(key.encode()).hexdigest()[:32]
        path = self.root / "state" / name
        _make_private(path)
        return path


def connect(
    path: Path, migrations: Sequence[Migration], *, across_threads: bool = False, checked: bool = False
) -> sqlite3.Connection:
    """Open the SQLite file `path` in WAL mode, migrated forward to `len(migrations)` (its `PRAGMA user_version`).

    A migration is SQL text or a function of the connection; each runs once, in one transaction, whichever process
    comes first. `across_threads` lets other threads use the connection: the caller then serialises its writes.
    `checked` looks for damage first: what can be read goes on in a new file, the damaged one is set aside, and
    NotReadyError (`damaged_state`) says so, once; a file that was emptied is told in the same way.
    Raises NotReadyError for a file with a newer number, which stays untouched, and for one that is not SQLite.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if checked and not _filled(path):
        return _begun(path, migrations, across_threads)
    if _filled(path):
        try:
            _refuse_newer(path, len(migrations))
        except NotReadyError as error:
            if checked and error.code == "bad_state":  # its head is damaged
                _rescue(path, migrations)
            raise
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, check_same_thread=not across_threads)
    try:
        if checked and not is_sound(connection):
            connection.close()
            _rescue(path, migrations)
        _use_wal(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        _migrate(connection, path, migrations)
    except BaseException:  # whatever went wrong, the handle must not stay open
        connection.close()
        raise
    return connection


def _filled(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _begun(path: Path, migrations: Sequence[Migration], across_threads: bool) -> sqlite3.Connection:
    """Make a new file, one process at a time; a file that is empty although nobody is making it was emptied: say so."""
    with edit_lock(path, timeout=_BUSY_SECONDS):
        emptied = path.exists() and not _filled(path)
        if emptied:
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
        try:
            connection = connect(path, migrations, across_threads=across_threads)
        except BaseException:  # a full disk leaves a file without a byte, which would look emptied the next time
            if path.exists() and not _filled(path):
                path.unlink()
            raise
    if emptied:
        connection.close()
        raise NotReadyError(
            f"{path} was emptied: what stood in it is gone, and a new one is begun",
            code="damaged_state",
            hint="try again; what is missing may stand in a backup",
        )
    return connection


def is_sound(connection: sqlite3.Connection) -> bool:
    """Say whether all pages of an SQLite file can be read."""
    try:
        return bool(connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.OperationalError:
        return True  # locked, or a disk that does not allow it: no damage
    except sqlite3.DatabaseError:
        return False


def atomic_write(path: Path, data: bytes | str, *, new: bool = False) -> None:
    """Write `data` (text as UTF-8, line endings as they are) so that a reader sees the old bytes or the new ones.

    A temporary file in the same folder, fsync, `os.replace`. An existing file keeps its mode; a symlink stays a link
    and its target is replaced. With `new` nothing is replaced: FileExistsError when there is something.
    """
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.tmp")
    payload = data.encode("utf-8") if isinstance(data, str) else data
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        with os.fdopen(descriptor, "wb") as file:
            file.write(payload)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            temporary.chmod(target.stat().st_mode & 0o7777)
        appear(temporary, target) if new else temporary.replace(target)
    except BaseException as error:  # a half-written temporary file must never stay, whatever the reason
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = str(path)  # the name that the caller knows
        raise
    _sync_folder(target.parent)


def sweep(path: Path) -> None:
    """Delete what a killed `atomic_write` of `path` left beside it; the caller holds the lock for writing it."""
    for left in path.parent.glob(f".{glob.escape(path.name[:100])}.{'[0-9a-f]' * 12}.tmp"):
        left.unlink(missing_ok=True)


def appear(temporary: Path, target: Path) -> None:
    """Give a finished file its name in the same folder, if that is free; FileExistsError when it is not."""
    try:
        os.link(temporary, target)
    except OSError as error:
        if isinstance(error, FileExistsError) or target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        temporary.replace(target)  # a file system without hard links
    temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def lock(path: Path, *, timeout: float = 10.0) -> Iterator[None]:
    """Hold the lock of `path` across processes and threads; wait up to `timeout` seconds (0: try once).

    The lock file is `path` itself when it ends in `.lock`, else `<path>.lock` beside it. Not reentrant. Raises
    GptsmithError with code `locked` when somebody else keeps it.
    """
    import filelock

    file = path if path.suffix == ".lock" else path.with_name(path.name + ".lock")
    file.parent.mkdir(parents=True, exist_ok=True)
    held = filelock.FileLock(file, timeout=timeout, thread_local=False)
    try:
        held.acquire(poll_interval=0.02)
    except filelock.Timeout:
        raise GptsmithError(
            f"{file.stem} is in use by another process or window", code="locked", hint="wait until it has finished"
        ) from None
    try:
        yield
    finally:
        held.release()


def edit_lock(path: Path, *, timeout: float = 10.0) -> AbstractContextManager[None]:
    """Return the lock for changing the file `path`, which may stand anywhere: it is kept in the state folder.

    Whatever name or link leads to the file, it is the same lock. Raises what `lock` raises.
    """
    return lock(home() / "locks" / f"edit-{path_key(path)}.lock", timeout=timeout)


def path_key(path: Path) -> str:
    """Return sixteen hexadecimal digits that stand for the place of a file, links followed."""
    return hashlib.sha256(str(path.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _make_private(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise NotReadyError(
            f"the state folder {path} cannot be made ({error.strerror or error})",
            code="no_state_folder",
            hint="set GPTSMITH_HOME to a folder that you can write to",
        ) from error


def _rescue(path: Path, migrations: Sequence[Migration]) -> None:
    """Copy what can be read into a new file that takes the place of the damaged one; raise what became of it."""
    aside = path.with_name(f"{path.name}.damaged-{secrets.token_hex(3)}")
    with edit_lock(path, timeout=_BUSY_SECONDS):
        rescued = path.with_name(f"{path.name}.rescued")
        rescued.unlink(missing_ok=True)
        with contextlib.closing(connect(rescued, migrations)) as new:
            new.execute("PRAGMA foreign_keys = OFF")
            new.execute("PRAGMA journal_mode = DELETE")
            kept = _readable(path, new)
        if not kept:  # its head is damaged, or its end is missing: under the head of a new file more can be read
            with_head = path.with_name(f"{path.name}.headed")
            _put_head(path, with_head, head=rescued.read_bytes()[:_HEAD])
            with contextlib.closing(sqlite3.connect(rescued)) as new:
                kept = _readable(with_head, new)
            with_head.unlink()
        path.replace(aside)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        rescued.replace(path)
    raise NotReadyError(
        f"{path.name} was damaged: what could be read ({kept} rows) goes on, the damaged file is {aside}",
        code="damaged_state",
        hint="try again; what is missing may stand in a backup",
    )


def _readable(path: Path, new: sqlite3.Connection) -> int:
    """Copy the rows of the file that can be read; return how many."""
    with contextlib.closing(sqlite3.connect(path)) as old, new:
        old.text_factory = lambda raw: raw.decode("utf-8", "replace")
        tables = new.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        try:
            old.execute("SELECT name FROM sqlite_master").fetchall()
        except sqlite3.DatabaseError:
            return 0
        return sum(_copy(old, new, table) for (table,) in tables)


def _put_head(path: Path, target: Path, *, head: bytes) -> None:
    """Write the file again under the head of another one of ours, with as many pages as it has."""
    body = path.read_bytes()[_HEAD:]
    body += bytes(-(len(body) + _HEAD) % _PAGE)
    pages = ((len(body) + _HEAD) // _PAGE).to_bytes(4, "big")
    # at 24 changes, 28 pages, 32 free pages (where they begin, how many), 92 the changes when the pages were counted
    target.write_bytes(head[:24] + head[92:96] + pages + bytes(8) + head[40:] + body)


def _copy(old: sqlite3.Connection, new: sqlite3.Connection, table: str) -> int:
    """Copy the rows of a table that can be read; a bad page costs the rows on it."""
    columns = [row[1] for row in new.execute(f"PRAGMA table_info({table})")]
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    at, failures, kept = -1, 0, 0
    while failures < _UNREADABLE:
        try:
            rows = old.execute(f"SELECT rowid, {names} FROM {table} WHERE rowid > ? ORDER BY rowid", (at,))  # noqa: S608
            for at, *row in rows:  # noqa: B007 - where it goes wrong, it goes on behind
                insert = f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})"  # noqa: S608
                with contextlib.suppress(sqlite3.IntegrityError):
                    kept += new.execute(insert, row).rowcount
            return kept
        except sqlite3.OperationalError:
            return kept  # no such column: a table of an older schema, or one without row numbers
        except sqlite3.DatabaseError:
            at, failures = at + 1, failures + 1
    return kept


def _refuse_newer(path: Path, known: int) -> None:
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            found = _version(connection)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            return  # a read-only look can fail where the real opening works (a WAL without its index); that one decides
        raise NotReadyError(
            f"{path} is not a state file of gptsmith ({error})", code="bad_state", hint="move it away and try again"
        ) from error
    _compare(path, found, known)


def _compare(path: Path, found: int, known: int) -> None:
    if found > known:
        raise NotReadyError(
            f"{path} was written by a newer gptsmith (schema {found}, this one knows {known}); it was left untouched",
            code="newer_state",
            hint="update gptsmith, or set GPTSMITH_HOME to another folder",
        )


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL; SQLite's own busy timeout does not cover this switch, so wait here."""
    give_up = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.02)


def _migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration]) -> None:
    if _version(connection) == len(migrations):
        return
    usual, connection.isolation_level = connection.isolation_level, None
    connection.execute("BEGIN IMMEDIATE")
    try:
        done = _version(connection)  # again, now that no other process can be migrating
        _compare(path, done, len(migrations))
        for migration in migrations[done:]:
            _run(connection, migration)
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute("COMMIT")
    except BaseException:  # half a migration must not stay
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    finally:
        connection.isolation_level = usual


def _run(connection: sqlite3.Connection, migration: Migration) -> None:
    if callable(migration):
        migration(connection)
        return
    statement = ""  # not executescript: it commits first
    for piece in re.split(r"(?<=;)", migration):
        statement += piece
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""
    if statement.strip():
        connection.execute(statement)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):  # some file systems refuse fsync on a folder; the rename itself is done
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
