"""What a command gives in so many words: quoted texts, names, numbers, lists; and the words without courtesy."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded.quantities import NUMBER_WORDS
from gptsmith.models.chat.embedded.words import listed

ANY_CASE = re.IGNORECASE
HIDDEN = "¤"  # stands for each character of a quotation, an address or a value behind a colon
_QUOTED = re.compile(
    r"\"(?P<a>[^\"\n]+)\"|“(?P<b>[^”\n]+)[”\"]|«\s?(?P<c>[^»\n]+?)\s?»|„(?P<d>[^“”\"\n]+)[“”\"]"
    r"|(?<!\w)['‘‚](?P<e>[^\n]+?)['’](?!\w)|`(?P<f>[^`\n]+)`"
)
_URL = re.compile(r"https?://[^\s<>\"'“”«»)\]}]*[^\s<>\"'“”«»)\]}.,;:!?]")
_LED = re.compile(
    r"\b(?:name|rule|starters?|suggestions?|welcome|greet\w*|disclaimer|description|version|message|says?|with|to|be"
    r"|reads?|as|test|follow\w*|question|line|sentence|title|this|bottom|text)(?: (?:it|this|people|is|now|text|\d+))?"
    r"(?:,? please)?\s?[:=]\s+(?=\S)",
    ANY_CASE,
)
_ORDERS = re.compile(r"(?:add|drop|remove|delete|call it|rename|switch|turn)\b", ANY_CASE)
_CAPITALS = (
    r"(?:(?:Dr|Mr|Mrs|Ms|Prof|St)\. )?[A-ZÄÖÜÉ][\w'’&-]*"
    r"(?: (?:(?:of|by|in|on|for|to|the|and|&|de|da|do|'n'|n) )*(?:[A-ZÄÖÜÉ][\w'’&-]*|\d+|&))*"
)
_NAMED = re.compile(
    rf"(?i:\b(?:call(?:ed)?|named?|name(?: is)?|known as|become|be|as|to|is|by|it|with|:|->|=)\W*(?:now )?)"
    rf"(?P<name>{_CAPITALS})(?![^\W_])"
)
_NO_NAMES = listed(
    "I It The This That We My Our You And But So Please Can Could Let Let's Lets Name Call Thats That's Rename"
    " Change From For If When"
)
_TEXT = re.compile(
    r"(?:\b(?:says?|saying|reads?|asks?|asking|called|click(?: on)?|tap(?: on)?|like|have|with|be|is|are|to|into|want"
    r"|put|take|by|offer|suggest)|:|=|-|–)\s+(?P<text>[A-ZÄÖÜÉÁ¿¡0-9].*)$"
)
_TEXT_FIRST = re.compile(
    r"^(?P<text>[A-ZÄÖÜÉ].*?)\s*(?:[-–—,:]+\s*|\?\s*)(?:please )?(?:add|make|use|put|take|have|set|turn|that)\b.{0,40}$"
)
_APART = re.compile(
    r"(?:\b(?:know|knows|recogni[sz]e|identify|spot|tell|detect|label|labels?:?|add|include|also|with)"
    r"(?: (?:also|too|a|an|the))* )+(?P<list>.+?)(?: (?:to|too|as well|apart|in|on|among)\b.*)?$",
    ANY_CASE,
)
_POLITE = re.compile(
    r"^(?:\W*(?:please|pls|plz|kindly|hey|hi|hello|hm+|um+|oh|and|but|yo|alright|tbh|honestly|ok(?:ay)?|so|now|also|then"
    r"|well|actually|btw|by the way|maybe|perhaps|just|finally|next|bitte|und|außerdem|por favor|y|e|et)\b[\s,:!–-]*"
    r"|(?:can|could|would|will) (?:you|we|i)(?: please)? |(?:i|we)(?:['’]d| would)? (?:like|want|need|prefer|love)"
    r"(?: you)? to (?=\w)|let['’]?s (?:also |just )?|(?:i|we) think (?:that )?|would you mind |(?:what|how) about )+",
    ANY_CASE,
)
_TRAILING = re.compile(
    r"(?:(?<! is)(?<! are)[\s,–-]+(?:please|pls|plz|thanks|thank you|thx|bitte|danke|por favor|gracias|merci|tbh|lol"
    r"|haha|though|tho|cheers|if (?:you (?:can|could|please|like|don['’]?t mind)|possible)|would you|will you"
    r"|from now on|as well|too|now|:-?[)DP]|❤|🙂|😀))+[\s.!?]*$",
    ANY_CASE,
)
_ORDINALS = {
    "first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "fifth": 4, "5th": 4,
    "last": -1, "final": -1, "erste": 0, "ersten": 0, "zweite": 1, "zweiten": 1, "dritte": 2, "letzte": -1,
    "primera": 0, "segunda": 1, "tercera": 2, "última": -1, "première": 0, "dernière": -1,
}  # fmt: skip


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
    lead = _LED.search(low)
    behind = low[lead.end() :] if lead else ""
    if lead and behind.strip() and HIDDEN not in behind and not _ORDERS.match(behind):
        hide(lead.end(), len(low), text[lead.end() :].strip())
    return low, tuple(value for _, value in sorted(values))


def bare(text: str) -> str:
    """Return a command without what is only courtesy: `could you please drop it, thanks` -> `drop it`."""
    before = ""
    while before != text:
        before = text
        text = _POLITE.sub("", text)
        if not mask(text)[0].rstrip(" .!?").endswith(HIDDEN):  # the last words of a given text are its own
            text = _TRAILING.sub("", text).strip() or before
    return text.strip(" ,;–-")


def has(pattern: str, text: str) -> bool:
    """Tell whether the words of `pattern` stand in `text`."""
    return bool(re.search(rf"(?<!\w)(?:{pattern})(?!\w)", text, ANY_CASE))


def ordinal(text: str) -> int | None:
    """Return the position that an ordinal in `text` names, from 0, -1 for the last; None without one."""
    for word in re.findall(r"\w+", text.lower()):
        if word in _ORDINALS:
            return _ORDINALS[word]
    numbered = re.search(r"(?:number|no\.|nr\.?|#|starter|test|rule) ?(\d{1,2})\b", text, ANY_CASE)
    return int(numbered[1]) - 1 if numbered and numbered[1] != "0" else None


def given_name(text: str, values: tuple[str, ...]) -> str:
    """Return the name that is given: quoted, or written with capitals; empty without one."""
    if values:
        return values[-1] if len(values) == 1 else ""
    text = text.strip(" .!?")
    led = [one["name"] for one in _NAMED.finditer(text) if one["name"] not in _NO_NAMES]
    found = led or [m.group() for m in re.finditer(_CAPITALS, text) if m.group() not in _NO_NAMES]
    return found[-1] if found and len(found[-1].split()) <= 6 else ""


def given_text(text: str, values: tuple[str, ...]) -> str:
    """Return the text that is given: quoted, behind a colon or verb, or before the command; empty without one."""
    if values:
        return values[-1].strip()
    first = _TEXT_FIRST.match(text)
    found = first or _TEXT.search(text)
    if not found or len(found["text"].split()) < 2:
        return ""
    given = re.sub(r"(?<=[.!?]) (?:instead|please|now|too|as well)\W*$", "", found["text"].strip(), flags=ANY_CASE)
    return f"{given}?" if first and text[first.end("text") :].lstrip().startswith("?") else given


def number(text: str) -> int | None:
    """Return the number that is given: the one before `instead of`, or the last one; None without one."""
    head = re.split(r"\b(?:instead of|rather than|not)\b", text)[0] or text
    found = re.findall(rf"\b\d+\b|\b(?:{'|'.join(NUMBER_WORDS)})\b", head, ANY_CASE)
    return None if not found else int(found[-1]) if found[-1].isdigit() else NUMBER_WORDS[found[-1].lower()]


def items(text: str, values: tuple[str, ...]) -> list[str]:
    """Return the things that are listed to be told apart: `the wren and the dunnock`."""
    if values and all(len(value.split()) <= 3 for value in values):
        return [value.strip() for value in values]
    found = _APART.search(text.rstrip(" .!?"))
    parts = re.split(r",\s*(?:and )?|\s+and\s+", found["list"]) if found else []
    bared = [re.sub(r"^(?:(?:a|an|the|also|too)\s+)+", "", part.strip()) for part in parts]
    return bared if bared and all(0 < len(one.split()) <= 2 and not re.search(r"\d", one) for one in bared) else []
