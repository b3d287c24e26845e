"""What the person wants: one call of a tool that was given, a missing argument, or words only."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from gptsmith.models.chat.embedded import words as language
from gptsmith.models.chat.embedded.asks import AskedSentence, read_asks, read_clauses
from gptsmith.models.chat.embedded.calls import Called, Similarity, wants_call
from gptsmith.models.chat.embedded.conversation import Conversation, Role, ShownPicture
from gptsmith.models.chat.embedded.drawing import Wanted, finish, wants_picture
from gptsmith.models.chat.embedded.looking import Look, choices, looks_again, recognizes, wants_change, wants_look
from gptsmith.models.chat.embedded.lookups import (
    is_free_writing,
    is_search,
    is_told_to_search,
    wants_files,
    wants_lookup,
)
from gptsmith.models.chat.embedded.quantities import NUMBER_WORDS
from gptsmith.models.chat.embedded.toolbox import Param, Tool
from gptsmith.models.chat.embedded.words import content_stems, correct, stem, tokens, word_set
from gptsmith.models.pictures.world.requests import Named, parse_request
from gptsmith.models.text import split_sentences

# What to draw when only a thing is named, "a fox in a snowy forest", to an assistant that is there to draw.

_DRAWS = re.compile(
    r"\b(?:draw|paint|sketch|illustrat|pictures?\b|images?\b|artwork|artist|posters?\b|logos?\b|cartoon|comic|doodle)",
    re.IGNORECASE,
)
_ANY_ONE = re.compile(rf"^(?:an?|some|several|many|{'|'.join(NUMBER_WORDS)}|\d{{1,2}}) \w", re.IGNORECASE)
_NOT_SEEN = word_set(  # what is said, asked or reckoned, not seen
    """joke jokes poem poems rhyme riddle question questions answer answers idea ideas price prices cost costs number
    name names problem reason meaning definition summary translation list word words sentence text letter advice tip
    tips help capital population weather news time date way one ones thing things something anything nothing
    everything mistake error"""
)
_ORDERS = word_set(  # what one who gives no order to draw tells the assistant to do
    """again continue repeat undo redo delete erase remove clear save export download open close send show tell explain
    describe write translate summarise summarize say try go come start stop cancel wait help think look search find
    check choose pick guess surprise use change give take keep let put set zoom restart reset begin forget remember
    back next exit quit test testing read play sing count calculate not no never without"""
)
_TO_US = word_set("i me we us you")
_LEANS = word_set("it that this them those these one")


def scene_of(asks: list[AskedSentence], tool: Tool, talk: Conversation) -> Wanted | None:
    """Return what to draw when the message does no more than to name it."""
    if not (_is_there_to_draw(talk.role) and asks and all(_names_a_thing(ask) for ask in asks)):
        return None
    wanted = finish(". ".join(ask.core for ask in asks), tool)
    return wanted if wanted.request else None


def _is_there_to_draw(role: Role) -> bool:
    about = f"{role.name}. {role.description}" if role.description else role.instructions
    return bool(_DRAWS.search(about))


def _names_a_thing(ask: AskedSentence) -> bool:
    said = tokens(ask.core)
    named = ask.form == "fragment" or (ask.form == "statement" and bool(_ANY_ONE.match(ask.core)))
    if not named or ask.negated or is_free_writing(ask) or not content_stems(ask.core):
        return False
    head = re.split(r"\b(?:of|about|for|in|on|at|with|to|from)\b|[,;:]", ask.core.lower(), maxsplit=1)[0]
    to_us = bool(set(said) & _TO_US) or (len(said) < 4 and said[-1] in _LEANS)
    told = said[0] in _ORDERS or bool(set(tokens(head)[-1:]) & _NOT_SEEN)
    return not (told or to_us) and any(len(word) > 2 and word.isalpha() for word in said)


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
_TOLD_TO_US = re.compile(
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
    if len(words.split()) < _LEAST_WORDS or _TOLD_TO_US.match(words) or 2 * len(told) <= len(asks):
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


def _named(seen: Named) -> str:
    """Return the first thing that a sentence names, for the pronoun of the next."""
    first = seen.groups[0]
    return " ".join(part for part in ("the", first.size, first.color or "", first.name) if part)


def _last(seen: Named) -> str:
    return re.escape((seen.setting or "-").split()[-1])


LEXICON = word_set(
    """draw paint sketch illustrate generate create design picture image photo drawing painting change replace remove
    describe caption search look find weather timer light lights heating convert refund order table book reserve
    email alarm volume the what where when make please background colour color bigger darker brighter add with
    this that"""
)


@dataclass(frozen=True)
class Intent:
    """`tool` and `args` when a tool is to be called; `asks` the arguments to ask for first; neither for words only."""

    tool: Tool | None = None
    args: dict[str, Any] = field(default_factory=dict)
    missing: tuple[Param, ...] = ()

    @property
    def calls(self) -> bool:
        """Whether the tool can be called now."""
        return self.tool is not None and not self.missing


NONE = Intent()
_MINE = re.compile(r"\bmy (?:[\w-]+ )?(?:picture|pic|image|img|photo|photograph|snapshot|screenshot|selfie)s?\b", re.I)
_LONGEST = 4000  # characters: what is asked stands in them; a pasted text behind is not read for orders


def read_intent(
    talk: Conversation,
    tools: list[Tool],
    similarity: Similarity,
    *,
    known_words: frozenset[str] | None = None,
    pending: str = "",
    today: date | None = None,
) -> Intent:
    """Decide what `talk`'s last message wants of `tools`.

    `known_words` are its lower-case words that are spelled well; `pending` is the earlier request that a question of
    ours ("Which city?") left open: the message may be its answer.
    """
    if not tools:
        return NONE
    lexicon = LEXICON | {w for t in tools for w in t.name.lower().replace("-", "_").split("_") if len(w) > 3}
    words = correct(talk.words[:_LONGEST], lexicon, known_words)
    asks = read_asks(words)
    kinds = {k: [t for t in tools if t.kind == k] for k in ("draw", "look", "search", "other")}
    attached = bool(talk.picture and talk.picture.age == 0 and not talk.picture.drawn)
    if not tokens(words):
        return _look(Look(None, True), kinds["look"], talk) if attached and kinds["look"] else NONE
    if language.language_of(words) != "en":
        return _foreign(words, kinds)
    intent = _decide(asks, kinds, talk, attached, similarity, pending, today)
    clauses = read_clauses(words)
    if intent.tool is None and len(clauses) > len(asks) and not any(a.negated for a in asks):
        intent = _decide(clauses, kinds, talk, attached, similarity, pending, today)
    return intent


def _decide(
    asks: list[AskedSentence],
    kinds: dict[str, list[Tool]],
    talk: Conversation,
    attached: bool,
    similarity: Similarity,
    pending: str,
    today: date | None,
) -> Intent:
    found = _pictures(asks, kinds, talk, attached)
    role = f"{talk.role.name}: {talk.role.description}".strip(" :")
    return _others(asks, kinds, similarity, pending, today, role) if found is None else found


def _pictures(
    asks: list[AskedSentence], kinds: dict[str, list[Tool]], talk: Conversation, attached: bool
) -> Intent | None:
    draw = kinds["draw"][0] if kinds["draw"] else None
    picture = talk.picture
    if draw and (story := story_of(talk.words, talk.role)) is not None:
        return _new(draw, Wanted(moment(story) or ""))
    if kinds["look"] and (looked := _looking(asks, kinds, talk, attached)):
        return looked
    if draw is None:
        return None
    changes = picture is not None and draw.param("image", "picture", "image_id") is not None
    wanted = wants_picture(asks, draw)
    if wanted is not None and not (changes and _of_the_last(asks, wanted)):
        return _new(draw, wanted)
    if changes and picture is not None and (change := wants_change(asks, fresh=picture.age <= 1)):
        return _changed(draw, change, picture)
    if wanted is None and not (attached or kinds["search"] or kinds["other"] or talk.passages is not None):
        wanted = scene_of(asks, draw, talk)
    return _new(draw, wanted) if wanted is not None else None


def _looking(
    asks: list[AskedSentence], kinds: dict[str, list[Tool]], talk: Conversation, attached: bool
) -> Intent | None:
    """Return the call of a tool that looks at a picture; where nothing else can be meant, later words are of it too."""
    draw, looks, picture = kinds["draw"][0] if kinds["draw"] else None, kinds["look"], talk.picture
    fresh, nouns = bool(picture and picture.age <= 1), draw.nouns if draw else frozenset()
    look = wants_look(asks, attached=attached, fresh=fresh, nouns=nouns)
    only_looks = draw is None and not kinds["search"] and talk.passages is None
    if only_looks and picture and look is None:
        look = looks_again(asks, talk.words)
    labels = choices(asks)
    if only_looks and labels and picture is None:
        return _look(Look(None, True), looks, talk)
    namer = next((tool for tool in looks if tool.param("labels")), None)
    if namer and picture and (fresh or only_looks) and (labels or (look and recognizes(asks))):
        return _recognized(namer, labels, picture)
    if look and (picture or (look.named and (not kinds["search"] or _MINE.search(talk.words)))):
        return _look(look, looks, talk)
    return None


def _of_the_last(asks: list[AskedSentence], wanted: Wanted) -> bool:
    """Tell whether the drawing asked for is the last one again: "draw it in blue", "paint the fox green"."""
    return any(
        re.match(r"^(?:draw|paint|sketch|render|show me) (?:it|that|him|her|them|the same)\b", a.low) for a in asks
    ) and (
        not wanted.request
        or len(asks) == 1
        or bool(re.match(r"(?:it|that|him|her|them|the same)\b", wanted.request.lower()))
    )


def _new(tool: Tool, wanted: Wanted) -> Intent:
    slot = tool.text_param
    if slot is None:
        return NONE
    if not wanted.request:
        return Intent(tool, {}, (slot,))
    args: dict[str, Any] = {slot.name: wanted.request}
    mode = tool.param("mode")
    if mode and "new" in mode.enum:
        args["mode"] = "new"
    if wanted.count and (count := tool.param("count", "n", "number")):
        args[count.name] = wanted.count
    if wanted.seed is not None and tool.param("seed"):
        args["seed"] = wanted.seed
    return Intent(tool, args)


def _changed(tool: Tool, change: str, picture: ShownPicture) -> Intent:
    slot, image, mode = tool.text_param, tool.param("image", "picture", "image_id"), tool.param("mode")
    if slot is None or image is None:
        return NONE
    args: dict[str, Any] = {slot.name: change, image.name: picture.id}
    if mode and "change" in mode.enum:
        args["mode"] = "change"
    return Intent(tool, args)


def _look(look: Look, tools: list[Tool], talk: Conversation) -> Intent:
    tool = tools[0]
    image = tool.param("image", "picture", "photo", "image_id")
    if image is None:
        return NONE
    if talk.picture is None:
        return Intent(tool, {}, (image,))
    detail = tool.param("detail")
    args: dict[str, Any] = {image.name: talk.picture.id}
    if look.detail and detail and look.detail in detail.enum:
        args["detail"] = look.detail
    return Intent(tool, args)


def _recognized(tool: Tool, labels: list[str], picture: ShownPicture) -> Intent:
    image, slot = tool.param("image", "picture", "photo", "image_id"), tool.param("labels")
    if image is None or slot is None:
        return NONE
    return Intent(tool, {image.name: picture.id, **({slot.name: labels} if labels else {})})


def _others(
    asks: list[AskedSentence],
    kinds: dict[str, list[Tool]],
    similarity: Similarity,
    pending: str,
    today: date | None,
    role: str,
) -> Intent:
    other = kinds["other"]
    called = wants_call(asks, other, similarity, rivals=kinds["search"], today=today)
    if called and not called.missing:
        return Intent(called.tool, called.args)
    if pending and other and not (called and called.missing and len(asks) > 1):
        joined = read_asks(pending) + asks
        whole = wants_call([a for a in joined if not a.negated], other, similarity, today=today, pending=True)
        before = wants_call(read_asks(pending), other, similarity, today=today)
        if whole and before and len(whole.missing) < len(before.missing):
            return Intent(whole.tool, whole.args, whole.missing)
    found = wants_lookup(asks, kinds["search"])
    searching = called and called.missing and any(is_search(a) for a in asks)
    if called and (found is None or (not searching and (called.sure or _is_better(called, asks)))):
        return Intent(called.tool, called.args, called.missing)
    if found:
        tool, query, ask = found
        searches = [t.description for t in kinds["search"]]
        if not is_told_to_search(ask) and not wants_files(max(ask.text, query, key=len), searches, role):
            return NONE
        slot = tool.text_param
        return Intent(tool, {slot.name: query}) if slot else NONE
    return NONE


def _is_better(called: Called, asks: list[AskedSentence]) -> bool:
    """A tool that is named outright, in a short request for it, goes before a search."""
    said = {s for a in asks for w in tokens(a.core) for s in (w.rstrip("s"), stem(w))} & called.tool.name_stems
    if called.missing and all(a.form == "question" for a in asks) and len(said) < 2:
        return False
    return bool(said) and sum(len(tokens(a.core)) for a in asks) <= 10


def _foreign(words: str, kinds: dict[str, list[Tool]]) -> Intent:
    """In another language only a drawing is understood, by its verb; the person's words stay as they are."""
    request = language.drawing(words)
    return _new(kinds["draw"][0], Wanted(request)) if request and kinds["draw"] else NONE
