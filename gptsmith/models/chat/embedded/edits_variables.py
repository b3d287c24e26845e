"""Commands about variables: declared, given defaults and choices, asked for, dropped."""

from __future__ import annotations

import re
from typing import Any

from gptsmith.assistants.placeholders import variable_name
from gptsmith.models.chat.embedded.edits_choice import is_drop
from gptsmith.models.chat.embedded.edits_clauses import Clause
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, drop, put, retell
from gptsmith.models.chat.embedded.edits_words import ADD, ANY_CASE, has

_SETTING = (
    r"default\w*|choose|choice|choices|options?|required|mandatory|optional|obligatory|must be (?:given|filled|set"
    r"|asked)"
    r"|compulsory|ask(?:ed)? for|either|one of|variables?|pick|select|starts? (?:out )?as|standardmäßig|vorgabe"
)


_LEFT_OUT = (
    r"(?:does not|doesn['’]t|need not|needn['’]t|no longer has to|don['’]t|must not) (?:have to |need to )?be"
    r" (?:given|filled(?: in)?|set|asked(?: for)?"
    r"|entered)|(?:can|may) be (?:left )?(?:empty|blank|out|skipped)"
)


def read(clause: Clause, subject: Subject) -> Found | None:
    """Return what a command about variables changes; None when it is about something else."""
    name = _named(clause, subject)
    noun = has("variables?|placeholders?|blanks?|variablen?|parameters?", clause.open)
    if name is None and noun and has(ADD, clause.open):
        return _declared(clause)
    if name is None:
        if noun and is_drop(clause) and len(subject.variables) == 1:
            name = next(iter(subject.variables))
        elif noun and subject.variables and is_drop(clause):
            return Found(question=f"Which variable: {', '.join(subject.variables)}?")
    if name is None:
        return None
    if is_drop(clause) and noun:
        return _dropped(name, subject)
    if not has(f"{_SETTING}|{_LEFT_OUT}", clause.open):
        return Found(unclear=True) if "_" in name and name in clause.open else None
    return _changed(clause, name)


def _named(clause: Clause, subject: Subject) -> str | None:
    for name in subject.variables:
        said = re.escape(name).replace("_", "(?:['’]s)?[ _]")
        if re.search(rf"(?<!\w){said}(?:['’]s)?(?!\w)", clause.masked) or name in clause.values:
            return name
    return None


def _changed(clause: Clause, name: str) -> Found | None:
    values = [v for v in clause.values if v != name]
    at = f"variables.{name}"
    picks = _choices(clause, values, name)
    if picks:
        return Found([put(f"{at}.choices", picks, f"{name} is one of {', '.join(picks)}.")])
    if has(
        r"required|mandatory|obligatory|compulsory|must be (?:given|filled(?: in)?|set|asked(?: for)?)", clause.open
    ):
        no = has(r"no longer|not|never|isn['’]t|needn['’]t|any ?more", clause.open)
        words = f"{name} need not be given." if no else f"{name} must be given before a conversation starts."
        return Found([put(f"{at}.required", not no, words)])
    if has(f"optional|{_LEFT_OUT}", clause.open):
        return Found([put(f"{at}.required", False, f"{name} need not be given.")])
    default = _default(clause, values, name)
    if default:
        return Found([put(f"{at}.default", default, f"{name} is {default} unless the person says otherwise.")])
    if values and has("ask\\w*|description|described?|label", clause.open):
        return Found([put(f"{at}.description", values[-1], f"Ask for {name} as “{values[-1]}”.")])
    return None


def _choices(clause: Clause, values: list[str], name: str) -> list[str]:
    if not has(r"choose|choices?|options?|either|one of|pick|select|only (?:be )?\w+ or", clause.open):
        return []
    if len(values) > 1:
        return values
    said = re.search(
        r"\b(?:between|from|either|one of|choices? (?:are|is|should be)|options? (?:are|is|should be)|are|be|to"
        r"|:)\s+(?P<list>.+)$",
        values[0] if values else clause.text,
        ANY_CASE,
    )
    words = said["list"] if said else values[0] if values else ""
    words = re.sub(
        rf"\s+(?:as|for) (?:the |their |its )?{re.escape(name).replace('_', '[ _]')}\W*$", "", words, flags=ANY_CASE
    )
    parts = [p.strip(" .\"'") for p in re.split(r",\s*(?:and |or )?|\s+(?:and|or|und|oder|y|o|e|ou)\s+", words)]
    return [p for p in parts if p] if len(parts) > 1 else []


