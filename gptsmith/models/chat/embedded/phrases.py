"""The stretches of a message that may fill an argument made of words: what stands between its function words.

"send 250 gold to Brakka" has the phrase "Brakka" behind "to" once the number is taken and "gold" is known to be what
the tool is about. No list of names or things is needed: what is left is what the person put in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gptsmith.models.chat.embedded.words import stem, tokens, word_set

Span = tuple[int, int]

_TOKEN = re.compile(r"[^\W_][\w&'’./@-]*[\w'’]|[^\W_]|&")
_QUOTED = re.compile(r"[\"“](?P<a>[^\"”]+)[\"”]|(?<!\w)['‘](?P<b>[^'’]+(?:['’]\w[^'’]*)?)['’](?!\w)")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_LEADS = word_set(
    """to from for with without at in on by about under into onto until till because since via per as than off out up
    down over before after between through toward towards during against around near regarding"""
)
_WALLS = word_set(
    """i you he she it we they me us him her them myself yourself who whom whose what which when where why how
    am is are was were be been being do does did done have has had having can could will would shall should may might
    must not no and or but so if then please pls plz kindly thanks thank just also too again still already yet now
    right soon asap there here this that these those need needs want wants like likes love get gets got give gives
    put puts take takes make makes let lets tell tells show shows see know please hey hi hello ok okay yes yeah sorry
    any's what's where's who's how's when's it's i'm i'd i've we're you're that's there's let's can't don't doesn't
    isn't aren't won't much many long anybody someone somebody ought"""
)
_VAGUE = word_set(
    """the a an some any my your our his their its this that these those one ones something anything everything thing
    things stuff it more another other else same all each every both few several new next last of own bit little
    somewhere anywhere elsewhere"""
)
_ASKING = re.compile(
    r"(?:who|what|which|when|where|why|how|is|are|was|does|did|has|any|do(?! (?:you mind|not)))\b", re.I
)
_POLITE = word_set(  # the verb of an order may stand behind these
    """please pls plz kindly just hey hi hello ok okay yes yeah so and then now can could would will you i we us me let
    lets let's also thanks sorry want need like do not"""
)
_SMALL = word_set("of and the de la le do da del van von")


@dataclass(frozen=True)
class Phrase:
    """`lead` is the preposition in front ("" for none), `proper` whether it looks like a name."""

    text: str
    start: int
    end: int
    lead: str = ""
    proper: bool = False
    quoted: bool = False
    told: bool = False  # stands in a sentence about somebody, not in what is asked
    beside: frozenset[str] = frozenset()  # the stems of the tool's own words that stood around it


_WISH = re.compile(  # "I want to" says nothing of what is wanted, and its "to" leads to no place
    r"\s*(?:i|we)(?:['’]d| would)? (?:really |also |just )?(?:like|love|want|need|wish) to ", re.IGNORECASE
)


def phrases(text: str, taken: list[Span], subject: set[str]) -> list[Phrase]:
    """Return the phrases of `text` outside of `taken`; `subject` are the stems of what the tool is about."""
    quotes = [
        Phrase((m["a"] or m["b"]).strip(), m.start(), m.end(), _lead_of(text, m.start()), True, True)
        for m in _QUOTED.finditer(text)
        if not _overlaps(m.span(), taken)
    ]
    walls = [*taken, *[(q.start, q.end) for q in quotes]]
    found: list[Phrase] = []
    at = 0
    for m in [*_SENTENCE.finditer(text), None]:
        end = m.start() if m else len(text)
        found += _of_sentence(text, at, end, walls, subject)
        at = m.end() if m else end
    return [*quotes, *found]


def proper_part(text: str) -> str:
    """Return the name in a phrase that has other words around it: "number of Ada Reed" has "Ada Reed"."""
    words = text.split()
    runs = [i for i, w in enumerate(words) if is_proper(w)]
    if not runs:
        return text
    first, last = runs[0], runs[-1]
    inner = words[first : last + 1]
    whole = all(is_proper(w) or w.lower() in _SMALL for w in inner)
    return " ".join(inner) if whole else text


def is_proper(word: str, first: bool = False) -> bool:
    """Tell whether a word looks like a name: a capital inside a sentence, an underscore, letters with digits."""
    odd = "_" in word or (any(c.isdigit() for c in word) and any(c.isalpha() for c in word))
    return odd or (word[:1].isupper() and not first) or any(c.isupper() for c in word[1:])


