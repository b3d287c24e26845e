"""The file that a change is for, as the model is shown it: text, data, instructions, locks and the person's rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from gptsmith.agent.builder.language.description import binds, clauses_of, rules, sentences, split
from gptsmith.assistants.editing.splices import text_hash
from gptsmith.assistants.files.library import SUFFIX
from gptsmith.assistants.format import paths
from gptsmith.assistants.format.loader import load_file, load_text
from gptsmith.assistants.format.spec import AssistantSpec
from gptsmith.errors import UsageError

# What a rule says, whatever its words: so that a rule said anew is kept, and one that is turned round is not.

# ruff: noqa: SIM905 -- word lists read better as running text


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


# The person's rules: read out of the instructions, and compared before and after a change.

# Said of something that shall no longer hold; a rule that a clause with such a word speaks of may go.
_DROPPING = re.compile(
    r"\b(remov\w+|drop\w*|delet\w+|forget|take out|tak\w+ (?:\w+ ){1,4}out|leave out|no longer|not .{0,20}any ?more"
    r"|stop|instead|rather|chang\w+|replac\w+|reword\w*|allow\w*|lift\w*|relax\w*|loosen|ease|scrap|get rid|without"
    r"|may|can|should (?:now|go|say|read|be)|(?:must|to|has to|have to) go|is fine|are fine|is ok\w*|are ok\w*"
    r"|from now on"
    r"|(?:soll|sollte|sollen) (?:\w+ )?(?:sagen|heißen|lauten|sein)|umformulier\w*|umschreib\w*|raus|lockern|lockere"
    r"|entfern\w*|streich\w*|lösch\w*|weg|nicht mehr|statt\w*|änder\w*|darf|dürfen|erlaub\w*|ersetz\w*"
    r"|supprim\w*|enlev\w*|retir\w*|remplac\w*|chang\w*|autoris\w*|peut|ne .{0,20}plus"
    r"|quita\w*|elimina\w*|borra\w*|cambia\w*|permit\w*|puede|ya no|reemplaz\w*"
    r"|remov\w*|tira\w*|apaga\w*|muda\w*|pode|já não|substitu\w*|togli\w*|rimuov\w*|può|non .{0,20}più"
    r"|verwijder\w*|mag)\b",
    re.IGNORECASE,
)
_ALL_RULES = re.compile(
    r"\b(all|every|the|that|this|those|last|first|second|third) (?:\w+ )?(rules?|restrictions?)\b"
    r"|\balle regeln\b|\btoutes les règles\b|\btodas (?:las reglas|as regras)\b",
    re.IGNORECASE,
)
# "The never rule should go" speaks of a rule and states none.
_STATED = re.compile(
    r"\b(?:(?:never|always)(?![ -](?:rules?|ones?|things?|lines?|bits?|parts?|sentences?)\b)|must not"
    r"|under no circumstances|nie|niemals|immer|jamais|toujours|nunca|siempre|jamás|sempre"
    r"|mai|nooit|altijd)\b[^.!?;:,\n]*",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"\b(?:never|not|cannot|no|avoid|nie|niemals|nicht|kein\w*|jamais|pas|nunca|jamás|não|nao|mai|non|nooit|niet"
    r"|geen)\b"
    r"|n['’]t\b",
    re.IGNORECASE,
)
_ALLOWING = re.compile(
    r"\b(?:may|can|allowed|fine|ok(?:ay)?|in ordnung|erlaubt|darfst?|kannst?|peut|peux|puede|pode|può|mag|kan)\b",
    re.IGNORECASE,
)
_JOINED = re.compile(r"\s+(?:and|but|or|then|also|und|aber|et|mais|y|pero|e|mas|ma|en|maar)\s+", re.IGNORECASE)
_COMMON = re.compile(
    r"(about|after|again|also|always|answers?|assistant|before|being|does|dont|even|ever|every|from|give|have|here|into"
    r"|just|keep|like|make|must|never|only|other|person|rules?|says?|should|some|than|that|their|them|then|there|these"
    r"|they|this|users?|what|when|where|which|will|with|without|unless|except|words?|would|your)\Z"
)


def stated_rules(instructions: str, said: Sequence[str] | None = None) -> list[str]:
    """Return the rules that stand in `instructions`, word for word.

    With `said`, only those that the person spoke themselves: the others are the builder's own sentences.
    """
    found = rules(instructions)
    if said is None:
        return found
    own = [flat(rule) for text in said for rule in [*rules(text), *new_rules(text)]]
    return [rule for rule in found if any(flat(rule) in one or says(rule, one) for one in own if one)]


def lost_rules(before: Iterable[str], after: str) -> list[str]:
    """Return the rules of `before` that the instructions `after` no longer hold, in whatever words."""
    return [rule for rule in before if not says(after, rule)]


def asked_to_drop(rule: str, message: str) -> bool:
    """Say whether a message asks that `rule` go or change: a clause speaks of it, and of dropping or changing."""
    topic = _topic(rule)
    for clause in re.split(r"[.!?;\n]|,\s", message):
        if not _DROPPING.search(clause):
            continue
        if topic & _topic(clause) or _ALL_RULES.search(clause):
            return True
    return bool(flat(rule) and flat(rule) in flat(message) and _DROPPING.search(message))


def opposed_rules(rules: Iterable[str], before: str, after: str) -> list[str]:
    """Return the rules that still stand in `after` although a sentence that is new there says the opposite.

    Judged by words: most of what the rule is about, with a "never" or "not" on one side only.
    """
    known = flat(before)
    new = [one for one in split(after) if one.text and flat(one.text) not in known]
    found = []
    for rule in rules:
        if any(_opposes(one.text, rule) for one in new):
            found.append(rule)
    return found


def _opposes(text: str, rule: str) -> bool:
    """Say whether a new sentence allows or forbids what a rule is about, the other way round."""
    if _negative(rule) == _negative(text):
        return False
    topic, allows = _topic(rule), bool(_ALLOWING.search(text))
    about = _topic(_ALLOWING.sub(" ", text))
    shared = len(topic & about)
    if allows and shared and shared * 2 >= len(about):  # "Animals are fine on Fridays" beside "Never accept animals, …"
        return True
    return shared >= (1 if allows else 2) and shared * 2 >= len(topic)


def _negative(text: str) -> bool:
    return bool(_NEGATION.search(text))


def new_rules(message: str) -> list[str]:
    """Return the clauses of a message that state a rule beyond doubt (never, always), word for word.

    A clause ends early rather than late, so that only words which surely belong to the rule are looked for.
    """
    stated = [one for one in sentences(_unquoted(message)) if binds(one)]
    found = [_JOINED.split(match.group().strip())[0].strip() for one in stated for match in _STATED.finditer(one)]
    return [rule for rule in found if len(rule.split()) > 2]


def _topic(text: str) -> set[str]:
    words = re.findall(r"[^\W\d_]{4,}", text.casefold())
    return {word[:5] for word in words if not _COMMON.match(word)}


def _unquoted(message: str) -> str:
    return re.sub(r"\"[^\"\n]*\"|“[^”\n]*”|«[^»\n]*»", " , ", message)


@dataclass(frozen=True)
class Subject:
    """A valid spec file at one moment. All paths of a change refer to this text.

    `data` has the instructions also where they stand in `instructions_file`: `told_file`, with the text `told_text`.
    `said` are the person's own words where the whole file grew out of a conversation; None for a file that a person
    wrote.
    """

    path: Path
    text: str
    data: dict[str, Any]
    spec: AssistantSpec
    instructions: str
    told_file: Path | None = None
    told_text: str = ""
    said: Sequence[str] | None = field(default=None, repr=False)

    @property
    def hash(self) -> str:
        """The SHA-256 of the spec's bytes."""
        return text_hash(self.text)

    @property
    def is_on_disk(self) -> bool:
        """Say whether the files are, to the byte, what this is of."""
        return _bytes(self.path) == self.text.encode("utf-8") and (
            self.told_file is None or _bytes(self.told_file) == self.told_text.encode("utf-8")
        )

    @property
    def files_folder(self) -> str:
        """The name of the folder beside the spec in which its own files lie."""
        return f"{self.path.name.removesuffix(SUFFIX)}.files"

    @property
    def locked(self) -> list[str]:
        """The paths that the builder may only suggest a change of."""
        return self.spec.x_builder.locked

    @cached_property
    def rules(self) -> list[str]:
        """The person's rules, word for word, as they stand in the instructions."""
        return stated_rules(self.instructions, self.said)


