"""The fetching of a model: source after source, checked, placed when it is whole; beside everything else."""

from __future__ import annotations

import errno
import logging
import shutil
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from gptsmith.errors import GptsmithError, NotReadyError
from gptsmith.models.shelf.catalogue import ModelFile, ShelfModel
from gptsmith.models.shelf.progress import PassedOverError, Progress, Reporter, Tell, Transfer, sha256, stopped
from gptsmith.models.shelf.shelf import PARTS, Shelf, locked, size_words
from gptsmith.models.shelf.sources import Source, fetch_off, sources
from gptsmith.state import home, home_path, lock

# The fetching of one model: source after source, checked, placed when it is whole.

SPARE = 200 * 2**20
"""Bytes that stay free on the disk whatever is fetched."""

_LOOK_SECONDS = 0.3


def fetch(shelf: Shelf, model: ShelfModel, tell: Tell | None, stop: threading.Event) -> Path:
    """Fetch a model onto the shelf; see `Shelf.get`."""
    report = Reporter(model.name, model.size, tell)
    if shelf.root.parent == home_path():
        home()  # made for this user alone
    if shelf.path(model.name) is None:
        try:
            with _turn(shelf, model, report, stop):
                _Fetch(shelf, model, report, stop).run()
        except OSError as error:
            raise _disk(shelf, model, error) from error
    report("done", shelf.status(model.name).done)
    return shelf.require(model.name)


def model_lock(shelf: Shelf, model: ShelfModel) -> AbstractContextManager[None]:
    """Return the lock of a model's folder; GptsmithError `locked` while another process or thread fetches it."""
    return lock(shelf.root / f"{model.name}.lock", timeout=0)


@contextmanager
def _turn(shelf: Shelf, model: ShelfModel, report: Reporter, stop: threading.Event) -> Iterator[None]:
    """Wait until nobody else fetches the model, and keep others waiting meanwhile."""
    held = _taken(shelf, model)
    while held is None:
        report("waiting", shelf.status(model.name).done)
        if stop.wait(_LOOK_SECONDS):
            raise stopped()
        held = _taken(shelf, model)
    try:
        yield
    finally:
        held.__exit__(None, None, None)


def _taken(shelf: Shelf, model: ShelfModel) -> AbstractContextManager[None] | None:
    held = model_lock(shelf, model)
    try:
        held.__enter__()
    except GptsmithError as error:
        if not locked(error):
            raise
        return None
    return held


class _Fetch:
    """One run over the files of a model; its lock is held."""

    def __init__(self, shelf: Shelf, model: ShelfModel, report: Reporter, stop: threading.Event) -> None:
        self.shelf, self.model, self.report, self.stop = shelf, model, report, stop
        self.sources = sources(model)
        self.done = 0  # bytes of the files that are in their place

    def run(self) -> None:
        missing = []
        for file in self.model.files:  # again, now that nobody else can be placing them
            if self.shelf.good(self.model, file):
                self.done += self._place(file).stat().st_size
            else:
                missing.append(file)
        if missing:
            self._ask_for_room(missing)
        for file in missing:
            self._bring(file)
            self.done += self._place(file).stat().st_size
        self.shelf.write_stamp(self.model, self.model.files)
        shutil.rmtree(self.shelf.folder(self.model.name) / PARTS, ignore_errors=True)

    def _place(self, file: ModelFile) -> Path:
        return self.shelf.folder(self.model.name) / file.name

    def _ask_for_room(self, missing: list[ModelFile]) -> None:
        folder = self.shelf.part(self.model, missing[0]).parent
        folder.mkdir(parents=True, exist_ok=True)
        parts = [self.shelf.part(self.model, file) for file in missing]
        here = sum(part.stat().st_size for part in parts if part.exists())
        needed = sum(file.size or 0 for file in missing) - here
        needed += SPARE + max((source.spare for source in self.sources), default=0)
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise NotReadyError(
                f"{self.model.title} needs {size_words(needed)} of free space, "
                f"the disk of {self.shelf.root} has {size_words(free)}",
                code="no_space",
                hint="make room, or set GPTSMITH_HOME to a folder on another disk",
            )

    def _bring(self, file: ModelFile) -> None:
        """Get one file from the first source that has it, check it and place it."""
        part = self.shelf.part(self.model, file)
        for source in list(self.sources):
            before = part.stat().st_size if part.exists() else 0
            if self._tried(source, file, part) or (before and self._tried(source, file, part)):
                self._settle(file, part)
                return
        raise self._nowhere(file)

    def _tried(self, source: Source, file: ModelFile, part: Path) -> bool:
        """Say whether a source gave the published file; what is something else is deleted and said."""
        if source not in self.sources:
            return False
        transfer = Transfer(part, file.limit, lambda n: self.report("fetching", self.done + n, source.name), self.stop)
        try:
            if transfer.have > file.limit:
                transfer.restart()
            source.bring(file, transfer)
        except PassedOverError as error:
            self._note(f"{source.name}: {error}")
            if error.gone:
                self.sources.remove(source)
            return False
        found = sha256(part, lambda n: self.report("checking", n, total=file.size), self.stop)
        if found == file.sha256:
            return True
        self._note(f"{source.name}: {file.name} is not the published file (altered or cut off); it was deleted")
        part.unlink()
        return False

    def _settle(self, file: ModelFile, part: Path) -> None:
        place = self._place(file)
        place.parent.mkdir(parents=True, exist_ok=True)
        part.replace(place)

    def _note(self, text: str) -> None:
        if text not in self.report.notes:
            self.report.notes.append(text)

    def _nowhere(self, file: ModelFile) -> NotReadyError:
        by_hand = "or put its files into a folder and name that in GPTSMITH_MODELS_FROM"
        if fetch_off():
            return NotReadyError(
                f"{self.model.title} is not fetched, since GPTSMITH_FETCH is off",
                code="fetch_off",
                hint=f"unset it, {by_hand}",
            )
        said = "; ".join(self.report.notes) or "no source has it"
        return NotReadyError(
            f"{self.model.title} could not be fetched ({file.name}). {said}",
            code="not_fetched",
            hint=f"check the network and try again, {by_hand}",
        )


