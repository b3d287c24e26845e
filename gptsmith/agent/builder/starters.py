"""The starters of a draft: those that ask for something; one that only repeats the assistant's name asks nothing."""

# ruff: noqa: SIM905 -- word lists read better as running text
from __future__ import annotations

import re

from gptsmith.agent.builder.known_tests import question
from gptsmith.assistants.draft import Draft

ENOUGH = 3
_EMPTY = frozenset(
    """
    a an the to of in on for with about and or me my i you your we us it its this that here there is are am be
    do does did can could would should will please hello hi help tell give show ask start begin new first
    where what how which who when know need needed details example short some something anything question
    questions topic more make get going let try use using work works want like explain learn basics one idea
    exercise plan say change then
    """.split()
)


def telling(draft: Draft, topics: dict[str, list[str]], called: str = "") -> list[str]:
    """Return the starters without those whose every word stands in the name, or in the model's own (`called`).

    `topics` are headings by file name: a question on one takes the place of a starter that would fit any assistant.
    """
    name = {_stem(word) for word in _words(f"{draft.name} {called}")}
    asked = [" ".join(text.split()) for text in draft.conversation_starters]
    about = {text: {_stem(word) for word in _words(text)} - _EMPTY for text in asked}
    own = [text for text in asked if about[text] and not about[text] <= name]
    general = [text for text in asked if not about[text]]
    if not topics:
        return [text for text in asked if text in own or text in general]
    held = [question(file, line) for file, lines in topics.items() for line in lines[:2]]
    return own if len(own) >= ENOUGH else [*own, *held[: 4 - len(own)]]


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)?", text.casefold())


def _stem(word: str) -> str:
    return word.removesuffix("'s").removesuffix("’s").removesuffix("s") if len(word) > 3 else word
