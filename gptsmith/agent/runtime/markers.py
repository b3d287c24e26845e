"""The marks by which models cite, in all their forms, and what becomes of each: `[n]`, `[unsupported]`, or as it was.

Models write `[1]`, `[1, 2]`, `[1-3]`, `[^1]`, `[Source 1]`, the brackets of Chinese and Japanese, and `(1)` behind a
sentence; or by the file's name, `[handbook.md, page 3]`, `[1](handbook.md)`. A number in brackets is also a key to
press or a place in a list: one without a passage is taken for a mark only at the end of a sentence or clause.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

_CLAIM = 300  # characters before a mark that tell which passage of a file is meant
UNSUPPORTED = "[unsupported]"  # stands where an answer cites a passage that there is not
_WORD = (
    r"(?:sources?|passages?|doc(?:ument)?s?|ref(?:erence)?s?|citations?|excerpts?|quellen?|fontes?|fuentes?|id)"
    r"[\s:.#=\"]{0,3}"
)
_ONE = rf"[\^#]?(?:{_WORD})?\d{{1,3}}\"?"
_MANY = rf"{_ONE}(?:\s{{0,3}}(?:[,;&–-]|and|to)\s{{0,3}}{_ONE})*"
_SQUARE = rf"[\[［【]\s?(?P<square>{_MANY})(?::\d+)?(?P<dagger>†[^\[\]［］【】\n]{{0,40}})?\s?[\]］】]"
_ROUND = rf"\(\s?(?P<round>{_MANY})\s?\)"
MARKER = re.compile(rf"(?P<space> ?)(?<![_\[])(?<!\b[A-Za-z])(?:{_SQUARE}|{_ROUND})(?![(\]]|:(?!\s))", re.IGNORECASE)
# A mark with the name of a file in it, or a number that links to one.
FILED = re.compile(
    rf"(?P<space> ?)(?<![!\[])(?:[\[［【]\s?(?:{_WORD})?(?P<file>[^\[\]［］【】\n,;|]{{1,60}}?\.[a-z][a-z0-9]{{1,4}})"
    r"(?:[,;:#\s][^\[\]［］【】\n]{0,30})?\s?[\]］】](?![(:])|\[(?:\d{1,3}|[^\[\]\n]{1,60}\.\w{2,5})\]\((?P<target>[^()\s]{1,80})\))",
    re.IGNORECASE,
)
_OF_A_THREAD = re.compile(r"^\d{1,3}:\d{1,3}†")  # 【4:0†kiln.md】: the place in a conversation says nothing here
_INSIDE = r"[^\[\]［］【】\n]{0,60}"
_ROUND_INSIDE = r"[\w.:/#&, –-]{0,60}"
_CLOSED = rf" ?(?:[\[［【]{_INSIDE}[\]］】]|\({_ROUND_INSIDE}\))"
WAITS = re.compile(
    rf"(?:`+|(?:{_CLOSED})+\s{{0,3}}(?: ?[\[［【(])?|(?:{_CLOSED})* ?(?:[\[［【]{_INSIDE}|\({_ROUND_INSIDE})| )$"
)
_PLAIN = re.compile(r"\d{1,3}(?:\s*[,;]\s*\d{1,3})*")
_NAMED = re.compile(r"[†^#a-z]", re.IGNORECASE)
_ENDS = re.compile(
    r"\s*(?:[.,;:!?。！？、)\]\"”’»*_|]|\n|$|[\[［【(]\s?[\^#]?(?:[a-z]{2,12}[\s:.#]{0,3})?\d)", re.IGNORECASE
)
_AFTER_SENTENCE = re.compile(r"[.!?。！？…][\"'”’»)*_]*$")
# A claim does not end with these: the bracket behind them is the thing itself.
_NOT_A_CLAIM = re.compile(
    r"(?:^|[=:,(<>+/*-]|\b(?:is|are|was|were|be|equals?|returns?|gives?|prints?|contains?|of|the|an?|with|like|press|hit|"
    r"keys?|button|choose|select|type|enter|index|option|element|item|slot|digit|array|list|then|and|or|not))\s*$",
    re.IGNORECASE,
)
_OF_A_NAME = re.compile(r"[^\W\d]\w*$")
_SPELLED = re.compile(r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)$", re.IGNORECASE)


def settled(marker: re.Match[str], known: Collection[int], *, marks: bool) -> str:
    """Return what stands in the answer for a marker: the numbers of passages, `[unsupported]`, or it as it was.

    Without `marks` the assistant does not cite, and marks go.
    """
    whole, space = marker.group(), marker["space"]
    text, round_ = marker["square"] or marker["round"], marker["round"] is not None
    numbers = _numbers(text)
    good = [n for n in numbers if n in known]
    before, after = marker.string[: marker.start()], marker.string[marker.end() :]
    named = bool(marker["dagger"]) or whole.strip()[0] == "【" or _NAMED.search(text) is not None
    ends = (
        _in_chain(before) or _ENDS.match(after) is not None or _AFTER_SENTENCE.search(before.rstrip()[-8:]) is not None
    )
    if not named:
        # Right behind a digit "1374[1]" is a mark, and "x2[1]" and "log2(1)" are none.
        if not space and before[-1:].isdigit() and (round_ or _OF_A_NAME.search(before[-40:])):
            return whole
        tail = before[-40:].rstrip()
        if round_ and (not good or len(good) < len(numbers) or not ends or _SPELLED.search(tail) or not tail):
            return whole
        if len(good) < len(numbers) and (not ends or 0 in numbers or (not good and _NOT_A_CLAIM.search(tail))):
            return whole
    if not marks:
        return ""
    if good:
        return f"{space}[{', '.join(map(str, good))}]"
    if _in_chain(before) or _supported(after, known):
        return ""  # the mark beside it stands for the same claim
    return f"{space or ' '}{UNSUPPORTED}" if before.strip() else whole


def filed(marker: re.Match[str], passage: Callable[[str, str], int | None], *, marks: bool) -> str:
    """Return what stands in the answer for a mark that names a file; `passage(name, claim)` gives its number."""
    before = marker.string[max(0, marker.start() - _CLAIM) : marker.start()]
    name = _OF_A_THREAD.sub("", (marker["file"] or marker["target"]).strip())
    number = passage(name, before.rpartition("\n")[2])
    if number is None:
        return marker.group()
    return f"{marker['space']}[{number}]" if marks else ""


def _in_chain(before: str) -> bool:
    """Tell whether another mark stands right before."""
    tail = before[-80:].rstrip()
    return tail.endswith(UNSUPPORTED) or any(m.end() == len(tail) for m in MARKER.finditer(tail))


def _supported(after: str, known: Collection[int]) -> bool:
    """Tell whether a mark that follows right behind has a passage."""
    while (found := MARKER.match(after)) is not None:
        if set(_numbers(found["square"] or found["round"])) & set(known):
            return True
        after = after[found.end() :]
    return False


def _numbers(text: str) -> list[int]:
    """Return the numbers of a marker, each once; `1-3` is all of them."""
    numbers: list[int] = []
    for part in re.split(r"[,;&]|and", text):
        found = [int(n) for n in re.findall(r"\d+", part)]
        if len(found) == 2 and found[0] < found[1] <= found[0] + 20:
            found = list(range(found[0], found[1] + 1))
        numbers += found
    return list(dict.fromkeys(numbers))
