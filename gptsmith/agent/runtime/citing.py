"""Citations: from the `[n]` in an answer to the passage the retriever found and a verbatim quote in it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gptsmith.agent.events import Citation
from gptsmith.rag.hit import Hit
from gptsmith.rag.quotes import locate

_MARKER = re.compile(r"\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\](?!\()")
_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?](?!\s|$)[^.!?\n]*)*(?:[.!?]+[\"'”’)\]]*|\n|$)")
_QUOTED = re.compile(r"[\"“«„]([^\"“”«»„]{3,400})[\"”»“]")
_WORD = re.compile(r"\w+")
_UNKNOWN = re.compile(
    r"\b(?:files?|documents?|passages?|pages?|sources?|handbook|notes|materials?|catalogue|recipes?|course)\b[^.!?\n]{0,60}"
    r"\b(?:do(?:es)?\s*n[o']t|do(?:es)?\s+not|is|are|don’t|doesn’t)\s+(?:say|mention|contain|include|cover|tell|state|"
    r"give|answer|describe|provide|silent|specify|address|list|have)\b"
    r"|\b(?:i\s+(?:do\s+not|don['’]t|could\s+not|couldn['’]t|can\s*not|can['’]t)\s+(?:know|find|answer|tell)|"
    r"(?:no|not\s+any)\s+(?:information|mention|passage|answer)|not\s+(?:mentioned|stated|covered|said|found|"
    r"specified|given|described)\s+in|"
    r"(?:is|are)\s+silent|unable\s+to\s+find|nothing\s+(?:is\s+)?(?:said\s+)?(?:about|in\s+the))\b",
    re.IGNORECASE,
)
_ENOUGH = 0.3


def cite(text: str, hits: Mapping[int, Hit]) -> list[Citation]:
    """Return one citation for each claim and number in `text`, in the order of the text.

    The quote is the claim's own quotation when it stands in the passage word for word, else the passage's sentence
    nearest to the claim. `verified` is False when the claim quotes what the passage does not say, or when no sentence
    of the passage has to do with it.
    """
    found: dict[tuple[int, str], Citation] = {}
    for marker in _MARKER.finditer(text):
        claim = _claim(text, marker.start())
        for number in (int(n) for n in re.findall(r"\d+", marker.group(1))):
            if number in hits:
                citation = _citation(number, hits[number], claim)
                found.setdefault((number, citation.quote), citation)
    return list(found.values())


def numbers(text: str) -> list[int]:
    """Return the citation numbers in `text`, each once, in order."""
    return list(dict.fromkeys(int(n) for m in _MARKER.finditer(text) for n in re.findall(r"\d+", m.group(1))))


def says_unknown(text: str) -> bool:
    """Return whether an answer says that the files are silent or that it does not know."""
    return _UNKNOWN.search(text) is not None


def _claim(text: str, end: int) -> str:
    """Return the sentence that ends at the marker; markers before it do not count as text."""
    before = _MARKER.sub(lambda m: " " * len(m.group()), text[:end]).rstrip()
    trimmed = before.rstrip(".!?\"'”’) ")
    start = max([m.end() for m in re.finditer(r"[.!?][\"'”’)]*\s+(?=[A-Z0-9\"“«„'*-])|\n+", trimmed)] or [0])
    return before[start:].strip()


def _citation(number: int, hit: Hit, claim: str) -> Citation:
    quoted = _QUOTED.findall(claim)
    for quote in sorted(quoted, key=len, reverse=True):
        place = locate(quote, hit.text)
        if place is not None:
            return _made(number, hit, place, verified=True)
    place = locate(claim, hit.text) if claim else None
    if place is not None:
        return _made(number, hit, place, verified=True)
    start, end, likeness = _nearest(claim, hit.text)
    return _made(number, hit, (start, end), verified=not quoted and likeness >= _ENOUGH)


def _made(number: int, hit: Hit, place: tuple[int, int], *, verified: bool) -> Citation:
    start, end = place
    return Citation(
        id=number,
        source=hit.source,
        page=hit.page,
        quote=hit.text[start:end],
        knowledge=hit.knowledge,
        document_id=hit.document_id,
        chunk_id=hit.chunk_id,
        start=hit.start + start,
        end=hit.start + end,
        verified=verified,
    )


def _nearest(claim: str, text: str) -> tuple[int, int, float]:
    """Return the span of the sentence of `text` that shares most words with `claim`, and the share of its words."""
    wanted = {w.lower() for w in _WORD.findall(claim) if len(w) > 2}
    best = (0, min(len(text), 300), 0.0)
    for match in _SENTENCE.finditer(text):
        body = match.group().strip()
        if not body:
            continue
        words = {w.lower() for w in _WORD.findall(body) if len(w) > 2}
        share = len(wanted & words) / max(1, min(len(wanted), len(words)))
        if len(words) >= 2 and share > best[2]:
            start = match.start() + len(match.group()) - len(match.group().lstrip())
            best = (start, start + len(body), share)
    return best
