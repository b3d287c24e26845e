"""The head of a draft: a name that is the person's own where they gave one, and sentences that are sentences."""

from __future__ import annotations

import re

from gptsmith.assistants.openings import plainly

_HELPER = (
    r"(?:assistant|bot|chatbot|helper|agent|gpt|guide|tutor|coach|teacher|companion|advis[eo]r|character|butler|clerk"
    r"|concierge|persona|assistente?|assistante|asistente|helfer|assistentin)"
)
_MADE = r"(?:build|make|create|set up|design|want|need|baue?|erstelle?|crée|crea|cria|maak)"
_A_NAME = (
    r"(?:[\"“„«‘'](?P<quoted>[^\"”“»’'\n]{1,40})[\"”“»’']"
    r"|(?-i:(?P<plain>[A-ZÀ-Ý][\w'’&-]*(?: [A-ZÀ-Ý0-9][\w'’&-]*){0,3})))"
)
_CALLED = r"(?:named|called|by the name of|namens|llamad[oa]|qui s'appelle|che si chiama|chamad[oa]|genaamd)"
_GIVEN = (
    re.compile(rf"\b{_HELPER},? {_CALLED} {_A_NAME}", re.IGNORECASE),
    re.compile(rf"\b{_MADE}\b(?:(?!\b(?:about|my|our|with)\b)[^.!?\n]){{0,60}}? {_CALLED} {_A_NAME}", re.IGNORECASE),
    re.compile(
        rf"(?:^|[.!?,;]\s|\band )(?:please )?(?:call|name) (?:it|him|her|the {_HELPER}) {_A_NAME}", re.IGNORECASE
    ),
    re.compile(rf"\b(?:its|his|her|the {_HELPER}['’]s) name (?:is|should be|must be|shall be|will be) {_A_NAME}", re.I),
    re.compile(rf"\b(?:it|the {_HELPER}) (?:is|should be|shall be|must be) (?:called|named) {_A_NAME}", re.IGNORECASE),
)
_LEAD = re.compile(
    r"^\W*(?:you(?:['’]re| are) (?=an?\b|the\b)|(?:build|make|create|design|set up)(?: me| us| you)? (?=an?\b))",
    re.IGNORECASE,
)
_NO_HEAD = (
    r"(?:please|can|could|would|will|do|does|for|in|on|at|with|from|to|into|as|by|about|during|it|he|she|we|they|i|you"
    r"|my|our|when|if|what|how|answers?|help)\b"
)
# "You are a for our hotel guests": something that no noun follows.
_NO_ROLE = re.compile(rf"^you are (?:an?|the) {_NO_HEAD}|^you are (?:an? |the )?[^\w\s{{“„«\"'‘]", re.IGNORECASE)
_NO_SENTENCE = re.compile(
    r"^\W*(?:(?:for|in|on|at|with|from|to|into|as|by|about|during)\b|(?:can|could|would|will) you\b"
    r"|you(?:['’]re| are)\b|please\b|[{[$])",
    re.IGNORECASE,
)
_NO_NAME = re.compile(r"^(?:please|can|could|would|for|with|our|it)\b\s*", re.IGNORECASE)


def given_name(text: str) -> str:
    """Return the name that the person gives the assistant: `an assistant named Nova`; empty when they give none."""
    for pattern in _GIVEN:
        if match := pattern.search(text):
            return next(value for value in match.groups() if value).strip()
    return ""


def named(name: str, given: str) -> str:
    """Return a draft's name with the person's own in it, and without the words that begin no name."""
    if given and given.casefold() not in name.casefold():
        return given
    bare = name
    while not given and (lead := _NO_NAME.match(bare)) and lead.end() < len(bare):
        bare = bare[lead.end() :]
    return bare[:1].upper() + bare[1:] if bare != name else name


def sentence_about(text: str) -> str:
    """Return a description as a sentence about the assistant, empty when it cannot be one.

    "You're a patient coach." becomes "A patient coach."; what begins with a blank or "for our guests" is none.
    """
    bare = _LEAD.sub("", plainly(" ".join(text.split())))
    if not bare or _NO_SENTENCE.match(bare):
        return ""
    return bare[:1].upper() + bare[1:]


def is_role(text: str) -> bool:
    """Say whether instructions begin with a role that can be read: not `You are a for our hotel guests.`"""
    return _NO_ROLE.match(text.strip()) is None
