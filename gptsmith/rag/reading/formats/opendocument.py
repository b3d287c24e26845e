"""OpenDocument texts, spreadsheets and slides (ODT, ODS, ODP): paragraphs, headings, lists, tables and notes."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import Any

from gptsmith.rag.reading.parsed import (
    Kind,
    Parsed,
    Raw,
    Unreadable,
    clean_text,
    holds,
    opened,
    records,
    table,
    whole,
    xml,
)

_BROKEN = "the OpenDocument file is broken; open it in an office program and save it anew"
_NOT_SAID = frozenset({"tracked-changes", "annotation", "annotation-end", "ruby-text", "note-citation", "forms"})
_MOST_REPEATED = 50  # an empty row or cell is repeated to the end of the sheet


def read(raw: Raw) -> Parsed:
    """Return the text of an OpenDocument file; raises Unreadable for broken, locked and empty ones."""
    from lxml.etree import LxmlError

    try:
        with opened(raw.data, _BROKEN) as archive:
            manifest = archive.read("META-INF/manifest.xml") if "META-INF/manifest.xml" in archive.namelist() else b""
            if b"encryption-data" in manifest:
                raise Unreadable("it is locked with a password; save a copy without one and attach that")
            body = next(node for node in xml(archive.read("content.xml")).iter() if _name(node) == "body")
    except (LxmlError, KeyError, ValueError, StopIteration, zipfile.BadZipFile, NotImplementedError) as error:
        raise Unreadable(_BROKEN) from error
    text = "\n\n".join(block for block in _blocks(body) if block.strip())
    if not text.strip():
        raise Unreadable("the OpenDocument file holds no text", "skipped")
    return whole(clean_text(text))


def _blocks(parent: Any) -> Iterator[str]:
    for node in parent:
        name = _name(node)
        if name == "p":
            yield from _paragraph(node, "")
        elif name == "h":
            level = _value(node, "outline-level")
            yield from _paragraph(node, "#" * (min(int(level), 6) if level.isdigit() else 1) + " ")
        elif name == "list-item":
            yield from (f"- {block}" if not block.startswith("- ") else block for block in _blocks(node))
        elif name == "table":
            rows = [_cells(row) for row in _rows(node)]
            yield records(rows) if _name(parent) == "spreadsheet" else table([row for row in rows if any(row)])
        elif name and name not in _NOT_SAID:
            yield from _blocks(node)


def _paragraph(node: Any, mark: str) -> Iterator[str]:
    notes: list[Any] = []
    text = _inline(node, notes).strip()
    yield f"{mark}{text}" if text else ""
    for note in notes:
        said = " ".join(" ".join(_blocks(note)).split())
        yield f"Footnote: {said}" if _name(note) == "note-body" and said else said


def _inline(node: Any, notes: list[Any]) -> str:
    """Return the words of a paragraph; notes and text boxes that are anchored in it are put into `notes`."""
    out = [node.text or ""]
    for child in node:
        name = _name(child)
        if name in ("note-body", "text-box"):
            notes.append(child)
        elif name == "s":
            out.append(" " * min(int(_value(child, "c") or 1), 20))
        elif name in ("tab", "line-break"):
            out.append("\t" if name == "tab" else "\n")
        elif name and name not in _NOT_SAID:
            out.append(_inline(child, notes))
        out.append(child.tail or "")
    return "".join(out)


def _rows(node: Any) -> Iterator[Any]:
    for child in node:
        if _name(child) == "table-row":
            yield child
        elif _name(child) in ("table-rows", "table-header-rows", "table-row-group"):
            yield from _rows(child)


def _cells(row: Any) -> list[str]:
    cells: list[str] = []
    for cell in row:
        if _name(cell) in ("table-cell", "covered-table-cell"):
            said = " ".join(" ".join(_blocks(cell)).split())
            times = int(_value(cell, "number-columns-repeated") or 1)
            cells += [said] * min(times, _MOST_REPEATED)
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _name(node: Any) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def _value(node: Any, name: str) -> str:
    return next((str(value) for key, value in node.items() if key.rpartition("}")[2] == name), "")


def _is_open(raw: Raw) -> bool:
    return holds(raw.data, b"content.xml") and b"application/vnd.oasis.opendocument" in raw.data[:200]


KIND = Kind("OpenDocument", (".odt", ".ods", ".odp", ".ott"), read, _is_open, container=True)
