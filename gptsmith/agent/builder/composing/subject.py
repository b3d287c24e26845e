"""The assistant that is to be changed, as readers of commands see it, and what they find."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from gptsmith.agent.builder.language.answers import Missing, ProposedChange
from gptsmith.agent.builder.language.requests import ChangeRequest
from gptsmith.assistants.format.reader import read_yaml
from gptsmith.models.chat.embedded.quantities import NUMBER_WORDS
from gptsmith.models.chat.embedded.words import word_set

# What a command gives in so many words: quoted texts, names, numbers, lists; and the words without courtesy.

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
_NO_NAMES = word_set(
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


@dataclass(frozen=True)
class CommandSubject:
    """The spec's data with its instructions; `files` are attached, `offered` the tool types with their summaries."""

    data: dict[str, Any]
    instructions: str
    files: tuple[str, ...] = ()
    offered: dict[str, str] = field(default_factory=dict)
    rules: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()
    recent: dict[str, int] = field(default_factory=dict)  # what the command before was about
    touched: list[tuple[int, int]] = field(default_factory=list)  # spans of the instructions that change

    @property
    def starters(self) -> list[str]:
        """Return what the starters say, titles included."""
        return [
            f"{s.get('title', '')} {s.get('text', '')}" if isinstance(s, dict) else str(s)
            for s in _list(self.data, "conversation_starters")
        ]

    @property
    def tools(self) -> list[dict[str, Any]]:
        """Return the tools as they are written."""
        return [tool for tool in _list(self.data, "tools") if isinstance(tool, dict)]

    @property
    def knowledge(self) -> list[dict[str, Any]]:
        """Return the knowledge sources as they are written."""
        return [source for source in _list(self.data, "knowledge") if isinstance(source, dict)]

    @property
    def tests(self) -> list[dict[str, Any]]:
        """Return the tests as they are written."""
        return [test for test in _list(self.data, "tests") if isinstance(test, dict)]

    @property
    def variables(self) -> dict[str, dict[str, Any]]:
        """Return the variables, an empty one as an empty object."""
        table = self.data.get("variables")
        return {str(k): v if isinstance(v, dict) else {} for k, v in table.items()} if isinstance(table, dict) else {}

    @property
    def model(self) -> dict[str, Any]:
        """Return the model in its long form; empty when the spec names none."""
        model = self.data.get("model")
        if isinstance(model, str):
            provider, _, name = model.partition(":")
            return {"provider": provider, "name": name} if name else {"provider": provider}
        return model if isinstance(model, dict) else {}


@dataclass
class FoundChange:
    """What a reader made of one command; all empty: the command is its own, and nothing is to be done."""

    changes: list[ProposedChange] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    reply: str = ""
    question: str = ""
    unclear: bool = False  # it is no command that can be carried out here; `reply` may say why


def subject_of(request: ChangeRequest) -> CommandSubject:
    """Return the subject of a request; a spec that cannot be read is an empty one."""
    data = read_yaml(request.spec).data
    data = data if isinstance(data, dict) else {}
    told = data.get("instructions")
    return CommandSubject(
        data,
        request.instructions.replace("\r\n", "\n") or (told if isinstance(told, str) else ""),
        tuple(request.files),
        dict(request.tools),
        tuple(request.rules),
        tuple(request.locked),
    )


def set_field(path: str, value: Any, words: str) -> ProposedChange:
    """Return the change that gives a field a value."""
    return ProposedChange(op="set", path=path, value=value, words=words)


def add(path: str, value: Any, words: str) -> ProposedChange:
    """Return the change that adds an item to a list."""
    return ProposedChange(op="add", path=path, value=value, words=words)


def drop(path: str, words: str) -> ProposedChange:
    """Return the change that removes a field or an item."""
    return ProposedChange(op="remove", path=path, words=words)


def whole_of(path: str, many: int) -> str:
    """Return the path of an item, or of its list of `many` when it is the only one in there."""
    return path.split("[")[0] if many == 1 else path


def retell(old: str, new: str, words: str, path: str = "instructions") -> ProposedChange:
    """Return the change of words inside a text."""
    return ProposedChange(op="replace_text", path=path, old=old, new=new, words=words)


def sentence(words: str) -> str:
    """Return the person's words as a sentence: a capital letter, a full stop, nothing else changed."""
    said = " ".join(words.split()).strip(" ,;")
    said = said[:1].upper() + said[1:]
    return said if re.search(r"[.!?…:\"”»)。！？]$", said) else f"{said}."


def _list(data: dict[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    return value if isinstance(value, list) else []
