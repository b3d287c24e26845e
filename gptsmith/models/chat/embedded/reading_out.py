"""Reading a file out: what it says from its beginning, for somebody who asks nothing more of it."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded.answer import Quote
from gptsmith.models.passages import Passage
from gptsmith.models.sentences import split_sentences

_ROOM = 700  # characters that are read out
_FILE = (
    r"(?:file|document|pdf|page|attachment|note|letter|e-?mail|mail|text|spreadsheet|table|csv|sheet|log|report"
    r"|paper)s?"
)
_WHICH = rf"(?:(?:this|that|the|my|these|those)(?: \w+){{0,2}} {_FILE}|it|this|here|[\w-]+\.\w{{2,5}})"
_ASKS = re.compile(
    r"(?:please |can you |could you |hey |hi |so |and |ok(?:ay)? )*"
    rf"(?:what (?:does|do) {_WHICH} (?:say|contain|tell(?: me| us)?|hold)"
    rf"|what(?:'s| is| stands| is written) (?:in(?:side)?|on) {_WHICH}"
    rf"|(?:read|show|quote)(?: me| us)?(?: out)?(?: aloud)? {_WHICH}(?: out| aloud| to me| to us)?"
    rf"|what(?:'s| is) {_WHICH}(?: about)?"
    rf"|tell me what(?:'s| is) in {_WHICH}|tell me what {_WHICH} says)(?:,? please| about)?",
    re.IGNORECASE,
)


def read_out(words: str, files: list[str], passages: list[Passage]) -> list[Quote]:
    """Return the first sentences of the file that a message asks to be read, all of them where it is short.

    It is the attached file that `words` names, else the first of `files`; nothing when `words` ask anything more.
    """
    if words.strip() and not _ASKS.fullmatch(" ".join(words.split()).strip(" .!?")):
        return []
    named = [p.source for p in passages if p.source.casefold() in words.casefold()]
    source = next(iter([*named, *files]), "")
    found: list[Quote] = []
    size = 0
    for passage in passages:
        for sentence in split_sentences(passage.text) if passage.source == source else []:
            if found and size + len(sentence.text) > _ROOM:
                return found
            quote = Quote(passage.id, sentence.text)
            if quote not in found:
                found.append(quote)
                size += len(sentence.text)
    return found
