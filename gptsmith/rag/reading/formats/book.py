"""E-books (EPUB): the chapters in their order, as web pages."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from gptsmith.rag.reading.formats import page
from gptsmith.rag.reading.parsed import MAX_CHARACTERS, Kind, Parsed, Raw, Unreadable, holds, opened, whole, xml

_BROKEN = "the e-book is broken; open it in a reader and save it anew, or convert it to PDF"
_LOCKED = "META-INF/encryption.xml"


def read(raw: Raw) -> Parsed:
    """Return the text of a book; raises Unreadable for broken ones, and for those that are locked."""
    from lxml.etree import LxmlError

    try:
        with opened(raw.data, _BROKEN) as archive:
            text = "\n\n".join(_chapters(archive, raw))
            locked = _LOCKED in archive.namelist()
    except (LxmlError, KeyError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
        raise Unreadable(_BROKEN) from error
    if not text.strip():
        raise Unreadable("the e-book is locked" if locked else "the e-book holds no text", "skipped")
    return whole(text)


def _chapters(archive: zipfile.ZipFile, raw: Raw) -> Iterator[str]:
    container = xml(archive.read("META-INF/container.xml"))
    place = next(str(one.get("full-path")) for one in _named(container, "rootfile"))
    package = xml(archive.read(place))
    files = {item.get("id"): unquote(item.get("href", "")) for item in _named(package, "item")}
    names, size = set(archive.namelist()), 0
    for entry in _named(package, "itemref"):
        name = posixpath.normpath(posixpath.join(posixpath.dirname(place), files.get(entry.get("idref"), "")))
        if name not in names or size > MAX_CHARACTERS:
            continue
        raw.beat()
        try:
            text = page.read(Raw(archive.read(name), name, charset="utf-8")).text
        except Unreadable:  # a cover, a blank page
            continue
        size += len(text)
        yield text


def _named(root: Any, name: str) -> list[Any]:
    return [node for node in root.iter() if isinstance(node.tag, str) and node.tag.rpartition("}")[2] == name]


def _is_book(raw: Raw) -> bool:
    return holds(raw.data, b"META-INF/container.xml") and b"application/epub+zip" in raw.data[:200]


KIND = Kind("e-book", (".epub",), read, _is_book, ("application/epub+zip",), container=True)
