"""Whether a message needs the files, and what to search for."""

from __future__ import annotations

import re

_SMALL_TALK = re.compile(
    r"(?:hi|hello|hey|hiya|howdy|good (?:morning|afternoon|evening|night|day)|greetings|thanks?(?: you)?|thx|"
    r"many thanks|thank you (?:so|very) much|great|nice|perfect|cool|awesome|ok(?:ay)?|"
    r"alright|got it|i see|yes|no|yep|nope|sure|"
    r"bye|goodbye|see you|how are you|what'?s up|hola|ol[aá]|bonjour|salut|merci|danke|hallo|"
    r"guten (?:tag|morgen|abend)|gracias|obrigad[oa]|ciao|grazie|that help(?:s|ed)(?: a lot)?|test)"
    r"(?:[\s,]+(?:there|you|all|everyone|a lot|so much|very much|again|then|for (?:your|the) help|"
    r"that (?:helps|helped)|today|doing))*",
    re.IGNORECASE,
)
_ABOUT_ITSELF = re.compile(
    r"(?:who|what) are you|what can you do|what do you do|can you help(?: me)?|help", re.IGNORECASE
)
_DRAW = re.compile(
    r"(?:please |can you |could you |now |and )*(?:draw|paint|sketch|render|illustrate|doodle)\b"
    r"(?! (?:a |the |any |your )?(?:conclusion|comparison|distinction|parallel|line between|"
    r"attention|lesson|inference))"
    r"|(?:please |can you |could you |now )*(?:make|create|generate|design)(?: me)? (?:a|an|another|one|some) (?:new )?"
    r"(?:[\w-]+ ){0,3}(?:picture|image|drawing|sketch|painting|illustration|logo|poster)\b",
    re.IGNORECASE,
)
_LEANS_BACK = re.compile(
    r"\b(?:it|its|that|this|they|them|their|those|these|he|she|him|her|his|one|ones|there|then|same|former|latter|else|"
    r"instead|too|more|why|above|previous)\b|^(?:and|but|so|or|what about|how about|why|how come|when|where)\b",
    re.IGNORECASE,
)
_WORDS = re.compile(r"\w+")


def needs_search(message: str, *, draws: bool) -> bool:
    """Return whether the files are searched for `message` in `mode: auto`; `draws`: the assistant has a picture tool.

    Left out are greetings, thanks, questions about the assistant itself and pure drawing requests. In doubt: search.
    """
    words = " ".join(message.split()).strip(" .!?,;:")
    if not _WORDS.search(words):
        return False
    if all(_SMALL_TALK.fullmatch(part.strip()) for part in re.split(r"[.!?,;]+", words) if part.strip()):
        return False
    if _ABOUT_ITSELF.fullmatch(words):
        return False
    return not (draws and _DRAW.match(words))


def query_for(message: str, previous: str) -> str:
    """Return what to search for: a message that leans on the turn before it takes that turn's words with it."""
    words = _WORDS.findall(message)
    leans = len(words) <= 3 or (len(words) <= 12 and _LEANS_BACK.search(message) is not None)
    if not previous or not leans:
        return message
    return f"{message}\n{previous}"[:1000]
