"""What the embedded builder asks about a new assistant, one thing at a time, and what an answer changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gptsmith.agent.builder.composing import statements as told
from gptsmith.agent.builder.composing.rules import added, exchanged
from gptsmith.agent.builder.composing.subject import CommandSubject, FoundChange, sentence
from gptsmith.agent.builder.language.mentions import VERBS
from gptsmith.models.chat.embedded.tasks.designing import rule_of_answer
from gptsmith.models.chat.embedded.words import content_stems
from gptsmith.models.chat.local.writer import Writer

ENOUGH = 4
"""Points that are known, or were asked about, when no more is asked."""
LONGEST = 60
"""Words of an answer that is made a rule."""

_LEFT_TO_US = re.compile(
    r"(?:(?:no(?:pe)?|nothing(?: in particular| special)?|none|not really|no idea|skip|pass|whatever|anything"
    r"|any(?:one|body)?|either|both|neither|dunno|i (?:really )?(?:don['’]?t|do not) (?:think so|know|mind|care)"
    r"|(?:i )?don['’]?t (?:know|mind|care)|(?:i )?can['’]?t think of any(?:thing)?"
    r"|nothing (?:that )?(?:i|we|comes) (?:can think of|to mind)"
    r"|(?:it )?doesn['’]?t matter|no preference|(?:you|your) (?:decide|choose|pick|choice|call)"
    r"|(?:it['’]?s )?up to you|as you (?:like|wish)|not (?:that i know|sure|that i can think)|next|fine as it is"
    r"|nein|nichts|egal|weiß nicht|nada|rien|non)(?: of)?(?: (?:please|thanks|thank you|really|is fine))?[\s,.!]*)+",
    re.IGNORECASE,
)
_EDITORS = re.compile(
    r"(?:Which (?:starter|test|tool|source|provider|of these)"
    r"|What should (?:it be (?:called|told)|change|be|the [^?]*, word for word)|How should “|Shall it"
    r"|The .* lies between|What must the answer|What does the person write|Do you mean)"
)
_AVOIDS = re.compile(r"^(?:never|do not|don['’]?t|avoid|no)\b", re.IGNORECASE)
_BUT = re.compile(
    r"^(?P<left>[^,;.:]{2,40})[,;.:–-]*\s+(?:but|though|just|only that|except that)\s+(?P<rest>\w.*)$", re.IGNORECASE
)
_CASE = re.compile(r"\b(?P<when>when|if|wenn|falls|cuando|quand|quando)\s+(?P<case>[^?,]+)\?$", re.IGNORECASE)
_YES_OR_NO = re.compile(r"(?:yes|no|yeah|nope|ja|nein|doch|sí|si|oui|non)\b", re.IGNORECASE)
_SAID_FIRST = re.compile(r"^(?:(?:yes|yeah|yep|sure|well|hm+)\b[\s,:]*)?(?:it (?:should|must) )?", re.IGNORECASE)


@dataclass(frozen=True)
class _Topic:
    question: str
    known: Callable[[str], bool]
    label: str  # what stands before an answer that nobody rewords
    when: str = ""  # what a rule says of this; one that does not is no rule of it


def _says(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda text: bool(compiled.search(text))


_PEOPLE = (
    "me|us|you|people|persons?|parents?|mother|father|mum|mom|dad|grand(?:mother|father|ma)|famil(?:y|ies)|kids|child"
    "|children|pupils|students?|visitors?|customers?|clients?|guests?|users?|beginners|adults|teenagers|colleagues?"
    "|members?|volunteers?|employees?|teams?|staff|researchers|developers|readers|patients|players|learners|speakers"
    "|twins|friends?|someone|(?:every|any)(?:body|one)|somebody|compan(?:y|ies)|businesses|teachers|neighbours"
    "|tourists|travellers"
)
_MOODS = (
    "calm|patient|strict|friendly|playful|gentle|silly|warm|kind|formal|polite|precise|concise|brief|humou?r\\w*|funny"
    "|witty|encouraging|empath\\w+|professional|honest|direct|serious|cheerful|supportive|inspiring|enthusiastic"
    "|respectful|neutral|sarcastic|poetic|dramatic|motivat\\w+|constructive|simple|factual|curious"
)
_TOPICS = (
    _Topic(
        "Who will mostly turn to it?",
        _says(rf"\b(?:for|to|with|helps?|teach\w*|guides?|shows?|tells?|lets?|where) (?:[\w'’-]+ ){{0,3}}?"
              rf"(?:{_PEOPLE})\b|\bmy \w+"
              rf"|\b(?:{_PEOPLE}) (?:\w+ )?(?:ask|write|send|want|need|come|call|book|upload|bring)\b"
              r"|\b(?!this |is |as |has |was )\w+s\b[^.;:!?]{0,30},? who (?!\w+s\b)"),
        "Who turns to it",
    ),
    _Topic(
        "Is there anything that it must never say or do?",
        _says(r"\b(?:never|not|no|avoid\w*|without|only|forbidden)\b|n['’]t\b"),
        "Never",
    ),
    _Topic(
        "If somebody leaves something important out, should it ask, or go ahead with a sensible guess?",
        _says(r"\b(?:asks?|asking|guess\w*|clarif\w+|quer(?:y|ies))\b"),
        "When something important is missing",
        r"\b(?:missing|miss(?:es)?|unclear|left out|leaves?|lacks?|lacking|without|not (?:given|said|clear)|if|when)\b",
    ),
    _Topic(
        "When somebody turns to it, what should it do before anything else?",
        _says(r"\b(?:first|starts?|begins?|steps?|before|then|after)\b"),
        "Before anything else",
        r"\b(?:first|before|begins?|starts?|at once|straight|opens?)\b",
    ),
    _Topic(
        "Should it sound more like a friend, or more like somebody at an office desk?",
        _says(rf"\b(?:{_MOODS}|tone|style|voice|sounds?|speaks?)\b"),
        "How it sounds",
        r"\b(?:sounds?|speaks?|talks?|tone|voice|write|be)\b",
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
    """Return the question about a new assistant that the last line of the conversation asks; empty without one.

    Besides those above it is the one that came with the draft: the builder's only line so far.
    """
    last = conversation[-1] if conversation else ""
    if not last.startswith("builder: "):
        return ""
    ours = next((t.question for t in _TOPICS if last.endswith(t.question)), "")
    alone = sum(line.startswith("builder: ") for line in conversation) == 1
    ending = re.search(r"[^.!?:\n]+\?$", last.removeprefix("builder: ").strip())
    return ours or (ending.group().strip() if alone and ending and not _EDITORS.match(ending.group().strip()) else "")


def leaves_it(message: str) -> bool:
    """Tell whether an answer leaves the matter to the builder."""
    return bool(_LEFT_TO_US.fullmatch(message.strip()))


def read_answer(question: str, message: str, subject: CommandSubject, writer: Writer | None) -> FoundChange | None:
    """Return the change that an answer to a question of the interview asks for; None when it is not taken for one."""
    answer = " ".join(message.split()).strip(" .!")
    if not answer or answer.endswith("?") or len(answer.split()) > LONGEST:
        return None
    topic = next((t for t in _TOPICS if t.question == question), None)
    if (but := _BUT.match(answer)) and leaves_it(but["left"]):  # the question is answered, and something else is said
        said = _SAID_FIRST.sub("", but["rest"])
        other = _in_own_words(None, said) or (said if said != but["rest"] else "")
        return added(subject, other) if other else None
    words = rule_of_answer(writer, question, answer) if writer is not None else ""
    if topic is not None and not re.search(topic.when, words, re.IGNORECASE):
        words = ""
    words = _conditioned(words, question) if words and topic is None else words
    words = words or _in_own_words(topic, answer, question)
    if not words:
        return None
    if topic is _TOPICS[2] and (there := _on_asking(subject)):
        return exchanged(subject, there, sentence(words))
    return added(subject, words)


def _conditioned(rule: str, question: str) -> str:
    """Return a rule with the case that the question is about: `What should it do when somebody is rude?`"""
    case = _CASE.search(question)
    if case is None:
        return rule
    asked = set(content_stems(case["case"]))
    if 2 * len(asked & set(content_stems(rule))) >= len(asked) or not asked:
        return rule
    return f"{case['when'].capitalize()} {case['case']}: {rule[:1].lower()}{rule[1:]}"


def _in_own_words(topic: _Topic | None, answer: str, question: str = "") -> str:
    """Return an answer as a rule without a word changed: behind what was asked, or behind `Never`.

    A yes or no to a `question` of the model's own stands behind that question.
    """
    said = _SAID_FIRST.sub("", answer)
    if _AVOIDS.match(said) or re.match(r"(?:always|only)\b", said, re.IGNORECASE):
        return said
    if topic is None:
        return f"{question} {answer[:1].upper()}{answer[1:]}" if question and _YES_OR_NO.match(answer) else ""
    low = said if re.match(r"[A-Z]{2}|I\b", said) else said[:1].lower() + said[1:]
    if topic.label != "Never":
        return f"{topic.label}: {low}"
    first = low.split()[0] if low else ""
    if first.endswith("ing"):
        return f"Avoid {low}"
    return f"Never {low}" if first in VERBS and len(low.split()) > 1 else f"Never talk about {low}"


def _on_asking(subject: CommandSubject) -> told.Statement | None:
    """Return the one statement of the instructions that says when to ask back."""
    found = [s for s in told.statements(subject.instructions) if re.match(r"(?i)(?:when|ask for)\b.*\bask\b", s.text)]
    return found[0] if len(found) == 1 else None
