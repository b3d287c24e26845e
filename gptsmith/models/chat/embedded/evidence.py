"""Evidence that a sentence answers a question: nearness, shared words, and the kind of thing asked for."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gptsmith.models.chat.embedded.words import STOP, content_stems, initials, stem, tokens, word_set
from gptsmith.models.chat.messages import Passage
from gptsmith.models.text import Sentence, fold, split_sentences

Encode = Callable[[list[str]], NDArray[np.float32]]
Piece = tuple[Passage, int, Sentence]

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
_NAME = re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][\w'’-]+")
_TAGS = re.compile(r"</?[a-zA-Z][^<>]*>|\]\([^()\s]*\)|\[[^\]\n]*\]\[[^\]\n]*\]|!\[[^\]\n]*\]|https?://\S+")
# The target of a link, a directive, the head of front matter, the frame of a mail or of an archive.
_MACHINERY = re.compile(
    r"\[[^\]\n]+\]:\s*\S+|\.\. [\w-]+::|---\s*\n|%!PS|(?:Content-(?:Type|Transfer-Encoding|Disposition)|MIME-Version"
    r"|Message-I[Dd]|Received|X-[\w-]+): |<[!?]"
)


_OPPOSITES = (
    "open close", "opening closing", "first last", "start end", "begin end", "before after", "more less", "most least",
    "north south", "east west", "left right", "upper lower", "buy sell", "enter leave", "arrive leave", "win lose",
    "increase decrease", "minimum maximum", "largest smallest", "longest shortest", "old new", "hot cold", "man woman",
    "king queen", "father mother", "husband wife", "men women", "male female", "summer winter", "day night",
)  # fmt: skip
_OPPOSITE = {stem(a): stem(b) for pair in _OPPOSITES for a, b in (pair.split(), pair.split()[::-1])}
# Words of a question that no answer repeats.
_VAGUE = word_set(
    "something anything someone anyone somebody anybody everything thing things stuff kind sort many much"
)
# Verbs that carry their object: a file that says "dogs are not admitted" does not speak of bringing them.
_LIGHT = frozenset(stem(w) for w in word_set("bring take come go want like let use put see find"))
_HEADED = 0.9  # of a word that only the heading has
_vectors: dict[str, NDArray[np.float32]] = {}  # of single words: they recur from question to question
_said: dict[str, NDArray[np.float32]] = {}  # of sentences and passages: the same files are asked again and again
_MOST_VECTORS = 20_000


def pieces(passages: list[Passage]) -> list[Piece]:
    """Return each sentence with its passage and its number there; no headings, machinery or questions."""
    return [
        (p, i, s)
        for p in passages
        for i, s in enumerate(split_sentences(p.text))
        if not s.is_heading and len(s.text) > 2 and not is_markup(s.text) and not s.text.endswith("?")
    ]


def is_markup(text: str) -> bool:
    """Tell whether a sentence is code of a page or a file's machinery rather than words: tags, link targets, badges."""
    bare = _TAGS.sub("", text)
    return len(re.findall(r"[^\W_]", bare)) < 0.4 * len(text.replace(" ", "")) or bool(_MACHINERY.match(text))


def gather(question: str, pool: list[Piece], encode: Encode) -> list[dict[str, float]]:
    """Return the features of each piece; all lie about between -1 and 1."""
    question = fold(question)
    passages = list({id(p): p for p, _, _ in pool}.values())
    at = {id(p): i for i, p in enumerate(passages)}
    texts = [_in_context(s) for _, _, s in pool]
    asked = encode([question])[0]
    known = _learn([*texts, *(p.text for p in passages)], encode, _said)
    near = np.array([known[t] @ asked for t in texts], dtype=np.float32)
    whole = np.array([known[p.text] @ asked for p in passages], dtype=np.float32)
    words = _Words(question, texts, encode)
    best = sorted(near, reverse=True)
    gap = float(best[0] - best[min(2, len(best) - 1)])
    middle = float(np.median(near))
    kind = next((k for k, pattern in _TYPES if pattern.search(question)), "")
    found = []
    for (p, i, s), text, n in zip(pool, texts, near, strict=True):
        before = pool[at_before][2].text if (at_before := _before(pool, p, i)) is not None else ""
        cover, soft = words.cover(text, before, s.text)
        f = {
            "bias": 1.0,
            "near": float(n),
            "passage": float(whole[at[id(p)]]),
            "cover": cover,
            "soft": soft,
            "type": _agrees(kind, s.text, question),
            "gap": gap,
            "lead": float(n) - middle,
            "names": _names_kept(question, f"{text} {fold(p.text)}"),
        }
        f["near_cover"] = f["near"] * f["cover"]
        f["near_soft"] = f["near"] * f["soft"]
        f["near_passage"] = f["near"] * f["passage"]
        found.append(f)
    return found


