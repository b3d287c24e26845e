"""Which reader a file needs: by its first bytes where they tell, else by its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from gptsmith.rag.reading.parsed import Parsed, Unreadable, silent

_HTML = frozenset({".html", ".htm", ".xhtml"})
_OTHER = {
    ".doc": "the old Word format; save it as DOCX",
    ".xls": "a spreadsheet; save the sheet as CSV",
    ".xlsx": "a spreadsheet; save the sheet as CSV",
    ".ods": "a spreadsheet; save the sheet as CSV",
    ".ppt": "slides; save them as PDF",
    ".pptx": "slides; save them as PDF",
    ".odp": "slides; save them as PDF",
    ".odt": "an OpenDocument text; save it as DOCX",
    ".rtf": "rich text; save it as DOCX",
    ".epub": "an e-book; convert it to PDF or HTML",
    ".zip": "an archive; unpack it and attach the files",
}
_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".svg", ".ico"})
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read(
    data: bytes, name: str, content_type: str = "", charset: str = "", beat: Callable[[], None] = silent
) -> Parsed:
    """Return what `data` says; `name` and `content_type` are hints, the bytes decide. Raises Unreadable.

    `beat` is called now and then while a long file is read.
    """
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise Unreadable("the file is empty", "skipped")
    suffix = PurePosixPath(name.lower()).suffix
    head = data[:1024].lstrip()
    if head.startswith(b"%PDF-") or suffix == ".pdf":
        from gptsmith.rag.reading import pdf

        return pdf.read(data, beat)
    if suffix in _OTHER:
        raise Unreadable(f"it is {_OTHER[suffix]}", "skipped")
    if suffix in _PICTURES:
        raise Unreadable("it is a picture; knowledge is read from text", "skipped")
    if head.startswith(_OLE):
        raise Unreadable(f"it is {_OTHER['.doc']}" if suffix == ".docx" else "it is an old Office file; save it anew")
    if suffix == ".docx" or _is_word(data):
        from gptsmith.rag.reading import docx

        return docx.read(data)
    if suffix in _HTML or content_type in ("text/html", "application/xhtml+xml") or _is_html(head):
        from gptsmith.rag.reading import html

        return html.read(data, charset)
    from gptsmith.rag.reading import plain

    return plain.read(data)


def _is_word(data: bytes) -> bool:
    return data.startswith(b"PK\x03\x04") and b"word/document.xml" in data


def _is_html(head: bytes) -> bool:
    lowered = head[:200].lower()
    return lowered.startswith((b"<!doctype html", b"<html"))
