"""Arguments and flat schemas filled from a person's words, never guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from typing import Any, TypeVar

from langchain_core.messages import BaseMessage
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, ValidationError

from gptsmith.errors import NotReadyError
from gptsmith.models.chat.drafting import Drafting
from gptsmith.models.chat.embedded import quantities
from gptsmith.models.chat.embedded.conversation import read_conversation
from gptsmith.models.chat.embedded.lookups import likeness
from gptsmith.models.chat.embedded.quantities import FoundValue
from gptsmith.models.chat.embedded.toolbox import Param, Tool, read_params
from gptsmith.models.chat.embedded.words import STOP, content_stems, stem, tokens, word_set

# The arguments of a tool, found in a person's words by the tool's JSON schema; what is not there is left out.
#
# Every value stands in the words: numbers by their unit and order, days, times, allowed values, codes, quoted texts.
# What has no form of its own (a name, a thing, a message) is the piece of the sentence that is nearest to what the
# schema says of the argument.

Span = tuple[int, int]
_WORD = re.compile(r"[^\W_]+(?:['’._-][^\W_]+)*")
_QUOTED = re.compile(r"[\"“«]([^\"”»]+)[\"”»]|(?<!\w)['‘]([^'’\n]+)['’](?!\w)")
_CODE = re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*(?![\w-])|(?<=#)\w+")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"\+?\d(?:[ /-]?\d){5,}")
_PLATE = re.compile(r"\b[A-Z]{1,3}[ -]\d{1,6}\b|\b[A-Z]{2}\d{2,}\b")
_AMOUNT = re.compile(r"\d+(?:st|nd|rd|th|am|pm|h|kg|km|g|m|min)", re.IGNORECASE)  # 5th and 3kg are no codes
_CODED = re.compile(r"\b(?:id|code|number|no|ref(?:erence)?|plate|card|tracking)\b", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:no|not|none|nothing|without|never|off|out|false)\b|n[’']t\b", re.IGNORECASE)
_ON = re.compile(r"\b(?:on|up|yes|true|with)\b", re.IGNORECASE)
_TRUTH = re.compile(r"\b(?P<which>true|false) (?:to|when|if|for|means?|=)\s+(?P<what>[^,;.]+)", re.IGNORECASE)
_MENDED = re.compile(
    r"(?:\.{2,}|…|[,;.–-])?\s*\b(?:no|sorry|actually|i mean|i meant|rather|make that|wait)[,:]\s+(?P<tail>.+)$", re.I
)
_MONEY = re.compile(r"\b(?:amount|price|money|cost|euros?|dollars?|fee|budget|salary)\b")
_COINS = re.compile(r"\s*(?:€|\$|£|euros?\b|dollars?\b|pounds?\b|bucks\b|francs?\b|yen\b|[A-Z]{3}\b)", re.IGNORECASE)
_SIGNS = {"°": "degrees", "%": "percent", "€": "euros", "$": "dollars", "£": "pounds"}
_LENGTHS = (("second", 1), ("minute", 60), ("hour", 3600), ("day", 86_400), ("week", 604_800))
_ENDS = re.compile(r"\b(?:end|last|until|till|return|back|due|check ?out|deadline|expir\w*)\b")
_END_LEAD = re.compile(r"(?:\b(?:until|till|to|through|by|back on)|[-–])\s*$", re.IGNORECASE)
_CURRENCIES = {
    "EUR": "euros? €", "USD": "dollars? bucks? $ usd", "GBP": "pounds? quid £ sterling", "JPY": "yen ¥",
    "CHF": "francs?", "INR": "rupees?", "SEK": "kronor krona", "CNY": "yuan", "MXN": "pesos?",
}  # fmt: skip


def fill(tool: Tool, text: str, *, today: date | None = None) -> dict[str, Any]:
    """Return the arguments of `tool` that `text` names."""
    return fill_params(tool.params, text, tool.stems, today=today)


def fill_params(params: Sequence[Param], text: str, subject: set[str], *, today: date | None = None) -> dict[str, Any]:
    """Fill `params` from `text`; `subject` are the stems of what the whole is about, which are no values."""
    if mended := _MENDED.search(text):
        late = formed(params, mended["tail"], subject, today=today).values
        if late:
            return fill_params(params, text[: mended.start()], subject, today=today) | late
    found = formed(params, text, subject, today=today)
    left = [p for p in params if p.name not in found.values and is_free(p)]
    wanted = {stem(t) for p in params if found.values.get(p.name) is True for t in tokens(p.name.replace("_", " "))}
    values = found.values | _pieces(left, text, subject | wanted, found.taken)
    return {p.name: values[p.name] for p in params if p.name in values}


def is_free(p: Param) -> bool:
    """Tell whether an argument takes words without a form of their own."""
    plain = p.type == "string" and not p.enum and not p.format
    return plain and not (_is_date(p) or _is_time(p) or _is_currency(p) or _is_email(p) or _is_code(p))


@dataclass
class Formed:
    """The values that have a form of their own, and the places in the text that they and other such words take."""

    values: dict[str, Any] = field(default_factory=dict)
    taken: list[Span] = field(default_factory=list)


def formed(params: Sequence[Param], text: str, subject: set[str], *, today: date | None = None) -> Formed:
    """Return what the forms of `params` find in `text`."""
    found = Formed()
    for p in params:
        if p.enum:
            _keep(found, p, _allowed(p, params, text))
        elif _is_email(p):
            _keep(found, p, _match(_EMAIL, text))
        elif _is_currency(p):
            _keep(found, p, _currency(p, text))
    _dates(found, params, text, today)
    for p in params:
        if _is_time(p) and (clocks := quantities.clocks(text)):
            _keep(found, p, (clocks[0].value, (clocks[0].start, clocks[0].end)))
        elif p.name not in found.values and _is_code(p):
            _keep(found, p, _code(p, text, found.taken))
    _numbers(found, params, text)
    found.taken += quantities.times(text, today)
    for p in params:
        if p.type == "boolean":
            _keep(found, p, _switch(p, text, subject))
        elif p.type == "array":
            _keep(found, p, _items(p, text))
    return found


def _keep(found: Formed, p: Param, value: tuple[Any, Span] | None) -> None:
    if value is not None:
        found.values[p.name] = value[0]
        found.taken.append(value[1])


def _is_date(p: Param) -> bool:
    named = p.name in ("date", "day") or p.name.endswith(("_date", "_day")) or "yyyy-mm-dd" in p.words
    return p.type == "string" and not p.enum and (p.format in ("date", "date-time") or named)


def _is_time(p: Param) -> bool:
    named = p.name == "time" or p.name.endswith("_time") or "hh:mm" in p.words
    return p.type == "string" and not p.enum and (p.format == "time" or named)


def _is_email(p: Param) -> bool:
    return p.type == "string" and (p.format == "email" or bool(re.search(r"\be-?mail address\b|^email\b", p.words)))


def _is_currency(p: Param) -> bool:
    return p.type == "string" and "currency" in p.words


def _is_code(p: Param) -> bool:
    told = bool(_CODED.search(p.words)) or bool(re.search(r"e\.g\. \S*\d", p.words))
    told = told and not re.search(r"\bstreet\b", p.words)
    return p.type == "string" and not p.enum and not p.format and told


def _match(pattern: re.Pattern[str], text: str) -> tuple[str, Span] | None:
    m = pattern.search(text)
    return (m.group(), m.span()) if m else None


def _overlaps(span: Span, taken: list[Span]) -> bool:
    return any(a < span[1] and span[0] < b for a, b in taken)


# --- allowed values ---


def akin(a: str, b: str) -> bool:
    """Tell whether two stems are of one family: surgeri and surgeon, paediatr and paediatrician."""
    same = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return a == b or (same >= 4 and same >= 0.6 * max(len(a), len(b)))


def _said(value: Any, text: str, like: Callable[[str, str], bool]) -> list[Span]:
    """Return where each word of an allowed value stands in `text`; empty where one of them does not."""
    words = [stem(w) for w in tokens(str(value).replace("_", " ").replace("-", " "))]
    spans = []
    for word in words:
        at = next((m.span() for m in _WORD.finditer(text) if any(like(word, stem(t)) for t in tokens(m.group()))), None)
        if at is None:
            return []
        spans.append(at)
    return spans


def _allowed(p: Param, params: Sequence[Param], text: str) -> tuple[Any, Span] | None:
    """Return the allowed value that `text` names; None when none, or two as clearly."""
    if _is_currency(p) and (named := _currency(p, text)) and named[0] in p.enum:
        return named
    hits: list[tuple[Any, list[Span]]] = []
    for like in (lambda a, b: a == b, akin):
        hits = hits or [(v, spans) for v in p.enum if (spans := _said(v, text, like))]
    others = {q.name.lower() for q in params if q is not p}
    longest = max((len(spans) for _, spans in hits), default=0)
    hits = [(v, s) for v, s in hits if len(s) == longest]
    if len(hits) > 1:
        hits = [(v, s) for v, s in hits if tokens(text).count(str(v).lower()) > (str(v).lower() in others)]
    twins = [q for q in params if q.enum == p.enum]
    if len(twins) > 1:  # 42 km to miles, how many miles are 42 km
        aimed = [h for h in hits if re.search(r"\b(?:to|into|in|how many|how much)\s*$", text[: h[1][0][0]], re.I)]
        start = [h for h in sorted(hits, key=lambda h: h[1]) if h not in aimed]
        hits = (aimed or start[1:]) if p is twins[-1] else start[:1]
    return (hits[0][0], (hits[0][1][0][0], hits[0][1][-1][1])) if len(hits) == 1 else None


def _currency(p: Param, text: str) -> tuple[str, Span] | None:
    """Return the code of a currency: of two, the one behind "to" or "in" is the target."""
    hits: list[tuple[int, int, str]] = []
    for code, words in _CURRENCIES.items():
        names = "|".join(w if w[-1] == "?" or w.isalpha() else re.escape(w) for w in [code, *words.split()])
        hits += [(*m.span(), code) for m in re.finditer(rf"(?<![A-Za-z])(?:{names})(?![A-Za-z])", text, re.I)]
    hits += [
        (*m.span(), m[0]) for m in re.finditer(r"\b[A-Z]{3}\b", text) if not _overlaps(m.span(), [h[:2] for h in hits])
    ]
    aimed = [h for h in sorted(hits) if re.search(r"\b(?:to|into|in|how many|how much)\s*$", text[: h[0]], re.I)]
    rest = [h for h in sorted(hits) if h not in aimed]
    to = re.search(r"\bto\b|target|wanted|quote", p.words) and "from" not in p.words
    chosen = (aimed or rest[1:]) if to else rest
    return (chosen[0][2], chosen[0][:2]) if chosen else None


# --- days, codes, switches, lists ---


def _dates(found: Formed, params: Sequence[Param], text: str, today: date | None) -> None:
    """Give the days of the text to the arguments in their order; of two, one behind "until" is the end."""
    asked = [p for p in params if _is_date(p)]
    days = quantities.days(text, today)
    if len(asked) == 2 and len(days) == 1 and _END_LEAD.search(text[: days[0].start]):
        asked = [p for p in asked if _ENDS.search(p.words)] or asked
    for p, day in zip(asked, days, strict=False):
        _keep(found, p, (day.value.isoformat(), (day.start, day.end)))


def _code(p: Param, text: str, taken: list[Span]) -> tuple[str, Span] | None:
    patterns = (_PHONE,) if re.search(r"\b(?:tele)?phone\b", p.words) else (_PLATE, _CODE)
    for pattern in patterns:
        for m in pattern.finditer(text):
            if not _overlaps(m.span(), taken) and not re.fullmatch(
                r"\d+(?:st|nd|rd|th|am|pm|h|kg|km|g|m|min)", m[0], re.I
            ):
                return m.group(), m.span()
    numbers = [f for f in quantities.numbers(text) if f.word.isdigit() and not _overlaps((f.start, f.end), taken)]
    free = [f for f in numbers if len(f.word) > 3 or not re.search(r"e\.g\. \S*[a-z]\S*\d", p.words)]
    return (free[0].word, (free[0].start, free[0].end)) if free else None


def _switch(p: Param, text: str, subject: set[str]) -> tuple[bool, Span] | None:
    """Return true or false by the argument's name, or by what its description says that each of them means."""
    said = {stem(t) for t in tokens(text)}
    means = {m["which"].lower(): set(content_stems(m["what"])) for m in _TRUTH.finditer(p.description)}
    yes, no = means.get("true", set()), means.get("false", set())
    name = p.name.replace("_", " ")
    if name in ("on", "enabled", "active", "state", "value"):
        word = _DENIED.search(text) or _ON.search(text)
        return (not _DENIED.search(text), word.span()) if word else None
    if (no - yes) & said:
        return False, (0, 0)
    if (yes - no) & said and no:
        return True, (0, 0)
    own = set(content_stems(p.description)) - {"whether"}
    for clause in re.split(r"[,.;!?]\s+|\s+(?:and|but)\s+", text):
        words = set(content_stems(clause)) - subject
        by_name = any(akin(stem(t), w) for t in tokens(name) for w in words)
        if by_name or ((yes - no) - subject) & words or (len(own) > 1 and len(own & words) >= max(2, 0.6 * len(own))):
            return not _DENIED.search(clause), (0, 0)
    return None


