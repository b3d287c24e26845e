"""A rule said again with another number, level, day or measure: `the grade should be from 1 to 5`."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded import edits_instructions as told
from gptsmith.models.chat.embedded.edits_behaviour import OUGHT
from gptsmith.models.chat.embedded.edits_clauses import Clause
from gptsmith.models.chat.embedded.edits_instructions import Statement
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, retell
from gptsmith.models.chat.embedded.edits_words import ANY_CASE
from gptsmith.models.chat.embedded.quantities import NUMBER_WORDS
from gptsmith.models.chat.embedded.words import content_stems, listed, stem, tokens

_VALUE = re.compile(
    rf"(?<![\w.])(?:[a-z]?\d+(?:[.:]\d+)*[a-z]{{0,2}}|every|each|all|{'|'.join(NUMBER_WORDS)}|(?:mon|tues|wednes"
    rf"|thurs|fri|satur"
    r"|sun)day)(?!\w)",
    ANY_CASE,
)
_HOW = listed(
    "level it be use should must give make keep please rather than instead from at most up only now currently today"
    " new ok okay fine enough allowed want like would as well really since"
)
_RATHER = re.compile(
    r"^(?:it['’]?s|it is|it should be|that should be|that['’]s) (?P<new>[\w.:-]+)(?: now)?(?: (?:that"
    r"|which)(?: \w+){1,6}?)?"
    r"(?:,| and|, and)? (?:not|instead of|rather than) (?P<old>[\w.:-]+)$",
    ANY_CASE,
)


def read(clause: Clause, subject: Subject) -> Found | None:
    """Return the change of the one value in which what is said differs from a rule that is there; else None."""
    text = clause.text.rstrip(" .!?")
    rather = _RATHER.match(text)
    if rather and (span := _whole_word(subject.instructions, rather["old"])):
        return _changed(subject, span, rather["new"])
    values = list(_VALUE.finditer(text))
    if not values or len(text.split()) > 14 or clause.values:
        return None
    about = set(content_stems(_VALUE.sub(" ", text))) - {stem(w) for w in _HOW}
    stated = _same_matter(subject.instructions, text, about)
    if stated is None:
        return None
    there = [v for v in _VALUE.finditer(stated.text) if _kind(v[0]) in {_kind(w[0]) for w in values}]
    pairs = [(a, b) for a, b in zip(there, values, strict=True) if a[0].lower() != b[0].lower()]
    if len(pairs) != 1:
        return None
    was, new = pairs[0]
    (old_noun, old_end), (new_noun, new_end) = _noun(stated.text, was.end()), _noun(text, new.end())
    same = old_noun and stem(old_noun) == stem(new_noun) and old_noun != new_noun  # `one step`, `three steps`
    end, instead = (old_end, text[new.start() : new_end]) if same else (was.end(), new[0])
    return _changed(subject, (stated.start + was.start(), stated.start + end), instead)


def _noun(text: str, at: int) -> tuple[str, int]:
    """Return the word that stands behind a value, in lower case, and where it ends."""
    word = re.match(r" ([a-z]+)", text[at:], ANY_CASE)
    return (word[1].lower(), at + word.end()) if word else ("", at)


def _same_matter(text: str, said: str, about: set[str]) -> Statement | None:
    """Return the one statement that speaks of all that is said and has values of the same kinds in the same order."""
    ought = OUGHT.match(said)
    if (ought and ought["not"]) or re.match(r"(?:never|don['’]t|do not|no|if|when|whenever)\b", said, ANY_CASE):
        return None
    found = [
        s
        for s in told.statements(text)
        if about <= set(content_stems(s.text)) and _same_kind(said, s.text) and (about or _marked(said))
    ]
    return found[0] if len(found) == 1 else None


def _same_kind(a: str, b: str) -> bool:
    """Say whether the second text has as many values of each kind as the first: a level for a level."""
    wanted = [_kind(v) for v in _VALUE.findall(a)]
    return [k for k in (_kind(v) for v in _VALUE.findall(b)) if k in wanted] == wanted


def _kind(value: str) -> str:
    low = value.lower()
    if low.endswith("day"):
        return "day"
    if not re.search(r"\d", low):
        return "0"
    shape = re.sub(r"^[a-z](?=\d)", "x", low)
    return re.sub(r"\d+", "0", shape)


def _marked(said: str) -> bool:
    """Say whether a value is telling in itself, such as `B2`."""
    return any(re.match(r"[a-z]\d", v, ANY_CASE) for v in _VALUE.findall(said))


def _whole_word(text: str, word: str) -> tuple[int, int] | None:
    found = [m.span() for m in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", text, ANY_CASE)]
    return found[0] if len(found) == 1 else None


def _changed(subject: Subject, span: tuple[int, int], new: str) -> Found:
    was = subject.instructions[slice(*span)]
    stated = next((s for s in told.statements(subject.instructions) if s.start <= span[0] < s.end), None)
    new = new[:1].upper() + new[1:] if was[:1].isupper() else new
    subject.touched.append((stated.start, stated.end) if stated else span)
    old, instead = told.exchange(subject.instructions, *span, new)
    return Found([retell(old, instead, f"Say “{new}” instead of “{was}”.")])


def fitting(text: str, span: tuple[int, int], new: str) -> tuple[int, int]:
    """Widen the span of what goes by the words behind it that `new` says again: `one [mistake per message]`."""
    after = re.match(r"(?:\W{0,2}[\w'’-]+)+", text[span[1] :])
    following = list(re.finditer(r"[\w'’-]+", after.group())) if after else []
    said = [stem(w) for w in tokens(new)]
    if not following or not said:
        return span
    for many in range(min(len(following), len(said) - 1, 6), 0, -1):
        if [stem(w[0].lower()) for w in following[:many]] == said[-many:]:
            return span[0], span[1] + following[many - 1].end()
    return span
