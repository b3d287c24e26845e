"""Arguments made of words, found in a message: codes, addresses, places, names, things, sayings."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded import quantities
from gptsmith.models.chat.embedded.phrases import Phrase, Span, phrases, proper_part
from gptsmith.models.chat.embedded.quantities import currency
from gptsmith.models.chat.embedded.toolbox import Param
from gptsmith.models.chat.embedded.words import STOP, content_stems, stem, tokens, word_set

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"https?://[^\s<>\"]+")
_QUOTED = re.compile(r"[\"“]([^\"”]+)[\"”]")
_CODE = re.compile(
    r"\b(?!\d{4}-\d\d-\d\d\b)(?=[A-Za-z0-9-]*\d)(?:[A-Z]{1,5}-?\d[\w-]*|[a-z]{1,5}-\d[\w-]*|\d{3,}[\w-]*)\b"
)
CODE_AFTER = re.compile(
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
    r"(?:(?<=@) that\b|\b(?:saying|says|say|that says|with the (?:text|message|words)|and (?:tell|let) (?:her"
    r"|him|them"
    r"|\w+)(?: know)?|telling (?:her|him|them))(?: that)?\b|:)\s*(.+)$",
    re.IGNORECASE | re.DOTALL,
)
_CLAUSE = re.compile(
    r"\b(?:to\s+(?!the\b|my\b|an?\b|\d|every|all\b)(?=[a-z])|(?:that|whether|if|about)\s+)(?P<what>.+)$", re.IGNORECASE
)
_BECAUSE = re.compile(
    r"\b(?:because(?: of)?|due to|owing to|since|reason:|the reason is)\s+(.+?)\s*[.!?]*$", re.IGNORECASE
)
_PLACE = re.compile(
    r"(?:\b(?P<lead>in|for|at|near|around|from|of|to|into|towards?)\s+)(?P<what>(?:[^\W\d_a-z][\w'’.-]*)"
    r"(?:\s+(?:(?:de|do|da|del|la|le|of|upon|am|an der)\s+)?[^\W\d_a-z][\w'’.-]*)*"
    r"(?: (?:station|airport|harbou?r|square|beach|park|street|port))?)"
)
_ROUTE = re.compile(
    r"(?P<a>[A-Z][\w'’.-]*(?: [A-Z][\w'’.-]*)*)\s+(?:to|-|–|→)\s+(?P<b>[A-Z][\w'’.-]*(?: [A-Z][\w'’.-]*)*)"
)
_LOWER_PLACE = re.compile(
    r"\b(?:weather|forecast|temperature|rain|snow|sunny|umbrella|hot|cold|like)\b.*?\b(?:in|for"
    r"|at)\s+([\w'’ -]+?)(?=\s+(?:today|tomorrow|tonight|on|this|next|now|please|pls)\b|[,.?!]|$)",
    re.IGNORECASE,
)
_STREET = re.compile(
    r"\b\d+[a-z]?,? (?:[A-Z][\w'’.-]*(?: |\b))+|\b[A-Z][\w'’.-]*(?: (?:d[aeo]s?|de la|del|von|van|der"
    r"|[A-Z][\w'’.-]*))*,? \d+[a-z]?\b"
)
_PLACES = re.compile(r"\b(?:city|place|location|town|country|region|destination|origin|where|airport|station)\b")
_STREETS = re.compile(r"\b(?:address|street)\b")
_SAID = re.compile(
    r"\b(?:message|text|body|question|comment|content|note|remark|what to (?:say|tell|ask|be)|reminder"
    r"|summary|complaint|what (?:is|was|went) wrong|what (?:has )?happened)\b"
)
_PEOPLE = re.compile(
    r"\b(?:name|player|person|colleague|employee|client|customer|contact|recipient|user|friend|artist|song|film|movie"
    r"|title|book|album|band|author|team|company|member|who|patient|track|show|series|game)\b"
)
_DAY_WORDS = word_set(
    """today tomorrow tonight monday tuesday wednesday thursday friday saturday sunday i january february march april
    may june july august september october november december"""
)
# The prepositions that lead to an argument, by what its name and description say of it.
_LEADS: tuple[tuple[str, str], ...] = (
    (r"\b(?:recipient|receiver|gets?|destination|arrival|target|to)\b", "to into"),
    (r"\b(?:origin|source|sender|departure|leaves?|from|pickup)\b", "from"),
    (r"\b(?:with|colleague|partner|companion)\b", "with"),
    (r"\b(?:for|reason|purpose|why)\b", "for because"),
    (r"\b(?:about|topic|subject)\b", "about on regarding"),
    (r"\b(?:by|author|artist|band)\b", "by"),
    (r"\b(?:in|at|place|where|room|location|city)\b", "in at near"),
)


_OF_ONE = {"by", "with", "from", "to"}


def is_code(p: Param) -> bool:
    """Tell whether an argument takes a number or a code by which something is known."""
    return p.type == "string" and bool(
        re.search(r"(?:_|\b)(?:id|number|code|reference|nr)\b", p.name.lower())
        or re.search(r"\b(?:number|code)\b", p.description.lower())
    )


def is_like_its_example(p: Param, value: str) -> bool:
    """Tell whether a code has the shape of the one that the argument's description gives: LX-482 and AB-77."""
    example = re.search(r"e\.g\.,? ([\w-]*\d[\w-]*)", p.description)
    return example is not None and _shape(example[1]) == _shape(value)


