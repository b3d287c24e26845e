"""Commands about memory and limits: what is remembered, how long and how often."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded.edits_clauses import Clause
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, put
from gptsmith.models.chat.embedded.edits_words import has
from gptsmith.models.chat.embedded.quantities import NUMBER_WORDS, seconds

_NUMBER = rf"(\d+|{'|'.join(NUMBER_WORDS)})"
_FORGET = (
    r"\b(?:forgets?|no|not|never|without|don['’]t|doesn['’]t|shouldn['’]t|stop)\b.{0,30}\b(?:memory|remember\w*"
    r"|conversations?"
    r"|chats?|history|earlier messages|what was said|each message|everything(?! about))\b|\bforgetful\b|\b(?:each"
    r"|every)"
    r" (?:message|question)\b.{0,25}"
    r"\b(?:on its own|by itself|separately|afresh|anew|from scratch)\b|\b(?:memory|history) (?:off|none)\b"
)
_REMEMBER = (
    r"\b(?:remember\w*|keep\w*|has?|have|with|use|turn on)\b.{0,30}\b(?:conversations?|chats?|history|memory"
    r"|earlier|what was said)\b"
)
_HALF = re.compile(r"\b(?:(?P<half>half a minute)|(?:a|one) minute and a half)\b")
_BOUNDS = {
    "max_messages": (1, 1000),
    "max_iterations": (1, 50),
    "max_tool_calls": (0, 100),
    "timeout_seconds": (1, 3600),
}
_COUNTS = (
    (
        "memory.max_messages",
        rf"\b(?:last|latest|past|recent|keep|remember\w*|max(?:imum)?(?: of)?|max_messages)\b[\w ,]{{0,30}}?{_NUMBER}"
        rf" (?:\w+ )?(?:messages|turns)\b|\b{_NUMBER} messages (?:are|is|will be) (?:enough|plenty)\b"
        rf"|\bmax_messages\b\D{{0,6}}{_NUMBER}",
        "keep the last {} messages",
    ),
    (
        "limits.max_tool_calls",
        rf"\b{_NUMBER} (?:tool|function) (?:calls?|uses?)\b|\btool calls?\b[\w ]{{0,20}}?{_NUMBER}\b"
        rf"|\bmax_tool_calls\b\D{{0,6}}{_NUMBER}",
        "at most {} tool calls per message",
    ),
    (
        "limits.max_iterations",
        rf"\b{_NUMBER} (?:iterations|rounds|model calls|steps of thinking)\b|\b(?:iterations|rounds)\b[\w"
        rf" ]{{0,20}}?{_NUMBER}\b"
        rf"|\bmax_iterations\b\D{{0,6}}{_NUMBER}",
        "at most {} model calls per message",
    ),
)


def read(clause: Clause, subject: Subject) -> Found | None:
    """Return what a command about memory or limits changes; None when it is about something else."""
    text = _HALF.sub(lambda m: f"{30 if m['half'] else 90} seconds", clause.open)
    for path, said, words in _COUNTS:
        number = re.search(said, text)
        if number:
            word = next(g for g in number.groups() if g)
            return _counted(path, int(word) if word.isdigit() else NUMBER_WORDS[word], words)
    often = _OFTEN.search(text)
    if often:
        word = often["n"].removesuffix(" times")
        times = {"once": 1, "twice": 2}.get(word) or (int(word) if word.isdigit() else NUMBER_WORDS[word])
        return _counted("limits.max_tool_calls", times, "at most {} tool calls per message")
    if _about_time(text) and (length := seconds(text)):
        words = f"Give up after {int(length)} seconds."
        if not 1 <= length <= 3600:
            return Found(question="The time limit lies between 1 second and 1 hour. How long should it be?")
        return Found([put("limits.timeout_seconds", int(length), words)])
    if has(r"summari[sz]\w+|sum up", text) and has(r"conversation|history|earlier|old|thread|chat", text):
        wanted = not has(r"no|not|don['’]t|stop|never|without|off", text)
        words = "Sum up what no longer fits." if wanted else "Do not sum up what no longer fits."
        return Found([put("memory.summarize", wanted, words)])
    return _history(text, subject)


_OFTEN = re.compile(
    rf"\b(?:call|use)s? (?:its |the |any )?tools?\b.{{0,20}}?\b(?:at most|up to|no more than|only|max(?:imum)?)?"
    rf" ?(?P<n>once|twice|{_NUMBER} times)\b"
)


def _counted(path: str, number: int, words: str) -> Found:
    low, high = _BOUNDS[path.rsplit(".", 1)[-1]]
    if not low <= number <= high:
        return Found(question=f"That number lies between {low} and {high}. Which one should it be?")
    said = words.format(number)
    return Found([put(path, number, f"{said[:1].upper()}{said[1:]}.")])


def _about_time(text: str) -> bool:
    return has(
        r"time-?out\w*|time limit|give up|wait\w*|per (?:message|question|answer|turn)|think\w*|stops? after|up to"
        r"|respond"
        r"|takes?|(?:to|time to) (?:answer"
        r"|think|reply)"
        r"|deadline|limit|at most|no longer than|within|max(?:imum)?|patience",
        text,
    ) and not has(r"remind\w*|mention|tell|say|visit\w*|each day|recipe|cook\w*", text)


def _history(text: str, subject: Subject) -> Found | None:
    memory = subject.data.get("memory")
    now = memory.get("history", "thread") if isinstance(memory, dict) else "thread"
    if re.search(_FORGET, text):
        wanted, words = "none", "Forget what was said before each message."
    elif re.search(_REMEMBER, text):
        wanted, words = "thread", "Remember the conversation."
    else:
        return None
    if now == wanted:
        return Found(reply="It does so already." if wanted == "none" else "It remembers the conversation already.")
    return Found([put("memory.history", wanted, words)])
