"""Rules of style that can be kept without writing: a fixed first or last line, a closing question."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SCOPE = (
    r"(?:every|each|all|your|any|the)(?: of your| single)?(?: \w+)?? ?(?:answers?|repl(?:y|ies)|messages?"
    r"|responses?|turns?|it)?"
)
_QUOTED = r"[\"“'‘](?P<text>[^\"”\n]{1,200}?)[\"”'’](?=[\s.,;]|$)"
_LAST = re.compile(
    rf"\b(?:end|close|finish|conclude|sign off) (?:{_SCOPE} )?(?:with|by saying|as)(?: the (?:words?|line"
    rf"|sentence|phrase))?:? {_QUOTED}",
    re.IGNORECASE,
)
_FIRST = re.compile(
    rf"\b(?:start|begin|open) (?:{_SCOPE} )?(?:with|by saying)(?: the (?:words?|line|sentence|phrase))?:? {_QUOTED}",
    re.IGNORECASE,
)
_ALWAYS_SAY = re.compile(
    rf"\balways (?:say|add|include|write)(?: the (?:words?|line|sentence"
    rf"|phrase))?:? {_QUOTED} at the (?P<where>end|start|beginning)",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    rf"\b(?:end|close|finish|conclude) {_SCOPE} (?:with|by asking) (?:a|one|another|some)\b(?: [\w-]+){{0,3}} question",
    re.IGNORECASE,
)
_CALL = re.compile(
    r"\b(?:call|address) (?:the )?(?:user|person|visitor|customer|student|reader|guest|them|everyone"
    r"|me)s? (?:as )?[\"“'‘](?P<name>[\w .'-]{1,40})[\"”'’]",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Manners:
    """Words that stand around every reply."""

    first: str = ""
    last: str = ""
    asks_back: bool = False
    name: str = ""


def read_manners(instructions: str) -> Manners:
    """Read the simple rules; a rule that needs writing is none of them."""
    first, last = _FIRST.search(instructions), _LAST.search(instructions)
    say, call = _ALWAYS_SAY.search(instructions), _CALL.search(instructions)
    opening, closing = (first["text"] if first else ""), (last["text"] if last else "")
    if say and say["where"].lower() == "end":
        closing = closing or say["text"]
    elif say:
        opening = opening or say["text"]
    return Manners(opening, closing, bool(_QUESTION.search(instructions)), call["name"] if call else "")


def dress(text: str, manners: Manners) -> str:
    """Put the opening, the closing question and the last line around `text`."""
    if manners.name and manners.name.lower() not in text.lower():
        text = (
            f"{manners.name}, {text[0].lower()}{text[1:]}"
            if re.match(r"(?:Hello|Goodbye|You are|The files)\b", text)
            else f"{manners.name}: {text}"
        )
    if manners.first and not text.startswith(manners.first):
        text = f"{manners.first} {text}"
    if manners.asks_back and not text.rstrip().endswith("?"):
        text = f"{text} What would you like to know next?"
    if manners.last and not text.rstrip().endswith(manners.last):
        text = f"{text}\n\n{manners.last}" if len(manners.last) > 40 or len(text) > 80 else f"{text} {manners.last}"
    return text
