"""What a command changes in the short texts: name, welcome, disclaimer, description, version, starters, tests."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from gptsmith.agent.builder.composing.commands import Command
from gptsmith.agent.builder.composing.statements import find_ground, spoken_of
from gptsmith.agent.builder.composing.subject import (
    CommandSubject,
    FoundChange,
    add,
    drop,
    given_name,
    given_text,
    has,
    ordinal,
    retell,
    set_field,
    whole_of,
)

Doer = Callable[[Command, CommandSubject], FoundChange | None]
_LABELS = {"welcome_message": "welcome message", "disclaimer": "disclaimer", "description": "description"}
_DENIED = r"not|never|no|without|[a-z]+n['’]t"


def name(said: Command, subject: CommandSubject) -> FoundChange | None:
    """Change the name; what else says the old one is found by code, whichever model answers."""
    old = str(subject.data.get("name") or "\0")
    new = " ".join(given_name(said.text.replace(old, " "), said.values).split()).rstrip(".!,;")
    if not new:
        return FoundChange(question="What should it be called?")
    if new == old:
        return FoundChange(reply=f"It is called {new} already.")
    return FoundChange([set_field("name", new, f"Call it {new}.")])


def text(path: str) -> Doer:
    """Return what sets a text to what is given word for word."""

    def change(said: Command, subject: CommandSubject) -> FoundChange | None:
        value = given_text(said.text, said.values)
        if len(said.values) == 2 and str(subject.data.get(path, "")).count(said.values[0]) == 1:
            old, new = said.values
            return FoundChange([retell(old, new, f"Say “{new}” instead of “{old}” in the {_LABELS[path]}.", path)])
        if not value:
            return FoundChange(question=f"What should the {_LABELS[path]} say, word for word?")
        return FoundChange([set_field(path, value, f"Set the {_LABELS[path]} to “{value}”.")])

    return change


def no_text(path: str) -> Doer:
    """Return what takes a text out."""

    def change(said: Command, subject: CommandSubject) -> FoundChange | None:
        if not subject.data.get(path):
            return FoundChange(reply=f"It has no {_LABELS[path]}.")
        return FoundChange([drop(path, f"Take out the {_LABELS[path]}.")]) if not said.values else None

    return change


def version(said: Command, subject: CommandSubject) -> FoundChange | None:
    """Change the version."""
    named = re.search(r"\bv?(\d+(?:\.\d+){0,3})\b", said.text)
    now = str(subject.data.get("version") or "")
    if not named and re.search(r"\d$", now) and has("bump|raise|increase|next|up", said.open):
        new = re.sub(r"\d+$", lambda last: str(int(last.group()) + 1), now)
    else:
        new = named[1] if named else ""
    return FoundChange([set_field("version", new, f"Set the version to {new}.")]) if new else None


def starter(said: Command, subject: CommandSubject) -> FoundChange | None:
    """Add starters, word for word; a place that is named and taken is replaced by `another_starter`."""
    given = said.values if len(said.values) > 1 else (given_text(said.text, said.values),)
    fresh = [one.strip() for one in given if one.strip()]
    if not fresh:
        return FoundChange(question="What should the starter say, word for word?")
    after = _after(said, subject) if len(fresh) == 1 else None
    changes = [add("conversation_starters", one, f"Add the starter “{one}”.") for one in fresh]
    return FoundChange([change.model_copy(update={"after": after}) for change in changes])


def _after(said: Command, subject: CommandSubject) -> int | None:
    """Return the place behind which a new starter goes, -1 for the front; None for the end."""
    rest = re.sub(r"\b(?:as well|starters?)\b", "", said.open)
    named = re.search(r"\b(?P<way>after|behind|before|as|at|in)\b (?P<which>(?:the )?\w+)", rest)
    place = ordinal(named["which"]) if named else 0 if has("at the top|first of all", rest) else None
    many = len(subject.starters)
    if not named or place is None or not many:
        return -1 if named and has("top|front|start|beginning", named["which"]) else None
    place = many - 1 if place == -1 else place
    last = place if named["way"] in ("after", "behind") else place - 1
    return last if last < many - 1 else None


def another_starter(said: Command, subject: CommandSubject) -> FoundChange | None:
    """Say a starter otherwise."""
    value = given_text(said.text, said.values)
    if not value:
        return None
    rest = said.text.replace(value, " ")
    place = ordinal(rest)
    thing = None if place is not None else spoken_of(rest, subject, ("starter",))
    which = place if place is not None else _number(thing.path) if thing else len(subject.starters)
    which = len(subject.starters) - 1 if which == -1 else which
    if which >= len(subject.starters):
        return FoundChange(question=f"Which starter should become “{value}”: {_numbered(subject.starters)}?")
    words = f"Replace the starter “{subject.starters[which].strip()}” with “{value}”."
    return FoundChange([set_field(f"conversation_starters[{which}]", value, words)])


def no_starter(said: Command, subject: CommandSubject) -> FoundChange | None:
    """Take a starter out."""
    return _gone(said, subject, "starter", "conversation_starters", [s.strip() for s in subject.starters])


def test(said: Command, subject: CommandSubject) -> FoundChange | None:
    """Add a test: what is asked, and what the answer must or must not contain."""
    asked = next((v for v in said.values if v.rstrip().endswith("?")), said.values[0] if said.values else "")
    seen = re.search(r"\b(?:words?|number) (\S+)", said.open) or re.search(
        r"\b(?:see|contains?|mentions?|says?|includes?|expects?|has|have|gives?) (?!to\b)(?:the )?(\S+)", said.open
    )
    words = [v for v in said.values if v != asked] or ([seen[1].strip("\"'.,")] if seen else [])
    if not asked:
        return FoundChange(question="What does the person write in the test, and what must the answer mention?")
    if len(words) != 1:
        return FoundChange(question=f"What must the answer to “{asked}” mention?")
    denied = has(_DENIED, said.open)
    title = f"{'does not mention' if denied else 'mentions'} {words[0]}"[:80]
    expect: dict[str, Any] = {"not_contains" if denied else "contains": words}
    return FoundChange(
        [add("tests", {"name": title, "message": asked, "expect": expect}, f"Add the test “{title}”: {asked}")]
    )


def no_test(said: Command, subject: CommandSubject) -> FoundChange | None:
    """Take a test out."""
    return _gone(said, subject, "test", "tests", [str(one.get("name")) for one in subject.tests])


def another_test(said: Command, subject: CommandSubject) -> FoundChange | None:
    """Change the one word or number that a test expects: `the price test should expect 15 instead of 14`."""
    for n, one in enumerate(subject.tests):
        expect = one.get("expect")
        for key, expected in expect.items() if isinstance(expect, dict) else ():
            for old in expected if isinstance(expected, list) else ():
                behind = (
                    rf"\b(?P<new>[\w.,:-]*\w),? (?:instead of|rather than|(?:and )?not) {re.escape(str(old))}(?!\w)"
                )
                if said_so := re.search(behind, said.text, re.IGNORECASE):
                    new = [said_so["new"] if word == old else word for word in expected]
                    words = f"The test “{one.get('name')}” expects {said_so['new']} instead of {old}."
                    return FoundChange([set_field(f"tests[{n}].expect.{key}", new, words)])
    return None


def _gone(said: Command, subject: CommandSubject, kind: str, field: str, labels: list[str]) -> FoundChange | None:
    """Take out the item that is named by its place or its words; ask where that is in doubt."""
    if not labels:
        return FoundChange(reply=f"It has no {kind}s.")
    if has(rf"(?:all|both|every|any)\b.{{0,20}}\b{kind}\w*", said.open) or (
        has(f"{kind}s", said.open) and len(labels) == 1
    ):
        return FoundChange([drop(field, f"Take out all the {kind}s.")])
    place = ordinal(re.sub(r"\bfirst of all\b", "", said.open))
    place = place if place is not None and -1 <= place < len(labels) else None
    thing = find_ground(said.text, said.around, subject, kind) if place is None else None
    which = place % len(labels) if place is not None else _number(thing.path) if thing else None
    if which is None:
        return FoundChange(question=f"Which {kind} should go: {_numbered(labels)}?")
    return FoundChange([drop(whole_of(f"{field}[{which}]", len(labels)), f"Take out the {kind} “{labels[which]}”.")])


def _numbered(labels: list[str]) -> str:
    return ", ".join(f"{n}. “{label}”" for n, label in enumerate(labels, start=1))


def _number(path: str) -> int:
    return int(path[path.index("[") + 1 : -1])


DOERS: dict[str, Doer] = {
    "name": name,
    "description": text("description"),
    "welcome_message": text("welcome_message"),
    "disclaimer": text("disclaimer"),
    "welcome_message_drop": no_text("welcome_message"),
    "disclaimer_drop": no_text("disclaimer"),
    "version": version,
    "starter_add": starter,
    "starter_set": another_starter,
    "starter_drop": no_starter,
    "test_add": test,
    "test_drop": no_test,
    "test_set": another_test,
}
