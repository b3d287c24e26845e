"""A clause of which the kind is known, done whatever its words: what it gives and what it speaks of are looked for."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded import (
    edits_amended,
    edits_manner,
    edits_questions,
    edits_rules,
    edits_tests,
    edits_texts,
    edits_tongue,
)
from gptsmith.models.chat.embedded import edits_instructions as told
from gptsmith.models.chat.embedded.edits_behaviour import is_bound
from gptsmith.models.chat.embedded.edits_choice import choose
from gptsmith.models.chat.embedded.edits_clauses import Clause, begins, clause
from gptsmith.models.chat.embedded.edits_grounds import LEAST, grounds, meant, scores, spoken_of
from gptsmith.models.chat.embedded.edits_plain_settings import DOERS as SETTINGS
from gptsmith.models.chat.embedded.edits_plain_settings import Doer
from gptsmith.models.chat.embedded.edits_rules_dropped import gone
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, add, drop, put, retell, whole_of
from gptsmith.models.chat.embedded.edits_wording import given_name, given_text, manner, ordered
from gptsmith.models.chat.embedded.edits_words import ANY_CASE, has, ordinal
from gptsmith.models.chat.embedded.words import content_stems

_DENIED = r"not|never|no|without|[a-z]+n['’]t"
_LABELS = {"welcome_message": "welcome message", "disclaimer": "disclaimer", "description": "description"}


def do(kind: str, said: Clause, around: str, subject: Subject) -> Found | None:
    """Return what a clause of this kind changes; None when it does not say enough.

    `around` is the rest of the person's sentence or message, for what `it` and `that` speak of.
    """
    doer = _DOERS.get(kind)
    found = doer(said, around, subject) if doer else None
    return found if found and (found.changes or found.reply) and not found.unclear else None


def _name(said: Clause, around: str, subject: Subject) -> Found | None:
    now = str(subject.data.get("name") or "\0")
    name = given_name(said) if said.values else given_name(clause(said.text.replace(now, " ")))
    return edits_texts.renamed(name, subject) if name else None


def _text(path: str) -> Doer:
    def read(said: Clause, around: str, subject: Subject) -> Found | None:
        value = given_text(said)
        return Found([put(path, value, f"Set the {_LABELS[path]} to “{value}”.")]) if value else None

    return read


def _no_text(path: str) -> Doer:
    def read(said: Clause, around: str, subject: Subject) -> Found | None:
        there = bool(subject.data.get(path)) and not said.values
        return Found([drop(path, f"Take out the {_LABELS[path]}.")]) if there else None

    return read


def _language(said: Clause, around: str, subject: Subject) -> Found | None:
    if re.search(r"\b(?:if|when)\b|\balso\b|\btoo\b", said.open):
        return _rule(said, around, subject)  # one language more, for some: in the person's words
    if re.search(r"\bwhat(?:ever|so)?|\bwhichever|\btheir (?:own )?|\bsame\b", said.open):
        return edits_tongue.read(clause("answer in the language of the person"), subject)
    return edits_tongue.one_language(said, subject)


def _length(canonical: str) -> Doer:
    def read(said: Clause, around: str, subject: Subject) -> Found | None:
        if is_bound(said):
            return _rule(said, around, subject)  # a bound is a rule, in the person's words
        return edits_manner.read(clause(canonical), subject)

    return read


def _tone(said: Clause, around: str, subject: Subject) -> Found | None:
    wanted = manner(said)
    if not wanted:
        return None
    known = edits_manner.read(clause(wanted.rstrip(".")), subject)
    if known and known.changes:
        return known
    place = told.addition(subject.instructions, wanted, manner=True, avoid=subject.touched)
    return Found([retell(*place, f"Tell it: “{wanted}”")]) if place else None


def _rule(said: Clause, around: str, subject: Subject) -> Found | None:
    rule = ordered(said)
    return edits_rules.told_rule(subject, rule) if rule else None


def _rule_change(said: Clause, around: str, subject: Subject) -> Found | None:
    if re.search(r"\b(?:also|as well|not (?:just|only)|too(?=[,;]|\W*$))\b", said.said, ANY_CASE):
        return _rule(said, around, subject)  # more, not something else
    known = edits_amended.read(said.text, subject, least=edits_amended.KNOWN) or _said_anew(said, around, subject)
    ought = re.match(r"(?:it|he|she|they) (?:may|can|could|should|must|has to|have to|needs? to)\b", said.open.strip())
    return known or (_rule(said, around, subject) if ought and not said.values else None)


def _said_anew(said: Clause, around: str, subject: Subject) -> Found | None:
    """Say a rule in the person's words where one is clearly meant and it is no more than one sentence and order."""
    thing = meant(said.text, "", subject, "rule")
    rule = ordered(said)
    if thing is None or not rule or said.values or not begins(said.open.strip()):
        return None
    stated = told.statements(subject.instructions)[int(thing.path)]
    shared = set(content_stems(said.text)) & set(content_stems(stated.text))
    if not shared or _several(stated.text) or len(content_stems(stated.text)) > 2 * len(content_stems(rule)) + 2:
        return None
    subject.touched.append((stated.start, stated.end))
    old, new = told.exchange(subject.instructions, stated.start, stated.end, rule)
    return Found([retell(old, new, f"Say “{rule}” instead of “{stated.text}”")])