def _items(p: Param, text: str) -> tuple[list[Any], Span] | None:
    whole = (0, 0)
    if p.items in ("integer", "number"):
        values = [int(f.value) if p.items == "integer" else f.value for f in quantities.numbers(text)]
        return (values, whole) if values else None
    if quoted := [a or b for a, b in _QUOTED.findall(text)]:
        return quoted, whole
    name = re.escape(p.name.replace("_", " "))
    m = re.search(
        rf"(?:\b(?:{name}|among|one of|between|labels|tags|options)\b\W*(?:are|is|of)?|:)\s*(.+)$", text, re.I
    )
    parts = [w.strip(" .?!") for w in re.split(r",|\band\b|\bor\b|/", m[1])] if m else []
    return ([w for w in parts if w], whole) if any(parts) else None


# --- numbers ---


def _numbers(found: Formed, params: Sequence[Param], text: str) -> None:
    """Give each number to the argument whose unit or name stands beside it; the others keep their order."""
    asked = [p for p in params if p.type in ("integer", "number")]
    for p in asked:
        _keep(found, p, _length(p, text, found.taken))
    asked = [p for p in asked if p.name not in found.values]
    free = [f for f in quantities.numbers(text) if not _overlaps((f.start, f.end), found.taken)]
    scored = sorted(
        ((fit, -i, -n) for i, p in enumerate(asked) for n, f in enumerate(free) if (fit := _fit(p, text, f)) > 0),
        reverse=True,
    )
    for _, i, n in scored:
        _number(found, asked[-i], free[-n])
    lone = [f for f in free if f.word.lower() != "one" and not re.match(r"(?:st|nd|rd|th)\b", text[f.end :])]
    for p in sorted(asked, key=lambda p: not p.required):
        for f in sorted(lone, key=lambda f: not f.word[-1].isdigit()):
            if p.required or not _counts_other(p, asked, text, f):
                _number(found, p, f)


