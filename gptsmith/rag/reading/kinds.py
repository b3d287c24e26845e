"""The one list of readable kinds: which reader a file needs, by its first bytes where they tell, else by its name.

A new kind is one new file in `formats/`; knowledge, attachments, the page's uploads and the docs follow.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import replace
from functools import cache

from gptsmith.rag.reading import formats, pictures, recognition
from gptsmith.rag.reading.image_count import images_in
from gptsmith.rag.reading.parsed import Kind, Parsed, Raw, Unreadable, clean_text

# What cannot be read, and what to do about it.
_ADVICE = {
    ".doc": "the old Word format; save it as DOCX",
    ".xls": "an old spreadsheet; save it as XLSX or CSV",
    ".ppt": "old slides; save them as PPTX or PDF",
    ".pages": "a Pages document; export it as DOCX or PDF",
    ".numbers": "a Numbers spreadsheet; export it as XLSX or CSV",
    ".key": "a Keynote presentation; export it as PPTX or PDF",
    ".mobi": "a Kindle e-book; convert it to EPUB, PDF or HTML",
    ".azw3": "a Kindle e-book; convert it to EPUB, PDF or HTML",
    ".djvu": "a scan; run OCR on it and save it as PDF",
    ".msg": "an Outlook message; save it as EML",
    ".ps": "a PostScript file, a program that draws pages; convert it to PDF",
    ".eps": "a PostScript file, a program that draws pages; convert it to PDF",
    ".exe": "a program, not a document",
    ".dll": "a program, not a document",
    ".7z": "an archive; unpack it and add the files",
    ".rar": "an archive; unpack it and add the files",
}
_DRAWINGS = (".svg", ".ico")
_PICTURE = "a picture; knowledge is read from text"
_NO_TEXT = "it is a picture without text that can be recognised"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def _read_picture(raw: Raw) -> Parsed:
    """Return the text in a picture; raises Unreadable for one without."""
    import io

    from PIL import Image

    try:
        picture = pictures.fitted(raw.name, raw.data)
    except Unreadable as error:
        raise Unreadable(f"it is {_PICTURE}", "skipped") from error
    with Image.open(io.BytesIO(picture.data)) as image:
        text = recognition.recognised(image)
    if not text:
        raise Unreadable(_NO_TEXT, "skipped")
    return Parsed(clean_text(text), note="the text in the picture, by text recognition", images=1)


_TEXT_IN_PICTURE = Kind("text in a picture", (), _read_picture)


@cache
def kinds() -> tuple[Kind, ...]:
    """Return every kind that can be read; plain text, which takes what no other kind wants, comes last."""
    names = sorted(m.name for m in pkgutil.iter_modules(formats.__path__))
    found = [importlib.import_module(f"{formats.__name__}.{name}").KIND for name in names]
    return tuple(sorted(found, key=lambda kind: (kind.name == "text", kind.name == "archive", kind.name)))


def suffixes() -> tuple[str, ...]:
    """Return the name endings of all kinds, with their dots, in alphabetical order."""
    return tuple(sorted(suffix for kind in kinds() for suffix in kind.suffixes))


def kind_names() -> str:
    """Return the kinds in words, for a person who wonders what can be read."""
    return ", ".join(kind.name for kind in kinds())


def read_any(raw: Raw) -> Parsed:
    """Return what a file says. Raises Unreadable with the reason and what to do."""
    kind = kind_of(raw)
    parsed = kind.read(raw)
    return replace(parsed, images=parsed.images or images_in(raw, kind.name))


def kind_of(raw: Raw) -> Kind:
    """Return the kind of a file. Raises Unreadable for one that is empty or of no kind that can be read."""
    if not raw.data.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise Unreadable("the file is empty", "skipped")
    if told := next((kind for kind in kinds() if kind.container and kind.sniff(raw)), None):
        return told
    if raw.suffix in _ADVICE:
        raise Unreadable(f"it is {_ADVICE[raw.suffix]}", "skipped")
    if raw.suffix in (*pictures.suffixes(), *_DRAWINGS):
        if raw.suffix in pictures.suffixes() and recognition.program():
            return _TEXT_IN_PICTURE
        raise Unreadable(f"it is {_PICTURE}", "skipped")
    if raw.data.startswith(_OLE):
        raise Unreadable("it is an old Office file or one with a password; save it anew, without one")
    by_name = [kind for kind in kinds() if raw.suffix in kind.suffixes]
    by_type = [kind for kind in kinds() if raw.content_type in kind.content_types]
    by_bytes = [kind for kind in kinds() if kind.sniff(raw)]
    named = [kind for kind in by_name if kind.name != "text"]
    return next(iter([*named, *by_type, *by_bytes, *by_name, kinds()[-1]]))
