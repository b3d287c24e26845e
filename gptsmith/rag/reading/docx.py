"""Word files: paragraphs and tables in their order, headings marked as in Markdown."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

from gptsmith.rag.reading.parsed import MAX_ENTRIES, MAX_RATIO, MAX_UNPACKED, Parsed, Unreadable, capped, clean

_HEADING = re.compile(r"^(?:Heading|heading) (\d)$")
_BROKEN = "the Word file is broken; open it in a word processor and save it anew"


def read(data: bytes) -> Parsed:
    """Return the text of a .docx file; raises Unreadable for broken ones and archive bombs."""
    check_archive(data)
    import docx
    from docx.opc.exceptions import PackageNotFoundError
    from lxml.etree import LxmlError

    try:
        document = docx.Document(io.BytesIO(data))
        text = "\n\n".join(block for block in _blocks(document) if block.strip())
    except (PackageNotFoundError, LxmlError, KeyError, ValueError, zipfile.BadZipFile, AttributeError) as error:
        raise Unreadable(_BROKEN) from error
    if not text.strip():
        raise Unreadable("the Word file holds no text", "skipped")
    text, note = capped(clean(text))
    return Parsed(text, note=note)


def check_archive(data: bytes) -> None:
    """Raise Unreadable when the archive would unpack to far more than it is."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Unreadable(_BROKEN) from error
    if len(entries) > MAX_ENTRIES:
        raise Unreadable(f"it is an archive of {len(entries):,} files, which no Word file is; it was not opened")
    total = sum(e.file_size for e in entries)
    ratio = max((e.file_size / max(e.compress_size, 1) for e in entries if e.file_size > 1 << 20), default=0)
    if total > MAX_UNPACKED or ratio > MAX_RATIO:
        raise Unreadable(
            f"it would unpack from {len(data):,} to {total:,} bytes, like an archive bomb; it was not opened"
        )


def _blocks(document: Any) -> list[str]:
    from docx.table import Table

    return [_table(b) if isinstance(b, Table) else _paragraph(b) for b in document.iter_inner_content()]


def _paragraph(paragraph: Any) -> str:
    text = str(paragraph.text)
    style = paragraph.style.name if paragraph.style is not None else ""
    heading = _HEADING.match(style or "")
    if heading and text.strip():
        return f"{'#' * min(int(heading.group(1)), 6)} {text}"
    if style == "Title" and text.strip():
        return f"# {text}"
    return f"- {text}" if (style or "").startswith("List") else text


def _table(table: Any) -> str:
    rows = []
    for row in table.rows:
        cells: list[str] = []
        previous = None
        for cell in row.cells:
            if cell._tc is not previous:  # a merged cell is given once for each column that it covers
                cells.append(re.sub(r"\s+", " ", cell.text).strip())
            previous = cell._tc
        rows.append(" | ".join(cells))
    return "\n".join(rows)
