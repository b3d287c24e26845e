"""Questions that a file answers, made by grammar from the file's own text; no model is shown it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gptsmith.agent.builder.language.description import language
from gptsmith.agent.builder.language.mentions import VERBS, telling_phrase
from gptsmith.agent.builder.testing.known import question
from gptsmith.errors import GptsmithError
from gptsmith.models.text import Sentence, split_sentences

MOST = 6  # questions for one file
_BYTES = 8 * 1024 * 1024
_CHARACTERS = 60_000
_SECONDS = 15.0

_SUBJECT = r"(?P<s>[A-Z][^,;:()?!]{2,60}?)"
# What a sentence says, and the question that it answers; {s} is its subject.
_FORMS = tuple(
    (re.compile(rf"^{_SUBJECT} {pattern}"), asked)
    for pattern, asked in (
        (r"(?P<v>costs?) (?P<a>.+)", "What {do} {s} cost?"),
        (r"(?P<b>is|are) (?P<v>open|closed) (?P<a>.+)", "When {b} {s} {v}?"),
        (
            r"(?P<b>was|were) (?P<v>\w+ed|made|built|found|born|written|sold|drawn)(?: \w+)? "
            r"(?P<a>(?:in|on) (?:\w+ )?\d{4}.*)",
            "When {b} {s} {v}?",
        ),
        (
            r"(?P<b>is|are) (?P<v>\w+ed|made|kept|held|paid|sent) "
            r"(?P<a>within \w* ?\d+ (?:minute|hour|day|week|month|year).*)",
            "When {b} {s} {v}?",
        ),
        (r"(?P<v>takes?|lasts?) (?P<a>(?:about |around )?\d.+)", "How long {do} {s} {base}?"),
        (r"(?P<v>starts?|begins?|ends?|closes?|opens?) (?P<a>(?:at|on|in) .+)", "When {do} {s} {base}?"),
        (r"(?P<v>weighs?|contains?|needs?|covers?|includes?|uses?) (?P<a>.+)", "What {do} {s} {base}?"),
        (r"(?P<v>consists?) of (?P<a>.+)", "What {do} {s} consist of?"),
        (r"(?P<b>is|are) called (?P<a>.+)", "What {b} {s} called?"),
        (r"(?P<b>is|are) (?P<a>(?:an?|the) .+)", "What {b} {s}?"),
    )
)
# fmt: off
_NO_SUBJECT = frozenset((
    "it", "this", "that", "these", "those", "they", "there", "he", "she", "we", "you", "i", "if", "when", "while",
    "each", "is", "are", "was", "were", "be", "been", "has", "have", "had", "can", "could", "may", "must", "will",
    "would", "should", "do", "does", "did", "not", "which", "who", "what", "how", "and", "or", "but", "than",
    "because",
))
_DETERMINERS = frozenset((
    "The", "A", "An", "Our", "Its", "Your", "All", "Every", "Most", "Some", "Any", "Two", "Three", "Four", "Many",
))
# fmt: on
_FULL_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z'’-]{2,}(?: (?:of|de|von|van|the) )?(?: ?[A-Z][a-z'’-]{2,}){1,3}")
_MARKS = re.compile(r"^(?:[\d.]+\s+|\(?[a-z]\)\s+)")


@dataclass(frozen=True)
class Question:
    """A question, and a phrase that stands in the file and belongs in the answer; empty when there is no good one."""

    message: str
    phrase: str = ""


def read_texts(files: Iterable[Path]) -> dict[str, str]:
    """Return by file name what each file says; a file that cannot be read is left out, its receipt says why."""
    from gptsmith.rag.reading.parsed import Unreadable
    from gptsmith.rag.reading.process import ReadingProcess

    found: dict[str, str] = {}
    with ReadingProcess(_SECONDS) as reader:
        for file in files:
            try:
                if file.stat().st_size <= _BYTES:
                    found[file.name] = reader.read(file.read_bytes(), file.name).text
            except (OSError, Unreadable, GptsmithError):
                continue  # the knowledge's own receipt says why; a test of it is not proposed
    return {name: text for name, text in found.items() if text.strip()}


def questions(name: str, text: str) -> list[Question]:
    """Return up to six questions that the file `name` answers, the most telling first."""
    sentences = split_sentences(text[:_CHARACTERS])
    said = [s for s in sentences if not s.is_heading and 4 <= len(s.text.split()) <= 40]
    exact = []
    if language(text[:4000]) == "en":
        exact = [found for s in said if (found := _asked(s, text))]
        exact.sort(key=lambda q: not q.phrase[:1].isdigit())
    by_heading = [
        Question(_about(name, s, text), telling_phrase(_MARKS.sub("", s.text), s.heading)) for s in _firsts(said)
    ]
    by_name = [] if by_heading else [found for s in said if (found := _of_name(s, text))][:3]
    out: dict[str, Question] = {}
    for found in [*exact[: MOST - 2], *by_heading, *by_name, *(Question(q.message) for q in by_heading[:1])]:
        out.setdefault(f"{found.message}\0{found.phrase}", found)
    return list(out.values())[:MOST]


def _asked(sentence: Sentence, text: str) -> Question | None:
    """Turn a statement into the question that it answers, where the grammar knows it."""
    said = _MARKS.sub("", sentence.text)
    for form, asked in _FORMS:
        match = form.match(said)
        if match is None:
            continue
        subject, phrase = _subject(match["s"], text), telling_phrase(match["a"], match["s"])
        found = match.groupdict()
        verb, one = found.get("v") or "", (found.get("v") or "").endswith("s")
        many = found["b"] in ("are", "were") if "b" in found else not one
        if not subject or not phrase or many != bool(re.search(r"[^s]s$", subject)):
            continue
        stem = verb[:-1] if one else verb
        return Question(
            asked.format(s=subject, do="does" if one else "do", b=found.get("b"), v=verb, base=stem), phrase
        )
    return None


def _subject(words: str, text: str) -> str:
    """Return the subject as it stands inside a sentence; empty when it is none that can be asked about."""
    first, *rest = words.split()
    if len(rest) > 7 or _NO_SUBJECT & {w.lower() for w in (first, *rest)} or first.lower() in VERBS:
        return ""
    if first in _DETERMINERS:
        return f"{first.lower()} {' '.join(rest)}" if rest else ""
    proper = re.search(rf"\b{re.escape(first.lower())}\b", text) is None and not first.endswith(("ed", "ing"))
    return words if proper else words[0].lower() + words[1:]


def _of_name(sentence: Sentence, text: str) -> Question | None:
    """Ask about a name of two words or more, where its sentence also gives a figure."""
    found = _FULL_NAME.search(sentence.text)
    phrase = telling_phrase(sentence.text, found[0]) if found else ""
    if found is None or not phrase[:1].isdigit():
        return None
    asked = f"What do the files say about {found[0]}?" if language(text[:4000]) == "en" else f"{found[0]}?"
    return Question(asked, phrase)


def _firsts(sentences: list[Sentence]) -> list[Sentence]:
    """Return the first sentence under each heading."""
    seen: dict[str, Sentence] = {}
    for sentence in sentences:
        if sentence.heading:
            seen.setdefault(sentence.heading, sentence)
    return list(seen.values())[:3]


def _about(name: str, sentence: Sentence, text: str) -> str:
    heading = re.sub(r"\s*\([^)]*\)", "", _MARKS.sub("", sentence.heading)).strip(" .:")
    return question(name, heading) if language(text[:4000]) == "en" else f"{heading}?"
