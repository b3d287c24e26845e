"""A clause of which the kind is known, done whatever its words: what it gives and what it speaks of are looked for."""

from __future__ import annotations

import re
from collections.abc import Callable

from gptsmith.models.chat.embedded import (
    edits_amended,
    edits_knowledge,
    edits_manner,
    edits_model,
    edits_privacy,
    edits_rules,
    edits_settings,
    edits_tests,
    edits_texts,
    edits_tongue,
    edits_tools,
)
from gptsmith.models.chat.embedded import edits_instructions as told
from gptsmith.models.chat.embedded.edits_behaviour import is_bound
from gptsmith.models.chat.embedded.edits_choice import choose
from gptsmith.models.chat.embedded.edits_clauses import Clause, clause
from gptsmith.models.chat.embedded.edits_grounds import Ground, grounds, spoken_of
from gptsmith.models.chat.embedded.edits_rules_dropped import gone
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, add, drop, put, retell
from gptsmith.models.chat.embedded.edits_wording import given_name, given_text, items, manner, number, ordered
from gptsmith.models.chat.embedded.edits_words import ANY_CASE, ordinal
from gptsmith.models.chat.embedded.quantities import seconds
from gptsmith.models.chat.embedded.words import content_stems

Doer = Callable[[Clause, str, Subject], Found | None]
_LABELS = {"welcome_message": "welcome message", "disclaimer": "disclaimer", "description": "description"}
_PERSONAL = {"phone": "phone numbers", "email": "email addresses", "card": "credit cards", "ip": "ip addresses"}


def do(kind: str, said: Clause, around: str, subject: Subject) -> Found | None:
    """Return what a clause of this kind changes; None when it does not say enough.

    `around` is the rest of the person's sentence or message, for what `it` and `that` speak of.
    """
    doer = _DOERS.get(kind)
    found = doer(said, around, subject) if doer else None
    return found if found and (found.changes or found.reply) and not found.unclear else None


def _name(said: Clause, around: str, subject: Subject) -> Found | None:
    name = given_name(said)
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
    return edits_amended.read(said.text, subject)


def _no_rule(said: Clause, around: str, subject: Subject) -> Found | None:
    thing = _meant(said, around, subject, "rule")
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
    if others and re.search(r"[,;] (?:never|no|don['’]t|do not|always)\b", stated.text, ANY_CASE):
        return None  # another rule stands in the same sentence
    return gone(subject, stated)


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
    thing = _meant(said, around, subject, "starter") if len(which) != 1 else None
    path = thing.path if thing else f"conversation_starters[{which[0]}]" if len(which) == 1 else ""
    if not path:
        return None
    label = subject.starters[int(path[22:-1])].strip()
    return Found([drop(_all_of(path, len(subject.starters)), f"Take out the starter “{label}”.")])


def _tool(said: Clause, around: str, subject: Subject) -> Found | None:
    kind = edits_tools.kind_of(said.open) or edits_tools.kind_of(around.lower())
    pictures = re.search(
        r"\b(?:photos?|pictures?|pics|images?|snap\w*|screenshots?)\b", f"{said.open} {around}", ANY_CASE
    )
    kinds = {
        "image_generation": "let it draw pictures",
        "image_captioning": "let it describe the photos that people send",
        "image_recognition": "let it recognise what is on photos",
    }
    if pictures and re.search(r"\b(?:look|see|send|upload|understand|explain\w*)\b", f"{said.open} {around}", ANY_CASE):
        kind = "image_captioning" if kind != "image_recognition" else kind
    there = any(tool.get("type") == kind for tool in subject.tools)
    return edits_tools.read(clause(kinds[kind]), subject) if kind in kinds and not there else None


def _no_tool(said: Clause, around: str, subject: Subject) -> Found | None:
    thing = _meant(said, around, subject, "tool")
    if thing is None:
        return None
    name = subject.tools[int(thing.path[6:-1])].get("name")
    return Found([drop(_all_of(thing.path, len(subject.tools)), f"Take out the tool {name}.")])


