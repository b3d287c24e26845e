"""Calling any other tool: which one the words are about, whether its required arguments are named."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from gptsmith.models.chat.embedded.arguments import fill, has_form
from gptsmith.models.chat.embedded.asks import AskedSentence
from gptsmith.models.chat.embedded.lookups import is_free_writing
from gptsmith.models.chat.embedded.namings import is_like_its_example, is_saying
from gptsmith.models.chat.embedded.phrases import is_proper
from gptsmith.models.chat.embedded.quantities import is_measured
from gptsmith.models.chat.embedded.toolbox import Param, Tool
from gptsmith.models.chat.embedded.words import STOP, content_stems, stem, tokens

Similarity = Callable[[str, list[str]], list[float]]

_ABOUT_WORLD = re.compile(
    r"^(?:who|why|which|when|how (?!much is|much are|many \w+ is|is the|about|hot|cold|warm)|is there"
    r"|what (?:is|are|does) (?:an?|your)\b|do you|are you|have you|what do you|did"
    r"|(?:is|are|am) .{2,40}\b(?:allowed|permitted|forbidden)\b)",
    re.IGNORECASE,
)
_OWN = re.compile(r"\b(?:my|our)\b", re.IGNORECASE)
_STATUS = re.compile(
    r"^(?:what(?:'s|s| is| are| will| would| does| do)|where(?:'s| is| are)|how(?:'s| is| much)|will|is|are|do "
    r"i need|has|have|can i)\b",
    re.IGNORECASE,
)
_TELL = re.compile(r"^(?:tell|inform|notify|message|text|let) (?!me\b|us\b|it\b|him\b|her\b|them\b)\w", re.IGNORECASE)
_ACTS = re.compile(  # what a tool changes is never wanted by "how many guests fit into the barn?"
    r"^(?:add|set|book|order|create|delete|cancel|send|record|report|rent|reserve|register|log|start|stop|pay|move"
    r"|adopt|put|remove|change|request|turn|open|close|save|schedule|sign|submit|assign|renew)s?\b",
    re.IGNORECASE,
)
_ASKED_OF = re.compile(r"^(?:who|why|which|when|where|how (?:many|often|old|long|far|big|deep|tall|heavy))\b", re.I)
_LEANS = re.compile(r"^\w+ (?:it|this|that|them)(?: \w+)?$", re.IGNORECASE)  # "I inspected hive 2, please record it"
_AKIN = 0.62  # cosine from which two words mean nearly the same
_DONE = re.compile(r"\b(?:arrived|thanks|thank you|already|yesterday|last (?:night|week|year))\b", re.IGNORECASE)


@dataclass(frozen=True)
class Called:
    """A tool that fits the words; `missing` are its required arguments that the words do not name."""

    tool: Tool
    args: dict[str, Any]
    missing: tuple[Param, ...]
    sure: bool = False  # two of its values are told, or it is asked of something of the person's own


@dataclass(frozen=True)
class _Fit:
    called: Called
    named: int
    told: int
    forms: int  # arguments whose values have a form of their own
    proper: int  # those that are names
    worded: int  # arguments that are named beside their value: "a pulse of 80"
    near: float
    measured: bool  # a number stands beside the unit that an argument takes
    acts: bool  # the order begins with the verb by which the tool is described: "Order a refill"
    tells: bool  # it passes on what somebody is to be told: "Tell Leila that the draft is ready"
    loose: bool  # a name or a thing was taken because nothing else was left

    @property
    def typed(self) -> int:
        """How many arguments are there by their form."""
        return self.forms + self.proper

    @property
    def score(self) -> float:
        whole = 0 if self.called.missing else 0.4
        return (
            0.5 * min(self.named, 2)
            + 0.25 * min(self.told, 3)
            + 0.35 * self.forms
            + 0.2 * self.proper
            + self.near
            + whole
        )


def wants_call(
    asks: list[AskedSentence],
    tools: list[Tool],
    similarity: Similarity,
    *,
    rivals: list[Tool] | None = None,
    today: date | None = None,
    pending: bool = False,
) -> Called | None:
    """Return the tool that the sentences ask for, None when they ask for none of `tools`.

    `rivals` are the tools that search, which take every question that none of `tools` is nearer to. `pending` says
    that the sentences join a request with its answer to "which ...?", so that the tool is settled.
    """
    usable = [a for a in asks if a.form != "statement" and not a.negated and not is_free_writing(a)]
    if not usable or not tools or any(a.negated for a in asks):
        return None
    whole = " ".join(a.text for a in asks)
    spoken = " ".join(a.core for a in (asks if all(_LEANS.match(a.core) for a in usable) else usable))
    nears = _nears(spoken, tools, similarity)
    akin = _akin(spoken, tools, similarity)
    fits = [_fit(t, spoken, whole, near, today, kin) for t, near, kin in zip(tools, nears, akin, strict=True)]
    chosen = {
        w for f in fits for p in f.called.tool.params if p.enum for w in tokens(str(f.called.args.get(p.name, "")))
    }
    best = max(fits, key=lambda f: f.score - (0.5 if _borrows(f, chosen) else 0.0))
    if not pending and all(_ASKED_OF.match(a.low) for a in usable) and _ACTS.match(best.called.tool.description):
        return None
    topic = best.told + best.named > 0
    ahead = best.near - max(_nears(spoken, rivals, similarity), default=0.0) if rivals else 0.0
    coded = any(
        is_like_its_example(p, str(best.called.args[p.name]))
        for p in best.called.tool.params
        if p.name in best.called.args
    )
    told = (
        best.typed > 0
        and (topic or coded or best.worded > 0)
        and ahead > (-0.1 if coded else 0.1)
        and not best.called.missing
    )
    if not (pending or told or _convinces(best, usable, whole)):
        return None
    own = any(_OWN.search(a.core) for a in usable) and topic and ahead >= -0.15
    return replace(best.called, sure=best.typed >= 2 or own or told)


def _nears(spoken: str, tools: list[Tool], similarity: Similarity) -> list[float]:
    """Return how near the words are to what each tool does, or to what it takes."""
    does = [f"{t.name.replace('_', ' ')}: {t.description}" for t in tools]
    takes = [f"{t.name} {' '.join(p.name for p in t.params)}".replace("_", " ") for t in tools]
    found = similarity(spoken, [*does, *takes])
    return [max(a, b) for a, b in zip(found[: len(tools)], found[len(tools) :], strict=True)]


def _akin(spoken: str, tools: list[Tool], similarity: Similarity) -> list[int]:
    """Return how many words mean nearly what a word of each tool's name does: cost and get_price."""
    names = [[w for w in re.split(r"[_\-\s]+", t.name.lower()) if stem(w) in t.name_stems] for t in tools]
    every = list(dict.fromkeys(w for name in names for w in name))
    found = [0] * len(tools)
    for word in dict.fromkeys(w for w in tokens(spoken) if w not in STOP and len(w) > 2 and w.isalpha()):
        near = dict(zip(every, similarity(word, every), strict=True))
        for i, name in enumerate(names):
            found[i] += any(stem(word) != stem(w) and near[w] >= _AKIN for w in name)
    return found


