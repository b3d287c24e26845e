"""An answer to a question of the builder's: what it rules out stays ruled out, and its own words are kept."""

from __future__ import annotations

import re

from gptsmith.agent.builder.edits.order import Op
from gptsmith.assistants.description import sentences
from gptsmith.assistants.operations import ReplaceText
from gptsmith.assistants.verbs import VERBS

_NEGATIVE = re.compile(
    r"\b(?:never|not|no|nothing|avoid|without|refuse|don['’]?t|nie|niemals|nicht|kein\w*|jamais|pas|nunca|jamás|não|mai"
    r"|non|nooit|niet|geen)\b|n['’]t\b",
    re.IGNORECASE,
)
_ASKS_FOR_BAN = re.compile(
    r"\b(?:any ?thing|what|which|topics?|things?|are there|is there|was|etwas|quoi|qu['’]est|qué|algo|cosa)\b[^?]*"
    r"\b(?:never|must(?: not|n['’]t)|should(?: not|n['’]t)|may not|avoid|off[- ]limits|forbidden"
    r"|not (?:say|do|talk|mention|allowed)"
    r"|refuse|stay away|taboo|nie|niemals|nicht|vermeiden|jamais|éviter|nunca|evitar|mai|evitare)\b[^?]*\?",
    re.IGNORECASE,
)
_YES_NO = re.compile(
    r"\b(?:should|shall|does|may|can|could|will|would) (?:it|they|he|she) (?P<what>[^?]+)\?", re.IGNORECASE
)
_SAYS_NO = re.compile(r"^\W*(?:no|nope|never|nein|non|não|nee|nie|jamais|nunca|mai)\b", re.IGNORECASE)
_SAYS_YES = re.compile(r"^\W*(?:yes|yep|yeah|sure|of course|ja|oui|sí|si|sim)\b", re.IGNORECASE)
_PUTS_OFF = re.compile(r"^\W*(?:no|nope|nothing|none|skip|pass|whatever|you decide|not really)\W*$", re.IGNORECASE)
_LEAD = re.compile(
    r"^\W*(?:yes|yeah|yep|sure|well|ok)?[\s,:]*(?:(?:it|they) (?:should|must|shall|may|can|could|will)?\s*)?",
    re.IGNORECASE,
)
_SMALL = frozenset(
    [
        "the",
        "and",
        "for",
        "with",
        "that",
        "this",
        "its",
        "their",
        "your",
        "from",
        "about",
        "into",
        "them",
        "they",
        "when",
        "what",
        "some",
        "any",
    ]
)


def kept(op: Op, question: str, answer: str) -> Op:
    """Return `op` with a "never" where the question asked for what must never be and the answer was taken as a wish.

    To "is there anything it must never do?", "give away the answer" is "Never give away the answer."
    """
    if not isinstance(op, ReplaceText) or not _is_ban(question, answer):
        return op
    new = op.new
    for sentence in _new_sentences(op):
        if not _NEGATIVE.search(sentence) and _stems(sentence) & _stems(answer):
            new = new.replace(sentence, _banned(sentence, answer))
    return op.model_copy(update={"new": new})


def why_turned_round(op: Op, question: str, answer: str) -> str:
    """Say why an operation says the opposite of an answer of yes or no; "" when it does not."""
    asked = _YES_NO.search(question)
    if not isinstance(op, ReplaceText) or asked is None or re.search(r"\bor\b", asked["what"]):
        return ""
    says_no, says_yes = bool(_SAYS_NO.match(answer)), bool(_SAYS_YES.match(answer))
    if not (says_no or says_yes) or len(answer.split()) > 4 or _NEGATIVE.search(asked["what"]):
        return ""
    about = _stems(asked["what"])
    for sentence in _new_sentences(op):
        told = _stems(sentence)
        if told and len(told & about) * 5 >= len(told) * 3 and bool(_NEGATIVE.search(sentence)) == says_yes:
            return (
                f'the person answered {"no" if says_no else "yes"} to "{question}", and "{sentence}" says the opposite'
            )
    return ""


def _is_ban(question: str, answer: str) -> bool:
    asks = bool(_ASKS_FOR_BAN.search(question))
    return asks and not _NEGATIVE.search(answer) and not _PUTS_OFF.match(answer) and not answer.rstrip().endswith("?")


def _banned(sentence: str, answer: str) -> str:
    bare = sentence.strip(" .!")
    if _is_order(bare):
        return f"Never {bare[:1].lower()}{bare[1:]}."
    what = _LEAD.sub("", " ".join(answer.split()), count=1).strip(" .!")
    what = what if re.match(r"[A-Z]{2}|I\b", what) else what[:1].lower() + what[1:]
    if _is_order(what):
        return f"Never {what}."
    first = what.split()[0] if what else ""
    return f"Avoid {what}." if first.endswith("ing") and " " in what else f"Never talk about {what}."


def _is_order(text: str) -> bool:
    return bool(text) and text.split()[0].casefold() in VERBS


def _new_sentences(op: ReplaceText) -> list[str]:
    """Return the sentences that an operation puts in, without the marks of a list."""
    lines = [re.sub(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+", "", line) for line in op.new.splitlines()]
    return [one for line in lines for one in sentences(line) if one and one not in op.old]


def _stems(text: str) -> set[str]:
    return {word[:5] for word in re.findall(r"[^\W\d_]{3,}", text.casefold()) if word not in _SMALL}
