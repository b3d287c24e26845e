"""Commands about the language of the answers, and how people are addressed in it."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded import edits_instructions as told
from gptsmith.models.chat.embedded import language
from gptsmith.models.chat.embedded.edits_clauses import Clause
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, retell, sentence
from gptsmith.models.chat.embedded.edits_words import ANY_CASE, has
from gptsmith.models.chat.embedded.words import listed

_NAMES = {  # the English name: names in German, Spanish, Portuguese, French, and in the language itself
    "English": "Englisch inglés inglês anglais inglese", "German": "Deutsch alemán alemão allemand tedesco",
    "Spanish": "Spanisch español espanhol espagnol spagnolo castellano",
    "Portuguese": "Portugiesisch portugués português portugais portoghese",
    "French": "Französisch francés francês français francese", "Italian": "Italienisch italiano italiano italien",
    "Dutch": "Niederländisch neerlandés neerlandês néerlandais olandese",
    "Polish": "Polnisch polaco polaco polonais polski", "Turkish": "Türkisch turco turco turc Türkçe",
    "Russian": "Russisch ruso russo russe русский",
    "Ukrainian": "Ukrainisch ucraniano ucraniano ukrainien українська", "Czech": "Tschechisch checo checo tchèque",
    "Swedish": "Schwedisch sueco sueco suédois svenska", "Danish": "Dänisch danés dinamarquês danois dansk",
    "Norwegian": "Norwegisch noruego norueguês norvégien norsk", "Finnish": "Finnisch finés finlandês finnois suomi",
    "Greek": "Griechisch griego grego grec ελληνικά", "Arabic": "Arabisch árabe árabe arabe عربي",
    "Hebrew": "Hebräisch hebreo hebraico hébreu", "Chinese": "Chinesisch chino chinês chinois 中文", "Mandarin": "",
    "Japanese": "Japanisch japonés japonês japonais 日本語", "Korean": "Koreanisch coreano coreano coréen 한국어",
    "Hindi": "", "Hungarian": "Ungarisch húngaro húngaro hongrois magyar", "Romanian": "Rumänisch rumano romeno",
    "Catalan": "Katalanisch catalán catalão catalan català", "Basque": "Baskisch vasco basco basque",
    "Galician": "gallego galego", "Welsh": "", "Irish": "", "Scots": "", "Gaelic": "", "Icelandic": "",
    "Latin": "Latein latín latim", "Vietnamese": "", "Thai": "", "Indonesian": "", "Malay": "", "Persian": "",
    "Farsi": "", "Urdu": "", "Bengali": "", "Tamil": "", "Swahili": "", "Afrikaans": "", "Slovak": "",
    "Slovenian": "", "Croatian": "Kroatisch", "Serbian": "Serbisch", "Bulgarian": "", "Albanian": "", "Estonian": "",
    "Latvian": "", "Lithuanian": "", "Esperanto": "", "Swiss German": "Schweizerdeutsch", "Luxembourgish": "",
    "Maltese": "", "Filipino": "",
}  # fmt: skip
_ENGLISH = {alias.lower(): name for name, others in _NAMES.items() for alias in [name, *others.split()]}
_ANY = "|".join(re.escape(alias) for alias in sorted(_ENGLISH, key=len, reverse=True))
_VERBS = (
    r"answer\w*|repl(?:y|ies)|respond\w*|respons\w+|speak\w*|talk\w*|writ\w+|language|switch\w*|make|it|everything"
    r"|only|say|chat\w*|use"
    r"|convers\w+|output|be|antwort\w*|sprich|sprech\w*|schreib\w*|respond\w+|habla\w*|fal[ae]\w*|escrev\w+"
    r"|escrib\w+|parl\w+|répond\w*"
)
_COMMON = listed(
    "in to into over on auf en em the a an it its he she they should must can could would will always only please now"
    " from answer answers"
    " answering reply replies respond responds responses response speak speaks talk talks write writes writing"
    " language be is make"
    " makes set switch change use uses using everything all every people users visitors customers guests with them and"
    " from-now"
    " output chat has have to-be want i not do let them's instead of conversation conversations itself assistant bot"
    " que bitte immer nur er sie soll sollte auch siempre solo sempre por favor responde responda antworte"
)
_SAME = re.compile(
    r"\b(?:in |use |to )?(?:the |whatever |whichever )?(?:(?:person|user|visitor|customer|asker|reader|guest"
    r"|client)(?:['’]s|s['’])"
    r" (?:own )?language|(?:same )?language (?:of|as|that|in which|they|people|users?|the (?:person|user|visitor"
    r"|customer|question"
    r"|message|asker))|language (?:the )?(?:\w+ )?(?:uses?|writes?|asks?|speaks?)|(?:their|own) (?:own )?language)\b",
    ANY_CASE,
)
_TOLD_SAME = "Answer in the language of the user's message."
_FAMILIAR = re.compile(r"\b(?:du|duz\w+|per du|tutea\w*|tutoy\w+|tu|tú|vos|informal you)\b", ANY_CASE)
_FORMAL = re.compile(
    r"\b(?:siez\w+|per sie|usted|vous|vouvoy\w+|formal you|você)\b|(?<=[“\"'‘„])sie\b|\b(?:say|use|with) sie\b",
    ANY_CASE,
)


def read(clause: Clause, subject: Subject) -> Found | None:
    """Return what a command about the language changes; None when it is about something else."""
    if has(r"welcome\w*|greet\w*|description|disclaimer|starters?|instructions?|name|tests?|translate", clause.open):
        return None
    address = _address(clause, subject)
    if address:
        return address
    if _SAME.search(clause.open) and has(_VERBS, clause.open) and not re.match(r"(?:if|when|wenn)\b", clause.open):
        return _same(clause, subject)
    named = re.findall(rf"(?<!\w)(?:{_ANY})(?!\w)", clause.open, ANY_CASE)
    if len({_ENGLISH[n.lower()] for n in named}) > 1:
        return _several(clause, subject, list(dict.fromkeys(_ENGLISH[n.lower()] for n in named)))
    if len(set(named)) != 1 or (not has(_VERBS, clause.open) and len(clause.open.split()) > 3):
        return None
    words = list(re.findall(r"[^\W_]+", re.sub(rf"(?<!\w)(?:{_ANY})(?!\w)", " ", clause.open, flags=ANY_CASE)))
    against = re.match(r"(?:never|don['’]t|do not|no|not|stop)\b", clause.open)
    if against and any(n.lower() in s.text.lower() for n in named for s in told.statements(subject.instructions)):
        return Found(question="Which language should it be instead?")
    if against or re.match(r"(?:if|when)\b", clause.open):
        return None
    wanted = _ENGLISH[named[0].lower()]
    plain = all(w in _COMMON for w in words)
    return _spoken(clause, subject, wanted, plain)


def _several(clause: Clause, subject: Subject, wanted: list[str]) -> Found | None:
    """Read `bilingual, German and English`; `German instead of English` is one language only."""
    if has("instead of|rather than|not|statt", clause.open):
        return _spoken(clause, subject, wanted[0], True)
    rest = re.sub(rf"(?<!\w)(?:{_ANY})(?!\w)", " ", clause.open, flags=ANY_CASE)
    if not all(
        w in _COMMON or w in ("bilingual", "trilingual", "both", "und", "y", "e", "or")
        for w in re.findall(r"[^\W_]+", rest)
    ):
        return None
    return _add(
        subject, f"Answer in {', '.join(wanted[:-1])} {'or' if has('or', clause.open) else 'and'} {wanted[-1]}."
    )


def one_language(clause: Clause, subject: Subject) -> Found | None:
    """Return the change to the one language that the command names, whatever its other words; None for several."""
    head = re.split(r"\b(?:instead of|rather than|statt)\b", clause.open)[0]
    named = {_ENGLISH[n.lower()] for n in re.findall(rf"(?<!\w)(?:{_ANY})(?!\w)", head, ANY_CASE)}
    if len(named) != 1 or not (
        has(_VERBS, clause.open) or has("please|so|bitte|language|from now|set|in|into|to|lieber|speaking", clause.open)
    ):
        return None
    found = _spoken(clause, subject, named.pop(), True)
    return found


def _spoken(clause: Clause, subject: Subject, wanted: str, plain: bool) -> Found | None:
    text = subject.instructions
    for stated in told.statements(text):
        there = re.search(rf"\b(?:in|auf|en|em|only|speak|write) (?P<name>{_ANY})(?!\w)", stated.text, ANY_CASE)
        if (
            not there
            or not has(_VERBS, stated.text)
            or re.search(r"\b(?:if|when|wenn|source|document)\b", stated.text, ANY_CASE)
        ):
            continue
        if _ENGLISH[there["name"].lower()] == wanted:
            return Found(reply=f"It is told that already: “{stated.text}”")
        start = stated.start + there.start("name")
        old, new = told.exchange(text, start, start + len(there["name"]), _as_named(wanted, there["name"]))
        subject.touched.append((stated.start, stated.end))
        return Found([retell(old, new, f"Answer in {wanted} instead of {_ENGLISH[there['name'].lower()]}.")])
    if not plain:
        return None
    own = clause.code != "en" or has(r"always|must|only|immer|siempre|sempre", clause.open)
    if own:
        said = sentence(re.sub(r",?\s*\b(?:bitte|por favor)\b,?", "", clause.text, flags=ANY_CASE).strip())
    else:
        code = language.of(text)
        said = f"Antworte auf {_as_named(wanted, 'Deutsch')}." if code == "de" else f"Answer in {wanted}."
    return _add(subject, said)


def _same(clause: Clause, subject: Subject) -> Found:
    for stated in told.statements(subject.instructions):
        there = re.search(rf"\b(?:in|auf) (?P<name>{_ANY})(?!\w)", stated.text, ANY_CASE)
        if there and has(_VERBS, stated.text) and len(stated.text.split()) < 6:
            subject.touched.append((stated.start, stated.end))
            old, new = told.exchange(subject.instructions, stated.start, stated.end, _TOLD_SAME)
            return Found([retell(old, new, "Answer in the language of the person.")])
    return _add(subject, _TOLD_SAME)


def _address(clause: Clause, subject: Subject) -> Found | None:
    """Read `could it say du?`: a word of the instructions is turned, or a sentence added."""
    shown = f"{clause.masked} {' '.join(clause.values).lower()}"
    if not has(
        r"say\w*|address\w*|use\w*|call|people|instead|with|per|duz\w*|siez\w*|tutea\w*|tutoy\w*|vouvoy\w*|soll\w*"
        r"|sag\w*|form",
        shown,
    ):
        return None
    head = re.split(r"\b(?:instead of|rather than|statt|not)\b", shown)[0]
    familiar, formal = _FAMILIAR.search(head), _FORMAL.search(head)
    if bool(familiar) == bool(formal) or len(shown.split()) > 14:
        return None
    turned = (
        {"sieze": "duze", "siezt": "duzt", "siezen": "duzen"}
        if familiar
        else {"duze": "sieze", "duzt": "siezt", "duzen": "siezen"}
    )
    for stated in told.statements(subject.instructions):
        for word, new in turned.items():
            at = re.search(rf"\b{word}\b", stated.text, ANY_CASE)
            if at:
                start = stated.start + at.start()
                kept = new[:1].upper() + new[1:] if at.group()[:1].isupper() else new
                old, instead = told.exchange(subject.instructions, start, start + len(word), kept)
                subject.touched.append((stated.start, stated.end))
                return Found([retell(old, instead, f"Say “{'du' if familiar else 'Sie'}” to people.")])
    found = familiar or formal
    word = {"du": "du", "tu": "tu", "tú": "tú", "vos": "vos", "usted": "usted", "vous": "vous", "você": "você"}.get(
        found.group().lower() if found else "", "du" if familiar else "Sie"
    )
    german = language.of(subject.instructions) == "de"
    said = ("Duze die Leute." if familiar else "Sieze die Leute.") if german else f"Address people as “{word}”."
    return _add(subject, said)


def _add(subject: Subject, said: str) -> Found:
    if told.find(subject.instructions, said):
        return Found(reply=f"It is told that already: “{said}”")
    place = told.addition(subject.instructions, said, manner=True, avoid=subject.touched)
    return Found([retell(*place, f"Tell it: “{said}”")]) if place else Found(unclear=True)


def _as_named(wanted: str, like: str) -> str:
    """Return the name of a language as the name `like` is written: in the same tongue."""
    others = _NAMES[_ENGLISH[like.lower()]].split()
    at = next((n for n, other in enumerate(others) if other.lower() == like.lower()), -1)
    names = _NAMES[wanted].split()
    name = names[at] if 0 <= at < len(names) else wanted
    return name.lower() if like.islower() else name
