"""Citations: from the `[n]` in an answer to the passage the retriever found and a verbatim quote in it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from itertools import islice

from gptsmith.agent.events import Citation
from gptsmith.agent.runtime.verifying import (
    figures_missing,
    given,
    names_missing,
    quotations,
    says_opposite,
    spoken_words,
)
from gptsmith.rag.hit import Hit, locate

# The marks by which models cite, in all their forms, and what becomes of each: `[n]`, `[unsupported]`, or as it was.
#
# Models write `[1]`, `[1, 2]`, `[1-3]`, `[^1]`, `[Source 1]`, the brackets of Chinese and Japanese, and `(1)` behind a
# sentence; or by the file's name, `[handbook.md, page 3]`, `[1](handbook.md)`. A number in brackets is also a key to
# press or a place in a list: one without a passage is taken for a mark only at the end of a sentence or clause.

_CLAIM = 300  # characters before a mark that tell which passage of a file is meant
UNSUPPORTED = "[unsupported]"  # stands where an answer cites a passage that there is not
_LABEL = (
    r"(?:sources?|passages?|doc(?:ument)?s?|ref(?:erence)?s?|citations?|excerpts?|quellen?|fontes?|fuentes?|id)"
    r"[\s:.#=\"]{0,3}"
)
_ONE = rf"[\^#]?(?:{_LABEL})?\d{{1,3}}\"?"
_MANY = rf"{_ONE}(?:\s{{0,3}}(?:[,;&–-]|and|to)\s{{0,3}}{_ONE})*"
_SQUARE = rf"[\[［【]\s?(?P<square>{_MANY})(?::\d+)?(?P<dagger>†[^\[\]［］【】\n]{{0,40}})?\s?[\]］】]"
_ROUND = rf"\(\s?(?P<round>{_MANY})\s?\)"
MARKER = re.compile(rf"(?P<space> ?)(?<![_\[])(?<!\b[A-Za-z])(?:{_SQUARE}|{_ROUND})(?![(\]]|:(?!\s))", re.IGNORECASE)
# A mark with the name of a file in it, or a number that links to one.
FILED = re.compile(
    rf"(?P<space> ?)(?<![!\[])(?:[\[［【]\s?(?:{_LABEL})?(?P<file>[^\[\]［］【】\n,;|]{{1,60}}?\.[a-z][a-z0-9]{{1,4}})"
    r"(?:[,;:#\s][^\[\]［］【】\n]{0,30})?\s?[\]］】](?![(:])|\[(?:\d{1,3}|[^\[\]\n]{1,60}\.\w{2,5})\]\((?P<target>[^()\s]{1,80})\))",
    re.IGNORECASE,
)
_OF_A_THREAD = re.compile(r"^\d{1,3}:\d{1,3}†")  # 【4:0†kiln.md】: the place in a conversation says nothing here
_INSIDE = r"[^\[\]［］【】\n]{0,60}"
_ROUND_INSIDE = r"[\w.:/#&, –-]{0,60}"
_CLOSED = rf" ?(?:[\[［【]{_INSIDE}[\]］】]|\({_ROUND_INSIDE}\))"
WAITS = re.compile(
    rf"(?:`+|(?:{_CLOSED})+\s{{0,3}}(?: ?[\[［【(]|\w{{1,14}})?"
    rf"|(?:{_CLOSED})* ?(?:[\[［【]{_INSIDE}|\({_ROUND_INSIDE})| )$"
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
    r"lines?|rows?|columns?|cells?|steps?|items?|places?|positions?|levels?|bits?|bytes?|nodes?|ports?|channels?|tracks?|"
    r"figures?|numbers?|no|case|part|tuples?|vectors?|matrix|slices?|arr|options?|flags?|room|"
    r"page|chapter|version|keys?|buttons?|choose|select|type|enter|index|option|element|item|slot|digit|array|list|then|and|or|not))\s*$",
    re.IGNORECASE,
)
# A mark in the middle of a sentence: words before it and a verb behind it ("The museum [2] opened in 1755"), or a whole
# clause before it and a word that joins another one ("It lasts two years [2] and covers glass"). Orders are shorter.
_IN_A_CLAIM = re.compile(r"(?:^|\s)[^\W\d_][\w'’-]*\s+[^\W\d_][\w'’%-]{2,}$")
_IN_A_CLAUSE = re.compile(r"(?:[\w'’%-]+\s+){3}[^\W\d_][\w'’%-]{2,}$")
_VERB = re.compile(
    r"\s+(?:is|are|was|were|has|have|had|does|do|did|can|may|must|will|would|should|opens?|costs?|says?|said"
    r"|ist|sind|war|waren|hat|haben|kostet|est|sont|es|son|\w{3,}ed)\b",
    re.IGNORECASE,
)
_JOINS = re.compile(
    r"\s+(?:and|but|or|because|since|while|when|where|which|who|that|so|although|though|unless|if"
    r"|und|aber|oder|weil|et|mais|y|pero)\b",
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
        meant = ends or (not good and bool(space) and _goes_on(tail, after))
        if len(good) < len(numbers) and (not meant or 0 in numbers or (not good and _NOT_A_CLAIM.search(tail))):
            return whole
    if not marks:
        return ""
    if good:
        return f"{space}[{', '.join(map(str, good))}]"
    if _in_chain(before) or _supported(after, known):
        return ""  # the mark beside it stands for the same claim
    return f"{space or ' '}{UNSUPPORTED}" if before.strip() else whole


def _goes_on(before: str, after: str) -> bool:
    """Tell whether a mark stands in the middle of a sentence that says something."""
    of_a_verb = _VERB.match(after) is not None and _IN_A_CLAIM.search(before) is not None
    return of_a_verb or (_JOINS.match(after) is not None and _IN_A_CLAUSE.search(before) is not None)


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


_MARKER = re.compile(r"\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\](?!\()")
_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?](?!\s|$)[^.!?\n]*)*(?:[.!?]+[\"'”’)\]]*|\n|$)")
# Where a claim may begin; not behind an initial: "written by Brian S. Dean", "e.g. Paris".
_BEGINS = re.compile(r"(?:(?<!\b[A-Za-z])\.|[!?])[\"'”’)]*[\s\0]+(?=[A-Z0-9\"“«„'*-])|\n+")
_WORD = re.compile(r"\w+")
_UNKNOWN = re.compile(
    r"\b(?:files?|documents?|passages?|pages?|sources?|handbook|notes|materials?|catalogue|recipes?|course)\b[^.!?\n]{0,60}"
    r"\b(?:do(?:es)?\s*n[o']t|do(?:es)?\s+not|is|are|don’t|doesn’t)\s+(?:say|mention|contain|include|cover|tell|state|"
    r"give|answer|describe|provide|silent|specify|address|list|have)\b"
    r"|\b(?:i\s+(?:do\s+not|don['’]t|could\s+not|couldn['’]t|can\s*not|can['’]t)\s+(?:know|find|answer|tell)|"
    r"(?:no|not\s+any)\s+(?:information|mention|passage|answer)|not\s+(?:mentioned|stated|covered|said|found|"
    r"specified|given|described)\s+in|"
    r"(?:is|are)\s+silent|unable\s+to\s+find|nothing\s+(?:is\s+)?(?:said\s+)?(?:about|in\s+the))\b"
    r"|\bin den (?:dateien|unterlagen|dokumenten) (?:steht|finde)[^.!?\n]{0,40}\b(?:nicht|nichts|kein\w*)\b"
    r"|\blos (?:archivos|documentos) no (?:lo )?(?:dicen|mencionan)\b"
    r"|\bles (?:fichiers|documents) ne (?:le |la )?(?:disent|mentionnent) pas\b",
    re.IGNORECASE,
)
_ENOUGH = 0.3
_MOST = 300  # markers of one answer that are checked
_LONGEST = 2000  # characters of one claim
_PLACE = 25  # characters beside the name in a list of sources: ", page 12"
_SHORT = 25  # characters; a shorter quotation is shown within its sentence
_LIST_SIGN = re.compile(r"^\s*(?:[-*#>]+\s+|\d{1,2}[.)]\s+)")


def cite(text: str, hits: Mapping[int, Hit]) -> list[Citation]:
    """Return one citation for each claim and number in `text`, in the order of the text.

    The quote is always a piece of the passage, never the model's words: the claim's own quotation where it stands
    there word for word, else the sentence nearest to the claim. `verified` is False when the claim quotes what the
    passage does not say, gives a figure that does not stand there in its place or a name that the passage does not
    have, denies what it says, or when no sentence has to do with it.
    """
    found: dict[tuple[int, str], Citation] = {}
    for marker in islice(_MARKER.finditer(text), _MOST):
        begin = max(0, marker.start() - _LONGEST)
        claim = _claim(text[begin : marker.start()], marker.start() - begin)
        cited = [int(n) for n in re.findall(r"\d+", marker.group(1))]
        if _lists(text, marker, [hits[n] for n in cited if n in hits]):
            continue
        if all(number in hits for number in cited):  # else it is no marker but words, as `[1, 2, 3]` of a list
            for number in cited:
                citation = _citation(number, hits[number], claim)
                known = found.setdefault((number, citation.quote), citation)
                known.verified = known.verified and citation.verified  # one wrong claim on a quote is worth a warning
    return list(found.values())


def _lists(text: str, marker: re.Match[str], hits: list[Hit]) -> bool:
    """Say whether a marker is no claim's but begins a line of a list of sources: `[1] handbook.md`."""
    before = text[text.rfind("\n", 0, marker.start()) + 1 : marker.start()]
    after = text[marker.end() :].partition("\n")[0].strip(" :-–*`.").casefold()
    names = [hit.source.rpartition("/")[2].casefold() for hit in hits]
    return not before.strip(" -*#>") and any(name in after and len(after) <= len(name) + _PLACE for name in names)


