"""How many pictures a document holds, by its bytes: the receipt names them, since their content is not searched."""

from __future__ import annotations

import io
import re
import zipfile

from gptsmith.rag.reading.parsed import Raw
from gptsmith.rag.reading.pictures import suffixes

_MORE = (".svg", ".emf", ".wmf")
_THUMBNAIL = re.compile(r"thumbnail", re.IGNORECASE)
_IN_TEXT = {
    "web page": re.compile(rb"<img\b|<svg\b", re.IGNORECASE),
    "Markdown": re.compile(rb"!\[[^\]\n]*\][(\[]|<img\b"),
    "notebook": re.compile(rb'"image/(?:png|jpeg|gif|svg\+xml|webp)"\s*:'),
    "e-mail": re.compile(rb"^Content-Type:\s*image/", re.IGNORECASE | re.MULTILINE),
}
# Of a PDF each picture is a stream of its own; the mask of one is a second.
_PDF_IMAGE = re.compile(rb"/Subtype\s*/Image\b")
_PDF_MASK = re.compile(rb"/S?Mask\s+\d+\s+\d+\s+R")


def images_in(raw: Raw, kind: str) -> int:
    """Return how many pictures a file of a kind holds; 0 where nothing tells."""
    if kind == "PDF":
        masks = len(set(_PDF_MASK.findall(raw.data)))
        return max(sum(1 for _ in _PDF_IMAGE.finditer(raw.data)) - masks, 0)
    if kind in _IN_TEXT:
        return sum(1 for _ in _IN_TEXT[kind].finditer(raw.data))
    if raw.data.startswith(b"PK"):
        try:
            with zipfile.ZipFile(io.BytesIO(raw.data)) as archive:
                names = [name for name in archive.namelist() if not _THUMBNAIL.search(name)]
        except (zipfile.BadZipFile, ValueError, NotImplementedError):  # the kind's reader has said what it could
            return 0
        return sum(name.lower().endswith((*suffixes(), *_MORE)) for name in names)
    return 0
