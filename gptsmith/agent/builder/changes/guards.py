"""What code makes sure of in every proposed operation, whichever model proposed it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from gptsmith.agent.builder.changes.order import Op
from gptsmith.agent.builder.changes.subject import Subject
from gptsmith.agent.builder.language.answers import ChangeSet, ProposedChange
from gptsmith.agent.builder.language.description import urls
from gptsmith.assistants.editing.operations import Add, Remove, ReplaceText, Set, parse_path
from gptsmith.assistants.format.paths import is_outside, path_values
from gptsmith.assistants.format.problems import KeyPath, show
from gptsmith.assistants.format.spec import load_tool_types, tool_class
from gptsmith.assistants.format.variables import KEYS

# Secrets in a message: seen before anything is sent or stored, and never written into a file.

HELD_BACK = "[a secret that was held back]"

# "my api key is …", "password: …": the value behind such a word, when it looks made rather than written.
_NAMED = re.compile(
    r"(?P<word>\b(?:api[ _-]?key|access[ _-]?key|secret(?:[ _-]?key)?|token|bearer|password|passwort|kennwort"
    r"|mot de passe|contraseña|senha)\b['\"]?\s*(?:is|ist|est|es|é|lautet|=|:)?\s*['\"]?)"
    r"(?P<value>(?=\S*\d)(?=\S*[A-Za-z])[^\s'\",;]{8,})",
    re.IGNORECASE,
)


def has_secret(text: str) -> bool:
    """Say whether a text holds something that looks like a key, token or password; `${env:NAME}` is none."""
    return hold_back(text) != text


def hold_back(text: str) -> str:
    """Return `text` with each secret replaced by a mark."""
    masked = KEYS.sub(HELD_BACK, text)
    return _NAMED.sub(lambda m: m["word"] + HELD_BACK if not m["value"].startswith("${env:") else m[0], masked)


# Parts of the file that the person locks or unlocks in words: where it is plain what is meant, no model is needed.

_OPENS = r"(?:(?:please|ok(?:ay)?|now|and|then|can you|could you|would you|i(?:['’]d like| want) you to)[\s,]+)*"
_LOCK = re.compile(
    rf"{_OPENS}(?:lock|freeze|protect|write-?protect|sperre|schütze|verrouille|bloquea|blocca|vergrendel)"
    r"(?: (?:down|up))? (?P<what>.+?)"
    r"(?:,? (?:as well|too))?(?: (?:down|up|against changes?|from (?:changes?|being changed|any changes?)))?"
    r"(?:,? (?:so|so that|please|now|for good|in place|from now on)\b.*)?",
    re.IGNORECASE,
)
_UNLOCK_WORDS = re.compile(
    rf"{_OPENS}(?:unlock|unfreeze|unprotect|entsperre|déverrouille|desbloquea|sblocca|ontgrendel"
    r"|(?:remove|take off|lift) the lock (?:on|from|of)) (?P<what>.+?)"
    r"(?:,? (?:as well|too|again|so|so that|please|now)\b.*)?",
    re.IGNORECASE,
)
_PARTS = {
    "instructions": ("instructions", "instruction", "prompt", "system prompt", "rules", "anweisungen", "consignes"),
    "name": ("name", "title"),
    "description": ("description", "beschreibung"),
    "welcome_message": ("welcome message", "welcome", "greeting", "welcome text"),
    "conversation_starters": ("conversation starters", "starters", "starter questions", "starting questions"),
    "disclaimer": ("disclaimer",),
    "knowledge": ("knowledge", "files", "sources", "knowledge files", "documents"),
    "tools": ("tools",),
    "model": ("model", "language model"),
    "memory": ("memory",),
    "guardrails": ("guardrails",),
    "variables": ("variables",),
    "avatar": ("avatar", "picture", "portrait"),
    "tests": ("tests",),
    "language": ("language",),
}
_PATHS = {word: path for path, words in _PARTS.items() for word in (path, *words)}


def asked_locks(message: str, subject: Subject) -> ChangeSet | None:
    """Return the locks that a message sets or takes away, where it asks for that and for nothing else."""
    said = " ".join(message.split()).strip(" .!")
    lock, unlock = _LOCK.fullmatch(said), _UNLOCK_WORDS.fullmatch(said)
    found = lock or unlock
    if found is None:
        return None
    everything = re.fullmatch(r"(?:all|everything|all (?:of )?(?:it|the locks|locked parts))", found["what"], re.I)
    paths = list(subject.locked) if unlock and everything else _paths(found["what"])
    if not paths:
        return None
    held = [path for path in paths if path in subject.locked]
    if lock:
        changes = [_change("add", "x-builder.locked", path, said) for path in paths if path not in held]
    else:
        changes = [_change("remove", f"x-builder.locked[{subject.locked.index(path)}]", None, said) for path in held]
    return ChangeSet(changes=changes, reply="" if changes else _as_it_is(paths, locked=lock is not None))


def unlocks(message: str) -> bool:
    """Say whether a message asks that a lock be taken away."""
    return _UNLOCK_WORDS.fullmatch(" ".join(message.split()).strip(" .!")) is not None


def _change(op: str, path: str, value: str | None, said: str) -> ProposedChange:
    return ProposedChange(op=op, path=path, value=value, asked=said)


def _as_it_is(paths: list[str], *, locked: bool) -> str:
    which = " and ".join(path.replace("_", " ") for path in paths)
    return f"This is so already: {which} {'locked' if locked else 'not locked'}."


def _paths(what: str) -> list[str]:
    """Return the paths of the parts that are named; empty where one of them is no part."""
    parts = [part for part in re.split(r",|&|\band\b|\bund\b|\bet\b", what) if part.strip()]
    names = [re.sub(r"^(?:the|its|my|all|die|den|les?|la|las|los|el)\s+", "", p.strip().casefold()) for p in parts]
    return list(dict.fromkeys(_PATHS[name] for name in names)) if all(name in _PATHS for name in names) else []


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
    yield from _tools(place, value, subject, spoken)


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
            yield f"the address {show(url, 80)} stands neither in the person's words nor in the file"


def _tools(place: KeyPath, value: Any, subject: Subject, spoken: str) -> Iterator[str]:
    known = load_tool_types()
    if place[0] != "tools":
        return
    for tool in value if isinstance(value, list) else [value]:
        kind = tool.get("type") if isinstance(tool, dict) else tool if place[-1] == "type" else None
        if kind is None:
            continue
        if kind not in known:
            yield f"there is no tool type {show(kind)}; there are {', '.join(sorted(known))}; list it under missing"
        if tool_class({"type": kind}).FACTS.by_hand:
            yield "code is the person's own to write into the file; list it under missing"
    for tool in [value] if place[-1] == "command" else value if isinstance(value, list) else [value]:
        command = tool.get("command") if isinstance(tool, dict) else value if "command" in place else None
        if command is not None and not _is_spoken(command, spoken):
            yield "commands are the person's own: none that does not stand in their words; list it under missing"


def _is_spoken(command: Any, spoken: str) -> bool:
    """Say whether a command stands in the person's words as it would run."""
    parts = [str(part) for part in command] if isinstance(command, list) else [str(command)]
    return len(" ".join(parts)) > 2 and " ".join(parts) in " ".join(spoken.split())


def foreign_files(after: Any, subject: Subject, spoken: str) -> Iterator[str]:
    """Yield why a file that an operation names newly is none that the person gave: outside the folder, or hidden."""
    known = {text for _, text in path_values(subject.data)}
    for _, text in path_values(after):
        if text in known or text in spoken:
            continue
        hidden = any(part.startswith(".") and part.strip(".") for part in PurePath(text).parts)
        if hidden or is_outside(subject.path.parent, text):
            yield f"the file {show(text, 80)} is neither attached nor a file of the assistant; list it under missing"


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
