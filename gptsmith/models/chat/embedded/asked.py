"""What a question asks for beyond its words: a definition, an option, an amount, an author, one of a kind.

Each shows in the form of the sentence that answers, whatever the subject; `fitness` says how well one fits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gptsmith.models.chat.embedded.words import content_stems, stem, tokens
from gptsmith.models.sentences import Sentence

# Names that stand for themselves: -k, --keep, BZ_OK, bzCompress, length(), max-width.
_IDENTIFIER = re.compile(
    r"(?<![\w-])--?[A-Za-z][\w-]*|\b[A-Za-z]\w*(?:_\w+)+\b|\b[a-z]+[A-Z]\w*\b|\b[A-Za-z_]\w*(?=\(\))"
    r"|\b[A-Z]{2,}\d\w*\b"
)
_DEFINED = re.compile(
    r"^(?:so |and |please )*(?:what(?:'s| is| are| does| do| was| were)|who is|who was|define|explain|describe"
    r"|tell me (?:about|what))\s+(?P<subject>.+?)(?:\s+(?:do|mean|means|stand for|is|are|for|return|check|about"
    r"|used for|good for))*[?.! ]*$",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"\bhow (?:many (?P<noun>[a-z]{3,})|many|much|long|far|tall|high|big|large|wide|deep|heavy|often|old)\b",
    re.IGNORECASE,
)
_WORDED = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundreds?"
    r"|thousands?"
    r"|million|billion|half|quarter|dozen|once|twice|several|every|daily|weekly|never|always|free|none|no"
    r"|unlimited)\b",
    re.IGNORECASE,
)
_WRITER = re.compile(r"\bwho (?:wrote|made|created|developed|invented|designed|is the author|are the authors)\b", re.I)
_WROTE = re.compile(
    r"\b(?:author|authors|written|wrote|created|developed|made|invented|designed|maintained|copyright)\b", re.IGNORECASE
)
_KIND = re.compile(
    r"\b(?:which|what (?:kind|sort|type) of|what)\s+(?P<noun>[a-z]{3,})\b(?! (?:is|are|does) )", re.IGNORECASE
)
_IS = re.compile(
    r"(?:is|are|was|were|means?|refers?|describes?|stands?|lets?|allows?|takes?|learns?|says?|shows?|controls?|returns?"
    r"|defines?)"
)


@dataclass(frozen=True)
class Asked:
    """`names` are the identifiers in the question, `subject` the stems of what is to be defined."""

    names: tuple[str, ...]
    subject: frozenset[str]
    stems: frozenset[str]
    amount: str  # what is counted: "day" in "how many days", "?" when it is not said
    writer: bool
    kind: str
    why: bool
    whether: bool  # to be answered by yes or no


_REASON = re.compile(
    r"\b(?:because|since|as|so|therefore|thus|otherwise|would|keeps?|prevents?|protects?|avoids?|reasons?|causes?"
    r"|due to|in order to|comes? from)\b",
    re.IGNORECASE,
)
_WHETHER = re.compile(
    r"^(?:(?:and|but|so|hi|hello|please)[, ]+)*(?:may|can|could|should|must|is|are|do|does|am|will|would)\b",
    re.IGNORECASE,
)
_ALLOWS = re.compile(
    r"\b(?:allowed|permitted|forbidden|prohibited|admitted|welcome|may|must|can|cannot|need|needs|required|free"
    r"|available"
    r"|offers?|provided|included|borrowed|accepted|possible|not|only|never|except|without)\b",
    re.IGNORECASE,
)


def read_question(question: str) -> Asked:
    """Read what a question asks for."""
    defined = _DEFINED.match(question.strip())
    subject = frozenset(content_stems(defined["subject"])) if defined else frozenset()
    kind = _KIND.search(question)
    return Asked(
        names=tuple(dict.fromkeys(_IDENTIFIER.findall(question))),
        subject=subject if len(subject) <= 4 else frozenset(),
        stems=frozenset(content_stems(question)),
        amount=(stem(amount["noun"].lower()) if amount["noun"] else "?")
        if (amount := _AMOUNT.search(question))
        else "",
        writer=bool(_WRITER.search(question)),
        kind=stem(kind["noun"].lower()) if kind else "",
        why=bool(re.search(r"\bwhy\b", question, re.IGNORECASE)),
        whether=bool(_WHETHER.match(question)),
    )


def _adds(asked: Asked, sentence: Sentence) -> bool:
    """Tell whether a sentence says anything that the question did not say itself."""
    said = set(content_stems(sentence.text))
    return bool(said - asked.stems) or any(w.isdigit() for w in tokens(sentence.text))


def fitness(asked: Asked, sentence: Sentence) -> float:
    """Return how much likelier (above 0) or unlikelier an answer the sentence is for what is asked."""
    text = sentence.text
    score = 0.0
    if asked.names:
        score += max(_named(n, sentence) for n in asked.names)
    if asked.subject and not asked.names:
        score += _defining(asked.subject, text)
    if asked.amount and not re.search(r"\d", text) and not _WORDED.search(text):
        score -= 1.2
    elif asked.amount not in ("", "?") and re.search(rf"\d[\d.,]*\s+{re.escape(asked.amount)}", text, re.IGNORECASE):
        score += 0.6
    if asked.writer and re.search(r"\b[A-Z][\w'’-]+ [A-Z]|\bby [A-Z]", text):
        score += 2.5 if _WROTE.search(sentence.heading) else 1.5 if _WROTE.search(text) else 0.0
    if asked.why and _REASON.search(text):
        score += 0.5
    if asked.whether and _ALLOWS.search(text):
        said = set(content_stems(text))
        shared = [a for a in asked.stems if a in said or (len(a) > 3 and any(s.startswith(a) for s in said))]
        score += 0.8 if shared else 0.0
    if not _adds(asked, sentence) or len(tokens(text)) < 4:
        score -= 1.0
    if asked.kind and re.search(rf"\b[A-Z][\w-]+(?: [\w-]+){{0,4}} {re.escape(asked.kind)}\w*", text[1:]):
        score += 0.6
    return score


def _named(name: str, sentence: Sentence) -> float:
    """An entry that begins with the name explains it; a sentence without it speaks of something else."""
    here = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    first = sentence.text.split("\n", 1)[0]
    if here.search(first) and len(tokens(first)) <= 6 and len(tokens(sentence.text)) > len(tokens(first)):
        return 4.5
    if here.search(sentence.heading):
        return 2.5
    if m := here.search(sentence.text):
        return 1.6 if m.start() < 3 else 1.0
    return -1.5


def _defining(subject: frozenset[str], text: str) -> float:
    """A sentence that begins with the subject and says what it is."""
    words = tokens(text)[:9]
    at = [i for i, w in enumerate(words) if stem(w) in subject]
    if len({stem(words[i]) for i in at}) < len(subject) or not at:
        return 0.0
    after = words[at[-1] + 1 : at[-1] + 3]
    return 0.7 if any(_IS.fullmatch(w) for w in after) and at[0] <= 3 else 0.0
