"""The library: a folder of assistants, and where the state of each is kept."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from gptsmith.assistants.files.version_store import remove_store, store_name
from gptsmith.assistants.format.known_names import nearest
from gptsmith.assistants.format.loader import load_file, slug
from gptsmith.assistants.format.problems import list_names, show
from gptsmith.assistants.format.reader import read_yaml
from gptsmith.assistants.format.schema import SCHEMA_FILE, schema_text
from gptsmith.errors import SpecError, UsageError
from gptsmith.state import State, atomic_write, edit_lock, home, home_path, lock

SUFFIX = ".assistant.yaml"

_SPECS = Path("assistants") / "specs"
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")


@dataclass(frozen=True)
class Entry:
    """One assistant of a library; `error` is the first problem of a spec that does not load, else ""."""

    id: str
    path: Path
    name: str
    description: str
    shipped: bool
    error: str = ""


class Library:
    """The assistants under `root/assistants/specs`, and the shipped ones beside them, read-only."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.specs = root / _SPECS

    def entries(self) -> list[Entry]:
        """Return every assistant, the library's own first; a file that does not load is there with its error."""
        own = _files(self.specs) if self.specs != shipped_specs() else _own(_files(self.specs))
        found: list[Entry] = []
        ids: dict[str, Path] = {}
        for entry in (_entry(path, shipped=False) for path in own):
            first = ids.setdefault(entry.id, entry.path)
            twice = f"{entry.path}: the id {entry.id} is taken by {first.name}; change one of the two"
            found.append(entry if first == entry.path or entry.error else replace(entry, error=twice))
        found += [_entry(path, shipped=True) for path in shipped_files() if _quick_id(path) not in ids]
        return found

    def find(self, id_or_path: str | Path) -> Path:
        """Return the spec file that a path or an id names. Raises UsageError with the ids there are."""
        text = str(id_or_path)
        path = Path(id_or_path)
        if _is_file(path):
            return path
        if isinstance(id_or_path, Path) or not _ID.match(text):
            if _looks_like_a_path(text) or isinstance(id_or_path, Path):
                raise UsageError(f"there is no file {text[:200]}", code="not_found", hint=self._known(path.stem))
            raise UsageError(f"no assistant is called {show(text)}", code="not_found", hint=self._known(text))
        for folder in (self.specs, shipped_specs()):
            by_name = folder / f"{text}{SUFFIX}"
            if by_name.is_file() and _quick_id(by_name) == text:
                return by_name
        for candidate in [*_files(self.specs), *shipped_files()]:
            if _quick_id(candidate) == text:
                return candidate
        raise UsageError(f"no assistant is called {show(text)}", code="not_found", hint=self._known(text))

    def save(self, id: str, text: str) -> Path:
        """Write a new spec and return its file; an id that is taken becomes `<id>-2`, also inside the text.

        The JSON Schema is put beside it, for editors. Nothing that exists is overwritten.
        """
        with self.free_place(id) as path:
            atomic_write(path, _with_id(text, path.name.removesuffix(SUFFIX)))
        return path

    @contextmanager
    def free_place(self, id: str) -> Iterator[Path]:
        """Hold the library and give the path for a new spec: `id`, or `<id>-2` and so on when that is taken.

        The JSON Schema is put beside what was written there.
        """
        with self._locked():
            yield self.specs / f"{self.free_id(slug(id))}{SUFFIX}"
            schema = self.specs / SCHEMA_FILE
            current = schema_text()
            if not schema.is_file() or schema.read_text("utf-8") != current:
                with suppress(OSError):  # it helps editors; the assistant is there without it
                    atomic_write(schema, current)

    def delete(self, id_or_path: str | Path) -> Path:
        """Delete an assistant of this library: its spec, its `<id>.files/` and its state; return where it was.

        Raises UsageError for a shipped one and for a file outside the library.
        """
        path = self.find(id_or_path)
        if is_shipped(path):
            raise UsageError(
                f"{_quick_id(path)} is shipped with gptsmith and stays", hint="only your own can be deleted"
            )
        if path.resolve().parent != self.specs.resolve():
            raise UsageError(f"{path} is not in the library {self.root}", hint="delete the file itself")
        with self._locked(), edit_lock(path):
            state = State().folder(state_key(path))
            versions = state.parent.glob(f"*/{store_name(path)}")  # an id changed by hand left them elsewhere
            path.unlink()
            files = path.with_name(f"{path.name.removesuffix(SUFFIX)}.files")
            if files.is_symlink():
                files.unlink()
            elif files.is_dir():
                shutil.rmtree(files)
            shutil.rmtree(state, ignore_errors=True)
            for kept in versions:
                remove_store(kept)
        return path

    def free_id(self, wanted: str) -> str:
        """Return `wanted`, or `<wanted>-2` and so on when an assistant here has it."""
        taken = {_quick_id(path) for path in [*_files(self.specs), *shipped_files()]} | set(shipped_names())
        taken |= {path.name.removesuffix(SUFFIX) for path in _files(self.specs)}
        taken |= {path.name.removesuffix(".files") for path in self.specs.glob("*.files")}
        if wanted not in taken:
            return wanted
        numbered = (f"{wanted[:58].rstrip('-')}-{n}" for n in range(2, len(taken) + 3))
        return next(name for name in numbered if name not in taken)

    def _known(self, wrong: str) -> str:
        ids = list(dict.fromkeys(_quick_id(path) for path in [*_files(self.specs), *shipped_files()]))
        guess = nearest(wrong, ids)
        known = f"known ids: {list_names(ids)}" if ids else "the library is empty"
        return f"did you mean {guess}? {known}" if guess else known

    def _locked(self) -> AbstractContextManager[None]:
        name = hashlib.sha256(str(self.root.resolve()).encode()).hexdigest()[:16]
        return lock(home() / "locks" / f"library-{name}.lock")