def _tool_setting(said: Clause, around: str, subject: Subject) -> Found | None:
    labels = items(said)
    lists = [n for n, tool in enumerate(subject.tools) if tool.get("type") == "image_recognition"]
    if labels and len(lists) == 1:
        has = {str(label) for label in subject.tools[lists[0]].get("labels") or []}
        return Found(
            [add(f"tools[{lists[0]}].labels", one, f"Tell {one} apart too.") for one in labels if one not in has]
        )
    many = number(said)
    thing = _meant(said, around, subject, "tool")
    if thing is None:
        return None
    if many is None:
        fuller = re.search(r"\b(?:detail|longer|full|fuller)\b", said.open)
        return edits_tools.read(clause(f"{_named(thing, subject)}: longer descriptions"), subject) if fuller else None
    if re.search(r"\bsteps\b", f"{said.open} {around}"):
        return edits_tools.read(clause(f"{_named(thing, subject)}: draw with {many} steps"), subject)
    if re.search(r"\b(?:at a time|at once|each time|per)\b", said.open):
        return Found([put(f"{thing.path}.count", many, f"{_named(thing, subject)}: {many} pictures at a time.")])
    return None


def _named(thing: Ground, subject: Subject) -> str:
    return str(subject.tools[int(thing.path[6:-1])].get("name"))


def _no_source(said: Clause, around: str, subject: Subject) -> Found | None:
    thing = _meant(said, around, subject, "source")
    if thing is None:
        return None
    place, _, entry = thing.path.partition(".")
    source = subject.knowledge[int(place[10:-1])]
    if sum(len(source.get(key) or []) for key in ("paths", "urls")) == 1:
        return Found([edits_knowledge.dropped_source(subject, int(place[10:-1]))])
    key = entry.split("[")[0]
    path = thing.path if len(source[key]) > 1 else f"{place}.{key}"
    return Found([drop(path, f"Take {thing.text} out of the source {source.get('name')}.")])


def _source(said: Clause, around: str, subject: Subject) -> Found | None:
    return edits_knowledge.attached(subject, said.files) if said.files else None


def _source_setting(said: Clause, around: str, subject: Subject) -> Found | None:
    if re.search(r"\b(?:always|every time|each time)\b", said.open):
        return edits_knowledge.read(clause("always use the files"), subject)
    many = number(said)
    return edits_knowledge.read(clause(f"look at {many} passages"), subject) if many else None


def _model(said: Clause, around: str, subject: Subject) -> Found | None:
    if edits_model.named_model(said):
        return edits_model.read(
            clause(f"use the model {' '.join(filter(None, edits_model.named_model(said) or ()))}"), subject
        )
    degree = re.search(r"\b[01](?:\.\d+)?\b", said.open)
    if degree and re.search(r"\btemp", said.open):
        return edits_model.read(clause(f"temperature {degree.group()}"), subject)
    if re.search(r"\b(?:down|lower|less|cool\w*|predictable|low)\b", said.open):
        return edits_model.read(clause("lower the temperature"), subject)
    if re.search(r"\b(?:up|higher|raise|more random|hotter)\b", said.open):
        return edits_model.read(clause("raise the temperature"), subject)
    return None


def _memory(said: Clause, around: str, subject: Subject) -> Found | None:
    many = number(said)
    return edits_settings.read(clause(f"keep the last {many} messages"), subject) if many else None


def _limits(said: Clause, around: str, subject: Subject) -> Found | None:
    half = re.search(r"\b(?:half a minute|minute and a half)\b", said.open)
    length = {"half a minute": 30, "minute and a half": 90}[half.group()] if half else seconds(said.open)
    return edits_settings.read(clause(f"timeout {int(length)} seconds"), subject) if length else None