def _number(found: Formed, p: Param, f: FoundValue) -> None:
    """Keep a number unless it or the argument is taken, or the schema forbids it."""
    outside = (p.minimum is not None and f.value < p.minimum) or (p.maximum is not None and f.value > p.maximum)
    broken = p.type == "integer" and f.value != int(f.value)
    if p.name not in found.values and not (outside or broken or _overlaps((f.start, f.end), found.taken)):
        _keep(found, p, (int(f.value) if f.value == int(f.value) else f.value, (f.start, f.end)))


def _length(p: Param, text: str, taken: list[Span]) -> tuple[float, Span] | None:
    """Return a length of time in the unit that the argument names."""
    scale = next(
        (s for word, s in _LENGTHS if word in p.words and not re.search(rf"\b(?:a|per|each) {word}", p.words)), None
    )
    free = [f for f in quantities.lengths(text) if not _overlaps((f.start, f.end), taken)]
    if scale is None or not free:
        return None
    value = free[0].value / scale
    if p.type == "integer" and value != int(value):
        return None
    return int(value) if value == int(value) else value, (free[0].start, free[0].end)


def _fit(p: Param, text: str, f: FoundValue) -> float:
    """Return how surely an argument means a number, by the words around it; 0 when they say nothing."""
    own = {stem(t) for t in tokens(p.words)} - {stem(w) for w in STOP} - {"number", "many", "much"}
    behind = re.split(r"[,;:!?.]", text[f.end : f.end + 40])[0]
    unit = [stem(t) for t in tokens(f"{_SIGNS.get(behind.strip()[:1], '')} {behind}")][:2]
    if _MONEY.search(p.words) and (_COINS.match(behind) or text[: f.start].rstrip()[-1:] in ("€", "$", "£")):
        return 3.0
    for n, word in enumerate(unit):
        if any(akin(word, o) or (word in ("kg", "km") and o.startswith("kilo")) for o in own):
            return 2.5 - n
    before = [stem(t) for t in tokens(text[max(0, f.start - 40) : f.start])][-3:]
    name = {stem(t) for t in tokens(p.name.replace("_", " "))}
    return sum(1.2 - 0.3 * n for n, word in enumerate(reversed(before)) if word in name)


