"""What this machine has: memory and cores, a container's limits included."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

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
