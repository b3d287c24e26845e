"""The versions of one spec file, and the one door through which an accepted change of it gets to disk.

Versions are kept in the state folder, for files inside and outside a library. Before a change is written its intent is
recorded; when the program dies in between, the next opening looks at the files and decides: a version that is listed is
one that was on disk.
"""

from __future__ import annotations

import builtins
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Literal

from gptsmith.assistants.editing.edited_file import Plan, plan_text, unified
from gptsmith.assistants.files.library import is_shipped, state_key
from gptsmith.assistants.files.spec_files import (
    Contents,
    content,
    digest,
    in_order,
    instructions_place,
    replace,
    require_valid,
    show_bytes,
    write_or_remove,
)
from gptsmith.assistants.files.version_store import (
    Touched,
    Version,
    VersionFile,
    VersionStore,
    find_store,
    plain_words,
    store_name,
)
from gptsmith.assistants.format import paths
from gptsmith.errors import GptsmithError, NotReadyError, UsageError
from gptsmith.state import State, edit_lock, home_path, sweep

__all__ = ["Author", "Version", "VersionFile", "Versions"]

Author = Literal["builder", "person", "outside"]

_LONGEST_NAME = 80


class Versions:
    """The versions of the spec file at `path`, its `instructions_file` included.

    Every method may raise UsageError (`locked`: another process or window is changing the file) and NotReadyError
    (`no_state_folder`: the versions cannot be kept; then nothing was written).
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).resolve()

    def list(self) -> builtins.list[Version]:
        """Return every version, the oldest first, with a change that was made outside as the newest.

        A file that gptsmith has never changed has none.
        """
        if not self._kept():
            return []
        with self._opened() as store:
            self._notice_if_kept(store)
            return store.versions()

    def history(self) -> builtins.list[tuple[Version, builtins.list[Touched]]]:
        """Return every version, as `list` does, with the bytes of its files."""
        if not self._kept():
            return []
        with self._opened() as store:
            self._notice_if_kept(store)
            return [*store.history()]

    def begin(self, author: Author, reason: str) -> Version:
        """Record a file that was just made as version 1; of a file that has versions, return the newest."""
        with self._opened() as store:
            return self._notice(store, author, reason)

    def fill(self, history: Iterable[tuple[Version, Iterable[Touched]]]) -> Version:
        """Take over a history from elsewhere, for a file that has none, and return the newest version.

        The last of it is the file as it is; where it is not, that is noticed.
        """
        with self._opened() as store:
            if store.last() is None:
                for version, files in history:
                    store.add(version, files, written=True)
            return self._notice(store)

    def write(self, planned: Plan, *, author: Author, reason: str) -> Version | None:
        """Write a planned edit and return its version; None when it changes nothing.

        Raises UsageError: `changed_on_disk` when a file is no longer what the edit was planned for, `not_writable`,
        `shipped`. Then nothing is written.
        """
        if planned.files[0].path != self.path:
            raise UsageError(f"this edit is one of {planned.files[0].path}, not of {self.path}", code="other_file")
        with self._opened() as store:
            for edit in planned.files:
                if digest(content(edit.path)) != edit.inverse.original:
                    raise UsageError(
                        f"{edit.path.name} was changed on disk since it was read, so nothing was written",
                        code="changed_on_disk",
                        hint="read it again and make the change anew",
                    )
            wanted = {edit.path: edit.after.encode("utf-8") for edit in planned.files}
            return self._change(store, wanted, author, reason)

    def save(self, text: str, expected_hash: str | None, *, author: Author, reason: str) -> Version | None:
        """Write a whole new text, as an editor hands it over, and return its version; None when nothing is new.

        `expected_hash` is the `file_hash` of the text that was edited. Raises SpecError when the text is not a valid
        spec, and UsageError as `write` does.
        """
        return self.write(plan_text(self.path, text, expected_hash), author=author, reason=reason)

    def undo(self, *, author: Author = "person") -> Version:
        """Take the last change back, to the byte, as a new version; to undo that one is to make the change again.

        Raises UsageError: `nothing_to_undo`, or `changed_since` when a file was changed outside after it.
        """
        with self._opened() as store:
            last = store.last()
            now = self._notice(store, among=[self._place(file.path) for file in last.files]) if last else None
            before = store.before(now.number) if now else None
            if last is None or now is None or before is None:
                raise UsageError(f"there is no change of {self.path.name} to undo", code="nothing_to_undo")
            if now.author == "outside":
                raise UsageError(
                    f"{self.path.name} was changed outside gptsmith after its version {before.number},"
                    " so nothing was undone",
                    code="changed_since",
                    hint=f"that change is version {now.number}; restore version {before.number} to take it back",
                )
            back = {self._place(file.path): store.content(file.before) for file in last.files if file.changed}
            done = self._change(store, back, author, store.undone(last), takes_back=last.number)
            return done or last

    def restore(self, number: int, *, author: Author = "person") -> Version:
        """Write the files as they were in version `number`, as a new version.

        Raises UsageError: `no_version`, `no_change`; SpecError when that version is not a valid spec as things are now.
        """
        with self._opened() as store:
            version = self._get(store, number)
            wanted = {self._place(path): store.content(kept) for path, kept in version.after().items() if kept}
            require_valid(wanted, self.path)
            called = f"version {number}" + (f" ({version.name})" if version.name else "")
            done = self._change(store, wanted, author, f"restored {called}")
        if done is None:
            raise UsageError(f"{self.path.name} is as in version {number} already", code="no_change")
        return done

    def diff(self, a: int, b: int | None = None) -> str:
        """Return what is different between version `a` and version `b` (None: the files now), over all their files."""
        with self._opened() as store:
            now = self._notice(store)
            old, new = self._get(store, a).after(), (self._get(store, b) if b is not None else now).after()
            labels = f"version {a}", f"version {b}" if b is not None else "now"
            texts = {
                path: (show_bytes(store.content(old.get(path))), show_bytes(store.content(new.get(path))))
                for path in sorted({*old, *new})
            }
        return "".join(unified(*texts[path], path or self.path.name, *labels) for path in texts)

    def text(self, number: int) -> str:
        """Return the spec's text in a version."""
        with self._opened() as store:
            return show_bytes(store.content(self._get(store, number).after().get("")))

    def name(self, number: int, name: str) -> Version:
        """Give a version a name, up to 80 characters; an empty one takes it away."""
        said = plain_words(name)
        if len(said) > _LONGEST_NAME:
            raise UsageError(f"the name has {len(said)} characters", hint=f"use up to {_LONGEST_NAME}")
        with self._opened() as store:
            version = self._get(store, number)
            store.rename(number, said)
        return version.model_copy(update={"name": said})

    def _change(
        self, store: VersionStore, wanted: Contents, author: Author, reason: str, *, takes_back: int | None = None
    ) -> Version | None:
        """Write the bytes that are wanted and record the version, its intent first."""
        if is_shipped(self.path):
            raise UsageError(f"{self.path.name} is shipped with gptsmith and stays", code="shipped", hint="edit a copy")
        last = self._notice(store, among=wanted)
        before = {path: content(path) for path in wanted}
        changed = {path: data for path, data in wanted.items() if data != before[path]}
        if not changed:
            return None
        after = {**before, **changed}
        for path in (self.path, instructions_place(after.get(self.path, content(self.path)), self.path)):
            if path is not None and path not in after:
                before[path] = after[path] = content(path)
        version = store.add(
            Version.now(last.number + 1, author, reason, takes_back),
            [Touched(self._name(path), before[path], data) for path, data in after.items()],
            written=False,
        )
        try:
            replace(in_order(changed, self.path), before)
        except OSError as error:
            if all(content(path) == before[path] for path in changed):
                store.forget(version.number)
            raise _not_writable(error) from error
        with suppress(sqlite3.Error):  # files and intent are on disk: the next opening finds them alike
            store.done(version.number)
        return version

    def _notice(
        self,
        store: VersionStore,
        author: Author = "outside",
        reason: str = "as it was found",
        among: Iterable[Path] = (),
    ) -> Version:
        """Record what the files became outside, or what they are at first, and return the newest version."""
        last = store.last()
        spec = content(self.path)
        seen = {self.path: spec, **{path: content(path) for path in among}}
        told = instructions_place(spec, self.path)
        if told is not None:
            seen[told] = content(told)
        now = {self._name(path): data for path, data in seen.items()}
        if last is None:
            files = [Touched(name, data, data) for name, data in now.items()]
            return store.add(Version.now(1, author, reason), files, written=True)
        known = last.after()
        if all(digest(data) == known.get(name) for name, data in now.items()):
            return last
        files = [Touched(name, store.content(known.get(name)), data) for name, data in now.items()]
        said = "changed outside gptsmith" if spec is not None else "deleted outside gptsmith"
        return store.add(Version.now(last.number + 1, "outside", said), files, written=True)

    def _notice_if_kept(self, store: VersionStore) -> None:
        if store.last() is not None:
            self._notice(store)

    def _heal(self, store: VersionStore) -> None:
        """Decide about a change whose writing was cut short, by what is on disk."""
        half = store.intended()
        if half is None:
            return
        places = {self._place(file.path): file for file in half.files if file.changed}
        for path in places:
            sweep(path)
        found = {path: digest(content(path)) for path in places}
        strange = any(found[path] not in (file.before, file.after) for path, file in places.items())
        if strange or all(found[path] == file.before for path, file in places.items()):
            store.forget(half.number)  # never begun, or somebody went on with the files: that is noticed next
            return
        for path, file in places.items():  # one of two files may be missing: both had been accepted
            if found[path] != file.after:
                try:
                    write_or_remove(path, store.content(file.after))
                except OSError as error:
                    raise _not_writable(error, "a change of it was cut short and waits; ") from error
        store.done(half.number)

    @contextmanager
    def _opened(self) -> Iterator[VersionStore]:
        """Open the store under the file's lock, healed."""
        if not self.path.is_file() and not self._kept():
            raise UsageError(f"there is no file {self.path}", code="not_found", hint="check its name")
        try:
            with edit_lock(self.path):
                file = self._store_file()
                with closing(VersionStore(file)) as store:
                    store.keep_place(self.path)
                    self._heal(store)
                    yield store
                self._store_file()  # a change of the id has moved the state folder
        except (OSError, sqlite3.Error) as error:
            raise _no_state(error) from error

    def _store_file(self) -> Path:
        state = State()
        return find_store(state.root / "state", state.folder(state_key(self.path)), self.path)

    def _kept(self) -> bool:
        """Say whether there may be versions, without making anything."""
        states = home_path() / "state"
        return any(states.glob(f"*/{store_name(self.path)}")) or any(
            (states / state_key(self.path)).glob("versions-*.sqlite")
        )

    def _get(self, store: VersionStore, number: int) -> Version:
        version = store.get(number)
        if version is None:
            last = store.last()
            known = f"there are versions 1 to {last.number}" if last else "it has none yet"
            raise UsageError(f"{self.path.name} has no version {number}", code="no_version", hint=known)
        return version

    def _name(self, path: Path) -> str:
        return "" if path == self.path else path.relative_to(self.path.parent).as_posix()

    def _place(self, name: str) -> Path:
        return paths.resolve(self.path.parent, name) if name else self.path


def _not_writable(error: OSError, before: str = "nothing was changed; ") -> GptsmithError:
    why = error.strerror or str(error)
    hint = f"{before}check the folder's rights and free space"
    return UsageError(f"{error.filename} cannot be written ({why})", code="not_writable", hint=hint)


def _no_state(error: Exception) -> NotReadyError:
    why = getattr(error, "strerror", None) or str(error)
    return NotReadyError(
        f"the versions cannot be kept in {home_path()} ({why}), so nothing was written",
        code="no_state_folder",
        hint="check the folder's rights and free space, or set GPTSMITH_HOME to another one",
    )
