"""Commands that the readers did not know, or read against all likelihood, settled by what they most likely ask for."""

from __future__ import annotations

from gptsmith.models.chat.embedded.edits_clauses import Clause
from gptsmith.models.chat.embedded.edits_plainly import do
from gptsmith.models.chat.embedded.edits_sense import senses
from gptsmith.models.chat.embedded.edits_subject import Found, Subject

LIKELY, SURE, TIMES = 0.12, 0.35, 4.0
"""How likely a kind is for a command that nobody read; for one that was read as something else, and how many times
likelier than that."""
IDLE, REFUSED = 0.3, 0.6
"""How likely words beside a command are no command themselves; how likely one is that nothing here can do."""
_SOFT = frozenset(("rule_add", "tone", "shorter", "longer", "language", "rule_change"))
_OPPOSED = (("shorter", "longer"), ("longer", "shorter"))


def settle(said: Clause, read_as: str, found: Found, around: str, subject: Subject) -> tuple[Found, str] | None:
    """Return what a command changes instead and its kind, `remark` where it is none; None where all is well."""
    odds = senses(said.said, subject)
    if found.unclear or (found.question and not found.changes):
        return _guessed(odds, said, around, subject)
    if not found.changes:
        return _unread(odds, said, around, subject)
    return _righted(odds, read_as, said, around, subject)


def _guessed(odds: dict[str, float], said: Clause, around: str, subject: Subject) -> tuple[Found, str] | None:
    for kind, likely in odds.items():
        if likely < LIKELY or (kind == "unclear" and likely > SURE):
            return None
        if kind == "remark" and likely > IDLE:
            return Found(), kind
        found = do(kind, said, around, subject)
        if found:
            return found, kind
    return None


def _unread(odds: dict[str, float], said: Clause, around: str, subject: Subject) -> tuple[Found, str] | None:
    """Settle what was only answered: `It has a tool for that already`."""
    for kind, likely in odds.items():
        if likely < SURE or kind == "unclear":
            return None
        found = do(kind, said, around, subject)
        if found:
            return found, kind
    return None


def _righted(
    odds: dict[str, float], read_as: str, said: Clause, around: str, subject: Subject
) -> tuple[Found, str] | None:
    own = odds.get(read_as, 1.0)
    for kind, likely in odds.items():
        if likely < SURE or likely < TIMES * own:
            return None
        if kind in _SOFT and read_as in _SOFT and (read_as, kind) not in _OPPOSED and kind != "rule_change":
            return None
        if kind == "unclear":
            return (Found(unclear=True), kind) if likely > REFUSED else None
        if kind != "remark" and (found := do(kind, said, around, subject)):
            return found, kind
    return None
