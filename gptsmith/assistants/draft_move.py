"""The move of a draft to the place where it is saved, with all that is kept for it.

The spec appears in the new place last. Before that, what is under way stands in a journal beside the draft, so that it
can be taken back; the draft itself stays as it is until it is deleted.
"""

from __future__ import annotations

import errno
import filecmp
import os
import shutil
from contextlib import closing
from pathlib import Path

from pydantic import BaseModel

from gptsmith.assistants.library import state_key
from gptsmith.assistants.loader import slug
from gptsmith.assistants.renaming import Move, files_folder
from gptsmith.assistants.spec_files import digest
from gptsmith.assistants.version_places import copy_store, find_store, remove_store, store_name
from gptsmith.assistants.version_store import VersionStore
from gptsmith.errors import UsageError
from gptsmith.state import State, atomic_write, sweep

_JOURNAL = "saving.json"


class Journal(BaseModel):
    """A saving that is under way: where to, the bytes' hash there, and what of the state folder goes along."""

    to: Path
    hash: str
    state: list[str]


def move_draft(spec: Path, new: Path) -> None:
    """Bring a draft to its new place; the spec comes last."""
    text = spec.read_bytes().decode("utf-8")
    move = Move(slug(spec.name), slug(new.name))
    saved = move.text(text).encode("utf-8")
    files, to = files_folder(spec), files_folder(new)
    if to.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(to))
    for other in spec.parent.iterdir():
        if other not in (spec, files) and not other.name.startswith("."):
            raise UsageError(f"{other.name} lies beside the draft", hint=f"move it into {files.name}, or away")
    old_state, new_state = _states(spec, new)
    going = [entry.name for entry in old_state.iterdir() if not entry.name.startswith("versions-")]
    going = [name for name in going if not (new_state / name).exists()]
    journal = Journal(to=new, hash=digest(saved) or "", state=going)
    atomic_write(spec.parent / _JOURNAL, journal.model_dump_json())
    if files.is_dir():
        shutil.copytree(files, _part(to), copy_function=_copied)
        _part(to).rename(to)
    for name in going:
        (old_state / name).rename(new_state / name)
    store = find_store(old_state.parent, old_state, spec)
    if store.exists():
        copy_store(store, new_state / store_name(new), new, move)
    atomic_write(new, saved, new=True)


def put_back(spec: Path) -> bool:
    """Take a saving that was cut short back; return True, and leave all where it is, when it had been done."""
    note = spec.parent / _JOURNAL
    if not note.is_file():
        return False
    sweep(note)
    journal = Journal.model_validate_json(note.read_bytes())
    old_state, new_state = _states(spec, journal.to)
    store = new_state / store_name(journal.to)
    sweep(journal.to)
    if _is_saved(journal, store):
        return True
    for name in journal.state:
        if (new_state / name).exists() and not (old_state / name).exists():
            (new_state / name).rename(old_state / name)
    to = files_folder(journal.to)
    shutil.rmtree(_part(to), ignore_errors=True)
    if not journal.to.exists():  # else somebody has taken the place since, and what is there may be theirs
        remove_store(store)
        _take_away(files_folder(spec), to)
    note.unlink()
    return False


def _is_saved(journal: Journal, store: Path) -> bool:
    """Say whether the file at the new place is the one that was saved, maybe changed since."""
    if not journal.to.is_file():
        return False
    if digest(journal.to.read_bytes()) == journal.hash:
        return True
    if not store.exists():
        return False
    with closing(VersionStore(store)) as opened:
        return any(version.after().get("") == journal.hash for version in opened.versions())


def _take_away(files: Path, copies: Path) -> None:
    """Delete the copies of a draft's files; whatever else is there stays."""
    for file in sorted(files.rglob("*"), reverse=True):
        copy = copies / file.relative_to(files)
        if copy.is_file() and filecmp.cmp(file, copy, shallow=False):
            copy.unlink()
        elif copy.is_dir() and not any(copy.iterdir()):
            copy.rmdir()
    if copies.is_dir() and not any(copies.iterdir()):
        copies.rmdir()


def _copied(source: str, target: str) -> str:
    """Copy a file and wait until it is on disk: the draft's own is deleted afterwards."""
    shutil.copyfile(source, target)
    with Path(target).open("rb") as file:
        os.fsync(file.fileno())
    return target


def _states(spec: Path, new: Path) -> tuple[Path, Path]:
    state = State()
    return state.folder(state_key(spec)), state.folder(state_key(new))


def _part(files: Path) -> Path:
    return files.with_name(f".{files.name}.part")
