"""Plain text of any kind: notes, Markdown, tables, data and source code, in the encodings that people have."""

from __future__ import annotations

import codecs

from gptsmith.rag.reading.parsed import Parsed, Unreadable, capped, clean

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read(data: bytes) -> Parsed:
    """Return the text of `data`; raises Unreadable for bytes that are no text."""
    text, note = decode(data)
    text, note = capped(clean(text), note)
    return Parsed(text, note=note)


def decode(data: bytes) -> tuple[str, str]:
    """Return the text and a note when the encoding had to be guessed; raises Unreadable for binary data."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data.decode(encoding, "replace"), ""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _guess(data)
    if text.count("\x00") > len(text) // 100:
        return _guess(data)
    return text, ""


def _guess(data: bytes) -> tuple[str, str]:
    sample = data[:4096]
    zeros = sample.count(0)
    if zeros > len(sample) // 4:  # two bytes a character, mostly Latin: every other byte is zero
        encoding = "utf-16-le" if sample[1::2].count(0) >= sample[0::2].count(0) else "utf-16-be"
        text = data.decode(encoding, "replace")
        if text[:2048].count("\ufffd") == 0 and _printable(text[:2048]) and "\x00" not in text[:2048]:
            return text, f"no byte order mark; read as {encoding}"
    strange = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in sample)
    if zeros or strange > len(sample) // 50:
        raise Unreadable("it holds binary data, not text; export it as PDF, DOCX, Markdown or plain text", "skipped")
    return data.decode("cp1252", "replace"), "not UTF-8; read as Windows-1252, accents may be wrong: save it as UTF-8"


def _printable(text: str) -> bool:
    return sum(char.isprintable() or char.isspace() for char in text) >= 0.95 * len(text)
