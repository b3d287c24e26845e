"""Numbers that are written in words, up to a hundred: English, German, Spanish and French."""

from __future__ import annotations

import re
from functools import lru_cache

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
