"""A number, day or time of a rule put right by what the person says of the same matter: `it is 23:00 now, not 22`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gptsmith.models.chat.embedded.edits import statements as told
from gptsmith.models.chat.embedded.edits.places import encoded
from gptsmith.models.chat.embedded.edits.statements import Statement
from gptsmith.models.chat.embedded.edits.subject import Found, Subject, retell
from gptsmith.models.chat.embedded.edits.values import ANY_CASE
from gptsmith.models.chat.embedded.quantities import NUMBER_WORDS
from gptsmith.models.chat.embedded.words import content_stems, stem

_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_VALUE = re.compile(
    rf"(?<![\w.:])(?:(?P<time>\d{{1,2}}[:.]\d{{2}}(?= ?(?:h|o['’]clock|am|pm))|\d{{1,2}}:\d{{2}})|(?P<dotted>\d+\.\d+)"
    rf"|(?P<number>\d+|(?:{'|'.join(NUMBER_WORDS)}))|(?P<day>(?:{_DAYS})s?))(?![\w]|[.:]\d)",
    ANY_CASE,
)
_OLD = re.compile(
    r"(?:,? ?\b(?:and )?(?:not|instead of|rather than|no longer|any ?more than|used to be|was|were|from)\b|n['’]t\b)"
    r"(?:(?! to\b)[^,;.])*?$",
    ANY_CASE,
)
_CONTRAST = re.compile(
    r"^(?:\W*(?:in|give|use|to|it(?:['’]s| is)|the) )*(?P<new>[^\W\d_]+),?"
    r" (?:please )?(?:and )?(?:not|instead of|rather than)"
    r" (?:in |to |the )?(?P<old>[^\W\d_]+)(?=[,;.!?]|$| (?:any ?more|please|now))",
    ANY_CASE,
)
LEAST, MARGIN = 1.2, 0.3
"""What speaks for a value that it is meant (its own mention 1, the word behind it 1); how far the next lies behind."""
CERTAIN, KNOWN = 2.2, 0.8
"""The same, whatever kind of change the clause looks like; and where it is known to say a rule otherwise."""


@dataclass(frozen=True)
class _Value:
    kind: str
    text: str
    start: int
    end: int
    noun: str  # the stem of the word behind it


def read(text: str, subject: Subject, least: float = LEAST) -> Found | None:
    """Return the change of the one value in the instructions that `text` says otherwise; None where it is in doubt."""
    word = _word_for_word(text, subject)
    if word:
        return _said(word[0], *word[1], word[2], subject)
    said = list(_values(text))
    scored = []
    for stated in told.statements(subject.instructions):
        there = list(_values(stated.text))
        for old in there:
            if new := _instead(old, said, there, text):
                scored.append((_speaks(old, new, said, stated, text), stated, old, new))
    scored.sort(key=lambda one: -one[0])
    if not scored or scored[0][0] < least or (len(scored) > 1 and scored[0][0] - scored[1][0] < MARGIN):
        return None
    _, stated, old, new = scored[0]
    instead = f"{new.text}:00" if old.kind == "time" and new.kind == "number" else new.text
    return _said(stated, old.start, old.end, instead, subject)


def _said(stated: Statement, start: int, end: int, new: str, subject: Subject) -> Found:
    old = stated.text[start:end]
    new = new[:1].upper() + new[1:] if old[:1].isupper() else new
    subject.touched.append((stated.start, stated.end))
    before, after = told.exchange(subject.instructions, stated.start + start, stated.start + end, new)
    return Found([retell(before, after, f"Say “{new}” instead of “{old}”.")])


def _word_for_word(text: str, subject: Subject) -> tuple[Statement, tuple[int, int], str] | None:
    """Return where the one word stands that another is said instead of: `feet, not metres`."""
    said = _CONTRAST.search(text)
    if not said or not set(content_stems(said["old"])) or stem(said["new"].lower()) == stem(said["old"].lower()):
        return None
    word = re.compile(rf"(?<!\w){re.escape(said['old'])}(?!\w)", ANY_CASE)
    places = [(s, m.span()) for s in told.statements(subject.instructions) for m in word.finditer(s.text)]
    return (*places[0], said["new"]) if len(places) == 1 else None


def _values(text: str) -> Iterator[_Value]:
    for found in _VALUE.finditer(text):
        noun = re.match(r" ([^\W\d_]{3,})", text[found.end() :])
        yield _Value(found.lastgroup or "", found.group(), *found.span(), stem(noun[1].lower()) if noun else "")


def _instead(old: _Value, said: list[_Value], there: list[_Value], text: str) -> _Value | None:
    """Return the one value said that can stand for the old one: of its kind, not taken back, not there already."""
    known = {_number(value) for value in there}
    fit = [
        new
        for new in said
        if (new.kind == old.kind or (old.kind == "time" and new.kind == "number"))
        and _number(new) not in known
        and not _OLD.search(text[: new.start])
        and new.text.lower() != "one"
    ]
    return fit[0] if len(fit) == 1 else None


def _speaks(old: _Value, new: _Value, said: list[_Value], stated: Statement, text: str) -> float:
    """Return how much speaks for this value being the one that is said otherwise."""
    mentioned = any(value is not new and _number(value) == _number(old) for value in said)
    numbers = {stem(value.text.lower()) for value in [*said, old]}
    shared = (set(content_stems(text)) & set(content_stems(stated.text))) - numbers
    noun = bool(old.noun) and old.noun in {new.noun, *(value.noun for value in said)}
    near = float(encoded(text) @ encoded(stated.text))
    return mentioned + noun + 0.5 * min(len(shared), 2) + near


def _number(value: _Value) -> str:
    low = value.text.lower()
    return str(NUMBER_WORDS.get(low, low)).removesuffix(":00")
