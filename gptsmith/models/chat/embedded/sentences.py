"""Sentences of a passage as they stand in it: every one is a substring, with its offsets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|Gen|Col|Capt|Sgt|Rev|Hon|vs|etc|approx|ca|cf|al|fig|no|vol|pp|ed|Inc"
    r"|Ltd|Co|Corp|Mt|Ft|Dept|Univ"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)|\b[A-Z]|\b[ap]\.m|\be\.g|\bi\.e|\bU\.S|\bc)\.$"
)
# A sentence may begin with a name such as bzip2 or iPhone, though it is written small.
_END = re.compile(
    r"[.!?]+[\"'”’)\]]*(?=\s+[\"'“‘(\[]?(?:[^\W_a-z]|[a-z]+[0-9A-Z]|--?[A-Za-z]))|[.!?]+[\"'”’)\]]*(?=\s*$)"
)
_MARK = re.compile(r"^\s*(?:#{1,6}\s+|[-*+•]\s+|\d{1,3}[.)]\s+|>\s+|\|\s*)")
# The line that names an entry: an option, an identifier, a function with its arguments.
_TERM = re.compile(
    r"^[ \t]*(?:--?[A-Za-z][\w-]*(?:[ \t]*(?:[,|/=]|[ \t])[ \t]*(?:--?[A-Za-z][\w-]*|<?\w+>?))*"
    r"|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+"
    r"|[A-Za-z_]\w*[ \t]*\([^()\n]*\))[ \t]*;?[ \t]*$",
    re.MULTILINE,
)
# A heading as typeset pages have it: "2.9. AUTHOR", "3.3.3. Closing a file".
_TITLE = re.compile(
    r"^[ \t]*\d{1,2}(?:\.\d{1,2})+\.?[ \t]+[A-Z][^.!?:;\n]{1,60}$|^\d{1,2}\. [A-Z][A-Z \-]{3,50}$", re.MULTILINE
)
_BREAK = re.compile(r"\n\s*\n|\n(?=\s*(?:#{1,6} |[-*+•] |\d{1,3}[.)] |\||>))")


@dataclass(frozen=True)
class Sentence:
    """`text` is exactly the passage's `[start:end]`; `heading` that of the section in which it stands."""

    text: str
    start: int
    end: int
    heading: str = ""
    is_heading: bool = False


def split_sentences(text: str) -> list[Sentence]:
    """Return the sentences of `text`; headings, list items and table rows are sentences of their own."""
    found: list[Sentence] = []
    heading = ""
    for start, end in _blocks(text):
        block = text[start:end]
        first = block.split("\n", 1)[0]
        if first.lstrip().startswith("#") or _TITLE.match(first):
            heading = re.sub(r"^(?:\d+\.)*\d*\s+", "", first.lstrip("# ").strip())
            found.append(_sentence(text, start, start + len(first), "", True))
            start += len(first)
            if start >= end:
                continue
        entry = _TERM.match(first)
        for i, (a, b) in enumerate(_cut(text, start, end)):
            found.append(_sentence(text, a, b, first.strip() if entry and i else heading, False))
    return [s for s in found if s.text]


def _blocks(text: str) -> list[tuple[int, int]]:
    marks = [m.start() for pattern in (_TERM, _TITLE) for m in pattern.finditer(text)]
    cuts = sorted({0, *[m.end() for m in _BREAK.finditer(text)], *marks, len(text)})
    found: list[tuple[int, int]] = []
    for a, b in pairwise(cuts):
        if not text[a:b].strip():
            continue
        if found and _TERM.fullmatch(text[slice(*found[-1])].strip()) and not _TERM.match(text[a:b]):
            found[-1] = (found[-1][0], b)  # an entry is its name and what stands below
        else:
            found.append((a, b))
    return found


def _cut(text: str, start: int, end: int) -> list[tuple[int, int]]:
    spans, at = [], start
    for m in _END.finditer(text, start, end):
        if _ABBREVIATION.search(text[at : m.end()]) and m.end() < end - 1:
            continue
        spans.append((at, m.end()))
        at = m.end()
    return [*spans, (at, end)]


def _sentence(text: str, start: int, end: int, heading: str, is_heading: bool) -> Sentence:
    """Trim white space and a list mark off the span."""
    if m := _MARK.match(text[start:end]):
        start += m.end()
    while start < end and text[start].isspace():
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] == "|"):
        end -= 1
    return Sentence(text[start:end], start, end, heading, is_heading)