def _no_rule(said: Clause, around: str, subject: Subject) -> Found | None:
    if amended := edits_amended.read(said.text, subject, least=edits_amended.KNOWN):
        return amended  # `it was cut to 30 days`: another value, not none
    thing = meant(said.text, around, subject, "rule")
    if thing is None or said.values:
        return None
    stated = told.statements(subject.instructions)[int(thing.path)]
    shared = set(content_stems(f"{said.text} {around}"))
    parts = re.findall(r"(?:^|,? (?:and|or) |[,;] )[^,;]+?(?=,? (?:and|or) |[,;] |[.;]?$)", stated.text)
    others = [part for part in parts if not shared & set(content_stems(part)) and len(content_stems(part)) > 1]
    if len(parts) == 2 and others == parts[:1] and parts[1].lstrip(",").startswith((" and ", " or ")):
        start = stated.start + len(parts[0])  # only the last of two things: `casual language and the odd emoji`
        subject.touched.append((stated.start, stated.end))
        old, new = told.exchange(subject.instructions, start, start + len(parts[1]), "")
        return Found([retell(old, new, f"Take out “{parts[1].strip()}”.")])
    if others and _several(stated.text):
        return None
    return gone(subject, stated)


def _several(rule: str) -> bool:
    """Say whether another rule stands in the same sentence."""
    return bool(re.search(r"(?:[,;]|\band) (?:never|no|don['’]t|do not|always)\b", rule, ANY_CASE))


def _starter(said: Clause, around: str, subject: Subject) -> Found | None:
    value = given_text(said)
    return Found([add("conversation_starters", value, f"Add the starter “{value}”.")]) if value else None


def _other_starter(said: Clause, around: str, subject: Subject) -> Found | None:
    value = given_text(said)
    if not value:
        return None
    rest = clause(said.text.replace(value, " "))
    place = ordinal(rest.open)
    thing = None if place is not None else spoken_of(rest.text, subject, ("starter",))
    which = place if place is not None else int(thing.path[22:-1]) if thing else len(subject.starters)
    which = len(subject.starters) - 1 if which == -1 else which
    if which >= len(subject.starters):
        return None
    words = f"Replace the starter “{subject.starters[which].strip()}” with “{value}”."
    return Found([put(f"conversation_starters[{which}]", value, words)])


def _no_starter(said: Clause, around: str, subject: Subject) -> Found | None:
    which = choose(said, subject.starters, only_one=False)
    thing = meant(said.text, around, subject, "starter") if len(which) != 1 else None
    path = thing.path if thing else f"conversation_starters[{which[0]}]" if len(which) == 1 else ""
    if not path:
        return None
    label = subject.starters[int(path[22:-1])].strip()
    return Found([drop(whole_of(path, len(subject.starters)), f"Take out the starter “{label}”.")])


def _test(said: Clause, around: str, subject: Subject) -> Found | None:
    asked = next((value for value in said.values if value.endswith("?")), said.values[0] if said.values else "")
    seen = re.search(r"\b(?:words?|number) (\S+)", said.open) or re.search(
        r"\b(?:see|contains?|mentions?|say|says|includes?|expects?|with|up|has|have|yields?|gets?|gives?|be) (\S+)",
        said.open,
    )
    words = [value for value in said.values if value != asked] or ([seen[1].strip("\"'.,")] if seen else [])
    if not asked or len(words) != 1:
        return None
    verb = "must not" if has(_DENIED, said.open) else "must"
    return edits_tests.read(clause(f'add a test: ask "{asked}" and the answer {verb} contain "{words[0]}"'), subject)


def _no_test(said: Clause, around: str, subject: Subject) -> Found | None:
    thing = meant(said.text, around, subject, "test")
    if thing is None:
        return None
    name = subject.tests[int(thing.path[6:-1])].get("name")
    return Found([drop(whole_of(thing.path, len(subject.tests)), f"Take out the test “{name}”.")])


def _version(said: Clause, around: str, subject: Subject) -> Found | None:
    named = re.search(r"\bv?(\d+(?:\.\d+){1,3})\b", said.text)
    return Found([put("version", named[1], f"Set the version to {named[1]}.")]) if named else None


def _question(said: Clause, around: str, subject: Subject) -> Found | None:
    if said.values or not (said.said.rstrip().endswith("?") or edits_questions.asks(said.open)):
        return None
    rules = [thing for thing in grounds(subject) if thing.kind == "rule"]
    scored = zip(scores(said.text, rules), rules, strict=True)
    (near, shared), best = max(scored, key=lambda one: one[0], default=((0.0, 0), None))
    if best and near >= LEAST and shared:
        return Found(reply=f"It is told: “{best.text}”")
    return edits_questions.answer(said.open, subject)


_DOERS: dict[str, Doer] = {
    **SETTINGS,
    "name": _name,
    "description": _text("description"),
    "welcome_message": _text("welcome_message"),
    "disclaimer": _text("disclaimer"),
    "welcome_message_drop": _no_text("welcome_message"),
    "disclaimer_drop": _no_text("disclaimer"),
    "language": _language,
    "shorter": _length("make it shorter"),
    "longer": _length("make the answers longer"),
    "tone": _tone,
    "rule_add": _rule,
    "rule_change": _rule_change,
    "rule_drop": _no_rule,
    "starter_add": _starter,
    "starter_set": _other_starter,
    "starter_drop": _no_starter,
    "test_add": _test,
    "test_drop": _no_test,
    "version": _version,
    "question": _question,
}  # fmt: skip
