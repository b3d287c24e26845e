"""Decisions in a person's own words ("ok looks good", "only the name", "no, undo that"), understood without a model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from gptsmith.agent.builder.changes.change import Change
from gptsmith.agent.builder.changes.proposal import with_followers

_IT = (
    r"(?: (?:it|that|this|them|these|those|all|both|everything|all of (?:it|them)|the changes?|(?:it|them|that) all))?"
)
_GOOD = r"(?:good|great|fine|right|perfect|nice|ok(?:ay)?|correct|lovely|excellent|better|awesome)"
_POLITE = re.compile(
    r"^(?:please|(?:can|could|would|will) you(?: please)?|let['’]?s|i(?:['’]d like| want) (?:you )?to)\s+"
    r"|[\s,]*\b(?:please|bitte|thanks|thank you|thx|for me|then|again|too"
    r"|s'il te plaît|por favor|per favore|merci|danke)$"
)
_OPENS = re.compile(
    r"^(?P<word>yes please|no thanks|no thank you|yes|yep|yeah|yup|ya|y|ok(?:ay)?|sure|alright|great|perfect|good|nice"
    r"|cool|fine|super|wonderful|excellent|awesome|right|thanks|thank you|well|hm+|oh|ah"
    r"|(?:oder )?doch (?:lieber )?nicht|no|nope|nah|n|ja|genau|gut"
    r"|prima|perfekt|ach|oui|d'accord|parfait|vale|perfecto"
    r"|sí|si|sim|va bene|akkoord|nein|non|não|nee|actually|sorry|wait)\b[\s,.;:!–—-]*"
)
# fmt: off
_YES = frozenset((
    "yes please", "yes", "yep", "yeah", "yup", "ya", "y", "ok", "okay", "sure", "alright", "great", "perfect", "good",
    "nice", "cool", "fine", "super", "wonderful", "excellent", "awesome", "ja", "genau", "gut", "prima", "perfekt",
    "oui", "d'accord", "parfait", "sí", "si", "vale", "perfecto", "sim", "va bene", "akkoord",
))
# fmt: on
_NO = frozenset(["no thanks", "no thank you", "no", "nope", "nah", "n", "nein", "non", "não", "nee"])
_ACCEPT = re.compile(
    rf"(?:accept|apply|take|save|confirm|approve|write|use){_IT}"
    rf"|(?:do|make) (?:it|that|this|them|so|it so|both|all|everything|the changes?|(?:it|them|that) all)"
    r"|go (?:ahead|for it|on|with (?:it|that))|please do|ship it|lgtm|\+1|agreed|approved|confirmed|accepted|deal"
    rf"|(?:looks?|sounds?|seems?) {_GOOD}(?: to me)?|(?:it|this|that|they|all|everything|these)"
    rf"(?:['’]?s| is| are| looks?| sounds?| all)* {_GOOD}(?: (?:to|by|with|for) me)?|all {_GOOD}"
    rf"|i (?:really )?(?:like|love|agree|accept)(?: with)?{_IT}"
    rf"|do|to (?:it|that) all|to all|(?:that |it )?works(?: for me)?|{_GOOD} (?:by|with|for) me"
    r"|(?:all|both|everything)(?: of (?:it|them))?|no objections?|as proposed"
    r"|übernehmen|annehmen|anwenden|übernimm (?:es|alles|das)|passt(?: so)?|sieht gut aus|klingt gut"
    r"|(?:ja )?mach(?:e|en wir)? (?:das|es)(?: so)?"
    r"|(?:so |alles )?(?:gut|übernehmen)(?: so)?|so machen(?: wir)?(?: es| das)?|alles klar"
    r"|(?:das |es )?(?:ist|wäre|finde ich|klingt|passt) (?:so )?(?:gut|super|prima|okay|ok|in ordnung)(?: so)?"
    r"|einverstanden"
    r"|in ordnung|gefällt mir|(?:sehr )?gerne?|mach (?:das|es) so|nehmen wir(?: so)?|übernimm (?:beides|alle)"
    r"|c'est (?:bon|parfait)|ça marche|va bene così|d'accordo"
    r"|accepter|appliquer|vas-y|ça me va|aceptar|aplicar|adelante|dale|hazlo|está bien|me parece bien"
    r"|así está bien|de acuerdo"
    r"|me gusta|aceitar|accettare|accetta|applica|toepassen"
)
_REFUSE = re.compile(
    rf"(?:refuse|reject|discard|decline|cancel|forget|drop|leave|skip|scrap|ignore){_IT}(?: (?:as it is|alone|out))?"
    r"|never ?mind|don['’]?t(?: (?:do|change|write|apply) (?:it|that|this|them|anything))?|(?:i['’]d )?rather not"
    r"|not (?:that|this|like (?:that|this)|now|yet|good|so)"
    r"|i don['’]?t (?:like|want) (?:it|that|this|them|any of (?:it|them))"
    r"|none(?: of (?:it|them|these|those))?|keep it (?:as it (?:is|was)|the way it (?:is|was))|no way"
    r"|verwerfen|ablehnen|(?:doch )?lieber nicht|(?:oder )?doch nicht|lass (?:es|das)(?: (?:so|sein|bleiben))?"
    r"|refuser|annule tout|rechazar|descartar|rejeitar|rifiuta|scarta|weigeren"
)
_UNDO = re.compile(
    r"(?:undo|revert|roll back|rollback|take back|change back|put back|restore)"
    r"(?: (?:it|that|this|them|the last (?:change|one|step)|the change|everything|your last change))?"
    r"(?: (?:back|again|as it was|to (?:what|how|the way) it was))*"
    r"|(?:take|put|change|roll|bring) (?:it|that|this) back(?: (?:as|to|how|the way)(?: how| what)? it was)?"
    r"|go back(?: (?:one|a) (?:step|version)| to (?:how|what|the way) it was)?|one step back|undone"
    r"|(?:go back to|restore|back to) the (?:previous|last|old|earlier) (?:version|one|state|text)"
    r"|(?:mach(?:e)? )?(?:es |das |das letzte |den letzten schritt "
    r"|die (?:letzte )?änderung )?(?:wieder )?rückgängig(?: machen)?|zurück"
    r"|(?:nimm|nehmen wir) (?:es|das|die (?:letzte )?änderung) (?:wieder )?zurück|(?:es |das )?zurücknehmen"
    r"|vuelve atrás|como (?:estaba )?antes|reviens en arrière|annuler|annule|deshacer|deshaz(?:lo)?|desfazer|desfaz"
    r"|annulla|ongedaan maken"
)
_ENOUGH = re.compile(
    r"(?:that(?:['’]| i)?s (?:it|all)|(?:i(?:['’]| a)?m )?(?:done|finished)|(?:that(?:['’]| i)?s )?enough(?: of)?"
    r"(?: the)?(?: questions)?|no more questions|stop (?:asking|the questions)|let me try(?: it)?|i['’]?ll try it"
    r"|i(?:['’]d like| want) to try it|das reicht|genug|keine fragen mehr|ça suffit|c'est tout|basta|es todo|chega"
    r"|è tutto|genoeg)"
)
_COUNTED = {"two": 2, "three": 3, "four": 4, "five": 5}
_ORDINALS = {
    name: number
    for number, name in enumerate(
        ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"), 1
    )
}
_ITEM = rf"(?:(?:first|last) (?:two|three|four|five)|\d{{1,2}}(?:st|nd|rd|th)?|{'|'.join(_ORDINALS)}|last)"
_LIST = rf"{_ITEM}(?:(?:[\s,&+]|\band\b|\bthe\b|\bnumbers?\b)+{_ITEM})*(?: (?:ones?|changes?))?"
_WORDS = r"[\w'’ ,&-]{2,60}?"
_VERB = r"(?:(?:accept|apply|take|keep|do) )?"
_BUT = (
    r"(?:all|everything)(?: of (?:it|them))? (?:but|except|besides|apart from|without)(?: for)?"
    r"|without|but not|except"
)
_ONLY = r"(?:only|just)(?: (?:accept|apply|take))?"
_PART = re.compile(
    rf"(?:{_VERB}(?P<but>{_BUT})|(?P<not>not|refuse|reject|drop)|{_VERB}{_ONLY}|accept|apply|take)?"
    rf" ?(?:the )?(?:changes? )?(?:numbers? )?(?P<which>{_LIST})(?: only)?"
)
_NAMED = re.compile(
    rf"(?:{_VERB}(?P<but>{_BUT})|(?P<not>not)|{_VERB}{_ONLY}|(?:accept|apply|take)(?= the ))"
    rf" (?:the |that |this |my )?(?P<what>{_WORDS})|(?:the )?(?P<behind>{_WORDS}) only"
)
_CALLED = {  # what a person calls a field
    "rule": "instructions",
    "rules": "instructions",
    "line": "instructions",
    "sentence": "instructions",
    "greeting": "welcome_message",
    "question": "conversation_starters",
    "starter": "conversation_starters",
    "starters": "conversation_starters",
    "title": "name",
    "source": "knowledge",
    "file": "knowledge",
}
# What speaks of parts in other languages, word for word; the patterns above read what comes of it.
_IN_ENGLISH = {
    word: english
    for english, words in (
        ("only", "nur bloß seulement juste solo sólo solamente só apenas soltanto alleen"),
        ("all", "alles alle tout todo todos tutto tutti tudo"),
        ("except", "außer sauf menos tranne exceto excepto behalve"),
        ("without", "ohne sans sin senza sem zonder"),
        ("not", "nicht pas niet"),
        ("and", "und et y e en"),
        ("but", "aber mais pero ma mas maar"),
        ("take", "nimm nehme übernimm behalte prends garde toma aplica prendi applica neem"),
        ("the", "der die das den dem le la les el los las il lo i gli o os as het de"),
        ("first", "erste ersten erstes premier première premiers primero primera primeros primo prima eerste"),
        ("second", "zweite zweiten zweites deuxième segundo segunda secondo seconda tweede"),
        ("third", "dritte dritten drittes troisième tercero tercera terzo terza derde"),
        ("last", "letzte letzten letztes dernier dernière último última ultimo ultima laatste"),
        ("two", "zwei beiden deux dos due dois twee"),
        ("three", "drei trois tres tre três drie"),
        ("name", "namen nom nombre nome naam"),
        ("rule", "regel regeln règle règles regla reglas regola regole regra regras regels"),
        ("greeting", "begrüßung gruß accueil saludo saluto saudação begroeting"),
        ("starter", "vorschlag vorschläge starter startfrage startfragen"),
    )
    for word in words.casefold().split()
}
_OF_NO_KIND = frozenset(("the", "a", "an", "new", "change", "changes", "one", "ones", "part", "thing", "about", "of"))
_YES_NO = re.compile(
    r"\b(?:should|shall|does|do|is|are|can|could|will|would|may|must|has|have) (?:it|there|the|they|you|he|she|i)\b",
    re.IGNORECASE,
)


_DONE = (
    r"(?:(?:(?:i['’]?m |we['’]?re )?(?:done|finished|ready)|fertig|listo|fini)[,.!]?"
    r"(?: (?:and|then|now|so|und|y|et))? )?"
)
_SAVE = re.compile(
    rf"{_DONE}(?:save|store)(?: (?:it|this|that|everything|(?:the|my) (?:assistant|draft|file)))?(?: now)?"
    rf"|{_DONE}(?:(?:es |ihn |sie |alles )?(?:ab)?speichern|(?:ab)?speicher[en]? (?:es|das|ihn|sie|alles)(?: ab)?"
    r"|guárda(?:lo|la)|guarda(?:r|rlo|rla)?|enregistre(?:r|-le|-la)?|sauvegarde(?:r|-le|-la)?|salva(?:r|lo|la)?"
    r"|opslaan)"
)
# "What should it say?" asks for more than a yes; "When none is free, should it …?" does not.
_WH = re.compile(r"\b(?:what|which|who|whom|whose|where|how|why|when)\b[^,;:.?!]*", re.IGNORECASE)


class Decision(NamedTuple):
    """What a person decided by typing it: `only` are the numbers meant, from 0, None for all."""

    kind: Literal["accept", "refuse", "undo", "enough", "save"]
    only: list[int] | None = None


def decision(text: str, pending: Change | None, *, asked: str = "") -> Decision | None:
    """Return the decision that a text is, if it is nothing else; `asked` is the builder's question that is open.

    A bare yes or no answers an open question that can be answered so; otherwise it decides on the change that waits.
    """
    said, agrees, declines = _opened(text)
    if pending is not None and not (asked and re.search(r"\bhow (?:many|much|long|old)\b|\bwhich\b", asked, re.I)):
        translated = " ".join(_IN_ENGLISH.get(word, word) for word in said.replace("bis auf", "ausser").split())
        part = _part(said, pending) or _part(translated, pending)
        if part is not None:
            return part
    answers = bool(asked) and (pending is None or bool(_YES_NO.search(_WH.sub(" ", asked))))
    if _UNDO.fullmatch(said):
        return Decision("refuse" if pending is not None else "undo")
    if _ENOUGH.fullmatch(said):
        return Decision("enough")
    if pending is not None and _REFUSE.fullmatch(said):
        return Decision("refuse")
    if pending is None and not declines and _SAVE.fullmatch(said):
        return Decision("save")
    alone = said in ("accept", "apply", "lgtm", "approved") or " " in said
    if _accepts(said) and not declines and (pending is not None or (alone and not asked)):
        return Decision("accept")  # of nothing, which is then said, where nothing waits
    if pending is None or said or answers or agrees == declines:
        return None
    return Decision("accept" if agrees else "refuse")


def agrees(text: str) -> bool | None:
    """Say whether a text is a plain yes or a plain no; None when it is anything else."""
    said, yes, no = _opened(text)
    if _accepts(said) or (not said and yes and not no):
        return True
    kept = no and re.fullmatch(r"(?:keep|leave) (?:it|that|them|both|those|the other)", said)
    return False if kept or (_REFUSE.fullmatch(said) or (not said and no and not yes)) else None


def _accepts(said: str) -> bool:
    """Say whether each clause accepts: "looks great, apply it"."""
    clauses = [_opened(clause)[0] if n else clause for n, clause in enumerate(re.split(r"[,;.!]| and (?=\w)", said))]
    return bool(said) and all(_ACCEPT.fullmatch(clause.strip()) for clause in clauses)


def _opened(text: str) -> tuple[str, bool, bool]:
    """Return a text without what it opens with and its manners, and whether it opens with a yes, or with a no."""
    said = " ".join(text.casefold().replace("’", "'").replace("👍", " yes ").replace("✅", " yes ").split())
    agrees = declines = False
    while True:
        before = said
        said = _POLITE.sub("", said.strip(' .,!;:?"')).strip(" .,!;:")
        if not _ACCEPT.fullmatch(said) and not _REFUSE.fullmatch(said) and (opens := _OPENS.match(said)):
            agrees, declines = agrees or opens["word"] in _YES, declines or opens["word"] in _NO
            said = said[opens.end() :]
        if said == before:
            return re.sub(r"^(?:and|but) (?!not\b)", "", said), agrees, declines


def says_yes(text: str) -> bool:
    """Say whether a text answers a question with yes, and with nothing else: "yes", "ja, mach das"."""
    opens = _OPENS.match(" ".join(text.casefold().split()))
    return opens is not None and opens["word"] in _YES and agrees(text) is True


def _part(said: str, pending: Change) -> Decision | None:
    count = len(pending.operations)
    for pattern in (_PART, _NAMED):
        found = pattern.fullmatch(said)
        if found is None:
            continue
        named = found.groupdict()
        which = named.get("which")
        numbers = _numbers(which, count) if which else _named(named.get("what") or named["behind"], pending)
        if numbers is None:
            continue
        if named.get("not"):
            return Decision("refuse", numbers)
        if named.get("but"):
            return Decision("accept", [n for n in range(count) if n not in numbers])
        return Decision("accept", with_followers(numbers, pending.proposal.steps, tests=bool(which)))
    return None


def _numbers(text: str, count: int) -> list[int] | None:
    """Return the numbers named, from 0; None when one of them is not there."""
    found: list[int] = []
    for several in re.finditer(r"(first|last) (two|three|four|five)", text):
        most = _COUNTED[several[2]]
        found += range(1, most + 1) if several[1] == "first" else range(count - most + 1, count + 1)
    for word in re.findall(r"\d+|[a-z]+", re.sub(r"(?:first|last) (?:two|three|four|five)", " ", text)):
        if word.isdigit():
            found.append(int(word))
        elif word == "last":
            found.append(count)
        elif word in _ORDINALS:
            found.append(_ORDINALS[word])
    return [n - 1 for n in dict.fromkeys(found)] if found and all(1 <= n <= count for n in found) else None


def _named(text: str, pending: Change) -> list[int] | None:
    """Return the steps that are spoken of by what they are about; None when one part speaks of none."""
    out: list[int] = []
    for part in re.split(r",|\band\b|&", text):
        wanted = [word for word in re.findall(r"[\w'-]+", part) if word not in _OF_NO_KIND]
        found = _about(wanted, pending) if wanted else []
        if not found:
            return None
        out += found
    return sorted(set(out))


def _about(wanted: Sequence[str], pending: Change) -> list[int]:
    """Look for words in the place of each step, then in the words about it, then in what it quotes."""
    steps = list(zip(pending.operations, (words.casefold() for words in pending.words), strict=True))
    told = [(op.path.casefold(), re.sub(r'"[^"]*"', " ", words), words) for op, words in steps]
    for depth in range(3):
        texts = [one[depth] for one in told]
        found = [n for n, text in enumerate(texts) if all(_stands(word, text, place=not depth) for word in wanted)]
        if found:
            return found
    return []


def _stands(word: str, text: str, *, place: bool) -> bool:
    known = _CALLED.get(word, word) if place else word
    return re.search(rf"(?<![^\W_]){re.escape(known.removesuffix('s'))}s?(?![^\W_])", text) is not None
