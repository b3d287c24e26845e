"""The grammar of words about a picture: "what is in this photo?", "describe it", "a short caption please"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from gptsmith.models.chat.embedded.asks import Ask
from gptsmith.models.chat.embedded.drawing import PICTURE
from gptsmith.models.chat.embedded.lookups import is_chat
from gptsmith.models.chat.embedded.words import stem, tokens

_THE = r"(?:the|this|that|these|those|my|your|our|attached|last|first)"
_NAMED = re.compile(
    rf"\b{_THE} (?:[\w'-]+ ){{0,2}}?(?:{PICTURE}|charts?|graphs?)\b|\b{PICTURE} (?:i|you|we) (?:\w+ )?(?:sent"
    rf"|made|drew|uploaded"
    rf"|attached|posted|gave|took)",
    re.IGNORECASE,
)
_PLAIN = re.compile(
    r"\b(?:picture|pic|image|img|photo|photograph|snapshot|drawing|painting|screenshot|selfie|scan|figure|diagram"
    r"|chart|graph)s?\b",
    re.IGNORECASE,
)
_DESCRIBE = re.compile(
    r"^(?:describe|caption|(?:(?:tell|show) (?:me|us|(?:my |the )?[\w'-]+)|explain|say) what|explain|tell (?:me"
    r"|us) about|talk about|read|analy[sz]e"
    r"|identify|recogni[sz]e|examine|inspect|summari[sz]e|sum up"
    r"|(?:take |have )?(?:a |another )?(?:close |closer |good |quick )?look at|look closely|what do you (?:see"
    r"|notice|make of)|what can (?:you|be) (?:see|seen)"
    r"|(?:write|give|make|add|suggest|provide|i need|i'd like|can i (?:have|get))(?: (?:me|us|for|up))?(?: an?"
    r"| some| one)?(?: [\w-]+){0,2} (?:caption|alt(?:ernative)?[- ]text|description|line about)"
    r"|(?:an?|one)?(?: ?[\w-]+){0,2} ?(?:caption|alt[- ]text|description|line)\b)",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"^(?:what(?:'s|s| is| was| are| were| does| do| did| colou?r| kind| sort| time| animal)?|who(?:'s| is| are"
    r"| was)?|where|how many|how|is there|are there|is|are|does|do you see"
    r"|can you see|which|was there)\b",
    re.IGNORECASE,
)
_THIS = re.compile(
    r"^(?:(?:what(?:'s|s| is| are| was)|who(?:'s| is| are)) (?:this|that|it|these|here|on it|in it"
    r"|going on(?: here)?|happening(?: here)?)"
    r"(?: thing| place| animal| here)?|what do you (?:see|notice)(?: here| in it| there)?|what can you see(?: here)?"
    r"|(?:describe|caption|what you see|what i see|identify|recogni[sz]e|look at|see|check out|explain"
    r"|take a look(?: at)?"
    r"|have a look(?: at)?)(?: (?:this|it|that))?(?: for me| please| in detail| briefly)*"
    r"|(?:tell (?:me|us)|say|list|name|describe) (?:everything|all|all the things) (?:that )?(?:you (?:can )?see"
    r"|is (?:there|here|on it|in it|shown)|it shows)"
    r"|(?:recogni[sz]e|identify|classify) (?:what (?:this|it|that) is|(?:the|this|that) (?:thing|object|animal)))$",
    re.IGNORECASE,
)
_RESULT = re.compile(
    r"^what (?:have|did) you (?:just )?(?:draw|drawn|paint|painted|make|made|sketch|sketched)\b|^(?:describe"
    r"|caption) (?:it|that|this|the (?:result|outcome|scene)|what you(?:'ve| have)?(?: just| now)? "
    r"(?:made|drew"
    r"|drawn|painted))\b",
    re.IGNORECASE,
)
_LOOKS = re.compile(
    rf"^what (?:does|do|did) {_THE} (?:\w+ )?{PICTURE} (?:look like|show|depict|contain|say|mean)", re.IGNORECASE
)
_SHORT = re.compile(
    r"\b(?:short(?:ly)?|brief(?:ly)?|one[ -](?:short )?(?:line|sentence|word)|quick|in (?:a|one) sentence|in "
    r"(?:a few|few) words|caption "
    r"of)\b",
    re.IGNORECASE,
)
_LONG = re.compile(
    r"\b(?:detail(?:s|ed)?|thorough(?:ly)?|descriptive|long|everything|fully|at length)\b", re.IGNORECASE
)
_PLACED = re.compile(
    r"\b(?:(?:back|fore)ground|(?:in|on) (?:it|the (?:left|right|middle|cent(?:re|er)|corner)))$", re.I
)
_OF_THEM = re.compile(
    r"^(?:(?:what|which) (?:colou?rs?|kinds?|sorts?|shapes?)|how (?:many|big|large)|where) (?:of \w+ )?"
    r"(?:is|are|was|were|do|does) (?:it|they|them|these|those|there|you see)\b",
    re.IGNORECASE,
)
_LONG_PHRASE = re.compile(r"\b(?:in (?:great |more |full )?detail|briefly|in short|in (?:one|a) \w+)\b", re.IGNORECASE)
_MAKING = re.compile(
    r"^(?:how (?:did|do|can|should|would|to|was|is)|why|when|can i|could i|may i|should i|what (?:paper|size"
    r"|format|resolution|makes|would|file|programme?|software|app|tool)|"
    r"where (?:can|do|did|should)|is it possible|who (?:made|drew|painted|took))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Look:
    """Words about a picture are wanted; `detail` when the person said how much, `named` when a picture is named."""

    detail: Literal["short", "descriptive"] | None
    named: bool


def wants_look(
    asks: list[Ask], *, attached: bool, fresh: bool = False, nouns: frozenset[str] = frozenset()
) -> Look | None:
    """Tell whether a sentence asks what a picture shows.

    `attached` when one came with this very message, `fresh` when with this one or the one before;
    `nouns` are the stems of what the drawing tool makes (sign, tile).
    """
    for ask in asks:
        if ask.negated or ask.form == "statement" or _MAKING.match(ask.low):
            continue
        own = fresh and bool({stem(w) for w in tokens(ask.core)} & nouns)
        named = bool(_NAMED.search(ask.core)) or own
        plain = re.sub(r"\s+", " ", _LONG_PHRASE.sub(" ", ask.core)).strip()
        about = (
            _DESCRIBE.match(ask.core)
            or _DESCRIBE.match(plain)
            or _LOOKS.match(ask.core)
            or (ask.form == "question" and _ASKS.match(ask.core))
        )
        asked = ask.form == "question" or re.match(
            r"^(?:see|tell|say|guess|identify|spot|read|name) (?:me "
            r"|us )?(?:what|who|which|how many|if|whether|the)\b",
            ask.low,
        )
        placed = fresh and asked and (_PLACED.search(ask.core) or _OF_THEM.match(ask.core))
        this = placed or _THIS.match(ask.core) or _written(ask) or (asked and (not is_chat(ask) or " this" in ask.low))
        result = fresh and _RESULT.match(ask.core)
        if (named and about) or ((attached or placed) and this) or result:
            return Look(_detail(ask.core), named and bool(_PLAIN.search(ask.core)))
    return None


def _written(ask: Ask) -> bool:
    """A caption or a description is asked for, whatever the picture is called."""
    return (
        bool(re.search(r"\b(?:caption|alt(?:ernative)?[- ]text|describe|description)\b", ask.low))
        and "yourself" not in ask.low
    )


def _detail(text: str) -> Literal["short", "descriptive"] | None:
    if _SHORT.search(text):
        return "short"
    return "descriptive" if _LONG.search(text) else None


_OR = re.compile(
    r"^(?:(?:is|are|was) (?:this|that|it|there|these|those)(?: (?:picture|photo|image|thing|animal|one))?"
    r"(?: (?:of|here|more like))?|do(?:es)? (?:it|this|that|the (?:picture|photo|image)) show|do you see"
    r"|which (?:is it|of (?:these|them|the two|the three)(?: is it)?|one is it|(?:animal|thing) is it"
    r"|(?:of (?:these|them)|(?:animal|thing|one)) does (?:it|this|the picture) show)\b[\s,:–-]*"
    r"|what is it[,:])\s*(?P<choices>.+? or .+?)[\s?.!]*$",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:either |rather |maybe )?(?:an?|the|some) ", re.IGNORECASE)
_PLACE = re.compile(r"\s+(?:(?:in|on) (?:it|this|that|the (?:picture|photo|image))|here)$", re.IGNORECASE)
_AGAIN = re.compile(
    r"^(?:(?:and|now|or|but|make|say|describe|write|tell me|give me|it|that|this|please|a|the)[\s,]+)*"
    r"(?:(?:much |even |a bit |a little )?(?:shorter|longer)(?: version| one| description)?"
    r"|(?:more )?(?:briefly|fully)|more details?"
    r"|in (?:more |full |greater |great )?detail|in full|in (?:a|one|a single) (?:short )?(?:line|sentence|word))"
    r"(?: please| then| now)*[?.!]*$",
    re.IGNORECASE,
)
_LONGER = re.compile(r"\b(?:longer|more details?|fully|full|detail)\b", re.IGNORECASE)
_OF_IT = re.compile(
    r"\b(?:it|its|there|this|that|here|you see)\b|^(?:what colou?r|how many|where|is|are|does|do)\b.* the ",
    re.IGNORECASE,
)
_RECOGNIZE = re.compile(
    r"^(?:recogni[sz]e|identify|classify|what (?:kind|sort|type) of (?:thing|animal|object))\b", re.I
)
_MOST_WORDS = 5  # of one choice: more is no name of a thing


def choices(asks: list[Ask]) -> list[str]:
    """Return the things between which a sentence lets choose ("is this a cat or a dog?"); empty when it does not."""
    for ask in asks:
        if (m := _OR.match(ask.core)) and not ask.negated:
            parts = re.split(r",? or (?:rather )?|, ", _PLACE.sub("", m["choices"]))
            named = [_ARTICLE.sub("", part.strip()) for part in parts if part.strip()]
            if len(named) > 1 and all(len(name.split()) <= _MOST_WORDS for name in named):
                return named
    return []


def looks_again(asks: list[Ask], words: str) -> Look | None:
    """Tell whether words after a description want it otherwise ("shorter, please") or ask on ("what is in it?")."""
    if _AGAIN.match(words.strip()):
        return Look("descriptive" if _LONGER.search(words) else "short", False)
    for ask in asks:
        if ask.form == "question" and not is_chat(ask) and _ASKS.match(ask.core) and _OF_IT.search(ask.core):
            return Look(None, False)
    return None


def recognizes(asks: list[Ask]) -> bool:
    """Tell whether a sentence asks for the name of a thing rather than for a description."""
    return any(_RECOGNIZE.match(ask.core) for ask in asks if not ask.negated)
