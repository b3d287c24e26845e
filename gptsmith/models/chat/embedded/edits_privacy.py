"""Commands about personal data: which kinds are hidden, and in what."""

from __future__ import annotations

import re
from typing import Any

from gptsmith.models.chat.embedded.edits_clauses import Clause
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, add, drop
from gptsmith.models.chat.embedded.edits_words import has

_KINDS = {
    "email": r"e-?mail(?: address(?:es)?|s)",
    "credit_card": r"(?:credit |bank |payment )?card (?:numbers?|data|details)|credit cards?",
    "phone": r"(?:tele)?phone (?:numbers?|data)",
    "ip": r"ip addresse?s?|ips",
    "mac_address": r"mac addresse?s?",
    "url": r"urls|web addresses",
}
_ALL = r"personal (?:data|information|details|info)|private (?:data|information|details|info)|pii"
_HIDES = (
    ("mask", r"mask\w*|star out"),
    ("hash", r"hash\w*"),
    ("block", r"block\w*|refuse (?:messages|questions) with"),
    ("redact", r"hid(?:e|es|ing)|redact\w*|black(?:en)? out|anonymi[sz]\w*|censor\w*|filter\w*|strip|scrub"),
)
_NOT = r"stop|no|not|don['’]t|never|without|no longer|any ?more|turn off|drop|remove"


def read(clause: Clause, subject: Subject) -> Found | None:
    """Return what a command about personal data changes; None when it is about something else."""
    strategy = next((name for name, said in _HIDES if has(said, clause.open)), "")
    kinds = [kind for kind, said in _KINDS.items() if has(said, clause.open)]
    if not strategy or clause.values or not (kinds or has(_ALL, clause.open)):
        return None
    there = subject.data.get("guardrails")
    filters = [one for one in there if isinstance(one, dict)] if isinstance(there, list) else []
    if re.search(rf"\b(?:{_NOT}) (?:\w+ )?(?:{'|'.join(said for _, said in _HIDES)})", clause.open):
        if not filters:
            return Found(reply="Nothing of that is hidden.")
        return Found([drop("guardrails", "Hide no personal data any more.")]) if not kinds else None
    hidden = {kind for one in filters for kind in one.get("entities", ("email", "credit_card"))}
    kinds = [kind for kind in kinds or ["email", "credit_card", "phone"] if kind not in hidden]
    if not kinds:
        return Found(reply="That is hidden already.")
    named = ", ".join(kind.replace("_", " ") for kind in kinds)
    value: dict[str, Any] = {"type": "pii", "apply_to": _where(clause), "strategy": strategy, "entities": kinds}
    return Found([add("guardrails", value, f"Find personal data and {strategy} it: {named}.")])


def _where(clause: Clause) -> list[str]:
    """Return which texts are meant; what people send when the command does not say."""
    places = (
        ("input", r"questions?|messages|input|what (?:people|users|visitors) (?:write|send|type)"),
        ("output", r"answers?|repl(?:y|ies)|responses?|output"),
        ("tool_results", r"tool results?|results of tools"),
    )
    return [name for name, said in places if re.search(rf"\b(?:{said})\b", clause.open)] or ["input"]
