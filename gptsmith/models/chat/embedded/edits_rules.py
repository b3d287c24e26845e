"""Commands about what the assistant does: rules added in the person's words, said otherwise, lifted."""

from __future__ import annotations

import re

from gptsmith.assistants.draft import Missing
from gptsmith.models.chat.embedded import edits_instructions as told
from gptsmith.models.chat.embedded import picture_needs
from gptsmith.models.chat.embedded.edits_behaviour import OUGHT, is_order_verb, spoken_rule, unquoted
from gptsmith.models.chat.embedded.edits_clauses import Clause
from gptsmith.models.chat.embedded.edits_instructions import Statement
from gptsmith.models.chat.embedded.edits_revised import fitting
from gptsmith.models.chat.embedded.edits_rules_dropped import RULE_NOUN, dropped, gone, numbered_rule, unsure
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, retell, sentence
from gptsmith.models.chat.embedded.edits_words import ANY_CASE, IT, SWAP, has

_BE_LIKE = re.compile(r"^(?:be|act|speak|talk|sound|behave|pretend)\b", ANY_CASE)
_WRITING = re.compile(
    r"^(?:(?:it|everything|the \w+) needs? (?:to be )?)?(?:rewrit\w+|re-?word\w*|rephras\w+|restructur\w+"
    r"|reorgani[sz]\w+|polish\w*|beautif\w+"
    r"|improv\w+|translat\w+|proofread\w*|tidy|clean up|overhaul|refactor|expand|elaborate|summari[sz]e) (?:\w+"
    r" ){0,2}?(?:it|everything|instructions?"
    r"|prompt|text|whole|file|spec|wording|description|welcome|starters?|rules|all)\b",
    ANY_CASE,
)
_ABLE = re.compile(  # a wish that it can do something
    rf"^(?:let|allow|enable|give|add|make|teach|connect)\b|^(?:can |could )?{IT} (?:should|must|needs?|has to|can|could"
    r"|may)\b(?! ?n?['’o]t\b)|^(?:i|we)(?:['’]d| would)? (?:want|like)\b|^(?:can|could)\b",
    ANY_CASE,
)


def read_changed(clause: Clause, subject: Subject) -> Found | None:
    """Return what a command does to rules that are there; None when it is about something else."""
    if _WRITING.match(clause.open.strip()):
        return Found(unclear=True, reply="Writing a text anew is more than I can do.")
    return _changed(clause, subject) or dropped(clause, subject)


def read(clause: Clause, subject: Subject) -> Found | None:
    """Return what a new rule changes; None when the command states none."""
    return _added(clause, subject)


def _changed(clause: Clause, subject: Subject) -> Found | None:
    text = subject.instructions
    there = re.search(r"\bwhere(?:ver)? (?:it|you|there) (?:says?|stands?|reads?|is)\b", clause.open)
    if len(clause.values) == 2 and there and (span := told.find(text, clause.values[1])):
        return _swap(subject, span, clause.values[0])
    if len(clause.values) == 2 and has(SWAP, clause.open):
        span = told.find(text, clause.values[0])
        if span:
            return _swap(subject, span, clause.values[1])
    about = re.search(
        rf"\b(?:change|replace|update|edit|modify|turn|ändere|cambia)\b.*?\b(?:{RULE_NOUN})\b (?:about|on|with|that|of"
        rf"|for|regarding|concerning|über|sobre)\s+(?P<what>.+?)\s*(?:\bto\b|\binto\b|\bwith\b|\bby\b|,|:)\s*(?:say"
        rf"|read|be|this)?:?\s*(?P<new>.+)$",
        clause.text,
        ANY_CASE,
    )
    about = about or re.search(
        rf"\b(?:the|its|that) (?:{RULE_NOUN}) (?:about|on|with|of|for|regarding|concerning)\s+(?P<what>.+?)\s+(?:should"
        rf"|must|shall|ought to|has to)\s+"
        r"(?:now )?(?:read|say|be|become):?\s*(?P<new>.+)$",
        clause.text,
        ANY_CASE,
    )
    if about:
        found = told.about(text, about["what"])
        if len(found) == 1:
            new = clause.values[-1] if clause.values else about["new"]
            return _exchanged(subject, found[0], new)
        return unsure(found, about["what"])
    place = re.match(
        rf"^(?:change|replace|update|edit) the (?P<what>\w+) (?:{RULE_NOUN}) (?:to|with|by|into):?\s*(?P<new>.+)$",
        clause.text,
        ANY_CASE,
    )
    if place and (numbered := numbered_rule(subject, place["what"])):
        return _exchanged(subject, numbered, clause.values[-1] if clause.values else place["new"])
    instead = _instead(clause)
    if instead:
        return _instead_of(subject, *instead)
    return None


def _instead(clause: Clause) -> tuple[str, str] | None:
    """Return what is and what should be: `rather than A, B`, `B instead of A`, `replace A with B`."""
    text = clause.text.rstrip(" .!")
    for pattern in (
        r"^(?:instead of|rather than|not|statt) (?P<old>.+?)(?:,| (?=(?:it|he|she|they) (?:should|must|can"
        r"|could)\b))\s*(?P<new>.+)$",
        r"^(?P<new>.+?)(?:,? (?:instead of|rather than|and not|statt)|, not(?! (?:just|only|merely|simply)\b)) "
        r"(?P<old>.+)$",
        r"^(?:replace|swap|change|turn) (?P<old>.+?) (?:with|by|for|to|into) (?P<new>.+)$",
    ):
        said = re.match(pattern, text, ANY_CASE)
        if said:
            return unquoted(said["old"]), unquoted(said["new"])
    return None


