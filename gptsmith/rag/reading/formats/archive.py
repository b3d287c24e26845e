"""Archives (ZIP, TAR, GZ, BZ2, XZ): the files in them one after the other, each under its name."""

from __future__ import annotations

import bz2
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from gptsmith.rag.reading import kinds
from gptsmith.rag.reading.parsed import (
    MAX_BYTES,
    MAX_CHARACTERS,
    MAX_ENTRIES,
    MAX_RATIO,
    MAX_UNPACKED,
    Kind,
    Parsed,
    Raw,
    Unreadable,
    clean_text,
    noted,
    opened,
    whole,
)

_BROKEN = "the archive is broken; pack it anew"
_PACKED = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz"}
_ENDINGS = re.compile(r"\.(?:gz|bz2|xz)$", re.IGNORECASE)
_DOCUMENTS = (".pages", ".numbers", ".key")  # that no reader opens
_NAMED = 5  # files that are named in the note
_FREE = 1 << 20  # bytes up to which any ratio is believed

_Member = tuple[str, bytes, str]  # its name, its bytes, and why there are none


def read(raw: Raw) -> Parsed:
    """Return the text of all files in an archive, or of the one file that is packed.

    Raises Unreadable for a broken archive, for one that would unpack to far more, and when nothing in it can be read.
    """
    data = raw.data
    if packed := _packing(data):
        data = _unpacked(data, packed)
        if not _is_tar(data):
            return kinds.read_any(Raw(data, _ENDINGS.sub("", raw.name), beat=raw.beat))
    if not _is_tar(data) and not data.startswith(b"PK"):
        raise Unreadable(_BROKEN)
    return _joined(_of_tar(data) if _is_tar(data) else _of_zip(data), raw)


def _joined(members: Iterator[_Member], raw: Raw) -> Parsed:
    parts: list[str] = []
    left: list[str] = []
    size = images = 0
    for name, data, problem in members:
        shown = " ".join(clean_text(name).split())[:200]
        try:
            if problem:
                raise Unreadable(problem)
            parsed = _member(Raw(data, name.rpartition("/")[2], beat=raw.beat))
        except Unreadable as error:
            left.append(f"{shown} in it is not read: {error}")
            continue
        parts.append(f"# {shown}\n\n{parsed.text}")
        images += parsed.images
        size += len(parsed.text)
        raw.beat()
        if size > MAX_CHARACTERS:
            break
    if not parts:
        raise Unreadable(left[0] if len(left) == 1 else noted("no file in the archive can be read", *left[:_NAMED]))
    more = f"{len(left) - _NAMED} more files in it are not read" if len(left) > _NAMED else ""
    parsed = whole("\n\n".join(parts), noted(*left[:_NAMED], more))
    parsed.images = images
    return parsed


def _member(raw: Raw) -> Parsed:
    """Read one file of an archive; an archive in it is not opened, a single packed file is."""
    if packed := _packing(raw.data):
        raw = Raw(_unpacked(raw.data, packed), _ENDINGS.sub("", raw.name), beat=raw.beat)
    if kinds.kind_of(raw) is KIND:
        raise Unreadable("it is an archive in an archive; unpack it and add the files")
    parsed = kinds.read_any(raw)
    if not parsed.text.strip():
        raise Unreadable("it holds no text")
    return parsed


def _of_zip(data: bytes) -> Iterator[_Member]:
    with opened(data, _BROKEN) as archive:
        for entry in sorted(archive.infolist(), key=lambda e: e.filename):
            if entry.is_dir() or _is_hidden(entry.filename):
                continue
            if entry.flag_bits & 1:
                yield entry.filename, b"", "it is locked with a password; pack it without one"
                continue
            if entry.file_size > MAX_BYTES:
                yield entry.filename, b"", f"it has more than the {MAX_BYTES:,} bytes that are read; split the file"
                continue
            try:
                yield entry.filename, archive.read(entry), ""
            except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, lzma.LZMAError):
                yield entry.filename, b"", "it is damaged; pack it anew"


def _of_tar(data: bytes) -> Iterator[_Member]:
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for i, entry in enumerate(archive):  # one after the other: links and devices are never followed
                if i >= MAX_ENTRIES:
                    yield entry.name, b"", f"an archive has at most {MAX_ENTRIES:,} files"
                    return
                if not entry.isreg() or _is_hidden(entry.name):
                    continue
                file = archive.extractfile(entry) if entry.size <= MAX_BYTES else None
                said = "" if file else f"it has more than the {MAX_BYTES:,} bytes that are read; split the file"
                yield entry.name, file.read() if file else b"", said
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise Unreadable(_BROKEN) from error


def _unpacked(data: bytes, packing: str) -> bytes:
    """Return what is packed, up to the limits. Raises Unreadable for what is damaged or would be far larger."""
    most = min(MAX_UNPACKED, max(MAX_RATIO * len(data), _FREE))
    out = b""
    try:
        packings: dict[str, Callable[[], Any]] = {
            "gz": lambda: zlib.decompressobj(31),
            "bz2": bz2.BZ2Decompressor,
            "xz": lambda: lzma.LZMADecompressor(memlimit=1 << 28),
        }
        unpack = packings[packing]()
        out = unpack.decompress(data, most + 1)
    except (OSError, zlib.error, lzma.LZMAError, EOFError, ValueError) as error:
        raise Unreadable(_BROKEN) from error
    if len(out) > most:
        raise Unreadable(
            f"it would unpack from {len(data):,} to more than {most:,} bytes, like an archive bomb; it was not opened"
        )
    if not unpack.eof:
        raise Unreadable(_BROKEN)
    return bytes(out)


def _packing(data: bytes) -> str:
    return next((name for magic, name in _PACKED.items() if data.startswith(magic)), "")


def _is_tar(data: bytes) -> bool:
    return data[257:262] == b"ustar"


def _is_hidden(name: str) -> bool:
    return any((part.startswith(".") and part not in (".", "..")) or part == "__MACOSX" for part in name.split("/"))


def _is_archive(raw: Raw) -> bool:
    """Tell an archive by its bytes, whatever its name, unless the name is that of documents that are archives."""
    if _is_tar(raw.data) or _packing(raw.data):
        return True
    others = (kind for kind in kinds.kinds() if kind.container and kind is not KIND)
    named = raw.suffix in _DOCUMENTS or any(raw.suffix in kind.suffixes for kind in others)
    return raw.data.startswith(b"PK\x03\x04") and not named


KIND = Kind("archive", (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz"), read, _is_archive, container=True)
