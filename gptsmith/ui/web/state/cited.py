"""A passage that an answer cites, inside its document: what is shown, with the quoted words marked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gptsmith.agent.events import Citation

_BEFORE, _AFTER = 600, 2000  # characters of the document shown around a quote: the quote is in sight when it opens


@dataclass(frozen=True)
class CitedPassage:
    """Quotes inside their document.

    `parts` are pieces of its text in order, each with whether it is a quote; `cut_before` and `cut_after` tell whether
    the document goes on; `file` is the document itself where there is one.
    """

    parts: list[tuple[str, bool]]
    cut_before: bool
    cut_after: bool
    file: Path | None


def within(text: str, citations: list[Citation], file: Path | None) -> CitedPassage | None:
    """Return the quotes of one passage within `text`, the whole document; None when none of them stands in it."""
    spans = sorted({place for place in (_place(text, c) for c in citations) if place[0] >= 0})
    if not spans:
        return None
    begin, stop = _window(text, spans[0][0], spans[-1][1])
    parts, at = [], begin
    for start, end in spans:
        parts += [(text[at:start], False), (text[max(at, start) : end], True)]
        at = max(at, end)
    parts.append((text[at:stop], False))
    return CitedPassage([p for p in parts if p[0]], begin > 0, stop < len(text), file)


def _window(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the part of the document to show around a quote, cut between words."""
    begin, stop = max(0, start - _BEFORE), min(len(text), end + _AFTER)
    if begin:
        begin = max(text.find(" ", begin, start), begin - 1) + 1
    if stop < len(text):
        stop = max(text.rfind(" ", end, stop), end)
    return begin, stop


def _place(text: str, citation: Citation) -> tuple[int, int]:
    """Return where the quote stands: at its offsets, else where its words stand, else the passage that was used."""
    start, end = citation.start, citation.end
    if text[start:end] == citation.quote:
        return start, end
    at = text.find(citation.quote)
    if at >= 0:
        return at, at + len(citation.quote)
    return (start, end) if 0 <= start < end <= len(text) else (-1, -1)
