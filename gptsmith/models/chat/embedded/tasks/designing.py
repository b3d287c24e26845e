"""What the local model writes for the builder: the words of a new assistant, and rules; all checked."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Generator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from gptsmith.models.chat.embedded import words as language
from gptsmith.models.chat.embedded.quantities import NUMBER_WORDS
from gptsmith.models.chat.embedded.tasks import line, prompt, threads
from gptsmith.models.chat.embedded.tasks.threads import NOT
from gptsmith.models.chat.embedded.words import content_stems, one_slip_apart
from gptsmith.models.chat.local.writer import Prompt, Writer
from gptsmith.models.embedding import load_embedder

# Rules that the local model words: of a wish, of an answer, or another wording of one that is there; all checked.

_LESS = re.compile(
    r"\b(?:stop|less|fewer|too|away|drop|off|enough|hate|sick|tired|fed up|rather than|instead)\b", re.IGNORECASE
)
_NUMBER = re.compile(rf"\d+(?:[.,:]\d+)*|\b(?:{'|'.join(NUMBER_WORDS)})\b", re.IGNORECASE)
_INSTEAD = re.compile(r",? (?:instead of|rather than)\b.*$", re.IGNORECASE)
_NONE = "(none)"
_YES = re.compile(r"^(?:yes|no|ja|nein|sure|ok(?:ay)?|well|sí|oui|non)[,.!:]\s+(?=\w)", re.IGNORECASE)


def rule_of(writer: Writer, wish: str) -> str:
    """Return the rule that a wish asks for; empty where what the model says is not carried by the wish."""
    said = _line(writer, "rule", f"Wish: {_flat(wish)}")
    if _BECOME.match(said) and _TOLD_OF.match(wish):  # what somebody is is no order to become that
        return wish[:1].upper() + re.sub(r"(?<![.!?])$", ".", wish[1:].strip())
    return said if said and _is_carried(said, wish, wish, most_new=2) and not _turned(said, wish) else ""


_BECOME = re.compile(r"(?:be|have|sei|habe)\b", re.IGNORECASE)
_TOLD_OF = re.compile(
    r"(?:he|she|they|we|i|(?:my|our|her|his|the) \w+)(?: (?:is|are|am|was|has|have)|['’](?:s|re|m|ve))\b"
    r"(?! (?:too|so|annoyed|tired|sick|fed up|bothered|confused|lost)\b)",
    re.IGNORECASE,
)


def rule_of_answer(writer: Writer, question: str, answer: str) -> str:
    """Return the rule that an answer to a question of the interview gives; empty for one that gives none."""
    said = _line(writer, "interview", f"Question: {_flat(question)} | Answer: {_flat(answer)}")
    said = _of_the_person(_YES.sub("", said), answer)
    known = f"{question} {answer}"
    if not said or said.rstrip(".") == _NONE or not _is_carried(said, answer, known, most_new=4):
        return ""
    if _apart(set(content_stems(said)), set(content_stems(known))) & _answers_shown():
        return ""
    forbids = re.search(r"\bmust(?: it)? never\b|\bnever\b", question, re.IGNORECASE)
    if forbids and not NOT.search(said):
        return ""
    return said


@cache
def _answers_shown() -> frozenset[str]:
    """Return the telling words of the worked examples' answers: a small model puts them into others' rules."""
    asked = [text.partition("| Answer:")[2] for role, text in prompt("interview").messages if role == "user"]
    return frozenset(content_stems(" ".join(asked))) - set(content_stems("talk people ask"))


def _of_the_person(said: str, answer: str) -> str:
    """Return a rule in which what is the person's stays so: `my ex`, not the assistant's."""
    for owner, thing in re.findall(r"\b(my|our|mein\w*|unser\w*)\s+(\w+)", answer, re.IGNORECASE):
        said = re.sub(rf"\b(?:your|deine?[nmrs]?|eure?[nmrs]?)\s+(?={re.escape(thing)}\b)", f"{owner.lower()} ", said)
    if us := re.search(r"\b(?:me|us)\b", answer, re.IGNORECASE):
        said = re.sub(r"(?<=\w )you\b(?! (?:talk|are|have|do|can|must|should))", us.group().lower(), said)
    return said[:1].upper() + said[1:]


def reword(writer: Writer, rule: str, wish: str) -> str:
    """Return `rule` as it reads when `wish` is done; empty where nothing changes, or more than the wish says."""
    if lifted := permitted(rule, wish):
        return lifted
    said = _line(writer, "reword", f"Rule: {_flat(rule)} | Wish: {_flat(wish)}")
    if not _INSTEAD.search(rule):
        said = _INSTEAD.sub(".", said)  # the rule says what is, not what was
    before, after, wished = (set(content_stems(text)) for text in (rule, said, wish))
    came = _apart(after, before)
    new_numbers = _numbers(said) - _numbers(rule)
    taken_up = bool(_apart(came, set()) and len(_apart(came, wished)) < len(came)) or bool(new_numbers & _numbers(wish))
    shortened = not came and after < before and bool(_apart(before, after))
    if not said or (after == before and not new_numbers and bool(NOT.search(said)) == bool(NOT.search(rule))):
        return ""
    turned = bool(NOT.search(said)) != bool(NOT.search(rule)) and not (NOT.search(wish) or _LESS.search(wish))
    if turned and not re.search(r"\b(?:may|can|fine|ok(?:ay)?|allow\w*)\b", wish, re.IGNORECASE):
        return ""
    more = re.search(r"\b(?:also|too|as well|besides|not just|not only|additionally)\b", wish, re.IGNORECASE)
    lost = _apart(before, after)
    if more and lost:  # more is wished for, and nothing less
        return ""
    allowed = taken_up or shortened or turned
    return said if allowed and _is_carried(said, wish, f"{rule} {wish}", most_new=1, least=0) else ""


def permitted(rule: str, wish: str) -> str:
    """Return a rule that forbids as one that allows, where the wish does no more than allow; else nothing."""
    if not _ALLOWS.search(wish) or _BOUND.search(wish) or NOT.search(re.sub(_NO_PROBLEM, "", wish)):
        return ""
    lifted = _FORBIDS.sub(lambda m: f"{m['who']} may " if m["who"] else "You may ", rule, count=1)
    return "" if lifted == rule or NOT.search(lifted) else lifted[:1].upper() + lifted[1:]


_ALLOWS = re.compile(r"\b(?:may|can|fine|ok(?:ay)?|allowed|no problem|darf|dürfen|puede|peut)\b", re.IGNORECASE)
_BOUND = re.compile(r"\b(?:but|only|if|when|unless|except|as long as|instead|nur|wenn|aber)\b", re.IGNORECASE)
_NO_PROBLEM = re.compile(r"\bno problem\b", re.IGNORECASE)
_FORBIDS = re.compile(
    r"^(?:(?P<who>it|he|she|the (?:assistant|bot|helper)) (?:(?:must|should|may|can|shall) (?:not|never)|cannot"
    r"|can['’]t)|(?:please )?(?:never|do not|don['’]t))\s+",
    re.IGNORECASE,
)


def fits(writer: Writer, wish: str, change: str) -> float:
    """Return how likely a change, told in a sentence, is what the wish asks for."""
    odds = writer.weigh(prompt("fits"), f"Wish: {_flat(wish)}\nChange: {_flat(change)}", ("yes", "no"))
    return odds.get("yes", 0.0)


def _line(writer: Writer, name: str, words: str) -> str:
    said = writer.write(prompt(name), words, grammar=f"root ::= {line(4, 220)}", tokens=60).strip()
    return said if re.search(r"[.!?)]$", said) else f"{said}."


def _is_carried(said: str, wish: str, known: str, *, most_new: int, least: int = 1) -> bool:
    """Tell whether the sentence takes up the wish, and has no number and few words that `known` has not."""
    words, wished = set(content_stems(said)), set(content_stems(wish))
    shared = len(words) - len(_apart(words, wished))
    return (
        shared >= min(least, len(wished))
        and len(_apart(words, set(content_stems(known)))) <= most_new
        and _numbers(said) <= _numbers(known)
        and (len(wish.split()) < 5 or language.language_of(said) == language.language_of(wish))
    )


def _turned(said: str, wish: str) -> bool:
    """Tell whether a rule forbids what the wish asks for, or asks for what it forbids."""
    forbids, denies = bool(NOT.search(said)), bool(NOT.search(wish))
    orders = re.match(r"\W*(?:please )?(?:never|don['’]?t|do not|no)\b", wish, re.IGNORECASE)
    return (forbids and not denies and not _LESS.search(wish)) or (bool(orders) and not forbids)


def _apart(words: set[str], known: set[str]) -> set[str]:
    """Return the words that are in `known` in no form."""
    return {
        word
        for word in words - known
        if not any(word[:4] == other[:4] and abs(len(word) - len(other)) <= 4 for other in known if len(other) > 3)
        and not any(one_slip_apart(word, other) for other in known)
    }


def _numbers(text: str) -> set[str]:
    return {str(NUMBER_WORDS.get(n.lower(), n)).removesuffix(":00") for n in _NUMBER.findall(text)} - {"1"}


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("|", "/")


# The words of a new assistant: name, summary, tone, greeting, starters; what it needs; what to ask about it.
#
# The model writes, code decides: what is not of this subject, repeats itself, contradicts the person's rules or
# invents is left out.

_MOST = 1400  # characters of a description that are shown
_STARTERS = 4
_TRIES = 6  # starters that may be written until enough of them hold
_NEAR = 0.18  # cosine to the description below which a starter is of something else
_NEAR_ABROAD = 0.25  # the same for a language that the encoder does not know
_TONGUES = ("de", "es", "fr")  # with worked examples of their own: a small model answers in the language of those
_SAME = 0.86  # above which two lines say the same
_HOLLOW = re.compile(
    r"\b(?:can you help|help me\??$|i need help|how does this work|what can you do|assist me|tell me more about"
    r" (?:yourself|the assistant)|need (?:any )?help with)\b",
    re.IGNORECASE,
)


_TOLD = re.compile(
    r"(?:(?:she|he|they|it|her|his|their|the (?:user|customer|person|client|assistant))(?:['’]s)?"
    r"|(?:sie|er|es|ihre?|seine?|der (?:nutzer|kunde|assistent)) (?:hat|ist|isst|trinkt|braucht|will|möchte|geht|macht)"
    r"|(?:él|ella|ellos|su) |(?:il|elle|ils) (?:a|est|veut|fait)"
    r"|i(?:['’]m| am| was| have been| feel)(?! (?:looking|trying|not sure|planning|thinking|allergic)))\b"
    r"(?!.*[.!] )",
    re.IGNORECASE,
)
"""Told, and nothing asked: one sentence about somebody."""


@dataclass(frozen=True)
class Part:
    """One part of an assistant as it is written: `name` (name, about, tone, welcome or starter) and its text."""

    name: str
    text: str


@dataclass(frozen=True)
class Needs:
    """What a description calls for: words of it that name documents, pictures made, what lies outside."""

    files: str = ""
    draws: bool = False
    outside: str = ""


def write_identity(writer: Writer, idea: str, seed: int = 7) -> Generator[Part, None, None]:
    """Yield name, summary, tone, greeting and starters for a description, each as soon as it is written and holds.

    It ends with the fourth starter; closing the iterator stops the writing. Raises as `Writer.write` does.
    """
    spoken = language.language_of(idea)
    asked = prompt(_in(spoken, "identity"))
    user = f'"\\nUser: " {line(6, 130)} '
    grammar = (
        f'root ::= "Name: " {line(2, 30, _NAME_LETTERS)} "\\nAbout: " {line(10, 170)} '
        f'"\\nTone: " {line(3, 70)} "\\nWelcome: " {line(5, 140)} "\\nAsks: " {line(2, 40)} {user * _TRIES}'
    )
    starters = Starters(idea, spoken, asked)
    rows = writer.lines(asked, _shown(idea), grammar=grammar, tokens=280, temperature=0.2, seed=seed)
    with contextlib.closing(rows):
        for row in rows:
            label, _, text = row.partition(": ")
            if part := _checked(label.strip(), text.strip(), idea, spoken, starters):
                yield part
            if len(starters.kept) == _STARTERS:
                return


def _checked(label: str, text: str, idea: str, spoken: str, starters: Starters) -> Part | None:
    """Return a line as a part; None for one that does not hold."""
    if label == "Name" and 2 <= len(text) <= 30 and not _is_made_up(text, spoken, idea):
        return Part("name", text)
    if label == "About" and _is_about(text, idea) and _is_spoken(text, spoken):
        return Part("about", text)
    if label == "Tone" and _is_spoken(text, spoken):
        return Part("tone", text)
    if label == "Welcome" and _is_spoken(welcome := _greeting(text), spoken) and not starters.is_shown(welcome):
        return Part("welcome", welcome) if welcome else None
    if label == "User" and starters.takes(text):
        return Part("starter", text)
    return None


def _is_made_up(name: str, spoken: str, idea: str) -> bool:
    """Tell whether a name is a long compound that no word of the description is in: a small model makes such ones."""
    return spoken != "en" and any(len(word) >= 12 for word in threads.apart(name, idea))


def read_needs(writer: Writer, idea: str) -> Needs:
    """Return what a description calls for; `files` and `outside` stand in it. Raises as `Writer.write` does."""
    grammar = f'root ::= "Files: " {line(3, 90)} "\\nDraws: " ("yes" | "no") "\\nOutside: " {line(3, 40)}'
    found = _fields(writer.write(prompt("needs"), f"<<{idea[:_MOST]}>>", grammar=grammar, tokens=60))
    return Needs(
        files=_in_the_text(_first(found, "Files"), idea),
        draws=_first(found, "Draws") == "yes",
        outside=_outside(_in_the_text(_first(found, "Outside"), idea, least=1)),
    )


_OUTSIDE = (
    "e-mail inbox", "calendar appointments", "Kalender und Termine", "web search on the internet", "online shop orders",
    "reminders and notifications", "telephone calls", "booking system", "weather forecast", "traffic", "timetable",
    "bank account and payments", "WhatsApp messages", "Slack channel", "database or CRM system", "music player",
    "smart home devices", "map and location", "social media posts", "stock prices", "news", "live scores",
)  # fmt: skip
_OUTSIDE_NEAR = 0.42


def _outside(words: str) -> str:
    """Return `words` where they name something that programs reach; a small model names the subject itself too."""
    if not words:
        return ""
    row, *known = load_embedder("embedded").encode([words, *_OUTSIDE])
    return words if max(float(row @ other) for other in known) >= _OUTSIDE_NEAR else ""


def write_question(writer: Writer, idea: str) -> str:
    """Return the one question whose answer would change this assistant most; "" where it asks what was said."""
    spoken = language.language_of(idea)
    shown = prompt(_in(spoken, "question"))
    asked = writer.write(shown, f"<<{idea[:_MOST]}>>", grammar=r'root ::= [^\n?.!]{10,150} "?"', tokens=60)
    new = set(content_stems(asked)) - set(content_stems(idea)) - _ASKING
    holds = bool(new and _OF_IT.search(asked)) and _is_spoken(asked, spoken) and not _is_copied(asked, shown, idea)
    return asked if holds else ""


_ASKING = frozenset(content_stems("What should it do or say when somebody asks the assistant, helper, user, never?"))
_OF_IT = re.compile(
    r"\b(?:should|shall|it|its|assistant|bot|helper|soll\w*|darf|er|debe\w*|debería|puede|doit|devrait|peut)\b",
    re.IGNORECASE,
)
"""A question about the assistant speaks of it."""
_NAME_LETTERS = r"[^\n.,:;!?()\x22\u3000-\u9fff\uac00-\ud7af]"


def _shown(idea: str) -> str:
    return f"Assistant: <<{idea[:_MOST].replace('<<', '«').replace('>>', '»')}>>"


def _fields(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in text.splitlines():
        name, colon, value = row.partition(": ")
        if colon and value.strip():
            found.setdefault(name.strip(), []).append(value.strip())
    return found


def _first(found: dict[str, list[str]], name: str) -> str:
    return found.get(name, [""])[0]


def _greeting(text: str) -> str:
    """Return up to two sentences of a greeting, of them one question at most."""
    kept: list[str] = []
    for sentence in re.split(r"(?<=[.!?])\s+", text):
        if len(kept) == 2 or not sentence.endswith((".", "!", "?")):
            break
        kept.append(sentence)
        if sentence.endswith("?"):
            break
    return " ".join(kept)


class Starters:
    """The starters of an assistant, taken one by one where they hold; `kept` are those that were taken."""

    def __init__(self, idea: str, spoken: str, shown: Prompt) -> None:
        self.kept: list[str] = []
        self._idea, self._spoken, self._shown = idea, spoken, shown
        self._rows: list[NDArray[np.float32]] = []

    def takes(self, text: str) -> bool:
        """Take a message that asks for something of this assistant's subject, is whole, and is not there already."""
        if _HOLLOW.search(text) or not _is_whole(text) or len(text.split()) < 2 or not asks(text):
            return False
        if not _is_spoken(text, self._spoken) or _is_copied(text, self._shown, self._idea):
            return False
        near, row = load_embedder("embedded").encode([self._idea[:_MOST], text])
        if any(row @ other >= _SAME for other in self._rows) or not self._is_near(text, float(near @ row)):
            return False
        self.kept.append(text)
        self._rows.append(row)
        return True

    def is_shown(self, text: str) -> bool:
        """Tell whether a text is a line of the worked examples."""
        return any(threads.stems(text) <= threads.stems(row) for row in _rows(self._shown))

    def _is_near(self, text: str, cosine: float) -> bool:
        """Tell whether a message is of the subject. The encoder knows English: in another language a telling word
        that both have says it too; in German, of which a small model makes nonsense, half of them have to be."""
        if self._spoken == "en":
            return cosine >= _NEAR
        new, words = len(threads.apart(text, self._idea)), len(threads.stems(text))
        return 2 * new <= words if self._spoken == "de" else new < words or cosine >= _NEAR_ABROAD


