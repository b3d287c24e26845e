"""What a clause gives, whatever its construction: a name, a text, a number, a list, a rule or manner in its words."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded.edits_clauses import Clause, is_statement
from gptsmith.models.chat.embedded.edits_subject import sentence
from gptsmith.models.chat.embedded.edits_words import ANY_CASE, CAUSED, bare
from gptsmith.models.chat.embedded.quantities import NUMBER_WORDS
from gptsmith.models.chat.embedded.words import listed

_CAPITALS = (
    r"(?:(?:Dr|Mr|Mrs|Ms|Prof|St)\. )?[A-ZÄÖÜÉ][\w'’&-]*"
    r"(?: (?:(?:of|the|and|&|de|da|do|'n'|n) )*[A-ZÄÖÜÉ0-9&][\w'’&-]*)*"
)
_NAMED = re.compile(
    rf"(?i:\b(?:call(?:ed)?|named?|name(?: is)?|known as|become|be|as|to|is|by|:|->|=)\W*(?:now )?)"
    rf"(?P<name>{_CAPITALS})(?![^\W_])"
)
_NOT_NAMES = listed(
    "I It The This That We My Our You And But So Please Can Could Let Let's Lets Name Call Thats That's Rename Change"
)
_FILLERS = re.compile(
    r"^(?:\W*(?:oh|and|also|so|but|hmm+|um+|erm|omg|well|ok(?:ay)?|please|pls|plz|just|then|hey|hi|actually|btw"
    r"|by the way"
    r"|perhaps|maybe|additionally|besides)\b[\s,:!–-]*)+",
    ANY_CASE,
)
_SMILE = re.compile(
    r"\s*(?:[:;]-?[)(DP]|<3|\b(?:lol|haha+|xx*|thx|thanks|pls|please|tbh)\b[.!]*|[😀-🙏🌀-🗿])+\s*$", ANY_CASE
)
_IT_ASKED = re.compile(
    r"^(?:can|could|may|might|would|should|shall|must) (?:it|he|she|you|they)"
    r"(?: (?:please|also|perhaps|maybe|just|not))* ",
    ANY_CASE,
)
_IT_OUGHT = re.compile(
    r"^(?:(?:it|he|she) (?:really |also |just )?(?:ought to|should|must|has to|needs to|is to)"
    r"(?: really| also| always)? (?=\w)"
    r"|(?:please )?(?:make|see to it|make sure|ensure|take care|teach it|tell it|add) that (?=\w)|have it (?=\w)"
    r"|(?:teach|get|train|tell) it to (?=\w)|would you (?:be so kind as to |mind )?(?:have|let|make) it )",
    ANY_CASE,
)
_OTHERS_ASKED = re.compile(
    r"^(?:can|could|may|might|would) (?P<who>(?:every|each|all|the|any|its|our|people|users|guests)\b[^?]*?)"
    r" (?P<verb>have|be|get|start|end|begin|contain|include|come|use|say|give|show|mention|carry)\b(?P<rest>[^?]*)",
    ANY_CASE,
)
_MORE = re.compile(
    r"\b(?P<way>more|less|too|so|rather|a (?:bit|tad|touch|little|dash) (?:too |more |less )?|not (?:so|too)|quite"
    r"|really|very) "
    r"(?P<how>(?!of\b|much\b|many\b|the\b|a\b)[a-z][a-z-]{2,})(?: like (?P<like>[^,.]+))?",
    ANY_CASE,
)
_IMAGINE = re.compile(r"^(?:imagine|pretend|talk|speak|think|write|sound|act|be|behave|answer|go|use|make)\b", ANY_CASE)
_TEXT = re.compile(
    r"(?:\b(?:says?|saying|reads?|asks?|asking|called|click(?: on)?|tap(?: on)?|have|with|be|is|are|to|into"
    r"|want|put|take|by|offer|suggest)|:|=|-|–)"
    r"\s+(?P<text>[A-ZÄÖÜÉÁ¿¡0-9].*)$"
)
_TEXT_FIRST = re.compile(
    r"^(?P<text>[A-ZÄÖÜÉ].*?)\s*(?:[-–—,:]+\s*|\?\s*)(?:please )?(?:add|make|use|put|take|have|set|turn|that)\b.{0,40}$"
)
_APART = re.compile(
    r"(?:\b(?:know|knows|recogni[sz]e|identify|spot|tell|detect|label|labels?:?|add|include|also|with)"
    r"(?: (?:also|too|a|an|the))* )+"
    r"(?P<list>.+?)(?: (?:to|too|as well|apart|in|on|among)\b.*)?$",
    ANY_CASE,
)


def given_name(said: Clause) -> str:
    """Return the name that a clause about the name gives, empty without one: quoted, or written with capitals."""
    if said.values:
        return said.values[-1] if len(said.values) == 1 else ""
    text = _SMILE.sub("", said.text).strip(" .!?")
    led = list(_NAMED.finditer(text))
    named = [one["name"] for one in led if one["name"] not in _NOT_NAMES]
    if named:
        return named[-1]
    found = [m.group() for m in re.finditer(_CAPITALS, text) if m.group() not in _NOT_NAMES]
    return found[-1] if found and len(found[-1].split()) <= 6 else ""


def given_text(said: Clause) -> str:
    """Return the text that a clause gives, empty without one: quoted, behind a colon or verb, or before the command."""
    if said.values:
        return said.values[-1].strip()
    first = _TEXT_FIRST.match(said.text)
    found = first or _TEXT.search(said.text)
    if not found or len(found["text"].split()) < 2:
        return ""
    text = re.sub(r"(?<=[.!?]) (?:instead|please|now|too|as well)\W*$", "", found["text"].strip(), flags=ANY_CASE)
    asks = first and said.text[first.end("text") :].lstrip().startswith("?")
    return f"{text}?" if asks else text


def number(said: Clause) -> int | None:
    """Return the number that a clause gives: the one before `instead of`, or the last one; None without one."""
    head = re.split(r"\b(?:instead of|rather than|not)\b", said.open)[0] or said.open
    found = re.findall(rf"\b\d+\b|\b(?:{'|'.join(NUMBER_WORDS)})\b", head)
    if not found:
        return None
    return int(found[-1]) if found[-1].isdigit() else NUMBER_WORDS[found[-1]]


def items(said: Clause) -> list[str]:
    """Return the things that a clause lists to be told apart: `the wren and the dunnock`."""
    if said.values and not any(" " in value.strip() and len(value.split()) > 3 for value in said.values):
        return [value.strip() for value in said.values]
    found = _APART.search(said.text.rstrip(" .!?"))
    parts = re.split(r",\s*(?:and )?|\s+and\s+", found["list"]) if found else []
    bared = [re.sub(r"^(?:(?:a|an|the|also|too)\s+)+", "", part.strip()) for part in parts]
    return bared if bared and all(0 < len(one.split()) <= 2 and not re.search(r"\d", one) for one in bared) else []


def ordered(said: Clause) -> str:
    """Return what a clause tells the assistant, as a rule in the person's words; empty when nothing is left of it."""
    text = _SMILE.sub("", _FILLERS.sub("", said.said.strip())).strip()
    why = re.match(r"^(?P<why>[^,]+?),? (?:so|therefore|thus) (?P<rule>.+)$", text, ANY_CASE)
    if why and is_statement(why["why"]) and len(why["rule"].split()) > 2:
        text = _FILLERS.sub("", why["rule"])
    asked = text.endswith("?")
    others = _OTHERS_ASKED.match(text) if asked else None
    if others:
        text = f"{others['who']} should {others['verb']}{others['rest']}"
    before = ""
    while before != text:
        before = text
        text = _FILLERS.sub("", CAUSED.sub("", _IT_OUGHT.sub("", _IT_ASKED.sub("", text))))
    text = bare(text) if len(bare(text).split()) > 1 else text
    text = re.sub(r",? (?:if (?:it|that)(?: is|['’]s)? (?:possible|ok(?:ay)?)|please|obviously|though)\W*$", "", text)
    return sentence(text.rstrip("?! ")) if len(text.split()) > 1 else ""


def manner(said: Clause) -> str:
    """Return the way of speaking that a clause asks for, as an order; empty when it names none."""
    text = _SMILE.sub("", _FILLERS.sub("", said.text)).strip(" .!?")
    if _IMAGINE.match(text):
        return sentence(text)
    compared = re.search(
        r"\b(?:make|be|sound|bit|little|much|him|her|it|them|^) ?(?P<how>[a-z]{2,}er|nicer|kinder)\b(?! than)",
        text,
        ANY_CASE,
    )
    if compared and not _MORE.search(text):
        return sentence(f"Be {compared['how'].lower()}")
    found = _MORE.search(text)
    if found:
        less = re.search(r"less|too|so|rather|quite|really|very|bit|tad", found["way"], ANY_CASE) and not re.search(
            r"more", found["way"], ANY_CASE
        )
        fault = less or re.search(r"\b(?:sounds?|comes?|feels?|is|it['’]s)\b", text[: found.start()], ANY_CASE)
        wished = re.search(r"more", found["way"], ANY_CASE) or not fault
        return sentence(f"Be {'more' if wished else 'less'} {found['how']}")
    return sentence(text) if 1 < len(text.split()) <= 12 and not is_statement(text) else ""
