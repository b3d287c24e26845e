"""Wishes for the form of an answer: the words in which people ask for it, and the sentence that keeps it."""

from __future__ import annotations

import re

# fmt: off
_HEARD = {
    "short": (
        r"shorter|too long|briefer|more (?:brief|concise)|keep it short|less text|kürzer|zu lang|plus court|trop long"
        r"|más corto|demasiado largo|mais curto|più (?:breve|corto)|korter|te lang"
    ),
    "long": (
        r"longer|too short|more details?|in more detail|ausführlicher|zu kurz|plus (?:long|détaillé)"
        r"|más (?:largo|detalle)|mais detalhe|più (?:lungo|dettagli)|uitgebreider"
    ),
    "simple": (
        r"simpler|easier words|(?:plain|simple|small) (?:words|english|language)|too (?:hard|complicated)"
        r"|like i(?:['’]m| am) (?:five|5)|einfacher|einfache worte|plus simple|más (?:sencillo|simple)|mais simples"
        r"|più semplice|eenvoudiger"
    ),
    "list": (
        r"(?:as|in|use|with|make (?:it|that|this)) (?:a )?(?:bullet\w*|bulleted list|list)|bullet points|als liste"
        r"|en liste|como lista"
    ),
    "table": (
        r"(?:as|in|use|make (?:it|that|this)) (?:a )?table|a table (?:please|would)|als tabelle|en tableau"
        r"|como tabla|em tabela|in una tabella"
    ),
    "formal": r"more formal|förmlicher|plus formel|más formal|mais formal|più formale",
    "casual": r"less formal|more (?:casual|relaxed|friendly)|friendlier|lockerer|freundlicher",
    "example": r"with an example|give (?:me )?an example (?:too|each|every)|mit (?:einem )?beispiel",
    "steps": r"step by step|schritt für schritt|pas à pas|paso a paso|passo a passo",
    "metric": r"metric|in (?:metres|meters|centimetres|kilometres|celsius|grams)",
    "money": r"in (?:euros?|dollars?|pounds|francs|yen)",
    "tongue": (
        r"(?:in|auf|en|em) (?:english|german|french|spanish|italian|portuguese|dutch|deutsch|englisch|français|español"
        r"|português|italiano)"
    ),
}
_KEPT = {
    "en": {
        "short": "Keep answers short.", "long": "Answer in detail.", "simple": "Use simple words.",
        "list": "Answer as a bulleted list.", "table": "Answer in a table.", "formal": "Write formally.",
        "casual": "Write in a relaxed, friendly way.", "example": "Give an example with each answer.",
        "steps": "Go step by step.", "metric": "Use metric units.",
    },
    "de": {
        "short": "Antworte kurz.", "long": "Antworte ausführlich.", "simple": "Benutze einfache Worte.",
        "list": "Antworte als Liste.", "table": "Antworte in einer Tabelle.", "formal": "Schreibe förmlich.",
        "casual": "Schreibe locker und freundlich.", "example": "Gib zu jeder Antwort ein Beispiel.",
        "steps": "Gehe Schritt für Schritt vor.", "metric": "Benutze metrische Einheiten.",
    },
    "fr": {
        "short": "Réponds brièvement.", "long": "Réponds en détail.", "simple": "Emploie des mots simples.",
        "list": "Réponds sous forme de liste.", "table": "Réponds dans un tableau.", "steps": "Procède pas à pas.",
    },
    "es": {
        "short": "Responde en pocas palabras.", "long": "Responde con detalle.", "simple": "Usa palabras sencillas.",
        "list": "Responde en forma de lista.", "table": "Responde en una tabla.", "steps": "Ve paso a paso.",
    },
    "pt": {
        "short": "Responde em poucas palavras.", "long": "Responde com detalhe.", "simple": "Usa palavras simples.",
        "list": "Responde em forma de lista.", "table": "Responde numa tabela.", "steps": "Vai passo a passo.",
    },
    "it": {
        "short": "Rispondi in breve.", "long": "Rispondi nei dettagli.", "simple": "Usa parole semplici.",
        "steps": "Procedi passo a passo.",
    },
}
# fmt: on
_PATTERNS = {form: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for form, words in _HEARD.items()}


def heard(words: str) -> list[str]:
    """Return the forms that a message asks for: `short`, `long`, `simple`, `list`, `money`, …"""
    return [form for form, pattern in _PATTERNS.items() if pattern.search(words)]


def kept(form: str, words: str, language: str) -> str:
    """Return the sentence for the instructions that keeps the wish; currency and tongue are taken from the words."""
    found = _PATTERNS[form].search(words)
    said = found[0].lower().split() if found else []
    if form == "money":
        return f"Give amounts in {said[1]}." if said else ""
    if form == "tongue":
        return f"Answer {said[0]} {said[1].capitalize()}." if said else ""
    return _KEPT.get(language, _KEPT["en"]).get(form, _KEPT["en"][form])
