"""A sentence that was found in a file, said as an answer to the question; what it adds or turns round is not shown."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded import language
from gptsmith.models.chat.embedded.tasks import line, prompt
from gptsmith.models.chat.embedded.words import content_stems
from gptsmith.models.chat.local.writer import Writer
from gptsmith.models.sentences import split_sentences

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_NAME = re.compile(r"(?<![.!?…:]\s)(?<!^)\b[A-ZÀ-Ý][\w'’-]+")
_NOT = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|without|neither|nor|cannot|except|unless|only|nicht|kein\w*|nie|ohne|nur|pas"
    r"|jamais|sans|sin|nunca|ningun\w*|solo|sólo)\b|n['’]t\b",
    re.IGNORECASE,
)
_JUDGED = re.compile(r"^(?:yes|no|ja|nein|oui|non|sí|si)\b[,.!:]?\s*", re.IGNORECASE)  # the reader judges better
_MOST_NEW = 1  # words of a clause that the file has not


def say(writer: Writer, question: str, found: str) -> str:
    """Return `found` said as an answer to `question`, or "" where what the model says is not carried by `found`.

    Raises as `Writer.write` does.
    """
    grammar = f"root ::= {line(2, 40 + len(found) * 3 // 2)}"
    said = writer.write(prompt("saying"), f"Question: {question}\nFound: {found}", grammar=grammar, tokens=120)
    said = _JUDGED.sub("", said)
    said = said[:1].upper() + said[1:]
    return said if is_carried(said, question, found) else ""


def is_carried(said: str, question: str, found: str) -> bool:
    """Tell whether each clause of `said` is carried by a sentence of `found`.

    Every number and name of it stands in that sentence, it denies what that one denies, and it has no word of the
    question that `found` has not: a season ticket that is asked for is not the day ticket that was found.
    """
    if not said or language.of(said) != language.of(found):
        return False
    sources = [s.text for s in split_sentences(found)] or [found]
    known, asked = set(content_stems(found)), set(content_stems(question))
    clauses = [c for s in split_sentences(said) for c in s.text.split(";") if c.strip()]
    words = set(content_stems(said))
    return not (words & asked) - known and all(_stands_on(c, sources, known) for c in clauses)


def _stands_on(clause: str, sources: list[str], known: set[str]) -> bool:
    words = set(content_stems(clause))
    best = max(sources, key=lambda source: len(words & set(content_stems(source))))
    return (
        bool(words & set(content_stems(best)))
        and set(_NUMBER.findall(clause)) <= set(_NUMBER.findall(best))
        and all(name.casefold() in best.casefold() for name in _NAME.findall(clause))
        and bool(_NOT.search(clause)) == bool(_NOT.search(best))
        and len(words - known) <= _MOST_NEW
    )
