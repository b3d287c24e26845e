"""Answers from passages: which sentences answer a question, word for word, or that none does.

`_WEIGHTS` are those of a logistic regression on public question sets; `docs/embedded.md` has the numbers.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from gptsmith.models.chat.embedded.carried import Claim
from gptsmith.models.chat.embedded.evidence import Encode, fitness, gather, pieces, read_question
from gptsmith.models.chat.embedded.words import content_stems
from gptsmith.models.chat.messages import Passage
from gptsmith.models.text import Sentence, split_sentences

# How an answer is to sound says nothing of what it is about, and no sentence of a file holds it.
_MANNER = re.compile(
    r"^(?:(?:can|could|would) you )?(?:please )?(?:explain|describe|define|summari[sz]e|outline|teach me"
    r"|tell (?:me|us)(?: more)?(?: about)?)\b(?: to (?:me|us)\b)?(?=\s+\S)"
    r"|\b(?:(?:in|with|using) (?:very )?(?:simple|plain|easy|short|few|a few|your own|other|everyday)"
    r" (?:words?|terms|sentences?|language|english)|in (?:short|brief|a nutshell|one sentence|detail)"
    r"|briefly|step by step"
    r"|(?:as if|like) i(?:'m| am| were|'m a| was) [\w ]{1,20})\b",
    re.IGNORECASE,
)
_WEIGHTS = {
    "bias": -6.03,
    "near": 0.87,
    "passage": 1.19,
    "cover": 1.84,
    "soft": 1.47,
    "type": 0.21,
    "gap": 0.76,
    "lead": 0.77,
    "names": 1.35,
    "near_cover": 1.22,
    "near_soft": 1.23,
    "near_passage": 0.86,
}
# How likely the best sentence answers, and not only comes near: the same questions, those that have no answer too. One
# false answer was taken to be as bad as four missed ones, which is what the bias leans to.
_SILENCE = {"bias": -4.33, "score": 0.59, "near": 4.81, "said": 2.04}
THRESHOLD = 0.28
_ROW = 2.5  # of score: a row that names what is asked about, in the column that is asked for
_ENTRY = 5  # words of a line that names what is explained below it
_LOOKED_AT = 3  # sentences that tell whether the files are silent
_WORTH = 0.05  # the chance from which it is worth looking whether a sentence carries what is asked
_NEARBY = 0.4  # cosine below which a sentence that shares few words speaks of something else
_NEAR_WEIGHT = 4.0  # of nearness, where no sentence is likely to answer
_LEANS = re.compile(r"(?:This|That|These|Those)\b")  # is understood only with the sentence before
_WHAT_TO_DO = re.compile(r"\bwhat (?:now|next|to do|(?:should|do|can|must|shall) (?:i|we) do)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Quote:
    """A sentence of passage `id`, word for word."""

    id: int
    text: str


_LISTED = 8  # items of a list that are said as a whole


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
        return 0.0 if self.features.get("lacks") else min(_chance(self.score), self.features.get("heard", 1.0))


def _chance(score: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))


def choose(question: str, ranked: list[Candidate], *, least: float = THRESHOLD, limit: int = 3) -> list[Quote]:
    """Return the one to `limit` sentences that answer, best passage first; none when no sentence does.

    `ranked` is what `rank` gives; `least` is the chance from which a sentence is taken for an answer.
    """
    if not ranked or ranked[0].chance < least:
        return []
    best = ranked[0]
    chosen = [best]
    if _LEANS.match(best.sentence.text):
        chosen += [c for c in ranked if c.passage is best.passage and c.index == best.index - 1]
    if best.sentence.item:  # an item is one thought: what it says further on belongs to it
        chosen += sorted((c for c in ranked if _same_item(c, best) and c.index > best.index), key=lambda c: c.index)
        del chosen[limit:]
    elif _WHAT_TO_DO.search(question):
        chosen += [c for c in ranked if c.passage is best.passage and c.index == best.index + 1]
    asked = set(content_stems(question))
    margin = 0.5 if read_question(question).subject else 1.0  # what defines a thing needs less beside it
    for other in ranked[1:]:
        if len(chosen) >= limit:
            break
        close = other.chance >= max(least, 0.55 * best.chance) and other.score > best.score - margin
        away = abs(other.index - best.index) if _joined(other, best) else math.inf
        beside, nearby = away == 1, away <= 2
        adds = nearby and other.chance >= 0.5 * least and bool(asked & _said(other) - _said(best))
        if (close or adds or (beside and other.chance >= 0.6 * best.chance)) and other.sentence.text not in {
            c.sentence.text for c in chosen
        }:
            chosen.append(other)
    if best.sentence.text.rstrip().endswith(":") or _opens_list(best):
        chosen += _list_below(best, ranked, chosen)
    order = {id(c.passage): i for i, c in reversed(list(enumerate(chosen)))}
    chosen.sort(key=lambda c: (order[id(c.passage)], c.index))
    quotes = [Quote(c.passage.id, text) for c in chosen for text in (c.sentence.head, c.sentence.text) if text]
    return list(dict.fromkeys(quotes))  # the head of a table once, before its rows


def _opens_list(one: Candidate) -> bool:
    """Tell whether a sentence is followed by the things that it announces: "The valid values are:"."""
    return not one.sentence.item and one.passage.text[one.sentence.end : one.sentence.end + 1] == ":"


def _list_below(one: Candidate, ranked: list[Candidate], chosen: list[Candidate]) -> list[Candidate]:
    """Return the items right below a sentence, those that are chosen already apart; none where the list is long."""
    below = {c.index: c for c in ranked if c.passage is one.passage and c.index > one.index}
    found: list[Candidate] = []
    at = one.index + 1
    while at in below and below[at].sentence.item:
        found.append(below[at])
        at += 1
    known = {c.sentence.text for c in chosen}
    return [c for c in found if c.sentence.text not in known] if len(found) <= _LISTED else []


def _same_item(one: Candidate, other: Candidate) -> bool:
    return one.passage is other.passage and one.sentence.item == other.sentence.item


def _joined(one: Candidate, other: Candidate) -> bool:
    """Tell whether two sentences are of one text; the items of a list speak each of something else."""
    return _same_item(one, other) or (one.passage is other.passage and not (one.sentence.item and other.sentence.item))


def _said(candidate: Candidate) -> set[str]:
    return set(content_stems(candidate.sentence.text))


def nearest(ranked: list[Candidate]) -> Quote | None:
    """Return the sentence that comes nearest, though it may not answer; None when all speak of something else."""
    about = [c for c in ranked if _speaks_of_it(c.features)]
    best = max(about, key=lambda c: c.score + _NEAR_WEIGHT * c.features["near"], default=None)
    return Quote(best.passage.id, best.sentence.text) if best else None


def _speaks_of_it(f: dict[str, float]) -> bool:
    return f["near"] >= _NEARBY or f["cover"] >= 0.55 or (f["near"] >= 0.3 and f["soft"] >= 0.6)


def rank(question: str, passages: list[Passage], encode: Encode) -> list[Candidate]:
    """Return the sentences of `passages` with their scores, the likeliest answer first."""
    pool = pieces(passages)
    if not pool:
        return []
    question = _MANNER.sub(" ", question).strip(" ,.") or question
    asked = read_question(question)
    claim = Claim(question, passages)
    found = [
        Candidate(p, i, s, f, sum(w * f.get(k, 0.0) for k, w in _WEIGHTS.items()) + fitness(asked, s))
        for (p, i, s), f in zip(pool, gather(question, pool, encode), strict=True)
    ]
    for at, one in enumerate(found):
        if claim.fits_row(one.sentence):
            found[at] = one = replace(one, score=one.score + _ROW)
        one.features["lacks"] = float(one.chance >= _WORTH and bool(claim.missing(one.sentence, one.passage)))
    found.sort(key=lambda c: (c.features["lacks"], -c.score))
    running = [one for one in found[:_LOOKED_AT] if _is_running(one.sentence)]
    heard = max((_heard(one, claim) for one in running), default=1.0)
    for one in found:
        one.features["heard"] = heard if _is_running(one.sentence) else 1.0
    return found


def _is_running(sentence: Sentence) -> bool:
    """Tell running text, of which silence was learned, from rows, items, entries of a manual and lines of code."""
    entry = len(sentence.text.partition("\n")[0].split()) <= _ENTRY and "\n" in sentence.text
    ended = sentence.text.rstrip("\"')”’]").endswith((".", "!", "…", "。"))
    return ended and not (sentence.cell or sentence.item or entry)


def _heard(one: Candidate, claim: Claim) -> float:
    """Return how likely the files answer at all, by how near their best sentences are and how much of it they say."""
    f = {"score": one.score, "near": one.features["near"], "said": claim.share(one.passage)}
    return _chance(_SILENCE["bias"] + sum(_SILENCE[name] * value for name, value in f.items()))


def what_follows(said: str, passages: list[Passage], limit: int = 2) -> list[Quote]:
    """Return up to `limit` sentences behind the last one that stands in `said`, for "tell me more"."""
    for p in reversed(passages):
        sentences = [s for s in split_sentences(p.text) if not s.is_heading]
        at = [i for i, s in enumerate(sentences) if s.text in said]
        if at and at[-1] + 1 < len(sentences):
            return [Quote(p.id, s.text) for s in sentences[at[-1] + 1 : at[-1] + 1 + limit]]
    return []


# Questions that set two things side by side: no sentence may hold both, and each has one that says what it is.

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


# Reading a file out: what it says from its beginning, for somebody who asks nothing more of it.

_ROOM = 700  # characters that are read out
_FILE = (
    r"(?:file|document|pdf|page|attachment|note|letter|e-?mail|mail|text|spreadsheet|table|csv|sheet|log|report"
    r"|paper)s?"
)
_WHICH = rf"(?:(?:this|that|the|my|these|those)(?: \w+){{0,2}} {_FILE}|it|this|here|[\w-]+\.\w{{2,5}})"
_ASKS = re.compile(
    r"(?:please |can you |could you |hey |hi |so |and |ok(?:ay)? )*"
    rf"(?:what (?:does|do) {_WHICH} (?:say|contain|tell(?: me| us)?|hold)"
    rf"|what(?:'s| is| stands| is written) (?:in(?:side)?|on) {_WHICH}"
    rf"|(?:read|show|quote)(?: me| us)?(?: out)?(?: aloud)? {_WHICH}(?: out| aloud| to me| to us)?"
    rf"|what(?:'s| is) {_WHICH}(?: about)?"
    rf"|tell me what(?:'s| is) in {_WHICH}|tell me what {_WHICH} says)(?:,? please| about)?",
    re.IGNORECASE,
)


def read_out(words: str, files: list[str], passages: list[Passage]) -> list[Quote]:
    """Return the first sentences of the file that a message asks to be read, all of them where it is short.

    It is the attached file that `words` names, else the first of `files`; nothing when `words` ask anything more.
    """
    if words.strip() and not _ASKS.fullmatch(" ".join(words.split()).strip(" .!?")):
        return []
    named = [p.source for p in passages if p.source.casefold() in words.casefold()]
    source = next(iter([*named, *files]), "")
    found: list[Quote] = []
    size = 0
    for passage in passages:
        for sentence in split_sentences(passage.text) if passage.source == source else []:
            if found and size + len(sentence.text) > _ROOM:
                return found
            quote = Quote(passage.id, sentence.text)
            if quote not in found:
                found.append(quote)
                size += len(sentence.text)
    return found
