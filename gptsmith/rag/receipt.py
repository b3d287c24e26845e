"""The receipt of a file: what was read of it, what was not and why, and questions that prove that it can be found."""

from __future__ import annotations

import re

from pydantic import BaseModel, Field

from gptsmith.models.chat.embedded.words import language_of, name_of


class Proof(BaseModel):
    """A question made from a file and asked of the index: `found` when the passage that it was made from came back.

    `quote` is `text[start:end]` of the document, on `page`; `rank` says as which passage it came, from 1.
    """

    question: str
    found: bool
    quote: str
    start: int
    end: int
    page: int | None = None
    rank: int | None = None
    chunk_id: str = Field(default="", description="The passage that was found.")


class Receipt(BaseModel):
    """What became of one file or page: `status` says whether it is searched, `reason` why not, and what was left out.

    `language` is English's name for it, empty where the text has too few letters to tell.
    """

    source: str
    knowledge: str
    status: str
    reason: str = ""
    pages: int | None = None
    characters: int = 0
    words: int = 0
    tables: int = 0
    images: int = 0
    chunks: int = 0
    language: str = ""
    proofs: list[Proof] = Field(default_factory=list, description="Three questions that the file answers.")


_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d[\d.,]*")
_BARS = r"[ \t]*\|?[^|\n]*[^|\s][^|\n]*\|[^\n]*\n?"
_RECORD = r"[ \t]*- [^\n:;]{1,80}: [^\n;]+(?:; [^\n:;]{1,80}: [^\n;]+)+\n?"
_TABLE = re.compile(rf"^(?:(?:{_BARS}){{2,}}|(?:{_RECORD}){{2,}})", re.MULTILINE)
_SAMPLE = 20_000  # characters that tell the language
_LEAST = 40


def words_in(text: str) -> int:
    """Return how many words and numbers stand in `text`."""
    return sum(1 for _ in _WORD.finditer(text))


def tables_in(text: str) -> int:
    """Return how many tables stand in `text`: rows with bars, or rows with their columns' names, below each other."""
    return sum(1 for _ in _TABLE.finditer(text)) if "|" in text or "; " in text else 0


def language_in(text: str) -> str:
    """Return the English name of the language that most of `text` is in, empty when it has too few letters."""
    middle = max(len(text) // 2 - _SAMPLE // 2, 0)
    sample = text[middle : middle + _SAMPLE]
    if sum(c.isalpha() for c in sample[:2000]) < _LEAST:
        return ""
    code = language_of(sample)
    if code == "xx":
        return _script(sample)
    return "English" if code == "en" else name_of(code)


_SCRIPTS = (
    ("Japanese", "\u3040", "\u30ff"), ("Korean", "\uac00", "\ud7af"), ("Chinese", "\u4e00", "\u9fff"),
    ("Cyrillic script", "\u0400", "\u04ff"), ("Greek", "\u0370", "\u03ff"), ("Arabic script", "\u0600", "\u06ff"),
    ("Hebrew", "\u0590", "\u05ff"), ("Hindi", "\u0900", "\u097f"), ("Thai", "\u0e00", "\u0e7f"),
)  # fmt: skip


def _script(text: str) -> str:
    """Return the language or script of letters that are not Latin; kana tell Japanese from Chinese."""
    letters = [c for c in text if c.isalpha()]
    shares = {name: sum(a <= c <= z for c in letters) / len(letters) for name, a, z in _SCRIPTS}
    if shares["Japanese"] > 0.1:
        return "Japanese"
    best = max(shares, key=lambda name: shares[name])
    return best if shares[best] > 0.3 else ""
