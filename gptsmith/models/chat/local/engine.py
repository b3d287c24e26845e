"""The engine of a local model: one llama.cpp process per model and machine, shared, started on demand.

Where it listens stands in `.engines/<key>/running.json` beside the models of the shelf, readable by this user alone;
every gptsmith process of the person finds it there. The key of the folder is made of the file, the context and
llama.cpp's version, so that prefixes saved there never meet another model.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from gptsmith.errors import NotReadyError
from gptsmith.models.chat.local.engine_process import RUNNING, USED, read_running
from gptsmith.models.chat.local.loading import not_loaded
from gptsmith.models.shelf import shelf_folder
from gptsmith.state import lock

# What this machine's processor and memory give to a local model.

MOST_THREADS = 8  # writing is bound by memory bandwidth; more threads only wait for it


def free_threads() -> int:
    """Return how many threads an engine starts with: the physical cores that nobody else is using now, at least one.

    Two ggml threads on one busy core wait for each other at every layer and are many times slower than one.
    """
    cores = physical_cores()
    try:
        busy = os.getloadavg()[0]
    except (OSError, AttributeError):  # Windows has none
        busy = 1.0
    return max(1, min(MOST_THREADS, round(cores - busy)))


def physical_cores() -> int:
    """Return the physical cores that this process may use; hyperthreads of one core count once where Linux tells."""
    logical = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    siblings = _read("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list")
    per_core = len(re.findall(r"\d+", siblings)) if siblings else 1
    return max(1, logical // max(1, per_core))


def free_memory() -> int | None:
    """Return the bytes of memory that can be had now; None where the system does not tell."""
    found = re.search(r"MemAvailable:\s+(\d+) kB", _read("/proc/meminfo"))
    return int(found[1]) * 1024 if found else None


def lacks_instructions() -> str:
    """Return the instruction set that llama.cpp's build needs and this processor has not; empty where all is there."""
    if sys.platform != "linux" or os.uname().machine not in ("x86_64", "AMD64"):
        return ""
    flags = re.search(r"^flags\s*:(.*)$", _read("/proc/cpuinfo"), re.MULTILINE)
    return "AVX2" if flags and "avx2" not in flags[1].split() else ""


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", errors="replace")
    except OSError:
        return ""


IDLE_SECONDS = 900.0
LOAD_SECONDS = 180.0
_CACHE_MIB = 512
_BATCH = 256
_PROGRAM = ["-m", "gptsmith.models.chat.local.engine_process"]
_OVERHEAD = 300_000_000  # bytes beside the weights: context, buffers, Python


@dataclass(frozen=True)
class LocalModel:
    """A model file on this machine: its label, its path, the tokens it reads at most, its picture projector.

    `whole`: it is given whole tasks, by the prompts of hosted models; else small ones, with code that decides.
    """

    name: str
    path: Path
    context: int = 8192
    projector: Path | None = None
    whole: bool = False


@dataclass(frozen=True)
class EngineAddress:
    """Where an engine listens, with which key; `run` tells one start of it from the next."""

    url: str
    key: str
    run: str