def numbers(text: str) -> list[int]:
    """Return the citation numbers in `text`, each once, in order."""
    return list(dict.fromkeys(int(n) for m in _MARKER.finditer(text) for n in re.findall(r"\d+", m.group(1))))


def unsupported(text: str) -> list[str]:
    """Return the claims of an answer that cite a passage that there is not."""
    claims: list[str] = []
    at = text.find(UNSUPPORTED)
    while at >= 0 and len(claims) < _MOST:
        begin = max(0, at - _LONGEST)
        claims.append(_claim(text[begin:at].replace(UNSUPPORTED, ""), len(text[begin:at].replace(UNSUPPORTED, ""))))
        at = text.find(UNSUPPORTED, at + 1)
    return claims


def nearest_of(claim: str, texts: Mapping[int, str]) -> int | None:
    """Return the number of the text that shares most with `claim`; None of none."""
    wanted = _weights(claim, given(claim))
    shared = {
        n: sum(wanted[w] for w in wanted.keys() & _weights(text, spoken_words(text))) for n, text in texts.items()
    }
    return max(shared, key=lambda number: shared[number]) if shared else None


def says_unknown(text: str) -> bool:
    """Return whether an answer says that the files are silent or that it does not know."""
    return _UNKNOWN.search(text) is not None


