"""What a command gives in so many words: texts in quotation marks, addresses, what stands behind a colon."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded.edits_words import ANY_CASE

HIDDEN = "¤"  # stands for each character of a quotation, an address or a value behind a colon
_QUOTED = re.compile(
    r"\"(?P<a>[^\"\n]+)\"|“(?P<b>[^”\n]+)[”\"]|«\s?(?P<c>[^»\n]+?)\s?»|„(?P<d>[^“”\"\n]+)[“”\"]"
    r"|(?<!\w)['‘‚](?P<e>[^\n]+?)['’](?!\w)|`(?P<f>[^`\n]+)`"
)
_URL = re.compile(r"https?://[^\s<>\"'“”«»)\]}]*[^\s<>\"'“”«»)\]}.,;:!?]")
_VALUE = re.compile(
    r"\b(?P<lead>(?:name|rule|starters?|welcome(?: message)?|greet\w*|greeting|disclaimer|description|version|say"
    r"|says|with"
    r"|to|be|read|reads|as|this|test|instructions?|follow\w*|suggestion|question|line|sentence|regel|vorschlag"
    r"|nombre|nome"
    r"|name ist|title)(?: (?:it|this|people|is|now|change|update|text"
    r"|\d+))?)(?:,? please)?(?:\s?[:=]|\s[–—-])\s+(?=\S)",
    ANY_CASE,
)
_ORDERS = re.compile(r"(?:add|drop|remove|delete|call it|rename|switch|turn)\b", ANY_CASE)


def mask(text: str) -> tuple[str, tuple[str, ...]]:
    """Return `text` in lower case with the given values hidden, and the values: quoted, addresses, behind a colon."""
    values: list[tuple[int, str]] = []
    low = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)

    def hide(start: int, end: int, value: str) -> None:
        nonlocal low
        values.append((start, value))
        low = low[:start] + HIDDEN * (end - start) + low[end:]

    for found in _QUOTED.finditer(text):
        hide(found.start(), found.end(), next(g for g in found.groups() if g))
    for found in _URL.finditer(low):
        if HIDDEN not in found.group():
            hide(found.start(), found.end(), text[found.start() : found.end()])
    lead = _VALUE.search(low)
    ordered = (
        lead
        and _ORDERS.match(low[lead.end() :])
        and not re.match(r"rule|line|instruction|sentence|say|test", lead["lead"])
    )
    if lead and not ordered and HIDDEN not in low[lead.end() :] and low[lead.end() :].strip():
        hide(lead.end(), len(low), text[lead.end() :].strip())
    return low, tuple(value for _, value in sorted(values))