def _instead_of(subject: Subject, old: str, new: str) -> Found | None:
    text = subject.instructions
    old = re.sub(r"^(?:being|to be|just) ", "", old)
    span = told.find(text, old)
    if re.search(r"\bones?$", old) and not span:
        old = new  # `only after the last round, not after each one`: what it is about stands in the other half
    if not span and len(found := told.about(text, old)) == 1:
        return _exchanged(subject, found[0], _core(new))
    if not span:
        return None
    new = _core(new)
    wider = fitting(text, span, new)
    stated = next((s for s in told.statements(text) if s.start <= span[0] < s.end), None)
    if stated is None:
        return None
    before = set(_words(text[stated.start : span[0]]))
    if wider != span and wider[1] <= stated.end:
        while before and new.split() and set(_words(new.split()[0])) <= before:
            new = " ".join(new.split()[1:])
        return _swap(subject, wider, new)
    rest = before | set(_words(text[span[1] : stated.end]))
    said = new.split()
    while before and said and set(_words(said[0])) <= before:
        said.pop(0)  # `end with a fun fact` beside `End every answer with a question`: only the fact is new
    if said and len(said) < len(new.split()) and not rest <= set(_words(new)):
        new = " ".join(said)
    if rest and rest <= set(_words(new)):
        return _exchanged(subject, stated, new)
    return _swap(subject, span, new) if len(new.split()) <= max(4, len(old.split()) + 2) else None


def _core(new: str) -> str:
    """Return `it should ask about the budget` as it is told: `ask about the budget`."""
    ought = OUGHT.match(new)
    return re.sub(r"^(?:now|rather) ", "", ought["what"]) if ought and not ought["not"] else new


def _swap(subject: Subject, span: tuple[int, int], new: str) -> Found:
    text = subject.instructions
    was = text[span[0] : span[1]]
    new = new.rstrip(".") if text[span[1] : span[1] + 1] in (".", ",", ";") else new
    if was[:1].isupper() and new[:1].islower():
        new = new[:1].upper() + new[1:]
    subject.touched.append(span)
    old, instead = told.exchange(text, *span, new)
    return Found([retell(old, instead, f"Say “{new}” instead of “{was}”.")])


def _exchanged(subject: Subject, stated: Statement, new: str) -> Found:
    said = sentence(unquoted(new))
    subject.touched.append((stated.start, stated.end))
    old, instead = told.exchange(subject.instructions, stated.start, stated.end, said)
    return Found([retell(old, instead, f"Say “{said}” instead of “{stated.text}”")])


def _added(clause: Clause, subject: Subject) -> Found | None:
    rule = spoken_rule(clause) or _like_another(clause, subject)
    able = _ABLE.match(clause.open.strip())
    to_us = re.match(r"(?:book|order|buy|get|bring|reserve)\b", clause.open)  # what nobody asks of the assistant
    plain = clause.open if (able or not (rule or to_us)) and not clause.values else ""
    absent = picture_needs.absent(rule or plain)
    if absent and not re.search(r"^(?:if|when)\b|\b(?:never|not|no)\b|n['’]t\b", rule, ANY_CASE):
        how = "There is no such tool here; add an mcp or openapi tool that offers it under tools."
        return Found(missing=[Missing(kind="tool", what=what, how=how) for what in absent])
    if rule and (lifted := _lifted(rule, subject)):
        return lifted
    return told_rule(subject, rule) if rule else None


def _lifted(rule: str, subject: Subject) -> Found | None:
    """Read a permission of what a rule forbids: `it may talk about solos` beside `Never talk about solos.`"""
    allowed = re.match(
        r"^(?:it|he|she|they|people|the \w+) (?:may|can|is allowed to|are allowed to) (?!not|only|never)(?P<what>.+)$",
        rule,
        ANY_CASE,
    )
    found = told.about(subject.instructions, allowed["what"], least=0.65) if allowed else []
    forbids = [s for s in found if re.match(r"(?:never|do not|don['’]t|no|avoid)\b", s.text, ANY_CASE)]
    return gone(subject, forbids[0]) if len(forbids) == 1 == len(found) else None


def _like_another(clause: Clause, subject: Subject) -> str:
    """Return an order with the verb of one that is there: `correct every mistake` beside `Correct one mistake.`"""
    words = _words(clause.text)
    if len(words) < 3 or clause.values or clause.text.endswith("?") or not is_order_verb(clause.text, words[0]):
        return ""
    orders = {(_words(s.text) or [""])[0] for s in told.statements(subject.instructions)}
    return clause.text if words[0] in orders else ""


def told_rule(subject: Subject, rule: str) -> Found:
    """Return the change that adds a rule, word for word."""
    said = sentence(rule)
    if told.find(subject.instructions, said):
        return Found(reply=f"It is told that already: “{said}”")
    place = told.addition(subject.instructions, said, avoid=subject.touched)
    return Found([retell(*place, f"Tell it: “{said}”")]) if place else Found(unclear=True)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())