def _claim(text: str, end: int) -> str:
    """Return what the marker at `end` stands behind: its sentence, or the part since the marker before it."""
    before = _MARKER.sub(lambda m: "\0" * len(m.group()), text[:end]).rstrip("\0 \n")
    trimmed = before.rstrip(".!?\"'”’) ")
    start = max([m.end() for m in _BEGINS.finditer(trimmed)] or [0])
    sentence = before[start:].strip("\0 ")
    part = sentence.rpartition("\0")[2]
    claim = part if len(_WORD.findall(part)) > 2 else sentence.replace("\0", "")
    return _LIST_SIGN.sub("", claim).strip(" ,;:")


def _citation(number: int, hit: Hit, claim: str) -> Citation:
    spans = _sentences(hit.text)
    nearest, likeness = _nearest(claim, hit.text, spans)
    quoted = quotations(claim)
    wrong = figures_missing(claim, hit, [hit.text[a:b] for a, b in spans], hit.text[slice(*nearest)])
    wrong = wrong or names_missing(claim, hit)
    places = [_quote_place(quote, hit.text) for quote in sorted(quoted, key=len, reverse=True)]
    if place := next(filter(None, places), None):
        around = _around(hit.text[slice(*place)], claim, hit.text) if place[1] - place[0] < _SHORT else None
        return _made(number, hit, around or place, verified=not wrong and all(places))
    place = locate(claim, hit.text) if claim else None
    if place is not None:
        return _made(number, hit, place, verified=True)
    wrong = wrong or bool(quoted) or likeness < _ENOUGH or says_opposite(claim, hit.text[slice(*nearest)])
    return _made(number, hit, nearest, verified=not wrong)


