"""Small talk, who the assistant is, and the rules of style that can be kept without writing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gptsmith.models.chat.embedded.conversation import Conversation, Role
from gptsmith.models.chat.embedded.toolbox import Tool

# Rules of style that can be kept without writing: a fixed first or last line, a closing question.

_SCOPE = (
    r"(?:every|each|all|your|any|the)(?: of your| single)?(?: \w+)?? ?(?:answers?|repl(?:y|ies)|messages?"
    r"|responses?|turns?|it)?"
)
_QUOTED = r"[\"“'‘](?P<text>[^\"”\n]{1,200}?)[\"”'’](?=[\s.,;]|$)"
_LAST = re.compile(
    rf"\b(?:end|close|finish|conclude|sign off) (?:{_SCOPE} )?(?:with|by saying|as)(?: the (?:words?|line"
    rf"|sentence|phrase))?:? {_QUOTED}",
    re.IGNORECASE,
)
_FIRST = re.compile(
    rf"\b(?:start|begin|open) (?:{_SCOPE} )?(?:with|by saying)(?: the (?:words?|line|sentence|phrase))?:? {_QUOTED}",
    re.IGNORECASE,
)
_ALWAYS_SAY = re.compile(
    rf"\balways (?:say|add|include|write)(?: the (?:words?|line|sentence"
    rf"|phrase))?:? {_QUOTED} at the (?P<where>end|start|beginning)",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    rf"\b(?:end|close|finish|conclude) {_SCOPE} (?:with|by asking) (?:a|one|another|some)\b(?: [\w-]+){{0,3}} question"
    r"|\basks? (?:(?:me|us|them|him|her|back|the \w+) )?(?:an?|one|another|some)(?: [\w-]+){0,3} question(?: back)?,?"
    r" at the end(?: of (?:every|each|all|your|any)\b|[.;!]|$)",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:no|not|never|without|avoid|skip|keine?n?|nie|ohne|ning[uú]n\w*|nunca|sin|jamais|pas|sans)\b[^.;:\n]{0,60}"
    r"|n['’]t [^.;:\n]{0,60}",
    re.IGNORECASE,
)
_EXCLAMATION = re.compile(
    r"\bexclamation (?:mark|point)s?\b|\bausrufezeichen\b|\bexclamaci[oó]n\b|\bpoints? d['’]exclamation\b",
    re.IGNORECASE,
)
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u200d]+ ?")
_CALL = re.compile(
    r"\b(?:call|address) (?:the )?(?:user|person|visitor|customer|student|reader|guest|them|everyone"
    r"|me)s? (?:as )?[\"“'‘](?P<name>[\w .'-]{1,40})[\"”'’]",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Manners:
    """Words that stand around every reply."""

    first: str = ""
    last: str = ""
    asks_back: bool = False
    name: str = ""
    shouts: bool = True
    emojis: bool = True


def read_manners(instructions: str) -> Manners:
    """Read the simple rules; a rule that needs writing is none of them."""
    first, last = _FIRST.search(instructions), _LAST.search(instructions)
    say, call = _ALWAYS_SAY.search(instructions), _CALL.search(instructions)
    opening, closing = (first["text"] if first else ""), (last["text"] if last else "")
    if say and say["where"].lower() == "end":
        closing = closing or say["text"]
    elif say:
        opening = opening or say["text"]
    denied = " ".join(_DENIED.findall(instructions))
    return Manners(
        opening,
        closing,
        bool(_QUESTION.search(instructions)),
        call["name"] if call else "",
        shouts=not _EXCLAMATION.search(denied),
        emojis=not re.search(r"\bemojis?\b", denied, re.IGNORECASE),
    )


def spared(text: str, manners: Manners) -> str:
    """Return a piece of an answer without the signs that the rules forbid."""
    if not manners.shouts:
        text = re.sub(r"¡|!(?=[!?])", "", text).replace("!", ".")
    return text if manners.emojis else _EMOJI.sub("", text)


def dress(text: str, manners: Manners) -> str:
    """Put the opening, the closing question and the last line around `text`."""
    if manners.name and manners.name.lower() not in text.lower():
        text = (
            f"{manners.name}, {text[0].lower()}{text[1:]}"
            if re.match(r"(?:Hello|Goodbye|You are|The files)\b", text)
            else f"{manners.name}: {text}"
        )
    if manners.first and not text.startswith(manners.first):
        text = f"{manners.first} {text}"
    if manners.asks_back and not text.rstrip().endswith("?"):
        text = f"{text} What would you like to know next?"
    if manners.last and not text.rstrip().endswith(manners.last):
        text = f"{text}\n\n{manners.last}" if len(manners.last) > 40 or len(text) > 80 else f"{text} {manners.last}"
    return text


# Small talk and who the assistant is, from the system message and the tools, never from the imagination.

_END = (
    r"(?:[\s,!.…:)]|there|all|everyone|friend|again|to you|so much|very much|a lot|you|mate|team|folks|dear"
    r"|then|for now|that's all|thats all|bye|ok|okay|please|indeed|good one)*$"
)
_GREETING = re.compile(
    rf"^(?:hello|hi|hey|hiya|howdy|yo|greetings|(?:good )?(?:morning|afternoon|evening)|good day"
    rf"|(?:it's |it is )?nice to meet you|welcome|bonjour|hola"
    rf"|hallo|ciao|olá){_END}",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"^(?:(?:ok(?:ay)?|great|cool|perfect|wow|nice|lovely|i love it|good|awesome|brilliant|that's (?:great"
    r"|lovely|perfect|it|all)|yes|no|alright)[\s,!.]*)*(?:thanks?|thank you|thx|ty|cheers|many thanks"
    r"|much appreciated)\b.{0,60}$",
    re.IGNORECASE,
)
_BYE = re.compile(
    rf"^(?:(?:ok(?:ay)?|well|thanks|alright|thank you)[\s,!.]*)*(?:bye(?:[ -]bye)?|goodbye|good night|see (?:you"
    rf"|ya)(?: (?:later|soon|tomorrow|around))?|farewell|take care|have a (?:good|nice|great) \w+|cya|ciao){_END}",
    re.IGNORECASE,
)
_HOW = re.compile(
    r"^(?:and )?how(?:'s| is| are|'re) (?:you|u|it going|things|everything|life|your day)(?: doing| today"
    r"| feeling)?[?!. ]*$|^what's up[?!. ]*$",
    re.IGNORECASE,
)
_SORRY = re.compile(
    r"^(?:oh |ah |oops |i'm |im |my )*(?:sorry|apologies|my bad|wrong (?:window|chat)|never ?mind|forget it)\b.{0,30}$",
    re.IGNORECASE,
)
_YES = re.compile(
    rf"^(?:ok(?:ay)?|yes|yep|yeah|no|nope|sure|fine|right|i see|got it|understood|noted|wow|haha+|lol|cool|great"
    rf"|nice|perfect|hmm+|good one|alright|interesting|ah|oh|lovely|awesome|amazing|beautiful){_END}",
    re.IGNORECASE,
)
_PRAISE = re.compile(
    r"^(?:you(?:'re| are) (?:very |so |really |the )?(?:helpful|kind|great|best|good|funny|clever|smart|sweet"
    r"|awesome|nice)|i love (?:it|this|that|you)|(?:that|this|it)(?:'s| is| was| looks?) (?:\w+ )?(?:great|lovely"
    r"|perfect|nice|good|beautiful|amazing|awesome|helpful|wonderful|cool)|well done|good (?:job|work)"
    r"|that made my day|looks (?:good|great|nice|lovely))\b.{0,30}$",
    re.IGNORECASE,
)
_WHO = re.compile(
    r"^(?:(?:so|and|hello|hi|hey|sorry)[,.!]* )*(?:who (?:are|r) (?:you|u)|who(?:'s| is) (?:this|there)"
    r"|what(?:'s|s| is) your (?:name|job|role|purpose)|what are you|are you (?:an? )?(?:\w+ )?(?:robot|human|bot|ai"
    r"|person|machine|real|assistant|program|computer)|describe yourself|introduce yourself"
    r"|tell me (?:more )?about (?:yourself|you)|(?:do|have) you (?:have )?a name|who am i (?:talking"
    r"|speaking) (?:to|with)|what model are you)\b",
    re.IGNORECASE,
)
_CAN = re.compile(
    r"^(?:(?:so|and|hello|hi|hey)[,.!]* )*(?:(?:what|which things|what else) (?:can|could|do) you (?:do|help"
    r"|offer|know|answer|tell me)\b|what (?:else )?are you (?:able|good|for)|how (?:can|could|do) you (?:help|work)"
    r"|(?:what|which) (?:topics?|subjects?|questions?|things|areas) (?:can|could|do) (?:you|i)\b"
    r"|help$|help me$|(?:can|could|will|would) you (?:please )?help(?: me)?[?. ]*$"
    r"|how does this work|what should i ask|what can i (?:ask|do|say)|what do you know|what (?:tools"
    r"|languages) (?:do|can) you|what is this)",
    re.IGNORECASE,
)
_ABLE = re.compile(
    r"^(?:can|could|are you able to|do) you (?P<what>draw|paint|sketch|see|search|describe|look|read|book|make"
    r"|create|change|understand|send|write|set)\b(?: (?:pictures?|images?|things?|photos?|drawings?|stuff"
    r"|well))?[?. ]*$",
    re.IGNORECASE,
)


_COMES_FIRST = re.compile(
    r"\b(?:first|begins?|starts?|greets?|greeting|opens?|zuerst|zunächst|beginn\w*|d'abord|commence\w*|primero|empieza\w*)\b",
    re.IGNORECASE,
)


def small_talk(words: str, role: Role, tools: list[Tool]) -> str | None:
    """Return the answer to a greeting, thanks, a goodbye or a question about the assistant; None for anything else."""
    text = words.strip().replace("’", "'")
    if len(parts := [p for p in re.split(r"(?<=[.!?])\s+", text) if p]) > 1:
        replies = [small_talk(p, role, tools) for p in parts]
        return replies[-1] if all(replies) else None
    name = role.name
    if _WHO.search(text):
        return introduce(role, tools)
    if _CAN.search(text) or _ABLE.match(text):
        return abilities(role, tools)
    answers = (
        (_GREETING, f"Hello! I am {name}. What can I do for you?" if name else "Hello! What can I do for you?"),
        (_HOW, "I am ready to help, thank you. What can I do for you?"),
        (_BYE, "Goodbye, and come back any time."),
        (_THANKS, "You are welcome."),
        (_PRAISE, "Thank you, I am glad."),
        (_SORRY, "No problem. I am here when you need me."),
        (_YES, "All right. I am here when you need something else."),
    )
    return next((reply for pattern, reply in answers if pattern.match(text)), None)


def is_plain_talk(talk: Conversation) -> bool:
    """Tell whether code answers better than a small model: who the assistant is, a greeting where nothing comes first.

    Instructions that say what comes first ("asks for the budget first") make a greeting the model's.
    """
    text = talk.words.strip().replace("’", "'")
    if _WHO.search(text) or _CAN.search(text) or _ABLE.match(text):
        return True
    return not _COMES_FIRST.search(f"{talk.role.description} {talk.role.instructions}")


def introduce(role: Role, tools: list[Tool]) -> str:
    """Return who the assistant is, in one to three sentences."""
    who = f"I am {role.name}." if role.name else "I am an assistant."
    about = _about(role.description)
    can = _list(tools)
    return " ".join(p for p in (who, about, f"I can use these tools: {can}." if can else "") if p)


def abilities(role: Role, tools: list[Tool]) -> str:
    """Return what the assistant can do, from its description and its tools."""
    about = _about(role.description)
    can = _list(tools)
    files = "I answer from the files that I was given." if role.files else ""
    tail = f"My tools: {can}." if can else files
    return " ".join(p for p in (f"I am {role.name}." if role.name else "", about, tail) if p)


def _about(description: str) -> str:
    text = description.strip()
    return text if not text or text[-1] in ".!?" else f"{text}."


def _list(tools: list[Tool]) -> str:
    parts = []
    for tool in tools[:8]:
        about = re.split(r"(?<=[.;])\s", tool.description.strip(), maxsplit=1)[0].rstrip(".;")
        name = tool.name.replace("_", " ")
        parts.append(f"{name} ({about[:1].lower()}{about[1:160]})" if about else name)
    return "; ".join(parts)
