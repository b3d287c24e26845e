"""Calling any other tool: which one the words are about, whether its required arguments are named."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from gptsmith.models.chat.embedded.arguments import fill, has_form
from gptsmith.models.chat.embedded.asks import Ask
from gptsmith.models.chat.embedded.lookups import is_free_writing
from gptsmith.models.chat.embedded.toolbox import Param, Tool
from gptsmith.models.chat.embedded.words import content_stems, tokens

Similarity = Callable[[str, list[str]], list[float]]

_ABOUT_WORLD = re.compile(
    r"^(?:who|why|which|when|how (?!much is|much are|many \w+ is|is the|about|hot|cold|warm)|is there"
    r"|what (?:is|are|does) (?:an?|your)\b|do you|are you|have you|what do you|did)",
    re.IGNORECASE,
)
_STATUS = re.compile(
    r"^(?:what(?:'s|s| is| are| will)|where(?:'s| is| are)|how(?:'s| is)|will|is|are|do i need|has|have|can i)\b",
    re.IGNORECASE,
)
_DONE = re.compile(r"\b(?:arrived|thanks|thank you|already|yesterday|last (?:night|week|year))\b", re.IGNORECASE)


@dataclass(frozen=True)
class Called:
    """A tool that fits the words; `missing` are its required arguments that the words do not name."""

    tool: Tool
    args: dict[str, Any]
    missing: tuple[Param, ...]


@dataclass(frozen=True)
class _Fit:
    called: Called
    named: int
    told: int
    typed: int
    near: float

    @property
    def score(self) -> float:
        whole = 0 if self.called.missing else 0.4
        return 0.5 * min(self.named, 2) + 0.25 * min(self.told, 3) + 0.35 * self.typed + self.near + whole


def wants_call(
    asks: list[Ask], tools: list[Tool], similarity: Similarity, *, today: date | None = None, pending: bool = False
) -> Called | None:
    """Return the tool that the sentences ask for, None when they ask for none of `tools`.

    `pending` says that the sentences join a request with its answer to "which ...?", so that the tool is settled.
    """
    usable = [a for a in asks if a.form != "statement" and not a.negated and not is_free_writing(a)]
    if not usable or not tools or any(a.negated for a in asks):
        return None
    whole = " ".join(a.text for a in asks)
    spoken = " ".join(a.core for a in usable)
    nears = similarity(spoken, [f"{t.name.replace('_', ' ')}: {t.description}" for t in tools])
    fits = [_fit(t, spoken, whole, near, today) for t, near in zip(tools, nears, strict=True)]
    best = max(fits, key=lambda f: f.score)
    return best.called if pending or _convinces(best, usable, whole) else None


def _fit(tool: Tool, spoken: str, whole: str, near: float, today: date | None) -> _Fit:
    said = set(content_stems(spoken)) | {w.rstrip("s") for w in tokens(spoken)}
    args = fill(tool, whole, today=today)
    missing = tuple(p for p in tool.params if p.required and p.name not in args)
    typed = sum(1 for p in tool.params if p.name in args and has_form(p))
    value_stems = {s for p in tool.params for v in p.enum for s in content_stems(str(v).replace("_", " "))}
    told = len((said & tool.stems) - tool.name_stems - value_stems)
    return _Fit(Called(tool, args, missing), len(said & tool.name_stems), told, typed, near)


def _convinces(fit: _Fit, asks: list[Ask], whole: str) -> bool:
    first = asks[0]
    ordered = any(a.form in ("order", "wish", "fragment") for a in asks)
    topic = fit.named + fit.told
    if not fit.called.missing:
        required = [p for p in fit.called.tool.params if p.required]
        if not required:
            return ordered and (fit.named > 0 or fit.near >= 0.5) and fit.near >= 0.3
        if ordered:
            return (topic > 0 and fit.near >= 0.15) or fit.typed >= 2 or (fit.typed >= 1 and fit.near >= 0.25)
        if _ABOUT_WORLD.match(first.low):
            return fit.typed >= 2 and (topic > 0 or fit.near >= 0.35)
        return (
            (topic > 0 and fit.near >= 0.25)
            or (fit.typed >= 2 and fit.near >= 0.12)
            or (fit.typed >= 1 and fit.near >= 0.25)
            or fit.near >= 0.35
        )
    if _DONE.search(whole) or len(tokens(whole)) > 14:
        return False
    if ordered:
        return (
            (fit.named > 0 and fit.near >= 0.35)
            or (fit.told > 0 and fit.near >= 0.5)
            or (fit.typed > 0 and fit.told > 0 and fit.near >= 0.3)
        )
    topical = (topic > 0 and fit.near >= 0.4) or (fit.typed > 0 and fit.near >= 0.3)
    return bool(_STATUS.match(first.low)) and topical and not _ABOUT_WORLD.match(first.low)
