"""What the person wants: one call of a tool that was given, a missing argument, or words only."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from gptsmith.models.chat.embedded import requests
from gptsmith.models.chat.embedded import words as language
from gptsmith.models.chat.embedded.arguments import fill
from gptsmith.models.chat.embedded.conversation import Conversation, Role
from gptsmith.models.chat.embedded.requests import Wanted, asks_to_draw
from gptsmith.models.chat.embedded.routing import Option, route, scene_of
from gptsmith.models.chat.embedded.toolbox import Param, Tool
from gptsmith.models.chat.embedded.words import content_stems, tokens, word_set
from gptsmith.models.pictures.world.requests import Named, parse_request
from gptsmith.models.text import split_sentences

# The moment of a told story that is drawn, for an assistant that draws stories.

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
_PRONOUN = re.compile(
    r"^(?P<before>(?:[\w']+,? ){0,3}?)it (?!(?:was|is|had been|rained|snowed|became)\b)", re.IGNORECASE
)
_TIMES = {"night": "at night", "sunset": "at sunset"}


def draws_stories(role: Role) -> bool:
    """Tell whether an assistant says of itself that it draws stories."""
    return bool(_DRAWS_STORIES.search(f"{role.description}\n{role.instructions}"))


def story_of(words: str) -> str | None:
    """Return the story that a message tells to be drawn; None when it only says what to draw."""
    if order := _ORDER.match(words):
        return words[order.end() :].strip() or None
    return None if asks_to_draw(words) else words


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


def _named(seen: Named) -> str:
    """Return the first thing that a sentence names, for the pronoun of the next."""
    first = seen.groups[0]
    return " ".join(part for part in ("the", first.size, first.color or "", first.name) if part)


def _last(seen: Named) -> str:
    return re.escape((seen.setting or "-").split()[-1])


@dataclass(frozen=True)
class Intent:
    """A tool and its `args` when it is to be called, `missing` what is to be asked first; no tool for words only."""

    tool: Tool | None = None
    args: dict[str, Any] = field(default_factory=dict)
    missing: tuple[Param, ...] = ()

    @property
    def calls(self) -> bool:
        """Whether the tool can be called now."""
        return self.tool is not None and not self.missing


NONE = Intent()
_LONGEST = 4000  # characters: what is asked stands in them; a pasted text behind is not read for orders
_IMAGE = ("image", "picture", "photo", "image_id")
_OPENING = word_set(
    "please pls can could would you u ya now and but so also ok okay nice great maybe just hey then actually"
)
_TOLD_TO_SEARCH = re.compile(
    r"^\W*(?:(?:please|can you|could you)\s+)*(?:search|look up|look through|look for)"
    r" (?:for|through|the|your|my|our|in)\b",
    re.IGNORECASE,
)
_SEARCH = re.compile(
    r"^(?:(?:please|can you|could you|hey|hi|ok|and|so)[\s,]+)*"
    r"(?:(?:i|we)(?:'d| would)? (?:like|want|need) to know|i'm curious|i wonder|remind me|(?:need|want) (?:some )?info"
    r"|(?:do|does) (?:it|they|(?:your|the|my) \w+) (?:say|mention)(?: any(?:thing)?)?|show me|search"
    r"|look(?: something)?(?: up)?|find(?: out)?(?: me)?|check|tell (?:me|us)(?: more)?|explain)"
    r"(?: in| through)?"
    r"(?:\s+(?:the|your|my|our) (?:[\w'-]+ )??(?:files?|documents?|notes?|pages?|handbook|manual|library|archive|guide"
    r"|book|web|collection|records|catalogue|papers))?(?:\s+(?:for|about|on|into|up))?\s+(?P<what>\S.+)$",
    re.IGNORECASE,
)


def read_intent(talk: Conversation, tools: list[Tool], *, pending: str = "", today: date | None = None) -> Intent:
    """Decide what `talk`'s last message wants of `tools`.

    `pending` is the earlier request that a question of ours ("Which city?") left open: the message may be its answer.
    """
    words = talk.words[:_LONGEST]
    attached = bool(talk.picture and talk.picture.age == 0 and not talk.picture.drawn)
    if not tokens(words):
        return _look(words, tools, talk) if attached else NONE
    if language.language_of(words) != "en":
        return _foreign(words, tools)
    option = route(words, scene_of(talk), tools)
    search = next((t for t in tools if t.kind == "search"), None)
    if option.tool is None and search and _TOLD_TO_SEARCH.match(words):
        option = Option("search", search, ())
    if pending and option.kind in ("none", "search", "call"):
        whole = _completed(pending, words, talk, tools, today)
        if whole is not None:
            return whole
    if option.tool is None:
        return NONE
    if option.kind == "draw":
        return _new(option.tool, _wanted(words, option.tool, talk))
    if option.kind == "change":
        return _changed(option.tool, words, talk)
    if option.kind == "look":
        return _look(words, tools, talk)
    if option.kind == "search":
        slot = option.tool.text_param
        return Intent(option.tool, {slot.name: _query(words)}) if slot else NONE
    return _called(option.tool, words, today)


def _called(tool: Tool, words: str, today: date | None) -> Intent:
    args = fill(tool, words, today=today)
    return Intent(tool, args, tuple(p for p in tool.params if p.required and p.name not in args))


def _completed(pending: str, words: str, talk: Conversation, tools: list[Tool], today: date | None) -> Intent | None:
    """Return the earlier request with what the message adds to it; None when it adds nothing."""
    tool = route(pending, scene_of(talk), tools).tool
    if tool is None or tool.kind != "other":
        return None
    before = _called(tool, pending, today)
    after = fill(tool, words, today=today)
    told = {p.name: after[p.name] for p in before.missing if p.name in after}
    if not told:
        return None
    args = before.args | told
    return Intent(tool, args, tuple(p for p in tool.params if p.required and p.name not in args))


def _wanted(words: str, tool: Tool, talk: Conversation) -> Wanted:
    if draws_stories(talk.role) and (story := story_of(words)):
        return Wanted(moment(story) or "")
    return requests.wanted(words, tool)


def _new(tool: Tool, wanted: Wanted) -> Intent:
    slot = tool.text_param
    if slot is None:
        return NONE
    if not wanted.request:
        return Intent(tool, {}, (slot,))
    args: dict[str, Any] = {slot.name: wanted.request}
    mode, count = tool.param("mode"), tool.param("count", "n", "number")
    if mode and "new" in mode.enum:
        args["mode"] = "new"
    if wanted.count and count:
        args[count.name] = wanted.count
    if wanted.seed is not None and tool.param("seed"):
        args["seed"] = wanted.seed
    return Intent(tool, args)


def _changed(tool: Tool, words: str, talk: Conversation) -> Intent:
    slot, image, mode = tool.text_param, tool.param("image", "picture", "image_id"), tool.param("mode")
    if slot is None or image is None or talk.picture is None:
        return NONE
    args: dict[str, Any] = {slot.name: _order(words), image.name: talk.picture.id}
    if mode and "change" in mode.enum:
        args["mode"] = "change"
    return Intent(tool, args)


def _look(words: str, tools: list[Tool], talk: Conversation) -> Intent:
    """Call the tool that tells things apart where the message names some, else the one that describes."""
    looks = [t for t in tools if t.kind == "look"]
    labels = requests.choices(words)
    named = [t for t in looks if bool(t.param("labels")) == bool(labels)] or looks
    image = named[0].param(*_IMAGE) if named else None
    if image is None:
        return NONE
    tool = named[0]
    if talk.picture is None:
        return Intent(tool, {}, (image,))
    args: dict[str, Any] = {image.name: talk.picture.id}
    detail, slot = tool.param("detail"), tool.param("labels")
    if detail and (much := requests.detail(words)) in detail.enum:
        args["detail"] = much
    if slot and labels:
        args["labels"] = labels
    return Intent(tool, args)


def _order(words: str) -> str:
    """Return an order without the politeness before it."""
    rest = words.strip()
    while (first := rest.split(" ", 1)) and len(first) > 1 and first[0].lower().strip(",.!") in _OPENING:
        rest = first[1].strip()
    return rest.rstrip(" .!?") or words.strip()


def _query(words: str) -> str:
    m = _SEARCH.match(words.strip())
    return m["what"].rstrip(" .!?") if m and content_stems(m["what"]) else words.strip()


def _foreign(words: str, tools: list[Tool]) -> Intent:
    """In another language only a drawing is understood, by its verb; the person's words stay as they are."""
    request = language.drawing(words)
    drawer = next((t for t in tools if t.kind == "draw"), None)
    return _new(drawer, Wanted(request)) if request and drawer else NONE
