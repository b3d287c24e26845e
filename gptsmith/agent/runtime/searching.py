"""Whether a message needs the files, and what to search for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from gptsmith.models.picture_notes import strip_picture_notes
from gptsmith.rag.hit import Hit, Receipt

_SMALL_TALK = re.compile(
    r"(?:hi|hello|hey|hiya|howdy|good (?:morning|afternoon|evening|night|day)|greetings|thanks?(?: you)?|thx|"
    r"many thanks|thank you (?:so|very) much|great|nice|perfect|cool|awesome|ok(?:ay)?|"
    r"alright|got it|i see|yes|no|yep|nope|sure|"
    r"bye|goodbye|see you|how are you|what'?s up|hola|ol[aá]|bonjour|salut|merci|danke|hallo|"
    r"guten (?:tag|morgen|abend)|gracias|obrigad[oa]|ciao|grazie|that help(?:s|ed)(?: a lot)?|test)"
    r"(?:[\s,]+(?:there|you|all|everyone|a lot|so much|very much|again|then|for (?:your|the) help|"
    r"that (?:helps|helped)|today|doing))*",
    re.IGNORECASE,
)
_ABOUT_ITSELF = re.compile(
    r"(?:who|what) are you|what can you do|what do you do|can you help(?: me)?|help", re.IGNORECASE
)
_DRAW = re.compile(
    r"(?:please |can you |could you |now |and )*(?:draw|paint|sketch|render|illustrate|doodle)\b"
    r"(?! (?:a |the |any |your )?(?:conclusion|comparison|distinction|parallel|line between|"
    r"attention|lesson|inference))"
    r"|(?:please |can you |could you |now )*(?:make|create|generate|design)(?: me)? (?:a|an|another|one|some) (?:new )?"
    r"(?:[\w-]+ ){0,3}(?:picture|image|drawing|sketch|painting|illustration|logo|poster)\b",
    re.IGNORECASE,
)
_LEANS_BACK = re.compile(
    r"\b(?:it|its|that|this|they|them|their|those|these|he|she|him|her|his|one|ones|there|then|same|former|latter|else|"
    r"instead|too|more|above|previous"
    r"|davon|dafür|damit|dazu|darin|dabei|dort|diese[mnrs]?|jene[mnrs]?|ihn|ihm|ihnen|sonst|auch"
    r"|eso|ese|esa|esos|esas|ello|él|ella|ellos|ellas|allí|también|entonces"
    r"|celui|celle|ceux|cela|ça|elle|elles|ils|lui|aussi)\b"
    r"|^\W*(?:and|but|so|or|what about|how about|why not|how come|und|aber|oder|was ist mit|wie ist es|warum|wieso"
    r"|y|pero|et|mais|pourquoi|por qué)\b",
    re.IGNORECASE,
)
_WORDS = re.compile(r"\w+")
_FILE = (
    r"(?:files?|documents?|docs?|pdfs?|pages?|spreadsheets?|sheets?|tables?|csv|texts?|notes?|notebooks?|letters?|e-?mails?"
    r"|mails?|slides?|papers?|reports?|logs?|contracts?|attachments?|uploads?|articles?|books?|code|scripts?|transcripts?)"
)
_ATTACHED = re.compile(
    rf"\b(?:attached|uploaded|enclosed|attachments?)\b|\b{_FILE} (?:that )?i (?:sent|gave|added)\b"
    r"|\b(?:this|that|the|my) (?:\w+ )?(?:file|document|pdf)\b",
    re.IGNORECASE,
)
_THIS_FILE = re.compile(
    rf"\b(?:this|that|these|those|the|my|it'?s?) (?:\w+ ){{0,2}}{_FILE}\b|^(?:please )?(?:can you |could you )?"
    r"(?:summari[sz]e|explain|describe|read|translate|proofread|review|what(?:'s| is| does))(?: (?:me|is))? "
    r"(?:this|that|it|in (?:this|it|here))\b|\bwhat does (?:it|this) say\b|\bwhat(?:'s| is) in (?:it|this|here)\b",
    re.IGNORECASE,
)
_TOLD = 5  # files that are not searched and named in a reply


def needs_search(message: str, *, draws: bool) -> bool:
    """Return whether the files are searched for `message` in `mode: auto`; `draws`: the assistant has a picture tool.

    Left out are greetings, thanks, questions about the assistant itself and pure drawing requests. In doubt: search.
    """
    words = " ".join(message.split()).strip(" .!?,;:")
    if not _WORDS.search(words):
        return False
    if all(_SMALL_TALK.fullmatch(part.strip()) for part in re.split(r"[.!?,;]+", words) if part.strip()):
        return False
    if _ABOUT_ITSELF.fullmatch(words):
        return False
    return not (draws and _DRAW.match(words))


def asks_of_files(message: str, *, new: bool) -> bool:
    """Return whether a message asks of attached files alone; `new`: they came with it, so that "this" means them."""
    message = strip_picture_notes(message)
    return bool(_ATTACHED.search(message) or (new and (_THIS_FILE.search(message) or not message)))


def named_in(message: str, names: Sequence[str]) -> list[str]:
    """Return those file names that the message has."""
    said = message.casefold()
    return [name for name in names if name.casefold() in said]


def unread(receipts: Sequence[Receipt], message: str, *, found: bool) -> str:
    """Return what is to be said of files that are not searched: those that `message` names, all when nothing was found.

    Empty when there is nothing to say.
    """
    words = set(map(str.casefold, _WORDS.findall(message)))
    told = [r for r in receipts if r.status != "ok" and (not found or words & _name_words(r.source))]
    return "\n".join(f"{r.source} is not searched: {r.reason}" for r in told[:_TOLD])


def _name_words(source: str) -> set[str]:
    name = source.rpartition("/")[2].rpartition(".")[0] or source
    return {word.casefold() for word in re.findall(r"[^\W_]{3,}", name)}


@dataclass(frozen=True)
class Before:
    """The exchange before a message; `rewrite` makes of the three the question that is meant, "" where it cannot."""

    asked: str = ""
    answered: str = ""
    rewrite: Callable[[str, str, str], str] | None = None


def queries_for(message: str, before: Before) -> list[str]:
    """Return what to search for: the message, then, when it may lean on the exchange before it, what it means.

    That is the question that `before.rewrite` makes of it, else the message with the words asked before. What was no
    question for the files (thanks, a drawing) is not carried along.
    """
    words = _WORDS.findall(message)
    leans = len(words) <= 3 or (len(words) <= 12 and _LEANS_BACK.search(message) is not None)
    if not leans or not needs_search(message, draws=True) or not needs_search(before.asked, draws=True):
        return [message]
    meant = before.rewrite(message, before.asked, before.answered) if before.rewrite else ""
    if meant and " ".join(meant.casefold().split()) == " ".join(message.casefold().split()):
        return [message]
    return [message, meant or f"{message}\n{before.asked}"[:1000]]


def search_all(search: Callable[[str], list[Hit]], queries: list[str]) -> list[Hit]:
    """Return the hits of several queries in turns, each passage once, no more than one query finds."""
    found = [search(query) for query in queries]
    by_passage = {hit.chunk_id: hit for row in zip_longest(*reversed(found)) for hit in row if hit is not None}
    return list(by_passage.values())[: max(map(len, found))]
