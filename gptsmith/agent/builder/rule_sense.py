"""What a rule says, whatever its words: so that a rule said anew is kept, and one that is turned round is not."""

# ruff: noqa: SIM905 -- word lists read better as running text
from __future__ import annotations

import re
from dataclasses import dataclass

from gptsmith.assistants.description import clauses_of, split

# Words that are one to a rule; the first of each group stands for it.
_ALIKE = {
    word: group.split()[0]
    for group in (
        "answer reply respond response", "picture image photo drawing", "suggest recommend propose advise",
        "short brief concise", "tell say mention talk discuss speak",
        "invent fabricate make-up", "user person customer",
        "whole full entire complete", "price cost", "use include contain add", "end finish close", "begin start open",
        "eur euro €", "usd dollar $", "cite quote",
    )
    for word in group.split()
}  # fmt: skip
_NUMBERS = {
    word: str(number)
    for number, word in enumerate(
        """
    zero one two three four five six seven eight nine ten eleven twelve
    """.split()
    )
}
_STOP = frozenset(
    """
    a an the and or of to in on at for with from by as is are be been being it its he she his her they them
    their this that these those you your i me my we us our one any anything anyone anybody some something
    somebody also just keep please really very kindly must should shall will would may might can could has have had
    do does did need needs make sure always ever every each all never not no nothing none avoid without only
    solely exclusively strictly exactly assistant bot chatbot under over above below more most less least
    fewer than at up max maximum so then there here now again who what which if when whenever unless except
    until once while but nie niemals immer nur muss soll nicht kein keine keinen bitte er sie es der die das
    ein eine und jamais toujours seulement doit ne pas le la les un une et il elle nunca siempre solo debe no
    el los las y sempre deve não o os e mai non lo gli altijd nooit alleen moet het de niet geen
    seriously honestly ever whatsoever period ok okay too even well again thanks of course by the way btw ernsthaft
    wirklich echt
    """.split()
)  # fmt: skip
_NOT = re.compile(
    r"\b(?:never|not|no|nothing|none|nobody|avoid|without|refuse|refrain|nie|niemals|nicht|kein\w*|jamais|pas|nunca"
    r"|jamás|não|nao|mai|non|nooit|niet|geen)\b"
)
_ONLY = re.compile(
    r"\b(?:only|solely|exclusively|nothing (?:else|but)|no other|nur|ausschließlich|seulement|uniquement|solo|sólo"
    r"|solamente|apenas|somente|soltanto|alleen)\b"
)
_CONDITION = re.compile(
    r"\b(?:if|when|whenever|unless|except|until|once|while|falls|wenn|außer|bis|quand|si|sauf|cuando|salvo|quando"
    r"|als|tenzij)\b"
)
_OVER = re.compile(r"\b(?:over|above|more than|beyond|exceed\w*|longer than|higher than)\b")
_UNDER = re.compile(r"\b(?:under|below|up to|at most|max(?:imum)?|within|less than|fewer than|no more than)\b")
_BRIEF = frozenset(("short", "brief", "concis"))
_WORDS = re.compile(r"[^\W_]+|[€$£%]")
# What a verb's forms end with, in the languages that have more of them than English.
_FORMS = frozenset("e en n st t er ar ir re tre as es is an a o i s ez ons are ere ire te r tr".split()) | {""}
_IN_FULL = {
    "gib": "geb", "nimm": "nehm", "sprich": "sprech", "hilf": "helf", "lies": "les", "vergiss": "vergess",
    "empfiehl": "empfehl", "wirf": "werf", "triff": "treff", "brich": "brech", "sieh": "seh", "miss": "mess",
    "iss": "ess",
}  # fmt: skip
_VOWEL_CHANGED = re.compile(f"(?:{'|'.join(_IN_FULL)})" r"\Z")
_ENDINGS = ("ing", "ies", "ied", "ed", "es", "s", "e", "y")


@dataclass(frozen=True)
class _Sense:
    """What a sentence is about, its figures, and which way it points."""

    about: frozenset[str]
    numbers: frozenset[str]
    negative: bool
    only: bool
    conditional: bool


def says(text: str, rule: str) -> bool:
    """Say whether `text` holds `rule`: word for word, or in a sentence that says the same of the same things."""
    wanted = flat(rule)
    if not wanted or _stands_in(flat(text), wanted):
        return True
    told = [_sense(one.text) for one in split(text) if one.text]
    clauses = clauses_of(rule)
    return all(any(_holds(sense, _sense(clause)) for sense in told) for clause in clauses)


def alike(one: str, other: str) -> bool:
    """Say whether two rules say the same, so that one of them is enough."""
    return says(one, other) and says(other, one)


def flat(text: str) -> str:
    """Return a text for comparing: one line, lower case, straight quotes, no bullets and no full stop at its end."""
    lines = [re.sub(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s+", "", line) for line in text.splitlines()]
    plain = " ".join(" ".join(lines).split()).casefold()
    return plain.replace("’", "'").replace("“", '"').replace("”", '"').rstrip(".! ")


def _stands_in(text: str, rule: str) -> bool:
    """Say whether the rule's own words stand there, without a condition behind them that narrows it."""
    at = text.find(rule)
    while at >= 0:
        if not _CONDITION.match(text, at + len(rule) + 1):
            return True
        at = text.find(rule, at + 1)
    return False


def _holds(told: _Sense, rule: _Sense) -> bool:
    if (told.negative, told.conditional) != (rule.negative, rule.conditional) or (rule.only and not told.only):
        return False
    if not rule.about and not rule.numbers:
        return False
    shared = [word for word in rule.about if any(_kin(word, other) for other in told.about)]
    return rule.numbers <= told.numbers and len(shared) >= len(rule.about) - (len(rule.about) > 3)


def _kin(one: str, other: str) -> bool:
    """Say whether two stems are forms of one word, as an order and an infinitive: `versprich`, `versprechen`."""
    if one == other:
        return True
    shared = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return shared >= 4 and one[shared:] in _FORMS and other[shared:] in _FORMS


def _sense(text: str) -> _Sense:
    said = re.sub(r"n't\b", " not", flat(text)).replace("cannot", "can not")
    said = re.sub(r"'(?:s|re|ve|ll|d|m)\b", "", said)
    words = [_NUMBERS.get(word, word) for word in _WORDS.findall(said)]
    numbers = frozenset(word for word in words if word.isdigit())
    about = frozenset(_stem(word) for word in words if word not in _STOP and not word.isdigit())
    negative, only = bool(_NOT.search(said)), bool(_ONLY.search(said))
    if numbers and (_OVER.search(said) or _UNDER.search(said)):  # "never over 40" and "up to 40" are one bound
        negative = bool(_OVER.search(re.sub(r"\bno more than\b", "up to", said))) != negative
        negative, only = not negative, False
        about -= _BRIEF  # "short, at most three sentences": the figure says it
    return _Sense(about, numbers, negative, only, bool(_CONDITION.search(said)))


def _stem(word: str) -> str:
    word = _VOWEL_CHANGED.sub(lambda order: _IN_FULL[order.group()], _ALIKE.get(word, word))
    for ending in _ENDINGS:
        if len(word) - len(ending) > 2 and word.endswith(ending):
            word = word.removesuffix(ending)
            break
    return _ALIKE.get(word, word)
