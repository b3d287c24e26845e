"""The zip file of a bundle: the same bytes each time it is written, nothing believed when it is read.

Everything is judged by the archive's directory before a byte is unpacked: names, kinds, sizes, ratios.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gptsmith.errors import UsageError
from gptsmith.state import appear

MAX_FILES = 5_000
MAX_TOTAL = 2**30
MAX_FILE = 2**28
MAX_RATIO = 200
_MAX_DIRECTORY = 4 * 2**20
_FREE = 2**20  # up to this size a file may be packed as tightly as it likes
_CHUNK = 2**20
_LONGEST = 150, 400  # bytes of one part, and of the whole path
_DATE = (1980, 1, 1, 0, 0, 0)
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?\Z", re.IGNORECASE)
_UNSEEN = ("Cc", "Cs", "Cn", "Zl", "Zp")  # not Cf: joiners are part of words and of emoji
_UNFIT = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*\\\u202a-\u202e\u2066-\u2069]')


class Archive:
    """A zip file that passed every check: `sizes` has its files in order, by name."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path = path
        self._archive = archive
        self.sizes = _checked(path, archive)

    def read(self, name: str, most: int) -> bytes:
        """Return a file's bytes. Raises UsageError when it is larger than `most` or damaged."""
        if self.sizes[name] > most:
            raise refused(self._path, f"{name} is larger than {most // 1024:,} KB")
        return b"".join(self._pieces(name))

    def unpack(self, name: str, target: Path) -> None:
        """Write a file, which is not there yet, to `target`."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            for piece in self._pieces(name):
                file.write(piece)

    def _pieces(self, name: str) -> Iterator[bytes]:
        left = self.sizes[name]
        try:
            with self._archive.open(name) as file:
                while piece := file.read(_CHUNK):
                    left -= len(piece)
                    if left < 0:
                        raise refused(self._path, f"{name} is larger than it says")
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise refused(self._path, f"{name} is damaged ({str(error)[:100]})") from error


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a zip file that somebody sent. Raises UsageError (`bad_bundle`) with the first thing that is wrong."""
    try:
        with path.open("rb") as file:
            _check_directory(path, file.read(4), _tail(path))
            file.seek(0)
            with zipfile.ZipFile(file) as archive:
                yield Archive(path, archive)
    except FileNotFoundError as error:
        raise UsageError(f"there is no file {path}", code="not_found", hint="check its name") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror or error})", code="unreadable") from error
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
        raise refused(path, f"it is not a zip file that can be read ({str(error)[:100]})") from error


