"""An answer to a question of the builder's: what it rules out stays ruled out, and its own words are kept."""

from __future__ import annotations

import re

from gptsmith.agent.builder.edits.order import Op
from gptsmith.assistants.description import language, sentences
from gptsmith.assistants.operations import Add, ReplaceText
from gptsmith.assistants.verbs import VERBS

_NEGATIVE = re.compile(
    r"\b(?:never|not|no|nothing|avoid|without|refuse|nie|niemals|nicht|keinesfalls|kein\w*|ohne|jamais|pas|sans|nunca"
    r"|jamás|sin|não|sem|mai|non|senza|nooit|niet|geen|zonder)\b|n['’]t\b",
    re.IGNORECASE,
)
_UNDER_A_CONDITION = re.compile(
    r",?\s*\b(?:if|when|whenever|wenn|falls|quand|lorsque|si|cuando|se|quando|als|wanneer)\b[^,?]*", re.IGNORECASE
)
_ASKS_WHAT = (
    r"\b(?:any ?thing|what|which|topics?|things?|are there|is there|was|worüber|wovon|welche\w*|etwas|themen|dinge"
    r"|gibt es"
    r"|quoi|qu['’]est|quels?|quelles?|sujets?|y a-t-il|qué|cuáles|algo|temas?|cosa|quali|qualcosa|argomenti|que|quais"
    r"|assuntos|alguma coisa|wat|waarover|iets|onderwerpen)\b[^?]*"
)
_ASKS_FOR_BAN = re.compile(
    rf"{_ASKS_WHAT}\b(?:never|must(?: not|n['’]t)|should(?: not|n['’]t)|may not|avoid|off[- ]limits|forbidden"
    r"|not (?:say|do|talk|mention|allowed)|refuse|stay away|taboo"
    r"|nie|niemals|keinesfalls|auf keinen fall|unter keinen umständen|vermeiden|tabu|verboten"
    r"|jamais|éviter|interdite?s?|tabous?|nunca|jamás|evitar|prohibid\w+|mai|evitare|vietat\w+|proibid\w+"
    r"|nooit|vermijden|verboden|taboe"
    r"|(?:soll|sollte|darf|kann|muss|sollen|dürfen)\b[^?]*\b(?:nicht|kein\w*)|(?:doit|peut)\b[^?]*\bpas"
    r"|no (?:debe|debería|puede)|non (?:deve|dovrebbe|può)|não (?:deve|pode)"
    r"|(?:moet|mag)\b[^?]*\b(?:niet|geen\w*))\b[^?]*\?",
    re.IGNORECASE,
)
_YES_NO = [
    re.compile(rf"\b{asks} (?P<what>[^?]+)\?", re.IGNORECASE)
    for asks in (
        r"(?:should|shall|does|may|can|could|will|would) (?:it|they|he|she)",
        r"(?:soll|sollte|darf|kann|muss|wird|sollen|dürfen) (?:er|sie|es|(?:der|die|das) \w+)",
        r"(?:doit|devrait|peut)-(?:il|elle)",
        r"(?:^|¿|[,:] )(?:debe|debería|puede)",
        r"(?:^|[,:] )(?:deve|dovrebbe|può|deveria|pode)",
        r"(?:moet|mag|kan|zal) (?:hij|ze|het)",
    )
]
_OR = re.compile(r"\b(?:or|oder|ou|o|of)\b", re.IGNORECASE)
_SAYS_NO = re.compile(r"^\W*(?:no|nope|never|nein|nö|non|não|nee|nie|niemals|jamais|nunca|mai|nooit)\b", re.IGNORECASE)
_SAYS_YES = re.compile(r"^\W*(?:yes|yep|yeah|sure|of course|ja|klar|oui|sí|si|sim)\b", re.IGNORECASE)
_FORBIDS = re.compile(
    r"^\W*(?:(?:no|nope|nein|non|não|nee)[,:]?\s+)?(?:it |they |he |she )?(?:should |must |may )?"
    r"(?:never|not|don['’]t|do not|avoid|nie|niemals|nicht|kein\w*|auf keinen fall|jamais|ne|nunca|jamás|mai|nooit)\b",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    r"[,;.:!?–—]\s|\b(?:and|but|und|aber|sondern|et|mais|y|pero|sino|e|ma|mas|en|maar)\b", re.IGNORECASE
)
_PUTS_OFF = re.compile(
    r"^\W*(?:no|nope|nothing|none|skip|pass|next|whatever|you decide|not really|up to you|(?:i )?(?:don['’]t|do not) "
    r"(?:know|care|mind)|(?:it )?(?:doesn['’]t|does not) matter|nein|nö|nichts|egal|(?:ist|das ist) (?:mir )?egal"
    r"|mir egal"
    r"|weiter|überspringen|(?:ich )?weiß (?:ich )?nicht|keine ahnung|entscheide du|such dir was aus|non|rien|passe"
    r"|peu importe"
    r"|je ne sais pas|nada|da igual|me da igual|da lo mismo|no sé|niente|non importa|non so|não|tanto faz|não sei|nee"
    r"|niets|maakt niet uit|weet ik niet)\W*$",
    re.IGNORECASE,
)
_NEVER = {"de": "Niemals", "fr": "Jamais", "es": "Nunca", "it": "Mai", "pt": "Nunca", "nl": "Nooit"}
_INFINITIVE = {  # a text that says what to do, so that the word behind which it comes needs no colon
    "de": re.compile(r"(?:e|l|r)n$"),
    "nl": re.compile(r"en$"),
    "fr": re.compile(r"^\w+(?:er|ir|re)\b"),
    "es": re.compile(r"^\w+[aei]r(?:se|l[aeo]s?)?\b"),
    "it": re.compile(r"^\w+[aei]r(?:e|si|l[aeio])\b"),
    "pt": re.compile(r"^\w+[aei]r(?:-se)?\b"),
}
_LEAD = re.compile(
    r"^\W*(?:yes|yeah|yep|sure|well|ok|ja|oui|sí|sim|si)?[\s,:]*"
    r"(?:(?:it|they|er|sie|es) (?:should|must|shall|may|can|could|will|soll|darf)?\s*)?",
    re.IGNORECASE,
)
_SMALL = frozenset(
    [
        "the",
        "and",
        "for",
        "with",
        "that",
        "this",
        "its",
        "their",
        "your",
        "from",
        "about",
        "into",
        "them",
        "they",
        "when",
        "what",
        "some",
        "any",
    ]
)


