"""Arguments of a tool filled from a person's words, by name, description, type and unit; never guessed."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from gptsmith.models.chat.embedded import quantities
from gptsmith.models.chat.embedded.quantities import Found
from gptsmith.models.chat.embedded.toolbox import Param, Tool
from gptsmith.models.chat.embedded.words import STOP, listed, stem, tokens

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"https?://[^\s<>\"]+")
_QUOTED = re.compile(r"[\"“]([^\"”]+)[\"”]")
_CODE = re.compile(r"\b(?=[A-Za-z0-9-]*\d)(?:[A-Z]{1,5}-?\d[\w-]*|\d{3,}[\w-]*)\b")
_CODE_AFTER = re.compile(
    r"(?:\b(?:number|no|nr|id|code|order|ticket|invoice|booking|case|reference|ref)\b\.?"
    r"|#)[:\s]*#?([A-Za-z]{0,5}-?\d[\w-]*)",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"\b(?:called|named|labell?ed|titled|under(?: the name(?: of)?)?|(?:the )?(?:name|label|title) (?:is|of|it)"
    r"|name:|label:|for)\s+(?:the |my |a |an )?(.+?)(?=[,.;!?]|\s+(?:at|on|in|for|with|to|please|pls)\b|$)",
    re.IGNORECASE,
)
_SAYING = re.compile(
    r"(?:(?<=@) that\b|\b(?:saying|says|say|that says|with the (?:text|message|words)|and (?:tell|let) (?:her|him|them"
    r"|\w+)(?: know)?|telling (?:her|him|them))(?: that)?\b|:)\s*(.+)$",
    re.IGNORECASE | re.DOTALL,
)
_PLACE = re.compile(
    r"(?:\b(?:in|for|at|near|around|from|of|to)\s+)((?:[^\W\d_a-z][\w'’.-]*)(?:\s+(?:(?:de|do|da|del|la|le|of"
    r"|upon|am|an der)\s+)?[^\W\d_a-z][\w'’.-]*)*)"
)
_LOWER_PLACE = re.compile(
    r"\b(?:weather|forecast|temperature|rain|snow|sunny|umbrella|hot|cold|like)\b.*?\b(?:in|for"
    r"|at)\s+([\w'’ -]+?)(?=\s+(?:today|tomorrow|tonight|on|this|next|now|please|pls)\b|[,.?!]|$)",
    re.IGNORECASE,
)
_MENDED = re.compile(
    r"(?:\.{2,}|…|[,;.–-])?\s*\b(?:no|sorry|actually|i mean|i meant|rather|make that"
    r"|wait)[,:]\s+(?P<tail>.+)$",
    re.IGNORECASE,
)
_PLACES = re.compile(r"\b(?:city|place|location|town|country|region|destination|origin|where)\b")
_DAY_WORDS = listed(
    """today tomorrow tonight monday tuesday wednesday thursday friday saturday sunday i january february march april
    may june july august september october november december"""
)
CURRENCIES = {
    "dollar": "USD",
    "buck": "USD",
    "euro": "EUR",
    "pound": "GBP",
    "quid": "GBP",
    "yen": "JPY",
    "franc": "CHF",
    "rupee": "INR",
    "yuan": "CNY",
    "renminbi": "CNY",
    "won": "KRW",
    "peso": "MXN",
    "real": "BRL",
    "reais": "BRL",
    "krona": "SEK",
    "krone": "NOK",
    "zloty": "PLN",
    "lira": "TRY",
    "ruble": "RUB",
    "rand": "ZAR",
    "forint": "HUF",
    "koruna": "CZK",
    "shekel": "ILS",
    "$": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
}
_CODES = frozenset(
    [
        *CURRENCIES.values(),
        "AUD",
        "CAD",
        "NZD",
        "SGD",
        "HKD",
        "DKK",
        "THB",
        "BGN",
        "RON",
        "AED",
        "IDR",
        "MYR",
        "PHP",
        "NGN",
        "KES",
        "EGP",
    ]
)
_ON = re.compile(r"\b(?:on|enable[ds]?|yes|true|activate[ds]?|with)\b", re.IGNORECASE)
_OFF = re.compile(r"\b(?:off|out|disable[ds]?|no|false|deactivate[ds]?|without|not)\b", re.IGNORECASE)
# Which words behind (or before) a number show what it counts, by what the argument's name or description says.
_UNITS: tuple[tuple[str, str], ...] = (
    (r"degree|celsius|fahrenheit|temperature", r"(?:°\s?[CF]?|degrees?|celsius|fahrenheit|C\b)"),
    (r"percent|volume|level|brightness", r"(?:%|percent|per cent)"),
    (
        r"people|person|guest|seat|adult|visitor|attendee|party",
        r"(?:people|persons?|guests?|of us|adults?|seats?|pax|friends?|diners?|visitors?|heads?)",
    ),
    (
        r"price|amount|money|cost|euro|dollar|budget|currency",
        r"(?:euros?|dollars?|pounds?|bucks?|yen|€|\$|£|[A-Z]{3}\b|rupees?|francs?|quid|yuan|pesos?|won\b|kron[ae])",
    ),
    (r"kilo|weight|gram|\bkg\b", r"(?:kg|kilos?|kilograms?|grams?|g\b|pounds?|lbs?)"),
    (r"kilomet|\bkm\b|distance|metre|meter|mile", r"(?:km|kilomet\w+|miles?|metres?|meters?|m\b)"),
    (r"page", r"pages?"),
    (r"night", r"nights?"),
    (r"\bday", r"days?"),
    (r"year|\bage\b", r"(?:years?|yo\b)"),
    (r"copies|quantity|count|how many|number of", r"(?:copies|copy|times|pieces?|items?|pcs|x\b)"),
)


def fill(tool: Tool, text: str, *, today: date | None = None) -> dict[str, Any]:
    """Return the arguments of `tool` that `text` names; those it does not name are left out."""
    return fill_params(tool.params, text, tool.stems, today=today)


def fill_params(
    params: tuple[Param, ...], text: str, subject: set[str], *, today: date | None = None
) -> dict[str, Any]:
    """Fill `params` from `text`; `subject` are the stems of what the whole is about (they are no values)."""
    filled: dict[str, Any] = {}
    if (mended := _MENDED.search(text)) and (late := fill_params(params, mended["tail"], subject, today=today)):
        return fill_params(params, text[: mended.start()], subject, today=today) | late
    taken: list[tuple[int, int]] = [m.span() for m in _CODE_AFTER.finditer(text)] if _has_code(params) else []
    for param in sorted(params, key=_eagerness):
        value = _value(param, params, text, subject, taken, today)
        if value is not None:
            filled[param.name] = value
    return {p.name: filled[p.name] for p in params if p.name in filled}


def _eagerness(param: Param) -> int:
    """Arguments with the most telling form take their words first."""
    if param.enum or param.type == "boolean" or _is_date(param) or _is_time(param):
        return 0
    if param.type in ("integer", "number"):
        return 1 if any(re.search(k, param.words) for k, _ in _UNITS) else 2
    return 3


def _has_code(params: tuple[Param, ...]) -> bool:
    return any(_is_code(p) for p in params)


def _is_code(p: Param) -> bool:
    return p.type == "string" and bool(
        re.search(r"(?:_|\b)(?:id|number|code|reference|nr)\b", p.name.lower()) or "number" in p.description.lower()
    )


def _is_date(p: Param) -> bool:
    return p.type == "string" and (
        p.format in ("date", "date-time")
        or p.name in ("date", "day")
        or p.name.endswith("_date")
        or "yyyy-mm-dd" in p.words
    )


def _is_time(p: Param) -> bool:
    return p.type == "string" and (
        p.format == "time" or p.name == "time" or p.name.endswith("_time") or "hh:mm" in p.words
    )


def has_form(p: Param) -> bool:
    """Tell whether an argument's values have a form of their own, so that finding one says something of the tool."""
    plain = p.type == "string" and not p.enum and not p.format
    told = _is_date(p) or _is_time(p) or _is_code(p) or "currency" in p.words or bool(_PLACES.search(p.words))
    return not plain or told


