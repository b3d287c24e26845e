"""The walls around a child process, put up by the child itself before any foreign code runs. Standard library only.

On Linux the kernel keeps them: Landlock lets it read and write only named folders, a seccomp filter lets it start no
program, open no socket and signal nobody else. Elsewhere, and on kernels without them, Python's audit hook does, which
stops mistakes and not an attacker.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import struct
import sys
from typing import Any

_MB = 1024 * 1024
_FILE_MB = 64
_OPEN_FILES = 256

# -- limits of the process -------------------------------------------------------------------------------------------


def limit(memory_mb: int, seconds: float) -> None:
    """Bound memory, processor time, file sizes and open files; no core is written."""
    import resource

    for what, most in (
        (resource.RLIMIT_AS, memory_mb * _MB),
        (resource.RLIMIT_CPU, int(seconds) + 1),
        (resource.RLIMIT_FSIZE, _FILE_MB * _MB),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def enclose(readable: list[str], writable: list[str], *, network: bool) -> list[str]:
    """Put up the walls; return those that stand: `files`, `processes`, `network`, or `hook` for Python's own."""
    stand: list[str] = []
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(38, 1, 0, 0, 0) == 0:  # PR_SET_NO_NEW_PRIVS
            if _landlock(libc, readable, writable):
                stand.append("files")
            if _seccomp(libc, network=network):
                stand += ["processes"] if network else ["processes", "network"]
    if {"files", "processes"} - set(stand) or not (network or "network" in stand):
        _hook(writable, network=network)
        stand.append("hook")
    return stand


# -- Landlock --------------------------------------------------------------------------------------------------------

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_READ = 0b1101  # execute, read a file, list a folder
_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1}
_TRUNCATE = 1 << 14
_SYSTEM = (
    "/usr", "/lib", "/lib64", "/lib32", "/bin", "/nix/store", "/etc/ld.so.cache", "/etc/localtime", "/etc/fonts",
    "/etc/ssl", "/etc/ca-certificates", "/etc/mime.types", "/dev/null", "/dev/urandom", "/dev/random", "/dev/zero",
)  # fmt: skip
_NETWORK = ("/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/run/systemd/resolve")


