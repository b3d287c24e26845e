"""A child process from outside: started with a job, read with caps, ended whole when its time or its room is over."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gptsmith.errors import NotReadyError

_BOX = Path(__file__).with_name("box.py")
_MOST_OUTPUT = 200_000  # bytes of what it prints
_MOST_RESULT = 4_000_000
MOST_FOLDER = 256 * 1024 * 1024  # bytes in its folder, all files together
_LOOK = 0.25  # seconds between looks at the folder and the clock
_START_SECONDS = 10.0  # for Python itself and the packages, beside the time of the job


@dataclass(frozen=True)
class Job:
    """What to run: `what` goes to the box as it is; only `folder` can be written, `readable` folders and files read."""

    what: dict[str, Any]
    folder: Path
    readable: list[Path] = field(default_factory=list)
    network: bool = False
    seconds: float = 30.0
    memory_mb: int = 1024


@dataclass(frozen=True)
class Outcome:
    """What came of it: `error` is one line, empty when all went well; `traceback` is for the person."""

    output: str = ""
    value: Any = None
    error: str = ""
    traceback: str = ""
    walls: tuple[str, ...] = ()


def run(job: Job) -> Outcome:
    """Run the job and return what came of it; it is over, whole, when this returns.

    Raises:
        NotReadyError: this system cannot run it.
    """
    if sys.platform == "win32":
        raise NotReadyError("Python of a spec runs on Linux and macOS only", code="not_built", hint="use another tool")
    mine, its = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-I", "-B", str(_BOX), str(its)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, pass_fds=(its,),
        cwd=job.folder, env=_environment(job), start_new_session=True,
    )  # fmt: skip
    os.close(its)
    try:
        sent = json.dumps(_order(job)).encode()
        return _followed(process, mine, sent, job)
    finally:
        _end(process)
        os.close(mine)


def _order(job: Job) -> dict[str, Any]:
    roots = {sys.prefix, sys.base_prefix, sys.exec_prefix, *map(str, job.readable), str(_BOX.parent)}
    packages = {path for path in sys.path if "site-packages" in path}
    return {
        **job.what,
        "folder": str(job.folder),
        "readable": sorted(roots | packages),
        "network": job.network,
        "seconds": job.seconds + _START_SECONDS,
        "memory_mb": job.memory_mb,
    }


def _environment(job: Job) -> dict[str, str]:
    """Return an environment without anything of the person's: no key, no home."""
    folder = str(job.folder)
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    places = {"HOME": folder, "TMPDIR": folder, "MPLCONFIGDIR": f"{folder}/.matplotlib"}
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MPLBACKEND": "Agg", **places, **single}


def _followed(process: subprocess.Popen[bytes], mine: int, sent: bytes, job: Job) -> Outcome:
    assert process.stdin is not None and process.stdout is not None  # noqa: S101
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(sent)
        process.stdin.close()
    until = time.monotonic() + job.seconds + _START_SECONDS
    read = {process.stdout.fileno(): bytearray(), mine: bytearray()}
    reason = ""
    with selectors.DefaultSelector() as ready:
        for descriptor in read:
            ready.register(descriptor, selectors.EVENT_READ)
        while ready.get_map() and not reason:
            for key, _ in ready.select(_LOOK):
                data = os.read(key.fd, 65536)
                if not data:
                    ready.unregister(key.fd)
                kept, most = read[key.fd], _MOST_RESULT if key.fd == mine else _MOST_OUTPUT
                kept += data[: max(0, most - len(kept))]
            if time.monotonic() > until:
                reason = f"it took longer than {job.seconds:g} seconds and was ended"
            elif _size(job.folder) > MOST_FOLDER:
                reason = f"it wrote more than {MOST_FOLDER // 2**20} MB and was ended"
    output = bytes(read[process.stdout.fileno()]).decode("utf-8", "replace")
    if len(read[process.stdout.fileno()]) >= _MOST_OUTPUT:
        output += "\n(It printed more, which was left out.)"
    return _outcome(process, bytes(read[mine]), output, reason)


def _outcome(process: subprocess.Popen[bytes], result: bytes, output: str, reason: str) -> Outcome:
    if reason:
        return Outcome(output, error=reason)
    try:
        found = json.loads(result)
    except ValueError:
        _end(process)
        code = process.returncode
        why = "it was ended" if code == -signal.SIGKILL else "it ended itself"
        if code == -signal.SIGXCPU:
            why = "it took too much time and was ended"
        elif code < 0 and code != -signal.SIGKILL:
            why = f"it crashed ({signal.Signals(-code).name})"
        return Outcome(output, error=f"{why} before it was done")
    value, stand = found.get("value"), tuple(found.get("walls", ()))
    return Outcome(output, value, str(found.get("error", "")), str(found.get("traceback", "")), stand)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and all of its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def _size(folder: Path) -> int:
    return sum(size for _, size in files_in(folder))


def files_in(folder: Path) -> Iterator[tuple[Path, int]]:
    """Yield the plain files below a folder with their sizes; links are passed over."""
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            with contextlib.suppress(OSError):
                if not path.is_symlink() and path.is_file():
                    yield path, path.lstat().st_size