def _counts_other(p: Param, asked: Sequence[Param], text: str, f: FoundValue) -> bool:
    return any(q is not p and _fit(q, text, f) > 0 for q in asked)


# --- names, things, messages ---


@dataclass(frozen=True)
class Piece:
    """A run of words that may be a value: `lead` is the word before it, `proper` says that it is written as a name."""

    text: str
    span: Span
    lead: str
    proper: bool


_LEADS = word_set("to from for at in on with by of into about named called because since as via near under without per")
_BREAKS = STOP | word_set(
    """someone somebody something anything things
    please pls want need would like hi hello hey thanks thank today tomorrow now asap yes no ok okay so then kindly
    new needs wants down up out next instead who's what's where's there's it's i'd i'm i've i'll we'd we're we've
    we'll let's won't can't isn't doesn't don't status state name
    """
)
_VERBS = word_set(
    "set put add book order make send show tell find give get go let play see take run write call log record cost costs"
)
_TEXTS = re.compile(
    r"\b(?:message|text|body|comment|note|question|summary|say|said|tell|write|reason|job|task|why|what to do|be done"
    r"|reminded)\b"
)
_BEHIND = re.compile(
    r"(?<!\d):\s+(?P<a>\S.*)$|\b(?:that|saying|to say|because)\s+(?P<b>\S.*)$", re.IGNORECASE | re.DOTALL
)
_TO_DO = re.compile(
    r"\b(?:remind (?:me|us)|have|need|got)\b[^.;]*?\bto (?P<what>[^\W\d][^,;.|]*?)(?:\s+(?:on|at|by|in))?"
    r"\s*(?:[,;.|]|$)",
    re.I,
)
_PERSON = re.compile(
    r"\b(?:name|who|person|player|student|colleague|guest|child|patient|pet|driver|donor|listener|title)\b"
)
_ADDRESS = re.compile(r"\b\d+\w?(?: [A-Z][\w'-]+)+|\b(?:[A-Z][\w'-]+ )+\d+\w?\b")
_PREPOSED = {
    "to": r"\bto\b|destination|recipient|target|goal|goes|arrival|listener|gets",
    "from": r"from|origin|start|departure|leaves",
    "in": r"city|place|room|where|location|town|warehouse", "at": r"place|port|where|caterer|branch|location",
    "near": r"place|where", "for": r"name|what for|purpose|who|label|child|student|guest|city",
    "with": r"colleague|with|who",
    "by": r"artist|sings|author|who", "because": r"reason|why", "called": r"name|label|title", "named": r"name|label",
    "under": r"name", "about": r"about|subject|topic", "on": r"place|what|lift", "of": r"name|what|which|city",
}  # fmt: skip


