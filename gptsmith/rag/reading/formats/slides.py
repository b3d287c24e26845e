"""Slides (PPTX): the text of each slide, its tables and its speaker's notes; a citation names the slide as a page."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from gptsmith.rag.reading.parsed import (
    MAX_CHARACTERS,
    Kind,
    Parsed,
    Raw,
    Unreadable,
    clean_text,
    holds,
    opened,
    table,
    xml,
)

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_BROKEN = "the slides are broken; open them in a presentation program and save them anew"
_GAP = "\n\n"


def read(raw: Raw) -> Parsed:
    """Return the text of all slides; raises Unreadable for broken files and empty ones."""
    from lxml.etree import LxmlError

    try:
        with opened(raw.data, _BROKEN) as archive:
            parts = [clean_text(part) for part in _slides(archive)]
    except (LxmlError, KeyError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
        raise Unreadable(_BROKEN) from error
    text = _GAP.join(parts)
    if not text.strip():
        raise Unreadable("the slides hold no text", "skipped")
    pages = list(accumulate((len(part) + len(_GAP) for part in parts[:-1]), initial=0))
    return Parsed(text[:MAX_CHARACTERS], [page for page in pages if page < MAX_CHARACTERS])


def _slides(archive: zipfile.ZipFile) -> Iterator[str]:
    order = xml(archive.read("ppt/presentation.xml"))
    places = _related(archive, "ppt/presentation.xml")
    for entry in order.iter(f"{_P}sldId"):
        place = places.get(entry.get(_R), "")
        root = xml(archive.read(place))
        if root.get("show") == "0":
            continue
        notes = [p for p in _related(archive, place).values() if "notesSlide" in p and p in archive.namelist()]
        said = [*_blocks(root), *(f"Notes: {note}" for place in notes for note in _blocks(xml(archive.read(place))))]
        yield _GAP.join(block for block in said if not re.fullmatch(r"Notes: \d+", block))


def _related(archive: zipfile.ZipFile, place: str) -> dict[str, str]:
    folder, name = posixpath.split(place)
    rels = f"{folder}/_rels/{name}.rels"
    if rels not in archive.namelist():
        return {}
    return {
        rel.get("Id"): posixpath.normpath(posixpath.join(folder, rel.get("Target", ""))).lstrip("/")
        for rel in xml(archive.read(rels))
    }


def _blocks(root: Any) -> Iterator[str]:
    """Yield the shapes and tables of a slide in their order, its title as a heading."""
    for shape in root.iter(f"{_P}sp", f"{_P}graphicFrame"):
        if shape.tag == f"{_P}graphicFrame":
            rows = [[_text(cell) for cell in row.iter(f"{_A}tc")] for row in shape.iter(f"{_A}tr")]
            if rows:
                yield table(rows)
            continue
        kind = next((ph.get("type", "") for ph in shape.iter(f"{_P}ph")), "")
        text = _text(shape)
        if text and kind not in ("sldNum", "dt", "ftr"):
            yield f"# {' '.join(text.split())}" if kind in ("title", "ctrTitle") else text


def _text(node: Any) -> str:
    lines = []
    for paragraph in node.iter(f"{_A}p"):
        pieces = [t.text or "" if t.tag == f"{_A}t" else "\n" for t in paragraph.iter(f"{_A}t", f"{_A}br")]
        lines.append("".join(pieces).strip())
    return "\n".join(line for line in lines if line)


def _is_slides(raw: Raw) -> bool:
    return holds(raw.data, b"ppt/presentation.xml")


KIND = Kind("slides", (".pptx", ".pptm", ".ppsx"), read, _is_slides, container=True)