def _landlock(libc: Any, readable: list[str], writable: list[str]) -> bool:
    abi = libc.syscall(_CREATE, None, 0, 1)
    if abi < 1:
        return False
    handled = _BY_ABI.get(abi, _BY_ABI[3])
    rules = struct.pack("Q", handled)
    ruleset = libc.syscall(_CREATE, rules, len(rules), 0)
    if ruleset < 0:
        return False
    try:
        for path in (*_SYSTEM, *_NETWORK, *readable):
            _allow(libc, ruleset, path, _READ & handled)
        for path in (*writable, "/dev/null"):
            _allow(libc, ruleset, path, handled)
        return bool(libc.syscall(_RESTRICT, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _allow(libc: Any, ruleset: int, path: str, access: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # not on this machine
    try:
        if not os.path.isdir(path):  # noqa: PTH112 - nothing but the plainest is loaded here
            access &= 0b111 | _TRUNCATE
        libc.syscall(_ADD, ruleset, 1, struct.pack("=Qi", access, place), 0)
    finally:
        os.close(place)


# -- seccomp ---------------------------------------------------------------------------------------------------------

_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_LOAD, _JEQ, _JSET, _RET = 0x20, 0x15, 0x45, 0x06
_NR, _ARCH, _ARG0 = 0, 4, 16
_CLONE_THREAD = 0x00010000
_ARCHITECTURES: dict[str, tuple[int, dict[str, int]]] = {
    "x86_64": (0xC000003E, {
        "clone": 56, "fork": 57, "vfork": 58, "execve": 59, "execveat": 322, "clone3": 435, "socket": 41, "kill": 62,
        "tkill": 200, "tgkill": 234, "ptrace": 101, "readv": 310, "writev": 311, "uring": 425, "pidfd": 434,
        "pidfd_signal": 424, "unshare": 272, "setns": 308, "mount": 165, "bpf": 321, "keyctl": 250, "mqueue": 240,
        "shmget": 29, "perf": 298, "sigqueue": 129, "tgsigqueue": 297,
    }),
    "aarch64": (0xC00000B7, {
        "clone": 220, "execve": 221, "execveat": 281, "clone3": 435, "socket": 198, "kill": 129, "tkill": 130,
        "tgkill": 131, "ptrace": 117, "readv": 270, "writev": 271, "uring": 425, "pidfd": 434, "pidfd_signal": 424,
        "unshare": 97, "setns": 268, "mount": 40, "bpf": 280, "keyctl": 219, "mqueue": 180, "shmget": 194, "perf": 241,
        "sigqueue": 138, "tgsigqueue": 240,
    }),
}  # fmt: skip


def _seccomp(libc: Any, *, network: bool) -> bool:
    """Refuse the calls that leave the process; threads of its own and signals to itself stay."""
    found = _ARCHITECTURES.get(platform.machine())
    if found is None or struct.calcsize("P") != 8:
        return False
    arch, numbers = found
    own = os.getpid()
    program = [
        (_LOAD, 0, 0, _ARCH), (_JEQ, 1, 0, arch), (_RET, 0, 0, _ERRNO | errno.EPERM),
        (_LOAD, 0, 0, _NR), (0x35, 0, 1, 0x40000000), (_RET, 0, 0, _ERRNO | errno.EPERM),  # no second set of numbers
        (_JEQ, 0, 1, numbers["clone3"]), (_RET, 0, 0, _ERRNO | errno.ENOSYS),  # its flags cannot be looked at
        (_JEQ, 0, 4, numbers["clone"]), (_LOAD, 0, 0, _ARG0), (_JSET, 0, 1, _CLONE_THREAD), (_RET, 0, 0, _ALLOW),
        (_RET, 0, 0, _ERRNO | errno.EPERM),
    ]  # fmt: skip
    for name in ("kill", "tgkill"):
        program += [
            (_JEQ, 0, 4, numbers[name]), (_LOAD, 0, 0, _ARG0), (_JEQ, 0, 1, own), (_RET, 0, 0, _ALLOW),
            (_RET, 0, 0, _ERRNO | errno.EPERM),
        ]  # fmt: skip
    refused = set(numbers) - {"clone", "clone3", "kill", "tgkill"} - ({"socket"} if network else set())
    for name in sorted(refused):
        program += [(_JEQ, 0, 1, numbers[name]), (_RET, 0, 0, _ERRNO | errno.EPERM)]
    program.append((_RET, 0, 0, _ALLOW))
    code = b"".join(struct.pack("HBBI", *step) for step in program)
    kept = ctypes.create_string_buffer(code, len(code))
    whole = struct.pack("HxxxxxxP", len(program), ctypes.addressof(kept))
    return bool(libc.prctl(22, 2, whole, 0, 0) == 0)  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER


# -- Python's own ----------------------------------------------------------------------------------------------------

_PROCESSES = (
    "os.fork",
    "os.forkpty",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "subprocess.Popen",
    "os.kill",
)
_CHANGES = (
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.mkdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
    "os.chown",
)


def _hook(writable: list[str], *, network: bool) -> None:
    inside = [os.path.realpath(path) + os.sep for path in writable]

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _PROCESSES:
            raise PermissionError("no program can be started here")
        if event.startswith("socket.") and event != "socket.__new__" and not network:
            raise PermissionError("there is no network here")
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if (writes or event in _CHANGES) and isinstance(arguments[0], str | bytes):
            place = os.path.realpath(os.fsdecode(arguments[0]))
            if place != "/dev/null" and not any(place.startswith(folder) for folder in inside):
                raise PermissionError(f"nothing can be written to {place}")

    sys.addaudithook(look)
