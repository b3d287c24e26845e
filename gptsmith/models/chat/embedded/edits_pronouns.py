"""What `them` and `it` mean in a command: the thing that the command before wants kept."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded import edits_instructions as told
from gptsmith.models.chat.embedded.edits_clauses import Clause
from gptsmith.models.chat.embedded.edits_subject import Found, Subject
from gptsmith.models.chat.embedded.edits_words import ANY_CASE

_KEPT = re.compile(
    r"^(?:keep|leave|i (?:like|love)) (?:the|its|those|these|all the) (?P<noun>[\w' -]{3,40}?)(?: (?:in|there|alone|as"
    r" (?:it is|they are|is)))?\W*$",
    ANY_CASE,
)
_OF_THEM = re.compile(r"^(?P<verb>make|keep|have|put|write|tell) (?:them|those|it)\b (?P<how>.+)$", ANY_CASE)


def read(clause: Clause, subject: Subject) -> Found | None:
    """Answer a wish that something stays which its instructions speak of; None for any other."""
    noun = kept(clause)
    if not noun or not told.about(subject.instructions, noun, least=0.9):
        return None
    return Found(reply=f"The {noun} stay as they are." if noun.endswith("s") else f"The {noun} stays as it is.")


def kept(clause: Clause) -> str:
    """Return what the command wants kept, empty when it wants something else."""
    found = _KEPT.match(clause.text)
    return found["noun"] if found and not clause.values else ""


def named(clause: Clause, before: Clause | None) -> str:
    """Return a command about `them` with the noun of the command before: `make the jokes about animals`; else empty."""
    of_them = _OF_THEM.match(clause.text)
    noun = kept(before) if before and of_them else ""
    return f"{of_them['verb']} the {noun} {of_them['how']}" if of_them and noun else ""