def _variable(said: Clause, around: str, subject: Subject) -> Found | None:
    thing = _meant(said, "", subject, "variable")
    behind = re.search(
        r"\b(?:is|be|are|called|to|for)(?: (?:now|by default|normally|usually))?"
        r" (?P<value>(?!(?:used|needed|asked)\b)[^,;]+?)"
        r"(?: (?:by default|unless|now|from now on|these days|if nobody).*)?$",
        said.text.rstrip(" .!"),
    )
    while behind and (later := re.search(r"\b(?:is|be|are|called|to)(?: now)? (?P<value>.+)$", behind["value"])):
        behind = later
    value = said.values[-1] if said.values else behind["value"].strip() if behind else ""
    if thing is None or not value or len(value.split()) > 6:
        return None
    name = thing.path.partition(".")[2]
    return Found([put(f"{thing.path}.default", value, f"{name} is {value} unless the person says otherwise.")])


def _test(said: Clause, around: str, subject: Subject) -> Found | None:
    asked = next((value for value in said.values if value.endswith("?")), "")
    seen = re.search(
        r"\b(?:see|contains?|mentions?|say|says|includes?|expects?|with) (?:the (?:word|number) )?(\S+)", said.open
    )
    words = [value for value in said.values if value != asked] or ([seen[1].strip("\"'.,")] if seen else [])
    if not asked or len(words) != 1:
        return None
    return edits_tests.read(clause(f'add a test: ask "{asked}" and the answer must contain "{words[0]}"'), subject)


def _no_test(said: Clause, around: str, subject: Subject) -> Found | None:
    thing = _meant(said, around, subject, "test")
    if thing is None:
        return None
    name = subject.tests[int(thing.path[6:-1])].get("name")
    return Found([drop(_all_of(thing.path, len(subject.tests)), f"Take out the test “{name}”.")])


def _version(said: Clause, around: str, subject: Subject) -> Found | None:
    named = re.search(r"\bv?(\d+(?:\.\d+){1,3})\b", said.text)
    return Found([put("version", named[1], f"Set the version to {named[1]}.")]) if named else None


def _privacy(said: Clause, around: str, subject: Subject) -> Found | None:
    kinds = [name for word, name in _PERSONAL.items() if re.search(rf"\b{word}", said.open)]
    return edits_privacy.read(clause(f"hide {' and '.join(kinds)}"), subject) if kinds else None


def _question(said: Clause, around: str, subject: Subject) -> Found | None:
    thing = spoken_of(said.text, subject, ("rule", "starter", "test", "variable", "text"))
    if thing is None or not said.said.rstrip().endswith("?"):
        return None
    if thing.kind == "rule":
        return Found(reply=f"It is told: “{told.statements(subject.instructions)[int(thing.path)].text}”")
    return None


def _meant(said: Clause, around: str, subject: Subject, kind: str) -> Ground | None:
    """Return the thing of this kind that the clause speaks of, or what the person said around it."""
    found = spoken_of(said.text, subject, (kind,)) or (
        spoken_of(f"{around} {said.text}", subject, (kind,)) if around else None
    )
    alone = [thing for thing in grounds(subject) if thing.kind == kind]
    return found or (alone[0] if len(alone) == 1 and kind in ("tool", "variable") else None)


def _all_of(path: str, many: int) -> str:
    return path.split("[")[0] if many == 1 else path


_DOERS: dict[str, Doer] = {
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
    "tool_add": _tool,
    "tool_drop": _no_tool,
    "tool_set": _tool_setting,
    "knowledge_add": _source,
    "knowledge_drop": _no_source,
    "knowledge_set": _source_setting,
    "model": _model,
    "memory": _memory,
    "limits": _limits,
    "variables": _variable,
    "test_add": _test,
    "test_drop": _no_test,
    "version": _version,
    "privacy": _privacy,
    "question": _question,
}  # fmt: skip
