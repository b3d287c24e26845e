"""Words of a text: tokens, stems, typing errors put right, and the language that they are of."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import Stemmer

from gptsmith.models.text import fold, words_in

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_stemmer = Stemmer.Stemmer("english")
_SPELLINGS = (
    (re.compile(r"(?<=[a-z]{4})is(?=(?:e[drs]?|ers|ing|ations?)$)"), "iz"),  # organise, organisation
    (re.compile(r"(?<=[a-z]{3})our(?=s?$|ed$|ing$|ful|able|ite|less|ist|al)"), "or"),  # colour, favourite
    (re.compile(r"(?<=[a-z]{2}[nt])re(?=s?$)"), "er"),  # centre, theatre
    (re.compile(r"(?<=[a-z]{2})ogue(?=s?$)"), "og"),  # catalogue
)


def word_set(text: str) -> frozenset[str]:
    """Return the words of a list that is written as text."""
    return frozenset(text.split())


STOP = word_set(
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


# Which language a message is in, by its most common words: enough to know when English rules do not hold.

NAMES = {
    "fr": "French", "de": "German", "es": "Spanish", "pt": "Portuguese", "it": "Italian", "nl": "Dutch", "pl": "Polish",
    "tr": "Turkish", "sv": "Swedish", "xx": "another language",
}  # fmt: skip
_COMMON = {
    "en": "the a an of and to in is are was were it you i my me we that this what how who when where why do "
    "does did can could"
    " please with for on at by from "
    "now as but so then just like more less have has be not or make show tell give your there about would will hello "
    "hi thanks thank",
    "fr": "le la les un une des du de et est sont je tu il elle nous vous que qui quoi quand où pourquoi "
    "comment quel quelle dans pour"
    " avec sur pas ne ce cette moi s'il plaît bonjour merci mon ma votre aux au dessine-moi peux pouvez était fait",
    "de": "der die das ein eine einen einem und ist sind ich du er sie es wir ihr was wer wann wo warum wie "
    "welche in im mit für auf nicht"
    " bitte hallo danke mein meine dein mir kannst können den dem von zu zum zur wurde gibt hat haben kostet",
    "es": "el la los las un una de del y es son yo tú él ella nosotros que qué quién cuándo dónde por para con "
    "sobre no cómo cuál"
    " cuánto hola gracias mi tu su me en está están puedes hay fue favor hace",
    "pt": "o a os as um uma de do da dos das e é são eu você ele ela nós que quem quando onde porque como qual "
    "para por com sobre"
    " não olá obrigado obrigada meu minha seu no na em está pode foi quanto há favor",
    "it": "il lo la gli le un una uno di del della dei e è sono io tu lui lei noi che chi quando dove perché "
    "come quale per con su non"
    " ciao grazie mio mia nel nella puoi può cosa quanto favore fu stato",
    "nl": "de het een en is zijn ik jij je hij zij wij wat wie wanneer waar waarom hoe welke in met voor op "
    "niet alsjeblieft hallo"
    " dank mijn kun kan van naar er was wordt heeft",
    "pl": "i w na z do nie to jest są ja ty on ona my co kto kiedy gdzie dlaczego jak który dla się czy proszę "
    "cześć dziękuję mój o za",
    "tr": "ve bir bu ne kim nerede nasıl neden için ile mı mi mu değil var yok ben sen biz merhaba teşekkürler lütfen",
    "sv": "och är en ett jag du han hon vi vad vem när var varför hur vilken i på med för inte hej tack min "
    "kan det som av till",
}
_WORDS = {code: frozenset(text.split()) for code, text in _COMMON.items()}
_DRAW = re.compile(
    r"^(?:(?:bitte|s'il (?:te|vous) plaît|por favor|per favore|hola|bonjour|hallo|ciao|olá|alsjeblieft)[,\s]+)?"
    r"(?:dessine(?:[ -]moi|z[ -]moi|z)?|peins(?:-moi)?|zeichne?(?: mir| uns)?|male?(?: mir| uns)?|dibuja(?:me)?"
    r"|dibújame|pinta(?:me)?|píntame"
    r"|desenh[ae](?:-me| para mim)?|disegna(?:mi)?|dipingi(?:mi)?|teken|schilder|narysuj(?: mi)?|rita"
    r"|çiz)\s+(?P<what>.+?)[.!]*$",
    re.IGNORECASE,
)


def language_of(text: str) -> str:
    """Return the code of the language of `text`: `en` unless another clearly fits better; `xx`: other script."""
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return "en"
    latin = sum(unicodedata.name(c, "").startswith("LATIN") for c in letters)
    if latin < 0.5 * len(letters):
        return "xx"
    words = tokens(text)
    counts = {code: sum(w in known for w in words) for code, known in _WORDS.items()}
    if m := _DRAW.match(text.strip()):
        counts = {c: n for c, n in counts.items() if c != "en" or n > len(words) / 2} | {"xx": 0} if m else counts
        return max(counts, key=lambda c: counts[c]) if counts else "xx"
    best = max(counts, key=lambda c: (counts[c], c == "en"))
    if best == "en" or counts[best] <= counts["en"] + (0 if len(words) <= 4 else 1):
        return "en"
    marked = any(not c.isascii() for c in text if c.isalpha() or c in "¿¡") and counts["en"] == 0
    return best if counts[best] >= max(1 if marked else 2, 0.2 * len(words)) else "en"


def could_be(text: str, code: str) -> bool:
    """Tell whether a text may be in the language `code`: no other has more of its common words in it."""
    words = tokens(text)
    counts = {known: sum(w in common for w in words) for known, common in _WORDS.items()}
    return counts.get(code, 0) == max(counts.values()) and (counts.get(code, 0) > 0 or len(words) < 5)


def drawing(text: str) -> str:
    """Return what a foreign order to draw names, in the person's own words; empty when it is none."""
    m = _DRAW.match(text.strip())
    return m["what"].strip() if m else ""


def name_of(code: str) -> str:
    """Return the English name of a language."""
    return NAMES.get(code, "another language")
