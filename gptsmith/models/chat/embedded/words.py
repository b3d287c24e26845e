"""Words of a text: tokens, stems, typing errors put right."""

from __future__ import annotations

import re
from functools import lru_cache

import Stemmer

from gptsmith.models.folding import fold, words_in

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_stemmer = Stemmer.Stemmer("english")
_SPELLINGS = (
    (re.compile(r"(?<=[a-z]{4})is(?=(?:e[drs]?|ers|ing|ations?)$)"), "iz"),  # organise, organisation
    (re.compile(r"(?<=[a-z]{3})our(?=s?$|ed$|ing$|ful|able|ite|less|ist|al)"), "or"),  # colour, favourite
    (re.compile(r"(?<=[a-z]{2}[nt])re(?=s?$)"), "er"),  # centre, theatre
    (re.compile(r"(?<=[a-z]{2})ogue(?=s?$)"), "og"),  # catalogue
)


def listed(text: str) -> frozenset[str]:
    """Return the words of a list that is written as text."""
    return frozenset(text.split())


STOP = listed(
    """a an the this that these those and or but if so as of at by for from in into on onto to up with about than
    then is are was were be been being am do does did doing done have has had having can could will would shall
    should may might must not no nor i me my mine we us our ours you your yours he him his she her hers it its
    they them their who whom whose which what when where why how there here just please also very too s t re ve ll
    d m any some all each every both such own same tell know say says said get got give make made"""
)


def tokens(text: str) -> list[str]:
    """Return the words of `text` in lower case, apostrophes straight, widths of letters and digits made one."""
    return [w.lower().replace("’", "'") for run in _WORD.findall(fold(text)) for w in words_in(run)]


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return the English stem of a lower-case word, without a possessive; British and American spelling have one."""
    bare = word.removesuffix("'s")
    for british, american in _SPELLINGS:
        bare = british.sub(american, bare)
    return str(_stemmer.stemWord(bare))


def content_stems(text: str) -> list[str]:
    """Return the stems of the words that carry meaning."""
    return [stem(w) for w in tokens(text) if w.removesuffix("'s") not in STOP]


def initials(text: str) -> dict[str, frozenset[str]]:
    """Return what `text` could be shortened to, with the stems that stand behind it: "end of life" as "eol"."""
    words = tokens(text)
    found: dict[str, frozenset[str]] = {}
    for i in range(len(words)):
        for j in range(i + 3, min(i + 5, len(words)) + 1):
            run = words[i:j]
            short = "".join(w[0] for w in run)
            if run[0] not in STOP and run[-1] not in STOP and short not in STOP:
                found[short] = frozenset(stem(w) for w in run if w not in STOP)
    return found


def one_slip_apart(a: str, b: str) -> bool:
    """Tell whether one letter added, left out, changed or swapped with its neighbour makes `a` into `b`."""
    if a == b or abs(len(a) - len(b)) > 1 or a.startswith(b) or b.startswith(a):  # sketchy is no slip of sketch
        return False
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    end = 0
    while end < min(len(a), len(b)) - start and a[-1 - end] == b[-1 - end]:
        end += 1
    left, right = a[start : len(a) - end], b[start : len(b) - end]
    return max(len(left), len(right)) <= 1 or (len(left) == 2 and left == right[::-1])


def _inflects(a: str, b: str) -> bool:
    """Tell whether two words differ only in their ending, as brighten and brighter do."""
    return len(a) == len(b) and a[:-1] == b[:-1] and a[-2:] in ("en", "er", "ed", "es", "ly", "al")


def correct(text: str, lexicon: frozenset[str], is_word: frozenset[str] | None = None) -> str:
    """Return `text` with words that are one slip away from a word of `lexicon` put right.

    `is_word` holds the lower-case words of the text that are known to be spelled well; they stay.
    """

    def fix(match: re.Match[str]) -> str:
        word = match.group(0)
        low = word.lower()
        if len(low) < 3 or low in lexicon or low in STOP or (is_word is not None and low in is_word):
            return word
        if word[0].isupper() and match.start() > 0:
            return word
        if low.removesuffix("s") in lexicon:
            return word
        near = sorted(
            w
            for w in lexicon
            if one_slip_apart(low, w) and not _inflects(low, w) and (len(low) > 3 or sorted(low) == sorted(w))
        )
        return near[0] if near else word

    return _WORD.sub(fix, text)
