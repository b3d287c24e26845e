"""One sentence of the person with its politeness peeled off: what is asked, and in which form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Form = Literal["order", "question", "wish", "fragment", "statement"]

_OPENERS = re.compile(
    r"^(?:(?:hey|hi|hello|hiya|howdy|yo|good (?:morning|afternoon|evening)"
    r"|ok(?:ay)?|so|now|and|then|please|pls|plz|well|great|nice|cool|perfect|lovely"
    r"|thanks|thank you|"
    r"alright|also|oh|um+|hm+|yes|yeah|yep|sure|good|next|but|hey there|dear \w+|maybe|quick(?:ly)?|just"
    r"|actually|kindly|sorry|rather|preferably|ideally|perhaps|possibly)\b"
    r"[\s,!.:;–-]*)+",
    re.IGNORECASE,
)
_CLOSERS = re.compile(
    r"[\s,]*(?:\b(?:please|pls|plz|thanks|thank you|thx|for me|would you|will you|could you|can you|if you can"
    r"|when you can"
    r"|right now|ok|okay|too|as well|again|instead|by the way)\b)[\s.!?]*$",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"^(?:(?:would|do) you mind|(?:can|could|would|will|may|might) (?:you|u|ya|someone|somebody|anyone|anybody)"
    r"(?: guys)?(?: (?:please|pls"
    r"|maybe|possibly|kindly|just"
    r"|also|quickly|now))*"
    r"(?: be able to| be so kind(?: as)? to)?|(?:would|do) you mind|i was wondering (?:if|whether) you (?:could"
    r"|can|would)|(?:i|we)(?:'m|'re| am| are| was| were) (?:hoping|wondering|thinking)(?: that| if| whether)? you"
    r" (?:could|can|would|might)"
    r"|i wonder (?:if|whether) you (?:could|can|would)|(?:is it|would it be) possible"
    r" (?:for you to|to(?= (?:draw|paint|sketch|make|create|have|get|see|set|book|turn|describe|search|find)\b))"
    r"|do you think you (?:could|can)|(?:it|that)(?:'d| would| will)? be (?:so |really |very )?(?:great|nice"
    r"|lovely|cool|good"
    r"|awesome|amazing|fantastic|wonderful|kind|helpful|perfect|fun) (?:if|when) you (?:could|can|would)?"
    r"|(?:i|we)(?:'d| would) (?:appreciate|love|like) it if you (?:could|can|would)?|why don't you|how about you"
    r"|(?:maybe |perhaps )?you (?:could|can(?!')|should|may|might)|your (?:task|job) is to|(?:i|we)(?:'m"
    r"| am) asking you to"
    r"|(?:is there )?(?:any|a|some) (?:chance|way|possibility)(?: that)? you (?:could|can|would)|go ahead and"
    r"|feel free to|try to|be so kind and|are you able to)\s+",
    re.IGNORECASE,
)
_WISHED = re.compile(
    r"^(?:i|we|i'd|we'd)(?: would|'d)? (?:really |also |just )?(?:like|love|want|need|prefer"
    r"|wish)(?: (?:for )?(?:you|u))? to\s+"
    r"|^(?:it|that) would (?:really |also )?[\w-]+(?: [\w-]+){0,2} to (?=(?:have|see|get) )"
    r"|^(?:let's|lets|let us)\s+|^i need (?:you|u) to\s+"
    r"|^(?:i|we)(?: have|'ve got) to (?=(?:cancel|change|move|return|report|order|book|renew|stop|send|pay|find|get)\b)"
    r"|^help (?:me|us)(?: to)?\s+",
    re.IGNORECASE,
)
_INFORMED = re.compile(
    r"^(?:(?:i|we) (?:wonder|was wondering|were wondering)|(?:i|we)(?:'d| would)? (?:really |just )?(?:like"
    r"|love|want|need) to know"
    r"|do you (?:happen to )?know|(?:can|could) you tell (?:me|us)|remind me|any idea|(?:i|we)(?:'m| am|'re"
    r"| are) (?:curious|wondering|not sure|unsure)(?: to know| about)?|(?:could|may|can) i ask)[,:]?\s+"
    r"(?=(?:what|who|whose|when|where|why|how|which|if|whether)\b)",
    re.IGNORECASE,
)
_FANCIED = re.compile(
    r"^(?:(?:do you )?fancy|how about|what about) (?=(?:draw|paint|sketch|mak|creat|illustrat|design)ing\b)",
    re.IGNORECASE,
)
_OPINED = re.compile(
    r"^(?:i|we) (?:really |just |still )?(?:think|guess|feel|believe|reckon|suppose"
    r"|feel like)(?: that)?\s+",
    re.IGNORECASE,
)
_TO_BE_DONE = re.compile(  # "we have two boxes to be collected", "the hall needs to be booked"
    r"^(?:(?:i|we)(?:'ve| have)(?: got)? (?:an?|the|some|my|our|\w+) [\w' -]{2,40}? "
    r"(?:(?:that|which) (?:need|has|have)s? )?"
    r"|(?:the|my|our|\w+(?:'s)?) [\w' -]{2,40}? (?:needs?|has|have|ought) )"
    r"(?:to be|to get) \w+(?:ed|en|nt|pt|ut|ne|de)\b",
    re.IGNORECASE,
)
_WELCOME = re.compile(  # "a picture of a fox would be lovely"
    r"^(?P<what>(?:an?|some|one|another|two|three) .+?) would (?:also |really )?be (?:[\w-]+ ){0,2}[\w-]+[.! ]*$",
    re.IGNORECASE,
)
_ASKING = re.compile(r"(?:who|what|which|when|where|why|how)\b", re.IGNORECASE)
_GLAD = re.compile(  # "I'd be so happy if you could ..."
    r"^(?:i|we|it|that|this|my \w+)\b[^.?!]{0,40}?\b(?:if|when) you (?:could|can|would|might)(?: just| please| "
    r"maybe)? ",
    re.IGNORECASE,
)
_SPOKEN = {"wanna": "want to", "gonna": "going to", "gotta": "have to", "gimme": "give me", "lemme": "let me"}
_SLURRED = re.compile(rf"\b(?:{'|'.join(_SPOKEN)})\b", re.IGNORECASE)
_SETTING = re.compile(  # "for slide 4 I'd need a chart": where it goes stands before what is asked
    r"^(?:for|in|on|at|as|after|before|to) [^,.;?!]{2,40}?,? (?=(?:(?:i|we)(?:'d| would)? (?:need|want|like"
    r"|love)|(?:can|could|would|will)"
    r" (?:you|i|we)|please)\b)",
    re.IGNORECASE,
)
_CLEFT = re.compile(  # "what I'm after is a picture of a fox", "all we need is ..."
    r"^(?:what|all|the (?:one )?thing) (?:i|we)(?:'m|'re| am| are|'d|'ve| have| would| really| just)* (?:after"
    r"|looking"
    r" for|want(?:ed)?|need(?:ed)?|like|love|asking for|thinking of|had in mind|have in mind)(?: now| here| to see"
    r"| to have| to get)? (?:is|was|would be)(?: for you to)?\s+",
    re.IGNORECASE,
)
_PAST = re.compile(  # "Peter reported sick again yesterday": somebody tells what was done
    r"^[^\W\d_][\w'-]+(?: [A-Z][\w'-]+)? (?:\w{3,}ed|was|were|had|got|went|came|took|made|gave|left|lost|won|bought|"
    r"sent|said|told|did|put|set) .*\b(?:again|already|yesterday|ago|before|this morning|last \w+|once more)\b",
    re.IGNORECASE,
)
_DID = re.compile(  # "Bruno drove to Basel"
    r"^[A-Z][\w'-]+(?: [A-Z][\w'-]+)? (?:drove|rode|wrote|ran|sang|drank|ate|came|went|took|gave|kept|lost|met"
    r"|paid|said"
    r"|sold|sent|slept|spoke|spent|stood|taught|told|thought|woke|wore|won|bought|brought|built|caught|chose"
    r"|drew|fell"
    r"|flew|forgot|got|grew|had|heard|held|knew|was|were|has|is|isn't|wasn't|hasn't)\b"
)
_OF_OTHERS = re.compile(  # "my neighbour walks three dogs a day"
    r"^(?:my|our|his|her|their) [\w'-]+ (?!lights\b)[a-z]{3,}s (?:an?|the|my|his|her|our|their|one|two|three"
    r"|four|many"
    r"|some|every|to|in|on|at|for|with|like|really|very)\b",
    re.IGNORECASE,
)
_PERSONAL = re.compile(r"^(?:i|we|he|she|they|you)(?:'\w+)? \w", re.IGNORECASE)
_NEGATED = re.compile(
    r"^(?:do not|don't|dont|never|stop|no need to|please don't|not now|nobody|i never|you (?:should|must"
    r"|need) ?n[o']t)\b",
    re.IGNORECASE,
)
_WISH = re.compile(
    r"^(?:i|we)(?:'d| would)? (?:really |also |just |still )?(?:like|love|want|need|prefer)\b|^(?:i'd"
    r"|we'd) (?:rather|prefer)\b"
    r"|^(?:can|could|may) (?:i|we) (?:please |pls )?(?:get|have|see)\b|^would (?:like|love|prefer)\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"^(?:what(?:'s|s)?|who(?:'s|se|m)?|when(?:'s)?|where(?:'s)?|why|how(?:'s)?|which|is|are|am|was|were"
    r"|do(?! (?:it|this|that|not)\b)"
    r"|does|did|has|have(?! an? |.*\bready\b| fun\b)"
    r"|had|can|could|will|would|shall|should|may|might|isn't|aren't|don't|doesn't|any)\b",
    re.IGNORECASE,
)
_SUBJECT = (
    r"(?:i|you|he|she|it|we|they|this|that|there|these|those|nobody|everybody|everyone|everything|some"
    r"|something|someone"
    r"|who|(?:my|your|his|her|our|their|the|a|an|some|most|many|all|both|this|that|these|those)(?: [\w'-]+){1,5}?)"
)
_VERB = (
    r"(?:'m|'re|'s|'ve|'d|'ll|am|is|are|was|were|has|have|had|do|does|did|don't|doesn't|didn't|can|can't|could"
    r"|will|would|won't"
    r"|should|must|may|might|\w+ed|feel|felt|feels|love|loves|like|likes|hate|think|thinks|know|knows|get|gets"
    r"|got|saw|see|"
    r"said|says|went|go|goes|make|makes|made|paid|took|read|drew|found|find|look|looks|paints|draws|matters?"
    r"|need|needs|"
    r"came|comes|sent|told|gave|keep|keeps|kept|bought|sat|ran|runs|never|always|just|really|flies|works?"
    r"|speaks?|wrote|want"
    r"|wants|lost|left|live|lives|thought|hope|heard|met|own|owns|use|uses|spent|slept|sold|drove|rode|ran|sang"
    r"|took|gave|spoke|taught|won|wore|built|caught|fell|flew|forgot|grew|held|knew|met"
    r"|ate|eat|drink|drank|play"
    r"|plays)"
)
_STATEMENT = re.compile(rf"^{_SUBJECT}(?:'(?:m|re|s|ve|d|ll)| {_VERB})\b", re.IGNORECASE)
_CLAUSE = re.compile(
    r"(?<=[.!?])\s+|\n+|(?<!\d)[,;:](?:\s+|$)|(?<=\d)[,;]\s+(?=(?:can|could|would|will|please)\b)|\s+[–—-]\s+"
    r"|,?\s+but\s+|\s+and\s+(?=(?:i |we )?(?:would (?:like|love|prefer)|want|need)\b)"
    r"|[,\s]+(?:and|but|so|then|or)(?: then| please)?\s+(?=(?:draw|paint|sketch|illustrate|render|describe"
    r"|caption|search|look up|find"
    r"|tell|show|add|remove|change|make|turn|set|book|send|email|convert|put|erase|replace)\b)",
    re.IGNORECASE,
)
_RUN_ON = re.compile(r"(?<=\w)\s+(?=(?:can|could|would|will) (?:you|u|somebody|someone)\b)", re.IGNORECASE)
_TAG = re.compile(  # "it draws quite a crowd, doesn't it": the end asks nothing of its own
    r",\s*(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should)(?:n['’]t| not)"
    r" (?:it|he|she|they|we|you|i|that|there)(?=[\s.!?]*$)",
    re.IGNORECASE,
)
_SIGH = re.compile(r",?\s+(?:eh|huh|innit|or what)\b[\s.!?]*$", re.IGNORECASE)  # "Mondays, eh?" asks nothing
_SPLIT = re.compile(r"(?<=[.!?])\s+(?=\S)|\n+")


@dataclass(frozen=True)
class AskedSentence:
    """One sentence: `core` without politeness and end marks, `asked` when it was wrapped as a request."""

    text: str
    core: str
    form: Form
    asked: bool
    negated: bool

    @property
    def low(self) -> str:
        return self.core.lower().replace("’", "'")


def read_asks(text: str) -> list[AskedSentence]:
    """Read each sentence of a message."""
    parts = [_SIGH.sub("", _TAG.sub("", p.strip())) for p in _SPLIT.split(text) if p.strip()]
    return [a for a in (_read(p) for p in parts) if a.core]


def read_clauses(text: str) -> list[AskedSentence]:
    """Read each clause: what a comma, a colon, "can you" or "and" with a verb of asking behind it sets apart."""
    parts = [p.strip() for p in _CLAUSE.split(_SIGH.sub("", _TAG.sub("", text))) if p and p.strip()]
    whole = [q for p in parts for q in ([p] if _ASKING.match(_OPENERS.sub("", p)) else _RUN_ON.split(p))]
    return [a for a in (_read(p) for p in whole) if a.core]


def _read(sentence: str) -> AskedSentence:
    text = _SLURRED.sub(lambda m: _SPOKEN[m.group(0).lower()], sentence.replace("’", "'"))
    core, asked, wished, informed = text.strip().strip('"“”'), False, False, False
    for _ in range(4):  # frames nest: "hey, could you please just ..."
        before = core
        core = _OPENERS.sub("", core)
        core = _SETTING.sub("", _OPINED.sub("", core))
        if m := _FANCIED.match(core):
            core, asked = re.sub(r"^(\w+)ing\b", _bare, core[m.end() :]), True
        if m := _ASKED.match(core):
            core, asked = core[m.end() :], True
            core = re.sub(r"^(\w+)ing\b", _bare, core) if "mind" in m.group(0).lower() else core
        elif m := _INFORMED.match(core):
            core, informed = core[m.end() :], True
            break
        if (m := _WISHED.match(core)) or (m := _CLEFT.match(core)) or (m := _GLAD.match(core)):
            core, asked, wished = core[m.end() :], True, True
        elif m := _WELCOME.match(core):
            core, asked, wished = m["what"], True, True
        if core == before:
            break
    question = core.rstrip().endswith("?") or sentence.rstrip().endswith("?")
    core = core.strip().rstrip("?!.… ").strip()
    for _ in range(2):
        tag = _CLOSERS.search(core)
        asked = asked or bool(tag and re.search(r"\byou\b", tag.group(0)) and not _ASKING.match(core))
        shorter = _CLOSERS.sub("", core).rstrip("?!., ")
        core = shorter or core
    negated = bool(_NEGATED.match(core) or re.match(r"(?:please )?(?:do not|don't|dont|never)\b", text, re.IGNORECASE))
    form: Form = "question" if informed else _form(core, asked or wished, question)
    return AskedSentence(sentence, core, form, asked, negated)


def _bare(m: re.Match[str]) -> str:
    """Return the plain form of an -ing verb after "would you mind": drawing, making, putting."""
    base = m.group(1)
    if len(base) > 3 and base[-1] == base[-2] and base[-1] not in "ls":
        return base[:-1]
    if base.lower() in (
        "mak",
        "chang",
        "describ",
        "illustrat",
        "creat",
        "generat",
        "remov",
        "produc",
        "giv",
        "eras",
        "tak",
    ):
        return base + "e"
    return base


def _form(core: str, asked: bool, question: bool) -> Form:
    if asked:
        return "order"
    if re.match(r"(?:what|how|such) an? ", core, re.IGNORECASE) and not question:
        return "statement"  # what a mess
    if _WISH.match(core) or (_TO_BE_DONE.match(core) and not question):
        return "wish"
    if _QUESTION.match(core):
        return "question"
    if _STATEMENT.match(core) or (any(p.match(core) for p in (_PERSONAL, _PAST, _DID, _OF_OTHERS)) and not question):
        return "statement"
    return "question" if question else "fragment"
