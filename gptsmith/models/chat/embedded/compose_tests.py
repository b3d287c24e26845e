"""Tests for a draft, each aimed at one part: the name, a source, a tool, a rule."""

from __future__ import annotations

import re

from gptsmith.assistants.draft import Draft, DraftTest
from gptsmith.models.chat.embedded.compose_tongues import TONGUES

_CALL = {
    "image_generation": "Draw a small red boat on a calm lake.",
    "image_captioning": "Describe the picture that I sent.",
    "image_recognition": "Which kind of thing does my picture show?",
}
# A rule whose keeping shows in the words of the answer, and a message that would break it where it is not there.
_LANGUAGES = {
    "german": r"\b(der|die|das|und|ist|nicht|ich|ein|eine)\b", "spanish": r"\b(el|la|los|una|que|para|con|es)\b",
    "french": r"\b(le|les|une|est|dans|pour|vous|avec)\b", "italian": r"\b(il|che|una|per|con|sono|della)\b",
    "portuguese": r"\b(uma|para|com|que|não|você|os)\b", "dutch": r"\b(het|een|niet|voor|met|zijn)\b",
    "czech": r"[ěščřžýáíéů]", "turkish": r"[ığşçöü]",
}  # fmt: skip


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
        message = _CALL.get(tool.type, f"Use {tool.name} for me.")
        found.append(DraftTest(name=f"calls {tool.name}", tests="tool", message=message, calls=[tool.name]))
    rule = rule_test(draft.emphasis)
    if rule:
        found.append(rule)
    if len(found) < 2:
        found += names(draft, language)[1:]
    return found[:5]


def question(file: str, heading: str) -> str:
    """Return a question that the file named `file` answers under `heading`."""
    title = re.sub(r"[_\-.]+", " ", file.rsplit(".", 1)[0]).strip()
    shown = heading if heading[1:] != heading[1:].lower() else heading[:1].lower() + heading[1:]
    return f"What does the {title} say about {shown}?"


def names(draft: Draft, language: str = "en") -> list[DraftTest]:
    """Return two tests on the name, asked in two ways: what is always there to be tested."""
    tongue = TONGUES.get(language, TONGUES["en"])
    asked = DraftTest(name="says its name", tests="name", message=tongue.who, contains=[draft.name])
    met = DraftTest(name="introduces itself", tests="name", message=tongue.introduce, contains=[draft.name])
    return [asked, met]


def rule_test(rules: list[str]) -> DraftTest | None:
    """Return a test for the first rule whose keeping can be seen in the answer; None when there is none."""
    for rule in rules:
        low = rule.lower()
        spoken = re.search(rf"\b(?:in|into|speaks?|communicates?) (?:\w+ )?({'|'.join(_LANGUAGES)})\b", low)
        if spoken and not re.search(r"\bboth\b", low):
            return DraftTest(
                name=f"answers in {spoken[1].title()}",
                tests="rule",
                part=rule,
                message="Hello, who is this?",
                matches=f"(?i){_LANGUAGES[spoken[1]]}",
            )
        if "code block" in low:
            return DraftTest(name="answers in a code block", tests="rule", part=rule, message="pwd", matches=r"```")
        if re.search(r"\b(?:ends?|finish\w*|close)\b.*\bwith a question\b", low):
            return DraftTest(
                name="ends with a question",
                tests="rule",
                part=rule,
                message="Tell me something new.",
                matches=r"\?\W*$",
            )
        if re.search(r"\b(?:starts?|begins?|opens?)\b.*\bwith [\"“'](?P<w>[^\"”']+)", low):
            word = re.search(r"with [\"“']([^\"”']+)", rule, re.IGNORECASE)
            if word:
                return DraftTest(
                    name="keeps the opening", tests="rule", part=rule, message="Let us begin.", contains=[word[1]]
                )
    return None