def puts_off(answer: str) -> bool:
    """Say whether an answer leaves the matter to the builder, or says that there is nothing: `skip`, `egal`."""
    return _PUTS_OFF.match(answer) is not None


def kept(op: Op, question: str, answer: str) -> Op:
    """Return `op` with a "never" where the question asked for what must never be and the answer was taken as a wish.

    To "is there anything it must never do?", "give away the answer" is "Never give away the answer."
    """
    adds = isinstance(op, Add) and op.path == "instructions" and isinstance(op.value, str)
    if not (adds or isinstance(op, ReplaceText)) or not _is_ban(question, answer):
        return op
    field = "value" if adds else "new"
    new = str(getattr(op, field))
    for sentence in _new_sentences(new, getattr(op, "old", "")):
        if not _NEGATIVE.search(sentence) and _stems(sentence) & _stems(answer):
            new = new.replace(sentence, _banned(sentence, answer, language(f"{question} {answer}")))
    return op.model_copy(update={field: new})


def why_turned_round(op: Op, question: str, answer: str) -> str:
    """Say why an operation says the opposite of an answer: of a yes or no, or of one that forbids; "" when not."""
    if not isinstance(op, ReplaceText) or not question:
        return ""
    says_no, says_yes = bool(_SAYS_NO.match(answer)), bool(_SAYS_YES.match(answer))
    asked = next((found["what"] for pattern in _YES_NO if (found := pattern.search(question))), "")
    plain = bool(asked) and (says_no or says_yes) and len(answer.split()) <= 4
    plain = plain and not _OR.search(asked) and not _NEGATIVE.search(asked)
    forbids = bool(_FORBIDS.match(answer)) and not _SEVERAL.search(answer.strip(" .!"))
    for sentence in _new_sentences(op.new, op.old):
        told, negative = _stems(sentence), bool(_NEGATIVE.search(sentence))
        turned = plain and len(told & _stems(asked)) * 5 >= len(told) * 3 and negative == says_yes
        if told and (turned or (forbids and not negative and told & _stems(_NEGATIVE.sub(" ", answer)))):
            return f'the person answered "{answer}" to "{question}", and "{sentence}" says the opposite'
    return ""


def _is_ban(question: str, answer: str) -> bool:
    asks = bool(_ASKS_FOR_BAN.search(_UNDER_A_CONDITION.sub(" ", question)))
    return asks and not _NEGATIVE.search(answer) and not puts_off(answer) and not answer.rstrip().endswith("?")


def _banned(sentence: str, answer: str, tongue: str) -> str:
    what = _LEAD.sub("", " ".join(answer.split()), count=1).strip(" .!")
    if never := _NEVER.get(tongue):
        written = {word.casefold(): word for word in re.findall(r"[^\W\d_]+", sentence)[1:]}
        what = re.sub(r"[^\W\d_]+", lambda word: written.get(word.group().casefold(), word.group()), what)
        infinitive = _INFINITIVE[tongue].search(what) and " " in what
        return f"{never} {what}." if infinitive else f"{never}: {what}."
    bare = sentence.strip(" .!")
    if _is_order(bare):
        return f"Never {bare[:1].lower()}{bare[1:]}."
    what = what if re.match(r"[A-Z]{2}|I\b", what) else what[:1].lower() + what[1:]
    if _is_order(what):
        return f"Never {what}."
    first = what.split()[0] if what else ""
    return f"Avoid {what}." if first.endswith("ing") and " " in what else f"Never talk about {what}."


def _is_order(text: str) -> bool:
    return bool(text) and text.split()[0].casefold() in VERBS


def _new_sentences(new: str, old: str) -> list[str]:
    """Return the sentences of `new` that `old` does not have, without the marks of a list."""
    lines = [re.sub(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+", "", line) for line in new.splitlines()]
    return [one for line in lines for one in sentences(line) if one and one not in old]


def _stems(text: str) -> set[str]:
    return {word[:5] for word in re.findall(r"[^\W\d_]{3,}", text.casefold()) if word not in _SMALL}
