"""New assistants that are not saved yet: real spec files in the state folder, each in a folder of its own.

Everything that works on a spec file works on a draft: the runtime, edits, versions. Saving moves it, with the files
beside it, its versions and its conversations. A draft is saved at the moment at which its spec appears in the new
place: after a crash before it the draft is as it was, after a crash behind it the rest of the move is made up for.
"""

from __future__ import annotations

import builtins
import errno
import filecmp
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from gptsmith.assistants.files.library import SUFFIX, Library, find_library, state_key
from gptsmith.assistants.files.spec_files import Move, digest, files_folder, under_id
from gptsmith.assistants.files.version_store import VersionStore, copy_store, find_store, remove_store, store_name
from gptsmith.assistants.files.versions import Versions
from gptsmith.assistants.format.loader import load_file, slug
from gptsmith.errors import GptsmithError, UsageError
from gptsmith.state import State, atomic_write, edit_lock, home, home_path, lock, sweep

# The move of a draft to the place where it is saved, with all that is kept for it.
#
# The spec appears in the new place last. Before that, what is under way stands in a journal beside the draft, so that
# it can be taken back; the draft itself stays as it is until it is deleted.

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


_HALF = ".new-"
_GONE = ".gone-"


class DraftEntry(BaseModel):
    """A draft that is kept: its spec's path, the name in it, its last change (UTC, ISO), and what is wrong with it."""

    model_config = ConfigDict(frozen=True)

    id: str
    path: Path
    name: str
    changed: str
    error: str = ""


def _begin(versions: Versions) -> None:
    versions.begin("builder", "made as a draft")


