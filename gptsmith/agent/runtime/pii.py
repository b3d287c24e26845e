"""The PII guardrail: finds personal data in text and takes it out, in whole texts and in streamed ones."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Any

from gptsmith.assistants.spec import Guardrail

Filter = Callable[[str], str]

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_CARD = re.compile(r"(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-]?\d)")
_IP = re.compile(r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})(?![\w:]|\.\d)")
_MAC = re.compile(r"(?<![\w:-])[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}(?![\w:-])")
_URL = re.compile(r"(?<!\w)(?:https?://|www\.)[^\s<>\"'\]\)]+[^\s<>\"'\]\).,;:!?]", re.IGNORECASE)
_PHONE = re.compile(r"(?<![\w.-])\+?\(?\d(?:[ ()/.-]{0,2}\d){6,14}(?!\w|[.-]\d)")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{4}[ -]{1,3}\d{4}")

# The order matters: a card is not a phone number, an address not a link.
_ORDER = ("email", "url", "mac_address", "ip", "credit_card", "phone")
_PATTERNS = {"email": _EMAIL, "credit_card": _CARD, "ip": _IP, "mac_address": _MAC, "url": _URL, "phone": _PHONE}
_KEPT_TO_COMPARE = 4


class Blocked(Exception):
    """The text holds personal data and the strategy is to block; `entities` names the kinds."""

    def __init__(self, entities: list[str]) -> None:
        super().__init__(", ".join(entities))
        self.entities = entities


def find(text: str, entities: Iterable[str]) -> list[tuple[int, int, str]]:
    """Return `(start, end, entity)` of the personal data in `text`, in order, without overlaps."""
    wanted, taken = set(entities), [False] * len(text)
    found = []
    for entity in (e for e in _ORDER if e in wanted):
        for match in _PATTERNS[entity].finditer(text):
            start, end = match.span()
            if _is_real(entity, match.group()) and not any(taken[start:end]):
                taken[start:end] = [True] * (end - start)
                found.append((start, end, entity))
    return sorted(found)


def clean(text: str, rails: Iterable[Guardrail], *, blocking: bool = True) -> str:
    """Return `text` with each rail's strategy applied.

    Raises:
        Blocked: a rail with the strategy `block` found something, unless `blocking` is off: then it redacts.
    """
    for rail in rails:
        found = find(text, rail.entities)
        if found and rail.strategy == "block" and blocking:
            raise Blocked(sorted({entity for _, _, entity in found}))
        for start, end, entity in reversed(found):
            text = text[:start] + _replace(text[start:end], entity, rail.strategy) + text[end:]
    return text


def clean_values(value: Any, rails: list[Guardrail]) -> Any:
    """Return a tool call's arguments with the texts in them redacted; what would be blocked is redacted too."""
    if not rails:
        return value
    if isinstance(value, str):
        return clean(value, rails, blocking=False)
    if isinstance(value, dict):
        return {key: clean_values(item, rails) for key, item in value.items()}
    return [clean_values(item, rails) for item in value] if isinstance(value, list) else value


def rails_for(guardrails: list[Guardrail], where: str) -> list[Guardrail]:
    """Return those that apply to `input`, `output` or `tool_results`."""
    return [rail for rail in guardrails if where in rail.apply_to]


def safe_cut(text: str) -> int:
    """Return how much of a growing text can be cleaned by itself: no entity can reach across this place.

    That is the last white space that has no digit, bracket, plus or dash on both of its sides.
    """
    for match in reversed(list(re.finditer(r"\s+", text[-4000:]))):
        offset = max(0, len(text) - 4000)
        start, end = match.start() + offset, match.end() + offset
        before, after = text[max(0, start - 1) : start], text[end : end + 1]
        if after and not (before in "0123456789()+-./" and after in "0123456789()+-./"):
            return end
    return 0


def _replace(found: str, entity: str, strategy: str) -> str:
    if strategy == "mask":
        kept = found[-_KEPT_TO_COMPARE:] if len(found) > 2 * _KEPT_TO_COMPARE else ""
        return "*" * 8 + kept
    if strategy == "hash":
        return f"<{entity}:{hashlib.sha256(found.encode()).hexdigest()[:8]}>"
    return f"[{entity}]"


def _is_real(entity: str, found: str) -> bool:
    if entity == "credit_card":
        return _luhn(re.sub(r"\D", "", found))
    if entity == "ip":
        try:
            ip_address(found)
        except ValueError:
            return False
        return "." in found or found.count(":") >= 2
    if entity == "phone":
        digits = re.sub(r"\D", "", found)
        separated = found.startswith("+") or re.search(r"[ ()/.-]", found) is not None
        return 7 <= len(digits) <= 15 and (separated or len(digits) >= 9) and not _DATE.fullmatch(found.strip())
    return True


def _luhn(digits: str) -> bool:
    total = 0
    for i, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + i % 2)
        total += value - 9 if value > 9 else value
    return 13 <= len(digits) <= 19 and total % 10 == 0 and len(set(digits)) > 1
