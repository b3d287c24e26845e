"""What a command changes in the instructions: rules, tone, language and length of the answers.

An order is kept word for word. What is only hinted at, and what a rule becomes, the local model writes and code checks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gptsmith.agent.builder.composing import needs
from gptsmith.agent.builder.composing import statements as told
from gptsmith.agent.builder.composing.commands import Command, is_abroad
from gptsmith.agent.builder.composing.statements import Statement, encoded, find_ground, grounds, scores
from gptsmith.agent.builder.composing.subject import (
    ANY_CASE,
    CommandSubject,
    FoundChange,
    has,
    number,
    ordinal,
    retell,
    sentence,
)
from gptsmith.agent.builder.language.answers import Missing
from gptsmith.agent.builder.language.mentions import VERBS
from gptsmith.models.chat.embedded.quantities import NUMBER_WORDS
from gptsmith.models.chat.embedded.tasks.designing import reword, rule_of
from gptsmith.models.chat.embedded.tasks.threads import NOT
from gptsmith.models.chat.embedded.words import content_stems, stem, word_set
from gptsmith.models.chat.local.writer import Writer

# A number, day or time of a rule put right by what the person says of the same matter: `it is 23:00 now, not 22`.

_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_VALUE = re.compile(
    rf"(?<![\w.:])(?:(?P<time>\d{{1,2}}[:.]\d{{2}}(?= ?(?:h|o['’]clock|am|pm))|\d{{1,2}}:\d{{2}})|(?P<dotted>\d+\.\d+)"
    rf"|(?P<number>\d+|(?:{'|'.join(NUMBER_WORDS)}))|(?P<day>(?:{_DAYS})s?))(?![\w]|[.:]\d)",
    ANY_CASE,
)
_OLD = re.compile(
    r"(?:,? ?\b(?:and )?(?:not|instead of|rather than|no longer|any ?more than|used to be|was|were|from)\b|n['’]t\b)"
    r"(?:(?! to\b)[^,;.])*?$",
    ANY_CASE,
)
_CONTRAST = re.compile(
    r"^(?:\W*(?:in|give|use|to|it(?:['’]s| is)|the) )*(?P<new>[^\W\d_]+),?"
    r" (?:please )?(?:and )?(?:not|instead of|rather than)"
    r" (?:in |to |the )?(?P<old>[^\W\d_]+)(?=[,;.!?]|$| (?:any ?more|please|now))",
    ANY_CASE,
)
LEAST, MARGIN = 1.2, 0.3
"""What speaks for a value that it is meant (its own mention 1, the word behind it 1); how far the next lies behind."""
CERTAIN, KNOWN = 2.2, 0.8
"""The same, whatever kind of change the clause looks like; and where it is known to say a rule otherwise."""


@dataclass(frozen=True)
class _Value:
    kind: str
    text: str
    start: int
    end: int
    noun: str  # the stem of the word behind it


def read_amendment(text: str, subject: CommandSubject, least: float = LEAST) -> FoundChange | None:
    """Return the change of the one value in the instructions that `text` says otherwise; None where it is in doubt."""
    word = _word_for_word(text, subject)
    if word:
        return _said(word[0], *word[1], word[2], subject)
    said = list(_values(text))
    scored = []
    for stated in told.statements(subject.instructions):
        there = list(_values(stated.text))
        for old in there:
            if new := _instead(old, said, there, text):
                scored.append((_speaks(old, new, said, stated, text), stated, old, new))
    scored.sort(key=lambda one: -one[0])
    if not scored or scored[0][0] < least or (len(scored) > 1 and scored[0][0] - scored[1][0] < MARGIN):
        return None
    _, stated, old, new = scored[0]
    instead = f"{new.text}:00" if old.kind == "time" and new.kind == "number" else new.text
    return _said(stated, old.start, old.end, instead, subject)


def _said(stated: Statement, start: int, end: int, new: str, subject: CommandSubject) -> FoundChange:
    old = stated.text[start:end]
    new = new[:1].upper() + new[1:] if old[:1].isupper() else new
    subject.touched.append((stated.start, stated.end))
    before, after = told.exchange(subject.instructions, stated.start + start, stated.start + end, new)
    return FoundChange([retell(before, after, f"Say “{new}” instead of “{old}”.")])


def _word_for_word(text: str, subject: CommandSubject) -> tuple[Statement, tuple[int, int], str] | None:
    """Return where the one word stands that another is said instead of: `feet, not metres`."""
    said = _CONTRAST.search(text)
    if not said or not set(content_stems(said["old"])) or stem(said["new"].lower()) == stem(said["old"].lower()):
        return None
    word = re.compile(rf"(?<!\w){re.escape(said['old'])}(?!\w)", ANY_CASE)
    places = [(s, m.span()) for s in told.statements(subject.instructions) for m in word.finditer(s.text)]
    return (*places[0], said["new"]) if len(places) == 1 else None


def _values(text: str) -> Iterator[_Value]:
    for found in _VALUE.finditer(text):
        noun = re.match(r" ([^\W\d_]{3,})", text[found.end() :])
        yield _Value(found.lastgroup or "", found.group(), *found.span(), stem(noun[1].lower()) if noun else "")


def _instead(old: _Value, said: list[_Value], there: list[_Value], text: str) -> _Value | None:
    """Return the one value said that can stand for the old one: of its kind, not taken back, not there already."""
    known = {_number(value) for value in there}
    fit = [
        new
        for new in said
        if (new.kind == old.kind or (old.kind == "time" and new.kind == "number"))
        and _number(new) not in known
        and not _OLD.search(text[: new.start])
        and new.text.lower() != "one"
    ]
    return fit[0] if len(fit) == 1 else None


def _speaks(old: _Value, new: _Value, said: list[_Value], stated: Statement, text: str) -> float:
    """Return how much speaks for this value being the one that is said otherwise."""
    mentioned = any(value is not new and _number(value) == _number(old) for value in said)
    numbers = {stem(value.text.lower()) for value in [*said, old]}
    shared = (set(content_stems(text)) & set(content_stems(stated.text))) - numbers
    noun = bool(old.noun) and old.noun in {new.noun, *(value.noun for value in said)}
    near = float(encoded(text) @ encoded(stated.text))
    return mentioned + noun + 0.5 * min(len(shared), 2) + near


def _number(value: _Value) -> str:
    low = value.text.lower()
    return str(NUMBER_WORDS.get(low, low)).removesuffix(":00")


Ruler = Callable[[Command, CommandSubject, Writer | None], FoundChange | None]
_OUGHT = re.compile(
    r"^(?:(?:it|he|she|they) (?:really |also |just )?(?:ought to|should|must|has to|have to|needs to|is to|will)"
    r"(?: really| also)? (?=\w)|(?:make sure|see to it|ensure|take care|tell it|add|add the rule|(?:new )?rule)"
    r"(?: that|:)? (?=(?:it|she|he|never|always)\b)|"
    r"(?:i['’]d like|i (?:want|need)|we (?:want|need)|make|have|teach|tell|get|let)"
    r" (?:it|him|her) (?:to )?(?=[a-z]+ ))",
    ANY_CASE,
)
_PLAIN = re.compile(
    r"^(?:never|always|don['’]?t|do not|only|if|when|whenever|before|after|every|each|for every|at most|no more than"
    r"|avoid|no|niemals|immer|nie|wenn|nunca|siempre|si|jamais|toujours)\b",
    ANY_CASE,
)
_REASON = re.compile(
    r"[.!?;] |,? (?:because|since|so that|so)\b| [–—-] |\b(?:instead|any ?more|too)\b|^it\b|\?$", ANY_CASE
)
NO_TOOL = "There is no such tool here; add an mcp or openapi tool that offers it under tools."
_LANGUAGES = word_set(
    "English German Spanish Portuguese French Italian Dutch Polish Turkish Russian Ukrainian Czech Swedish Danish"
    " Norwegian Finnish Greek Arabic Hebrew Chinese Mandarin Japanese Korean Hindi Hungarian Romanian Catalan"
    " Latin"
)
_ALIASES = {"deutsch": "German", "englisch": "English", "español": "Spanish", "inglés": "English", "français": "French",
            "anglais": "English", "germans": "German", "italiano": "Italian", "spanisch": "Spanish"}  # fmt: skip
_SPOKEN = re.compile(rf"\b(?:{'|'.join(sorted({*_LANGUAGES, *_ALIASES}))})\b", ANY_CASE)
_SPEAKS = re.compile(r"\b(?:answer|reply|respond|speak|talk|write|language)\b", ANY_CASE)
_SAME = re.compile(
    r"\bwhat(?:ever|so)?\b|\bwhichever\b|\btheir (?:own )?language|\bsame language|\blanguage (?:of|they)"
)
_LENGTHS = {
    "shorter": ("Keep answers short.", "short", r"detailed|long|longer|thorough\w*|in depth|at length|elaborate"),
    "longer": ("Answer in detail.", "detailed", r"short|brief|concise|terse|briefly|shortly"),
}
_PARTS = re.compile(r"(?:^|,? (?:and|or) |[,;] )[^,;]+?(?=,? (?:and|or) |[,;] |[.;]?$)")


def rule(said: Command, subject: CommandSubject, writer: Writer | None) -> FoundChange | None:
    """Add a rule: word for word where it is an order, else as the model says it."""
    words = sentence(said.said) if is_abroad(said.said) else ""
    words = words or plain_order(said.values[0] if len(said.values) == 1 and has("rule", said.open) else said.text)
    if not words and writer is not None:
        words = rule_of(writer, said.said)
    absent = [] if not words or NOT.search(words) else needs.absent(words)
    if absent:
        return FoundChange(missing=[Missing(kind="tool", what=what, how=NO_TOOL) for what in absent])
    return added(subject, words) if words else None


def plain_order(text: str) -> str:
    """Return an order as a rule in the person's words; empty for words that hint at one, or give reasons too."""
    before = ""
    while before != text:
        before = text
        text = _OUGHT.sub("", text).strip()
    first = re.match(r"(?:(?:please|also|not) )*([\w'’-]+)", text.lower())
    ordered = bool(_PLAIN.match(text)) or bool(first and first[1] in VERBS and before)
    if not ordered or len(text.split()) < 2 or _REASON.search(text.rstrip(" .!")):
        return ""
    return sentence(re.sub(r"^not (?=\w)", "do not ", text))