def _value(
    p: Param, params: tuple[Param, ...], text: str, subject: set[str], taken: list[tuple[int, int]], today: date | None
) -> Any:
    if p.enum:
        return enum_value(p, text)
    if p.type == "boolean":
        return _switch(p, text)
    if p.type in ("integer", "number"):
        return _number(p, params, text, taken)
    if p.type == "array":
        return _items(p, text)
    if p.type != "string":
        return None
    if _is_date(p):
        found = quantities.day(text, today)
        return found.isoformat() if found else None
    if _is_time(p):
        return quantities.clock(text)
    return _string(p, params, text, subject)


def enum_value(p: Param, text: str) -> Any:
    """Return the allowed value that `text` names, by its words or their stems; None when none or two are named."""
    said = {stem(w) for w in tokens(text)}
    hits = [v for v in p.enum if all(stem(w) in said for w in tokens(str(v).replace("_", " ").replace("-", " ")))]
    if len(hits) > 1:
        longest = max(len(tokens(str(v).replace("_", " "))) for v in hits)
        hits = [v for v in hits if len(tokens(str(v).replace("_", " "))) == longest]
    return hits[0] if len(hits) == 1 else None


def _switch(p: Param, text: str) -> bool | None:
    name = p.name.replace("_", " ").lower()
    if name not in ("on", "enabled", "active", "state", "value"):
        if re.search(rf"\b(?:without|no|not) (?:an? |the )?{re.escape(name)}", text, re.IGNORECASE):
            return False
        return True if re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE) else None
    off, on = _OFF.search(text), _ON.search(text)
    return False if off else True if on else None


