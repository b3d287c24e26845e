"""Commands that take rules out: quoted, named, by their number, or said to be no longer needed."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded import edits_instructions as told
from gptsmith.models.chat.embedded.edits_choice import is_drop
from gptsmith.models.chat.embedded.edits_clauses import Clause, is_statement
from gptsmith.models.chat.embedded.edits_instructions import Statement
from gptsmith.models.chat.embedded.edits_nearest import nearest
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, retell
from gptsmith.models.chat.embedded.edits_words import ANY_CASE, ordinal
from gptsmith.models.chat.embedded.words import content_stems

RULE_NOUN = (
    r"rules?|instructions?|lines?|bits?|parts?|sentences?|points?|bullets?|guidelines?|thing|stuff|requirement"
    r"|regel\w*|satz|zeile|reglas?|regras?|frase"
)
_OF_RULE = re.compile(
    rf"\b(?:{RULE_NOUN})\b(?: (?:about|on|with|that|of|for|regarding|concerning|saying|where|which|to|über|sobre|says?"
    rf"|mit))*\s+(?P<what>.+)$"
)
_BEFORE_RULE = re.compile(rf"\b(?:the|its|that) (?P<what>[\w' -]+?) (?:{RULE_NOUN})\b")
_THAT_RULE = re.compile(r"^\w+(?: out)? (?:that|this|the|it)(?: (?:rule|one|line|bit|part))?(?: out)?\W*$")
_NEEDLESS = re.compile(
    r"^(?P<what>.+?) (?:isn['’]t|is not|is no longer|aren['’]t|are not|are no longer|is|are) (?:really )?(?:not"
    r" )?(?:unnecessary|superfluous"
    r"|necessary|needed|required|wanted|important|allowed|fine|ok|okay|a must)\b(?P<now> (?:(?:by|with|for) (?:me"
    r"|us)|any ?more|now|after all"
    r"|again|from now on))?",
    ANY_CASE,
)
_PERMITTED = re.compile(
    r"^(?:it['’]?s|it is) (?:perfectly |totally )?(?:fine|ok|okay|alright|all right|allowed|good) (?:to|if (?:it|they))"
    r" (?P<what>.+?)(?P<now> (?:any ?more|now|after all|again|from now on))?\W*$",
    ANY_CASE,
)
_STOPPED = re.compile(
    r"^(?:it |you )?(?:can |may |should )?(?:drop|remove|delete|scrap|ditch|lose|no need (?:to|for)|take out|get"
    r" rid of|forget(?: about)?|skip"
    r"|leave out|stop|quit|cut|don['’]t bother(?: with)?|there is no need (?:to|for)) (?:the |all |that )?(?P<what>.+?)"
    r"(?: (?:any ?more|out|away|now))?\W*$"
)
_DONE = re.compile(
    r"^(?:it|he|she|the (?:assistant|bot)) ?(?:['’]s (?:allowed|free) to|is (?:allowed|free) to|no longer"
    r"|doesn['’]t|does not|needn['’]t|need not|may|can"
    r"|shouldn['’]t|should not)\b"
    r"(?: (?:longer|need|needs|have|has|to|not|again))*(?P<what>.+?)"
    r"(?P<after>,? (?:any ?more|any longer|after all|again|now|from now on))?\W*$",
    ANY_CASE,
)


def dropped(clause: Clause, subject: Subject) -> Found | None:
    """Return what a command takes out of the rules; None when it takes none out."""
    for reader in (_quoted_away, _named_away, _needless, _stopped):
        found = reader(clause, subject)
        if found:
            return found
    return None


def _quoted_away(clause: Clause, subject: Subject) -> Found | None:
    """Read `remove "Praise every attempt."`"""
    text = subject.instructions
    span = told.find(text, clause.values[-1]) if is_drop(clause) and clause.values else None
    if span is None:
        return None
    whole = next((s for s in told.statements(text) if (s.start, s.end) == span or _nearly(s, span)), None)
    return gone(subject, whole) if whole else _swap_out(subject, span)


def _named_away(clause: Clause, subject: Subject) -> Found | None:
    """Read `drop the rule about pesticides`, `take the office hours rule out`, `remove that rule`."""
    if not is_drop(clause) or is_statement(clause.text):
        return None
    named, before = _OF_RULE.search(clause.open), _BEFORE_RULE.search(clause.open)
    if named and not re.match(
        r"(?:(?:can|must|should|ha[sv]e? to|needs? to) go|out|away|off|please)\W*$", named["what"]
    ):
        return _about(subject, named["what"])
    if "rule" in subject.recent and _THAT_RULE.match(clause.open):
        return Found()  # the one that was taken out just before
    if named or before:
        return _about(subject, before["what"] if before else "")
    return None


def _needless(clause: Clause, subject: Subject) -> Found | None:
    """Read `it no longer has to …`, `it may … after all`, `… isn't necessary any more`."""
    done = _DONE.match(clause.text)
    permits = done and (
        done["after"]
        or re.search(r"\b(?:now|again|after all|any ?more)\W*$", clause.said)
        or re.search(r"no longer|need|have to|allowed|free", clause.text[: done.start("what")], ANY_CASE)
    )
    if done and permits and (found := told.about(subject.instructions, done["what"])):
        return _one_gone(subject, found, done["what"])
    needless = _PERMITTED.match(clause.text) or _NEEDLESS.match(clause.text)
    now = re.search(r"\b(?:now|again|after all|any ?more)\W*$", clause.said, ANY_CASE)
    no = r"n['’]t|not|no longer|unnecessary|superfluous"
    if needless and (now or needless["now"] or re.search(no, needless.group())):
        found = told.about(subject.instructions, needless["what"])
        return _one_gone(subject, found, needless["what"]) if found else None
    return None


def _stopped(clause: Clause, subject: Subject) -> Found | None:
    """Read `stop asking for the age`, `forget about the short list`: something that it is told to do."""
    stopped = _STOPPED.match(clause.open)
    found = told.about(subject.instructions, stopped["what"], least=0.6) if stopped else []
    return _one_gone(subject, found, stopped["what"]) if stopped and found else None


def _one_gone(subject: Subject, found: list[Statement], what: str) -> Found:
    part = _item(found[0], what) if len(found) == 1 else None
    if part:
        return _swap_out(subject, part)
    return gone(subject, found[0]) if len(found) == 1 else unsure(found, what)


def _item(stated: Statement, what: str) -> tuple[int, int] | None:
    """Return where the one thing meant stands in a list of things forbidden: `no weapons, no brands`."""
    items = list(re.finditer(r"(?:^|,? (?:and |or )?)no [^,.;]+?(?=,? (?:and |or )?no |[.;]?$)", stated.text, ANY_CASE))
    wanted = set(content_stems(what))
    meant = [item for item in items if wanted & set(content_stems(item.group()))]
    if len(items) < 2 or len(meant) != 1 or "".join(i.group() for i in items).rstrip(".") != stated.text.rstrip("."):
        return None
    start, end = meant[0].span()
    if start == 0:
        end += (re.match(r",? (?:and |or )?", stated.text[end:]) or meant[0]).end()
    return stated.start + start, stated.start + end


def _about(subject: Subject, what: str) -> Found:
    what = what.strip(" .!")
    numbered = numbered_rule(subject, what)
    if numbered:
        return gone(subject, numbered)
    found = told.about(subject.instructions, what)
    rules = [s for s in found if s.rule] or found
    if len(rules) == 1:
        return gone(subject, rules[0])
    if not found:
        stated = told.statements(subject.instructions)
        near = nearest(what, [s.text for s in stated]) if len(what.split()) <= 8 else None
        return gone(subject, stated[near]) if near is not None else unsure([], what)
    return unsure(found, what)


def numbered_rule(subject: Subject, what: str) -> Statement | None:
    """Return the rule that `first` or `the last` means: of the list of rules, else of the sentences that are rules."""
    place = ordinal(what) if len(what.split()) <= 2 else None
    stated = told.statements(subject.instructions)
    rules = [s for s in stated if s.bullet and s.rule] and [s for s in stated if s.bullet and told.is_among_rules(s)]
    rules = rules or [s for s in stated if s.rule]
    return rules[place] if place is not None and -1 <= place < len(rules) else None


def unsure(found: list[Statement], what: str) -> Found:
    """Return the question which of some rules is meant, or that none was found."""
    if not found:
        return Found(unclear=True, reply=f"I find nothing in its instructions about “{what.strip()}”.")
    listed = " or ".join(f"“{s.text}”" for s in found[:4])
    return Found(question=f"Which of these do you mean: {listed}?")


def _nearly(stated: Statement, span: tuple[int, int]) -> bool:
    return stated.start == span[0] and stated.end - span[1] in (0, 1)


def gone(subject: Subject, stated: Statement) -> Found:
    """Return the change that takes a whole rule out."""
    if len(told.statements(subject.instructions)) == 1:
        return Found(question="That is all it is told. What should it be told instead?")
    subject.touched.append((stated.start, stated.end))
    subject.recent["rule"] = 1
    return Found([retell(*told.removal(subject.instructions, stated), f"Take out “{stated.text}”")])


def _swap_out(subject: Subject, span: tuple[int, int]) -> Found:
    text = subject.instructions
    start, end = span
    if start > 0 and text[start - 1] == " ":
        start -= 1
    subject.touched.append(span)
    old, new = told.exchange(text, start, end, "")
    return Found([retell(old, new, f"Take out “{text[span[0] : span[1]]}”.")])
