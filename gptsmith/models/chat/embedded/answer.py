"""Answers from passages: which sentences answer a question, word for word, or that none does.

`_WEIGHTS` are those of a logistic regression on public question sets; `docs/embedded.md` has the numbers.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gptsmith.models.chat.embedded.sentences import Sentence, split_sentences
from gptsmith.models.chat.embedded.words import content_stems, tokens
from gptsmith.models.passages import Passage

Encode = Callable[[list[str]], NDArray[np.float32]]

_TYPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "when",
        re.compile(
            r"\b(?:when|what (?:year|date|day|month|century|decade|time)|which (?:year|day|date|century|days?)"
            r"|in what year|how (?:old|early|late)|since when)\b",
            re.I,
        ),
    ),
    (
        "count",
        re.compile(
            r"\b(?:how (?:many|much|long|far|tall|high|big|large|wide|deep|heavy|often|hot|fast|expensive)"
            r"|what (?:percent\w*|number|amount|temperature|price|cost|height|size|share|fraction|proportion)"
            r"|at what temperature|which number)\b",
            re.I,
        ),
    ),
    (
        "who",
        re.compile(
            r"\b(?:who|whom|whose|what (?:person|man|woman|king|author|company|team|player|general|president)"
            r"|which (?:person|man|woman|king|team|player|company|author|president))\b",
            re.I,
        ),
    ),
    (
        "where",
        re.compile(
            r"\b(?:where|(?:what|which|in what) (?:city|country|place|state|town|room|street|continent|region"
            r"|county|river|location|area))\b",
            re.I,
        ),
    ),
    ("why", re.compile(r"\b(?:why|what (?:caused|causes|reason)|for what reason)\b", re.I)),
)
_HAS: dict[str, re.Pattern[str]] = {
    "when": re.compile(
        r"\b(?:1[0-9]{3}|20[0-9]{2}|\d{1,2}(?:st|nd|rd|th)|\d{1,2}:\d{2}|\d{1,2} ?[ap]\.?m|(?:mon|tues|wednes"
r"|thurs|fri|satur|sun)days?|january|february|march|april|may"
        r"|june|july|august|september|october|november|december|century|centuries|spring|summer|autumn|winter"
r"|noon|midnight|daily|years? (?:ago|old|later)|today|decade|\d{3,4} ?(?:BC|AD|CE|BCE)|\d+ years?)\b", re.I),
    "count": re.compile(r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty"
r"|forty|fifty|hundred|thousand|million|billion|half|third|quarter|dozen|once|twice|several|every|percent|no)\b", re.I),
    "why": re.compile(r"\b(?:because|since|so that|due to|in order to|as a result|therefore|caused?|reasons?"
r"|to \w+|for|thus|owing|led)\b", re.I),
}  # fmt: skip
_NEAR = 0.4  # cosine below which a sentence speaks of something else
_WHAT_TO_DO = re.compile(r"\bwhat (?:now|next|to do|(?:should|do|can|must|shall) (?:i|we) do)\b", re.I)
_LEANS = re.compile(r"(?:This|That|These|Those)\b")  # is understood only with the sentence before
_NAME = re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][\w'’-]+")
_WEIGHTS = {
    "bias": -5.79,
    "near": 1.47,
    "passage": 1.25,
    "cover": 2.66,
    "type": 0.28,
    "gap": 0.86,
    "names": 1.39,
    "near_cover": 1.80,
    "near_passage": 1.20,
}


@dataclass(frozen=True)
class Quote:
    """A sentence of passage `id`, word for word."""

    id: int
    text: str


@dataclass(frozen=True)
class Candidate:
    """A sentence with its features; `chance` is how likely it answers."""

    passage: Passage
    index: int
    sentence: Sentence
    features: dict[str, float]
    score: float

    @property
    def chance(self) -> float:
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, self.score))))


def choose(question: str, ranked: list[Candidate], *, least: float, limit: int = 3) -> list[Quote]:
    """Return one to `limit` of the ranked sentences, best passage first; none when no sentence answers.

    `least` is the chance from which a sentence is taken for an answer.
    """
    if not ranked or ranked[0].chance < least:
        return []
    best = ranked[0]
    chosen = [best]
    if _LEANS.match(best.sentence.text):
        chosen += [c for c in ranked if c.passage is best.passage and c.index == best.index - 1]
    if _WHAT_TO_DO.search(question):
        chosen += [c for c in ranked if c.passage is best.passage and c.index == best.index + 1]
    for other in ranked[1:]:
        if len(chosen) == limit:
            break
        close = other.chance >= max(least, 0.55 * best.chance) and other.score > best.score - 1.0
        beside = other.passage is best.passage and abs(other.index - best.index) == 1
        if (close or (beside and other.chance >= 0.6 * best.chance)) and other.sentence.text not in {
            c.sentence.text for c in chosen
        }:
            chosen.append(other)
    order = {id(c.passage): i for i, c in reversed(list(enumerate(chosen)))}
    chosen.sort(key=lambda c: (order[id(c.passage)], c.index))
    return [Quote(c.passage.id, c.sentence.text) for c in chosen]


def nearest(ranked: list[Candidate]) -> list[Quote]:
    """Return the sentence that is nearest in meaning, though it may not answer; none when all are far."""
    best = max(ranked, key=lambda c: c.features["near"], default=None)
    return [Quote(best.passage.id, best.sentence.text)] if best and best.features["near"] >= _NEAR else []


def rank(question: str, passages: list[Passage], encode: Encode) -> list[Candidate]:
    """Return the sentences of `passages` with their scores, the likeliest answer first."""
    pool = [
        (p, i, s)
        for p in passages
        for i, s in enumerate(split_sentences(p.text))
        if not s.is_heading and len(s.text) > 2
    ]
    if not pool:
        return []
    passage_of = {id(p): i for i, p in enumerate(passages)}
    texts = [_in_context(s) for _, _, s in pool]
    rows = encode([question, *texts, *[p.text for p in passages]])
    near = rows[1 : 1 + len(pool)] @ rows[0]
    whole = rows[1 + len(pool) :] @ rows[0]
    asked = _question_stems(question)
    rarity = _rarity([set(content_stems(t)) for t in texts], asked)
    kind = next((k for k, pattern in _TYPES if pattern.search(question)), "")
    best_near = sorted(near, reverse=True)
    gap = float(best_near[0] - best_near[min(2, len(best_near) - 1)])
    found = []
    for (p, i, s), text, n in zip(pool, texts, near, strict=True):
        around = _neighbours(p, i)
        features = {
            "bias": 1.0,
            "near": float(n),
            "passage": float(whole[passage_of[id(p)]]),
            "cover": _cover(asked, rarity, text, around),
            "type": _agrees(kind, s.text, question),
            "gap": gap,
            "names": _names_kept(question, f"{text} {p.text}"),
        }
        features["near_cover"] = features["near"] * features["cover"]
        features["near_passage"] = features["near"] * features["passage"]
        score = sum(_WEIGHTS[k] * v for k, v in features.items())
        found.append(Candidate(p, i, s, features, score))
    return sorted(found, key=lambda c: -c.score)


def _in_context(s: Sentence) -> str:
    """A sentence under a heading is often only understood with it."""
    return f"{s.heading}: {s.text}" if s.heading else s.text


def _question_stems(question: str) -> set[str]:
    return set(content_stems(question)) or set(tokens(question))


def _rarity(texts: list[set[str]], asked: set[str]) -> dict[str, float]:
    counts = Counter(w for t in texts for w in t if w in asked)
    return {w: math.log(1 + (len(texts) + 1) / (counts[w] + 0.5)) for w in asked}


def _neighbours(p: Passage, index: int) -> str:
    sentences = split_sentences(p.text)
    return " ".join(s.text for s in sentences[max(0, index - 1) : index])


def _cover(asked: set[str], rarity: dict[str, float], text: str, around: str) -> float:
    """The share of the question's words that stand in the sentence; those of the sentence before count a third."""
    here, near = set(content_stems(text)), set(content_stems(around))
    total = sum(rarity.values()) or 1.0
    return sum(rarity[w] * (1.0 if w in here else 0.33 if w in near else 0.0) for w in asked) / total