def added(subject: CommandSubject, words: str, *, manner: bool = False) -> FoundChange:
    """Return the change that adds a rule."""
    said = sentence(words)
    if told.find_statement(subject.instructions, said):
        return FoundChange(reply=f"It is told that already: “{said}”")
    place = told.addition(subject.instructions, said, manner=manner, avoid=subject.touched)
    return FoundChange([retell(*place, f"Tell it: “{said}”")]) if place else FoundChange(unclear=True)


def changed(said: Command, subject: CommandSubject, writer: Writer | None) -> FoundChange | None:
    """Say a rule otherwise: a number or day in its place, texts that are given, else as the model says it."""
    if len(said.values) == 2 and (found := _given(said, subject)):
        return found
    if found := read_amendment(said.text, subject, least=KNOWN):
        return found
    stated = about(said, subject)
    if stated is None:
        return None if writer is None else _unsure(said, subject)
    if writer is None:
        return None
    new = reword(writer, stated.text, said.said)
    if not new:
        return FoundChange(question=f"How should “{stated.text}” read instead, word for word?")
    return exchanged(subject, stated, new)


def _given(said: Command, subject: CommandSubject) -> FoundChange | None:
    for old, new in (said.values, said.values[::-1]):
        if span := told.find_statement(subject.instructions, old):
            subject.touched.append(span)
            return FoundChange(
                [retell(*told.exchange(subject.instructions, *span, new), f"Say “{new}” instead of “{old}”.")]
            )
    return None


