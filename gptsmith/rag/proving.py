"""Questions made from a file and asked of its index: the proof in a receipt that what the file says can be found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from gptsmith.models.chat.embedded.words import STOP, language_of
from gptsmith.models.text import Sentence, split_sentences
from gptsmith.rag.hit import Hit
from gptsmith.rag.receipt import Proof
from gptsmith.rag.search import page_at

QUESTIONS = 3

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NUMBERED = re.compile(r"\w*\d[\w.:-]*")
_FIELD = re.compile(r"(?:^[ \t]*- |; )([^\n:;]{1,80}): ([^\n;]+)")
_DEFINED = re.compile(r"^((?:The|An?|This)? ?[^\W\d_][\w'’ -]{1,60}?) (is|are|was|were) (?!not\b)(?=\w)")
_ASKED = {
    "de": "Was steht hier über {}?", "fr": "Que dit-on de {} ?", "es": "¿Qué se dice de {}?",
    "pt": "O que se diz de {}?", "it": "Che cosa si dice di {}?", "nl": "Wat staat er over {}?",
    "pl": "Co napisano o: {}?", "sv": "Vad står det om {}?", "xx": "{}?",
}  # fmt: skip
_OPENERS = frozenset(
    "it this that these those there he she they we you i here what which who if when such all some each".split()  # noqa: SIM905 - readable
)
_LEAST_WORDS, _MOST_LETTERS = 5, 400
_RARE = 3  # passages with a word, until which it tells them from the others
_LOOKED_AT = 12  # passages in which a good sentence is looked for, for each question


class Question(NamedTuple):
    """A question with the place of the sentence that it was made from."""

    question: str
    start: int
    end: int


def questions(text: str, passages: Sequence[tuple[int, int]], spread: Callable[[str], int]) -> list[Question]:
    """Make up to three questions from `passages` of a document, from places all over it.

    `spread` tells in how many passages of the whole index a word stands: a question asks for what is said here alone.
    """
    return [Question(*found) for found in _questions(text, passages, spread)]


def prove(
    asked: Sequence[Question], text: str, pages: Sequence[int], document_id: str, search: Callable[[str], list[Hit]]
) -> list[Proof]:
    """Ask each question of `search`; it is proven where the sentence of the document comes back."""
    return [
        _asked(question, start, end, text, page_at(pages, start), document_id, search(question))
        for question, start, end in asked
    ]


def _asked(
    question: str, start: int, end: int, text: str, page: int | None, document_id: str, hits: Sequence[Hit]
) -> Proof:
    proof = Proof(question=question, found=False, quote=text[start:end], start=start, end=end, page=page)
    for rank, hit in enumerate(hits, 1):
        if hit.document_id == document_id and hit.start <= start and end <= hit.end:
            proof.found, proof.rank, proof.chunk_id = True, rank, hit.chunk_id
            break
    return proof


def _questions(
    text: str, passages: Sequence[tuple[int, int]], spread: Callable[[str], int]
) -> Iterator[tuple[str, int, int]]:
    """Yield questions with the place of the sentence that each is made from, no sentence and no question twice."""
    used: set[str] = set()
    for part in _parts(passages):
        for start, end in part[:_LOOKED_AT]:
            found = [(s, q) for s in _fit(text[start:end]) if (q := _question(s, spread)) and not {q, s.text} & used]
            if found:
                sentence, question = max(found, key=lambda one: _worth(one[0], spread))
                used |= {question, sentence.text}
                yield question, start + sentence.start, start + sentence.end
                break


def _parts(passages: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Return the passages once for each question, each time from another part of the document on."""
    count = len(passages)
    starts = [round(count * i / QUESTIONS) for i in range(QUESTIONS)]
    return [[*passages[start:], *passages[:start]] for start in starts]


def _fit(passage: str) -> list[Sentence]:
    """Return the sentences that say something by themselves: no headings, fragments, machinery or questions."""
    found = []
    for s in split_sentences(passage):
        letters = sum(c.isalpha() for c in s.text)
        long_enough = len(_WORD.findall(s.text)) >= _LEAST_WORDS or bool(s.cell) or not s.text[:1].isascii()
        whole = (s.start > 0 and s.end < len(passage.rstrip())) or s.text.rstrip()[-1:] in ".!。！;:" or bool(s.cell)
        if s.is_heading or s.text.endswith("?") or len(s.text) > _MOST_LETTERS or not long_enough or not whole:
            continue
        if letters >= 0.5 * len(s.text):
            found.append(s)
    return found or [s for s in split_sentences(passage) if not s.is_heading and sum(map(str.isalpha, s.text)) >= 4]


def _question(sentence: Sentence, spread: Callable[[str], int]) -> str:
    """Return a question that the sentence answers; empty when it has no words to ask about."""
    fields = _FIELD.findall(sentence.text)
    if sentence.cell and len(fields) > 1:
        key = next((value for _, value in fields if _WORD.search(value)), fields[0][1])
        column = next((name for name, value in reversed(fields) if value != key), "")
        return f"What is the {column} of {key}?" if column else ""
    defined = _DEFINED.match(" ".join(sentence.text.split()))
    subject = defined[1] if defined else ""
    rare = min((spread(w) for w in _telling(subject, spread)), default=_RARE + 1) <= _RARE
    if defined and rare and subject.split()[0].lower() not in _OPENERS and len(subject.split()) <= 6:
        lower = subject[0].lower() + subject[1:] if subject.split()[0] in ("The", "A", "An", "This") else subject
        return f"What {defined[2]} {lower}?"
    said = _telling(f"{sentence.heading} {sentence.text}" if len(sentence.text) < 60 else sentence.text, spread)
    if not said:
        return ""
    form = _ASKED.get(language_of(sentence.text), "What is said about {}?")
    return form.format(_listed(said))


def _telling(text: str, spread: Callable[[str], int]) -> list[str]:
    """Return the five words of a sentence that tell it best, in their order: those that stand in fewest passages."""
    words = [w for w in dict.fromkeys([*_WORD.findall(text), *_NUMBERED.findall(text)]) if w.lower() not in STOP]
    words = [w for w in words if len(w) > 2 or any(c.isdigit() for c in w) or not w.isascii()]
    best = sorted((w for w in words if spread(w)), key=lambda w: (spread(w), -len(w)))[:5]
    return [w for w in words if w in best]


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words)


def _worth(sentence: Sentence, spread: Callable[[str], int]) -> float:
    """Prefer sentences that define or name something, of a middling length."""
    length = len(sentence.text)
    defines = 1.0 if _DEFINED.match(sentence.text) else 0.0
    rare = sum(1 for w in _telling(sentence.text, spread) if spread(w) <= _RARE)
    return defines + 0.5 * rare - abs(length - 120) / 200
