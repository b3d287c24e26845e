"""What is taken out: the item that a removal names, and none where the person asked for something else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from gptsmith.agent.builder.changes.order import Op
from gptsmith.agent.builder.changes.subject import Subject, alike
from gptsmith.agent.builder.language.answers import ChangeSet, ProposedChange
from gptsmith.agent.builder.language.description import split
from gptsmith.assistants.editing.operations import Remove, ReplaceText, Set, parse_path, value_at, write_path
from gptsmith.assistants.format.problems import show
from gptsmith.assistants.format.writer import same
from gptsmith.errors import UsageError

# Sentences of the instructions that stand there twice, and the wish that one of them goes: no model is needed.

_TWICE = re.compile(
    r"\b(?:twice|two times|doubled?|doubles|duplicat\w*|dedup\w*|repeat(?:s|ed|ing)?|redundant|same rule|doppelt\w*"
    r"|zweimal|en double|deux fois|doublons?|dos veces|duplicad\w*|doppi[eoa]?|due volte|duas vezes|dubbel\w*)\b",
    re.IGNORECASE,
)
_CLEAN = re.compile(
    r"\b(?:clean\w*|tidy|remov\w*|delet\w*|drop|fix|merge|once|dedup\w*|get rid|take .{0,20}out|why|aufräum\w*|lösch\w*"
    r"|entfern\w*|nettoi\w*|supprim\w*|limpia\w*|quita\w*|elimin\w*|pulisc\w*|limp\w+|verwijder\w*|opruim\w*)\b",
    re.IGNORECASE,
)
_SPOKEN_OF = re.compile(
    r"\b(?:rules?|lines?|instructions?|sentences?|it|them|that|there|regeln?|règles?|reglas?)\b", re.I
)
_MOST_WORDS = 20


def without_doubles(message: str, subject: Subject) -> ChangeSet | None:
    """Return the removal of what stands there twice, where a message asks for that and for nothing else."""
    asks = _TWICE.search(message) and _CLEAN.search(message) and _SPOKEN_OF.search(message)
    if not asks or len(message.split()) > _MOST_WORDS:
        return None
    seen: list[str] = []
    changes = []
    for line in subject.instructions.splitlines():
        told = [one.text for one in split(line) if len(one.text.split()) > 2]
        if told and all(any(alike(one, other) for other in seen) for one in told):
            changes.append(
                ProposedChange(
                    op="replace_text", path="instructions", old=line, new="", words=line.strip(), asked=message
                )
            )
        seen += told
    return ChangeSet(changes=changes) if changes else None


_NAMES = ("name", "title", "text", "message", "type", "ref", "url")
_REMOVES = re.compile(
    r"\b(?:remov\w*|delet\w*|drop(?:s|ped|ping)?|tak(?:e|es|ing)\b.{0,60}?\b(?:out|away|off)|get(?:ting)? rid|without"
    r"|no longer|no more|(?:not|\w+n['’]t) .{0,30}any ?more|cut|clear|empty|strip|erase|forget"
    r"|leave .{0,30}?out|skip|stop|scrap|throw|discard|lose|unlink|detach|clean\w*|tidy|dedup\w*|duplicat\w*|twice"
    r"|doubled?|merge"
    r"|(?:not|\w+n['’]t) (?:have|show|offer|list|contain|include|use|need|want)|(?:needs?|wants?|has|have) no"
    r"|no (?:starters?|tests?|tools?|files?|welcome|disclaimer|avatar|variables?|knowledge|guardrails?)|goes? away|goes"
    r"|entfern\w*|lösch\w*|streich\w*|weg|raus|ohne|kein\w*|nicht mehr|supprim\w*|enlev\w*|retir\w*|sans|quita\w*"
    r"|elimina\w*|borra\w*|sin|remov\w*|tira\w*|apaga\w*|sem|togli\w*|rimuov\w*|senza|verwijder\w*|zonder)\b",
    re.IGNORECASE | re.DOTALL,
)
_CHANGES = re.compile(
    r"\b(?:chang\w*|should|renam\w*|replac\w*|instead|rather|expect\w*|updat\w*|adjust\w*|correct\w*|fix\w*|edit\w*"
    r"|reword\w*|rephras\w*|swap\w*|becomes?|called?|änder\w*|soll\w*|umbenenn\w*|ersetz\w*|statt\w*|devrai\w*|renomm\w*"
    r"|remplac\w*|cambi\w*|deber\w*|renombr\w*|mud\w+|deveri\w*|dovrebb\w*|rinomin\w*|verander\w*|hernoem\w*)\b",
    re.IGNORECASE,
)
_ALL = re.compile(
    r"\b(?:all|every|everything|each|both|any|these|those|them|whole|entire|list|alle|tous|toutes|tod[oa]s|tutt[ei])\b",
    re.I,
)
_KINDS = {
    "conversation_starters": r"(?:starter|question|suggestion|prompt)",
    "tests": r"(?:test|check)",
    "tools": r"(?:tool)",
    "knowledge": r"(?:source|file|document)",
    "guardrails": r"(?:guardrail)",
    "variables": r"(?:variable)",
}


def named_items(change: ProposedChange, subject: Subject) -> list[Op]:
    """Return the removal of what `change` names by its value, which is that item alone; else the operation as it is.

    Raises UsageError when there is no such item.
    """
    if change.op != "remove" or change.value in (None, "", [], {}):
        return [change.operation()]
    place = parse_path(change.path)
    there = subject.instructions if place == ("instructions",) else value_at(subject.data, place)
    if isinstance(there, str) and isinstance(change.value, str) and change.value != there:
        if isinstance(place[-1], int):
            return [Remove(path=_item(change.value, place[:-1], subject))]
        return [ReplaceText(path=change.path, old=change.value, new="")]
    if isinstance(there, dict) and isinstance(change.value, str) and change.value in there:
        return [Remove(path=write_path((*place, change.value)))]
    if not isinstance(there, list):
        return [change.operation()]
    values = change.value if isinstance(change.value, list) else [change.value]
    if isinstance(change.value, list) and same(values, there):
        return [change.operation()]
    return [Remove(path=_item(value, place, subject)) for value in values]


def _item(value: Any, place: tuple[str | int, ...], subject: Subject) -> str:
    """Return the path of the item that `value` is, or names."""
    items = value_at(subject.data, place)
    for matches in (same, _called):
        for number, item in enumerate(items):
            if matches(item, value):
                return write_path((*place, number))
    hint = "give its own path, as in tests[0]"
    raise UsageError(f"{write_path(place)} has no item {show(value)}", code="no_such_path", hint=hint)


def _called(item: Any, value: Any) -> bool:
    wanted = [value] if isinstance(value, str) else [value[key] for key in _NAMES if key in value] if value else []
    names = [item] if isinstance(item, str) else [item[key] for key in _NAMES if key in item]
    return bool(wanted) and _flat(wanted[0]) in [_flat(name) for name in names]


def _flat(text: Any) -> str:
    return " ".join(str(text).split()).casefold().strip(" .\"“”'")


def faults(
    op: Op, change: ProposedChange, changes: Sequence[ProposedChange], subject: Subject, message: str
) -> Iterator[str]:
    """Yield why something may not be taken out: the person asked for a change, or for one item of several."""
    if not _takes_out(op, subject):
        return
    asked = change.asked if change.asked and change.asked in message else message
    if _CHANGES.search(asked) and not _REMOVES.search(asked) and not _made_up_for(op, change, changes):
        yield "the person asks for a change and not that something goes; change that one item with set or replace_text"
    place = parse_path(op.path)
    kind = _KINDS.get(str(place[0])) if len(place) == 1 else None
    there = subject.data.get(str(place[0])) if kind else None
    if kind and isinstance(there, (list, dict)) and len(there) > 1 and _gone(op, there) == len(there):
        singular, plural = (re.search(rf"\b{kind}{ending}\b", asked, re.IGNORECASE) for ending in ("", "s"))
        if singular and not plural and not _ALL.search(asked):
            yield f"the person means one of the {len(there)} items; remove that one, as in {write_path(place)}[0]"


def _takes_out(op: Op, subject: Subject) -> bool:
    if isinstance(op, Remove):
        return True
    if isinstance(op, ReplaceText):
        return not op.new.strip() and _is_statement(op.old)
    if not isinstance(op, Set):
        return False
    try:
        there = value_at(subject.data, parse_path(op.path))
    except UsageError:
        return False
    return op.value in (None, "", [], {}) or (isinstance(there, list) and _gone(op, there) > 0)


def _gone(op: Op, there: Any) -> int:
    left = op.value if isinstance(op, Set) and isinstance(op.value, (list, dict)) else ()
    return max(len(there) - len(left), 0)


def _is_statement(text: str) -> bool:
    bare = text.strip()
    return len(bare.split()) > 2 and (bare[-1:] in ".!?" or bare[:1] in "-*•")


def _made_up_for(op: Op, change: ProposedChange, changes: Sequence[ProposedChange]) -> bool:
    """Say whether the same answer puts something else there: an item taken out and one added is a change."""
    here = [other for other in changes if other.path.startswith(str(parse_path(op.path)[0]))]
    puts = [other for other in here if other is not change and other.op != "remove"]
    takes = [other for other in here if other.op == "remove"]
    return isinstance(op, (Remove, ReplaceText)) and len(puts) >= max(len(takes), 1)
