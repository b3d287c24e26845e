"""Whether a message asks to look something up: by its grammar, and by a learned head."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from gptsmith.models.chat.embedded.asks import AskedSentence
from gptsmith.models.chat.embedded.toolbox import Tool
from gptsmith.models.chat.embedded.words import STOP, content_stems, stem, tokens, word_set

# The grammar of looking something up: an order to search, or a question that the files may answer.

_PLACE_NOUN = (
    r"(?:files?|documents?|docs?|notes?|pages?|collection|catalogu?e|handbook|manual|database|archive|library"
    r"|knowledge(?: base)?|records?|help(?: pages?| center| centre)?"
    r"|faq|website|site|web|internet|guide|wiki|papers?|book|index|texts?|policy|policies|cards?|articles?)"
)
_ORDER = re.compile(
    r"^(?:look (?:something|it|this|that) up|search(?! (?:your (?:feelings|heart|soul|conscience)|me)\b)|look(?:ing)? "
    r"(?:up(?! to\b)|for|into|through|in(?= "
    r".+ for\b))"
    r"|find(?: out| me| us)?(?! (?:(?:your|my|his|her) (?:way|voice|feet|place|peace|soul|self)|yourself|peace|love"
    r"|it (?:hard|easy|funny)|a way|time))|"
    r"check(?! (?:in|out|this out|yourself|your))|pull up|dig up|browse|consult|query|google|retrieve|fetch"
    r"|see (?:what|if|whether)|tell me (?:about|what|who|when|where|which|how|why|if|whether)|"
    r"explain|let (?:me|us) know|(?:i |we )?(?:need |want |get )(?:me |us |some |more )*(?:info\w*|details|facts)"
    r" (?:on|about)|(?:i |we )?(?:need |want |some )*help (?:with|on|about)"
    r"|show me (?:what|everything|all|anything|(?:my|our|the|your) (?:notes|documents|files|papers"
    r"|records))|give me (?:the )?(?:info\w*|details|facts) (?:on|about)"
    r"|i(?:'d| would)? (?:want|need|like) to (?:know|find)|know|read up on"
    r"|what do (?:your|the|my) \w+ say (?:about|on))\b",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"^(?:search|look(?: something)? (?:up|for|in)|find out|read up|explain|tell (?:me|us) about)\b", re.I
)
_QUERY_HEAD = re.compile(
    rf"^(?:(?:look (?:something|it|this|that) up(?: for (?:me|us))?:?|search|look(?:ing)?(?: up| for| into| "
    rf"through)?|find(?: out| me| us)?|check|pull up|dig up|browse"
    rf"|consult|query|google|retrieve|fetch|look)\s+)"
    rf"(?:(?:in |through |up )?(?:the |your |my |our )?(?:[\w'-]+ ){{0,2}}?{_PLACE_NOUN} (?:for|about"
    rf"|on)\s+)?(?:for |about |on )?",
    re.IGNORECASE,
)
_QUERY_TAIL = re.compile(
    rf"[\s,]+(?:in|from|according to|inside|among|on|within|using) (?:the |your |my "
    rf"|our )?(?:[\w'-]+ ){{0,2}}?{_PLACE_NOUN}$",
    re.IGNORECASE,
)
_SAY = re.compile(
    rf"^what (?:do|does|did) (?:the |your |my |our )?(?:[\w'-]+ ){{0,2}}?{_PLACE_NOUN} (?:say|tell us|tell me"
    rf"|state|mention|have|write) (?:about |on |of )?"
    rf"|^(?:do|does|did) (?:it|they|that|(?:the |your |my |our )(?:[\w'-]+ ){{0,2}}?{_PLACE_NOUN}) (?:say|mention|state"
    r"|tell us|tell me|have) (?:anything|something) (?:about |on )",
    re.IGNORECASE,
)
_TELL = re.compile(
    r"^(?:tell (?:me|us) (?:more )?about|explain|give me (?:the )?(?:info\w*|details|facts) (?:on|about)"
    r"|read up on)\s+",
    re.IGNORECASE,
)
_WROTE = re.compile(
    r"^(?:what|everything|anything) (?:i|we) (?:wrote|noted|saved|have|said) (?:down )?(?:about|on)\s+", re.IGNORECASE
)
_TELLABLE = re.compile(
    r"^(?:tell (?:me|us) (?:more )?about (?:yourself|you|your day|it|that|this|life)\b|explain (?:that|this|it"
    r"|yourself|again)\b|explain$|tell me what you (?:think|feel|want)"
    r"|know (?:what|you|me)|look for (?:trouble|love)|find (?:out )?who you are|check (?:it|this|that) out)",
    re.IGNORECASE,
)
_CHAT = re.compile(
    r"^(?:am i (?:speaking|talking|chatting) (?:to|with)\b|are you (?:still )?(?:there|here)\b|what(?:'s|s| is| "
    r"are) your favou?rite|(?:do you |you )?(?:get|got|see) (?:it|the (?:picture|point|idea))\b|how(?:'s| is| "
    r"are|'re| was| were)? (?:you|u"
    r"|it going|things|everything|life|your (?:day|week|weekend|night|morning|evening|holidays?|trip))\b"
    r"|(?:what|who|how old|where) (?:is|are|'s|'re) (?:you|u|your name)\b|what(?:'s|s) (?:your name|up|new"
    r"|on your mind|going on)\b"
    r"|who (?:made|built|created|wrote|trained|programmed) you|(?:are|were|will|would|did|have|has|can|could|do"
    r"|don't) (?:you|u)\b(?! (?:ship|sell|deliver|offer|accept|have|take|open|provide|stock|charge|refund|know|"
    r"send|carry|support|allow|repair|serve|host|rent|close|still|also|exchange|restore|own|keep|do|find|need"
    r"|show|give))"
    r"|what (?:can|do|would|did|could|should) (?:you|u)\b|what \w+ would you\b|what (?:languages|else) (?:do|can) you"
    r"|(?:can|could"
    r"|may|should) (?:i|we) (?:ask|talk|speak|chat|trust|call you|tell you)\b"
    r"|what (?:are|is) you\b|why (?:are|do|did|would|don't|should) (?:you|u|i)\b"
    r"|how (?:do|can|did|would) (?:you|u) (?:feel|like|do|work|think|sleep|learn|come|decide)\b"
    r"|is (?:this|that|it) (?:true|ok|okay|right|fine|you|real)\b|isn't it|what (?:time|day|date) is it"
    r"|what (?:now|then|else|next|if)\b|what (?:book|film|movie|song|music|game)s? should|(?:any"
    r"|got any) (?:advice|ideas|tips|suggestions|plans)|do i (?:look|sound|know|make sense)|am i (?:right|wrong"
    r"|crazy|late|too|dreaming|boring)|who (?:do|did|would|can) you|guess what$|(?:what|how|why) (?:you|u) "
    r"|what (?:do|does|did) (?:you|he|she|they|that|it) mean|who (?:knows|cares)|really$|why$"
    r"|how$|what$|so what|how so|how come$"
    r"|any (?:[a-z]+ )?(?:words (?:of|for)|thoughts|comfort|encouragement)\b"
    r"|do (?:you|u) know (?:a|any|some)(?: [a-z-]+){0,2} (?:jokes?|riddles?|puns?|poems?|rhymes?|lines?"
    r"|one-liners?|stor(?:y|ies))(?: about .*)?$"
    r"|(?:if .*\bhad .*)?would (?:i|we|you|he|she|they|it) have \w+ed\b"
    r"|.*\b(?:things?|tools?|what) (?:that )?you (?:can|could) do\b(?! (?:about|against|for|if|to|with|when)\b))",
    re.IGNORECASE,
)
_HELP = re.compile(r"^help(?: me| us)?(?: out)?(?: with (?:this|that|it))?$", re.IGNORECASE)
_POSSIBLE = re.compile(r"^\W*(?:is it|would it be) possible\b", re.IGNORECASE)
_SUM = re.compile(
    r"^if .*\d.*\bhow (?:many|much|long|far|old|tall|heavy)\b"
    r"|\bhow many (?:days|nights|weeks|months|hours|minutes|years) (?:are there |is it |lie )?(?:between|from)\b.*\d"
    r"|\b(?:square|cube) root of \d|\bto the power of \d"
    r"|\b\d+(?:\.\d+)? ?(?:times|plus|minus|x|\*|\+|divided by|multiplied by|squared|percent of|% of|-|/) ?\d*",
    re.IGNORECASE,
)
_WRITING = re.compile(
    r"^(?:write(?! to [^ ]+@| down\b)|compose|translate|summari[sz]e|rewrite|rephrase|proofread|draft"
    r"|brainstorm|invent"
    r"|improvise|sing|pretend|imagine|role ?play|act as|say|repeat|tell (?:me|us) (?:a|an|another|some) |spell"
    r"|define yourself|give me (?:a|an|some|\w+) (?:poem|joke|story|idea|advice|tip|example)"
    r"|make (?:me |us )?(?:a|an|some|the) (?:list|plan|table|schedule|summary|story|joke|poem|rhyme|budget|menu"
    r"|itinerary)|how (?:do|does|would|can|could|should) (?:you|i|we|one) (?:say|spell|pronounce)"
    r"|what(?:'s| is) the meaning of life)",
    re.IGNORECASE,
)


def is_free_writing(ask: AskedSentence) -> bool:
    """Tell whether a sentence wants text written, translated or made up."""
    return bool(_WRITING.match(ask.core)) and not _TELL.match(ask.core)


def is_search(ask: AskedSentence) -> bool:
    """Tell whether a sentence is an order to look something up or to tell of it, whatever it is about."""
    return ask.form != "question" and bool(_OPEN.match(ask.core))


def is_told_to_search(ask: AskedSentence) -> bool:
    """Tell whether a sentence orders a search in so many words, so that its subject does not matter."""
    return ask.form != "question" and bool(_QUERY_HEAD.match(ask.core))


def is_chat(ask: AskedSentence) -> bool:
    """Tell whether a sentence is about the two who talk, or a sum: nothing that files would hold."""
    return bool(_CHAT.match(ask.low) or _SUM.search(ask.low) or _TELLABLE.match(ask.low))


def wants_lookup(asks: list[AskedSentence], tools: list[Tool]) -> tuple[Tool, str, AskedSentence] | None:
    """Return the search tool, the query and the sentence that asks for something that files may hold."""
    if not tools:
        return None
    for i, ask in enumerate(asks):
        if is_free_writing(ask):
            return None  # what follows is what to write about: "Make it polite: where is my report?"
        query = _query(ask, tools)
        if query and i and re.search(r"\b(?:that|it|this|them)$", ask.core):
            query = ", ".join(a.text.strip() for a in asks[: i + 1])  # "my lawn has moss, what helps against that?"
        bare = ask.form == "question" and not is_chat(ask) and not _asks_something(ask)
        if not query and i and (bare or (ask.asked and _HELP.match(ask.core))):
            query = " ".join(a.text.strip() for a in asks[: i + 1])  # "My parcel is damaged. What should I do?"
        if query:
            return _best(tools, ask.text), query, ask
    return None


def _query(ask: AskedSentence, tools: list[Tool]) -> str | None:
    core = ask.core
    if ask.negated or ask.form == "statement" or is_free_writing(ask) or is_chat(ask):
        return None
    subject = {stem(w) for t in tools for w in tokens(t.name.replace("_", " "))}
    if m := _SAY.match(core):
        return core[m.end() :] or None
    ordered = _ORDER.match(core)
    if ordered and ask.form in ("order", "fragment", "wish"):
        query = _cut(core)
        return query if [w for w in content_stems(query) if w not in subject or " " in query] else None
    if ask.form == "wish" and (
        m := re.search(r"\b(?:need|want|like|love|see|have) (?P<what>(?:the|some|all|any) .+)$", core)
    ):
        about = {s for t in tools for s in t.stems} & set(content_stems(m["what"]))
        return m["what"] if about else None
    if ask.form == "order" and (
        re.match(r"^(?:i|we) |^(?:do|does|is|are) ", core, re.IGNORECASE) or _POSSIBLE.match(ask.text)
    ):
        return ask.text.strip()
    if ask.form == "fragment" and (
        m := re.match(r"^(?:the )?(\w+) (?:of|for) (?:an?|the|my|one) \w+$|^[a-z]+ ([a-z]{4,})$", core, re.I)
    ):
        told = {w.removesuffix("s") for t in tools for w in tokens(t.description)}
        return (
            core if (m[1] or m[2]).lower().removesuffix("s") in told else None
        )  # "price of a crown", "barbecue rules"
    if ask.form == "question" and _asks_something(ask):
        tail = _QUERY_TAIL.sub("", core)
        return _SAY.sub("", tail) if tail != core else _plain(ask)
    return None


def _asks_something(ask: AskedSentence) -> bool:
    said = [w for w in tokens(ask.core) if w not in STOP]
    return bool(said)


def _plain(ask: AskedSentence) -> str:
    return ask.core if ask.core[:1].islower() and ask.text.strip()[:1] != ask.core[:1] else ask.text.strip()


def _cut(core: str) -> str:
    """Take the search words, the name of the place searched and "what I wrote about" off."""
    query = _TELL.sub("", core)
    query = _QUERY_HEAD.sub("", query)
    query = _QUERY_TAIL.sub("", query)
    return _WROTE.sub("", query).strip(" ,.:?")


def _best(tools: list[Tool], text: str) -> Tool:
    said = set(content_stems(text))
    return max(tools, key=lambda t: len(said & t.stems))


# What a message asks for, told by a learned head on the sentence encoder: the files, talk, or the world at large.
#
# The head is a linear layer on three things: the encoder's row of the message, how near the message is to what the
# search tools and the system message say of the files, and its words. Talk is what is said for company, reckoned or
# written; the world is what no file of such an assistant would hold, so that who won the cup is one thing to a sailing
# club and another to a bakery. It was learned from messages (`python -m benchmarks.lookup_sense`).

Row = np.ndarray[Any, np.dtype[np.float32]]
WEIGHTS = Path(__file__).with_name("lookup_sense.safetensors")
KINDS = ("files", "talk", "world")
LEAST = 0.3
"""The chance that a message asks for the files, from which they are searched."""
SURELY = 0.5
"""The chance that it is talk, from which only a sentence that answers beyond doubt is quoted to it."""
LONGEST = 300
"""Characters of a message that are looked at."""
_SCALE = 4.0  # the encoder's rows are of length 1; at this scale they weigh as much as the words do
_FIELDS = (
    "geography: countries, capitals, cities, continents",
    "geography: mountains, rivers, oceans, deserts",
    "astronomy: planets, stars, the moon, the sun, space travel",
    "history: wars, kings, empires, presidents, inventions",
    "politics: governments, prime ministers, elections",
    "art: famous painters and paintings",
    "music: songs, singers, bands, composers",
    "films: movies, actors, directors",
    "literature: novels, writers, poets",
    "sport: football, world cups, championships, the Olympics",
    "biology: animals, plants, cells, evolution",
    "physics: light, gravity, atoms, energy",
    "chemistry: elements, molecules, reactions",
    "medicine: diseases, viruses, vaccines",
    "weather: rain, rainbows, clouds, the sky",
    "mathematics: numbers, equations, geometry",
    "economy: inflation, money, stock markets",
    "computers: the internet, software, programming",
    "languages: words, grammar, translations",
    "religion, philosophy and the meaning of life",
    "celebrities and famous people",
    "food: fruit, calories, nutrition",
    "measures: pounds, kilograms, miles, kilometres",
)
_BARE = frozenset(  # words that say that there are files, not what is in them
    stem(w)
    for w in word_set(
        """search searches look looks find finds lookup query question word words thing things few something anything
        file files document documents doc docs note notes page pages source sources folder folders knowledge base
        text texts record records archive data upload uploaded added attached own person person's user user's people
        assistant assistant's assistants answer answers passage passages content contents manual handbook guide wiki
        book leaflet leaflets handout material materials information info pdf readme helper helpful friendly kind"""
    )
)
_WIDE = frozenset(  # a studio's courses are not about the world, a syllabus may be
    stem(w) for w in word_set("tutor tutors syllabus homework exam quiz trivia encyclopedia encyclopaedia wikipedia")
)
_UNTOLD = re.compile(r"\bthe source [\w-]+|\b[\w-]+\.\w{2,4}\b")  # only the name of a source, only names of files
_QUERY = re.compile(r"\s*The query is a few words or a question\.?")
_OPENING = re.compile(
    r"^(?:(?:looks? (?:things )?up|search(?:es)?|finds?(?: passages)?)\b\s*)?(?:in\s+)?"
    r"(?:(?:the assistant's|the|its) files)?(?: that were added(?: to the assistant)?)?\s*:?\s*(?:the |in |for )*",
    re.IGNORECASE,
)
_ITEM = re.compile(r"[:;,.]|\band\b")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[?:=!]")


def wants_files(text: str, searches: Sequence[str], role: str) -> bool:
    """Tell whether the files are to be searched for `text`.

    `searches` are the descriptions of the search tools, `role` is the assistant's name and description.
    """
    chance = senses(text, searches, role)
    return chance["files"] + (chance["world"] if is_wide(searches, role) else 0.0) >= LEAST


def is_talk(text: str, role: str, *, formed: bool) -> bool:
    """Tell whether `text` is talk, whatever files there may be.

    `formed` says that it has the form of talk, so that it is enough that it hardly asks for files: "Why do I need the
    receipt?" only has the form.
    """
    chance = senses(text, (), role)
    return chance["files"] < 1 - SURELY if formed else chance["talk"] >= SURELY


def is_wide(searches: Sequence[str], role: str) -> bool:
    """Tell whether an assistant may be asked anything about the world, because it teaches or quizzes."""
    return any(stem(w) in _WIDE for about in [*searches, role] for w in tokens(about))


def senses(text: str, searches: Sequence[str], role: str) -> dict[str, float]:
    """Return the chance of each of `KINDS`."""
    head = _head()
    dense, words = features(text, searches, role)
    logits = head.bias + dense @ head.weight[: len(dense)]
    for word in words & head.words.keys():
        logits = logits + head.weight[len(dense) + head.words[word]]
    odds = np.exp(logits - logits.max())
    return dict(zip(KINDS, (odds / odds.sum()).tolist(), strict=True))


def features(text: str, searches: Sequence[str], role: str) -> tuple[Row, set[str]]:
    """Return what the head sees of a message: a dense row, and the words and pairs of words that stand in it."""
    text = text.strip()[:LONGEST]
    row = _rows((text,))[0]
    return np.concatenate([row, _nearness(text, row, searches, role)]).astype(np.float32) * _SCALE, _words(text)


def _nearness(text: str, row: Row, searches: Sequence[str], role: str) -> list[float]:
    """Return how near the message is to what the files hold and to the fields of general knowledge."""
    held = [item for description in searches for item in _held(description)]
    who = [role] if len(set(content_stems(role)) - _BARE) > 1 else []
    fields = _rows(_FIELDS) @ row
    if not (held or who):
        return [0.0] * 8 + [float(fields.max())]
    about = _rows((*held, *who))
    near = about @ row
    taken = np.maximum((about @ _rows(_FIELDS).T).max(0), 0)  # a field that the files themselves are of
    ahead = float((fields - taken).max() - near.max())
    of_held = float(near[: len(held)].max()) if held else 0.0
    stems = {s for item in (*held, *who) for s in content_stems(item)} - _BARE
    shared = min(len(stems & set(content_stems(text))), 2) / 2
    told = [1.0, float(bool(held)), float(bool(who))]
    return [*told, float(near.max()), of_held, ahead, float(fields.max()), shared, 0.0]


def _held(description: str) -> list[str]:
    """Return what a search tool says of its files, as a whole and item by item; empty when it says nothing of them."""
    told = _OPENING.sub("", _UNTOLD.sub(" ", _QUERY.sub("", description).strip().rstrip("."))).strip()
    if not set(content_stems(told)) - _BARE:
        return []
    items = [item for part in _ITEM.split(told) if len(item := part.strip()) > 2]
    return [told, *items] if len(items) > 1 else [told]


def _words(text: str) -> set[str]:
    open_ = re.sub(r"\d[\d.:,]*", " NUM ", text.lower().replace("’", "'"))
    words = [w if w == "NUM" else stem(w) for w in _WORD.findall(open_)]
    size = next((f"<{n}" for n in (4, 8, 14) if len(words) < n), "long")
    return {*words, *(f"{a} {b}" for a, b in pairwise(["^", *words, "$"])), size}


@lru_cache(maxsize=64)
def _rows(texts: tuple[str, ...]) -> Row:
    from gptsmith.models.embedding import load_embedder

    return load_embedder("embedded").encode(list(texts))


@dataclass(frozen=True)
class _Head:
    weight: Row  # (features, kinds)
    bias: Row
    words: dict[str, int]


@lru_cache(maxsize=1)
def _head() -> _Head:
    from safetensors import safe_open

    with safe_open(WEIGHTS, framework="numpy") as file:
        words = json.loads(file.metadata()["words"])
        weight, bias = (file.get_tensor(name).astype(np.float32) for name in ("weight", "bias"))
    return _Head(weight, bias, {word: n for n, word in enumerate(words)})
