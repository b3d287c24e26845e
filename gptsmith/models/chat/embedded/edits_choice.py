"""Which of several things a command means: by its words, its place in the list, or because there is only one."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded.edits_clauses import Clause
from gptsmith.models.chat.embedded.edits_words import ALL, DROP, ORDINALS, ordinal
from gptsmith.models.chat.embedded.words import content_stems, listed, stem, tokens

_NUMBERED = re.compile(r"\b(?:starters?|tests?|rules?|numbers?|nos?\.) ((?:\d{1,2}\b(?:,? and |, | & )?)+)")
_COMMAND = frozenset(
    stem(w)
    for w in listed(
        "starter starters suggestion suggestions test tests tool tools source sources rule rules conversation question"
        " remove drop delete replace change take out get rid forget go turn switch off on stop using use rename"
        " call add"
        " longer more any"
    )
)


def choose(clause: Clause, labels: list[str], *, only_one: bool = True) -> list[int]:
    """Return the positions that the command means; none when it cannot be told.

    With `only_one` a command that names nothing means the single thing that there is.
    """
    named = [n for value in clause.values for n, label in enumerate(labels) if _same(value, label)]
    if named:
        return list(dict.fromkeys(named))
    numbered = _NUMBERED.search(clause.open)
    if numbered:
        given = [int(n) - 1 for n in re.findall(r"\d+", numbered[1])]
        return [n for n in dict.fromkeys(given) if 0 <= n < len(labels)]
    said = re.search(r"\b(?:about|with|on|for|named|called|that|which|where|über|sobre)\b(.*)", clause.open)
    by_words = (_by_words(said[1], labels) if said else []) or _by_words(clause.open, labels)
    if len(by_words) == 1:
        return by_words
    places = _places(clause.open[: said.start()] if said and by_words else clause.open, len(labels))
    if places:
        return places
    if ALL.search(clause.open) and labels:
        return list(range(len(labels)))
    return [0] if only_one and len(labels) == 1 else []


def _same(value: str, label: str) -> bool:
    a, b = " ".join(tokens(value)), " ".join(tokens(label))
    return bool(a) and (a == b or (len(a) > 3 and (a in b or b in a)))


def _by_words(words: str, labels: list[str]) -> list[int]:
    wanted = set(content_stems(words)) - _COMMAND - {stem(w) for w in ORDINALS}
    plain = {stem(w) for w in tokens(words)} - _COMMAND
    scores = []
    for label in labels:
        said = re.sub(r"[_\-./]", " ", label)
        meant = len(wanted & set(content_stems(said)))
        scores.append((meant, len(plain & {stem(w) for w in tokens(said)})) if meant else (0, 0))
    best = max(scores, default=(0, 0))
    return [n for n, score in enumerate(scores) if score == best] if best[0] else []


def _places(words: str, count: int) -> list[int]:
    found = []
    several = re.search(r"\b(first|last) (two|three|2|3)\b", words)
    if several:
        many = {"two": 2, "2": 2, "three": 3, "3": 3}[several[2]]
        return list(range(count))[:many] if several[1] == "first" else list(range(count))[-many:]
    for part in re.split(r"\band\b|,|\bund\b|\by\b|\be\b", words):
        place = ordinal(part)
        if place is not None and -1 <= place < count:
            found.append(place if place >= 0 else count - 1)
    return list(dict.fromkeys(found)) if count else []


def is_drop(clause: Clause) -> bool:
    """Say whether the command takes something away."""
    return bool(re.search(rf"(?<!\w){DROP}(?!\w)", clause.masked))
