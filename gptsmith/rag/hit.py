"""What a search gives back, and whether a passage that an answer quotes is really in its source."""

from __future__ import annotations

import unicodedata

from pydantic import BaseModel

# What a search gives back.


class Hit(BaseModel):
    """One passage found: `start` and `end` are character offsets in the document's text, `score` is 0 to 1.

    `chunk_id` is the retriever's own id, the only thing from which a citation is made; `source` is what the person
    calls the document (its path relative to the spec, or its URL); `page` counts from 1 and is None without pages.
    """

    chunk_id: str
    knowledge: str
    source: str
    document_id: str
    page: int | None = None
    start: int
    end: int
    text: str
    score: float


# Quotes: is a passage that an answer quotes really in its source, and where.
#
# Words must match exactly; white space, kinds of quotation marks, dashes and ligatures may differ, because models and
# PDF readers change those.

_SAME = {
    **dict.fromkeys("‘’‚‛′`´", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    "…": "...",
}
_DROPPED = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")


def locate(quote: str, text: str, start: int = 0, end: int | None = None) -> tuple[int, int] | None:
    """Return the offsets `(start, end)` in `text` of the first place where `quote` stands, None when it does not.

    `start` and `end` narrow the search to a part of `text`; the answer counts from the beginning of `text`.
    Quotation marks around the whole quote are taken off when it is not found with them.
    """
    stop = len(text) if end is None else min(end, len(text))
    exact = text.find(quote, start, stop) if quote.strip() else -1
    if exact >= 0:
        return exact, exact + len(quote)
    folded, places = _fold(text[start:stop])
    for wanted in _forms(quote):
        at = folded.find(wanted) if wanted else -1
        while at >= 0:
            last = at + len(wanted)
            if last == len(folded) or not unicodedata.combining(folded[last]):  # "cafe" is not in "café"
                return start + places[at], start + places[last - 1] + 1
            at = folded.find(wanted, at + 1)
    return None


def _forms(quote: str) -> list[str]:
    whole = _fold(quote)[0].strip()
    bare = whole.strip("\"' ")
    return [whole, bare] if bare != whole else [whole]


def _fold(text: str) -> tuple[str, list[int]]:
    """Return the text in the form in which quotes are compared, and for each of its characters the source's offset."""
    out: list[str] = []
    places: list[int] = []
    for i, char in enumerate(text):
        if char in _DROPPED:
            continue
        if char.isspace():
            if out and out[-1] != " ":
                out.append(" ")
                places.append(i)
            continue
        for piece in _SAME.get(char) or unicodedata.normalize("NFKD", char):
            piece = _SAME.get(piece, piece)
            if piece == " " and out and out[-1] == " ":
                continue
            out.append(piece)
            places.append(i)
    return "".join(out), places
