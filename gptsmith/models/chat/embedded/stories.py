"""The moment of a told story that is drawn, for an assistant that draws stories."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded.asks import read_asks
from gptsmith.models.chat.embedded.conversation import Role
from gptsmith.models.sentences import split_sentences
from gptsmith.models.world.requests import Request, parse_request

_STORY = r"(?:(?:short|little|bedtime|fairy|whole) )?(?:story|stories|tales?|poems?|fables?|dreams?|legends?|chapters?)"
_DRAWS_STORIES = re.compile(
    rf"\b(?:draw|paint|illustrat|sketch|picture)\w*\b[^.]{{0,60}}\b(?:each|every|any|their|your|the|a|to) {_STORY}\b",
    re.IGNORECASE,
)
_ORDER = re.compile(
    rf"^\W*(?:(?:please|now|can you|could you) )*(?:draw|paint|illustrate|sketch|make|do|here is|here's|this is)"
    rf"(?: (?:me|us|a picture|one picture|an illustration))*(?: (?:of|for|to|from))?"
    rf" (?:this|that|my|our|the following|the next|another|a) {_STORY}\b[^:.!?\n]{{0,30}}[:.!?\n-]\s*",
    re.IGNORECASE,
)
_TO_US = re.compile(
    r"^\W*(?:(?:i|we) (?:really |just |don't |do not )*(?:like|love|hate|think|hope|wish|want|need|prefer|know|mean)\b"
    r"|(?:that|this|it|you|your|thank)\b|(?:no|yes|ok|okay|nice|great|good|sorry|well done)\b[\s,.!])",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"^(?P<before>(?:[\w']+,? ){0,3}?)it (?!(?:was|is|had been|rained|snowed|became)\b)", re.IGNORECASE
)
_LEAST_WORDS = 5
_TIMES = {"night": "at night", "sunset": "at sunset"}


def draws_stories(role: Role) -> bool:
    """Tell whether an assistant says of itself that it draws stories."""
    return bool(_DRAWS_STORIES.search(f"{role.description}\n{role.instructions}"))


def story_of(words: str, role: Role) -> str | None:
    """Return the story in a message to an assistant that draws stories; None when it tells none."""
    if not draws_stories(role):
        return None
    if order := _ORDER.match(words):
        return words[order.end() :].strip() or None
    asks = read_asks(words)
    told = [ask for ask in asks if ask.form in ("statement", "fragment")]
    if len(words.split()) < _LEAST_WORDS or _TO_US.match(words) or 2 * len(told) <= len(asks):
        return None
    return words if asks[0].form == "statement" or (len(asks) > 1 and asks[0].form != "question") else None


def moment(story: str) -> str | None:
    """Return the sentence of a story that shows most, with the place and the hour that were told before it.

    The later of two that show as much is taken: a story turns late. None when no thing in it can be drawn.
    """
    best: tuple[int, str] | None = None
    who, setting, time = "", "", ""
    for sentence in split_sentences(story):
        seen = parse_request(sentence.text)
        place = re.search(r"\b(?:on|in|at|by|along|under) (?:the|a|an) [\w -]*?\b" + _last(seen) + r"\b", sentence.text)
        setting = setting if not seen.setting else (place[0] if place else f"in the {seen.setting}")
        time = seen.time or ("night" if re.search(r"\bnight\b", sentence.text, re.IGNORECASE) else time)
        text = sentence.text.rstrip(".!? ")
        if who and (pronoun := _PRONOUN.match(text)):
            text = f"{pronoun['before']}{who} {text[pronoun.end() :]}"
            seen = parse_request(text)
        shows = 3 * len(seen.groups) + (text != sentence.text.rstrip(".!? ")) + 2 * len(seen.relations)
        if shows and (best is None or shows >= best[0]):
            hour = _TIMES.get(time, "") if not seen.time else ""
            where = setting if setting and not seen.setting else ""
            best = shows, " ".join(part for part in (text, where, hour) if part)
        if seen.groups:
            who = _named(seen)
    return best[1] if best else None


def _named(seen: Request) -> str:
    """Return the first thing that a sentence names, for the pronoun of the next."""
    first = seen.groups[0]
    return " ".join(part for part in ("the", first.size, first.color or "", first.name) if part)


def _last(seen: Request) -> str:
    return re.escape((seen.setting or "-").split()[-1])
