"""What code makes sure of in every proposed operation, whichever model proposed it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from gptsmith.agent.builder.edits.locks import unlocks
from gptsmith.agent.builder.edits.order import Op
from gptsmith.agent.builder.edits.secrets import HELD_BACK, has_secret
from gptsmith.agent.builder.edits.subject import Subject
from gptsmith.assistants.description import urls
from gptsmith.assistants.faults import KeyPath
from gptsmith.assistants.named_files import path_values
from gptsmith.assistants.operations import Add, Remove, ReplaceText, Set, parse_path
from gptsmith.assistants.paths import is_outside
from gptsmith.assistants.tool_types import load_tool_types
from gptsmith.assistants.wording import shown

_REWRITE = re.compile(
    r"\b(rewrit\w*|re-?word (?:it|them|everything|the instructions|all)|from scratch|start over|whole new|redo|rephrase"
    r"|new instructions|replace (?:all |the |its )*instructions|restructur\w*|reorgani[sz]\w*|tidy|clean (?:\w+ )?up"
    r"|condens\w*|shorten (?:the |its )*(?:instructions|prompt)"
    r"|translate (?:the |its )*(?:instructions|prompt|everything|it)"
    r"|(?:make|keep) (?:the |its )?(?:instructions|prompt) (?:much |a lot |far )?(?:shorter|longer|clearer)"
    r"|neu schreib\w*|umschreib\w*|schreib\w* .{0,40}\bneu|réécri\w*|reescri\w*|reescrev\w*|riscriv\w*"
    r"|herschrijf\w*)\b",
    re.IGNORECASE,
)
_LOCKING = re.compile(
    r"\b(?:lock|freez|(?:write-?)?protect|schütz|vergrendel)\w*|\bsperr\w*|\bverrouill\w*|\bbloque\w*|\bblocca\w*",
    re.IGNORECASE,
)
_URL = re.compile(r"https?://[^\s<>\"'“”«»)\]}]+")
_UNLOCK = 'only you can unlock it: say "unlock" and the part, or take the path out of x-builder.locked in the file'


def asks_for_rewrite(message: str) -> bool:
    """Say whether the person asks that the instructions be written anew."""
    return bool(_REWRITE.search(message))


def faults(op: Op, subject: Subject, message: str, spoken: str) -> Iterator[str]:
    """Yield why an operation cannot be: each a sentence that a model can mend it by. Locks are no faults.

    `message` is what the person just said, `spoken` that and what they said before.
    """
    place = parse_path(op.path)
    if place[0] in ("schema", "id"):
        yield f"{place[0]} stays as it is: files, threads and versions are found by it"
    if place[0] == "x-builder" and not _is_lock(op, place, message):
        yield f"x-builder is the person's own; {_UNLOCK}"
    if place == ("instructions",) and isinstance(op, Set) and not asks_for_rewrite(message):
        yield (
            "set on the instructions is refused, because the person did not ask for a rewrite;"
            " use replace_text for the words that change"
        )
    if isinstance(op, Remove):
        return
    value = op.new if isinstance(op, ReplaceText) else op.value
    for text in _texts(value):
        yield from _told(text, subject, spoken)
    yield from _tools(place, value, subject)


def _is_lock(op: Op, place: KeyPath, message: str) -> bool:
    """A lock, and taking it away, is the person's to ask for; nothing else of x-builder is the builder's to write."""
    if place[:2] != ("x-builder", "locked"):
        return False
    if isinstance(op, Remove):
        return len(place) == 3 and unlocks(message)
    return isinstance(op, Add) and len(place) == 2 and bool(_LOCKING.search(message))


def _told(text: str, subject: Subject, spoken: str) -> Iterator[str]:
    if HELD_BACK in text or has_secret(text):
        yield "a secret never goes into the file; write ${env:NAME} and tell the person to set that variable"
    known = set(urls(spoken)) | {found.rstrip(".,;:!?") for found in _URL.findall(subject.text)}
    for url in urls(text):
        if url not in known and url not in subject.instructions:
            yield f"the address {shown(url, 80)} stands neither in the person's words nor in the file"


def _tools(place: KeyPath, value: Any, subject: Subject) -> Iterator[str]:
    known = load_tool_types()
    if place[0] != "tools":
        return
    for tool in value if isinstance(value, list) else [value]:
        kind = tool.get("type") if isinstance(tool, dict) else tool if place[-1] == "type" else None
        if kind is None:
            continue
        if kind not in known:
            yield f"there is no tool type {shown(kind)}; there are {', '.join(sorted(known))}; list it under missing"
        if kind in ("python", "code") or (isinstance(tool, dict) and "command" in tool):
            yield "code and commands are the person's own to write into the file; list it under missing"


def foreign_files(after: Any, subject: Subject, spoken: str) -> Iterator[str]:
    """Yield why a file that an operation names newly is none that the person gave: outside the folder, or hidden."""
    known = {text for _, text in path_values(subject.data)}
    for _, text in path_values(after):
        if text in known or text in spoken:
            continue
        hidden = any(part.startswith(".") and part.strip(".") for part in PurePath(text).parts)
        if hidden or is_outside(subject.path.parent, text):
            yield f"the file {shown(text, 80)} is neither attached nor a file of the assistant; list it under missing"


def lock_on(op: Op, subject: Subject) -> str:
    """Return the locked path that an operation would touch, empty when there is none."""
    place = parse_path(op.path)
    for locked in subject.locked:
        held = parse_path(locked)
        if place[:1] == ("instructions_file",) and held[0] == "instructions":
            return locked
        if place == held[: len(place)] and isinstance(op, Add):
            if place == held or not _comes_behind(op, held[len(place)], subject):
                return locked
        elif place == held[: len(place)] or held == place[: len(held)]:
            return locked
        if isinstance(op, Remove) and _moves(place, held):
            return locked
    return ""


def _comes_behind(op: Add, item: str | int, subject: Subject) -> bool:
    """Say whether an added item leaves the locked item of that list where it is."""
    return isinstance(item, str) or op.after is None or (isinstance(op.after, int) and op.after >= item)


def _moves(place: KeyPath, held: KeyPath) -> bool:
    """Say whether a removal would make a locked item's number mean another one."""
    last = place[-1]
    if not isinstance(last, int) or len(held) < len(place) or held[: len(place) - 1] != place[:-1]:
        return False
    item = held[len(place) - 1]
    return isinstance(item, int) and last < item


def why_locked(locked: str) -> str:
    """Say that a path is locked, and how to unlock it."""
    return f"{locked} is locked, so this is only a suggestion; {_UNLOCK}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
