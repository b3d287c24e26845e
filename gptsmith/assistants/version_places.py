"""Where the versions of a spec are kept: one SQLite file in its state folder, which follows the spec.

The file's name is made of the spec's place, so that two files that claim one id never share it, and so that it is found
again when the spec gets another id.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from gptsmith.assistants.renaming import Move
from gptsmith.assistants.version_store import VersionStore
from gptsmith.state import path_key


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
