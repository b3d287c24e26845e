"""Whether a sentence binds the assistant or only tells of the world: who stands before the word that binds."""

from __future__ import annotations

import re

BINDS = re.compile(
    r"\b(must|mustn['’]t|never|always|only|do not|don['’]t|does not|doesn['’]t|should not|shouldn['’]t|may not|cannot"
    r"|can['’]t|will not|won['’]t|avoid|nothing else|nothing but|no more than|at most|at least|under no|not allowed"
    r"|has to|have to|need to be|make sure|exactly|strictly)\b"
    r"|(^|[,;:] |\band )no \w|\bwithout (an?y? )?(exception|explanation)"
    r"|\b(nie|niemals|immer|nur|muss|müssen|darf nicht|dürfen|kein|keine|keinen|ausschließlich)\b"
    r"|\b(jamais|toujours|seulement|uniquement|doit|doivent|ne \w+ pas)\b"
    r"|\b(nunca|siempre|solo|sólo|solamente|debe|deben|jamás|evita|sempre|apenas|somente|deve|devem)\b"
    r"|\b(mai|soltanto|devono|altijd|nooit|alleen|moet)\b"
    r"|必须|不要|总是|只能|只|绝不|禁止|必ず|決して|常に|のみ|しないで|никогда|всегда|только|должен|должна|нельзя",
    re.IGNORECASE,
)
_NUMBER = r"(?:\d{1,4}|one|two|three|four|five|six|seven|eight|nine|ten|twenty|fifty|a hundred)"
_UNIT = (
    r"(?:[a-z]+ )?(?:words?|sentences?|lines?|paragraphs?|characters?|letters?|bullets?|bullet points?|points?|items?"
    r"|questions?|emojis?|suggestions?|options?|examples?|steps?|sätze|wörter|phrases?|mots?|frases?|palabras?)\b"
)
# The length of an answer binds without a word such as must: "max. 4 sentences", "under 100 words", "two lines tops".
_BOUND = re.compile(
    rf"\b(?:max(?:imum)?(?: of)?\.?|up to|under|below|within|fewer than|less than|höchstens|maximal|au plus) {_NUMBER}"
    rf" {_UNIT}|\b{_NUMBER} {_UNIT},? (?:max(?:imum)?\b|tops\b|or (?:less|fewer)\b)"
    r"|^(?:please )?keep (?:it|them|this|(?:the |your |all )?(?:answers?|replies|responses?)|everything)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"[,;:.!?()–—]\s*|\b(?:and|but|so|because|since|while|although|that|which|who|if|when|whenever|where|or|und|aber|weil"
    r"|dass|et|mais|parce que|que|y|pero|porque|mas|ma|perché|en|maar|omdat)\b\s*",
    re.IGNORECASE,
)
_WISH = re.compile(
    r"\b(?:i|we)(?:['’]d| would| do| really| only| just| never| always| don['’]t| do not)* "
    r"(?:want|need|like it|like to|like you|love it|wish|insist|expect|prefer|require|ask)\b"
    r"|\b(?:möchten?|will|wollen|veux|voulons|voudrais|quiero|queremos|voglio|vogliamo|quero|wil|willen)\b",
    re.IGNORECASE,
)
_ONESELF = re.compile(r"\b(?:i|we|ich|wir|je|nous|yo|nosotros|io|noi|eu|nós|ik|wij)\b|\bj['’]", re.IGNORECASE)
_TOLD = re.compile(r"\b(?:it|he|she|you|the (?:assistant|bot|chatbot|helper|agent|app|tool))\b", re.IGNORECASE)
_OF_ONES_OWN = re.compile(
    r"^(?:\w+ )?(?:my|our|meine?|unsere?|mon|ma|mes|nos|notre|mis?|meus?|minhas?)\b", re.IGNORECASE
)
_OTHERS = re.compile(
    r"\b(?:people|customers|guests|visitors|users|students|pupils|kids|children|parents|patients|clients|members"
    r"|employees|colleagues|players|readers|listeners|families|teachers|staff|folks|friends|neighbou?rs|beginners"
    r"|learners|tenants|applicants|everyone|everybody|nobody|no one|somebody|most|many|they|there)\b",
    re.IGNORECASE,
)
_DUTY = re.compile(r"\b(?:must|should|shall|may|has to|have to|ought|allowed)\b", re.IGNORECASE)
_DONE_TO = re.compile(
    r"\b(?:must|should|may|can|shall|to)(?: not| never| always| only)* be (?:\w+ly )?\w+(?:ed|en|wn|ld|nt|ght|id|de)\b",
    re.IGNORECASE,
)
_OUTPUT = re.compile(
    r"\b(?:answers?|repl(?:y|ies)|responses?|texts?|stor(?:y|ies)|sentences?|tone|language|output|explanations?)\b",
    re.IGNORECASE,
)
_GETS = re.compile(r"\b(?:must|have to)(?: always| never)? (?:get|see|receive|be|know|understand)\b", re.IGNORECASE)
_REACHED = re.compile(r"\byou (?:can|may|will) only (?:reach|call|contact|visit|phone|find|meet|see) (?:me|us)\b", re.I)
_NOT_A_RULE = re.compile(
    r"\b(not only|only (?:one )?of|i (?:do not|don['’]t|can['’]t|cannot) (?:know|have)\b)", re.IGNORECASE
)
_ASKS = re.compile(r"^\W*(?:why|what|how|who|where|when|which|do|does|did|is|are|was|were)\b.*\?\W*$", re.I | re.DOTALL)


def binds(text: str) -> bool:
    """Say whether a sentence (quotations masked) says what the assistant must or must not do.

    "I always forget my keys" and "Guests never read the manual" tell of people; "it never guesses" binds.
    """
    if _ASKS.match(text) or _REACHED.search(text):
        return False
    said = _NOT_A_RULE.sub(" ", text)
    marks = [*BINDS.finditer(said), *_BOUND.finditer(said)]
    return any(_binds_at(said, mark.start(), mark.end()) for mark in marks)


def _binds_at(text: str, start: int, end: int) -> bool:
    before = list(_CLAUSE.finditer(text, 0, start))
    begin = before[-1].end() if before else 0
    behind = _CLAUSE.search(text, end)
    clause = text[begin : behind.start() if behind else len(text)]
    subject = text[begin:start].strip()
    if not subject or _WISH.search(clause):
        return True
    oneself, told = _last(_ONESELF, subject), _last(_TOLD, subject)
    if oneself > told:
        return bool(_GETS.search(clause))
    if told >= 0 or _DONE_TO.search(clause) or _OUTPUT.search(subject):
        return True
    if _OF_ONES_OWN.match(subject):
        return False
    return not _OTHERS.search(subject) or bool(_DUTY.search(clause))


def _last(pattern: re.Pattern[str], text: str) -> int:
    return max((m.start() for m in pattern.finditer(text)), default=-1)