def exchanged(subject: CommandSubject, stated: Statement, new: str) -> FoundChange:
    """Return the change that says a statement otherwise."""
    subject.touched.append((stated.start, stated.end))
    new = new if re.search(r"[.!?:]$", stated.text) else new.rstrip(".")
    old, instead = told.exchange(subject.instructions, stated.start, stated.end, new)
    return FoundChange([retell(old, instead, f"Say “{new}” instead of “{stated.text}”")])


def about(said: Command, subject: CommandSubject) -> Statement | None:
    """Return the statement of the instructions that a command speaks of; None where that is in doubt."""
    stated = told.statements(subject.instructions)
    place = ordinal(said.open) if has("rule|line|sentence", said.open) else None
    if place is not None:
        rules = [s for s in stated if s.rule]
        return rules[place] if -len(rules) <= place < len(rules) else None
    found = find_ground(said.text, said.around, subject, "rule")
    return stated[int(found.path)] if found else None


def dropped(said: Command, subject: CommandSubject, writer: Writer | None) -> FoundChange | None:
    """Take a rule out, or the one of its two parts that is meant."""
    if has(r"\d+", said.open) and (found := read_amendment(said.text, subject, least=CERTAIN)):
        return found  # `it was cut to 30 days`: another value, not none
    stated = about(said, subject)
    if stated is None:
        return _unsure(said, subject)
    if len(told.statements(subject.instructions)) == 1:
        return FoundChange(question="That is all it is told. What should it be told instead?")
    shared = set(content_stems(f"{said.text} {said.around}"))
    parts = _PARTS.findall(stated.text)
    if len(parts) == 2 and not shared & set(content_stems(parts[0])) and shared & set(content_stems(parts[1])):
        start = stated.start + len(parts[0])
        subject.touched.append((stated.start, stated.end))
        change = told.exchange(subject.instructions, start, start + len(parts[1]), "")
        return FoundChange([retell(*change, f"Take out “{parts[1].strip()}” from “{stated.text}”")])
    subject.touched.append((stated.start, stated.end))
    return FoundChange([retell(*told.removal(subject.instructions, stated), f"Take out the rule “{stated.text}”")])