def write_archive(path: Path, files: Mapping[str, bytes | Path]) -> None:
    """Write a new zip file: the names sorted, no times, no owners. FileExistsError when there is one."""
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}.tmp")
    try:
        with temporary.open("xb") as file:
            with zipfile.ZipFile(file, "w") as archive:
                for name in sorted(files):
                    source = files[name]
                    data = source.read_bytes() if isinstance(source, Path) else source
                    archive.writestr(_entry(name, data), data, compresslevel=6)
            file.flush()
            os.fsync(file.fileno())
        appear(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def name_problem(name: str) -> str:
    """Say why a file of this name cannot be unpacked on every machine, inside one folder; "" when it can."""
    parts = name.split("/")
    if not name or name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return "is an absolute path"
    if ".." in parts or "." in parts or "" in parts:
        return "leads out of its folder"
    if _UNFIT.search(name):
        return "has characters that not every machine can have in a name"
    if any(part.startswith(".") for part in parts):
        return "is hidden"
    if any(part.endswith((" ", ".")) for part in parts) or any(part.startswith(" ") for part in parts):
        return "begins or ends with a space or a dot"
    if any(_DEVICE.match(part) for part in parts):
        return "is the name of a device on Windows"
    if len(name.encode("utf-8", "replace")) > _LONGEST[1] or any(
        len(p.encode("utf-8", "replace")) > _LONGEST[0] for p in parts
    ):
        return "is too long"
    return "has characters that cannot be shown" if any(unicodedata.category(c) in _UNSEEN for c in name) else ""


def names_problem(names: list[str]) -> str:
    """Say which of these names cannot lie side by side on every machine; "" when all can."""
    seen: dict[str, str] = {}
    for name in names:
        key = unicodedata.normalize("NFC", name).casefold()
        if key in seen:
            twice = "is there twice" if seen[key] == name else f"and {seen[key]} are one file where case does not count"
            return f"{name} {twice}"
        seen[key] = name
    for key, name in seen.items():
        parts = key.split("/")
        for n in range(1, len(parts)):
            if (above := "/".join(parts[:n])) in seen:
                return f"{seen[above]} is a file and the folder of {name}"
    return ""


def refused(path: Path, why: str) -> UsageError:
    """Return the error that a bundle is not taken in."""
    return UsageError(
        f"{path.name} was refused and nothing was unpacked: {why}",
        code="bad_bundle",
        hint="ask whoever sent it for a file made by gptsmith export",
    )


def _bytes(name: str) -> int:
    return len(name.encode("utf-8", "replace"))


def _entry(name: str, data: bytes) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.create_system = 3
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    tight = len(data) > _FREE and len(zlib.compress(data, 6)) * (MAX_RATIO // 2) < len(data)
    entry.compress_type = zipfile.ZIP_STORED if tight else zipfile.ZIP_DEFLATED
    return entry


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(-min(file.tell(), 2**16 + 22), os.SEEK_END)
        return file.read()


def _check_directory(path: Path, head: bytes, tail: bytes) -> None:
    """Judge the size of the directory before it is read into memory."""
    end = tail.rfind(b"PK\x05\x06")
    if head != b"PK\x03\x04" or end < 0 or len(tail) < end + 22:
        raise refused(path, "it is not a zip file")
    count, size = struct.unpack_from("<HI", tail, end + 10)
    if tail[max(end - 20, 0) : end].startswith(b"PK\x06\x07") or count > MAX_FILES or size > _MAX_DIRECTORY:
        raise refused(path, f"it has more than {MAX_FILES:,} files")


def _checked(path: Path, archive: zipfile.ZipFile) -> dict[str, int]:
    entries = archive.infolist()
    if len(entries) > MAX_FILES:
        raise refused(path, f"it has more than {MAX_FILES:,} files")
    for entry in entries:
        why = _entry_problem(entry)
        if why:
            raise refused(path, f"{entry.orig_filename[:100]!r} {why}")
    files = [entry for entry in entries if not entry.is_dir()]
    total = sum(entry.file_size for entry in files)
    if total > MAX_TOTAL:
        raise refused(path, f"it unpacks to {total // 2**20:,} MB, more than {MAX_TOTAL // 2**20:,}")
    if total > max(path.stat().st_size * MAX_RATIO, _FREE):
        raise refused(path, f"it unpacks to more than {MAX_RATIO} times its size")
    why = names_problem([entry.filename for entry in files])
    if why:
        raise refused(path, why)
    return {entry.filename: entry.file_size for entry in files}


def _entry_problem(entry: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if entry.orig_filename != entry.filename:
        return "has characters that not every machine can have in a name"
    if entry.flag_bits & 0x41:
        return "is encrypted"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR) or (kind == stat.S_IFDIR) > entry.is_dir():
        return "is a link or a device, not a file"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is packed in a way that is not used here"
    if entry.file_size > MAX_FILE:
        return f"is larger than {MAX_FILE // 2**20:,} MB"
    if entry.file_size > max(entry.compress_size * MAX_RATIO, _FREE):
        return f"unpacks to more than {MAX_RATIO} times its size"
    if entry.is_dir():
        return "is a folder with contents" if entry.file_size else name_problem(entry.filename.rstrip("/"))
    return name_problem(entry.filename)
