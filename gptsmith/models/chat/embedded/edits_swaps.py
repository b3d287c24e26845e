"""Commands that quote what stands in the file: what should go, and what should stand there instead."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded.edits_choice import is_drop
from gptsmith.models.chat.embedded.edits_clauses import Clause
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, drop, put, retell
from gptsmith.models.chat.embedded.edits_texts import renamed
from gptsmith.models.chat.embedded.edits_words import ANY_CASE, SWAP, has

_TEXTS = ("welcome_message", "description", "disclaimer", "name")


def read(clause: Clause, subject: Subject) -> Found | None:
    """Return the change of one quoted text into another, wherever it stands but in the instructions; else None."""
    if len(clause.values) == 1 and is_drop(clause):
        return _dropped(clause.values[0], subject)
    if not clause.values:
        return _spoken(clause, subject)
    if len(clause.values) != 2 or not has(SWAP, clause.open):
        return None
    return _swapped(*clause.values, subject)


def _spoken(clause: Clause, subject: Subject) -> Found | None:
    """Read `replace Porto with Lisbon`, when the first stands as it is in one text, or is a variable's default."""
    said = re.match(
        r"^(?:replace|swap|change) (?P<old>\S.*?) (?:with|by|for|to|into) (?P<new>\S.*?)[ .!]*$", clause.text, ANY_CASE
    )
    arrow = re.match(r"^(?P<old>\S.*?)\s*(?:->|=>|→)\s*(?P<new>\S.*?)[ .!]*$", clause.text)
    said = arrow or said
    if arrow and arrow["old"].lower() == str(subject.data.get("name", "")).lower():
        return renamed(arrow["new"], subject)
    if not said or (said["old"].islower() and not arrow):
        return None
    defaults = [name for name, one in subject.variables.items() if one.get("default") == said["old"]]
    if len(defaults) == 1 and said["old"] not in subject.instructions:
        name, new = defaults[0], said["new"]
        return Found([put(f"variables.{name}.default", new, f"{name} is {new} unless the person says otherwise.")])
    return _swapped(said["old"], said["new"], subject)


def _swapped(old: str, new: str, subject: Subject) -> Found | None:
    for n, starter in enumerate(subject.starters):
        if starter.strip() == old.strip():
            return Found([put(f"conversation_starters[{n}]", new, f"Replace the starter “{old}” with “{new}”.")])
    if old in subject.instructions:
        return None
    for path in _TEXTS:
        text = subject.data.get(path)
        if isinstance(text, str) and text.count(old) == 1:
            if path == "name" and text == old:
                return Found([put(path, new, f"Call it {new}.")])
            label = path.replace("_", " ")
            return Found([retell(old, new, f"Say “{new}” instead of “{old}” in the {label}.", path)])
    return None


def _dropped(quoted: str, subject: Subject) -> Found | None:
    for n, starter in enumerate(subject.starters):
        if starter.strip().rstrip(".") == quoted.strip().rstrip("."):
            whole = "conversation_starters" if len(subject.starters) == 1 else f"conversation_starters[{n}]"
            return Found([drop(whole, f"Take out the starter “{starter.strip()}”.")])
    for n, test in enumerate(subject.tests):
        if test.get("name") == quoted:
            whole = "tests" if len(subject.tests) == 1 else f"tests[{n}]"
            return Found([drop(whole, f"Take out the test “{quoted}”.")])
    return None
