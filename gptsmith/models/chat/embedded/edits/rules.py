"""What a command changes in the instructions: rules, tone, language and length of the answers.

An order is kept word for word. What is only hinted at, and what a rule becomes, the local model writes and code checks.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gptsmith.assistants.draft import Missing
from gptsmith.assistants.verbs import VERBS
from gptsmith.models.chat.embedded import picture_needs
from gptsmith.models.chat.embedded.edits import amending
from gptsmith.models.chat.embedded.edits import statements as told
from gptsmith.models.chat.embedded.edits.commands import Command
from gptsmith.models.chat.embedded.edits.places import grounds, meant, scores
from gptsmith.models.chat.embedded.edits.statements import Statement
from gptsmith.models.chat.embedded.edits.subject import Found, Subject, retell, sentence
from gptsmith.models.chat.embedded.edits.values import ANY_CASE, has, number, ordinal
from gptsmith.models.chat.embedded.tasks.carrying import NOT
from gptsmith.models.chat.embedded.tasks.rewording import reword, rule_of
from gptsmith.models.chat.embedded.words import content_stems, listed
from gptsmith.models.chat.local.writer import Writer

Ruler = Callable[[Command, Subject, Writer | None], Found | None]
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
_LANGUAGES = listed(
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


def rule(said: Command, subject: Subject, writer: Writer | None) -> Found | None:
    """Add a rule: word for word where it is an order, else as the model says it."""
    words = plain_order(said.values[0] if len(said.values) == 1 and has("rule", said.open) else said.text)
    if not words and writer is not None:
        words = rule_of(writer, said.said)
    absent = [] if not words or NOT.search(words) else picture_needs.absent(words)
    if absent:
        return Found(missing=[Missing(kind="tool", what=what, how=NO_TOOL) for what in absent])
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


def added(subject: Subject, words: str, *, manner: bool = False) -> Found:
    """Return the change that adds a rule."""
    said = sentence(words)
    if told.find(subject.instructions, said):
        return Found(reply=f"It is told that already: “{said}”")
    place = told.addition(subject.instructions, said, manner=manner, avoid=subject.touched)
    return Found([retell(*place, f"Tell it: “{said}”")]) if place else Found(unclear=True)


def changed(said: Command, subject: Subject, writer: Writer | None) -> Found | None:
    """Say a rule otherwise: a number or day in its place, texts that are given, else as the model says it."""
    if len(said.values) == 2 and (found := _given(said, subject)):
        return found
    if found := amending.read(said.text, subject, least=amending.KNOWN):
        return found
    stated = about(said, subject)
    if stated is None:
        return None if writer is None else _unsure(said, subject)
    if writer is None:
        return None
    new = reword(writer, stated.text, said.said)
    if not new:
        return Found(question=f"How should “{stated.text}” read instead, word for word?")
    return exchanged(subject, stated, new)


def _given(said: Command, subject: Subject) -> Found | None:
    for old, new in (said.values, said.values[::-1]):
        if span := told.find(subject.instructions, old):
            subject.touched.append(span)
            return Found([retell(*told.exchange(subject.instructions, *span, new), f"Say “{new}” instead of “{old}”.")])
    return None


def exchanged(subject: Subject, stated: Statement, new: str) -> Found:
    """Return the change that says a statement otherwise."""
    subject.touched.append((stated.start, stated.end))
    new = new if re.search(r"[.!?:]$", stated.text) else new.rstrip(".")
    old, instead = told.exchange(subject.instructions, stated.start, stated.end, new)
    return Found([retell(old, instead, f"Say “{new}” instead of “{stated.text}”")])


def about(said: Command, subject: Subject) -> Statement | None:
    """Return the statement of the instructions that a command speaks of; None where that is in doubt."""
    stated = told.statements(subject.instructions)
    place = ordinal(said.open) if has("rule|line|sentence", said.open) else None
    if place is not None:
        rules = [s for s in stated if s.rule]
        return rules[place] if -len(rules) <= place < len(rules) else None
    found = meant(said.text, said.around, subject, "rule")
    return stated[int(found.path)] if found else None


def dropped(said: Command, subject: Subject, writer: Writer | None) -> Found | None:
    """Take a rule out, or the one of its two parts that is meant."""
    if has(r"\d+", said.open) and (found := amending.read(said.text, subject, least=amending.CERTAIN)):
        return found  # `it was cut to 30 days`: another value, not none
    stated = about(said, subject)
    if stated is None:
        return _unsure(said, subject)
    if len(told.statements(subject.instructions)) == 1:
        return Found(question="That is all it is told. What should it be told instead?")
    shared = set(content_stems(f"{said.text} {said.around}"))
    parts = _PARTS.findall(stated.text)
    if len(parts) == 2 and not shared & set(content_stems(parts[0])) and shared & set(content_stems(parts[1])):
        start = stated.start + len(parts[0])
        subject.touched.append((stated.start, stated.end))
        change = told.exchange(subject.instructions, start, start + len(parts[1]), "")
        return Found([retell(*change, f"Take out “{parts[1].strip()}” from “{stated.text}”")])
    subject.touched.append((stated.start, stated.end))
    return Found([retell(*told.removal(subject.instructions, stated), f"Take out the rule “{stated.text}”")])


def _unsure(said: Command, subject: Subject) -> Found:
    """Return the question which of the nearest rules is meant."""
    rules = [thing for thing in grounds(subject) if thing.kind == "rule"]
    near = sorted(zip(scores(said.text, rules), rules, strict=True), key=lambda one: -one[0][0])[:3]
    return Found(question=f"Which of these do you mean: {' or '.join(f'“{thing.text}”' for _, thing in near)}?")


def toned(said: Command, subject: Subject, writer: Writer | None) -> Found | None:
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


def spoken(said: Command, subject: Subject, writer: Writer | None) -> Found | None:
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

    def change(said: Command, subject: Subject, writer: Writer | None) -> Found | None:
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
    "language": spoken,
    "shorter": lengthened("shorter"),
    "longer": lengthened("longer"),
}
