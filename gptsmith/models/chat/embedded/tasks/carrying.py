"""Whether what the model wrote is carried by what it was given: its telling words, numbers and denials."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded.words import content_stems, one_slip_apart

NOT = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|without|avoid|nicht|kein\w*|nie|niemals|ohne|nunca|sin|ning[uú]n\w*|jamais"
    r"|pas|sans|(?:do|does|did|is|are|was|were|wo|would|ca|could|should|must|has|have|had)nt|cannot)\b|n['’]t\b",
    re.IGNORECASE,
)
"""What denies; not the end of `tent` or `want`."""
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_COMMON = frozenset(
    content_stems(
        "asked asks wants wanted user users person people question questions thing things one do"
        " der die das den dem des ein eine einen einem einer und oder ist sind war hat haben wird werden mit für von zu"
        " zum zur im in am an auf bei aus nach wie was wer wo wann warum welche welcher welches nicht kein keine keinen"
        " ich du er sie es wir ihr mir mich dir dich uns euch mein meine dein deine sein seine auch noch schon nur dann"
        " wenn dass als man kann können soll sollen muss müssen darf gibt es möchte will lieber nutzer"
        " mache macht machen mach tun tue tut kannst könnte können bitte"
        " el la los las un una unos unas de del al y o es son era está están con por para en a que qué cómo cuándo"
        " dónde cuál quién no sí si se me mi tu su lo le les nos ya más muy puede puedo pueden hay tiene usuario quiere"
        " le la les un une des du de et ou est sont était avec pour par en dans sur au aux que qui quoi quel quelle"
        " quand où comment pourquoi ne pas je tu il elle nous vous on mon ma mes ton ta tes son sa ses ce cette ces se"
        " y a ont peut peux puis-je veut utilisateur"
    )
)


def stems(text: str) -> set[str]:
    """Return the stems of the telling words of a text in any of the languages that are spoken here."""
    return set(content_stems(text)) - _COMMON


def apart(text: str, known: str) -> set[str]:
    """Return the telling words of `text` that stand in `known` in no form: inflected, compounded or with a slip."""
    there = stems(known)
    return {word for word in stems(text) - there if not _numeral(word) and not any(_akin(word, w) for w in there)}


def numbers(text: str) -> set[str]:
    """Return the numbers of a text as they are written."""
    return set(_NUMBER.findall(text))


def _numeral(word: str) -> bool:
    return word.isdigit()


def _akin(word: str, other: str) -> bool:
    """Tell whether two stems are forms of one word: `sonntag` and `sonntags`, `kindern` and `kinder`."""
    short, long = sorted((word, other), key=len)
    if len(short) < 4:
        return False
    same = next((n for n, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return same >= max(4, len(short) - 2) or one_slip_apart(word, other)