def _learn(texts: list[str], encode: Encode, store: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """Return the vectors of `texts`, those in `store` without encoding; other threads may empty it meanwhile."""
    mine = {t: v for t in texts if (v := store.get(t)) is not None}
    new = [t for t in dict.fromkeys(texts) if t not in mine]
    if new:
        mine.update(zip(new, encode(new), strict=True))
        if len(store) > _MOST_VECTORS:
            store.clear()
        store.update({t: mine[t] for t in new})
    return mine


def _before(pool: list[Piece], p: Passage, i: int) -> int | None:
    return next((k for k, (q, j, _) in enumerate(pool) if q is p and j == i - 1), None)


def _in_context(s: Sentence) -> str:
    """A sentence under a heading is often only understood with it."""
    said = s.cell or s.text
    return fold(f"{s.heading}: {said}" if s.heading else said)


def _negates(a: str, b: str) -> bool:
    """Tell whether one word is the other with a prefix that turns it round: decompress, unlock, disconnect."""
    longer, shorter = (a, b) if len(a) > len(b) else (b, a)
    return any(longer == prefix + shorter or stem(longer) == prefix + stem(shorter) for prefix in ("de", "un", "dis"))


class _Words:
    """How many of the question's words stand in a text, as they are or by meaning; rare ones count more."""

    def __init__(self, question: str, texts: list[str], encode: Encode) -> None:
        asked = [w for w in dict.fromkeys(tokens(question)) if w not in STOP | _VAGUE] or list(
            dict.fromkeys(tokens(question))
        )
        self.stems = {stem(w): w for w in asked}
        self.short = initials(question)
        counts = Counter(w for t in texts for w in set(content_stems(t)) if w in self.stems)
        if len(self.stems) > 1:
            self.stems = {w: v for w, v in self.stems.items() if counts[w] or w not in _LIGHT} or self.stems
        self.rarity = {w: math.log(1 + (len(texts) + 1) / (counts[w] + 0.5)) for w in self.stems}
        self.total = sum(self.rarity.values()) or 1.0
        # A name or a number is met by itself only: 1963 is near 1964 in meaning, and says something else.
        self.fixed = {w.lower() for w in _NAME.findall(question)} | {w for w in asked if any(c.isdigit() for c in w)}
        known = {w for t in texts for w in tokens(t) if w not in STOP and len(w) > 2}
        self.vectors = _learn([*asked, *sorted(known)], encode, _vectors)

    def cover(self, text: str, before: str, own: str) -> tuple[float, float]:
        """Return the share of the words that stand in `text` (in the sentence before: a third), and that by meaning.

        `own` is `text` without its heading; what only the heading has counts less, for all below it share that.
        """
        mine = set(content_stems(own))
        here, near = set(content_stems(text)), set(content_stems(before))
        mine = mine.union(*(stems for short, stems in self.short.items() if short in mine))
        words = [w for w in dict.fromkeys(tokens(text)) if w not in STOP]
        others = [(w, v) for w in words if (v := self.vectors.get(w)) is not None]
        exact = soft = 0.0
        for s, word in self.stems.items():
            hit = 1.0 if s in mine else _HEADED if s in here else 0.33 if s in near else 0.0
            alike = 0.0
            if hit < 1 and word in self.vectors and word not in self.fixed:
                against = _OPPOSITE.get(s, "")
                rows = [v for w, v in others if stem(w) != against and not _negates(w, word)]
                best = max((float(v @ self.vectors[word]) for v in rows), default=0.0)
                alike = min(1.0, max(0.0, (best - 0.3) / 0.5))
            if hit < 1 and any(len(s) >= 4 and h.startswith(s) for h in here):
                alike = max(alike, 0.9)
            exact += self.rarity[s] * hit
            soft += self.rarity[s] * max(hit, alike)
        return exact / self.total, soft / self.total


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
    names = re.findall(r"(?<![.!?] )(?<!^)\b(?:[A-Z][\w'’-]+|\d[\d.,]*)", question)
    low = text.lower()
    return sum(_singular(w).lower().rstrip(".,") in low for w in names) / len(names) if names else 1.0


def _singular(name: str) -> str:
    """Return a name without its possessive, an abbreviation without its plural: VAE's, VAEs."""
    bare = name.removesuffix("'s").removesuffix("’s")
    return bare[:-1] if len(bare) > 2 and bare.endswith("s") and bare[:-1].isupper() else bare


# What a question asks for beyond its words: a definition, an option, an amount, an author, one of a kind.
#
# Each shows in the form of the sentence that answers, whatever the subject; `fitness` says how well one fits.

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
class QuestionKind:
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


def read_question(question: str) -> QuestionKind:
    """Read what a question asks for."""
    defined = _DEFINED.match(question.strip())
    subject = frozenset(content_stems(defined["subject"])) if defined else frozenset()
    kind = _KIND.search(question)
    return QuestionKind(
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


def _adds(asked: QuestionKind, sentence: Sentence) -> bool:
    """Tell whether a sentence says anything that the question did not say itself."""
    said = set(content_stems(sentence.text))
    return bool(said - asked.stems) or any(w.isdigit() for w in tokens(sentence.text))


def fitness(asked: QuestionKind, sentence: Sentence) -> float:
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
