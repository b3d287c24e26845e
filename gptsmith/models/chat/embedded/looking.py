"""The grammar of a change to a picture, and of words about one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from gptsmith.models.chat.embedded.asks import AskedSentence
from gptsmith.models.chat.embedded.drawing import PICTURE
from gptsmith.models.chat.embedded.lookups import is_chat
from gptsmith.models.chat.embedded.words import stem, tokens

# The grammar of a change to the last picture: "make it blue", "now with a hat", "less orange".

_IT = (
    r"(?:it|him|her|them|this|that|these|those|everything|one|(?:the|this|that|my|his|her|its|their|your"
    r"|every|each|all)(?: [\w'-]+){1,4})"
)
_VERBS = (
    r"(?:add|remove|erase|delete|replace|swap|edit|modify|adjust|redo|redraw|repaint|recolou?r|crop|flip|rotate"
    r"|mirror|brighten"
    r"|darken|lighten|enlarge|shrink|blur|sharpen|inpaint|colou?r|tint|extend|widen|zoom|soften|smooth|retouch"
    r"|decorate|update"
    r"|move|cover|fill|clean up|tone down|lower|raise|increase|reduce|simplify|hide|insert|include|stretch"
    r"|straighten)"
)
_CHANGE = re.compile(
    rf"^(?:{_VERBS} (?=\S)|change (?!my mind|the subject|the topic|of |your mind|places)\S)", re.IGNORECASE
)
_MAKE = re.compile(
    rf"^(?:(?:make|turn|have|let|paint|keep|get|give|dress|set|try|do|draw|put|render|show|use) {_IT}\b"
    r"|(?:make|let|have) (?:me|us) (?:look|wear|be)\b)",
    re.IGNORECASE,
)
_LEFT_AS_IT_IS = re.compile(
    r"^(?:keep|get|have|give|show|use|try|do|put|set|let|take|love|like) (?:it|this|that|them|him|her|these|those)$",
    re.I,
)
_PUT = re.compile(
    r"^(?:put|place|stick|drop|hang|give (?:it|him|her|them|the [\w'-]+)) (?:an?|some|the|two|three|more"
    r"|another|\w+) ",
    re.IGNORECASE,
)
_TAKE = re.compile(
    r"^(?:take (?:away|out|off)|(?:take|cut|leave|edit) [\w' -]{2,40}? (?:away|out|off)\b|get rid of|cut out"
    r"|leave out|use (?!it\b)|try (?:(?:again|a|an|in|with)\b|\w+(?: \w+)?$)"
    r"|go (?:for|with))\s*",
    re.IGNORECASE,
)
_FRAGMENT = re.compile(
    r"^(?:(?:now |but |and |maybe |only |just )*(?:with(?:out)?|in (?:the (?:style|snow|rain|woods|forest|desert|city"
    r"|street|meadow|fields?|hills|mountains|sea|water|dark|evening|morning|garden|park|room)|space|a|an|black|warm|cold|cool"
    r"|pastel|colou?r|green|blue|red|"
    r"yellow|orange|purple|pink|white|gr[ae]y|brown|gold|water ?colou?r|oil|ink|pencil|sepia|style|darker"
    r"|lighter|brighter|cartoon|pixel)"
    r"|as an?|at (?:night|dusk|dawn|sunset|sunrise|noon|the (?:beach|sea))|on (?:an?|the (?:beach|table|street|road"
    r"|water|grass|hill)))\b"
    r"|(?:(?:a (?:bit|little|touch|tad)|slightly|much|even|way|far) )?(?:more|less|fewer)\b"
    r"|(?:(?:(?:a )?(?:bit|little|touch|tad)|slightly|much|even|way|far) )(?:\w+er|better|nicer|worse)\b"
    r"|(?:bigger|smaller|larger|darker|lighter|brighter|warmer|cooler|softer|sharper|simpler|taller|wider"
    r"|bolder|older|younger|happier)\b"
    r"|(?:the )?same (?:but|with|in|again|one|picture|thing|for)\b|no \w+(?:,|$| and)|fewer |another (?:version"
    r"|one|try)\b|(?:just |only )?(?:one|two|three|four|five|six|\d) of (?:them|those|these|it)\b"
    r"|(?:far |way |much |a bit |a little )?too \w+(?:$|,| and)|different (?:colou?rs?|background|style)\b)",
    re.IGNORECASE,
)
_SLIGHTLY = re.compile(r"^(?:(?:a )?(?:bit|little|touch|tad)|slightly|even) (?:more|less|fewer|\w+er)\b", re.IGNORECASE)
_SHOULD = re.compile(
    rf"^(?:there|{_IT}) (?:needs|should|could|must|has to|ought to)\b(?! be (?:fun|fine|ok|easy|good))", re.IGNORECASE
)
_BECAUSE = re.compile(  # why it is wanted says nothing of the change
    r"\s*[,;:–-]+\s*(?:because|since|as|it(?:'s| is| was| looks)|that(?:'s| is)|they(?:'re| are)|(?:we|i|he|she|you)"
    r"(?:'re|'m|'s|'ve)? (?!want|need|would))\b.*$",
    re.IGNORECASE,
)
_CAN_THE = re.compile(
    rf"^(?:can|could|should) (?:there|{_IT}) (?:be|have|get|look|wear|hold|stand|sit|face|go|move|smile|\w+) ?",
    re.IGNORECASE,
)
_PREFER = re.compile(
    rf"^(?:i|we)(?:'d| would)? (?:rather |really )?(?:like|prefer|want|love|need|have) {_IT} ", re.IGNORECASE
)
_HAVE_IT = re.compile(
    r"^(?:can|could|may) (?:i|we) (?:please )?(?:have|get|see) (?P<what>(?:it|this|that"
    r"|the same) (?:with|without|in|as|at|on|but)\b.+)$",
    re.IGNORECASE,
)
# "Can you label the tail?": whatever is to be done to a part of it; not what is done to files, people or words.
_DONE_TO = re.compile(r"^[a-z]+ (?:the|its|his|her|their) [\w' -]{2,40}$", re.IGNORECASE)
_OTHERWISE = re.compile(
    r"^(?:tell|show|explain|say|send|print|save|download|open|close|play|book|order|call|help|give|repeat"
    r"|translate|write"
    r"|find|search|look|check|read|describe|name|spell|count|see|share|post|keep|list|answer|draw|paint|sketch"
    r"|get|bring"
    r"|buy|pay|set|start|stop|cancel|turn|switch|lock|unlock|feed|ask|meet|know|remember|understand|do|caption"
    r"|guess)\b",
    re.IGNORECASE,
)
_IDIOMS = re.compile(
    r"\b(?:make (?:sense|up your mind|sure|do\b|it (?:quick|easy|work|count|home|stop|to|up to|through|there"
    r"|today|tomorrow|tonight|happen)|my day|me\b(?! look| wear| (?:\w+er|bald|blond\w*)\b)|us\b(?! look| wear)"
    r"|yourself)"
    r"|my mind|your mind|never mind|the (?:subject|topic|plan|date|time|meeting|password|language|volume"
    r"|name)\b(?! of the)"
    r"|give (?:me|us|it (?:a (?:rest|try|go|thought|break)|up|time))|take (?:care|your time|it easy)"
    r"|keep (?:it (?:up|short|simple|real)|going|in touch|calm)"
    r"|let (?:me|us|it (?:go|be)$)|do it yourself|get it(?! in| with| on)|turn the page|show (?:me how|some"
    r"|respect)|set it aside"
    r"|try it yourself|put it (?:differently|simply|another way|this way|in other words)"
    r"|more (?:about|on (?:that|this)|info\w*|details?|or less|please)\b|tell me|less is more|with (?:pleasure"
    r"|love|regards)|add me|move on|no (?:thanks|thank you|problem|worries|idea|way|one|rush|need)"
    r"|use it (?:for|on|as)|print|save it|download|send it|share it|email it)\b",
    re.IGNORECASE,
)
_REFERS = re.compile(rf"\b(?:it|{PICTURE}|this|that|background|colou?rs?|style|same|last one)\b", re.IGNORECASE)


def wants_change(asks: list[AskedSentence], *, fresh: bool) -> str | None:
    """Return the change wanted of the last picture, in the person's words.

    `fresh` says that the picture came with this message or just before it; of an older one the words must speak
    ("the picture I sent").
    """
    found: list[str] = []
    for ask in asks:
        if ask.negated or _IDIOMS.search(ask.low) or len(ask.core) < 3:
            continue
        words = _BECAUSE.sub("", _change(ask) or "")
        if words and (fresh or _REFERS.search(words)):
            found.append(words)
    orders = [w for w in found if not w.lower().startswith("too ")]  # "too busy. Remove the trees"
    return next(iter(orders or found), None)


def _change(ask: AskedSentence) -> str | None:
    core = ask.core
    if ask.asked and _DONE_TO.match(core) and not _OTHERWISE.match(core):
        return core
    if got := _HAVE_IT.match(core):
        return got["what"]
    if ask.form == "question" and (
        what_if := re.match(
            rf"^(?:what if|what about if"
            rf"|how about) (?P<what>{_IT} .+)$",
            core,
            re.IGNORECASE,
        )
    ):
        return what_if["what"]
    if ask.form == "question" and _SLIGHTLY.match(core):  # "a bit less snow, maybe?"
        return core
    if ask.form == "question":
        return (
            core
            if _CAN_THE.match(core) and not re.match(r"^(?:can|could|should) (?:i|you|we)\b", core, re.IGNORECASE)
            else None
        )
    if _SHOULD.match(core) or ask.form == "statement":
        return core if _SHOULD.match(core) else None
    if ask.form == "wish":
        return (
            core
            if _PREFER.match(core)
            and not re.match(r"^(?:i|we) (?:like|love|really like|really love) ", core, re.IGNORECASE)
            else None
        )
    if _LEFT_AS_IT_IS.match(core):
        return None
    if _CHANGE.match(core) or _MAKE.match(core) or _PUT.match(core) or _TAKE.match(core):
        return core
    return core if _FRAGMENT.match(core) else None


# The grammar of words about a picture: "what is in this photo?", "describe it", "a short caption please".

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
    asks: list[AskedSentence], *, attached: bool, fresh: bool = False, nouns: frozenset[str] = frozenset()
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


def _written(ask: AskedSentence) -> bool:
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


def choices(asks: list[AskedSentence]) -> list[str]:
    """Return the things between which a sentence lets choose ("is this a cat or a dog?"); empty when it does not."""
    for ask in asks:
        if (m := _OR.match(ask.core)) and not ask.negated:
            parts = re.split(r",? or (?:rather )?|, ", _PLACE.sub("", m["choices"]))
            named = [_ARTICLE.sub("", part.strip()) for part in parts if part.strip()]
            if len(named) > 1 and all(len(name.split()) <= _MOST_WORDS for name in named):
                return named
    return []


def looks_again(asks: list[AskedSentence], words: str) -> Look | None:
    """Tell whether words after a description want it otherwise ("shorter, please") or ask on ("what is in it?")."""
    if _AGAIN.match(words.strip()):
        return Look("descriptive" if _LONGER.search(words) else "short", False)
    for ask in asks:
        if ask.form == "question" and not is_chat(ask) and _ASKS.match(ask.core) and _OF_IT.search(ask.core):
            return Look(None, False)
    return None


def recognizes(asks: list[AskedSentence]) -> bool:
    """Tell whether a sentence asks for the name of a thing rather than for a description."""
    return any(_RECOGNIZE.match(ask.core) for ask in asks if not ask.negated)
