"""The state folder: private, migrated forward, locked across processes, written whole."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gptsmith.errors import GptsmithError, NotReadyError
from gptsmith.state import State, atomic_write, connect, home, home_path, lock

V1 = "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT); CREATE INDEX note_text ON note (text)"
V2 = "ALTER TABLE note ADD COLUMN made TEXT DEFAULT 'now;then'"


def test_home_is_made_late_and_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPTSMITH_HOME", str(tmp_path / "a" / "b"))
    assert home_path() == tmp_path / "a" / "b"
    assert not home_path().exists()
    assert stat.S_IMODE(home().stat().st_mode) == 0o700
    monkeypatch.delenv("GPTSMITH_HOME")
    assert home_path().name == "gptsmith"


def test_home_that_cannot_be_made_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GPTSMITH_HOME", str(tmp_path / "file" / "x"))
    with pytest.raises(NotReadyError) as caught:
        home()
    assert str(caught.value) == (
        f"the state folder {tmp_path}/file/x cannot be made (Not a directory);"
        " set GPTSMITH_HOME to a folder that you can write to"
    )


@pytest.mark.parametrize(
    "key", ["museum-guide-0123456789abcdef", "../../etc", "a/b", "", "A B", "x" * 500, "..", "a\0b"]
)
def test_a_folder_per_assistant_whatever_its_key(key: str, tmp_path: Path) -> None:
    state = State(tmp_path)
    folder = state.folder(key)
    assert folder.parent == tmp_path / "state"
    assert folder.is_dir()
    assert state.folder(key) == folder
    assert state.folder(key + "x") != folder


def test_migrations_run_forward_once(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    ran: list[int] = []

    def third(connection: sqlite3.Connection) -> None:
        ran.append(1)
        connection.execute("UPDATE note SET made = 'then'")

    with connect(path, [V1]) as first:
        first.execute("INSERT INTO note (text) VALUES ('kept')")
    first.close()
    for _ in range(2):
        connection = connect(path, [V1, V2, third])
        assert connection.execute("SELECT text, made FROM note").fetchall() == [("kept", "then")]
        assert connection.execute("PRAGMA user_version").fetchone() == (3,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
        connection.close()
    assert ran == [1]


def test_a_newer_file_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    connect(path, [V1, V2]).close()
    before = path.read_bytes(), path.stat().st_mtime_ns
    with pytest.raises(NotReadyError) as caught:
        connect(path, [V1])
    assert str(caught.value) == (
        f"{path} was written by a newer gptsmith (schema 2, this one knows 1); it was left untouched;"
        " update gptsmith, or set GPTSMITH_HOME to another folder"
    )
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_half_a_migration_does_not_stay(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with pytest.raises(sqlite3.OperationalError):
        connect(path, [V1, "CREATE TABLE b (x); CREATE TABLE note (y)"])
    connection = connect(path, [V1])
    assert [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")] == ["note"]
    connection.close()


def test_a_file_that_is_not_sqlite_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(NotReadyError, match=r"is not a state file of gptsmith .* move it away and try again"):
        connect(path, [V1])
    assert path.read_bytes() == b"not a database at all" * 100


def test_many_threads_open_and_migrate_one_file(tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            connection = connect(tmp_path / "s.db", [V1, V2])
            for i in range(5):
                with connection:
                    connection.execute("INSERT INTO note (text) VALUES (?)", (str(i),))
            connection.close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    connection = connect(tmp_path / "s.db", [V1, V2])
    assert connection.execute("SELECT count(*) FROM note").fetchone() == (40,)
    connection.close()


@pytest.mark.parametrize("data", [b"a\r\nb\x00\xff", "a\r\nb\n😀"])
def test_atomic_write_keeps_bytes_and_mode(data: bytes | str, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.yaml"
    atomic_write(path, data)
    assert path.read_bytes() == (data if isinstance(data, bytes) else data.encode())
    path.chmod(0o640)
    atomic_write(path, "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [entry.name for entry in path.parent.iterdir()] == ["file.yaml"]


def test_atomic_write_replaces_what_a_link_points_to(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    atomic_write(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_failed_write_leaves_the_old_bytes_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_text("old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        atomic_write(path, "new")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]


WRITE = """
import sys
from pathlib import Path
from gptsmith.state import atomic_write
print("on", flush=True)
while True:
    for letter in "ab":
        atomic_write(Path(sys.argv[1]), letter * 300_000)
"""


def test_a_killed_write_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    atomic_write(path, "a" * 300_000)
    for moment in range(6):
        with subprocess.Popen([sys.executable, "-c", WRITE, str(path)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(0.02 + moment * 0.013)
            process.kill()
        assert path.read_text() in ("a" * 300_000, "b" * 300_000)


HOLD = """
import sys, time
from pathlib import Path
from gptsmith.state import lock
with lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_lock_holds_across_processes_and_ends_with_them(tmp_path: Path) -> None:
    path = tmp_path / "thread.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(GptsmithError) as caught, lock(path, timeout=0):
            pass
        assert caught.value.code == "locked"
        assert str(caught.value) == ("thread is in use by another process or window; wait until it has finished")
        process.kill()
    with lock(path, timeout=5):
        pass


def test_a_lock_holds_between_threads(tmp_path: Path) -> None:
    inside: list[int] = []
    overlaps: list[int] = []

    def work() -> None:
        for _ in range(5):
            with lock(tmp_path / "x"):
                inside.append(1)
                if len(inside) > 1:
                    overlaps.append(1)
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert overlaps == []