def _shape(code: str) -> str:
    return re.sub(r"\d+", "9", re.sub(r"[A-Za-z]+", "A", code))


def is_place(p: Param) -> bool:
    """Tell whether an argument takes a town or a country."""
    return bool(_PLACES.search(p.words)) and not _STREETS.search(p.words)


def is_saying(p: Param) -> bool:
    """Tell whether an argument takes what is to be said, asked or noted."""
    return bool(_SAID.search(p.words))


def formed(p: Param, params: tuple[Param, ...], text: str, subject: set[str], taken: list[Span]) -> str | None:
    """Return the value of an argument whose form or keyword shows in `text`, taking its place there."""
    match = None
    if p.format == "email" or "email address" in p.words or p.name in ("email", "recipient"):
        match = _EMAIL.search(text)
        if match or p.name != "recipient":
            return _take(match, taken)
    if p.format in ("uri", "url") or p.name in ("url", "link", "address_url"):
        found = _take(_URL.search(text), taken)
        return found.rstrip(".,)") if found else None
    if "currency" in p.words:
        return currency(p.words, text, both=sum("currency" in q.words for q in params) > 1)
    if _STREETS.search(p.words):
        return _take(_STREET.search(text), taken)
    if is_code(p):
        after = CODE_AFTER.search(text)
        return _take(after, taken, 1) if after else _take(_CODE.search(text), taken)
    if is_place(p):
        return _place(p, params, text, taken)
    if re.search(r"\b(?:reason|why)\b", p.words) and (because := _BECAUSE.search(text)):
        return _take(because, taken, 1)
    if is_saying(p):
        return _saying(p, text, taken)
    if re.search(r"\b(?:name|label|title|for|called|subject)\b", p.words) and (name := _name(p, text, subject, taken)):
        return name
    name = re.escape(p.name.replace("_", " "))
    said = re.search(rf"\b{name}\s*(?:is|=|:)\s*([^,.;]+)", text, re.IGNORECASE)
    numbered = re.search(rf"\b{name} (?:number |no\.? |nr\.? )?#?([A-Za-z]?\d[\w-]*)", text, re.IGNORECASE)
    return _take(said or numbered, taken, 1)


def left_over(params: list[Param], text: str, subject: set[str], taken: list[Span]) -> dict[str, str]:
    """Return for required arguments made of words the phrases of `text` that nothing else took, best fit first."""
    plain = [p for p in params if not _is_formed(p)]
    found = phrases(text, taken, subject | {s for p in plain for s in content_stems(p.name.replace("_", " "))})
    fits = sorted(
        ((_fit(p, f, i), p, f) for p in plain for i, f in enumerate(found)), key=lambda f: (-f[0], f[2].start)
    )
    values: dict[str, str] = {}
    used: set[int] = set()
    for score, p, f in fits:
        if not p.required and not (f.proper and f.lead in _leads(p) & _OF_ONE):
            continue  # only "by Ada Reed" says enough for what may be left out
        if score > 0 and p.name not in values and f.start not in used:
            values[p.name] = proper_part(f.text) if _PEOPLE.search(p.words) and not f.quoted else f.text
            used.add(f.start)
            taken.append((f.start, f.end))
    return values


