"""Text as models take it: one form for what reads the same, and its sentences in their places."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from itertools import pairwise

# One form for what is the same to a reader: full-width letters and digits, presentation forms, invisible characters.
#
# Only for finding and comparing; what is quoted stays as it stands in its file.

# Soft hyphens, zero-width characters, the Arabic stretch and vowel signs: written or not, the word is the same.
_UNSEEN = dict.fromkeys([0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x0640, *range(0x064B, 0x0653)])


_IDEOGRAMS = r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
_PARTS = re.compile(rf"(?P<ideograms>{_IDEOGRAMS}+)|(?:(?!{_IDEOGRAMS}).)+")


def words_in(run: str) -> list[str]:
    """Return the words of a run of letters and digits: scripts that write no spaces are cut into pairs of characters.

    会議室B110 gives 会議, 議室 and B110.
    """
    if run.isascii():
        return [run]
    found: list[str] = []
    for part in _PARTS.finditer(run):
        text = part[0]
        found += [text[i : i + 2] for i in range(max(len(text) - 1, 1))] if part["ideograms"] else [text]
    return found


def fold(text: str) -> str:
    """Return `text` in the form in which words are compared."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text.translate(_UNSEEN))


# Sentences of a passage as they stand in it: every one is a substring, with its offsets.

_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|Gen|Col|Capt|Sgt|Rev|Hon|vs|etc|approx|ca|cf|al|fig|no|vol|pp|ed|Inc"
    r"|Ltd|Co|Corp|Mt|Ft|Dept|Univ"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)|\b[A-Z]|\b[ap]\.m|\be\.g|\bi\.e|\bU\.S|\bc)\.$"
)
# A sentence may begin with a name such as bzip2 or iPhone, though it is written small.
_END = re.compile(
    r"[.!?]+[\"'”’)\]]*(?=\s+[\"'“‘(\[]?(?:[^\W_a-z]|[a-z]+[0-9A-Z]|--?[A-Za-z]))|[.!?]+[\"'”’)\]]*(?=\s*$)|[。！？]+[」』”’）]*"
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
_ROW = re.compile(r"^[ \t]*\|?[^|\n]*[^|\s][^|\n]*\|[^\n]*$", re.MULTILINE)  # of a table: cells between bars
_RULE = re.compile(r"[\s|:-]+")  # the line under a table's head
# A row of a long table, as the readers write it: "- item: red brush; price: 4.50".
_RECORD = re.compile(r"[ \t]*- [^\n:;]{1,80}: [^\n;]+(?:; [^\n:;]{1,80}: [^\n;]+)+[ \t]*", re.MULTILINE)
_FIELD = re.compile(r"(?:^[ \t]*- |; )([^\n:;]{1,80}): ([^\n;]+)")
# "3.1 The ring blinks": behind the end of a sentence, for a wrapped line may begin with "2.4 GHz" too.
_CLAUSE = re.compile(r"(?:§ ?)?\d{1,2}(?:\.\d{1,3})+\.?[ \t]+[\"“(]?[A-Z]")
_ITEM = re.compile(rf"\s*(?:[-*+•] |\d{{1,3}}[.)] |{_CLAUSE.pattern})")
_BREAK = re.compile(rf"\n\s*\n|\n(?=\s*(?:#{{1,6}} |[-*+•] |\d{{1,3}}[.)] |\||>))|(?<=[.!?:;])\n(?={_CLAUSE.pattern})")


@dataclass(frozen=True)
class Sentence:
    """`text` is exactly the passage's `[start:end]`; `heading` that of the section in which it stands.

    A row of a table comes once for each cell: `cell` is what that says ("Pier: Price 7.20 €"), `head` the table's head.
    `item` numbers the items of a list from 1; 0 stands for running text.
    """

    text: str
    start: int
    end: int
    heading: str = ""
    is_heading: bool = False
    cell: str = ""
    head: str = ""
    item: int = 0


def split_sentences(text: str) -> list[Sentence]:
    """Return the sentences of `text`; headings, list items and table rows are sentences of their own."""
    found: list[Sentence] = []
    heading = head = ""
    rows = 0  # of the table read so far
    items = 0
    blocks = _blocks(text)
    for (start, end), below in zip(blocks, [*blocks, (0, 0)][1:], strict=True):
        block = text[start:end]
        if _ROW.fullmatch(block.rstrip("\n")):
            row = _sentence(text, start, end, heading, False)
            if not rows and (_RULE.fullmatch(text[slice(*below)]) or not re.search(r"\d", row.text)):
                head = row.text
                found.append(replace(row, is_heading=True))
            elif not _RULE.fullmatch(row.text):
                found += _by_cell(row, head)
            rows += 1
            continue
        rows, head = 0, ""
        first = block.split("\n", 1)[0]
        if first.lstrip().startswith("#") or _TITLE.match(first):
            heading = re.sub(r"^(?:\d+\.)*\d*\s+", "", first.lstrip("# ").strip())
            found.append(_sentence(text, start, start + len(first), "", True))
            start += len(first)
            if start >= end:
                continue
        if _RECORD.fullmatch(block.rstrip("\n")):
            items += 1
            found += [replace(s, item=items) for s in _by_field(_sentence(text, start, end, heading, False), block)]
            continue
        entry = _TERM.match(first)
        listed = bool(_ITEM.match(text[start:end]))
        items += listed
        for i, (a, b) in enumerate(_cut(text, start, end)):
            one = _sentence(text, a, b, first.strip() if entry and i else heading, False)
            found.append(replace(one, item=items) if listed else one)
    return [s for s in found if s.text]


def _by_cell(row: Sentence, head: str) -> list[Sentence]:
    """Return the row once for each of its cells but the first, which names it."""
    key, *cells = [c.strip() for c in row.text.split("|")]
    names = [c.strip() for c in head.split("|")][1:]
    if len(names) != len(cells):
        return [row]
    said = [f"{key}: {name} {cell}" for name, cell in zip(names, cells, strict=True) if cell]
    return [replace(row, cell=s, head=head) for s in said] or [row]


def _by_field(row: Sentence, block: str) -> list[Sentence]:
    """Return a record once for each of its fields, with the first that is a name: "David Bowie: Age 69".

    The name itself is told by the first field, such as a number: "16.10: codename Yakkety Yak".
    """
    fields = _FIELD.findall(block)
    key = next((value for _, value in fields if re.search(r"[^\W\d]{2}", value)), fields[0][1])
    first = fields[0][1]
    told = [(first if value == key else key, name, value) for name, value in fields]
    said = [f"{of}: {name} {value}".strip() for of, name, value in told if of != value]
    return [replace(row, cell=cell) for cell in said] or [row]


def columns_of(text: str) -> list[str]:
    """Return the names of the columns of the records in `text`."""
    return list(dict.fromkeys(name for line in _RECORD.findall(text) for name, _ in _FIELD.findall(line)))


def _blocks(text: str) -> list[tuple[int, int]]:
    marks = [m.start() for pattern in (_TERM, _TITLE, _ROW) for m in pattern.finditer(text)]
    cuts = sorted(
        {0, *[m.end() for m in _BREAK.finditer(text)], *marks, *[m.end() for m in _ROW.finditer(text)], len(text)}
    )
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
