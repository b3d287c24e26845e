"""Commands about how the assistant speaks: longer, shorter, warmer, less stiff."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded import edits_instructions as told
from gptsmith.models.chat.embedded.edits_clauses import Clause
from gptsmith.models.chat.embedded.edits_manners import MANNERS, Manner
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, retell, sentence
from gptsmith.models.chat.embedded.edits_words import ANY_CASE, CAUSED, has
from gptsmith.models.chat.embedded.words import listed

_COMMON = listed(
    "it its it's they them their he she this that the a an and or but of to in on for with at by from as is are be"
    " been was were"
    " being will would should could can may might must has have had do does did not no never don't doesn't"
    " shouldn't isn't aren't"
    " answer answers answering reply replies replying response responses message messages text texts texting tone"
    " tones style voice"
    " way manner language sound sounds sounding feel feels seem seems come comes across read reads reading look looks"
    " find finds think thinks say says said told tell complain complained complains complaining people users user"
    " visitors visitor"
    " customers customer guests kids children clients everyone everybody someone some many we i my our me us boss"
    " colleagues"
    " team students parents staff bit little touch tad more less much very too so far way overly rather quite"
    " really pretty slightly"
    " somewhat a-bit even make makes making give gives keep keeps keeping write writes writing speak speaks"
    " speaking talk talks"
    " talking try tries please want wants like liked need needs prefer get gets become let again always often sometimes"
    " good great fine lovely nice-to-have also generally general overall all any every assistant bot thing gpt"
    " helper when while also just still currently"
    " right now"
    " moment than before who what there kind sort lot lots down up turn dial tone-wise stop go goes on and-on about"
    " personality attitude character feel feeling atmosphere sentences sentence explanations explanation responding"
    " explaining explain you your if could feedback bits add more-so put into be-more here how its-answers default time"
    " output outputs wording phrasing words use using used sprinkle bring inject show him her"
)
_LESS = (
    r"less|not|don['’]t|doesn['’]t|shouldn['’]t|isn['’]t|aren['’]t|stop|never|fewer|reduce|lower|tone down|dial"
    r" down|dial back|no need to be"
    r"|be|sound"
)
_TOO = (
    r"too|so|overly|way too|a bit too|very|really|quite|rather|pretty|a bit|a little|kind of|sort of|terribly"
    r"|awfully|far too|such"
)
_PARTS = (
    r"instructions?|prompt|description|welcome\w*|greeting|disclaimer|name|starters?|title|version|tests?|file"
    r"|pictures?|images?"
    r"|drawings?|captions?|passages?|conversation|paragraph|headings?"
)
_FOREIGN_PARTS = (
    r"anweisung\w*|beschreibung\w*|begrüßung\w*|startfragen|text|prompt|instrucciones|descripción|bienvenida"
    r"|instruções|descrição|consignes"
)
_WAY = r"tone|style|voice|accent|attitude|register|vibe|persona|dialect|manner"
_STYLE = re.compile(
    r"^(?:be|speak|sound|write|talk|stay|keep|answer|remain|use|reply|explain)\b|\b(?:tone|style|voice|manner)\b",
    ANY_CASE,
)
_FAULTS = {  # what it does, when the manner that is named is wanted
    "short": r"\b(?:rambl\w+|waffl\w+|babbl\w+|blather\w*|drones?|goes on (?:and on|forever|for ever)|(?:talks?"
    r"|writes?|says?) too much"
    r"|(?:takes?|needs?) (?:forever|ages|too long)|walls? of text|beats? around the bush|never (?:gets to the point"
    r"|stops))\b",
    "long": r"\b(?:says? too little|not enough detail|barely (?:says|explains)|one-liners?|leaves? (?:too much"
    r"|things) out)\b",
    "friendly": r"\b(?:snaps?|scolds?|barks?|lectures?|nags?|shouts? at|puts? (?:people|users|visitors) off)\b",
}
_VAGUE = re.compile(
    r"\b(?:better|besser|mejor|melhor|schöner|hübscher|mejores|melhores|best|smarter|cheaper|faster"
    r"|cooler)\b",
    ANY_CASE,
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


def read(clause: Clause, subject: Subject) -> Found | None:
    """Return what a command about the manner of speaking changes; None when it is about something else."""
    if clause.code != "en":
        if has(_FOREIGN_PARTS, clause.open) and not clause.values:
            return Found(unclear=True, reply="Writing a text anew is more than I can do.")
        own = "" if _VAGUE.search(clause.open) else _foreign(clause)
        if own:
            return _add(subject, own)
    if clause.values:
        return None
    wanted, left = _wanted(clause.open)
    if (left or not wanted) and has(_WAY, clause.open) and not has(_PARTS, clause.open):
        return _own_way(clause, subject, left)
    if not wanted:
        return None
    if has(_PARTS, clause.open):
        return Found(unclear=True, reply="Writing a text anew is more than I can do.")
    if left:
        return None
    found = Found()
    for manner in wanted:
        one = _told(manner, subject)
        found.changes += one.changes
        found.reply = found.reply or one.reply
        found.question = found.question or one.question
    return found


def _own_way(clause: Clause, subject: Subject, left: list[str]) -> Found | None:
    """Read `drop the professor tone`, `use a pirate accent`: a way of speaking that only the person's words name."""
    if clause.said.rstrip().endswith("?") or _VAGUE.search(clause.open):
        return None
    if not left:
        return (
            Found(question="What should it sound like?") if has("change|other|another|different", clause.open) else None
        )
    text = CAUSED.sub("", clause.text)
    known = re.match(
        r"(?:be|use|drop|lose|no|less|more|a|an|the|speak|talk|write|answer|adopt|take|keep|give|with"
        r"|in|sound|stop|imitate)\b",
        text,
        ANY_CASE,
    )
    return _add(subject, sentence(text)) if known else None


