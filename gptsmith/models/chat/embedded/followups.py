"""Questions that lean on the turn before: "and its height?", "why?", "tell me more"."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded.conversation import Conversation
from gptsmith.models.chat.embedded.words import content_stems, tokens

_LEANS = re.compile(
    r"^(?:and|but|so|also|what about|how about|why|when|where|who|how|really|which one|more|tell me more|go on"
    r"|continue|explain|elaborate|say more|give me more|what else|anything else|else)\b"
    r"|\b(?:it|its|it's|they|them|their|he|him|his|she|her|that|this|those|these|there|one|ones|then)\b",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"^(?:(?:please |can you |could you |and )*(?:tell me |say |give me |know )?(?:some )?(?:more"
    r"|further)(?: about (?:it|that|this))?|go on|continue|elaborate|anything else|what else)(?: please)?[?.! ]*$",
    re.IGNORECASE,
)
_CITED = re.compile(r"\s*\[\d+\]")


def question_of(talk: Conversation) -> str:
    """Return what is asked, with the earlier question in front when the words lean on it."""
    words = talk.words
    if not talk.earlier or not leans(words):
        return words
    before = next((t.words for t in reversed(talk.earlier) if content_stems(t.words)), "")
    return f"{before} {words}".strip() if before else words


def leans(words: str) -> bool:
    """Tell whether the words cannot be understood alone."""
    few = len(content_stems(words)) <= 3 and len(tokens(words)) <= 9
    return (few and bool(_LEANS.search(words))) or wants_more(words)


def wants_more(words: str) -> bool:
    """Tell whether the words only ask to go on."""
    return bool(_MORE.match(words.strip()))


def said_before(talk: Conversation) -> str:
    """Return our last reply without its marks, so that "tell me more" does not repeat it."""
    return _CITED.sub("", talk.earlier[-1].reply) if talk.earlier else ""
