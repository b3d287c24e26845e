"""Documents that are archives of XML files: looked at before anything is unpacked."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from gptsmith.rag.reading.parsed import MAX_ENTRIES, MAX_RATIO, MAX_UNPACKED, Unreadable


def opened(data: bytes, broken: str) -> zipfile.ZipFile:
    """Return the archive; raises Unreadable, with the sentence `broken`, and when it would unpack to far more."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Unreadable(broken) from error
    if len(entries) > MAX_ENTRIES:
        raise Unreadable(f"it is an archive of {len(entries):,} files, which no document is; it was not opened")
    total = sum(e.file_size for e in entries)
    ratio = max((e.file_size / max(e.compress_size, 1) for e in entries if e.file_size > 1 << 20), default=0)
    if total > MAX_UNPACKED or ratio > MAX_RATIO:
        raise Unreadable(
            f"it would unpack from {len(data):,} to {total:,} bytes, like an archive bomb; it was not opened"
        )
    return archive


def xml(data: bytes) -> Any:
    """Return the root of an XML document; entities and addresses in it are not followed. Raises lxml's errors."""
    from lxml import etree

    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))


def holds(data: bytes, name: bytes) -> bool:
    """Tell whether `data` is an archive with an entry of that name, without unpacking anything."""
    return data.startswith(b"PK\x03\x04") and name in data