def _wanted(text: str) -> tuple[list[Manner], list[str]]:
    """Return the manners that are asked for, and the words that speak of something else."""
    found: list[Manner] = []
    rest = text
    for manner in MANNERS:  # a complaint or a `less` names the contrary of what is wanted
        pattern = (
            rf"(?<!\w)(?:{_LESS}|{_TOO}) (?:(?:{_TOO}|as|so|be|sound|the|much|this|that|more)"
            rf" )*(?:{manner.too_much})(?![\w-])"
        )
        complained = re.search(pattern, rest, ANY_CASE)
        if complained and _complains(complained.group(), rest):
            found.append(manner)
            rest = rest.replace(complained.group(), " ")
            break
    for name, verbs in _FAULTS.items():
        if re.search(verbs, rest, ANY_CASE):
            found += [manner for manner in MANNERS if manner.name == name and manner not in found]
            rest = re.sub(verbs, " ", rest, flags=ANY_CASE)
    for manner in MANNERS:
        said = re.search(rf"(?<![\w-])(?:{manner.wanted})(?![\w-])", rest, ANY_CASE)
        if said and not re.search(rf"\b(?:not|never|no|too|don['’]t) (?:\w+ )?{re.escape(said.group())}", rest):
            if manner not in found:
                found.append(manner)
            rest = re.sub(rf"(?<![\w-])(?:{manner.wanted})(?![\w-])", " ", rest, flags=ANY_CASE)
    rest = re.sub(
        r"^(?:the|its|these|those|most|all|all the|our|my) [\w-]+ (?=(?:is|are|sounds?|feels?|seems?"
        r"|comes? across|should|could|must|gets?|reads?)\b)",
        "",
        rest,
    )
    left = [w for w in re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", rest.lower()) if w.replace("’", "'") not in _COMMON]
    return found[:3], left


def _complains(said: str, text: str) -> bool:
    """Say whether these words find fault: `too long`, `less formal`; `be formal` or `very short answers` do not."""
    if re.match(
        r"(?:less|not|don|doesn|shouldn|isn|aren|stop|never|fewer|reduce|lower|tone|dial|no need)", said, ANY_CASE
    ):
        return True
    if re.search(r"\b(?:too|overly)\b", said, ANY_CASE):
        return True
    frame = r"\b(?:sounds?|is|are|feels?|seems?|comes? across|reads?|looks?|find\w*|gets?|goes|talks?|it['’]s)\b"
    return (
        not re.match(r"(?:be|sound)\b", said)
        and bool(re.search(frame, text))
        and not has("should|must|make|could|can", text)
    )


def _told(manner: Manner, subject: Subject) -> Found:
    """Say the manner in the instructions: in place of its contrary, else as a sentence of its own."""
    text = subject.instructions
    for stated in told.statements(text):
        if not manner.against or not (_STYLE.search(stated.text) or told.is_manner(stated)):
            continue
        for word in re.finditer(rf"(?<![\w-])(?:{manner.against})(?![\w-])", stated.text, ANY_CASE):
            if re.search(
                r"\b(?:no|not|never|avoid|don['’]t|too|than|without|less)\s+$", stated.text[: word.start()], ANY_CASE
            ):
                continue
            if stated.rule:
                return Found(question=f"It has the rule “{stated.text}” How should that read instead?")
            new = manner.adverb if word.group().lower().endswith("ly") else manner.adjective
            new = new[:1].upper() + new[1:] if word.group()[:1].isupper() else new
            start = stated.start + word.start()
            old, instead = told.exchange(text, start, start + len(word.group()), new)
            subject.touched.append((stated.start, stated.end))
            return Found([retell(old, instead, f"Say “{new.lower()}” instead of “{word.group().lower()}”.")])
    return _add(subject, manner.said)


def _add(subject: Subject, said: str) -> Found:
    if told.find(subject.instructions, said):
        return Found(reply=f"It is told that already: “{said}”")
    place = told.addition(subject.instructions, said, manner=True, avoid=subject.touched)
    if place is None:
        return Found(unclear=True)
    return Found([retell(*place, f"Tell it: “{said}”")])


def _foreign(clause: Clause) -> str:
    """Return what a command in another language tells the assistant, in the person's words; empty when it is none."""
    text = clause.text.rstrip(" .!")
    for pattern, form in (*_FOREIGN, *_ALONE):
        said = re.match(rf"^{pattern}", text, ANY_CASE)
        if said and re.search(r"\w+er\b|\b(?:mehr|weniger|más|menos|mais|plus|moins)\b", said["how"], ANY_CASE):
            return form.format(how=said["how"].strip())
    return sentence(_without_please(text)) if re.match(_IMPERATIVE, text, ANY_CASE) and not clause.values else ""


def _without_please(text: str) -> str:
    return re.sub(r"\s*,?\s*\b(?:bitte|por favor|s'il te plaît|per favore)\b,?", "", text, flags=ANY_CASE).strip()