class Drafts:
    """The drafts of this person. Safe between processes.

    Every method may raise NotReadyError when the state folder cannot be used.
    """

    def create(self, text: str, id: str, files: Iterable[Path] = ()) -> Path:
        """Keep a new draft and return its spec file; `files` (folders too) are copied into `<id>.files/` beside it.

        An id that a draft or an assistant of the library has becomes `<id>-2`, also inside the text. Raises UsageError
        when a file cannot be copied: then there is no draft.
        """

        def write(spec: Path) -> None:
            _copy(files, files_folder(spec))
            atomic_write(spec, under_id(text, slug(id), slug(spec.name)))

        return self.make(id, write)

    def make(self, id: str, write: Callable[[Path], object], begin: Callable[[Versions], object] = _begin) -> Path:
        """Keep a draft that `write` puts at the path it is given, files beside it; return its spec file.

        `BuiltDraft.write` is such a function; when it raises there is no draft. `begin` records the first version.
        """
        with self._locked():
            chosen = self._free(slug(id))
            half = self._root() / f"{_HALF}{secrets.token_hex(6)}"
            spec = half / f"{chosen}{SUFFIX}"
            try:
                half.mkdir(mode=0o700)
                write(spec)
                half.rename(self._root() / chosen)
            except OSError as error:
                raise _unsaved(error) from error
            finally:
                shutil.rmtree(half, ignore_errors=True)
        made = self._root() / chosen / spec.name
        try:
            begin(Versions(made))
        except GptsmithError:
            shutil.rmtree(made.parent, ignore_errors=True)
            raise
        return made

    def list(self) -> builtins.list[DraftEntry]:
        """Return the drafts, the one that was changed last first."""
        if not (home_path() / "drafts").is_dir():
            return []
        with self._locked():
            return sorted(map(_entry, self._specs()), key=lambda draft: draft.changed, reverse=True)

    def holds(self, path: Path) -> bool:
        """Say whether a spec file is a draft."""
        return path.resolve().parent.parent == (home_path() / "drafts").resolve()

    def save(self, path: Path, target: Library | Path | None = None) -> Path:
        """Move a draft into a library (default: the one in use), or to the file `target`; return its new path.

        An id that is taken in the library becomes `<id>-2`, in the text and for the folder of its files; a file
        `target` gives the id. Raises SpecError when the draft is not valid, UsageError (`exists`, `not_writable`) when
        it cannot be put there: then it stays a draft.
        """
        with self._locked():
            spec = self._own(path)
            Versions(spec).list()  # a change made outside becomes one of the versions that go along
            wanted = load_file(spec).spec.id or slug(spec.name)
            try:
                with edit_lock(spec), _place(target, wanted) as new, edit_lock(new):
                    move_draft(spec, new)
            except (OSError, sqlite3.Error, GptsmithError) as error:
                put_back(spec)
                raise _unsaved(error) from error
            self._forget(spec)
        return new

    def delete(self, path: Path) -> None:
        """Delete a draft, its files, versions and conversations."""
        with self._locked():
            spec = self._own(path)
            with edit_lock(spec):
                self._forget(spec)

    def _own(self, path: Path) -> Path:
        spec = Path(path).resolve()
        if not self.holds(spec) or not spec.is_file():
            raise UsageError(f"there is no draft {path}", code="not_found", hint="it may have been saved or deleted")
        return spec

    def _forget(self, spec: Path) -> None:
        """Delete a draft with what is kept for it; what a saving took along is elsewhere."""
        state = State().folder(state_key(spec))
        gone = self._root() / f"{_GONE}{secrets.token_hex(6)}"
        spec.parent.rename(gone)  # at once: a draft is there whole, or not
        shutil.rmtree(gone, ignore_errors=True)
        shutil.rmtree(state, ignore_errors=True)
        for kept in state.parent.glob(f"*/{store_name(spec)}"):
            remove_store(kept)

    def _specs(self) -> Iterator[Path]:
        for folder in sorted(self._root().iterdir()):
            spec = folder / f"{folder.name}{SUFFIX}"
            if spec.is_file():
                yield spec.resolve()

    def _free(self, wanted: str) -> str:
        library = find_library()
        chosen = library.free_id(wanted)
        number = 2
        while (self._root() / chosen).exists():
            chosen = library.free_id(f"{wanted[:58].rstrip('-')}-{number}")
            number += 1
        return chosen

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold all drafts; what a crash left half done is finished or taken back first."""
        with lock(home() / "locks" / "drafts.lock"):
            for left in self._root().glob(".*"):
                if left.name.startswith((_HALF, _GONE)):
                    shutil.rmtree(left, ignore_errors=True)
            for spec in [*self._specs()]:
                if put_back(spec):
                    self._forget(spec)
            yield

    def _root(self) -> Path:
        root = home() / "drafts"
        root.mkdir(mode=0o700, exist_ok=True)
        return root


@contextmanager
def _place(target: Library | Path | None, wanted: str) -> Iterator[Path]:
    if isinstance(target, Path):
        file = target.expanduser().absolute()
        if file.exists():
            raise UsageError(f"{target} is already there", code="exists", hint="choose another name for the file")
        file.parent.mkdir(parents=True, exist_ok=True)
        yield file.parent.resolve() / file.name
        return
    library = target or find_library()
    library.specs.mkdir(parents=True, exist_ok=True)
    with library.free_place(wanted) as file:
        yield file.parent.resolve() / file.name


def _copy(sources: Iterable[Path], folder: Path) -> None:
    for source in sources:
        target = folder / source.name
        if target.exists():
            raise UsageError(f"two of the files are called {source.name}", code="exists", hint="rename one of them")
        folder.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)


def _entry(path: Path) -> DraftEntry:
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    id = slug(path.name)
    try:
        name, error = load_file(path).spec.name, ""
    except GptsmithError as wrong:
        name, error = id, str(wrong).splitlines()[0]
    return DraftEntry(id=id, path=path, name=name, changed=changed, error=error)


def _unsaved(error: Exception) -> GptsmithError:
    """Say why a draft is not where it should go."""
    if isinstance(error, GptsmithError):
        return error
    if isinstance(error, FileExistsError):
        return UsageError(f"{error.filename} is already there", code="exists", hint="choose another name")
    file = getattr(error, "filename", None) or "the draft"
    why = getattr(error, "strerror", None) or str(error)
    hint = "nothing was changed; check the folder's rights and free space"
    return UsageError(f"{file} cannot be written ({why})", code="not_writable", hint=hint)