def find_library(start: Path | None = None) -> Library:
    """Return the nearest library at or above `start` (the working folder), else the one in `GPTSMITH_HOME`."""
    here = (start or Path.cwd()).absolute()
    for folder in (here, *here.parents):
        if any((folder / _SPECS).glob(f"*{SUFFIX}")):
            return Library(folder)
    return Library(home_path())


def shipped_specs() -> Path:
    """Return the folder of the shipped specs: the repository's own in a checkout, else the wheel's."""
    package = Path(__file__).resolve().parents[2]
    checkout = package.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / _SPECS).is_dir():
        return checkout / _SPECS
    return package / "shipped" / _SPECS


def shipped_names() -> tuple[str, ...]:
    """Return the ids of the shipped assistants, as `shipped.txt` beside them lists them."""
    try:
        return tuple((shipped_specs() / "shipped.txt").read_text("utf-8").split())
    except OSError:
        return ()


def shipped_files() -> list[Path]:
    """Return the shipped specs that are there, in the order of their list."""
    folder = shipped_specs()
    return [path for name in shipped_names() if (path := folder / f"{name}{SUFFIX}").is_file()]


def is_shipped(path: Path) -> bool:
    """Say whether a spec file is one of the shipped ones, which are read-only."""
    name = path.name.removesuffix(SUFFIX)
    return name in shipped_names() and path.resolve().parent == shipped_specs().resolve()


def state_key(path: str | Path) -> str:
    """Return the name of an assistant's state folder: by library and id, outside any library by the resolved path."""
    file = Path(path).resolve()
    id = _quick_id(file)
    in_library = file.parent.parts[-2:] == _SPECS.parts
    place = "shipped" if is_shipped(file) else str(file.parents[2]) if in_library else ""
    whole = f"{place}\0{id}" if place else str(file)
    return f"{id[:40].strip('-')}-{hashlib.sha256(whole.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}"


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if path.is_file())


def _own(files: list[Path]) -> list[Path]:
    listed_names = shipped_names()
    return [path for path in files if path.name.removesuffix(SUFFIX) not in listed_names]


def _entry(path: Path, *, shipped: bool) -> Entry:
    try:
        loaded = load_file(path)
    except SpecError as error:
        return Entry(_quick_id(path), path, path.name.removesuffix(SUFFIX), "", shipped, str(error.diagnostics[0]))
    except UsageError as error:
        return Entry(_quick_id(path), path, path.name.removesuffix(SUFFIX), "", shipped, str(error))
    return Entry(loaded.spec.id or _quick_id(path), path, loaded.spec.name, loaded.spec.description, shipped)


def _quick_id(path: Path) -> str:
    """Return the id that a spec file states, else the one of its name; the file may be broken or gone."""
    try:
        with path.open("rb") as file:
            found = re.search(rb"^id:", file.read(), re.MULTILINE)
    except OSError:
        found = None
    data = read_yaml(path.read_bytes()).data if found else None
    stated = data.get("id") if isinstance(data, dict) else None
    return stated if isinstance(stated, str) and _ID.match(stated) else slug(path.name)


def _with_id(text: str, id: str) -> str:
    """Change the id that a text states, if it states one, and nothing else."""
    document = read_yaml(text)
    mark = document.marks.get(("id",))
    if mark is None or not isinstance(document.data, dict) or document.data.get("id") == id:
        return text
    return text[: mark.value.start] + id + text[mark.value.end :]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long a name, a NUL byte
        return False


def _looks_like_a_path(text: str) -> bool:
    return "/" in text or "\\" in text or text.lower().endswith((".yaml", ".yml"))
