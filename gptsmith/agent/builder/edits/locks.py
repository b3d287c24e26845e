"""Parts of the file that the person locks or unlocks in words: where it is plain what is meant, no model is needed."""

from __future__ import annotations

import re

from gptsmith.agent.builder.edits.subject import Subject
from gptsmith.assistants.changes import ChangeSet, ProposedChange

_OPENS = r"(?:(?:please|ok(?:ay)?|now|and|then|can you|could you|would you|i(?:['’]d like| want) you to)[\s,]+)*"
_LOCK = re.compile(
    rf"{_OPENS}(?:lock|freeze|protect|write-?protect|sperre|schütze|verrouille|bloquea|blocca|vergrendel)"
    r"(?: (?:down|up))? (?P<what>.+?)"
    r"(?:,? (?:as well|too))?(?: (?:down|up|against changes?|from (?:changes?|being changed|any changes?)))?"
    r"(?:,? (?:so|so that|please|now|for good|in place|from now on)\b.*)?",
    re.IGNORECASE,
)
_UNLOCK = re.compile(
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
    lock, unlock = _LOCK.fullmatch(said), _UNLOCK.fullmatch(said)
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
    return _UNLOCK.fullmatch(" ".join(message.split()).strip(" .!")) is not None


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
