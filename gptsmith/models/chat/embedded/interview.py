"""What the embedded builder asks about a new assistant, one thing at a time, and what an answer changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gptsmith.models.chat.embedded import edits_instructions as told
from gptsmith.models.chat.embedded import edits_manner
from gptsmith.models.chat.embedded.compose_words import PEOPLE, is_verb, moods
from gptsmith.models.chat.embedded.edits_clauses import clause
from gptsmith.models.chat.embedded.edits_rules import told_rule
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, retell, sentence

ENOUGH = 4
"""Points that are known, or were asked about, when no more is asked."""

_LEFT_TO_US = re.compile(
    r"(?:(?:no|nope|nothing|none|not really|no idea|skip|pass|whatever|any(?:thing|one|body)?|either|both|neither|dunno"
    r"|(?:i )?don['’]?t (?:know|mind|care)|(?:it )?doesn['’]?t matter|no preference|(?:you|your) (?:decide|choose|pick"
    r"|choice|call)|(?:it['’]?s )?up to you|as you (?:like|wish)|not (?:that i know|sure)|next|fine as it is)"
    r"(?: of)?(?: (?:please|thanks|thank you|really|is fine))?[\s,.!]*)+",
    re.IGNORECASE,
)
_LONGEST = 30  # words of an answer that is put into one sentence


def _audience(answer: str, _subject: Subject) -> str:
    who = re.sub(
        r"^(?:it['’]?s |it is )?(?:(?:mostly|mainly|just|only|probably) )?(?:for |by )?", "", answer, flags=re.I
    )
    first = re.match(r"[\w'’-]+", who.lower())
    verb = bool(first) and is_verb(first.group(), certain=True) if first else True
    return "" if verb else f"You talk mainly with {_lower(who)}"


def _never(answer: str, _subject: Subject) -> str:
    what = re.sub(
        r"^(?:yes|yeah|yep|sure)?[\s,:]*(?:it (?:should|must) )?(?:never |not |don['’]?t "
        r"|nothing about )?",
        "",
        answer,
        flags=re.I,
    )
    first = (re.match(r"[\w'’-]+", what.lower()) or re.match("", "")).group()  # type: ignore[union-attr]
    if not first:
        return ""
    if first.endswith("ing") and len(what.split()) > 1:
        return f"Avoid {_lower(what)}"
    return f"Never {_lower(what)}" if is_verb(first) else f"Never talk about {_lower(what)}"


def _first(answer: str, _subject: Subject) -> str:
    what = re.sub(r"^(?:(?:it|to|should|must|first|please|just|then)[\s,]+)+", "", answer, flags=re.I)
    first = re.match(r"[\w'’-]+", what.lower())
    if first is None:
        return ""
    return f"First of all {_lower(what)}" if is_verb(first.group()) else f"Begin with {_lower(what)}"


def _asking(answer: str, _subject: Subject) -> str:
    if re.search(r"\b(?:guess\w*|assum\w+|go ahead|carry on|just answer|don['’]?t ask|not ask)\b", answer, re.I):
        return "When something important is missing, go ahead with a sensible guess, and say what you assumed"
    asks = re.search(r"\bask\w*\b", answer, re.I)
    return "When something important is missing, ask for it before you go on" if asks else ""


def _tone(answer: str, _subject: Subject) -> str:
    if re.search(r"\bfriends?\b|\bmates?\b|\bfirst\b", answer, re.I) and "desk" not in answer.lower():
        return "Speak as a friend would"
    if re.search(r"\b(?:desk|office|second|professional|formal)\b", answer, re.I):
        return "Speak politely and to the point, as somebody at a desk would"
    how = re.sub(r"^(?:it should |make it |more |be |sound |like |rather )+", "", answer, flags=re.I)
    like = re.match(r"(?:an?|the|my|our) ", how, re.I)
    return f"Sound like {_lower(how)}" if like else f"Sound {_lower(how)}" if len(how.split()) <= 6 else ""


def _lower(words: str) -> str:
    words = words.strip()
    return words if re.match(r"[A-Z]{2}|I\b", words) else words[:1].lower() + words[1:]


@dataclass(frozen=True)
class _Topic:
    question: str
    known: Callable[[str], bool]
    telling: Callable[[str, Subject], str]


def _says(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda text: bool(compiled.search(text))


_TOPICS = (
    _Topic(
        "Who will mostly turn to it?",
        _says(rf"\b(?:for|to|with|helps?|teach\w*|guides?|shows?|tells?|lets?|where) (?:[\w'’-]+ ){{0,3}}?"
              rf"(?:{'|'.join(sorted(PEOPLE))})\b|\bmy \w+"
              rf"|\b(?:{'|'.join(sorted(PEOPLE))}) (?:\w+ )?(?:ask|write|send|want|need|come|call|book|upload|bring)\b"
              r"|\b(?!this |is |as |has |was )\w+s\b[^.;:!?]{0,30},? who (?!\w+s\b)"),
        _audience,
    ),
    _Topic(
        "Is there anything that it must never say or do?",
        _says(r"\b(?:never|not|no|avoid\w*|without|only|forbidden)\b|n['’]t\b"),
        _never,
    ),
    _Topic(
        "If somebody leaves something important out, should it ask, or go ahead with a sensible guess?",
        _says(r"\b(?:asks?|asking|guess\w*|clarif\w+|quer(?:y|ies))\b"),
        _asking,
    ),
    _Topic(
        "When somebody turns to it, what should it do before anything else?",
        _says(r"\b(?:first|starts?|begins?|steps?|before|then|after)\b"),
        _first,
    ),
    _Topic(
        "Should it sound more like a friend, or more like somebody at an office desk?",
        lambda text: bool(moods(text)) or bool(re.search(r"\b(?:tone|style|voice|sounds?|speaks?)\b", text, re.I)),
        _tone,
    ),
)  # fmt: skip


def next_question(said: Sequence[str], asked: Sequence[str] = ()) -> str:
    """Return what to ask next; empty when enough is known.

    `said` are the person's words from the description on, `asked` the builder's lines.
    """
    description = "\n".join(said)
    before = "\n".join(asked)
    open_ones = [t for t in _TOPICS if t.question not in before and not t.known(description)]
    return open_ones[0].question if open_ones and len(_TOPICS) - len(open_ones) < ENOUGH else ""


def open_question(conversation: Sequence[str]) -> str:
    """Return the question of ours that the last line of the conversation asks; empty when it asks another or none."""
    last = conversation[-1] if conversation else ""
    return next((t.question for t in _TOPICS if last.startswith("builder: ") and last.endswith(t.question)), "")


def leaves_it(message: str) -> bool:
    """Say whether an answer leaves the matter to the builder."""
    return bool(_LEFT_TO_US.fullmatch(message.strip()))


def read_answer(question: str, message: str, subject: Subject) -> Found | None:
    """Return the change that an answer to one of our questions asks for; None when it is not understood as one."""
    topic = next((t for t in _TOPICS if t.question == question), None)
    answer = " ".join(message.split()).strip(" .!")
    if topic is None or not answer or answer.endswith("?") or len(answer.split()) > _LONGEST:
        return None
    if topic.telling is _tone and (manner := edits_manner.read(clause(f"make it sound {answer}"), subject)):
        return None if manner.unclear else manner
    rule = topic.telling(answer, subject)
    if not rule:
        return None
    if topic.telling is _asking and (there := _on_asking(subject)):
        start, end = there
        if not rule.endswith("assumed"):
            return Found(reply="It asks back already.")
        old, new = told.exchange(subject.instructions, start, end, sentence(rule))
        return Found([retell(old, new, f"Tell it: “{sentence(rule)}”")])
    return told_rule(subject, rule)


def _on_asking(subject: Subject) -> tuple[int, int] | None:
    """Return where the instructions say when to ask back."""
    found = [s for s in told.statements(subject.instructions) if re.match(r"(?i)(?:when|ask for)\b.*\bask\b", s.text)]
    return (found[0].start, found[0].end) if len(found) == 1 else None