def _number(p: Param, params: tuple[Param, ...], text: str, taken: list[tuple[int, int]]) -> int | float | None:
    scale = next((s for w, s in (("second", 1), ("minute", 60), ("hour", 3600)) if w in p.words), None)
    if scale is not None and (length := quantities.seconds(text)) is not None:
        return _typed(p, length / scale)
    found = [f for f in quantities.numbers(text) if not any(a < f.end and f.start < b for a, b in taken)]
    if p.name == "seed":
        found = [f for f in found if re.search(r"seed\W*$", text[: f.start], re.IGNORECASE)]
    best = _by_unit(p, text, found)
    if best is None and scale is None and found and (p.required or len(params) == 1):
        best = _sole(p, text, found)
    elif best is None and scale is not None and len(found) == 1 and p.required:
        best = found[0]
    if best is None:
        return None
    value = _typed(p, best.value)
    if value is not None:
        taken.append((best.start, best.end))
    return value


def _by_unit(p: Param, text: str, found: list[Found]) -> Found | None:
    for kind, unit in _UNITS:
        if not re.search(kind, p.words):
            continue
        for f in found:
            near = rf"^(?:\s|-|more )*{unit}"
            if re.search(near, text[f.end :], re.IGNORECASE) or re.search(r"[€$£]\s*$", text[: f.start]):
                return f
    name = re.escape(p.name.replace("_", " "))
    for f in found:
        if re.search(rf"\b{name}s?\W+(?:is|of|to|=|:|at)?\W*$", text[: f.start], re.IGNORECASE) or re.match(
            rf"\s*{name}", text[f.end :], re.IGNORECASE
        ):
            return f
    return None


def _sole(p: Param, text: str, found: list[Found]) -> Found | None:
    """Take the number that is left, one in digits before one in words; "one" alone is rarely a number."""
    free = [f for f in found if f.word.lower() != "one" and not re.match(r"\s*(?:st|nd|rd|th)\b", text[f.end :])]
    if p.type == "integer":
        free = [f for f in free if f.value == int(f.value)]
    digits = [f for f in free if f.word[0].isdigit() or f.word[0] in "+-"]
    return (digits or free or [None])[0]  # type: ignore[list-item]


def _typed(p: Param, value: float) -> int | float | None:
    if (p.minimum is not None and value < p.minimum) or (p.maximum is not None and value > p.maximum):
        return None
    if p.type == "integer":
        return int(value) if value == int(value) else None
    return int(value) if value == int(value) else value


