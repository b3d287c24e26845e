"""What the person wants: one call of a tool that was given, a missing argument, or words only."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from gptsmith.models.chat.embedded import language
from gptsmith.models.chat.embedded.asks import Ask, read_asks, read_clauses
from gptsmith.models.chat.embedded.calls import Called, Similarity, wants_call
from gptsmith.models.chat.embedded.changing import wants_change
from gptsmith.models.chat.embedded.conversation import Conversation, Picture
from gptsmith.models.chat.embedded.drawing import Wanted, wants_picture
from gptsmith.models.chat.embedded.looking import Look, choices, looks_again, recognizes, wants_look
from gptsmith.models.chat.embedded.lookup_sense import wants_files
from gptsmith.models.chat.embedded.lookups import is_search, is_told_to_search, wants_lookup
from gptsmith.models.chat.embedded.scenes import scene_of
from gptsmith.models.chat.embedded.stories import moment, story_of
from gptsmith.models.chat.embedded.toolbox import Param, Tool
from gptsmith.models.chat.embedded.words import correct, listed, stem, tokens

LEXICON = listed(
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
    if language.of(words) != "en":
        return _foreign(words, kinds)
    intent = _decide(asks, kinds, talk, attached, similarity, pending, today)
    clauses = read_clauses(words)
    if intent.tool is None and len(clauses) > len(asks) and not any(a.negated for a in asks):
        intent = _decide(clauses, kinds, talk, attached, similarity, pending, today)
    return intent


def _decide(
    asks: list[Ask],
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


def _pictures(asks: list[Ask], kinds: dict[str, list[Tool]], talk: Conversation, attached: bool) -> Intent | None:
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


def _looking(asks: list[Ask], kinds: dict[str, list[Tool]], talk: Conversation, attached: bool) -> Intent | None:
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


def _of_the_last(asks: list[Ask], wanted: Wanted) -> bool:
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


def _changed(tool: Tool, change: str, picture: Picture) -> Intent:
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


def _recognized(tool: Tool, labels: list[str], picture: Picture) -> Intent:
    image, slot = tool.param("image", "picture", "photo", "image_id"), tool.param("labels")
    if image is None or slot is None:
        return NONE
    return Intent(tool, {image.name: picture.id, **({slot.name: labels} if labels else {})})


def _others(
    asks: list[Ask],
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


def _is_better(called: Called, asks: list[Ask]) -> bool:
    """A tool that is named outright, in a short request for it, goes before a search."""
    said = {s for a in asks for w in tokens(a.core) for s in (w.rstrip("s"), stem(w))} & called.tool.name_stems
    if called.missing and all(a.form == "question" for a in asks) and len(said) < 2:
        return False
    return bool(said) and sum(len(tokens(a.core)) for a in asks) <= 10


def _foreign(words: str, kinds: dict[str, list[Tool]]) -> Intent:
    """In another language only a drawing is understood, by its verb; the person's words stay as they are."""
    request = language.drawing(words)
    return _new(kinds["draw"][0], Wanted(request)) if request and kinds["draw"] else NONE
