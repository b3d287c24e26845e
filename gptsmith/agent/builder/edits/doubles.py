"""Sentences of the instructions that stand there twice, and the wish that one of them goes: no model is needed."""

from __future__ import annotations

import re

from gptsmith.agent.builder.edits.subject import Subject
from gptsmith.agent.builder.rule_sense import alike
from gptsmith.assistants.changes import ChangeSet, ProposedChange
from gptsmith.assistants.description import split

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
