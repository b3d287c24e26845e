"""Which number of a message an argument means: by its unit, by its name beside it, or because it is the only one."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded import quantities
from gptsmith.models.chat.embedded.quantities import Found
from gptsmith.models.chat.embedded.toolbox import Param
from gptsmith.models.chat.embedded.words import content_stems, stem, tokens

Span = tuple[int, int]

# Which words behind (or before) a number show what it counts, by what the argument's name or description says.
_UNITS: tuple[tuple[str, str], ...] = (
    (r"degree|celsius|fahrenheit|temperature", r"(?:°\s?[CF]?|degrees?|celsius|fahrenheit|C\b)"),
    (r"percent|volume|level|brightness", r"(?:%|percent|per cent)"),
    (
        r"people|person|guest|seat|adult|visitor|attendee|party|passenger|travell?er|ticket",
        r"(?:people|persons?|guests?|of us|adults?|seats?|pax|friends?|diners?|visitors?|heads?|passengers?"
        r"|travell?ers?|tickets?)",
    ),
    (
        r"price|amount|money|cost|euro|dollar|budget|currency|total|salary|fee",
        r"(?:euros?|dollars?|pounds?|bucks?|yen|€|\$|£|[A-Z]{3}\b|rupees?|francs?|quid|yuan|pesos?|won\b|kron[ae])",
    ),
    (r"kilo|weight|gram|\bkg\b", r"(?:kg|kilos?|kilograms?|grams?|g\b|pounds?|lbs?)"),
    (r"kilomet|\bkm\b|distance|metre|meter|mile", r"(?:km|kilomet\w+|miles?|metres?|meters?|m\b)"),
    (r"\bday", r"days?"),
    (r"year|\bage\b", r"(?:years?|yo\b)"),
    (r"copies|quantity|count|how many|number of", r"(?:copies|copy|times|pieces?|items?|pcs|x\b)"),
)
_PHYSICAL = {unit for kind, unit in _UNITS if re.match(r"degree|percent|kilo|price", kind)}
_COUNTED = re.compile(r"\b(?:copies|quantity|count|how many|number of|amount of)\b")
_LABELS = re.compile(r"\b(?:number|no|code|seed|page|room|line|gate|version|chapter)\.?\s*$", re.IGNORECASE)


_UNIT_WORD = re.compile(
    r"(?:\s+more)?\s*(?!(?:to|from|for|at|in|on|by|and|of|towards?|as|with)\b)[^\W\d]+", re.IGNORECASE
)


def is_measured(param: Param) -> bool:
    """Tell whether an argument names the unit of its number."""
    return any(re.search(kind, param.words) for kind, _ in _UNITS)


def number(param: Param, params: tuple[Param, ...], text: str, taken: list[Span]) -> int | float | None:
    """Return the number that `param` means, taking its place in `text`; None when none is clearly meant."""
    scale = next((s for w, s in (("second", 1), ("minute", 60), ("hour", 3600)) if w in param.words), None)
    if scale is not None and (long := [f for f in quantities.lengths(text) if not _is_taken(f, taken)]):
        taken.append((long[0].start, long[0].end))
        return _typed(param, long[0].value / scale)
    found = [f for f in quantities.numbers(text) if not _is_taken(f, taken)]
    if param.name == "seed":
        found = [f for f in found if re.search(r"seed\W*$", text[: f.start], re.IGNORECASE)]
    united = _by_unit(param, text, found)
    best = united or (_by_noun(param, text, found) if param.type == "integer" else None)
    if best is None and scale is None and found and (param.required or len(params) == 1):
        best = _sole(param, text, found)
    elif best is None and scale is not None and len(found) == 1 and param.required:
        best = found[0]
    elif best is None and _COUNTED.search(param.words) and len(found) == 1:
        best = _before_noun(text, found[0])
    value = _typed(param, best.value) if best else None
    if best is None or value is None:
        return None
    unit = re.match(_UNIT_WORD, text[best.end :]) if best is united else None
    taken.append((best.start, best.end + (unit.end() if unit else 0)))
    return value


def _is_taken(f: Found, taken: list[Span]) -> bool:
    return any(a < f.end and f.start < b for a, b in taken)


def _by_unit(p: Param, text: str, found: list[Found]) -> Found | None:
    for kind, unit in _UNITS:
        if not re.search(kind, p.words):
            continue
        for f in found:
            near = rf"^(?:\s|-|more )*{unit}"
            if re.search(near, text[f.end :], re.IGNORECASE) or (
                "€" in unit and re.search(r"[€$£]\s*$", text[: f.start])
            ):
                return f
    name = re.escape(p.name.replace("_", " "))
    for f in found:
        if re.search(r"\bnumber\b", p.words) and re.search(r"\b(?:number|no\.?|nr\.?)\s*$|#$", text[: f.start], re.I):
            return f
        if re.search(rf"\b{name}s?\W+(?:is|of|to|at|=|:|number|no)?\W*$", text[: f.start], re.IGNORECASE) or re.match(
            rf"\s*{name}", text[f.end :], re.IGNORECASE
        ):
            return f
    return None


def _by_noun(p: Param, text: str, found: list[Found]) -> Found | None:
    """Take the number in front of a noun that the argument's name or description has: 3 weeks, two pallets."""
    own = set(content_stems(p.words)) | {w.rstrip("s") for w in tokens(p.words)}
    for f in found:
        after = tokens(text[f.end : f.end + 40])[:2]
        if any(stem(w) in own for w in after if len(w) > 2):
            return f
    return None


def _before_noun(text: str, f: Found) -> Found | None:
    """Take a number that counts the noun behind it, not one that is itself a name (door 7)."""
    counts = re.match(r"\s+(?:of\s+)?[a-z]{3,}", text[f.end :]) and not _LABELS.search(text[: f.start])
    return f if counts and f.word.lower() != "one" else None


def _sole(p: Param, text: str, found: list[Found]) -> Found | None:
    """Take the number that is left, one in digits before one in words; "one" alone is rarely a number."""
    free = [f for f in found if f.word.lower() != "one" and not re.match(r"\s*(?:st|nd|rd|th)\b", text[f.end :])]
    if p.type == "integer":
        alien = [unit for kind, unit in _UNITS if unit in _PHYSICAL and not re.search(kind, p.words)]
        free = [f for f in free if f.value == int(f.value) and not any(_is_in(u, text, f) for u in alien)]
    digits = [f for f in free if f.word[0].isdigit() or f.word[0] in "+-"]
    return (digits or free or [None])[0]  # type: ignore[list-item]


def _is_in(unit: str, text: str, f: Found) -> bool:
    """Tell whether a number is one of such units: "6 kilos" is no number of a bed."""
    return bool(re.match(rf"\s*{unit}(?!\w)", text[f.end :]))


def _typed(p: Param, value: float) -> int | float | None:
    if (p.minimum is not None and value < p.minimum) or (p.maximum is not None and value > p.maximum):
        return None
    if p.type == "integer":
        return int(value) if value == int(value) else None
    return int(value) if value == int(value) else value
