"""Conversation starters: messages that a user of the assistant would send."""

# ruff: noqa: SIM905 -- word lists read better as running text
from __future__ import annotations

import re

from gptsmith.models.chat.embedded.compose_clauses import Action
from gptsmith.models.chat.embedded.compose_name import Identity

_ASKABLE = frozenset(
    """suggest explain draw give write translate correct create list plan review check summarize summarise compare
    recommend teach show find make design analyze analyse describe quiz sketch propose draft outline rewrite improve
    prepare convert illustrate name invent calculate estimate sort group simplify proofread edit interpret identify
    brainstorm paint turn develop generate provide offer help tell""".split()
)
_DANGLING = re.compile(
    r"\b(?:it|them|they|this|these|those|that person|he|she|him|her|his|its|their|each|above|given|the (?:user|given"
    r"|text|code|student|students|person|vessel|dream|users))\b|\byou|\{\{",
    re.IGNORECASE,
)
_HEAD = re.compile(r"^(?:provide|offer)\b", re.IGNORECASE)
_BY_NAME = (
    (r"story\w*$", "Tell me a story."),
    (r"(?:coach|trainer|tutor|teacher|instructor)$", "Give me a first exercise."),
    (r"(?:planner|organizer)$", "Help me make a first plan."),
    (
        r"(?:expert|advis[eo]r|consultant|strategist|analyst|specialist|counsell?or)$",
        "What do most people get wrong here?",
    ),
    (r"(?:guide|desk)$", "What should I know first?"),
    (r"(?:maker|generator|inventor|artist|scribbler|pictures)$", "Make a first one, then I will say what to change."),
    (r"(?:checker|corrector|reviewer|editor|proofreader)$", "I have a text to check. How do I hand it in?"),
)
_ASKED_ABOUT = re.compile(
    r"\b(?:asks?|asked|asking|questions?)(?: (?:me|us|it|them|you|anything|something|mostly|mainly|all|things)){0,2}"
    r" (?:about|on) (?P<list>[^.;:!?()]+?)(?= [-–—] |[.;:!?()]|\Z"
    r"|,? (?:and|but) (?:it|he|she|they|you|i|we|who|never)\b)",
    re.IGNORECASE,
)
_NO_THING = re.compile(
    r"^(?:what|how|which|when|where|whether|why|who|if|anything|everything|it)\b|\b(?:you|your|i|me|my|we|us|it|they|them|their|who"
    r"|that|which)\b",
    re.IGNORECASE,
)
ANYONE = ["I am new to this. Where do I start?", "Give me a short example first.", "Which details do I need to give?"]


def asked_about(description: str) -> list[str]:
    """Return starters about the things that people will ask about, where a description names two or more."""
    for match in _ASKED_ABOUT.finditer(description):
        things = [part.strip() for part in re.split(r",\s*(?:and |or )?|\s+(?:and|or)\s+", match["list"])]
        if len(things) > 1 and all(0 < len(thing.split()) < 5 and not _NO_THING.search(thing) for thing in things):
            return [f"What should I know about {thing}?" for thing in things[:3]]
    return []


def starters(identity: Identity, actions: list[Action], first: str, tools: list[str]) -> list[str]:
    """Return three or four starters: the person's own first request, then what the assistant does, asked for.

    None of them speaks to a `you`, leans on an earlier message, or runs over 120 characters.
    """
    found = [first.strip()] if first else []
    for action in actions:
        asked = _asked(action)
        if asked and asked.lower() not in (f.lower() for f in found):
            found.append(asked)
    shown = next(
        (a.vp for a in actions if a.who == "user" and re.match(r"(?:send|upload|photograph|show)\b", a.vp)), ""
    )
    shown = shown or next((a.when for a in actions if re.match(r"(?:send|upload|photograph|show)\b", a.when)), "")
    if shown and not _DANGLING.search(shown):
        found.append(f"Here is {shown.partition(' ')[2]}.")
    found = found[:3]
    if "image_generation" in tools and not any("draw" in f.lower() or "sketch" in f.lower() for f in found):
        found.append("Draw a first idea for me.")
    if identity.kind == "game":
        found.append("I am ready, let us begin.")
    if "image_captioning" in tools and len(found) < 3:
        found.append("What does my picture show?")
    topic = _topic(identity)
    fitting = next((text for words, text in _BY_NAME if re.search(words, identity.name, re.IGNORECASE)), "")
    if fitting and len(found) < 3:
        found.append(fitting)
    if topic and len(found) < 3:
        found.append(f"{topic[:1].upper()}{topic[1:]}: where do I start?")
    for general in ANYONE:
        if len(found) < 3:
            found.append(general)
    return list(dict.fromkeys(found))[:4]


def _asked(action: Action) -> str:
    if action.who != "assistant" or action.condition:
        return ""
    vp = re.split(
        r"[;:(]|, (?:and|but|so|then|including|such|ensuring|focusing|while|with) "
        r"| and then ",
        action.vp,
    )[0]
    vp = re.sub(r"^help (?:the user|users|me|people|them) (?:to )?", "help me ", vp)
    vp = re.sub(r"\b(?:provide|offer) (?:me (?:with )?)?", "give me ", vp)
    words = vp.split()
    if not 3 <= len(words) <= 16 or words[0].lower() not in _ASKABLE or _DANGLING.search(vp):
        return ""
    if re.match(r"(?:help|teach|show|tell)\b(?! me)", vp):
        return ""
    if action.subject:
        vp = re.sub(r"\btheir\b", "my", vp)
    said = vp[:1].upper() + vp[1:].rstrip(" ,.?!")
    return f"{said}." if len(said) < 120 else ""


def is_general(starter: str) -> bool:
    """Say whether a starter would fit any assistant, or only says what one is called."""
    return starter in ANYONE or starter.endswith(": where do I start?")


def _topic(identity: Identity) -> str:
    """Return what the name is about, when a word besides the kind of helper is left."""
    words = identity.name.split()
    if identity.kind == "task" or len(words) < 2:
        return ""
    if identity.kind == "game":
        return ""
    kept = words[:-1]
    lone_adjective = len(kept) == 1 and re.search(r"(?:al|ive|ic|ed|ary)$", kept[0])
    if re.search(r"(?:er|or|ist|ant|bot)s?$", kept[-1]) or identity.kind == "owner" or lone_adjective:
        return ""
    return " ".join(w if w[1:] != w[1:].lower() or _proper(w) else w.lower() for w in kept)


def _proper(word: str) -> bool:
    return word in ("English", "Spanish", "Portuguese", "German", "French", "Italian", "Turkish", "Chinese", "Czech")