def _pieces(left: list[Param], text: str, subject: set[str], taken: list[Span]) -> dict[str, str]:
    """Give each argument without a form the piece of the sentence that fits it best, the required ones first."""
    values: dict[str, str] = {}
    left = sorted(left, key=lambda p: not p.required)
    told = [p for p in left if _TEXTS.search(p.words)]
    alone = [p for p in left if p.required] if not told and sum(p.required for p in left) == 1 else []
    for p in left:
        if re.search(r"\bstreet\b|\baddress\b", p.words):
            said = _match(_ADDRESS, text)
        else:
            said = _behind(text, taken, is_text=p in told) if p in told or p in alone else None
        if said:
            values[p.name], taken = said[0], [*taken, said[1]]
    quoted = [(a or b).strip() for a, b in _QUOTED.findall(text)]
    for p, said_so in zip([p for p in left if p.name not in values], quoted, strict=False):
        values[p.name] = said_so
        taken = [*taken, *(m.span() for m in re.finditer(re.escape(said_so), text))]
    open_ = [p for p in left if p.name not in values]
    pieces = _split(text, subject, taken) if open_ else []
    fits = sorted(
        ((_fitness(p, piece, text), -n, -m) for n, p in enumerate(open_) for m, piece in enumerate(pieces)),
        reverse=True,
    )
    used: set[int] = set()
    for fit, n, m in fits:
        p = open_[-n]
        named = set(content_stems(pieces[-m].text)) <= {stem(t) for t in tokens(p.name.replace("_", " "))}
        if p.name not in values and m not in used and not named and (fit >= (0.05 if p.required else 0.5)):
            values[p.name] = _without_name(p, pieces[-m].text)
            used.add(m)
    return values


