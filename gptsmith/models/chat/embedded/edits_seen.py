"""A test from a wish that only says what the answer shows: `test that it never mentions prices`."""

from __future__ import annotations

import re
from typing import Any

from gptsmith.assistants.rule_tests import test_of
from gptsmith.models.chat.embedded.compose_words import base
from gptsmith.models.chat.embedded.edits_clauses import Clause
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, add, sentence
from gptsmith.models.chat.embedded.edits_words import ANY_CASE, IT

_THAT = re.compile(
    r"^(?:(?:add|write|make|create|have|include|i want|we need|new|another) )?(?:an? |the |some |another |new )*"
    r"(?:tests?|checks?|verify)(?: (?:for|to (?:check|see|make sure)))?(?: (?:that|whether|if|which says|to see if"
    r"|it))?:? "
    rf"(?:(?:the )?(?:answers?|replies)|{IT}|they) (?P<does>.+)$",
    ANY_CASE,
)
_NEVER = re.compile(
    r"^(?:never|does not|doesn['’]?t|do not|don['’]?t|must (?:never|not)|mustn['’]?t|should (?:never|not)|shouldn['’]?t"
    r"|won['’]?t|will (?:never|not)|can(?:not|['’]?t)|isn['’]?t|avoids?) (?:ever )?",
    ANY_CASE,
)
_ALWAYS = re.compile(r"^(?:(?:always|really|actually|still|also|must|should|will|can|does|do) )+", ANY_CASE)
_SAYS = re.compile(
    r"^(?:mention|say|name|use|include|contain|talk about|give|quote|tell (?:people |them |users )?(?:about|to)?"
    r"|recommend"
    r"|suggest|reveal|disclose|speak of|offer|point to|refer to|write|ask)(?:s|es|ing)? (?:(?:for|which|what) )?"
    r"(?:me |people |them |users )?(?:about |of )?(?P<what>.+)$",
    ANY_CASE,
)
_MONEY = re.compile(r"\b(?:prices?|costs?|money|fees|amounts?)\b", ANY_CASE)
_SMALL = re.compile(
    r"^(?:the|an?|any|its|our|their|his|her|people['’]s|your|which|what|all|some|every|word)\s+", ANY_CASE
)


def read(clause: Clause, subject: Subject) -> Found | None:
    """Return the test that the wish asks for; None when it names nothing that an answer shows."""
    wish = _THAT.match(clause.text.rstrip(" .!?"))
    if not wish or len(clause.values) > 1 or any(v.endswith("?") for v in clause.values):
        return None
    does = _ALWAYS.sub("", wish["does"])
    never = _NEVER.match(does)
    does = _ALWAYS.sub("", does[never.end() :]) if never else does
    title = f"{'never ' if never else ''}{does}"[:80]
    test = _ruled(does, bool(never)) or _said(does, bool(never), clause, subject)
    if test is None:
        return Found(question=f"Which message should show that it {title}, and what must the answer mention?")
    taken = {str(t.get("name")) for t in subject.tests}
    name = next(n for n in (title, *(f"{title[:76]} {i}" for i in range(2, 99))) if n not in taken)
    value: dict[str, Any] = {"name": name, **test}
    return Found([add("tests", value, sentence(f"Add a test: asked “{test['message']}”, it {title}"))])


def _ruled(does: str, never: bool) -> dict[str, Any] | None:
    """Return the test of a rule whose keeping shows: a language, a length, emojis."""
    first, _, rest = does.partition(" ")
    made = test_of(f"{'Never ' if never else ''}{base(first.lower()) or first} {rest}".strip())
    if made is None:
        return None
    expect = {k: v for k in ("contains", "not_contains", "matches") if (v := getattr(made, k, None))}
    return {"message": made.message, "expect": expect} if expect else None


def _said(does: str, never: bool, clause: Clause, subject: Subject) -> dict[str, Any] | None:
    """Return the test of words that the answer has to hold, or must not."""
    said = _SAYS.match(does)
    words = list(clause.values)
    if not words and said:
        words = [w for part in re.split(r",\s*(?:and |or )?|\s+(?:and|or|nor)\s+", said["what"]) if (w := _bare(part))]
    if not words or any(len(w.split()) > 4 for w in words):
        return None
    if never:
        if not clause.values and all(_MONEY.search(w) for w in words):
            asked = "How much does it cost? Name a figure."
            return {"message": asked, "expect": {"not_contains": ["€", "$", "£"]}}
        return {"message": f"What can you tell me about {' and '.join(words)}?", "expect": {"not_contains": words}}
    opening = subject.data.get("conversation_starters")
    first = opening[0] if isinstance(opening, list) and opening else ""
    first = first.get("text", "") if isinstance(first, dict) else first
    return {"message": str(first) or "Hello, can you help me?", "expect": {"contains": words}}


def _bare(words: str) -> str:
    before = ""
    words = words.strip(" .\"“”'")
    while before != words:
        before, words = words, _SMALL.sub("", words)
    return words
