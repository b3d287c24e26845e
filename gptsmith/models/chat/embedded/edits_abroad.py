"""How the assistant shall speak, said in another language than English: it is told in the person's own words."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded.edits_clauses import Clause
from gptsmith.models.chat.embedded.edits_subject import sentence
from gptsmith.models.chat.embedded.edits_words import ANY_CASE

PARTS_ABROAD = (
    r"anweisung\w*|beschreibung\w*|begrüßung\w*|startfragen|text|prompt|instrucciones|descripción|bienvenida"
    r"|instruções|descrição|consignes"
)
_FOREIGN = (  # a command in another language, and how its words are told
    (r"(?:mach\w*|gestalte|halt\w*) (?:es|ihn|sie|die antworten|das)(?: bitte)? (?P<how>.+)$", "Antworte {how}."),
    (r"(?:es|er|sie|die antworten) soll\w* (?P<how>.+?)(?: sein| werden| klingen| antworten|"
     r" ausfallen)$", "Antworte {how}."),
    (r"(?:hazlo|hazla|que sea|haz que sea) (?P<how>(?:un poco |mucho )?(?:más|menos) .+)$", "Sé {how}."),
    (r"(?:faz|faça|torna|torne|deixa|deixe)(?:-[oa]| isso| ele)? (?P<how>(?:um pouco )?(?:mais|menos)"
     r" .+)$", "Seja {how}."),
    (r"(?:rends-le|rends-la|fais-le) (?P<how>(?:un peu )?(?:plus|moins) .+)$", "Sois {how}."),
)  # fmt: skip
_FAULTS_ABROAD = (  # the language, `too` in it, and for each fault the contrary as it is told
    (
        "de",
        "zu|sehr|so",
        (
            ("lang|ausführlich|wortreich|geschwätzig|weitschweifig", "Antworte kürzer."),
            ("kurz|knapp|wortkarg", "Antworte ausführlicher."),
            ("förmlich|formell|steif|hölzern|trocken", "Antworte lockerer."),
            ("locker|salopp|flapsig|lässig", "Antworte förmlicher."),
            ("unfreundlich|kalt|schroff|streng|hart|barsch", "Antworte freundlicher."),
            ("kompliziert|technisch|schwierig|abgehoben", "Antworte einfacher."),
            ("ernst", "Antworte humorvoller."),
        ),
    ),
    (
        "es",
        "demasiado|muy|tan",
        (
            ("larg|extens", "Responde con más brevedad."),
            ("cort|breve|escuet", "Responde con más detalle."),
            ("formal|ríg|sec", "Responde de forma menos formal."),
            ("informal|coloquial", "Responde de forma más formal."),
            ("frí|antipátic|brusc|dur", "Responde con más amabilidad."),
            ("complicad|técnic|difícil", "Responde de forma más sencilla."),
        ),
    ),
    (
        "pt",
        "demasiado|muito|tão|demais",
        (
            ("long|extens", "Responda com mais brevidade."),
            ("curt|breve", "Responda com mais detalhe."),
            ("formal|rígid|sec", "Responda de forma menos formal."),
            ("informal", "Responda de forma mais formal."),
            ("fri|antipátic|brusc|dur", "Responda com mais simpatia."),
            ("complicad|técnic|difícil", "Responda de forma mais simples."),
        ),
    ),
)
_ALONE = (
    (
        r"(?P<how>(?:(?:etwas|ein bisschen|ein wenig|viel|deutlich|noch) )*(?:\w+er|(?:weniger|mehr)"
        r" \w+))$",
        "Antworte {how}.",
    ),
    (r"(?P<how>(?:un poco |mucho |algo )?(?:más|menos) \w+)$", "Sé {how}."),
    (r"(?P<how>(?:um pouco |muito )?(?:mais|menos) \w+)$", "Seja {how}."),
    (r"(?P<how>(?:un peu |beaucoup )?(?:plus|moins) \w+)$", "Sois {how}."),
)
_IMPERATIVE = (
    r"^(?:sei|sprich|antworte|schreib\w*|klinge|bleib\w*|rede|formulier\w*|halte dich|fasse dich|sé|sea|habla|hable"
    r"|responde\w*"
    r"|escribe|contesta|seja|sê|fale|fala|responda|escreva|sois|parle|réponds|écris|sii|parla|rispondi)\b"
)


def told_abroad(clause: Clause) -> str:
    """Return what a command in another language tells the assistant, in the person's words; empty when it is none."""
    text = clause.text.rstrip(" .!")
    for pattern, form in (*_FOREIGN, *_ALONE):
        said = re.match(rf"^{pattern}", text, ANY_CASE)
        if said and re.search(r"\w+er\b|\b(?:mehr|weniger|más|menos|mais|plus|moins)\b", said["how"], ANY_CASE):
            return form.format(how=said["how"].strip())
    return sentence(_without_please(text)) if re.match(_IMPERATIVE, text, ANY_CASE) and not clause.values else ""


def told_abroad_of_a_fault(clause: Clause) -> str:
    """Return how the contrary of a complaint in another language is told: `viel zu lang` -> `Antworte kürzer.`"""
    for code, much, words in _FAULTS_ABROAD:
        if code != clause.code or not re.search(rf"\b(?:{much})\b", clause.open):
            continue
        for fault, said in words:
            if re.search(rf"\b(?:{much}) (?:\w+ )?(?:{fault})", clause.open):
                return said
    return ""


def _without_please(text: str) -> str:
    return re.sub(r"\s*,?\s*\b(?:bitte|por favor|s'il te plaît|per favore)\b,?", "", text, flags=ANY_CASE).strip()
