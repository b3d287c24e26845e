"""The grammar of a change to the last picture: "make it blue", "now with a hat", "less orange"."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded.asks import Ask
from gptsmith.models.chat.embedded.drawing import PICTURE

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


def wants_change(asks: list[Ask], *, fresh: bool) -> str | None:
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


def _change(ask: Ask) -> str | None:
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