def _of_sentence(text: str, start: int, end: int, walls: list[Span], subject: set[str]) -> list[Phrase]:
    if wish := _WISH.match(text, start, end):
        start = wish.end()
    words = list(_TOKEN.finditer(text, start, end))
    told = bool(words) and words[0].group(0).lower() in ("i", "we", "he", "she", "they", "my", "our", "i'm", "we're")
    found: list[Phrase] = []
    run: list[re.Match[str]] = []
    lead, first = "", not _ASKING.match(text[start:end].lstrip())

    def close() -> None:
        nonlocal run
        if phrase := _trimmed(text, run, lead, subject, told):
            found.append(phrase)
        run = []

    for i, m in enumerate(words):
        word, low = m.group(0), m.group(0).lower().replace("’", "'")
        gap = text[words[i - 1].end() : m.start()] if i else ""
        acts = i == 0 and word[0].isupper() and low not in _WALLS and low not in _VAGUE and _acts(words)
        inner = is_proper(word, i == 0) or acts
        if _overlaps(m.span(), walls) or re.search(r"[,;:!?()\n]|\s[-–—]\s", gap):
            close()
            lead, first = "", first and _overlaps(m.span(), walls)
            if _overlaps(m.span(), walls):
                continue
        if low in _LEADS and not (inner and i):
            close()
            lead, first = low, False
        elif (low in _WALLS or low.removesuffix("'s") in _WALLS) and not (inner and i and low not in ("i", "i'm")):
            after = [w.group(0) for w in words[i + 1 : i + 4] if w.group(0).lower() not in _SMALL]
            joins = low == "and" and run and after and after[0].lower() not in _WALLS
            if joins and is_proper(after[0]) == is_proper(run[-1].group(0)):
                run.append(m)
                continue
            close()
            lead, first = "", first and low in _POLITE
        elif first and not run and not inner and low not in _VAGUE and _is_verb(text, words, i):
            first = False  # the verb of an order
        else:
            run.append(m)
            first = False
    close()
    return found


def _is_verb(text: str, words: list[re.Match[str]], i: int) -> bool:
    """Tell whether the first word of a sentence is the verb of an order, as its place suggests."""
    return i + 1 < len(words) and text[words[i].end() : words[i + 1].start()][:1].isspace()


def _acts(words: list[re.Match[str]]) -> bool:
    """Tell whether the first word of a sentence is a name, as the verb behind it shows: "Ada needs ..."."""
    return len(words) > 1 and words[1].group(0).lower() in (
        "needs",
        "wants",
        "is",
        "was",
        "has",
        "got",
        "gets",
        "likes",
    )


def _trimmed(text: str, run: list[re.Match[str]], lead: str, subject: set[str], told: bool) -> Phrase | None:
    """Return the run without articles and the tool's own words at its ends; None when nothing is left."""
    first_at = 0
    words = [m.group(0) for m in run]

    def empty(i: int, *, leading: bool) -> bool:
        low = words[i].lower().replace("’", "'")
        beside = words[i + 1] if leading and i + 1 < len(words) else ""
        if leading and low in _SMALL and words[i][:1].isupper() and is_proper(beside):
            return False  # The Name of the Rose
        if low in _VAGUE or low in ("and", "&"):
            return True
        return all(stem(t) in subject for t in tokens(words[i])) and not (is_proper(words[i]) and len(words) > 1)

    last_at = len(words) - 1
    while first_at <= last_at and empty(first_at, leading=True):
        first_at += 1
    while last_at >= first_at and empty(last_at, leading=False):
        last_at -= 1
    if first_at > last_at:
        return None
    kept = run[first_at : last_at + 1]
    said = text[kept[0].start() : kept[-1].end()]
    said = re.sub(r"['’]s$", "", said) if last_at < len(words) - 1 else said
    proper = any(is_proper(m.group(0), first=m.start() == 0) for m in kept) or (
        kept[0].start() == 0 and said[:1].isupper()
    )
    beside = frozenset(stem(t) for w in [*words[:first_at], *words[last_at + 1 :]] for t in tokens(w))
    return Phrase(said, kept[0].start(), kept[0].start() + len(said), lead, proper, False, told, beside)


def _lead_of(text: str, at: int) -> str:
    before = tokens(text[:at])
    return before[-1] if before and before[-1] in _LEADS else ""


def _overlaps(span: Span, spans: list[Span]) -> bool:
    return any(a < span[1] and span[0] < b for a, b in spans)