def _fit(tool: Tool, spoken: str, whole: str, near: float, today: date | None, akin: int) -> _Fit:
    said = set(content_stems(spoken)) | {w.rstrip("s") for w in tokens(spoken)}
    args = fill(tool, whole, today=today)
    missing = tuple(p for p in tool.params if p.required and p.name not in args)
    typed = sum(1 for p in tool.params if p.name in args and has_form(p))
    value_stems = {s for p in tool.params for v in p.enum for s in content_stems(str(v).replace("_", " "))}
    told = len((said & tool.stems) - tool.name_stems - value_stems) + min(akin, 1)
    worded = sum(1 for p in tool.params if p.name in args and set(content_stems(p.name.replace("_", " "))) & said)
    plain = [p for p in tool.params if p.required and p.name in args and not has_form(p) and not is_saying(p)]
    proper = sum(_is_name(str(args[p.name]), whole) for p in plain)
    loose = any(not _is_name(str(args[p.name]), whole) for p in plain)
    measured = any(p.name in args and is_measured(p) and p.type in ("integer", "number") for p in tool.params)
    acts = stem((tokens(spoken) or [""])[0]) == stem((tokens(tool.description) or [""])[0])
    named = len(said & tool.name_stems)
    tells = bool(_TELL.match(spoken)) and not missing and any(is_saying(p) and p.name in args for p in tool.params)
    return _Fit(Called(tool, args, missing), named, told, typed, proper, worded, near, measured, acts, tells, loose)


def _borrows(fit: _Fit, chosen: set[str]) -> bool:
    """Tell whether a tool took for a name what is an allowed value of another tool."""
    plain = [str(v) for p in fit.called.tool.params if not p.enum and isinstance(v := fit.called.args.get(p.name), str)]
    return any(set(tokens(v)) <= chosen for v in plain if tokens(v))


def _is_name(value: str, text: str) -> bool:
    """Tell whether a value shows by its form that it was meant as one: capitals, quotes, a colon in front."""
    at = text.find(value)
    return (
        "@" in value
        or text[max(0, at - 2) : at].strip()[-1:] in ("'", '"', ":", "“", "‘")
        or any(is_proper(w, first=at == 0 and i == 0) for i, w in enumerate(value.split()))
    )


def _convinces(fit: _Fit, asks: list[AskedSentence], whole: str) -> bool:
    first = asks[0]
    ordered = any(a.form in ("order", "wish", "fragment") for a in asks)
    topic = fit.named + fit.told
    if fit.loose and fit.near < 0.4 and not (fit.named or (topic and fit.forms) or fit.told > 1):
        return ordered and fit.measured and fit.near >= 0.3 and not fit.called.missing
    if not fit.called.missing:
        required = [p for p in fit.called.tool.params if p.required]
        if not required:
            return ordered and (fit.named > 0 or fit.near >= 0.5) and fit.near >= 0.3
        if ordered:
            return (
                fit.tells or (topic > 0 and fit.near >= 0.15) or fit.typed >= 2 or (fit.typed >= 1 and fit.near >= 0.25)
            )
        if _ABOUT_WORLD.match(first.low):
            return (fit.typed >= 2 and (topic > 0 or fit.forms >= 3 or fit.near >= 0.28)) or (
                fit.typed >= 1 and ((fit.named > 0 and fit.near >= 0.4) or (fit.told > 0 and fit.near >= 0.3))
            )
        return (
            (topic > 0 and fit.near >= 0.25)
            or (fit.typed >= 2 and fit.near >= 0.12)
            or (fit.typed >= 1 and fit.near >= (0.2 if fit.named else 0.25))
            or fit.near >= 0.35
        )
    if _DONE.search(whole) or len(tokens(whole)) > 14:
        return False
    if ordered:
        return (
            (fit.named > 0 and fit.near >= 0.35)
            or (fit.told > 0 and fit.near >= 0.5)
            or (fit.typed > 0 and fit.told > 0 and fit.near >= (0.2 if fit.acts else 0.3))
            or (fit.worded > 0 and fit.near >= 0.2)
        )
    topical = (topic > 0 and fit.near >= 0.4) or (fit.typed > 0 and fit.near >= 0.3)
    return bool(_STATUS.match(first.low)) and topical and not _ABOUT_WORLD.match(first.low)
