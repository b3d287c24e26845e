"""Questions that set two things side by side: no sentence may hold both, and each has one that says what it is."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded.answer import Candidate, Quote, choose, rank
from gptsmith.models.chat.embedded.evidence import Encode
from gptsmith.models.chat.embedded.words import content_stems
from gptsmith.models.passages import Passage

_A, _B = (rf"(?P<{side}>(?:[\w'’.-]+ ?){{1,5}}?)" for side in "ab")
_BETTER = r"(?:better|faster|cheaper|older|newer|bigger|larger|best)"
_PAIR = (
    rf"\b(?:compare|contrast) {_A} (?:and|with|to|against|versus|vs\.?) {_B}",
    rf"\bdifferences? between {_A} and {_B}",
    rf"\bhow (?:do|does|is|are) {_A} (?:differ|different) from {_B}",
    rf"\b(?:is|are) {_BETTER}[,:]? {_A} or {_B}",
    rf"^{_A} (?:vs\.?|versus) {_B}",
)
_PAIRS = tuple(re.compile(rf"{pattern}\s*[?.!]*$", re.IGNORECASE) for pattern in _PAIR)


def sides(question: str) -> tuple[str, str] | None:
    """Return the two things that a question compares, None when it compares none."""
    found = next((m for pattern in _PAIRS if (m := pattern.search(question.strip()))), None)
    if found is None or not content_stems(found["a"]) or not content_stems(found["b"]):
        return None
    return found["a"].strip(), found["b"].strip()


def each_side(
    question: str, ranked: list[Candidate], passages: list[Passage], encode: Encode, least: float
) -> list[Quote]:
    """Return a sentence for each of two compared things; none when one is unknown or a sentence speaks of both."""
    pair = sides(question)
    if pair is None:
        return []
    both = [set(content_stems(side)) for side in pair]
    answers = [c for c in ranked if c.chance >= least]
    if any(all(side <= set(content_stems(c.sentence.text)) for side in both) for c in answers):
        return []
    found = [
        choose(f"What is {side}?", rank(f"What is {side}?", passages, encode), least=least, limit=1) for side in pair
    ]
    return [quote for quotes in found for quote in quotes] if all(found) else []
