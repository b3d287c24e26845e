"""Plain text of any kind: notes, data and source code, in the encodings that people have."""

from __future__ import annotations

import re

from gptsmith.rag.reading.encodings import decode
from gptsmith.rag.reading.parsed import Kind, Parsed, Raw, Unreadable, capped, clean_text, noted, whole

_LINES = re.compile(r"^(?:[ \t]*[A-Za-z0-9+/_=-]{40,}[ \t]*\n){3,}[ \t]*[A-Za-z0-9+/_=-]*$", re.MULTILINE)
_RUN = re.compile(r"(?:data:[\w/+.-]{1,60};base64,)?[A-Za-z0-9+/_-]{256,}={0,2}|data:[\w/+.-]{1,60};base64,[\w+/=-]+")
_UUENCODED = re.compile(r"^begin \d{3} .*\n(?:[!-`]{2,61}\n)+", re.MULTILINE)
_LEFT_OUT = "[encoded data left out]"
# Sources of typeset pages: more commands than words, and what they say stands in another order.
_TYPESET = (
    (re.compile(r"\A%!PS"), "PostScript, a program that draws pages; convert it to PDF"),
    (
        re.compile(
            r"\A(?:(?:[.']\\\".*|\.(?:so|if|ie|el|de|\.|ds|nr|tr|mso)\b.*|[ \t]*)\n)*[.'](?:TH|Dd|Dt|NH|TL|SH)\b"
        ),
        "troff source, such as a manual page; print it with `man ./FILE | col -b > file.txt` and add that",
    ),
    (
        re.compile(r"\A(?:[ \t]*\n|@c(?:omment)?\b.*\n)*(?:\\input texinfo|@node\b|@setfilename\b)"),
        "Texinfo source; make it plain text with `makeinfo --plaintext` and add that",
    ),
    (re.compile(r"\A\{\\rtf"), "rich text; save it as DOCX"),
)


def read(raw: Raw) -> Parsed:
    """Return the text; raises Unreadable for bytes that are no text, and for sources that no reader can quote."""
    text, note = decode(raw.data, [raw.charset])
    return whole(*readable(clean_text(text), note))


def readable(text: str, note: str = "") -> tuple[str, str]:
    """Return the text without encoded data, within the limit, and the note; raises Unreadable when nothing is left."""
    for pattern, what in _TYPESET:
        if pattern.match(text):
            raise Unreadable(f"it is {what}", "skipped")
    text, count = without_data(text)
    if count:
        left = len(re.sub(r"\W+", "", text.replace(_LEFT_OUT, "")))
        if left < 40:
            raise Unreadable(
                "it holds encoded data (such as base64), not text; add the file that it was made of", "skipped"
            )
        note = noted(note, f"{count} block{'s' if count > 1 else ''} of encoded data left out")
    return capped(text, note)


def without_data(text: str) -> tuple[str, int]:
    """Return `text` with base64 and its like replaced by a few words, and how many there were."""
    count = 0

    def gone(match: re.Match[str]) -> str:
        nonlocal count
        if not _is_data(match[0]):
            return match[0]
        count += 1
        return _LEFT_OUT

    for pattern in (_UUENCODED, _LINES, _RUN):
        text = pattern.sub(gone, text)
    return text, count


def _is_data(run: str) -> bool:
    """Tell encoded bytes from a ruled line or a long word: their letters are of every sort."""
    if "base64," in run or run.startswith("begin "):
        return True
    sample = run[:2000]
    digits, upper, lower = (sum(map(test, sample)) for test in (str.isdigit, str.isupper, str.islower))
    most = sum(c in "0123456789abcdefABCDEF" for c in sample)
    mixed = min(digits, upper, lower) * 50 >= len(sample)
    return mixed or (most * 20 >= len(sample) * 19 and digits * 5 >= len(sample) and len(set(sample)) > 10)


KIND = Kind(
    "text",
    (
        ".txt", ".text", ".rst", ".adoc", ".org", ".tex", ".log", ".geojson", ".yaml",
        ".yml", ".toml", ".ini", ".cfg", ".conf", ".properties", ".xml", ".py", ".js", ".ts", ".jsx", ".tsx", ".java",
        ".kt", ".c", ".h", ".cpp", ".hpp", ".cs", ".go", ".rs", ".rb", ".php", ".swift", ".sh", ".ps1", ".sql", ".r",
        ".lua", ".css", ".diff", ".patch", ".tf", ".proto", ".bib", ".ics", ".vcf", ".po",
    ),
    read,
)  # fmt: skip
