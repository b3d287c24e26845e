"""The words of a request for a picture: what it shows, how many, from which seed; how much is to be told of one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gptsmith.models.chat.embedded.quantities import NUMBER_WORDS
from gptsmith.models.chat.embedded.toolbox import Tool
from gptsmith.models.chat.embedded.words import content_stems, tokens, word_set

_PICTURE = (
    r"(?:picture|pic|image|img|photo|drawing|painting|sketch|illustration|artwork|visual|render(?:ing)?)(?:es|s)?"
)
_FRAME = word_set(  # words that ask, and say nothing of the picture
    """please pls plz hi hello hey yo ok okay so now then and next just also can could would will you u ya i i'd i'm
    i'll we we'd we're we'll let's let me us him her them my our should like love want need prefer to see have get
    be kind as kindly mind maybe perhaps try go ahead for draw drawing paint painting sketch sketching illustrate
    illustrating doodle render depict scribble visualize visualise make making create creating generate generating
    produce design designing give do show bring whip up knock put together come with picture pictures pic pics image
    images img photo photos drawings paintings sketches illustration illustrations artwork visual imagine envision
    how about what of showing depicting featuring something different else new another one great nice cool thanks
    looking after hoping is was it it's if great nice lovely be there any chance possible able fancy in must really
    quick quickly if wonder wondering help
    """
)
_DRAWING = word_set(
    """draw drawing paint painting sketch illustrate doodle render depict picture image show see make create generate
    design"""
)
_DRAW_IT = re.compile(r"\b(?:draw|paint|sketch|render|illustrate) (?:it|that|this|one|them)\b", re.IGNORECASE)
_LAST = word_set("of showing depicting featuring")  # behind these the picture begins, whatever the next word is
_ARTICLES = word_set("a an the some two three four five six my our his her their one")
_TAIL = re.compile(
    r"[\s,.;!]*(?:\b(?:and|then|please|pls|plz|thanks|thank you|for me|for us|too|as well|would you|will you|could you"
    r"|can you|(?:draw|paint|sketch|render|illustrate|picture|show me) (?:it|that|this|one|them))\b[\s,.;!?]*)+$",
    re.IGNORECASE,
)
_OF = re.compile(
    rf"^(?:\S+ ){{0,12}}?(?:{_PICTURE} (?:of|showing|depicting|featuring)"
    r"|(?:draw|paint|sketch|illustrate|doodle)(?:ing)?:?"
    r"(?: (?:me|us|him|her|them)\b)?)\s+"
    r"(?!(?:it|that|this|one|them|for|to|something|anything|with)\b)(?P<what>\S.*)$",
    re.IGNORECASE,
)
_MADE = r"posters?|banners?|flyers?|logos?|portraits?|cards?|icons?|panels?|versions?|variations?|drafts?"
_LIKE = re.compile(r"\bwhat (.+?) (?:would|could|might|may) look like|^what would (.+?) look like", re.IGNORECASE)
_SEED = re.compile(r"[\s,(]*\b(?:using|with|use)?\s*(?:the )?seed(?: number)?\s*(?:=|:|of|is)?\s*(\d{1,10})\)?", re.I)
_VAGUE = re.compile(
    r"^(?:something|anything|whatever|stuff|it|things?|that|this|(?:an? )?(?:nice )?" + _PICTURE + r")\b", re.I
)
_DETAILED = word_set("nice cool pretty new else random fun different beautiful")
_COUNTED = rf"(?P<n>\d{{1,2}}|{'|'.join(NUMBER_WORDS)})(?: (?:different|separate|more|distinct|other|new))?"
_SHORT = re.compile(
    r"\b(?:short(?:ly|er)?|brief(?:ly)?|one[ -](?:short )?(?:line|sentence|word)|quick|in (?:a|one) (?:line|sentence)"
    r"|in (?:a few|few) words|caption)\b",
    re.IGNORECASE,
)
_LONG = re.compile(r"\b(?:detail(?:s|ed)?|thorough(?:ly)?|descriptive|long(?:er)?|everything|fully|at length)\b", re.I)
_OR = re.compile(
    r"\b(?:is|are|was|show|see|one|these|them|it|which)\b[\s,:]*(?:(?:this|it|that|there|here)[\s,:]+)?"
    r"(?P<choices>[^?:.]+? or [^?.]+)",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:either |rather |maybe |more like )?(?:an?|the|some) ", re.IGNORECASE)
_MOST_WORDS = 5  # of one choice: more is no name of a thing


@dataclass(frozen=True)
class Wanted:
    """A new picture: `request` empty when the person did not say of what."""

    request: str
    count: int | None = None
    seed: int | None = None


def wanted(words: str, tool: Tool) -> Wanted:
    """Return what a message that asks for a picture wants drawn."""
    text = " ".join(words.split())
    seed = _SEED.search(text)
    text = (text[: seed.start()] + text[seed.end() :]).strip() if seed else text
    if like := _LIKE.search(text):
        return Wanted(like[1] or like[2], None, int(seed[1]) if seed else None)
    nouns = "|".join(sorted((re.escape(n) + r"\w{0,2}" for n in tool.nouns), key=len, reverse=True)) or "picture"
    many = re.search(rf"\b{_COUNTED} (?:[\w-]+ )?(?:{_PICTURE}|{nouns}|{_MADE})\b", text, re.I)
    count = (int(many["n"]) if many["n"].isdigit() else NUMBER_WORDS[many["n"].lower()]) if many else 0
    request = bare(text)
    said = set(content_stems(request)) - {"someth", "anyth", *_DETAILED}
    vague = _VAGUE.match(request) and (not said or " for " in f" {request} ")
    return Wanted(
        "" if vague or not said else request, count if 1 < count <= 8 else None, int(seed[1]) if seed else None
    )


def bare(words: str) -> str:
    """Return a request without the words around it that only ask: "could you paint a fox, please" is "a fox"."""
    text = _TAIL.sub("", words.strip())
    if (of := _OF.match(text)) and content_stems(of["what"]):
        return of["what"].strip(" .!?,")
    before, colon, behind = text.partition(": ")
    if colon and len(before.split()) <= 9 and behind.strip():
        return _TAIL.sub("", behind).strip(" .!?,")
    start, kept = 0, ""
    for m in re.finditer(r"[\w'’-]+", text):
        low = m.group().lower().replace("’", "'")
        if low in _ARTICLES:
            kept = kept or text[m.start() :]
        elif low in _FRAME:
            kept, start = "", m.end()
            if low in _LAST and start < len(text):
                break
        else:
            return (kept or text[m.start() :]).strip(" .!?,")
    rest = text[start:].strip(" .!?,:")
    return rest if content_stems(rest) else ""


def asks_to_draw(words: str) -> bool:
    """Tell whether a request for a picture asks in so many words, and does not only name or tell what is seen."""
    before = words[: max(0, words.find(bare(words)))]
    return any(w in _DRAWING for w in tokens(before)) or bool(_TAIL.search(words) and _DRAW_IT.search(words))


def detail(words: str) -> str:
    """Return how much is to be told of a picture: "short", "descriptive", or "" when nothing is said of it."""
    return "short" if _SHORT.search(words) else "descriptive" if _LONG.search(words) else ""


def choices(words: str) -> list[str]:
    """Return the things between which a message lets choose ("is this a cat or a dog?")."""
    if not (m := _OR.search(words)):
        return []
    parts = re.split(r",? or (?:rather )?|, ", m["choices"].strip())
    named = [re.sub(r"\s+(?:in|on) (?:it|this|the \w+)$", "", _ARTICLE.sub("", p.strip())) for p in parts if p.strip()]
    return named if len(named) > 1 and all(1 <= len(tokens(name)) <= _MOST_WORDS for name in named) else []