def _behind(text: str, taken: list[Span], *, is_text: bool) -> tuple[str, Span] | None:
    """Return what is to be said or done: behind a colon or "that", or what one is to be reminded to do."""
    if m := _BEHIND.search(text):
        group = "a" if m["a"] else "b"
        inside = [w for w in _WORD.finditer(text, *m.span(group)) if _overlaps(w.span(), taken)]
        if (group == "a" or is_text) and (is_text or not inside) and 2 * len(inside) < len(_WORD.findall(m[group])):
            return m[group].strip().rstrip("."), m.span(group)
    hidden = "".join("|" if _overlaps((n, n + 1), taken) else c for n, c in enumerate(text))
    if is_text and (m := _TO_DO.search(hidden)):
        return m["what"].strip(), m.span("what")
    return None


def _fitness(p: Param, piece: Piece, text: str) -> float:
    lead = _PREPOSED.get(piece.lead)
    fit = likeness(piece.text, f"{p.name.replace('_', ' ')}: {p.description}")
    fit += 0.6 if lead and re.search(lead, p.words) else 0.0
    beside = _WORD.findall(text[: piece.span[0]])[-2:] + _WORD.findall(piece.text)[:1]
    named = {stem(w.lower()) for w in beside} & {stem(t) for t in tokens(p.name.replace("_", " "))}
    return fit + 1.0 * bool(named) + (0.5 if piece.proper and _PERSON.search(p.words) else 0.2 if piece.proper else 0.0)


def _without_name(p: Param, said: str) -> str:
    """Return a value without the argument's own name before it: "room 8" is 8."""
    own = {stem(t) for t in tokens(p.name.replace("_", " "))}
    first, _, rest = said.partition(" ")
    return rest if rest and stem(first.lower()) in own else said


def _split(text: str, subject: set[str], taken: list[Span]) -> list[Piece]:
    """Return the runs of words between prepositions, words without a meaning of their own, and what is taken."""
    pieces: list[Piece] = []
    run: list[re.Match[str]] = []
    lead = ""

    def close() -> None:
        nonlocal run
        for part in _runs(run):
            proper = _is_name(part[0])
            kept = _trimmed(part, subject)
            if kept:
                said = re.sub(r"['’]s$", "", text[kept[0].start() : kept[-1].end()])
                pieces.append(Piece(said, (kept[0].start(), kept[-1].end()), lead, proper))
        run = []

    words = list(_WORD.finditer(text))
    for n, m in enumerate(words):
        low = m.group().lower().replace("’", "'")
        gap = text[words[n - 1].end() : m.start()] if n else ""
        if re.search(r"[,;:!?()\n.]|\s[-–—]\s", gap):
            close()
            lead = ""
        free = not _overlaps(m.span(), taken)
        joins = free and bool(run) and low in _JOINTS and (_is_name(run[-1]) or run[-1].group() in _JOINTS)
        joins = joins and _names_on(words[n + 1 : n + 3])
        small = low in _BREAKS or low in _LEADS or (low in _VERBS and not run)
        if free and (joins or _is_name(m) or not small):
            run.append(m)
            continue
        close()
        lead = low if low in _LEADS else lead if low in ("the", "a", "an", "my", "our", "some") else ""
    close()
    return pieces


_JOINTS = ("of", "the", "de", "and")


