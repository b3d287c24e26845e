"""The English that the composer knows: verbs and their forms, people, moods, and whom a pronoun means."""

# ruff: noqa: SIM905 -- word lists read better as running text
from __future__ import annotations

import re

from gptsmith.assistants.verbs import VERBS as VERBS
from gptsmith.assistants.verbs import base as base

_NOUNS_TOO = frozenset(
    """account address answer aim book break call change chat check comment control copy count cover design display
    document draft draw end engage estimate exercise export feel fit fix focus form format function grade group guess
    guide highlight import interview judge label list look love map mark market match mention move name need notice
    offer order outline own paint paste pick plan play point post practice present print process produce quiz quote
    rank rate read recipe record report request research return review run say schedule search set share show sketch
    sort speak split spot start state stop structure study support tag talk test track train translate try turn type
    update upload use wait walk watch wear work""".split()
)
_THIRD = {"have": "has", "be": "is", "do": "does", "go": "goes", "quiz": "quizzes"}
_MODALS = frozenset("will would can could shall should may might must did had was were 'll 'd".split())
_OBJECT_STARTS = frozenset("the a an my me them it us for on to each every his her your their this these".split())
_ADVERBS = frozenset("also always never only then often usually sometimes just currently really first simply".split())

PEOPLE = frozenset(
    """me us you people person parents mother father mum mom dad grandmother grandma grandfather family families kids
    children child pupils students student visitors visitor customers customer clients client guests guest users user
    beginners adults teenagers colleagues colleague members member volunteers volunteer employees employee team teams
    staff researchers developers readers patients players learners speakers twins friends friend someone everybody
    everyone anyone companies businesses teachers neighbours tourists travellers""".split()
)
MOODS = (
    "calm patient strict friendly playful gentle silly warm kind formal polite precise concise brief humorous funny"
    " witty encouraging empathetic professional honest direct serious cheerful supportive creative inspiring"
    " enthusiastic respectful neutral sarcastic poetic dramatic motivating constructive clear simple factual curious"
    " geduldig freundlich streng"
).split()
_MOOD_NOUNS = {"motivation": "motivating", "empathy": "empathetic", "humour": "humorous", "humor": "humorous"}


def is_verb(word: str, *, certain: bool = False) -> bool:
    """Say whether `word` is a base verb; `certain` leaves out those that are as often nouns."""
    return word.lower() in VERBS and not (certain and word.lower() in _NOUNS_TOO)


def is_joined_verb(word: str, after: str) -> bool:
    """Say whether `word` behind "and" or a comma is a base verb: sure of itself, or with an object behind it."""
    return is_verb(word, certain=True) or (is_verb(word) and after.lower() in _OBJECT_STARTS)


def from_gerund(word: str) -> str | None:
    """Return the base form of a gerund (`making` -> `make`); None when it is none that is known."""
    low = word.lower()
    if not low.endswith("ing"):
        return None
    stem = low[:-3]
    doubled = stem[:-1] if len(stem) > 2 and stem[-1] == stem[-2] else stem
    return next((s for s in (stem, stem + "e", doubled) if s in VERBS), None)


def gerund(word: str) -> str:
    """Return the gerund of a base verb: `write` -> `writing`, `plan` -> `planning`."""
    if word.endswith("ie"):
        return word[:-2] + "ying"
    if word == "quiz":
        return "quizzing"
    if word.endswith("e") and not word.endswith(("ee", "oe")) and word != "be":
        return word[:-1] + "ing"
    doubles = re.fullmatch(r"[^aeiou]*[aeiou][bdgklmnprt]", word) and not word.endswith(("w", "x", "y"))
    return word + (word[-1] if doubles and not re.search(r"[aeiou]{2}.$", word) else "") + "ing"


def third(word: str) -> str:
    """Return the third person of a base verb: `draw` -> `draws`, `try` -> `tries`."""
    if word in _THIRD:
        return _THIRD[word]
    if word == "quiz":
        return "quizzes"
    if re.search(r"(s|x|z|ch|sh)$", word):
        return word + "es"
    return word[:-1] + "ies" if re.search(r"[^aeiou]y$", word) else word + "s"