def _unsure(said: Command, subject: CommandSubject) -> FoundChange:
    """Return the question which of the nearest rules is meant."""
    rules = [thing for thing in grounds(subject) if thing.kind == "rule"]
    near = sorted(zip(scores(said.text, rules), rules, strict=True), key=lambda one: -one[0][0])[:3]
    return FoundChange(question=f"Which of these do you mean: {' or '.join(f'“{thing.text}”' for _, thing in near)}?")


def toned(said: Command, subject: CommandSubject, writer: Writer | None) -> FoundChange | None:
    """Change how it speaks: a sentence that says so already is reworded, else one is added."""
    if writer is None:
        how = re.search(r"\b(more|less) ([a-z]{3,})\b|\b(?:make|sound|be) (?:it )?([a-z]{2,}er)\b", said.open)
        words = f"Be {how[1]} {how[2]}" if how and how[1] else f"Be {how[3]}" if how else ""
        return added(subject, words, manner=True) if words else None
    rules = [t for t in grounds(subject) if t.kind == "rule" and not t.text.startswith("You ")]  # who it is stays
    near = max(zip(scores(said.text, rules), rules, strict=True), key=lambda one: one[0], default=None)
    if near and near[0][1] and (new := reword(writer, near[1].text, said.said)):
        return exchanged(subject, told.statements(subject.instructions)[int(near[1].path)], new)
    words = rule_of(writer, said.said)
    return added(subject, words, manner=True) if words else None


def spoken_change(said: Command, subject: CommandSubject, writer: Writer | None) -> FoundChange | None:
    """Change the language of the answers."""
    if re.search(r"\b(?:if|when|also|too)\b", said.open):
        return rule(said, subject, writer)  # one language more, for some: in the person's words
    head = re.split(r"\b(?:instead of|rather than|not|statt)\b", said.text)[0]
    named = [_ALIASES.get(w.lower(), w.capitalize()) for w in _SPOKEN.findall(head)]
    same = bool(_SAME.search(said.open))
    if len(set(named)) != 1 and not same:
        return rule(said, subject, writer)
    new = "Answer in the language of the user's message." if same else f"Answer in {named[-1]}."
    for stated in told.statements(subject.instructions):
        there = _SPOKEN.search(stated.text)
        if there and _SPEAKS.search(stated.text):
            if same or len(stated.text.split()) <= 4:
                return exchanged(subject, stated, new)
            whole = stated.text[: there.start()] + named[-1] + stated.text[there.end() :]
            return exchanged(subject, stated, whole)
    return added(subject, new, manner=True)


def lengthened(way: str) -> Ruler:
    """Return what makes the answers shorter or longer."""

    def change(said: Command, subject: CommandSubject, writer: Writer | None) -> FoundChange | None:
        words, how, contrary = _LENGTHS["shorter" if has("short|brief|shorter", said.open) else way]
        if number(said.open) is not None:
            return changed(said, subject, None) or rule(said, subject, writer)  # a bound, in the person's words
        for stated in told.statements(subject.instructions):
            there = re.search(rf"\b(?:{contrary})\b", stated.text, ANY_CASE)
            if there and len(stated.text.split()) <= 8:
                return exchanged(subject, stated, stated.text[: there.start()] + how + stated.text[there.end() :])
        return added(subject, words, manner=True)

    return change


DOERS: dict[str, Ruler] = {
    "rule_add": rule,
    "rule_change": changed,
    "rule_drop": dropped,
    "tone": toned,
    "language": spoken_change,
    "shorter": lengthened("shorter"),
    "longer": lengthened("longer"),
}