def _is_name(m: re.Match[str]) -> bool:
    opens = not m.string[: m.start()].strip() or m.string[: m.start()].rstrip()[-1] in ".!?"
    return m.group()[:1].isupper() and not opens and m.group().split("'")[0] != "I"


def _names_on(words: list[re.Match[str]]) -> bool:
    return any(_is_name(m) for m in words[:1]) or (len(words) > 1 and words[0].group() == "the" and _is_name(words[1]))


def _runs(run: list[re.Match[str]]) -> list[list[re.Match[str]]]:
    """Cut a run where a name begins: "stats Vexx" has two parts, "Felco pruner" one."""
    parts: list[list[re.Match[str]]] = []
    for m in run:
        if parts and (_is_name(parts[-1][0]) or not _is_name(m)):
            parts[-1].append(m)
        else:
            parts.append([m])
    return parts


def _trimmed(run: list[re.Match[str]], subject: set[str]) -> list[re.Match[str]]:
    """Return a run without the words at its ends that say which tool is meant, not what with."""
    told = [not _is_name(m) and all(stem(t) in subject for t in tokens(m.group())) for m in run]
    while run and told[0]:
        run, told = run[1:], told[1:]
    while run and told[-1]:
        run, told = run[:-1], told[:-1]
    return run


# Structured answers: flat schemas filled from the message, gptsmith's own through composers, nothing else.

Composer = Callable[[list[BaseMessage], Drafting | None], BaseModel]
C = TypeVar("C", bound=Composer)

COMPOSERS: dict[type, Composer] = {}
_HINT = "connect a model that can: set `model: ollama:qwen3:8b` in the spec or the variable OPENAI_API_KEY"
_SCALARS = ("string", "integer", "number", "boolean")


class NotSupported(NotReadyError):
    """The embedded model cannot fill this schema."""


def not_supported(what: str) -> NotSupported:
    """Return the error for something that the embedded model does not do."""
    return NotSupported(f"the embedded model cannot {what}", code="not_supported", hint=_HINT)


def register_composer(schema: type[BaseModel]) -> Callable[[C], C]:
    """Make the decorated function the way in which `schema` is composed from messages."""

    def keep(composer: C) -> C:
        COMPOSERS[schema] = composer
        return composer

    return keep


def composer_of(schema: Any) -> Composer | None:
    """Return the composer of `schema`; the module that a schema names as its `COMPOSER` is loaded when it is needed."""
    if not isinstance(schema, type):
        return None
    if schema not in COMPOSERS and (module := getattr(schema, "COMPOSER", None)):
        import_module(module)
    return COMPOSERS.get(schema)


def parameters_of(schema: Any) -> dict[str, Any]:
    """Return the JSON schema of the object; raises NotSupported unless it is flat: scalars, enums, lists of scalars."""
    function = convert_to_openai_tool(schema)["function"]
    parameters: dict[str, Any] = function.get("parameters") or {}
    for p in read_params(parameters):
        flat = p.type in _SCALARS or bool(p.enum) or (p.type == "array" and p.items in _SCALARS)
        if not flat:
            raise not_supported(f"fill nested schemas ({function.get('name', 'schema')}.{p.name})")
    return parameters


def fill_schema(schema: Any, messages: Sequence[BaseMessage], drafting: Drafting | None = None) -> Any:
    """Return an instance of `schema` (or a dict, for a JSON schema) made from the last message.

    `drafting` watches a schema of the builder's that is written part by part.

    Raises NotSupported when the schema is nested, or when the message does not name a required field.
    """
    composer = composer_of(schema)
    if composer is not None:
        return composer(list(messages), drafting)
    parameters = parameters_of(schema)
    talk = read_conversation(list(messages))
    params = read_params(parameters)
    values = fill_params(params, talk.words, set(content_stems(str(parameters.get("description", "")))))
    whole = [p for p in params if p.required and p.type == "string" and not p.enum and p.name not in values]
    if len(whole) == 1:  # the one free text of a schema is what the person said
        values[whole[0].name] = talk.words
    missing = [p.name for p in params if p.required and p.name not in values]
    if missing:
        raise not_supported(f"find {', '.join(missing)} in the message")
    if not (isinstance(schema, type) and issubclass(schema, BaseModel)):
        return values
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        raise not_supported(f"make a valid {schema.__name__} of the message") from error
