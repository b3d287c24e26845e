"""A message cut into commands: where a new one begins is told by what the pieces ask for, not by their grammar."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property

from gptsmith.models.chat.embedded.edits.sense import senses
from gptsmith.models.chat.embedded.edits.subject import Subject
from gptsmith.models.chat.embedded.edits.values import HIDDEN, bare, mask

_CUT = re.compile(
    r"(?P<end>[.!?…]+[\"”»']?\s+(?=\S)|\n+)|\s*;\s*|\s+[–—-]\s+|,?\s+(?:and|but|then|plus|und|y|e|et)\s+"
    r"(?:also |then )?|,\s+(?:so |also )?",
    re.IGNORECASE,
)
_MARK = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+", re.MULTILINE)
_TAKEN_BACK = re.compile(
    r"^.*(?:\.\.\.|…|,|;|-|–)\s*\b(?:no,? wait|wait,? no|scratch that|correction|or rather|i mean(?:t)?)\b[,:\s]*",
    re.IGNORECASE,
)
_ABBREVIATED = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Prof|St|No|e\.g|i\.e|z\.B)\.\s*$")
MOST = 12
"""Pieces of a message that are looked at; one with more is cut at its sentences only."""
_REACH = 3  # pieces that can be one command
_NONE = 0.6  # how much a piece counts that asks for nothing known: what is cut off wrongly is mostly that
_JOINED = 0.7  # how much a command counts for each place in it at which one could end
_LEANS = re.compile(  # "We don't do that": what is meant was said before, so that it is no command of its own
    r"^(?:(?:but|and|so)\s+)?(?:(?:we|i|they|you|it|he|she)\b(?:\W+\w+){0,3}?(?:n['’]t|\W+(?:not|never|cannot))\b"
    r"(?:\W+\w+){0,4}?\W+(?:that|it|this|those|these|them|so|any)"
    r"|(?:it|he|she|they) (?:should|must|could) say (?:so|that)"
    r")\W*$",
    re.IGNORECASE,
)
_LEANING = 0.02  # how much such a piece counts as one
_VERB = re.compile(
    r"^(?:please |and |also )*(?:drop|remove|delete|take out|cut|scrap|get rid of|add|switch off|turn off)\b",
    re.IGNORECASE,
)
_THING = re.compile(r"^(?:the|its|a|an|my)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Command:
    """One command of the person: `said` as it stood, with the words `around` it and the files attached."""

    said: str
    around: str = ""
    files: tuple[str, ...] = ()

    @cached_property
    def text(self) -> str:
        """The words without what is only courtesy."""
        return bare(self.said)

    @cached_property
    def _masked(self) -> tuple[str, tuple[str, ...]]:
        return mask(self.text)

    @property
    def open(self) -> str:
        """The words besides the given values, in lower case."""
        return re.sub(rf"{HIDDEN}+", " ", self._masked[0])

    @property
    def values(self) -> tuple[str, ...]:
        """What is given word for word: quoted, an address, behind a colon."""
        return self._masked[1]


def commands(message: str, subject: Subject) -> list[Command]:
    """Return the commands of `message` in order; each is the longest piece that most likely asks for one thing."""
    text = _TAKEN_BACK.sub("", _MARK.sub("", message.strip()))
    cuts = _cuts(text)
    ends = [0, *(c.end() for c in cuts), len(text)]
    stops = [*(c.start() + (len(c.group().rstrip()) if c["end"] else 0) for c in cuts), len(text)]
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(ends)):
        options = []
        for start in range(max(0, end - _REACH), end):
            joints = sum(
                not c.group().startswith(",") or bool(re.search(r"\w", c.group())) for c in cuts[start : end - 1]
            )
            piece = _whole(text[: ends[start]], text[ends[start] : stops[end - 1]])
            options.append(
                (best[start][0] + _likely(piece, subject, first=not start) + joints * math.log(_JOINED), start)
            )
        best.append(max(options))
    spans: list[str] = []
    at = len(ends) - 1
    while at:
        start = best[at][1]
        spans.insert(0, _whole(text[: ends[start]], text[ends[start] : stops[at - 1]]).strip(" ,;–-"))
        at = start
    spans = [span for span in spans if span]
    return [
        Command(span, " ".join(spans[max(0, n - 1) : n] + spans[n + 1 : n + 2]), subject.files)
        for n, span in enumerate(spans)
    ]


def _whole(before: str, piece: str) -> str:
    """Return a piece with the verb that it shares: `remove the second starter | and the calendar tool`."""
    last = re.split(r"[.!?;\n]", before)[-1].strip()
    verb = _VERB.match(last)
    return f"{verb.group()} {piece}" if verb and _THING.match(piece) else piece


def _cuts(text: str) -> list[re.Match[str]]:
    masked = mask(text)[0]
    found = [cut for cut in _CUT.finditer(masked) if not _ABBREVIATED.search(text[: cut.end()])]
    return found if len(found) < MOST else [cut for cut in found if cut["end"]][:MOST]


def _likely(piece: str, subject: Subject, *, first: bool) -> float:
    """Return the logarithm of how likely the piece is one command."""
    if not first and _LEANS.match(piece.strip()):
        return math.log(_LEANING)
    if len(piece.split()) < 2 and not re.search(r"\w{4}", piece):
        return math.log(0.05)
    kind, odds = next(iter(senses(piece, subject).items()))
    return math.log(max(odds * (_NONE if kind in ("unclear", "remark") else 1.0), 1e-4))
