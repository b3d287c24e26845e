"""The shelf: the folder of models of this machine, each placed whole and checked before it is used."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gptsmith.errors import GptsmithError, NotReadyError
from gptsmith.models.shelf.catalogue import Catalogue, ModelFile, ShelfModel, catalogue
from gptsmith.models.shelf.progress import Reporter, Tell, sha256
from gptsmith.state import atomic_write, home_path

# What this machine has: memory and cores, a container's limits included.

MIB = 2**20


@dataclass(frozen=True)
class Machine:
    """`memory` in MiB, 0 when it cannot be told; `cores` that this process may use."""

    memory: int
    cores: int


def this_machine() -> Machine:
    """Look at this machine."""
    return Machine(_memory() // MIB, _cores())


def _memory() -> int:
    found = _windows_memory() if sys.platform == "win32" else _posix_memory()
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):  # no such group, or "max"
            found = min(found, int(Path(file).read_text("ascii")))
    return found


def _posix_memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 0


def _windows_memory() -> int:
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong)] + [
            (name, ctypes.c_ulonglong) for name in ("total", "free", "b", "c", "d", "e", "f")
        ]

    status = Status(length=ctypes.sizeof(Status))
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 (the name exists on Windows only)
    return int(status.total) if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else 0


def _cores() -> int:
    try:
        found = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        found = os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text("ascii").split()
        found = min(found, max(1, int(quota) // int(period)))
    return max(1, found)


State = Literal["here", "partial", "absent", "altered"]

STAMP = "checked.json"
PARTS = ".fetching"

_MIB = 2**20
_judged: dict[tuple[str, int, int], str] = {}  # hashes of files as this process has read them


@dataclass(frozen=True)
class Status:
    """What is on the shelf of one model: `done` of its `total` bytes."""

    model: ShelfModel
    state: State
    done: int
    total: int


@dataclass(frozen=True)
class Checked:
    """What a full check found: `wrong` files differ from the published ones or are missing."""

    name: str
    wrong: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Every file is the published one."""
        return not self.wrong


