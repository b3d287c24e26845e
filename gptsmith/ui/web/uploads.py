"""Files that a person hands to the pages: checked by name, size and content before anything is stored."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gptsmith.errors import UsageError

Kind = Literal["document", "picture"]

MAX_DOCUMENT_BYTES = 50 * 2**20
MAX_PICTURE_BYTES = 20 * 2**20
MAX_PIXELS = 25_000_000
MAX_FILES = 20

DOCUMENTS = ("pdf", "docx", "md", "txt", "html", "htm")
PICTURES = ("png", "jpg", "jpeg", "webp", "gif")

_FORMATS = {"png": "PNG", "jpg": "JPEG", "jpeg": "JPEG", "webp": "WEBP", "gif": "GIF"}
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Upload:
    """One file that passed the checks: `name` is safe as a file name, `kind` follows from the content."""

    name: str
    data: bytes
    kind: Kind


def check(name: str, data: bytes, kinds: tuple[Kind, ...] = ("document", "picture")) -> Upload:
    """Return the file when its content is what its name says; raise `UsageError` with the reason otherwise."""
    clean = safe_name(name)
    ending = clean.rpartition(".")[2].lower()
    kind: Kind = "picture" if ending in PICTURES else "document"
    known = [e for k, endings in (("document", DOCUMENTS), ("picture", PICTURES)) if k in kinds for e in endings]
    if ending not in known:
        raise UsageError(f"{clean}: this kind of file cannot be read here", hint=f"use one of: {', '.join(known)}")
    limit = MAX_PICTURE_BYTES if kind == "picture" else MAX_DOCUMENT_BYTES
    if not data:
        raise UsageError(f"{clean} is empty", hint="attach a file with something in it")
    if len(data) > limit:
        size, most = len(data) / 2**20, limit // 2**20
        raise UsageError(
            f"{clean} has {size:.0f} MB, more than the {most} MB allowed", hint="attach a smaller part of it"
        )
    problem = _picture_problem(data, ending) if kind == "picture" else _document_problem(data, ending)
    if problem:
        raise UsageError(f"{clean} {problem}", hint="check the file and attach it again")
    return Upload(clean, data, kind)


def safe_name(name: str) -> str:
    """Return the last part of `name` as a plain file name of at most 120 characters."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(c if c.isalnum() or c in " ._-()" else "_" for c in last).strip(" .")
    stem, dot, ending = kept.rpartition(".")
    if not dot:
        stem, ending = kept, ""
    stem = stem[:100].strip(" .") or "file"
    if _RESERVED.match(stem):
        stem = f"_{stem}"
    return f"{stem}.{ending[:12]}" if dot else stem


def store(uploads: list[Upload], folder: Path) -> list[Path]:
    """Write checked files into `folder` (made when missing) and return their paths; equal names get a number."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for upload in uploads[:MAX_FILES]:
        path = folder / upload.name
        number = 2
        while path.exists():
            path = folder / f"{Path(upload.name).stem}-{number}{Path(upload.name).suffix}"
            number += 1
        path.write_bytes(upload.data)
        paths.append(path)
    return paths


def _document_problem(data: bytes, ending: str) -> str:
    if ending == "pdf":
        return "" if b"%PDF-" in data[:1024] else "is not a PDF file, whatever its name says"
    if ending == "docx":
        return _docx_problem(data)
    if data[:4] in (b"%PDF", b"PK\x03\x04") or _has_binary(data):
        return "is not a text file, whatever its name says"
    return ""


def _docx_problem(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return "" if "word/document.xml" in archive.namelist() else "is not a Word document (.docx)"
    except zipfile.BadZipFile:
        return "is not a Word document (.docx)"


def _has_binary(data: bytes) -> bool:
    """Tell whether the first 64 KB hold NUL bytes outside UTF-16."""
    head = data[:65_536]
    return b"\x00" in head and head[:2] not in (b"\xff\xfe", b"\xfe\xff")


def _picture_problem(data: bytes, ending: str) -> str:
    """Read the header only: the pixels stay undecoded until their number is known."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data), formats=sorted(set(_FORMATS.values()))) as picture:
            found, (width, height) = picture.format, picture.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return "is not a picture that can be read"
    if found != _FORMATS[ending]:
        return f"is a {found} picture, whatever its name says"
    return f"has {width} x {height} pixels, more than 25 million" if width * height > MAX_PIXELS else ""
