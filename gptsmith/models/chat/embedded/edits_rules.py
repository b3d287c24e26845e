"""Commands about what the assistant does: rules added in the person's words, said otherwise, taken out."""

from __future__ import annotations

import re

from gptsmith.assistants.draft import Missing
from gptsmith.models.chat.embedded import compose_needs
from gptsmith.models.chat.embedded import edits_instructions as told
from gptsmith.models.chat.embedded.edits_behaviour import OUGHT, is_order_verb, spoken_rule, unquoted
from gptsmith.models.chat.embedded.edits_choice import is_drop
from gptsmith.models.chat.embedded.edits_clauses import Clause, is_statement
from gptsmith.models.chat.embedded.edits_instructions import Statement
from gptsmith.models.chat.embedded.edits_nearest import nearest
from gptsmith.models.chat.embedded.edits_revised import fitting
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, retell, sentence
from gptsmith.models.chat.embedded.edits_words import ANY_CASE, IT, SWAP, has, ordinal
from gptsmith.models.chat.embedded.words import content_stems

_NOUN = (
    r"rules?|instructions?|lines?|bits?|parts?|sentences?|points?|bullets?|guidelines?|thing|stuff|requirement"
    r"|regel\w*|satz|zeile|reglas?|regras?|frase"
)
_BE_LIKE = re.compile(r"^(?:be|act|speak|talk|sound|behave|pretend)\b", ANY_CASE)
_WRITING = re.compile(
    r"^(?:(?:it|everything|the \w+) needs? (?:to be )?)?(?:rewrit\w+|re-?word\w*|rephras\w+|restructur\w+"
    r"|reorgani[sz]\w+|polish\w*|beautif\w+"
    r"|improv\w+|translat\w+|proofread\w*|tidy|clean up|overhaul|refactor|expand|elaborate|summari[sz]e) (?:\w+"
    r" ){0,2}?(?:it|everything|instructions?"
    r"|prompt|text|whole|file|spec|wording|description|welcome|starters?|rules|all)\b",
    ANY_CASE,
)
_OF_RULE = re.compile(
    rf"\b(?:{_NOUN})\b(?: (?:about|on|with|that|of|for|regarding|concerning|saying|where|which|to|über|sobre|says?"
    rf"|mit))*\s+(?P<what>.+)$"
)
_BEFORE_RULE = re.compile(rf"\b(?:the|its|that) (?P<what>[\w' -]+?) (?:{_NOUN})\b")
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


_ABLE = re.compile(  # a wish that it can do something
    rf"^(?:let|allow|enable|give|add|make|teach|connect)\b|^(?:can |could )?{IT} (?:should|must|needs?|has to|can|could"
    r"|may)\b(?! ?n?['’o]t\b)|^(?:i|we)(?:['’]d| would)? (?:want|like)\b|^(?:can|could)\b",
    ANY_CASE,
)


def read_changed(clause: Clause, subject: Subject) -> Found | None:
    """Return what a command does to rules that are there; None when it is about something else."""
    if _WRITING.match(clause.open.strip()):
        return Found(unclear=True, reply="Writing a text anew is more than I can do.")
    return _changed(clause, subject) or _dropped(clause, subject)


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
        rf"\b(?:change|replace|update|edit|modify|turn|ändere|cambia)\b.*?\b(?:{_NOUN})\b (?:about|on|with|that|of"
        rf"|for|regarding|concerning|über|sobre)\s+(?P<what>.+?)\s*(?:\bto\b|\binto\b|\bwith\b|\bby\b|,|:)\s*(?:say"
        rf"|read|be|this)?:?\s*(?P<new>.+)$",
        clause.text,
        ANY_CASE,
    )
    about = about or re.search(
        rf"\b(?:the|its|that) (?:{_NOUN}) (?:about|on|with|of|for|regarding|concerning)\s+(?P<what>.+?)\s+(?:should"
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
        return _unsure(found, about["what"])
    place = re.match(
        rf"^(?:change|replace|update|edit) the (?P<what>\w+) (?:{_NOUN}) (?:to|with|by|into):?\s*(?P<new>.+)$",
        clause.text,
        ANY_CASE,
    )
    if place and (numbered := _numbered(subject, place["what"])):
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
        r"^(?P<new>.+?)(?:,? (?:instead of|rather than|and not|statt)|, not) (?P<old>.+)$",
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


def _dropped(clause: Clause, subject: Subject) -> Found | None:
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
    return _gone(subject, whole) if whole else _swap_out(subject, span)


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
    return _gone(subject, found[0]) if len(found) == 1 else _unsure(found, what)


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
    numbered = _numbered(subject, what)
    if numbered:
        return _gone(subject, numbered)
    found = told.about(subject.instructions, what)
    rules = [s for s in found if s.rule] or found
    if len(rules) == 1:
        return _gone(subject, rules[0])
    if not found:
        stated = told.statements(subject.instructions)
        near = nearest(what, [s.text for s in stated]) if len(what.split()) <= 8 else None
        return _gone(subject, stated[near]) if near is not None else _unsure([], what)
    return _unsure(found, what)


def _numbered(subject: Subject, what: str) -> Statement | None:
    """Return the rule that `first` or `the last` means: of the list of rules, else of the sentences that are rules."""
    place = ordinal(what) if len(what.split()) <= 2 else None
    stated = told.statements(subject.instructions)
    rules = [s for s in stated if s.bullet and s.rule] and [s for s in stated if s.bullet and told.is_among_rules(s)]
    rules = rules or [s for s in stated if s.rule]
    return rules[place] if place is not None and -1 <= place < len(rules) else None


def _unsure(found: list[Statement], what: str) -> Found:
    if not found:
        return Found(unclear=True, reply=f"I find nothing in its instructions about “{what.strip()}”.")
    listed = " or ".join(f"“{s.text}”" for s in found[:4])
    return Found(question=f"Which of these do you mean: {listed}?")


def _nearly(stated: Statement, span: tuple[int, int]) -> bool:
    return stated.start == span[0] and stated.end - span[1] in (0, 1)


def _gone(subject: Subject, stated: Statement) -> Found:
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


def _added(clause: Clause, subject: Subject) -> Found | None:
    rule = spoken_rule(clause) or _like_another(clause, subject)
    able = _ABLE.match(clause.open.strip())
    to_us = re.match(r"(?:book|order|buy|get|bring|reserve)\b", clause.open)  # what nobody asks of the assistant
    plain = clause.open if (able or not (rule or to_us)) and not clause.values else ""
    absent = compose_needs.absent(rule or plain)
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
    return _gone(subject, forbids[0]) if len(forbids) == 1 == len(found) else None


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