def _items(p: Param, text: str) -> list[Any] | None:
    if p.items in ("integer", "number"):
        values = [f.value for f in quantities.numbers(text)]
        return [int(v) if p.items == "integer" else v for v in values] or None
    quoted = _QUOTED.findall(text)
    if quoted:
        return [str(q) for q in quoted]
    name = re.escape(p.name.replace("_", " "))
    m = re.search(
        rf"(?:\b(?:{name}|among|one of|between|labels|tags|options)\b\W*(?:are|is|of)?|:)\s*(.+)$", text, re.IGNORECASE
    )
    tail = m[1] if m else ""
    parts = [w.strip(" .?!") for w in re.split(r",|\band\b|\bor\b|/", tail)]
    return [w for w in parts if w] or None


def _string(p: Param, params: tuple[Param, ...], text: str, subject: set[str]) -> str | None:
    if p.format == "email" or "email address" in p.words or p.name in ("email", "recipient"):
        return m.group(0) if (m := _EMAIL.search(text)) else None
    if p.format in ("uri", "url") or p.name in ("url", "link", "address_url"):
        return u.group(0).rstrip(".,)") if (u := _URL.search(text)) else None
    if "currency" in p.words:
        return _currency(p, params, text)
    if _is_code(p):
        m2 = _CODE_AFTER.search(text)
        return m2[1] if m2 else (m.group(0) if (m := _CODE.search(text)) else None)
    if _PLACES.search(p.words):
        return _place(text)
    if p.name in ("body", "text", "message", "content", "note", "comment"):
        return _saying(text)
    if re.search(r"\b(?:name|label|title|for|called|subject)\b", p.words):
        return _name(p, text, subject)
    if m := re.search(rf"\b{re.escape(p.name.replace('_', ' '))}\s*(?:is|=|:|to)\s*([^,.;]+)", text, re.IGNORECASE):
        return m[1].strip()
    quoted = _QUOTED.search(text)
    return quoted[1].strip() if p.required and quoted else None


def _saying(text: str) -> str | None:
    if m := _QUOTED.search(text):
        return m[1].strip()
    rest = _EMAIL.sub(
        lambda e: "@" * len(e.group(0)), text
    )  # same length, so that offsets stay; a colon in it is no sign
    m = _SAYING.search(rest)
    return text[m.start(1) : m.end(1)].strip() or None if m else None


def _place(text: str) -> str | None:
    for m in _PLACE.finditer(text):
        words = [w for w in m[1].rstrip(".").split() if w.lower() not in _DAY_WORDS]
        if words:
            return " ".join(words)
    low = _LOWER_PLACE.search(text)
    if low and not re.match(r"(?:the|my|this|an? |\d)", low[1].strip(), re.IGNORECASE):
        return low[1].strip() or None
    return None


def _currency(p: Param, params: tuple[Param, ...], text: str) -> str | None:
    found: list[tuple[int, str]] = []
    for m in re.finditer(r"[$€£¥]|[^\W\d_]+", text):
        word = m.group(0)
        code = word.upper() if word.upper() in _CODES and (word.isupper() or len(word) == 3) else None
        code = code or CURRENCIES.get(word.lower()) or CURRENCIES.get(word.lower().removesuffix("s"))
        if code:
            found.append((m.start(), code))
    is_target = bool(re.search(r"\b(?:to|into|target)\b", p.words))
    targets = [c for at, c in found if re.search(r"\b(?:to|in|into|as)\s*$", text[:at], re.IGNORECASE)]
    if is_target and not re.search(r"\bfrom\b", p.words):
        return targets[-1] if targets else (found[1][1] if len(found) > 1 else None)
    sources = [c for _, c in found if c not in targets]
    both = sum("currency" in q.words for q in params) > 1
    return sources[0] if sources else (found[0][1] if found and not both else None)


def _name(p: Param, text: str, subject: set[str]) -> str | None:
    for m in _NAMED.finditer(text):
        value = m[1].strip(" \"'“”")
        lead = m.group(0).lower().split()[0]
        words = tokens(value)
        said = [w for w in words if w not in STOP and w not in _DAY_WORDS]
        if not said or any(c.isdigit() for c in value):
            continue
        if lead == "for" and (
            "for" not in tokens(p.words)
            or words[0] in quantities.NUMBER_WORDS
            or _EMAIL.search(value)
            or words[0] in ("half", "me", "us")
        ):
            continue
        if lead == "under" and "name" not in p.words:
            continue
        if all(stem(w) in subject for w in said):
            continue
        return value
    return None