def _default(clause: Clause, values: list[str], name: str) -> str:
    if not has(r"default\w*|starts? (?:out )?as|standardmäßig|vorgabe|unless", clause.open):
        return ""
    if values:
        return values[-1]
    used = re.search(
        r"\b(?:use|take|make|put|set|have|want) (?P<v>[\w-]+(?-i: [A-Z\d][\w-]*)*) (?:as|for|the) (?:the |a |its"
        r" )?default",
        clause.text,
        ANY_CASE,
    )
    if used and used["v"].lower() not in ("the", "a", "it"):
        return used["v"]
    said = re.search(
        rf"\bdefaults?\b(?: (?:value|{re.escape(name).replace('_', '[ _]')}|for \w+|of \w+))* (?:is|to|should be|="
        rf"|be|:)?\s*(?P<a>[\w-]+(?-i: [A-Z\d][\w-]*)*)\W*$"
        r"|\b(?:to|is|be|as|=)\s+(?P<b>[\w-]+(?-i: [A-Z\d][\w-]*)*)(?: by default)?\W*$",
        clause.text,
        ANY_CASE,
    )
    value = (said["a"] or said["b"] or "") if said else ""
    if value and value.lower() not in (name, name.replace("_", " ")):
        return value
    told = re.search(r"\b(?:to|is|in|now) (?P<v>(?-i:[A-Z])[\w-]*(?-i: [A-Z\d][\w-]*)*),", clause.text, ANY_CASE)
    return told["v"] if told else ""  # `we moved to Lisbon, change the default city`


def _declared(clause: Clause) -> Found:
    called = re.search(
        r"\b(?:variable|placeholder|blank|parameter|variablen?)\b(?: (?:called|named|for(?: the)?|namens))?"
        r" +[\"“'`{]*(?P<name>[A-Za-z]\w*)",
        clause.text,
        ANY_CASE,
    )
    raw = called["name"] if called else clause.values[0] if clause.values else ""
    name = variable_name(raw)
    if not name or raw.lower() in ("with", "that", "so", "and", "to"):
        return Found(question="What should the variable be called?")
    behind = clause.text[called.end() :] if called else clause.text
    value: dict[str, Any] = {}
    default = re.search(
        r"\bdefault(?:s|ing)?(?: value)?(?: (?:is|of|to|=|being))?:?\s+[\"“']?(?P<v>[^\"”',]+?)[\"”']?(?=,| and |$)",
        behind,
        ANY_CASE,
    )
    if default:
        value["default"] = default["v"].strip(" .")
    if has("required|mandatory|must be given", clause.open):
        value["required"] = True
    picks = _choices(clause, [v for v in clause.values if v != raw], name)
    if picks:
        value["choices"] = picks
    value = {"description": raw.replace("_", " ").capitalize(), **value}
    return Found([put(f"variables.{name}", value, f"Ask for {name}; it is used as {{{{{name}}}}}.")])


def _dropped(name: str, subject: Subject) -> Found:
    """Take a variable out of the file and put its default where it is used."""
    used = f"{{{{{name}}}}}"
    texts = {"instructions": subject.instructions, "welcome_message": str(subject.data.get("welcome_message", ""))}
    places = [path for path, text in texts.items() if used in text]
    default = subject.variables[name].get("default")
    inside = any(used in starter for starter in subject.starters)
    if (places or inside) and default is None:
        return Found(question=f"What should stand in the texts instead of {used}?")
    if inside or any(text.count(used) > 1 for text in texts.values()):
        return Found(question=f"{used} stands in several places; what should each of them say?")
    changes = [retell(used, str(default), f"Say “{default}” in the {path.replace('_', ' ')}.", path) for path in places]
    whole = "variables" if len(subject.variables) == 1 else f"variables.{name}"
    return Found([drop(whole, f"Take out the variable {name}."), *changes])