class Shelf:
    """The models of `root` (default: `models/` of the state folder), of a catalogue (default: the one that ships).

    >>> from gptsmith import Shelf
    >>> Shelf().entry("coder-1.5b").licence
    'Apache-2.0'
    """

    def __init__(self, root: Path | None = None, models: Catalogue | None = None) -> None:
        self.root = root if root is not None else shelf_folder()
        self.catalogue = models if models is not None else catalogue()

    def entry(self, name: str) -> ShelfModel:
        """Return the catalogue's entry of a model; UsageError when there is none of this name."""
        return self.catalogue.find(name)

    def folder(self, name: str) -> Path:
        """Return the folder of a model, which need not exist."""
        return self.root / self.entry(name).name

    def path(self, name: str, part: Literal["model", "projector"] = "model") -> Path | None:
        """Return the checked file of a model, the folder of a picture model; None when it is not here or not whole.

        The hash is compared the first time; from then on size and time of the file are enough.
        """
        model = self.entry(name)
        if not self._checked(model):
            return None
        if model.kind == "pictures":
            return self.folder(name)
        return next((self.folder(name) / file.name for file in model.files if file.part == part), None)

    def require(self, name: str, part: Literal["model", "projector"] = "model") -> Path:
        """Return what `path` returns; NotReadyError `missing_weights`, saying what to do, instead of None."""
        if (found := self.path(name, part)) is not None:
            return found
        model = self.entry(name)
        what = {
            "altered": "its file is damaged: it is not the one that was published",
            "partial": "only a part of it has been fetched",
        }.get(self.status(name).state, "it is not on this machine")
        raise NotReadyError(
            f"the model {model.name} cannot be used: {what}",
            code="missing_weights",
            hint=f"gptsmith models get {model.name} fetches it ({size_words(model.size)})",
        )

    def status(self, name: str) -> Status:
        """Say what is here of a model, without reading its files."""
        model = self.entry(name)
        total, done, there = model.size, 0, 0
        stamp = self._stamp(model)
        altered = False
        for file in model.files:
            place = self.folder(name) / file.name
            if place.is_file():
                done, there = done + place.stat().st_size, there + 1
                known = _known(place, stamp.get(file.name))
                altered = altered or _wrong_size(file, place) or known not in ("", file.sha256)
            else:
                part = self.part(model, file)
                done += part.stat().st_size if part.exists() else 0
        if altered:
            return Status(model, "altered", done, total)
        state: State = "here" if there == len(model.files) else "partial" if done else "absent"
        return Status(model, state, min(done, total) if state == "partial" else done, total)

    def models(self) -> list[Status]:
        """Return the status of every model of the catalogue, in its order."""
        return [self.status(model.name) for model in self.catalogue.models]

    def default_name(self, machine: Machine | None = None) -> str:
        """Return the default model: the best that is here and fits the machine, else the one to be fetched."""
        fitting = self.defaults(machine)
        here = [model for model in fitting if self.status(model.name).state == "here"]
        return (here or fitting)[0].name

    def best_name(self, machine: Machine | None = None) -> str:
        """Return the model that would be the default, were all of them here."""
        return self.defaults(machine)[0].name

    def defaults(self, machine: Machine | None = None) -> list[ShelfModel]:
        """Return the models that may be the default on this machine, the best first; never empty.

        First those that can be had with the environment's sources, then the others; the smallest is always among them.
        """
        from gptsmith.models.shelf.sources import sources

        machine = machine or this_machine()
        candidates = [model for model in self.catalogue.models if model.default and model.kind == "chat"]
        fitting = [model for model in candidates if fits(model, machine)]
        fitting = fitting or [min(candidates, key=lambda model: model.memory)]
        had = [model for model in fitting if sources(model) or self.status(model.name).state == "here"]
        return had + [model for model in fitting if model not in had]

    def get(self, name: str | None = None, progress: Tell | None = None, stop: threading.Event | None = None) -> Path:
        """Fetch what is missing of a model, check it and return what `path` returns; quick when it is here.

        Without a name: the best default that can be had. Another process that is fetching it is waited for.
        `progress` is called from this thread; `stop` ends it, what is here is kept for the next time.

        Raises:
            UsageError: no such model.
            NotReadyError: `not_fetched` (no source gave it), `fetch_off`, `no_space`, `no_state_folder`.
            GptsmithError: `stopped`.
        """
        from gptsmith.models.shelf.fetching import fetch

        stop = stop or threading.Event()
        if name is not None:
            return fetch(self, self.entry(name), progress, stop)
        first: NotReadyError | None = None
        for model in self.defaults():
            try:
                return fetch(self, model, progress, stop)
            except NotReadyError as error:
                if error.code not in ("not_fetched", "no_space"):
                    raise
                first = first or error
        assert first is not None, "the catalogue has no default"  # noqa: S101
        raise first  # what is wrong with the one that was wanted

    def remove(self, name: str) -> int:
        """Delete a model from this machine, and what was begun of it; return how many bytes that frees.

        Raises GptsmithError: `locked` while it is being fetched, `not_removed` when the system does not let go of it.
        """
        from gptsmith.models.shelf.fetching import model_lock

        model = self.entry(name)
        folder = self.folder(name)
        with model_lock(self, model):
            freed = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0
            try:
                if folder.is_symlink():
                    folder.unlink()
                elif folder.is_dir():
                    shutil.rmtree(folder)
            except OSError as error:
                raise GptsmithError(
                    f"{model.name} could not be deleted ({error.strerror or error})",
                    code="not_removed",
                    hint="close what uses it and try again",
                ) from error
        return freed

    def check(self, name: str, progress: Tell | None = None, stop: threading.Event | None = None) -> Checked:
        """Read every file of a model and compare its hash; what is wrong is not used until it is fetched again."""
        model, stop = self.entry(name), stop or threading.Event()
        report = Reporter(model.name, model.size, progress)
        good: dict[str, ModelFile] = {}
        done = 0
        for file in model.files:
            place = self.folder(name) / file.name
            if place.is_file():
                before = done
                found = sha256(place, lambda n, before=before: report("checking", before + n), stop)  # type: ignore[misc]
                _remember(place, found)
                if found == file.sha256:
                    good[file.name] = file
                done += place.stat().st_size
        if good:
            self.write_stamp(model, list(good.values()))
        elif self.folder(name).is_dir():
            (self.folder(name) / STAMP).unlink(missing_ok=True)
        return Checked(model.name, tuple(file.name for file in model.files if file.name not in good))

    def part(self, model: ShelfModel, file: ModelFile) -> Path:
        """Return where the bytes of a file are gathered; named by its hash, so that they fit whatever the source."""
        return self.root / model.name / PARTS / f"{file.sha256}.part"

    def good(self, model: ShelfModel, file: ModelFile) -> bool:
        """Say whether a file is in its place and the published one; reads it when that is not known yet."""
        place = self.root / model.name / file.name
        if not place.is_file() or _wrong_size(file, place):
            return False
        found = _known(place, self._stamp(model).get(file.name))
        if not found:
            found = sha256(place, lambda _: None, threading.Event())
            _remember(place, found)
        return found == file.sha256

    def write_stamp(self, model: ShelfModel, files: list[ModelFile]) -> None:
        """Write down that these files have been checked, with their size and time."""
        lines = {}
        for file in files:
            seen = (self.root / model.name / file.name).stat()
            lines[file.name] = [seen.st_size, seen.st_mtime_ns, file.sha256]
        text = json.dumps({"files": lines}, indent=1)
        stamp = self.root / model.name / STAMP
        if not stamp.is_file() or stamp.read_text("utf-8") != text:
            atomic_write(stamp, text)

    def _checked(self, model: ShelfModel) -> bool:
        """Say whether every file is here and the published one; what had to be read for that is written down."""
        stamp = self._stamp(model)
        folder = self.root / model.name
        if all(_known(folder / file.name, stamp.get(file.name), disk=True) == file.sha256 for file in model.files):
            return True
        if not all(self.good(model, file) for file in model.files):
            return False
        with contextlib.suppress(OSError):  # a folder that may only be read: the next process checks again
            self.write_stamp(model, model.files)
        return True

    def _stamp(self, model: ShelfModel) -> dict[str, list[object]]:
        try:
            data = json.loads((self.root / model.name / STAMP).read_text("utf-8"))
            return dict(data["files"])
        except (OSError, ValueError, KeyError, TypeError):
            return {}