def _agrees(kind: str, sentence: str, question: str) -> float:
    """1 when the sentence has what the question word asks for, -1 when it lacks it, 0 when nothing is asked for."""
    if not kind:
        return 0.0
    if kind in _HAS:
        said = set(re.findall(r"\d+", question))
        hit = _HAS[kind].search(re.sub(rf"\b(?:{'|'.join(said)})\b", "", sentence) if said else sentence)
        return 1.0 if hit else -1.0
    asked = {w.lower() for w in re.findall(r"[\w'’-]+", question)}
    names = [w for w in _NAME.findall(sentence) if w.lower() not in asked]
    first = re.match(r"[A-Z][\w'’-]+", sentence)
    lead = bool(
        first
        and first.group(0).lower() not in asked
        and first.group(0).lower() not in {"the", "a", "an", "in", "it", "this", "these", "on", "at", "for"}
    )
    return 1.0 if names else 0.3 if lead else -1.0


def _names_kept(question: str, text: str) -> float:
    """The share of the question's names and numbers that the passage has; 1 when it has none."""
    names = [w for w in re.findall(r"(?<!^)(?<![.!?] )\b(?:[A-Z][\w'’-]+|\d[\d.,]*)", question) if w.lower() != "i"]
    low = text.lower()
    return sum(w.lower().removesuffix("'s").removesuffix("’s") in low for w in names) / len(names) if names else 1.0
