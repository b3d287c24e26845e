"""Whether a sentence carries what a question names: the same thing, the same year, the value that was asked for.

Sentences that are near in meaning answer the question next door: the day ticket's price for the season ticket's. In
running text the words around tell; a row of a table says one thing, so that all that names it must stand in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from gptsmith.models.chat.embedded.words import STOP, content_stems, initials, stem, tokens, word_set
from gptsmith.models.chat.messages import Passage
from gptsmith.models.text import Sentence, columns_of

# Names inside a sentence, words with digits, and options: they stand for themselves.
_SPECIFIC = re.compile(
    r"(?<!^)(?<![.!?] )\b[A-Z][\w'’-]*(?: [A-Z][\w'’-]*)*|(?<![\w-])--?[A-Za-z][\w-]*|[\w.-]*\d(?:[\w.-]*\w)?"
)
_VERBS = r"(?:is|are|was|were|does|do|did|has|have|had|can|could|should|must|will|would)"
_VALUE = (
    re.compile(rf"\b(?:what|which) (?P<value>(?:(?!{_VERBS}\b|of\b|the\b)[\w'-]+ ){{1,3}}){_VERBS}\b", re.I),
    re.compile(
        r"\bwhat(?:'s| is| are| was| were) (?:the|a|an|its|their)"
        r" (?P<value>(?:(?!of\b|for\b)[\w'-]+ ){1,3})(?:of|for)\b",
        re.IGNORECASE,
    ),
)
# What no answer repeats: "in 1815" answers "which year", and "because" answers "what was the reason".
_UNSAID = frozenset(
    stem(w)
    for w in word_set(
        """year years time day date place city country person name kind kinds type types sort number amount company
        month age state man woman team way word term thing things purpose function goal reason role process direction
        meaning happen event result cause effect difference point idea example answer"""
    )
)
_WHEN = re.compile(r"^(?:so |and |on )*(?:when (?:was|did|were|will)|(?:in )?(?:what|which) year|what date)\b", re.I)
_MOMENT = re.compile(
    r"\d{3,4}|\d(?:st|nd|rd|th)\b|\d{1,2}[:.]\d{2}|\d ?[ap]\.?m\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b|centur|\bage\b|spring|summer|autumn|winter|noon"
    r"|midnight|\byesterday|\btoday|\btomorrow|\bweek|\bdays?\b|\bmonth|\byears?\b|\bhours?\b|\bafter\b|\bbefore\b"
    r"|\bduring\b|\bwhen\b|\bonce\b|\bnever\b",
    re.IGNORECASE,
)
# What a column is called that a word of a question asks for.
_MEANT = {
    stem(word): frozenset(map(stem, columns.split()))
    for word, columns in {
        "old": "age", "born": "birth birthday birthdate", "die": "death", "died": "death", "cost": "price fee rate",
        "much": "price cost fee amount", "many": "count number quantity", "tall": "height", "high": "height altitude",
        "long": "length duration", "heavy": "weight", "far": "distance", "big": "size area", "fast": "speed",
        "hot": "temperature", "end": "eol until expiry", "ended": "eol until expiry", "called": "name title",
        "live": "address city", "work": "job profession", "sold": "sales", "opened": "opening", "wrote": "author",
        "phone": "telephone", "when": "date time",
    }.items()
}  # fmt: skip
# Things that are called by an identifier or a name of their own: "override _wrap_chunks()" names a method.
_CALLED = frozenset(map(stem, word_set("method function option flag variable command class parameter setting macro")))
_OWN_NAME = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*|\b\w+\(\)|\b[A-Za-z]\w*_\w+|(?<!\w)_\w+")
_HOW_MANY = re.compile(r"\bhow many\b", re.IGNORECASE)
_COUNTED = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty|hundreds?|thousands?|millions?"
    r"|billions?|dozens?|once|twice|single|both|half|pair|several|none|no|unlimited|only|another|every|all)\b",
    re.IGNORECASE,
)
_LEAST = 4  # letters from which the beginning of a word tells it


class Claim:
    """What an answer to one question must carry; `passages` are all that were found for it."""

    def __init__(self, question: str, passages: Sequence[Passage]) -> None:
        self.words = [w for w in tokens(question) if w not in STOP]
        self.specific: list[str] = [m for m in _SPECIFIC.findall(question) if content_stems(m)]
        self.moment = bool(_WHEN.match(question.strip()))
        said = frozenset(s for p in passages for s in content_stems(p.text))
        self.value = [s for s in _value(question) if s in said]
        self.counted = bool(_HOW_MANY.search(question))
        self._question = question
        self.columns = frozenset(s for p in passages for name in columns_of(p.text) for s in content_stems(name))
        self._short = initials(question)
        self._wanted = {stem(w) for w in self.words} | {s for w in tokens(question) for s in _MEANT.get(stem(w), ())}
        self._known: dict[int, frozenset[str]] = {}

    def missing(self, sentence: Sentence, passage: Passage) -> str:
        """Return the words that `sentence` would have to carry and does not; empty when it carries all."""
        own = self._stems(f"{sentence.text} {sentence.cell} {sentence.head} {sentence.heading}")
        row = bool(sentence.cell or sentence.head)
        wide = own | (self._stems(passage.source) if row else self._all(passage))
        around = f"{passage.source} {passage.text}" if not row else f"{sentence.head} {sentence.text} {passage.source}"
        for name in self.specific:
            if not _is_there(name, wide, around):
                return name
        if self.value and not any(
            _stands(s, wide if sentence.item and not row else own) for s in self._asked_of(sentence)
        ):
            if not self._is_called(sentence):
                return self.value[-1]
        elif not row and (other := next((s for s in self.value[:-1] if not _stands(s, wide)), "")):
            return other  # a system of another kind
        if self.counted and not row and not _COUNTED.search(sentence.text):
            return "how many"
        if self.moment and not _MOMENT.search(sentence.text):
            return "when"
        return self._of_row(own, wide, full=bool(sentence.head)) if row else ""

    def _is_called(self, sentence: Sentence) -> bool:
        """Tell whether a sentence names a thing of the kind that is asked for by what it is called."""
        names = _OWN_NAME.findall(sentence.text) if self.value[-1] in _CALLED else []
        return any(name not in self._question for name in names)

    def _asked_of(self, sentence: Sentence) -> list[str]:
        """Return the words one of which must stand there: a column may be called "Compression", not "speed"."""
        return self.value if sentence.head else self.value[-1:]

    def fits_row(self, sentence: Sentence) -> bool:
        """Tell whether a row has every name of the question, and its cell is of the column that is asked for."""
        if not sentence.cell or not self.specific:
            return False
        if not all(_is_there(name, self._stems(sentence.text), sentence.text) for name in self.specific):
            return False
        named = {s for name in self.specific for s in content_stems(name)}
        column = self._stems(sentence.cell.partition(": ")[2])
        return any(_stands(s, column) for s in self._wanted - named)

    def share(self, passage: Passage) -> float:
        """Return which share of the question's words stands in `passage`."""
        asked = {stem(w) for w in self.words}
        return len(asked & self._all(passage)) / len(asked) if asked else 0.0

    def _of_row(self, own: frozenset[str], wide: frozenset[str], *, full: bool) -> str:
        """A row must have the columns that are asked for, and the words beside those that name it.

        Below a head all columns are there (`full`); a record leaves out those that are empty.
        """
        asked = frozenset(map(stem, self.words)) & self.columns
        if not full and (lacks := [s for s in asked if not _stands(s, own)]):
            return lacks[0]
        named = {s for name in self.specific for s in content_stems(name)}
        for one, other in pairwise(self.words):
            a, b = stem(one), stem(other)
            if (
                b in own
                and b not in named
                and a not in _MEANT
                and a not in _UNSAID
                and not _stands(a, wide)
                and a not in self.columns
                and _is_noun(one)
            ):
                return one
        return ""

    def _stems(self, text: str) -> frozenset[str]:
        """Return the stems of `text`, and those behind what it shortens."""
        found = frozenset(content_stems(text))
        return found.union(*(stems for short, stems in self._short.items() if short in found))

    def _all(self, passage: Passage) -> frozenset[str]:
        if passage.id not in self._known:
            self._known[passage.id] = self._stems(f"{passage.source} {passage.text}")
        return self._known[passage.id]