def _is_formed(p: Param) -> bool:
    """Tell whether an argument's values have a form by which `formed` knows them, so that no other words will do."""
    code = is_code(p) and not re.search(r"\bname\b", p.words)
    return (
        bool(p.format)
        or code
        or is_saying(p)
        or "currency" in p.words
        or p.name in ("email", "url", "link", "body", "request")
    )


def _leads(p: Param) -> set[str]:
    return {w for words, leads in _LEADS if re.search(words, p.words) for w in leads.split()}


def _fit(p: Param, f: Phrase, place: int) -> float:
    wanted = _leads(p)
    named = bool(_PEOPLE.search(p.words) or is_place(p))
    score = 1.0 if not f.lead else 0.2
    score += 2.0 if f.lead and f.lead in wanted else 0.0
    score += 1.5 if named and f.proper else 0.5 if f.proper else 0.0
    score += 2.0 if f.quoted else 0.0
    score += 1.5 if f.beside & set(content_stems(p.name.replace("_", " "))) else 0.0  # "my emblem card"
    score -= 0.8 if f.told else 0.0
    score -= 0.6 if named and not f.proper and f.lead not in wanted else 0.0
    score -= 1.5 if is_place(p) and not f.proper and f.lead not in wanted else 0.0
    score -= 1.5 if f.text.isdigit() else 0.0
    return score - 0.1 * place


def _take(m: re.Match[str] | None, taken: list[Span], group: int = 0) -> str | None:
    if m is None:
        return None
    taken.append(m.span(group))
    return m.group(group).strip()


def _saying(p: Param, text: str, taken: list[Span]) -> str | None:
    if m := _QUOTED.search(text):
        return _take(m, taken, 1)
    # Same length, so that offsets stay; a colon in an address is no sign.
    rest = _EMAIL.sub(lambda e: "@" * len(e.group(0)), text)
    for a, b in taken:
        rest = rest[:a] + "\x00" * (b - a) + rest[b:]
    if (m := _SAYING.search(rest)) and (p.required or len(content_stems(m[1].replace("\x00", ""))) > 1):
        taken.append(m.span(1))
        return text[m.start(1) : m.end(1)].strip() or None
    if not p.required or not (m := _CLAUSE.search(rest)):
        return None
    taken.append(m.span("what"))
    said = re.sub(r"\s*\b(?:at|on|by|for|in)?\s*\x00[\x00\s]*", " ", m["what"])
    return re.sub(r"\s*\b(?:please|pls|thanks)\b[\s.!?]*$", "", said, flags=re.IGNORECASE).strip(" ,.!") or None


def _place(p: Param, params: tuple[Param, ...], text: str, taken: list[Span]) -> str | None:
    places = [q for q in params if is_place(q)]
    wanted = {w for words, leads in _LEADS[:2] if re.search(words, p.words) for w in leads.split()}
    if len(places) > 1 and (m := _ROUTE.search(text)) and not re.search(r"\bfrom\s*$", text[: m.start()]):
        return _take(m, taken, 2 if "to" in wanted and "from" not in wanted else 1)
    found = [m for m in _PLACE.finditer(text) if [w for w in m["what"].split() if w.lower() not in _DAY_WORDS]]
    found = [m for m in found if not any(a < m.end("what") and m.start("what") < b for a, b in taken)]
    led = [m for m in found if m["lead"].lower() in wanted]
    if len(places) > 1:
        found = led or [m for m in found if m["lead"].lower() not in ("to", "into", "from")]
    for m in led or found:
        words = [w for w in m["what"].rstrip(".").split() if w.lower() not in _DAY_WORDS]
        taken.append(m.span("what"))
        return " ".join(words)
    low = _LOWER_PLACE.search(text)
    if low and not re.match(r"(?:the|my|this|an? |\d)", low[1].strip(), re.IGNORECASE):
        return _take(low, taken, 1)
    return None


def _name(p: Param, text: str, subject: set[str], taken: list[Span]) -> str | None:
    for m in _NAMED.finditer(text):
        value = m[1].strip(" \"'“”")
        lead = m.group(0).lower().split()[0]
        if re.search(r"\b(?:Name|Label|Title) ", m.group(0)[1:]):
            continue  # The Name of the Rose
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
        taken.append(m.span(1))
        return value
    return None