def shelf_folder() -> Path:
    """Return the folder of models: `GPTSMITH_MODELS`, which state folders may share, or `models/` of the own one."""
    chosen = os.environ.get("GPTSMITH_MODELS")
    return Path(chosen).expanduser().absolute() if chosen else home_path() / "models"


def fits(model: ShelfModel, machine: Machine) -> bool:
    """Say whether a machine has the memory and the cores for a model; unknown memory is enough."""
    return machine.cores >= model.cores and (not machine.memory or machine.memory >= model.memory * 0.9)


def size_words(size: int) -> str:
    """Return a number of bytes as a person says it: `1.1 GB`, `545 MB`."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(int(size > 0), round(size / 1e6))} MB"


def locked(error: GptsmithError) -> bool:
    """Say whether an error means that somebody else holds the lock."""
    return error.code == "locked"


def _wrong_size(file: ModelFile, place: Path) -> bool:
    return file.size is not None and place.stat().st_size != file.size


def _key(place: Path) -> tuple[str, int, int]:
    seen = place.stat()
    return str(place), seen.st_size, seen.st_mtime_ns


def _remember(place: Path, found: str) -> None:
    _judged[_key(place)] = found


def _known(place: Path, line: list[object] | None, *, disk: bool = False) -> str:
    """Return the hash of a file as far as it is known without reading it; with `disk` only from its stamp."""
    try:
        key = _key(place)
    except OSError:
        return ""
    if line is not None and line[:2] == list(key[1:]):
        return str(line[2]) if len(line) == 3 else ""
    return "" if disk else _judged.get(key, "")
