"""The builder's own sentences in a building session."""

from __future__ import annotations

import re
from collections.abc import Sequence
from textwrap import shorten

from gptsmith.agent.builder.edits.change import Change
from gptsmith.assistants.versions import Version

_END = r"[\s.!,]*(?:please|bitte|thanks|thank you)?[\s.!]*\Z"
_GREETING = re.compile(
    r"(?:hi|hello|hey|hallo|guten tag|bonjour|salut|hola|olá|oi|ciao|hoi|good (?:morning|evening|day)|test)(?: there)?",
    re.IGNORECASE,
)
_WHAT_CHANGED = re.compile(
    r"(?:(?:please )?(?:tell|show) me |so,? |and )*(?:what|which (?:things|changes)|everything)"
    r"(?: (?:did|have|has|had|was|were|is|all))*(?: (?:you|we|been|it|there))*"
    r" (?:changed?|do|done|edited|modified|altered|made)(?: (?:so far|until now|up to now|already|yet|today|here"
    r"|in (?:the|this) (?:file|assistant|session)|to (?:it|the file|the assistant|this|my assistant)))*"
    r"|(?:(?:please )?(?:list|show(?: me)?|summari[sz]e|give me) )?(?:all |a list of |a summary of )?(?:the |your )?"
    r"changes"
    r"(?: (?:so far|until now|up to now|you(?: have|['’]ve)? made|made))+"
    r"|was hast du (?:bisher|bis jetzt|schon) geändert|was wurde (?:bisher|schon) geändert"
    r"|qu['’]as-tu changé(?: jusqu['’]ici)?|qué (?:has cambiado|cambiaste)(?: hasta ahora)?"
    r"|cosa hai cambiato(?: finora)?|o que (?:mudaste|você mudou)(?: até agora)?",
    re.IGNORECASE,
)
_LISTED = 30  # changes

ASK_FOR_GOAL = "What should the assistant do, and for whom? A sentence or two is enough."
INVITE = "Try it out. From here on, say what to change, in your own words."
NO_MORE = "I have no more questions."
SAVED = "What you accepted is in the file already."
SAVE = "To keep it among your assistants: the Save button on the page, /save in the terminal, save() in Python."
INTERRUPTED = "I was interrupted before I could answer. Nothing was changed; say it again."
STILL_WAITS = "This still waits."
NOTHING_WAITS = "There is no change that waits for a decision."


def is_greeting(text: str) -> bool:
    """Say whether a first message describes nothing yet."""
    return bool(_GREETING.fullmatch(re.sub(_END, "", text.strip(), flags=re.IGNORECASE)))


def remarks(change: Change) -> list[str]:
    """Return what is to be said about a proposal besides its words, one sentence or paragraph each."""
    out = [risk.question for risk in change.rules_at_risk]
    for held in change.locked:
        lines = "\n".join(f"    {line}" for line in held.lines)
        out.append(f"Not applied: {held.words} ({held.why})" + (f"\n{lines}" if lines else ""))
    out += [f"Not there: {item.what}. {item.how}" for item in change.missing]
    out += [f'I did not understand "{part}".' for part in change.not_understood if part not in change.reply]
    out += [f"Not done: {text}" if not text.endswith(".") else text for text in change.unmet]
    return out + ([change.reply] if change.reply else [])


def shall_go(doubtful: Sequence[str]) -> str:
    """Ask about what waits and would be replaced though nobody took it back."""
    return f"This would replace what still waits: {' '.join(doubtful)} Shall that go?"


def taken_back(version: Version) -> str:
    """Say which change the version takes back, in the words that asked for it."""
    undone = version.reason.removeprefix("undone: ")
    which = (
        f'"{shorten(undone, 100, placeholder=" …")}". The file is as it was before it'
        if undone != version.reason
        else version.reason
    )
    return f"Taken back: {which}. Saved as version {version.number}."


def listed(words: Sequence[str]) -> str:
    """Return the sentences of a change as a numbered list, from 1, as they are spoken of."""
    return "\n".join(f"{number}. {sentence}" for number, sentence in enumerate(words, 1))


def asks_what_changed(text: str) -> bool:
    """Say whether a message asks what was changed so far."""
    return _WHAT_CHANGED.fullmatch(" ".join(text.split()).strip(" .?!")) is not None


def history(kept: Sequence[Version], waiting: Sequence[str]) -> str:
    """Return the changes of a file, the oldest first, and what waits for a decision."""
    lines = [f"{version.number}. {_by(version)}{version.reason}" for version in kept[1:]][-_LISTED:]
    told = ["So far, by version:", *lines] if lines else ["Nothing was changed so far."]
    return "\n".join([*told, *(f"Still waiting for your decision: {sentence}" for sentence in waiting)])


def _by(version: Version) -> str:
    return "(outside of gptsmith) " if version.author == "outside" else ""
