"""Commands about the spec's own tests: added and dropped."""

from __future__ import annotations

import re
from typing import Any

from gptsmith.models.chat.embedded import edits_seen
from gptsmith.models.chat.embedded.edits_choice import choose, is_drop
from gptsmith.models.chat.embedded.edits_clauses import Clause
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, add, drop, put
from gptsmith.models.chat.embedded.edits_words import ADD, ANY_CASE, has

_NOT = r"(?:must not|mustn['’]t|should not|shouldn['’]t|may not|never|not|doesn['’]t|does not|without|don['’]t)"
_EXPECTS = (
    ("cites", r"cit(?:e|es|ing)"),
    ("calls", r"(?:call|calls|calling)"),
    ("contains", r"(?:mention|contain|expect|say|include|answer|reply|name|give|have|return|show|come back with|talk"
                 r" about)(?:s|es|ing)?"
                 r"(?: with)?"),
)  # fmt: skip
_OTHERWISE = re.compile(
    r"\b(?:expects?|mentions?|contains?|says?|looks? for|wants?)\s+(?P<new>[^,;]+?),?"
    r" (?:instead of|rather than|and not|not)\s+(?P<old>[^,;]+)$",
    ANY_CASE,
)
_EXPECTED_NOW = re.compile(
    r"\b(?:change|set|let|make|have|update) the [^,;]{1,60}? tests?(?: to)?"
    r" (?:expect|say|mention|contain)s? (?P<new>[^,;]+)$",
    ANY_CASE,
)
_UNKNOWN = (
    r"(?:say|says|admit|admits)(?: that)? (?:it|the files) (?:does not|doesn['’]t|do not|don['’]t) (?:know|say)"
    r"|says? unknown"
    r"|admit\w* (?:not knowing|that it)"
)


def read(clause: Clause, subject: Subject) -> Found | None:
    """Return what a command about tests changes; None when it is about something else."""
    if not has(r"tests?|testfall|checks? (?:that|whether|if)|verify|prueba|teste", clause.open):
        return None
    if seen := edits_seen.read(clause, subject):
        return seen
    labels = [f"{t.get('name', '')} {t.get('message', '')}" for t in subject.tests]
    if otherwise := _expected_otherwise(clause, subject, labels):
        return otherwise
    if has(ADD, clause.open) or (clause.values and not is_drop(clause) and not has("rename", clause.open)):
        return _added(clause, subject)
    if is_drop(clause):
        return _dropped(clause, subject, labels)
    if has("rename", clause.open) and clause.values:
        which = choose(clause, labels)
        if len(which) == 1:
            return Found([put(f"tests[{which[0]}].name", clause.values[-1], f"Call the test “{clause.values[-1]}”.")])
    return None if has("without|before|tested", clause.open) or not has("test|tests", clause.open) else _unsure(clause)


def _expected_otherwise(clause: Clause, subject: Subject, labels: list[str]) -> Found | None:
    """Change what one test expects: `the price test should expect 15 instead of 14`, `… test to expect 15`."""
    said = _OTHERWISE.search(clause.text) or _EXPECTED_NOW.search(clause.text)
    if said is None or has(ADD, clause.open):
        return None
    new, old = ((said.groupdict().get(group) or "").strip(" .\"“”'") for group in ("new", "old"))
    which = range(len(labels)) if old else choose(clause, labels)
    holding = [
        (n, key, values)
        for n in which
        for key, values in (subject.tests[n].get("expect") or {}).items()
        if isinstance(values, list) and (old in values if old else len(values) == 1)
    ]
    if len(holding) != 1:
        return Found(unclear=True)
    number, key, values = holding[0]
    value = [new if one == old or not old else one for one in values]
    words = f"Let the test “{subject.tests[number].get('name')}” expect “{new}”."
    return Found([put(f"tests[{number}].expect.{key}", value, words)])


def _unsure(clause: Clause) -> Found | None:
    return None if re.search(r"\b(?:never|always|must|should|without|don['’]t)\b", clause.open) else Found(unclear=True)


def _dropped(clause: Clause, subject: Subject, labels: list[str]) -> Found | None:
    if not re.search(r"\b(?:the|all|every|its|that|this|any|first|last|\w+) tests?\b", clause.open):
        return None
    if not labels:
        return Found(reply="There are no tests to take out.")
    which = choose(clause, labels)
    if not which and re.search(r"\btests\b", clause.open):
        which = list(range(len(labels)))
    if not which:
        listed = ", ".join(f"{n}. {t.get('name')}" for n, t in enumerate(subject.tests, start=1))
        return Found(question=f"Which test should go: {listed}?")
    if len(which) == len(labels):
        return Found([drop("tests", "Take out all the tests." if len(labels) > 1 else "Take out the only test.")])
    return Found([drop(f"tests[{n}]", f"Take out the test “{subject.tests[n].get('name')}”.") for n in which])


def _added(clause: Clause, subject: Subject) -> Found | None:
    if not re.search(r"\btests?\b", clause.open) or re.search(
        r"\b(?:without|before|never|always) (?:\w+ )?tests?\b", clause.open
    ):
        return None
    values = list(clause.values)
    if len(values) == 1 and re.search(r"[\"“]", values[0]):  # `add a test: "…" must mention the courtyard`
        from gptsmith.models.chat.embedded.edits_clauses import clause as read_clause

        inner = read_clause(values[0], clause.files, clause.code)
        values, spoken, text = list(inner.values), inner.open, inner.text
    else:
        spoken, text = clause.open, clause.text
    if not values:
        return Found(question="What does the person write in the test, and what must the answer mention?")
    message, rest = values[0], values[1:]
    expect = _expect(spoken, text, rest, subject)
    if not expect:
        return Found(question=f"What must the answer to “{message}” mention?")
    value = {"name": _title(expect, message), "message": message, "expect": expect}
    return Found([add("tests", value, f"Add the test “{value['name']}”: {message}")])


def _expect(spoken: str, text: str, rest: list[str], subject: Subject) -> dict[str, Any]:
    if re.search(_UNKNOWN, spoken):
        return {"says_unknown": True}
    if re.search(r"\b(?:must|should|has to|needs to) (?:draw|make) (?:an? )?(?:picture|image)?", spoken):
        return {"images": 1}
    for key, verb in _EXPECTS:
        said = re.search(rf"\b(?P<not>{_NOT} )?{verb}\b:?\s+(?P<what>[^\n]*)$", text, ANY_CASE)
        if not said and not (rest and re.search(rf"\b{verb}\b", spoken)):
            continue
        denied = bool(re.search(rf"\b{_NOT} {verb}\b", spoken))
        words = rest or ([re.sub(r"^(?:the|an?|that)\s+", "", said["what"].strip(" .\"“”'"))] if said else [])
        words = [w for w in words if w]
        if words:
            return {{"contains": "not_contains", "calls": "not_calls"}.get(key, key) if denied else key: words}
    return {}


def _title(expect: dict[str, Any], message: str) -> str:
    (key, what), *_ = expect.items()
    if key == "says_unknown":
        return f"does not guess: {message}"[:80]
    if key == "images":
        return f"draws: {message}"[:80]
    verb = {
        "contains": "mentions",
        "not_contains": "does not mention",
        "cites": "cites",
        "calls": "calls",
        "not_calls": "does not call",
    }
    return f"{verb[key]} {', '.join(what)}"[:80]