def _is_there(name: str, stems: frozenset[str], text: str) -> bool:
    """Tell whether a name or a number is said; of 1.10 and 1.1 neither is the other, RFC is in RFC8878."""
    if any(c.isdigit() for c in name) or name.startswith("-"):
        return re.search(rf"(?<![\w.]){re.escape(name)}(?![\w-]|\.\d)", text, re.IGNORECASE) is not None
    return any(
        _stands(s, stems) or any(k.startswith(s) and k[len(s) :].isdigit() for k in stems) for s in content_stems(name)
    )


def _value(question: str) -> list[str]:
    """Return the stems of the thing that is asked for by name: "uid" of "what uid does the user have"."""
    for pattern in _VALUE:
        if m := pattern.search(question):
            words = content_stems(m["value"])
            return words if words and words[-1] not in _UNSAID else []
    return []


def _is_noun(word: str) -> bool:
    """Leave out what is likely a verb or an adverb: they may be said in other words."""
    return not re.search(r"(?:ing|ed|ly)$", word)


def _stands(wanted: str, known: frozenset[str]) -> bool:
    if wanted in known:
        return True
    return len(wanted) >= _LEAST and any(
        s.startswith(wanted) or (len(s) >= _LEAST and wanted.startswith(s)) for s in known
    )
