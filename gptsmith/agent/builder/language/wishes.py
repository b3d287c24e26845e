"""What a person's messages in a conversation are: asking, correcting, praising; and the lasting wishes among them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from gptsmith.agent.builder.language.description import DescribedSentence, is_rule, language, sentences

# Wishes for the form of an answer: the words in which people ask for it, and the sentence that keeps it.

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


def keep_form(form: str, words: str, language: str) -> str:
    """Return the sentence for the instructions that keeps the wish; currency and tongue are taken from the words."""
    found = _PATTERNS[form].search(words)
    said = found[0].lower().split() if found else []
    if form == "money":
        return f"Give amounts in {said[1]}." if said else ""
    if form == "tongue":
        return f"Answer {said[0]} {said[1].capitalize()}." if said else ""
    return _KEPT.get(language, _KEPT["en"]).get(form, _KEPT["en"][form])


Kind = Literal["ask", "correction", "praise", "talk"]

_PRAISE = re.compile(
    r"^\W*(?:(?:yes|ja|oui|sí|sim|sì)\b[,! ]*)?"
    r"(?:that(?:['’]s| is| was) |das ist |c['’]est |eso es |isso é |è |dat is )?"
    r"(?:so |very |really |much |just |ganz |sehr |très |muy |muito |molto |heel )?"
    r"(?:perfect(?:ly)?|great|excellent|exactly|brilliant|wonderful|super|lovely|fantastic|spot on|well done|nice|"
    r"better|good|sweet|cool|awesome|amazing|neat|(?:i )?(?:like|love) (?:it|this|that|how|the)|just right|"
    r"perfekt|genau|toll|prima|wunderbar|klasse|besser|gut|parfait|génial|bravo|mieux|"
    r"perfecto|genial|estupendo|exacto|mejor|perfeito|ótimo|excelente|melhor|perfetto|ottimo|meglio|goed|prachtig)\b",
    re.IGNORECASE,
)
_TALK = re.compile(
    r"^\W*(?:hi|hello|hey|hallo|guten (?:tag|morgen|abend)|bonjour|salut|hola|olá|ciao|good (?:morning|evening)|"
    r"thanks?(?: you)?(?: (?:so|very) much| a lot)?|thx|danke(?: schön)?|merci(?: beaucoup)?|gracias|obrigad[oa]|"
    r"grazie|ok(?:ay)?|bye|goodbye|tschüss|yes|no|ja|nein|oui|non|sí|sim|sure|got it|i see)[\s!.,?]*$",
    re.IGNORECASE,
)
_AGAINST = re.compile(
    r"^\W*(?:no\b(?!\w)|nope|not (?:like|that|so|quite|what)|wrong\b|that(?:['’]s| is) (?:not|wrong|too)|too \w+|"
    r"(?:much|still|way) too|i (?:meant|said|asked for)|nein\b|nicht so|falsch|(?:viel )?zu \w+|non\b|pas comme|"
    r"trop \w+|demasiado|así no|não\b|muito (?:longo|curto)|troppo|nee\b|te (?:lang|kort))",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^\W*(?:(?:no|nope|nein|non|não|nee|hi|hey|hello|hallo|bonjour|hola|olá|ciao)\b[,.!:;]+\s*|(?:yes|ja|oui|ok(?:ay)?|sorry|please|bitte|and|but|und|aber|"
    r"better|good|great|perfect|thanks|hmm+|well|now|also|por favor|s['’]il te plaît)\b[,.!:; ]+)+",
    re.IGNORECASE,
)
_LASTING = re.compile(
    r"\b(?:always|never|from now on|in (?:the )?future|every time|each time|in general|as a rule|don['’]t ever|"
    r"immer|nie(?:mals)?|ab jetzt|in zukunft|jedes mal|toujours|jamais|désormais|siempre|nunca|a partir de ahora|"
    r"sempre|de agora em diante|mai|d['’]ora in poi|altijd|nooit|voortaan)\b|^(?:do not|don['’]t|stop|avoid) \w"
    r"|^no (?!the\b|that\b|this\b|it\b|i\b|you\b|not\b|one\b|idea\b|problem\b|need\b)[\w-]+(?: [\w-]+){0,3}$"
    r"|^(?:only|just) (?:tell|give|say|show|answer|name|write|use)\b",
    re.IGNORECASE,
)
_SINCE = re.compile(
    r"^(?:because |since |as )?(?:i|we|my|our)\b[^.;:]{1,80}?(?:[,;]? (?:so|therefore|hence)|,)[, ]+(?:please )?"
    r"(?=(?:always|never|from now on|every time|each time|do not|don['’]t|avoid|stop|only|no)\b)",
    re.IGNORECASE,
)  # "I am vegetarian, so never suggest meat": the wish is what comes after
_ONE_TIME = re.compile(
    r"\b(?:this time|just (?:this )?once|for (?:now|this one)|only here|today|tonight|diesmal|cette fois|esta vez)\b",
    re.IGNORECASE,
)
_POLITE = re.compile(r"[,;]? (?:please|bitte|por favor|s['’]il (?:te|vous) plaît|per favore)(?=[.!]*$)", re.IGNORECASE)
_IMPERATIVE = re.compile(r"(?:stop|avoid|from now on|no|just)\b", re.IGNORECASE)
_LONGEST_WISH = 25  # words of a lasting wish
_LONGEST_FORM = 12  # words of a message that is only about the form


@dataclass(frozen=True)
class Said:
    """One message: what it is, and the lasting wishes in it, each a sentence for the instructions.

    `forms` are kinds of wishes for the form (`short`, `money`, …); `verbatim` the wishes in the person's own words.
    """

    kind: Kind
    wishes: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    verbatim: tuple[str, ...] = ()


def read_message(text: str, *, first: bool, spoken: str = "") -> Said:
    """Say what a message is; `first`: nothing was answered before it; `spoken`: the language of the conversation."""
    words = " ".join(text.split())
    if _TALK.match(words):
        return Said("talk")
    lasting = tuple(wish for part in sentences(words) if (wish := _lasting(part)))
    if first:
        return Said("ask", lasting, verbatim=lasting)
    count, asks = len(words.split()), _is_question(words)
    against = bool(_AGAINST.match(words))
    forms = [] if asks or (count > _LONGEST_FORM and not against) else heard(words)
    if lasting or against or forms:
        code = spoken or language(words)
        once = bool(lasting) or _ONE_TIME.search(words) is not None
        kept = [] if once else [keep_form(form, words, code) for form in forms]
        return Said("correction", tuple(dict.fromkeys([*lasting, *kept])), tuple(forms), lasting)
    if _PRAISE.match(words) and count <= 30 and not asks:
        return Said("praise")
    return Said("talk" if count < 3 and not asks else "ask")


def bare(text: str) -> str:
    """Return a message without the "no," or "great, now" that leans on the one before."""
    words = " ".join(text.split())
    left = _LEAD.sub("", words).strip()
    return left[:1].upper() + left[1:] if left else words


def _lasting(sentence: str) -> str:
    """Return a sentence that states a rule for good, without the "no, please" before it; empty when it does not."""
    wish = _SINCE.sub("", _LEAD.sub("", sentence)).strip(" ,;.!")
    if not 1 < len(wish.split()) <= _LONGEST_WISH or _is_question(wish) or _ONE_TIME.search(wish):
        return ""
    if not _LASTING.search(wish) or re.match(r"(?:i|we|my|ich|wir|je|nous|yo|eu)\b", wish, re.IGNORECASE):
        return ""
    wish = _POLITE.sub("", wish)
    if not is_rule(DescribedSentence(wish)) and not _IMPERATIVE.match(wish):
        return ""
    return wish[:1].upper() + wish[1:].rstrip(" .!") + "."


def _is_question(words: str) -> bool:
    return words.rstrip(" \"'”’)").endswith("?")
