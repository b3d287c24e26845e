"""Questions that lean on the turn before: "and its height?", "why?", "what about the other one?", "tell me more"."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded.conversation import Conversation
from gptsmith.models.chat.embedded.words import content_stems, tokens

_LEANS = re.compile(
    r"^(?:and|but|so|also|what about|how about|why|when|where|who|how|really|which one|more|go on|continue|explain"
    r"|elaborate|say more|give me more|what else|anything else|else|und|aber|oder|warum|wieso|was ist mit|wie ist es"
    r"|y|pero|et|mais|pourquoi)\b|^\W*por qué\b"
    r"|\b(?:it|its|it's|they|them|their|theirs|he|him|his|she|her|hers|that|this|those|these|there|one|ones|then)\b",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"^(?:(?:please|can you|could you|and|ok(?:ay)?|yes|sure)[,!.]* )*(?:(?:tell|give|show) me |say "
    r"|know )?(?:some |a bit |a little )?"
    r"(?:more|further)(?: (?:about|on) (?:it|that|this|them)| details?| please)*[?.! ]*$"
    r"|^(?:(?:please|can you|could you|and) )*(?:go on|continue|elaborate|anything else|what else"
    r"|explain (?:that|it|this)(?: again| more)?)"
    r"(?: please| (?:about|on) (?:it|that|this))*[?.! ]*$",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"^(?:and |but |so |ok(?:ay)?,? )*(?:what|how) about (?P<what>.+?)[?.! ]*$"
    r"|^and (?P<and>(?:the|in|on|for|at|with)\b.+?)[?.! ]*$",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"^(?:and |but |so )*(?P<word>why|how|when|where|who|how come|since when|why not)(?: (?:is"
    r"|was|did|does) (?:that|it|this))?[?.! ]*$",
    re.IGNORECASE,
)
_NAMES = re.compile(r"(?<!^)(?<![.!?] )\b(?:[A-Z][\w'’-]*)(?:\s+(?:of |the )?[A-Z][\w'’-]*)*")
_ASKING = re.compile(
    r"^(?:who|whose|what|when|where|why|which|how(?: many| much| long| old| tall)?)\b\s*(?:is"
    r"|was|are|were|do|does|did|can|has|have|will)?\s*",
    re.IGNORECASE,
)
_CITED = re.compile(r"\s*\[\d+(?:, ?\d+)*\]")


def question_of(talk: Conversation) -> str:
    """Return what is asked in full: words that lean on the turn before are joined with what it was about."""
    words = talk.words
    before = _anchor(talk)
    if not before or not leans(words):
        return words
    if wants_more(words):
        return before
    if m := _ABOUT.match(words.strip()):
        return _replaced(before, (m["what"] or m["and"]).strip())
    if m := _BARE.match(words.strip()):
        return f"{m['word']} {_ASKING.sub('', before)}"
    return f"{words.rstrip('?!. ')} ({_topic(before)})?"


def leans(words: str) -> bool:
    """Tell whether the words cannot be understood alone."""
    if _NAMES.search(words) and not _ABOUT.match(words.strip()):
        return False
    few = len(content_stems(words)) <= 3 and len(tokens(words)) <= 9
    return (few and bool(_LEANS.search(words))) or wants_more(words)


def wants_more(words: str) -> bool:
    """Tell whether the words only ask to go on."""
    return bool(_MORE.match(words.strip()))


def said_before(talk: Conversation) -> str:
    """Return our last reply without its marks, so that a follow-up does not get the same sentence again."""
    return _CITED.sub("", talk.earlier[-1].reply) if talk.earlier else ""


def _anchor(talk: Conversation) -> str:
    """Return the last earlier question that stands on its own; what was drawn is no question."""
    asked = [t.words for t in reversed(talk.earlier) if content_stems(t.words) and not t.drew]
    return next((w for w in asked if not leans(w)), asked[0] if asked else "")


def _topic(question: str) -> str:
    names = _NAMES.findall(question)
    if names:
        return " ".join(names)
    return " ".join(w for w in tokens(_ASKING.sub("", question)) if content_stems(w))


def _replaced(question: str, new: str) -> str:
    """Return the question asked of `new`: its names replaced, or `new` put behind it."""
    names = list(_NAMES.finditer(question))
    if not names:
        return f"{question.rstrip('?!. ')} {new}?"
    bare = re.sub(r"^(?:the|a|an)\s+", "", new, flags=re.IGNORECASE)
    return f"{question[: names[0].start()]}{bare}{question[names[-1].end() :]}"