def singular(noun: str) -> str:
    """Return the singular of a plural noun; a guess good enough for a name."""
    if re.search(r"(ss|us|is|news|series|physics|mathematics|ethics|sales|lens)$", noun, re.IGNORECASE):
        return noun
    if re.search(r"[^aeiou]ies$", noun, re.IGNORECASE):
        return noun[:-3] + "y"
    if re.search(r"(sses|shes|ches|xes)$", noun, re.IGNORECASE):
        return noun[:-2]
    return noun[:-1] if noun.lower().endswith("s") and len(noun) > 3 else noun


def article(phrase: str) -> str:
    """Return `phrase` behind a or an."""
    low = phrase.strip().lower()
    vowel = bool(re.match(r"[aeio]|u(?![ns][aei]|ti|k)|hour|honest|heir", low)) and not re.match(r"eu|one\b|once", low)
    vowel = vowel or bool(re.match(r"[FHLMNRSX][A-Z]", phrase.strip()))
    return f"{'an' if vowel else 'a'} {phrase}"


def moods(text: str) -> list[str]:
    """Return the words of `text` that say how the assistant speaks, in order, at most three."""
    plain = re.sub(
        r"\b(?:the|an?) (?:creative )?brief\b|\b(?:professional|creative) (?!tone|way|manner|voice|and\b)",
        " ",
        text.lower(),
    )
    words = re.findall(r"(?<![-\w])[^\W\d_]+(?![-\w])", plain)
    found = [_MOOD_NOUNS.get(w, w) for w in words if w in MOODS or w in _MOOD_NOUNS]
    return list(dict.fromkeys(found))[:3]


def for_user(text: str) -> str:
    """Turn the person's I, me, my into `the user`, then `they`: how instructions speak of whom they serve."""
    return _shift(text, "the user", "the user's", "the user", verbs=True)


def for_reader(text: str) -> str:
    """Turn I, me, my into you, your: how a description speaks to the person who will use the assistant."""
    text = re.sub(r"\b(I) am\b|\bI['’]m\b", "you are", text)
    text = re.sub(r"\b(?:I|me)\b", "you", text)
    text = re.sub(r"\bI['’](ve|ll|d)\b", r"you'\1", text)
    return re.sub(r"\b[Mm]yself\b", "yourself", re.sub(r"\bmine\b", "yours", re.sub(r"\b[Mm]y\b", "your", text)))


def _shift(text: str, subject: str, owner: str, thing: str, *, verbs: bool) -> str:
    seen = bool(re.search(r"\bthe user\b", text))
    out: list[str] = []
    tokens = re.split(r"(\s+)", text)
    pending = False  # the next verb belongs to "the user" and takes an s
    for token in tokens:
        match = re.match(r"^(\W*)(.*?)(\W*)$", token)
        head, word, tail = match.groups() if match else ("", token, "")
        low = word.lower().replace("’", "'")
        contraction = {"i'm": "be", "i've": "have", "i'll": "will", "i'd": "would"}.get(low)
        if low == "i" or contraction:
            name = "they" if seen else subject
            pending = verbs and not seen and contraction is None
            word = name + (
                {"be": " are" if seen else " is", "have": " have" if seen else " has"}.get(
                    contraction, f" {contraction}"
                )
                if contraction
                else ""
            )
            seen = True
        elif low == "my":
            word, seen = ("their" if seen else owner), True
        elif low == "me":
            word, seen = ("them" if seen else thing), True
        elif low in ("mine", "myself"):
            word = "theirs" if low == "mine" else "themselves"
        elif pending and word:
            word, pending = _agree(low, word)
        elif seen and low == "am":
            word = "are"
        out.append(head + word + tail)
    return "".join(out)


def _agree(low: str, word: str) -> tuple[str, bool]:
    if low in _ADVERBS:
        return word, True
    if low in ("am", "'m"):
        return "is", False
    if low in _MODALS or (low.endswith(("ed", "n't")) and low not in ("need", "feed", "proceed", "succeed")):
        return ("does not" if low == "don't" else word), False
    return third(low), False
