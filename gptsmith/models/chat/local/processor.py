"""What this machine's processor and memory give to a local model."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

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