def read_subject(path: str | Path, said: Sequence[str] | None = None) -> Subject:
    """Read the spec file at `path`.

    Raises:
        SpecError: the file is not valid as it is; a change of it could not be judged.
        UsageError: it cannot be read.
        NotReadyError: its `instructions_file` lies outside its folder.
    """
    loaded = load_file(path)
    file = Path(path).resolve()
    instructions = loaded.instructions()
    told, told_text = None, ""
    if loaded.spec.instructions is None and loaded.spec.instructions_file:
        told = paths.resolve(file.parent, loaded.spec.instructions_file)
        told_text = (_bytes(told) or b"").decode("utf-8")
    data = dict(loaded.document.data)
    if told is not None:
        data["instructions"] = instructions
    if not loaded.text:
        raise UsageError(f"{path} is empty", code="empty", hint="describe an assistant first")
    return Subject(file, loaded.text, data, loaded.spec, instructions, told, told_text, said)


def shown_subject(path: Path, base: dict[str, str], said: Sequence[str] | None = None) -> Subject:
    """Return the file as it was in `base`, whatever it is now: a text for each file, the spec's own by its path."""
    text = base[str(path)]
    loaded = load_text(text, path.parent, file=str(path))
    data = dict(loaded.document.data)
    told = next(((Path(name), kept) for name, kept in base.items() if name != str(path)), None)
    if told is not None:
        data["instructions"] = told[1].removeprefix("\ufeff")
    instructions = str(data.get("instructions", ""))
    file, told_text = told or (None, "")
    return Subject(path, text, data, loaded.spec, instructions, file, told_text, said)


def _bytes(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None
