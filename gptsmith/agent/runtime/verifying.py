"""Whether a claim says what the passage behind it says: its quotations, figures, names, and whether it denies it.

Only what can be told from the words is told. In doubt a claim stands: one that is in another language than the passage
is held to its figures alone.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from gptsmith.rag.hit import Hit

# Numbers that are written in words, up to a hundred: English, German, Spanish and French.

# fmt: off
_ONES = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
          " seventeen eighteen nineteen",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn"
          " siebzehn achtzehn neunzehn",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis"
          " diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis"
          " veintisiete veintiocho veintinueve",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept"
          " dix-huit dix-neuf",
}
_TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "fr": "vingt trente quarante cinquante soixante",
}
# fmt: on
_ELSEWHERE = {"once", "elf", "neuf", "sept", "null", "acht", "seize", "quince", "onze"}
"""What is a number in one of the languages and another word in one of the others."""


@lru_cache(maxsize=1)
def _numbers() -> dict[str, int]:
    """Return each number in words with its value; `uno` and `one`, which mostly count nothing, stay out."""
    found: dict[str, int] = {}
    for words in _ONES.values():
        found |= {word: n for n, word in enumerate(words.split()) if n != 1}
    for lang, tens in _TENS.items():
        ones = _ONES[lang].split()[:10]
        for ten, word in enumerate(tens.split(), start=2):
            found[word] = 10 * ten
            for one in range(1, 10):
                found |= dict.fromkeys(_joined(lang, word, ones[one], one), 10 * ten + one)
    french = _ONES["fr"].split()
    found |= {f"soixante-{french[n]}": 60 + n for n in range(10, 20)} | {"soixante et onze": 71}
    found |= {f"quatre-vingt-{french[n]}": 80 + n for n in range(1, 20)} | {"quatre-vingts": 80, "quatre-vingt": 80}
    found |= dict.fromkeys(("hundred", "a hundred", "one hundred", "hundert", "einhundert", "cien"), 100)
    found |= {word.replace("ß", "ss"): n for word, n in found.items() if "ß" in word}
    return found


def _joined(lang: str, ten: str, digit: str, one: int) -> list[str]:
    """Return how a language says a ten and a digit together."""
    if lang == "de":
        return [f"{'ein' if one == 1 else digit}und{ten}"]
    if lang == "es":
        return [f"{ten} y {word}" for word in ([digit, "un", "una"] if one == 1 else [digit])]
    if lang == "fr":
        return [f"{ten} et un", f"{ten} et une"] if one == 1 else [f"{ten}-{digit}"]
    return [f"{ten}-{digit}", f"{ten} {digit}"]


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    longest = sorted(_numbers(), key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest))})(?![\w-])", re.IGNORECASE)


def in_figures(text: str, *, above: int = 1) -> str:
    """Return `text` with its numbers in words as figures; one, and words that may mean something else, stay."""

    def figure(match: re.Match[str]) -> str:
        word = " ".join(match[0].lower().split())
        number = _numbers()[word]
        return match[0] if number <= above or word in _ELSEWHERE else str(number)

    return _pattern().sub(figure, text)


def said_in_words(text: str) -> set[str]:
    """Return the numbers that `text` may say in words, as figures; those that count in one language only as well."""
    found = {str(_numbers()[" ".join(match[0].lower().split())]) for match in _pattern().finditer(text)}
    return found | ({"1"} if re.search(r"\b(?:one|eins?|eine[mnrs]?|un[oae]?|une)\b", text, re.IGNORECASE) else set())


_QUOTED = re.compile(
    r"\"([^\"“”«»„\n]{3,400})\"|[“„]([^\"“”„\n]{3,400})[”“\"]|«([^«»\n]{3,400})»|»([^«»\n]{3,400})«|[‹]([^‹›\n]{3,400})›"
    r"|[「『]([^「」『』\n]{2,400})[」』]"
    r"|(?<!\w)'((?:[^'\n]|'(?=\w)){3,400})'(?!\w)|(?<!\w)[‘‚]((?:[^‘’\n]|’(?=\w)){3,400})[’‘](?!\w)"
)
_FIGURE = re.compile(r"\d+(?:[.,:]\d+)*")
_BEHIND = re.compile(r"[\s-]*[^\W\d_]*")
_BEFORE = re.compile(r"[^\W\d_]*[\s-]*$")
_WORD = re.compile(r"\w+(?:['’]\w+)?")
_CLAUSE = re.compile(r"[,;:()–—]|\b(?:but|and|or|aber|und|mas|pero|mais)\b", re.IGNORECASE)
_NEGATION = re.compile(
    r"(?:.*n['’]t|not|never|no|none|neither|nor|without|cannot|nicht|kein\w*|nie|niemals|ohne|não|nunca|sem|sin|"
    r"jamais|sans|pas)",
    re.IGNORECASE,
)
_ENGLISH = re.compile(r"\b(?:the|is|are|was|an?|of|to|and|you|it|has|have|does)\b", re.IGNORECASE)
_GERMAN = re.compile(r"\b(?:der|die|das|den|dem|und|ist|sind|ein|eine|nicht|von|mit|für|auf|zu|im)\b")
_NAME = re.compile(r"(?<![\w'’.-])[^\W\d_][\w'’-]+")
_BEGINS = re.compile(r"(?:^|[.!?:\"“„«'‘(\[*>|-])\s*[\"“„«'‘*_]*$|^[\s*_#>|-]*$")
_SCOPE = 3  # words behind a negation that it denies
# fmt: off
_SMALL = {
    "the", "and", "for", "are", "was", "were", "has", "have", "had", "does", "did", "will", "would", "can", "could",
    "may", "must", "should", "that", "this", "these", "those", "its", "their", "you", "your", "with", "from", "any",
    "all", "our", "they", "them", "been", "being", "also", "than", "then", "when", "who", "which", "such", "only",
}
# fmt: on


def quotations(claim: str) -> list[str]:
    """Return what a claim puts in quotation marks of any kind."""
    return [next(filter(None, groups)) for groups in _QUOTED.findall(claim)]


def given(claim: str) -> set[str]:
    """Return the figures of a claim, as 1755, 1000 for 1,000 and 1800 for 18:00; above twelve in words, too."""
    claim = in_figures(claim, above=12)
    return {re.sub(r"[.,:]", "", figure) for figure in _FIGURE.findall(claim)}


def spoken_words(text: str) -> set[str]:
    """Return the figures that a claim about `text` may give: its own, their parts, and those spelled out."""
    parts = {part for figure in _FIGURE.findall(text) for part in re.split(r"[.,:]", figure)}
    return given(text) | parts | said_in_words(text)


def figures_missing(claim: str, hit: Hit, sentences: list[str], nearest: str) -> bool:
    """Tell whether a figure of the claim does not stand in the passage, or only with another thing than the claim's.

    It stands in its place in the sentence nearest to the claim, or to the part of the claim with the figure, and in any
    other in which the same word stands beside it.
    """
    passage = set(_stems(hit.text))
    foreign = not passage & set(_stems(claim))
    written = given(claim)
    for clause, figure, beside, unit in _figures(claim):
        if figure not in written and not unit & _units(sentences):
            continue  # "the two rooms" counts what the passage only names
        holding = [sentence for sentence in sentences if figure in spoken_words(sentence)]
        if not holding and figure != str(hit.page):
            return True
        if foreign or not holding or not clause:
            continue
        if unit & _units(sentences) and not any(unit & set(_stems(s)) for s in holding):
            return True  # 30 days stand there and 36 months, and the claim has 36 days
        if figure in spoken_words(nearest):
            continue
        if figure in spoken_words(_likest(clause, sentences)) or any(b in _stems(s) for b in beside for s in holding):
            continue
        if passage & beside or set(_stems(clause)) & set(_stems(nearest)):
            return True
    return False


def _figures(claim: str) -> list[tuple[str, str, set[str], set[str]]]:
    """Return each figure with its clause, the words right beside it, and of these the one behind it, its unit.

    One alone in brackets is a number of a section, and has only itself.
    """
    found: list[tuple[str, str, set[str], set[str]]] = []
    claim = in_figures(claim)
    for part in re.split(r"[;]|,\s|\b(?:and|but)\b", claim):
        for match in _FIGURE.finditer(part):
            figure = re.sub(r"[.,:]", "", match.group())
            before, behind = part[: match.start()], part[match.end() :]
            if before.endswith("(") and behind.startswith(")"):
                found.append(("", figure, set(), set()))
                continue
            unit = set(_stems(_BEHIND.match(behind)[0]))  # type: ignore[index]
            beside = unit | set(_stems(_BEFORE.search(before)[0]))  # type: ignore[index]
            found.append((part, figure, beside or set(_stems(before)[-1:]), unit))
    return found


def _units(sentences: list[str]) -> set[str]:
    """Return the words that stand right behind figures."""
    return {word for sentence in sentences for *_, unit in _figures(sentence) for word in unit}


def _likest(clause: str, sentences: list[str]) -> str:
    words = set(_stems(clause))
    shares = [(len(words & set(_stems(s))) / (len(set(_stems(s))) or 1) ** 0.5, s) for s in sentences]
    share, sentence = max(shares, default=(0.0, ""))
    return sentence if share > 0 else ""


def names_missing(claim: str, hit: Hit) -> bool:
    """Tell whether a proper name of the claim stands neither in the passage nor in the name of its file.

    German writes every noun with a capital, and in another language names are written otherwise: both are left alone.
    """
    if _GERMAN.search(claim) or not set(_stems(claim)) & set(_stems(hit.text)):
        return False
    text = {_plain(word) for word in re.findall(r"\w+", f"{hit.text} {hit.source}")}
    for match in _NAME.finditer(claim):
        word = match.group()
        if not word[0].isupper() or _BEGINS.search(claim[: match.start()]) or word in ("I", "OK"):
            continue
        name = _plain(re.sub(r"['’]s?$", "", word))
        if len(name) > 2 and not any(_same_name(name, other) for other in text):
            return True
    return False


def _same_name(name: str, other: str) -> bool:
    """Tell whether two words name the same: Portugal and Portuguese, Monday and Mondays do."""
    size = max(4, (2 * max(len(name), len(other)) + 2) // 3 - 2)
    return name == other or (min(len(name), len(other)) >= 4 and name[:size] == other[:size])


def _plain(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(c))


def says_opposite(claim: str, sentence: str) -> bool:
    """Tell whether one of the two denies what the other says of the same thing."""
    said, meant = _denied(claim), _denied(sentence)
    ours, theirs = set(_stems(claim)), set(_stems(sentence))
    return any(first in ours and not said & scope for first, scope in _heads(sentence) if first not in said) or any(
        first in theirs and not meant & scope for first, scope in _heads(claim) if first not in meant
    )


def _denied(text: str) -> set[str]:
    return {word for _, scope in _heads(text) for word in scope}


def _heads(text: str) -> list[tuple[str, set[str]]]:
    """Return for each negation the first word that it denies, and all of them."""
    heads = []
    english = _ENGLISH.search(text) is not None
    for match in _WORD.finditer(text):
        word = match.group()
        if not _NEGATION.fullmatch(word) or (word.lower() == "no" and not english):
            continue
        scope = _stems(_CLAUSE.split(text[match.end() :])[0])[:_SCOPE]
        if scope:
            heads.append((scope[0], set(scope)))
    return heads


def _stems(text: str) -> list[str]:
    """Return the words that carry meaning, without their endings."""
    words = [w for w in re.findall(r"[^\W\d_]+", text.lower()) if len(w) > 2 and w not in _SMALL]
    return [_stem(_plain(word)) for word in words if not _NEGATION.fullmatch(word)]


def _stem(word: str) -> str:
    for ending in ("ing", "ies", "ied", "es", "ed", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
