"""A bundle that somebody sent: looked at first, then brought into the library.

All of it is judged before anything is unpacked: the zip file, the names, the spec, the versions. A bundle comes in as a
draft that is saved at once, so that a crash leaves a draft or an assistant, never half of one.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gptsmith.assistants.files import skills
from gptsmith.assistants.files.bundle import INDEX, VERSIONS, BundleContents, History, LinesError, from_lines
from gptsmith.assistants.files.drafts import Drafts
from gptsmith.assistants.files.library import SUFFIX, Library
from gptsmith.assistants.files.spec_files import Move, instructions_place
from gptsmith.assistants.files.trust import trust_needs
from gptsmith.assistants.files.version_store import moved_history
from gptsmith.assistants.files.versions import Versions
from gptsmith.assistants.files.zip_file import Archive, open_archive, refused
from gptsmith.assistants.format.loader import MAX_INSTRUCTIONS, Loaded, load_text, slug
from gptsmith.assistants.format.paths import path_values
from gptsmith.assistants.format.reader import MAX_BYTES, read_yaml
from gptsmith.errors import GptsmithError, SpecError, UsageError
from gptsmith.state import atomic_write

_MAX_VERSIONS = 64 * 2**20
_MAX_INDEX = 256 * 2**20


@dataclass(frozen=True)
class _Inside:
    """A bundle that passed every check."""

    archive: Archive
    spec: str
    text: str
    files: tuple[str, ...]
    history: History
    contents: BundleContents


def read_bundle(path: str | Path) -> BundleContents:
    """Say what is in a bundle, what it would need, and write nothing.

    Raises UsageError (`bad_bundle`) with the reason for one that is not taken in, SpecError when its spec is not valid.
    """
    with _opened(Path(path).expanduser()) as inside:
        return inside.contents


def index_of(path: str | Path, *, agreed: str) -> bytes:
    """Return the vectors in a bundle, for `rag.carried_index.unpack_index`; b"" without any.

    `agreed` is the `digest` of the contents that a person agreed to.
    """
    with _opened(Path(path).expanduser()) as inside:
        _require_same(inside, agreed, path)
        return inside.archive.read(INDEX, _MAX_INDEX) if inside.contents.index else b""


def import_bundle(path: str | Path, library: Library | None = None, *, agreed: str = "") -> Path:
    """Bring a bundle into a library (default: the one in use) and return its spec file.

    An id that is taken becomes `<id>-2`, in the text and for the folder of its files; files that lay beside the spec go
    into that folder. `agreed` is the `digest` of the contents that a person agreed to. Raises what `read_bundle`
    raises, and UsageError when it cannot be written: then nothing stays.
    """
    with _opened(Path(path).expanduser()) as inside:
        _require_same(inside, agreed, path)
        draft = Drafts().make(
            inside.contents.id,
            lambda spec: _unpack(inside, spec),
            lambda versions: _begin(inside, versions, Path(path).name),
        )
    try:
        return Drafts().save(draft, library)
    except GptsmithError:
        Drafts().delete(draft)
        raise


def _require_same(inside: _Inside, agreed: str, path: str | Path) -> None:
    if agreed and inside.contents.digest != agreed:
        changed = f"{Path(path).name} was changed since it was shown"
        raise UsageError(changed, code="changed_on_disk", hint="look at it again")


@contextmanager
def _opened(path: Path) -> Iterator[_Inside]:
    with open_archive(path) as archive:
        specs = [name for name in archive.sizes if "/" not in name and name.endswith(SUFFIX)]
        if len(specs) != 1:
            found = "there is no spec at its top" if not specs else f"it has {len(specs)} specs at its top"
            raise refused(path, found)
        spec = specs[0]
        data = archive.read(spec, MAX_BYTES)
        files = tuple(name for name in archive.sizes if name not in (spec, VERSIONS, INDEX))
        loaded = _loaded(path, archive, spec, data, files)
        text = data.decode("utf-8")  # it was read, so it is
        history = _history(path, archive, text)
        with path.open("rb") as file:
            whole = hashlib.file_digest(file, "sha256").hexdigest()
        sizes = {name: size for name, size in archive.sizes.items() if name not in (VERSIONS, INDEX)}
        stated = loaded.document.data.get("id") or slug(spec)
        contents = BundleContents.of(loaded, stated, sizes, len(history), index=INDEX in archive.sizes, digest=whole)
        yield _Inside(archive, spec, text, files, history, contents)


def _loaded(path: Path, archive: Archive, spec: str, data: bytes, files: tuple[str, ...]) -> Loaded:
    """Check the spec as if it lay among its files: empty ones under their names, but for instructions and skills."""
    shown = f"{path.name}:{spec}"
    with tempfile.TemporaryDirectory(prefix="gptsmith-") as folder:
        base = Path(folder).resolve()
        for name in files:
            (base / name).parent.mkdir(parents=True, exist_ok=True)
            if name.endswith(f"/{skills.FILE}"):
                (base / name).write_bytes(archive.read(name, skills.LONGEST + 1))
            else:
                (base / name).touch()
        told = instructions_place(data, base / spec)
        name = told.relative_to(base).as_posix() if told else ""
        if told and name in files:
            told.write_bytes(archive.read(name, MAX_INSTRUCTIONS * 4 + 4))
        found = read_yaml(data, shown).diagnostics
        if found:
            raise SpecError([d for d in found if d.severity == "error"])
        try:
            loaded = load_text(data.decode("utf-8"), base, file=shown)
        except SpecError as error:
            wrong = [(d, d.file.replace(f"{base}/", f"{path.name}:")) for d in error.diagnostics]
            raise SpecError([d.model_copy(update={"file": file}) for d, file in wrong]) from None
        outside = [need.name for need in trust_needs(loaded) if need.kind == "path"]
        outside += [text for _, text in path_values(loaded.document.data) if text.startswith(("/", "~", "\\"))]
    if outside:
        raise refused(path, f"it names a file outside its own folder: {outside[0][:200]}")
    return loaded


def _history(path: Path, archive: Archive, text: str) -> History:
    if VERSIONS not in archive.sizes:
        return []
    try:
        history = from_lines(archive.read(VERSIONS, _MAX_VERSIONS))
        _require_fitting(archive, text, history)
    except LinesError as error:
        raise refused(path, f"its versions were tampered with: {error}") from error
    return history


def _require_fitting(archive: Archive, text: str, history: History) -> None:
    """Raise LinesError when the versions are about other files than instructions, or end with other bytes."""
    told = {_told({f.path: f.after for f in files}.get("")) for _, files in history}
    for version, files in history:
        rows = {file.path: file.after for file in files}
        if rows.get("") is None or not set(rows) <= told | {""}:
            raise LinesError(f"version {version.number} is about files that are not its own")
    if history:
        last = {file.path: file.after for file in history[-1][1]}
        place = _told(text.encode("utf-8"))
        now = {"": text.encode("utf-8")}
        if place in archive.sizes and place in last:
            now[place] = archive.read(place, MAX_BYTES * 16)
        if any(last[path] != data for path, data in now.items()):
            raise LinesError("the last one is not what is in the bundle")


def _told(spec: bytes | None) -> str:
    """Return the path of the file of instructions that a spec names, "" without one."""
    base = Path("/bundle")
    place = instructions_place(spec, base / "spec")
    return place.relative_to(base).as_posix() if place else ""


def _move(inside: _Inside, spec: Path) -> Move:
    """Return the way of the bundle's files to a spec of this name, into the folder of its own.

    A bundle that has all of them, in older versions too, in `<id>.files/` keeps their order; else all go one deeper.
    """
    named = [text.removeprefix("./") + "/" for _, text in path_values(read_yaml(inside.text).data)]
    rows = [file.path for _, files in inside.history for file in files if file.path]
    paths = (*inside.files, *named, *rows)
    for old in (slug(inside.spec), inside.contents.id):
        if all(path.startswith(f"{old}.files/") for path in paths):
            return Move(old, slug(spec.name))
    return Move(inside.contents.id, slug(spec.name), deeper=True)


def _unpack(inside: _Inside, spec: Path) -> None:
    move = _move(inside, spec)
    for name in inside.files:
        inside.archive.unpack(name, spec.parent / move.file(name))
    atomic_write(spec, move.text(inside.text))


def _begin(inside: _Inside, versions: Versions, bundle: str) -> None:
    if inside.history:
        versions.fill(moved_history(inside.history, _move(inside, versions.path)))
    else:
        versions.begin("person", f"imported from {bundle}")
