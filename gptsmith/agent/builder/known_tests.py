"""The tests that can always be made of a draft, each of one part: the name, a source, a tool, a rule."""

from __future__ import annotations

import re

from gptsmith.assistants.draft import Draft, DraftTest
from gptsmith.assistants.rule_tests import rule_test

CALLS = {
    "image_generation": "Draw a small red boat on a calm lake.",
    "image_captioning": "Describe the picture that I sent.",
    "image_recognition": "Which kind of thing does my picture show?",
}
_WHO = {  # how one asks for a name, in two ways
    "en": ("What is your name?", "Introduce yourself, please."),
    "de": ("Wie heißt du?", "Stell dich bitte vor."),
    "es": ("¿Cómo te llamas?", "Preséntate, por favor."),
    "fr": ("Comment t'appelles-tu ?", "Présente-toi, s'il te plaît."),
    "it": ("Come ti chiami?", "Presentati, per favore."),
    "pt": ("Como te chamas?", "Apresenta-te, por favor."),
    "nl": ("Hoe heet je?", "Stel je even voor."),
}
_ONE = re.compile(r"(?:ss|us|is|news|series|[^s])$", re.IGNORECASE)


def tests(draft: Draft, language: str = "en", topics: dict[str, list[str]] | None = None) -> list[DraftTest]:
    """Return two to five tests; the first is about the name, the others about sources, tools and visible rules.

    `topics` are headings by file name: with them a source is asked for something that it holds.
    """
    found = names(draft, language)[:1]
    for source in draft.knowledge[:2]:
        cited = (source.paths or source.urls)[0]
        title = cited.split("/")[-1]
        if source.paths and not title:  # a folder is not cited, a file in it is
            title = next((name for name in topics or {} if name not in source.paths), "")
            if not title:
                continue
        held = (topics or {}).get(title, [])
        topic = re.sub(r"[_\-.]+", " ", title.rsplit(".", 1)[0]) if source.paths else "the page"
        found.append(
            DraftTest(
                name=f"uses {source.name}",
                tests="source",
                message=question(title, held[0]) if held else f"What does {topic} say?",
                cites=[title if source.paths else cited],
            )
        )
    for tool in draft.tools[:2]:
        message = CALLS.get(tool.type, f"Use {tool.name} for me.")
        found.append(DraftTest(name=f"calls {tool.name}", tests="tool", message=message, calls=[tool.name]))
    rule = rule_test(draft.emphasis)
    if rule:
        found.append(rule)
    if len(found) < 2:
        found += names(draft, language)[1:]
    return found[:5]


_NAME = re.compile(
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december|(?:mon|tues|wednes|thurs"
    r"|fri|satur|sun)day|easter|christmas)\b",
    re.IGNORECASE,
)


def question(file: str, heading: str) -> str:
    """Return a question that the file named `file` answers under `heading`."""
    title = re.sub(r"[_\-.]+", " ", file.rsplit(".", 1)[0]).strip()
    named = heading[1:] != heading[1:].lower() or _NAME.match(heading) is not None
    shown = heading if named else heading[:1].lower() + heading[1:]
    does = "does" if _ONE.search(title) else "do"
    return f"What {does} the {title} say about {shown}?"


def names(draft: Draft, language: str = "en") -> list[DraftTest]:
    """Return two tests on the name, asked in two ways: what is always there to be tested."""
    who, introduce = _WHO.get(language, _WHO["en"])
    asked = DraftTest(name="says its name", tests="name", message=who, contains=[draft.name])
    met = DraftTest(name="introduces itself", tests="name", message=introduce, contains=[draft.name])
    return [asked, met]
