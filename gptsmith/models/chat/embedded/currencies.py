"""Currencies in a person's words, by sign, name or ISO code."""

from __future__ import annotations

import re

_NAMES = {
    **dict.fromkeys(("dollar", "buck", "$"), "USD"),
    **dict.fromkeys(("euro", "€"), "EUR"),
    **dict.fromkeys(("pound", "quid", "£"), "GBP"),
    **dict.fromkeys(("yen", "¥"), "JPY"),
    **dict.fromkeys(("yuan", "renminbi"), "CNY"),
    **dict.fromkeys(("real", "reais"), "BRL"),
    "franc": "CHF", "rupee": "INR", "won": "KRW", "peso": "MXN", "krona": "SEK", "krone": "NOK", "zloty": "PLN",
    "lira": "TRY", "ruble": "RUB", "rand": "ZAR", "forint": "HUF", "koruna": "CZK", "shekel": "ILS",
}  # fmt: skip
_CODES = frozenset(_NAMES.values()) | frozenset(
    ["AUD", "CAD", "NZD", "SGD", "HKD", "DKK", "THB", "BGN", "RON", "AED", "IDR", "MYR", "PHP", "NGN", "KES", "EGP"]
)


def currencies(text: str) -> list[tuple[int, str]]:
    """Return the ISO code of each currency in `text` with its place, first to last."""
    found = []
    for m in re.finditer(r"[$€£¥]|[^\W\d_]+", text):
        word = m.group(0)
        code = word.upper() if word.upper() in _CODES and len(word) == 3 and word.lower() != "won" else None
        code = code or _NAMES.get(word.lower()) or _NAMES.get(word.lower().removesuffix("s"))
        if code:
            found.append((m.start(), code))
    return found


def currency(words: str, text: str, *, both: bool) -> str | None:
    """Return the currency that an argument described by `words` takes; `both` when another one takes one too."""
    found = currencies(text)
    is_target = bool(re.search(r"\b(?:to|into|target)\b", words))
    targets = [c for at, c in found if re.search(r"\b(?:to|in|into|as)\s*$", text[:at], re.IGNORECASE)]
    if is_target and not re.search(r"\bfrom\b", words):
        return targets[-1] if targets else (found[1][1] if len(found) > 1 else None)
    sources = [c for _, c in found if c not in targets]
    return sources[0] if sources else (found[0][1] if found and not both else None)
