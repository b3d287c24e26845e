"""The grammar of pictures: asking for a new one, for a change of the last one, for words about one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from gptsmith.models.chat.embedded.asks import AskedSentence
from gptsmith.models.chat.embedded.lookups import is_free_writing
from gptsmith.models.chat.embedded.quantities import NUMBER_WORDS
from gptsmith.models.chat.embedded.toolbox import Tool
from gptsmith.models.chat.embedded.words import content_stems, tokens, word_set

PICTURE = (
    r"(?:picture|pic|image|img|photo|photograph|snapshot|drawing|painting|sketch|illustration|portrait|artwork"
    r"|cover art|doodle|tile|colou?ring page|figure|diagram|graphic|visual"
    r"|poster|logo|banner|flyer|leaflet|icon|cartoon|wallpaper|postcard|watercolou?r|mural|panel|collage|emblem"
    r"|mosaic|sticker"
    r"|(?:invitation|greetings?|birthday|christmas|wedding|name|place) card"
    r"|comic|landscape|caricature|engraving|woodcut|infographic|mockup|thumbnail|screenshot|scan|selfie)(?:es|s)?"
)
_DRAW = (
    r"(?:draw|paint|sketch|illustrate|doodle|render|visuali[sz]e|depict|scribble"
    r"|(?:try your hand|have a go|take a (?:stab|shot|crack)) at)"
)
_MAKE = (
    r"(?:make|create|generate|produce|design|give|show|get|bring|prepare|compose|do|whip up|knock up"
    r"|put together|come up with|have|send)"
)
_NUMBER = rf"(?:\d{{1,2}}|{'|'.join(w for w in NUMBER_WORDS if w not in ('zero', 'hundred'))})"
_A = rf"(?:an?|another|some|one|new|a new|{_NUMBER}|a few|a couple of|several|a set of)"
_OF = (
    r"(?:of|showing|with|featuring|depicting|about|for|announcing|that|where|in which|saying|which|from|to|in"
    r"|on|called)"
)
_ADJECTIVES = r"(?:(?!of\b|with\b|for\b)[\w'-]+ ){0,3}?"

_KINDS = r"(?:versions?|variations?|variants?|takes?|options?|drafts?|views?) (?:of|showing|with)"

_DRAWN = re.compile(rf"^(?:{_DRAW})(?: |: ?)(?:(?:me|us|him|her|them|it)(?: |: ?))?(?P<what>.+)$", re.IGNORECASE)
_SEEN = re.compile(
    r"^(?:(?:show (?:me|us)|see) (?:what )?(?P<like>.+?) (?:would|could|might) look like|see how (?P<how>.+?)"
    r" (?:would|could|might) look"
    r"|(?:(?:i|we)(?:'d| would)? (?:like|love|want) to|let (?:me|us)) see (?P<see>(?:an?|some|two|three) .+))$",
    re.IGNORECASE,
)
_SEE_CORE = re.compile(
    r"^(?:see|show (?:me|us)) (?P<see>(?:an?|some|two|three) (?!list|recipe|example|way|sample|plan|summary"
    r"|table|menu"
    r"|trick|bit|little|good|few|respect|of|more|time|details?|info).+)$",
    re.IGNORECASE,
)
_SCENE = re.compile(  # something made that does something: "a unicorn jumping over a rainbow" is no coffee with milk
    rf"^(?:make|create|generate|design|do|whip up|knock up|knock together|put together|come up with|cook up)"
    rf" (?:(?:me|us) )?(?P<what>{_A} (?!\w+ing\b)(?:[\w'-]+ ){{1,4}}(?:with (?:an?|the|his|her|its|two|three) .+"
    rf"|(?!meeting|morning|evening|booking|building|thing)\w{{3,}}ing .+|made of .+|in (?:an?|the) .+))$",
    re.IGNORECASE,
)
_NEXT = re.compile(
    r"^(?:the |an? )?(?:(?:next|another|new|second|third|last|different) )?"
    r"(?:one|idea|picture|drawing|image)\s*[:–-]\s*"
    r"(?P<what>(?:an?|some|the|my|two|three) .+)$",
    re.IGNORECASE,
)
_OF_ONE = re.compile(rf"^(?:an?|another|one) {_ADJECTIVES}{PICTURE} (?:of|showing|with) ", re.IGNORECASE)
_INTO = re.compile(
    rf"^(?:turn|make|put) (?:this|that|the following|my)(?: idea| text| words"
    rf"| scene)? (?:in)?to an? {PICTURE}\s*[:,-]\s*(?P<what>.+)$",
    re.IGNORECASE,
)
_DRAW_IT = re.compile(rf"^(?:{_DRAW}|show me|picture) (?:it|that|this|one|them)\b(?P<rest>.*)$", re.IGNORECASE)
_LIKE = re.compile(r"^what (?:would|could|might|does) (?P<what>.+?) look like$", re.IGNORECASE)

# What "draw" takes when no pencil is meant.
_IDIOM_HEADS = word_set(
    """conclusion conclusions line comparison comparisons parallel parallels distinction distinctions inference
    inferences attention inspiration breath blood curtain curtains blinds lesson lessons lots straws salary
    pension money cash bath near closer close criticism fire crowd crowds audience gun sword weapon card? strength
    support boundary boundaries analogy connection connections link links consequences consequence moral morals
    short blank lot ire sigh veil benefits contract conclusions. plan plans list schedule budget will agreement
    report shortlist proposal outline"""
)
_PHRASAL = re.compile(r"^(?:up|out|near|back|away|in on|from|upon|on|nigh|together|level|to a close)\b", re.IGNORECASE)
_VERBAL = re.compile(
    r"\b(?:verbal|mental|in words|with words|in your mind|in prose|rosy picture|bleak picture|grim picture"
    r"|(?:the|big|bigger|full|whole|wider|larger) picture (?:of (?:how|why|what|where|who)|about|on))\b",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    rf"^(?:something|anything|whatever|stuff|a thing|it|things|me|us|one|some|an? {PICTURE})(?: (?:nice|cool|pretty"
    r"|new|else|for me|you like|you want|beautiful|random|fun|different))*$"
    r"|^(?:something|anything|an? (?:picture|image|drawing|illustration|visual)) for (?:my|our|the|this) [\w' "
    r"-]{2,30}$",
    re.IGNORECASE,
)
_STRIP = re.compile(
    rf"^(?:{_A} |the |different |separate |more )*(?:{_ADJECTIVES})(?:picture|pic|image|img|drawing|painting"
    rf"|sketch|illustration|photo|photograph|artwork)(?:es|s)?"
    r"(?: (?:of|showing|depicting|with|featuring)|\s*[,:–-])\s+",
    re.IGNORECASE,
)
_COUNT = re.compile(
    rf"^(?P<n>{_NUMBER}) (?P<kind>(?:different|separate|more|distinct|other"
    rf"|new) )?{_ADJECTIVES}(?P<noun>{PICTURE}|versions?|variations?|options?|drafts?)?\b",
    re.IGNORECASE,
)
_QUALIFIES = re.compile(
    r"(?:make|give|let|have|put|add|use|paint|keep) (?:it|him|her|them|the|an?|some|\w+)\b"
    r"|with\b|in\b|it should\b|it must\b",
    re.IGNORECASE,
)
_SEED = re.compile(
    r"[\s,(]*\b(?:using|with|use)?\s*(?:the )?seed(?: number)?\s*(?:=|:|of|is)?\s*(\d{1,10})\)?", re.IGNORECASE
)
_BE = re.compile(
    r"\b(?:is|was|are|were|has|had|hangs|hung|makes?|made(?! (?:of|from|out)\b)|says|said|helps?|can|will|would|should"
    r"|matters?|won)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Patterns:
    """The ways of asking that name what is made: any picture, or what this tool makes."""

    made: re.Pattern[str]
    wanted: re.Pattern[str]
    noun_first: re.Pattern[str]


@lru_cache(maxsize=64)
def _patterns(nouns: frozenset[str]) -> _Patterns:
    own = "".join(rf"|{re.escape(n)}(?:s|es|ed|e)?\b" for n in sorted(nouns))
    thing = rf"(?:{PICTURE}\b|{_KINDS}{own})"
    what = rf"(?P<what>{_A} {_ADJECTIVES}{thing}.*)$"
    desire = (
        r"(?:i|we|(?:my|our|the|his|her) [\w']{2,20}(?: and (?:i|[\w']{2,20}))?)(?:(?:'d| would)(?: [\w']+){1,3}?"
        r"| requires?| wants?| needs?| could (?:use|do with)"
        r"|(?:'m| am|'re| are| is)(?: \w+)? (?:after|looking for|in need of)"
        r"|(?:'m| am|'re| are| was| were) hoping for)"
        r"(?: to (?:see|have|get))?"
    )
    wish = (
        r"(?:i|we)(?:'d| would| should)? (?:really |also |just |still )?(?:like|love|want|need|prefer)(?: to (?:see"
        r"|have|get))?"
        r"|(?:can|could|may) (?:i|we) (?:please |pls )?(?:get|have|see)|how about|what about|have"
    )
    of = r"(?:of|for|with|saying|announcing|showing|featuring|depicting)"
    return _Patterns(
        re.compile(rf"^{_MAKE} (?:(?:me|us|him|her|them) )?{what}", re.IGNORECASE),
        re.compile(rf"^(?:{wish}|{desire}) {what}", re.IGNORECASE),
        re.compile(rf"^(?P<what>(?:{_A} )?{_ADJECTIVES}{thing}(?: {of} .+|[,:] (?:\w+ ){{2,}}.+))$", re.IGNORECASE),
    )


@dataclass(frozen=True)
class Wanted:
    """A new picture: `request` empty when the person did not say of what."""

    request: str
    count: int | None = None
    seed: int | None = None


def wants_picture(asks: list[AskedSentence], tool: Tool) -> Wanted | None:
    """Return what to draw when a sentence asks for a new picture; `tool` lends its own word (poster, tile)."""
    for i, ask in enumerate(asks):
        wished = _OF_ONE.match(ask.core) or _patterns(tool.nouns).wanted.match(ask.core)
        if ask.negated or is_free_writing(ask) or (ask.form == "statement" and not wished):
            continue
        found = _wanted(ask, tool.nouns)
        if found is None:
            continue
        if (m := _DRAW_IT.match(ask.core)) and i:
            before = asks[i - 1]
            seen = re.match(r"^(?:imagine|picture|think of|envision)\s+(?P<what>.+)$", before.core, re.IGNORECASE)
            if seen and not m["rest"].strip():
                return finish(seen["what"], tool)
            like = _LIKE.match(before.core)
            return finish(
                like["what"] if like else f"{before.core.rstrip('.')}: {found}" if m["rest"].strip() else before.core,
                tool,
            )
        if i and re.search(r"\b(?:for|of|about|with) (?:it|this|that|them)$", found, re.IGNORECASE):
            found = f"{found} ({asks[i - 1].core})"
        return finish(f"{found}. {_qualified(asks[i + 1 :])}".rstrip(". "), tool)
    return None


def _qualified(rest: list[AskedSentence]) -> str:
    """Return the sentences behind the order that say more of the picture: "Make it old and wooden"."""
    return " ".join(a.core + "." for a in rest if _QUALIFIES.match(a.core) and not a.negated)


def _wanted(ask: AskedSentence, nouns: frozenset[str]) -> str | None:
    core = ask.core
    if _VERBAL.search(core):
        return None
    if ask.form == "question" and not re.match(r"(?:how|what) about an? ", ask.low):
        return None
    if m := _INTO.match(core) or _NEXT.match(core):
        return m["what"]
    if m := _SEEN.match(core) or _SEE_CORE.match(core):
        groups = m.groupdict()
        return groups.get("like") or groups.get("how") or groups.get("see")
    if m := _DRAWN.match(core):
        return None if _is_idiom(m["what"]) else m["what"]
    ways = _patterns(nouns)
    made = ways.made.match(core) or ways.wanted.match(core)
    if made:
        return made["what"]
    if scene := _SCENE.match(core):
        return scene["what"]
    if ask.form == "wish" or not (named := ways.noun_first.match(core)):
        return None
    told = ask.form in ("fragment", "statement") and _BE.search(re.split(r" (?:of|for|with) ", core, maxsplit=1)[-1])
    return None if told else named["what"]


def _is_idiom(what: str) -> bool:
    """Tell whether "draw ..." means something else than a picture: a conclusion, the line, up a plan."""
    low = what.lower()
    if _PHRASAL.match(low):
        return True
    if re.match(r"^(?:the|a) (?:\w+ )?picture (?:for|that|here|clear)", low) and " of " not in low:
        return True
    head = re.split(
        r"\b(?:between|from|of|with|for|to|in|on|at|about|under|by|showing|that|and|every|each|when|whenever|if"
        r"|because|before|after|while|as)\b|[,:;]",
        low,
    )[0]
    words = tokens(head)
    if not words:
        return False
    own = words[0] in ("your", "your own", "their", "our", "his", "her", "its", "my", "the")
    last = words[-1]
    if last not in _IDIOM_HEADS:
        return False
    concrete = last in (
        "curtain",
        "curtains",
        "sword",
        "gun",
        "card",
        "link",
        "bath",
        "crowd",
        "fire",
        "line",
        "blinds",
        "weapon",
    )
    return not (
        concrete and not own and " " in low and words[0] in ("a", "an", "some", "two", "three") and last != "line"
    )


def finish(what: str, tool: Tool) -> Wanted:
    """Take count, seed and the words around the subject off."""
    seed = _SEED.search(what)
    if seed:
        what = (what[: seed.start()] + what[seed.end() :]).strip(" ,")
    what = re.sub(r"^(?:me|us) ", "", what, flags=re.IGNORECASE)
    what = re.sub(
        r"^something (?:completely |totally |entirely )?(?:different|else|new)\s*[:,-]\s*",
        "",
        what,
        flags=re.IGNORECASE,
    )
    count = None
    if (m := _COUNT.match(what)) and (m["kind"] or m["noun"]):
        word = m["n"].lower()
        number = int(word) if word.isdigit() else NUMBER_WORDS[word]
        count = number if 1 < number <= 8 else None
        if not m["noun"]:
            what = re.sub(rf"^{_NUMBER} (?:different|separate|more|distinct|other|new) ", "", what, flags=re.IGNORECASE)
    what = re.sub(r"^what (.+?) (?:would|could|might|may) look like$", r"\1", what, flags=re.IGNORECASE)
    what = _STRIP.sub("", what).strip(" ,.;")
    what = re.sub(rf"^{_A} (?:{_KINDS}) ", "", what, flags=re.IGNORECASE)
    what = re.sub(r"\s+(?:too|as well|please|pls|for me|for us)$", "", what, flags=re.IGNORECASE)
    said = set(content_stems(re.sub(PICTURE, " ", what, flags=re.IGNORECASE)))
    vague = _VAGUE.match(what) or (re.search(r"\b(?:picture|image|drawing)s? for\b", what) and said <= tool.stems)
    return Wanted("" if vague else what, count, int(seed[1]) if seed else None)