def _quote_place(quote: str, text: str) -> tuple[int, int] | None:
    """Return where a quotation stands; its first letter may be of either case, and a comma may have come into it."""
    bare = quote.strip().rstrip(".,;:!?")
    turned = bare[:1].swapcase() + bare[1:]
    return locate(quote, text) or locate(bare, text) or locate(turned, text)


def _made(number: int, hit: Hit, place: tuple[int, int], *, verified: bool) -> Citation:
    start, end = place
    return Citation(
        id=number,
        source=hit.source,
        page=hit.page,
        quote=hit.text[start:end],
        knowledge=hit.knowledge,
        document_id=hit.document_id,
        chunk_id=hit.chunk_id,
        start=hit.start + start,
        end=hit.start + end,
        verified=verified,
    )


def _around(quote: str, claim: str, text: str) -> tuple[int, int] | None:
    """Return the span of the sentence that holds `quote`; of several, the one nearest to `claim`."""
    holding = [span for span in _sentences(text) if locate(quote, text, *span) is not None]
    return _nearest(claim, text, holding)[0] if holding else None


def _sentences(text: str) -> list[tuple[int, int]]:
    """Return the spans of the sentences and headings of `text`, without the white space around them."""
    spans = []
    for match in _SENTENCE.finditer(text):
        body = match.group().strip()
        if body:
            start = match.start() + len(match.group()) - len(match.group().lstrip())
            spans.append((start, start + len(body)))
    return spans


def _nearest(claim: str, text: str, spans: list[tuple[int, int]]) -> tuple[tuple[int, int], float]:
    """Return which of `spans` shares most with `claim`, and the share; the beginning of `text` when none does."""
    wanted = _weights(claim, given(claim))
    best, most, share = (0, min(len(text), 300)), 0.0, 0.0
    for start, end in spans:
        words = _weights(text[start:end], spoken_words(text[start:end]))
        common = sum(wanted[w] for w in wanted.keys() & words.keys())
        sizes = sum(wanted.values()), sum(words.values())
        likeness = common / max(1, math.prod(sizes)) ** 0.5  # by cosine: a very short sentence is not preferred
        likeness *= 0.5 if text.startswith("#", start) else 1  # what a heading names, the text below it says
        if len(words) >= 2 and likeness > most:
            best, most, share = (start, end), likeness, common / min(sizes)
    return best, share


def _weights(text: str, figures: set[str]) -> dict[str, int]:
    """Return the words of `text` with what having one in common is worth: figures are the same in every language."""
    words = {w.lower() for w in _WORD.findall(text) if len(w) > 2 and not w.isdigit()}
    return dict.fromkeys(words, 1) | dict.fromkeys(figures, 3)
