"""Files that a person hands to the pages: checked by name, size and content before anything is stored."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gptsmith.errors import UsageError
from gptsmith.rag.reading import kinds, pictures
from gptsmith.rag.reading.parsed import Unreadable
from gptsmith.rag.reading.process import ReadingProcess

Kind = Literal["document", "picture"]

MAX_DOCUMENT_BYTES = 50 * 2**20
MAX_PICTURE_BYTES = 20 * 2**20
MAX_FILES = 20

DOCUMENTS = tuple(suffix.removeprefix(".") for suffix in kinds.suffixes())
PICTURES = tuple(suffix.removeprefix(".") for suffix in pictures.suffixes())

_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Upload:
    """One file that passed the checks: `name` is safe as a file name, `kind` follows from the content."""

    name: str
    data: bytes
    kind: Kind


def check_upload(name: str, data: bytes, wanted: tuple[Kind, ...] = ("document", "picture")) -> Upload:
    """Return the file, read through, or a picture made fit to be shown. Raises UsageError with the reason otherwise."""
    clean = safe_name(name)
    ending = clean.rpartition(".")[2].lower()
    kind: Kind = "picture" if ending in PICTURES else "document"
    if kind not in wanted or ending not in (*PICTURES, *DOCUMENTS):
        usable = [f"{kinds.kind_names()} files" if k == "document" else "pictures" for k in wanted]
        raise UsageError(f"{clean}: this kind of file cannot be read here", hint=f"use {' or '.join(usable)}")
    limit = MAX_PICTURE_BYTES if kind == "picture" else MAX_DOCUMENT_BYTES
    if not data:
        raise UsageError(f"{clean} is empty", hint="attach a file with something in it")
    if len(data) > limit:
        size, most = len(data) / 2**20, limit // 2**20
        raise UsageError(
            f"{clean} has {size:.0f} MB, more than the {most} MB allowed", hint="attach a smaller part of it"
        )
    try:
        return _picture(clean, data) if kind == "picture" else _document(clean, data)
    except Unreadable as error:
        raise UsageError(f"{clean} cannot be read: {error}") from error


def _picture(name: str, data: bytes) -> Upload:
    fit = pictures.fitted(name, data)
    own = pictures.FORMATS[pictures.named(name)][1]
    return Upload(name if fit.suffix in own else f"{Path(name).stem}{fit.suffix}", fit.data, "picture")


def _document(name: str, data: bytes) -> Upload:
    with ReadingProcess() as reader:
        if not reader.read(data, name).text.strip():
            raise Unreadable("it holds no text")
    return Upload(name, data, "document")


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