class LocalEngine:
    """The process of one model. Threads and processes share it: whoever comes first starts it."""

    def __init__(self, model: LocalModel) -> None:
        self.model = model

    @property
    def folder(self) -> Path:
        """The engine's folder, made when it is not there."""
        stat = self.model.path.stat()
        version = metadata.version("xllamacpp")
        facts = (str(self.model.path.resolve()), stat.st_size, stat.st_mtime_ns, self.model.context, version)
        folder = engines_folder() / hashlib.sha256(repr(facts).encode()).hexdigest()[:20]
        (folder / "prefixes").mkdir(parents=True, exist_ok=True)
        return folder

    def address(self) -> EngineAddress:
        """Return where the engine listens, starting it when it does not run.

        Raises NotReadyError `missing_weights` (no file, no GGUF file), `missing_package`, `unsupported` (the
        processor), `no_memory`, `engine_failed`.
        """
        check_model_file(self.model)
        folder = self.folder
        (folder / USED).touch()
        if found := _running(folder):
            return found
        with lock(folder / "start.lock", timeout=LOAD_SECONDS):
            return _running(folder) or self._start(folder)

    def stop(self) -> None:
        """End the engine's process, if it runs."""
        stop_engine(self.folder)

    def _start(self, folder: Path) -> EngineAddress:
        self._require_machine()
        settings = {
            "model": str(self.model.path),
            "projector": str(self.model.projector or ""),
            "folder": str(folder),
            "key": secrets.token_hex(16),
            "context": self.model.context,
            "batch": _BATCH,
            "cache_mib": _CACHE_MIB,
            "threads": free_threads(),
            "idle_seconds": float(os.environ.get("GPTSMITH_ENGINE_IDLE", IDLE_SECONDS)),
        }
        (folder / RUNNING).unlink(missing_ok=True)
        with (folder / "log.txt").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *_PROGRAM],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                close_fds=True,
                start_new_session=True,  # Ctrl-C in a terminal ends the chat, not everybody's engine
                env=_environment(),
            )
        assert process.stdin is not None  # noqa: S101  by PIPE
        with contextlib.suppress(BrokenPipeError), process.stdin:
            process.stdin.write(json.dumps(settings).encode())
        threading.Thread(target=process.wait, name="engine-reaper", daemon=True).start()
        return self._await(process, folder)

    def _await(self, process: subprocess.Popen[bytes], folder: Path) -> EngineAddress:
        end = time.monotonic() + LOAD_SECONDS
        while time.monotonic() < end:
            if found := _running(folder):
                return found
            if process.poll() is not None:
                raise not_loaded(self.model, process.returncode, folder / "log.txt")
            time.sleep(0.05)
        process.kill()
        raise NotReadyError(
            f"{self.model.name} did not load within {LOAD_SECONDS:g} seconds",
            code="engine_failed",
            hint="close other programs and try again, or choose a smaller model",
        )

    def _require_machine(self) -> None:
        if missing := lacks_instructions():
            raise NotReadyError(
                f"this processor has no {missing}, which local models need here",
                code="unsupported",
                hint="connect another model, e.g. ollama:qwen3:8b, on the page under Models or by GPTSMITH_MODEL",
            )
        size, free = self.model.path.stat().st_size + _OVERHEAD, free_memory()
        if free is not None and free < size:
            raise NotReadyError(
                f"{self.model.name} needs {size / 1e9:.1f} GB of free memory, and {free / 1e9:.1f} GB are free",
                code="no_memory",
                hint="close other programs, or choose a smaller model with `gptsmith models`",
            )


def engines_folder() -> Path:
    """Return the folder of the engines, one for all who share the shelf."""
    return shelf_folder() / ".engines"


def check_model_file(model: LocalModel) -> None:
    """Raise NotReadyError `missing_weights` unless the model's file is there and begins as GGUF files do."""
    try:
        with model.path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise NotReadyError(
            f"the file of {model.name}, {model.path}, cannot be read: {error.strerror}",
            code="missing_weights",
            hint=f"get it with `gptsmith models get {model.name}`, or name another model",
        ) from None
    if magic != b"GGUF":
        raise NotReadyError(
            f"{model.path} is not a GGUF file",
            code="missing_weights",
            hint="name a file that ends in .gguf and was made for llama.cpp",
        )


def stop_engine(folder: Path) -> None:
    """End the process that `folder` belongs to, if it runs."""
    running = read_running(folder)
    if running:
        with contextlib.suppress(OSError):
            os.kill(int(running["pid"]), signal.SIGTERM)
        (folder / RUNNING).unlink(missing_ok=True)


def stop_all_engines() -> int:
    """End every engine beside this shelf; return how many there were."""
    running = list(engines_folder().glob(f"*/{RUNNING}"))
    for file in running:
        stop_engine(file.parent)
    return len(running)


def _running(folder: Path) -> EngineAddress | None:
    running = read_running(folder)
    if not running or not _is_alive(int(running["pid"])):
        return None
    return EngineAddress(running["url"], running["key"], f"{running['pid']}-{running['started']}")


def _is_alive(pid: int) -> bool:
    if sys.platform == "win32":  # no signal 0 there: a dead engine is noticed when it refuses the connection
        return True
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    status = Path(f"/proc/{pid}/stat")
    with contextlib.suppress(OSError, IndexError):
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    return True


def _environment() -> dict[str, Any]:
    """Return the environment of the child: none of the person's keys reach it."""
    kept = ("PATH", "HOME", "PYTHONPATH", "GPTSMITH_HOME", "SYSTEMROOT", "TMPDIR", "TEMP", "LANG", "LD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ}
