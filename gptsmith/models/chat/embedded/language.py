"""Which language a message is in, by its most common words: enough to know when English rules do not hold."""

from __future__ import annotations

import re
import unicodedata

from gptsmith.models.chat.embedded.words import tokens

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


def of(text: str) -> str:
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