def _disk(shelf: Shelf, model: ShelfModel, error: OSError) -> NotReadyError:
    """Say what the disk refused; what has come is kept."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NotReadyError(
            f"the disk was full before {model.title} was whole",
            code="no_space",
            hint="make room and start again: what has come is kept",
        )
    return NotReadyError(
        f"{shelf.root} cannot be written ({error.strerror or error})",
        code="no_state_folder",
        hint="set GPTSMITH_HOME to a folder that you can write to",
    )


# Fetches that run beside everything else in this process: begun, paused and looked at from anywhere.

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Running:
    """A fetch of this process: `progress` as last reported, `error` and its `code` why it ended without the model."""

    active: bool = True
    pausing: bool = False
    progress: Progress | None = None
    error: str = ""
    code: str = ""


class Fetches:
    """The fetches of one shelf. A worker thread each, which ends with the process; what came is kept."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._guard = threading.Lock()
        self._all: dict[str, tuple[Running, threading.Event]] = {}

    def start(self, name: str) -> None:
        """Fetch a model in the background, unless that is going on already; UsageError for an unknown one."""
        name = self.shelf.entry(name).name
        with self._guard:
            if self._state(name).active:
                running, stop = self._all[name]
                stop.clear()  # a pause that has not been noticed yet is taken back
                self._all[name] = (replace(running, pausing=False), stop)
                return
            stop = threading.Event()
            self._all[name] = (Running(), stop)
        threading.Thread(target=self._run, args=(name, stop), name=f"fetch-{name}", daemon=True).start()

    def pause(self, name: str) -> None:
        """End a fetch at the next piece; `start` goes on from there."""
        with self._guard:
            if name in self._all and self._all[name][0].active:
                running, stop = self._all[name]
                stop.set()
                self._all[name] = (replace(running, pausing=True), stop)

    def of(self, name: str) -> Running:
        """Return how the fetch of a model stands; not active when there is none."""
        with self._guard:
            return self._state(name)

    @property
    def busy(self) -> bool:
        """Say whether anything is being fetched."""
        with self._guard:
            return any(running.active for running, _ in self._all.values())

    def _state(self, name: str) -> Running:
        return self._all[name][0] if name in self._all else Running(active=False)

    def _run(self, name: str, stop: threading.Event) -> None:
        while True:
            error, code = self._fetch(name, stop)
            with self._guard:
                if code == "stopped" and not stop.is_set():
                    continue  # the pause was taken back while it took effect
                ended = replace(self._all[name][0], active=False, pausing=False, error=error, code=code)
                self._all[name] = (ended, stop)
                return

    def _fetch(self, name: str, stop: threading.Event) -> tuple[str, str]:
        """Fetch a model; return the message and the code of what went wrong."""
        try:
            self.shelf.get(name, lambda progress: self._report(name, progress), stop)
        except GptsmithError as failure:
            return ("" if failure.code == "stopped" else str(failure)), failure.code
        except Exception as failure:  # noqa: BLE001 (the thread's last door: a page that looks must see it ended)
            _LOG.exception("the fetch of %s failed", name)
            return f"{type(failure).__name__}: {failure}", ""
        return "", ""

    def _report(self, name: str, progress: Progress) -> None:
        with self._guard:
            running, stop = self._all[name]
            self._all[name] = (replace(running, progress=progress), stop)


def fetches() -> Fetches:
    """Return the fetches of this process for the shelf of the state folder."""
    return _fetches(Shelf().root)


@cache
def _fetches(_root: Path) -> Fetches:
    return Fetches(Shelf())