def asks(text: str) -> bool:
    """Tell whether a message asks or orders: what is only told of somebody is nothing that is sent to an assistant."""
    return "?" in text or not _TOLD.match(text)


def _is_copied(text: str, shown: Prompt, idea: str) -> bool:
    """Tell whether a text is mostly one line of the worked examples, or has a number that only they have.

    A small model repeats them where it knows nothing.
    """
    rows = _rows(shown)
    foreign = threads.numbers(" ".join(rows)) - threads.numbers(idea)
    if any(len(number) > 1 and number in foreign for number in threads.numbers(text)):
        return True
    words, own = threads.stems(text), threads.apart(text, idea)
    if language.language_of(idea) != "en" and own and 2 * len(threads.apart(" ".join(own), "\n".join(rows))) < len(own):
        return True  # with few examples in a language it repeats words of all of them
    return bool(words) and any(
        len(own & threads.stems(row)) >= max(2, 0.5 * len(words)) or words == threads.stems(row) for row in rows
    )


def _rows(shown: Prompt) -> list[str]:
    return [row for role, block in shown.messages if role == "assistant" for row in block.splitlines()]


def _is_about(sentence: str, idea: str) -> bool:
    """Tell whether a summary says what the description says: two thirds of its words stand there."""
    words = threads.stems(sentence)
    return len(words) >= 2 and len(threads.apart(sentence, idea)) <= 0.34 * len(words)


def _is_spoken(text: str, spoken: str) -> bool:
    """Tell whether a text is in the language of the description, as far as its length lets one say that."""
    return language.language_of(text) == spoken or language.could_be(text, spoken)


def _in(spoken: str, task: str) -> str:
    """Return the name of the prompt of a task for a language."""
    return f"{task}.{spoken}" if spoken in _TONGUES else task


def _is_whole(text: str) -> bool:
    """Tell whether a line was not cut by the grammar's length."""
    return text[-1:] in '.!?…)”"' or len(text) < 100


def _in_the_text(words: str, text: str, least: int = 2) -> str:
    """Return `words` as they stand in `text`: whole, or as many of their last words as do; "" when too few do."""
    if words.lower().strip(" .") in ("none", "nothing", "keine", "no", "aucun", "ninguno"):
        return ""
    parts = words.strip(" .").split()
    for start in range(len(parts)):
        tail = parts[start:]
        if len(tail) < min(least, len(parts)):
            break
        match = re.search(r"\b" + r"\W+".join(map(re.escape, tail)) + r"\b", text, re.IGNORECASE)
        if match:
            return match.group()
    return ""
