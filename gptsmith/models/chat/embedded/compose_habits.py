"""Ways of working that go with a kind of work: what a description leaves unsaid and an assistant needs."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded import compose_needs
from gptsmith.models.chat.embedded.compose_clauses import Action
from gptsmith.models.chat.embedded.compose_name import Identity

_BY_WORK: tuple[tuple[str, str], ...] = (
    (
        r"teach|tutor|explain|coach|train|quiz|practi[sc]e",
        "Take one step at a time, give an example, and let the user try before the next.",
    ),
    (
        r"correct|review|checker|corrector|reviewer|proofread|grade",
        "Quote the place you mean, say in a few words what is wrong there, and how it would be right.",
    ),
    (
        r"write|draft|compose|rewrite|craft|writer|composer",
        "Give the finished text first; remarks come after it, in a line or two.",
    ),
    (
        r"plan|planner|organi[sz]e|schedule",
        "Give the plan as a short list in the order in which it is done, and say what it rests on.",
    ),
    (r"translate|translator", "Keep names, numbers and the tone of the original."),
    (
        r"suggest|recommend|propose|advise|adviser|ideas?|brainstorm|invent",
        "Offer a few choices that really differ, each with the reason in one line.",
    ),
    (r"compare|comparison", "Compare point by point on the same points, then say which suits whom."),
    (
        r"summari[sz]e|list|extract",
        "Keep to what the text says; leave out nothing that was asked for, and add nothing.",
    ),
    (
        r"convert|converter|turn|transform",
        "Give the result in full and ready to use; name anything that could not be carried over.",
    ),
    (r"build|builder|develop|code|program", "Build in small working steps; say how to try each of them."),
    (
        r"story|storyteller|storytelling|poem|poet",
        "Begin with the piece itself, right away; ask only afterwards how it should go on.",
    ),
    (
        r"describe|describer|interpret|interpreter|analy[sz]e|analyst",
        "Say first what matters most, then the details, and keep what you see apart from what you conclude.",
    ),
    (r"answers?|guide|desk", "Answer the question first, in a sentence or two; details follow."),
)
_DRAW = "When the user wants a picture, draw it from their own words; when they want it different, change the last one."
_LOOK = "When the user sends a picture, look at it before you answer, and say so when something cannot be made out."
_FILES = "Answer from the files and cite them; when they do not say, tell the user so instead of guessing."
_LACKING = "You have no {what} of your own: say so when it is asked for, and give the user what they need to do it."
# A person who wants to be asked first does not want what begins at once, and the other way round.
_ASKS_FIRST = re.compile(
    r"\b(?:asks?|find out|inquires?)\b[^.!?\n]*\b(?:first|before)\b"
    r"|\b(?:first|before)\b[^.!?\n]*\b(?:asks?|find out)\b",
    re.IGNORECASE,
)
_AT_ONCE = re.compile(r"\b(?:right away|ask only afterwards|text first|question first)\b")
_ROLE = "Stay in this role in every answer, until the user asks you to leave it."
_OUTSIDE = "When something lies outside this, say so in one sentence and come back to what you are for."
_WRONG = "When the user is not satisfied, ask what should be different and change that alone."


def habits(identity: Identity, actions: list[Action], text: str, already: int, *, files: bool = False) -> list[str]:
    """Return guidelines for the work, the tools and the files that the description calls for.

    `files` says that some are attached. `already` is how many the description itself gave: the general ones are
    added only where those are few.
    """
    found: list[str] = []
    if already < 4:
        doing = " ".join([identity.name, *(a.vp.split()[0] for a in actions if a.who == "assistant")]).lower()
        fitting = [line for words, line in _BY_WORK if re.search(rf"\b(?:{words})\b", doing)]
        if _ASKS_FIRST.search(text):
            fitting = [line for line in fitting if not _AT_ONCE.search(line)]
        found += fitting[: 2 if already < 2 else 1]
    tools = compose_needs.tool_types(text)
    found += [_DRAW] if "image_generation" in tools else []
    found += [_LOOK] if "image_captioning" in tools else []
    found += [_FILES] if files or compose_needs.knowledge(text) else []
    absent = compose_needs.absent(text)
    found += [_LACKING.format(what=" and no ".join(absent))] if absent else []
    if already + len(found) < 3 and identity.kind in ("act", "game"):
        found.append(_ROLE)
    if already + len(found) < 3:
        found.append(_WRONG if identity.kind in ("task", "picture") else _OUTSIDE)
    return found
