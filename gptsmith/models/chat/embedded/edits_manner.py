"""Commands about how the assistant speaks: longer, shorter, warmer, less stiff."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded import edits_instructions as told
from gptsmith.models.chat.embedded.edits_abroad import PARTS_ABROAD, told_abroad, told_abroad_of_a_fault
from gptsmith.models.chat.embedded.edits_clauses import Clause
from gptsmith.models.chat.embedded.edits_manners import MANNERS, Manner
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, retell, sentence
from gptsmith.models.chat.embedded.edits_words import ANY_CASE, CAUSED, IT, has
from gptsmith.models.chat.embedded.words import listed

_COMMON = listed(
    "it its it's they them their he she her him his this that these those the a an and or but of to in on for with"
    " at by from as"
    " is are was were be been being am do does did don't doesn't not no never isn't aren't shouldn't has have had"
    " will would should"
    " could can may might must shall let's ought i we you my our your me us who what which where when while if than"
    " then so"
    " answer answers answering answered reply replies replying response responses responding message messages text"
    " texts texting tone tones"
    " style voice way manner language wording phrasing output outputs sentence sentences explanation explanations"
    " explaining explain"
    " sound sounds sounding feel feels feeling seem seems come comes coming across read reads reading look looks"
    " speak speaks speaking"
    " talk talks talking write writes writing say says saying said tell told use uses using used make makes making"
    " made give gives"
    " giving keep keeps keeping get gets getting become put bring inject sprinkle add try tries turn dial act acts"
    " behave stay remain"
    " find finds think thinks complain complains complained complaining told need needs want wants like likes liked"
    " prefer love hope"
    " wish appreciate help people user users visitor visitors customer customers guest guests kid kids child"
    " children client clients"
    " student students pupil pupils reader readers parent parents staff team teams boss colleague colleagues"
    " friends everyone everybody"
    " someone some many most few others folks public bit little touch tad more less much very too far overly rather"
    " quite really pretty"
    " slightly somewhat even please just still currently right now moment before again always often sometimes"
    " usually generally general"
    " overall all any every each way about there here also kind sort lot lots down up out over towards toward"
    " default time times assistant"
    " bot thing gpt helper chatbot personality attitude character feeling atmosphere vibe stop go goes show good"
    " great fine lovely nice"
    " better best okay ok would-be probably maybe perhaps definitely certainly seriously instead enough bits level"
    " amount rid shouldn't"
    " part parts mood impression dose pinch hint splash dash air side end goal idea point such own self itself"
    " themselves"
)
_COURTEOUS = (
    r"\b(?:would|will|could|might) be (?:really |very |so )?(?:nice|good|great|lovely|better|helpful|appreciated"
    r"|fine|cool|perfect|welcome)\b|\bif (?:that['’]s|it is|it['’]s)"
    r" (?:ok|okay|possible)\b|\bit would be (?:nice|good|great|better) if\b|\bi['’]d (?:appreciate|love)\b"
)
_WHOM = r"\b(?:to|with|for|towards?|on) (?:(?:my|our|the|its|their|all|any|each|every|these) )?[\w-]+(?: [\w-]+)?\W*$"
_OF_WHAT = (
    r"^\s*(?:the|its|these|those|most|all|all the|our|my) [\w-]+ (?=(?:is|are|sounds?|feels?|seems?|comes? across"
    r"|should|could|must|gets?|reads?)\b)"
)
_SEEMS = (
    r"sounds?(?: like)?|feels?(?: like)?|comes? across(?: as)?|seems?|reads?(?: like)?|looks?|acts?|finds? (?:it"
    r"|them)|(?:think|thinks) (?:it is|it['’]s|they are)|consider it"
)
_LESS = (
    r"get rid of(?: the| that| its)?|drop(?: the| that)?|lose(?: the| that)?|without(?: the| being)?|avoid(?: being"
    r"| sounding)?|quit(?: being)?"
    r"|cut(?: out)? the|tired of(?: the| that)?|hate(?:s)?(?: the| that)?|less|not|don['’]t|doesn['’]t|shouldn['’]t"
    r"|isn['’]t|aren['’]t|stop|never|fewer|reduce|lower|tone down|dial"
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
    "polite": r"\b(?:talk(?:s|ed|ing)? down to|makes? (?:people|users|them) feel (?:stupid|dumb|small))(?!\w)",
    "friendly": r"\b(?:snaps?|scolds?|barks?|lectures?|nags?|shouts? at|puts? (?:people|users|visitors) off)\b",
}
_FORBIDDEN = (  # a fault that is forbidden in so many words is a rule, kept as it was said
    r"(?:should|must|do|may)(?:n['’]?t| not| never)|never|not to"
)
_OWN = re.compile(  # ways of speaking without a contrary, told in the person's word
    rf"^(?:make|keep) {IT} (?:sound |feel |be )?(?:more )?(?P<how>(?:(?:very|really|a bit|a little|slightly) )?"
    r"(?:sarcastic|sad|melancholic|nostalgic|cute|rude|bossy|grumpy|quirky|cynical|cryptic|theatrical|philosophical"
    r"|curious|confident|humble|modest|bold|shy|proud|angry|skeptical|sceptical|critical|honest|frank|dreamy"
    r"|spooky|scary|nerdy|geeky|trendy|hip|old-fashioned|suspenseful|persuasive|diplomatic|neutral|discreet"
    r"|motherly|fatherly|flirty|charismatic))\W*$",
    ANY_CASE,
)
_VAGUE = re.compile(
    r"\b(?:better|besser|mejor|melhor|schöner|hübscher|mejores|melhores|best|smarter|cheaper|faster"
    r"|cooler)\b",
    ANY_CASE,
)


def read(clause: Clause, subject: Subject) -> Found | None:
    """Return what a command about the manner of speaking changes; None when it is about something else."""
    if clause.code != "en":
        if has(PARTS_ABROAD, clause.open) and not clause.values:
            return Found(unclear=True, reply="Writing a text anew is more than I can do.")
        own = "" if _VAGUE.search(clause.open) else told_abroad(clause) or told_abroad_of_a_fault(clause)
        if own:
            return _add(subject, own)
    if clause.values:
        return None
    if re.match(r"(?:tell|give|write|show|sing|send) (?:me|us)\b|how\b|why\b|what\b", clause.open):
        return None
    called = _OWN.match(clause.text)
    if called:
        return _add(subject, sentence(f"Be {called['how']}"))
    wanted, left = _wanted(clause.open)
    if (left or not wanted) and has(_WAY, clause.open) and not has(_PARTS, clause.open):
        return _own_way(clause, subject, left)
    if not wanted:
        return None
    if has(_PARTS, clause.open) and not has("if|when|whenever", clause.open):
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
    if _VAGUE.search(clause.open):
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


def wanted_manners(text: str) -> list[Manner]:
    """Return the manners that are asked for, whatever else the words speak of."""
    return _wanted(text)[0]


def _wanted(text: str) -> tuple[list[Manner], list[str]]:
    """Return the manners that are asked for, and the words that speak of something else."""
    rest = re.sub(_COURTEOUS, " ", text, flags=ANY_CASE)
    found: list[Manner] = []
    for manner in MANNERS:  # a complaint or a `less` names the contrary of what is wanted
        pattern = (
            rf"(?<!\w)(?:{_LESS}|{_TOO}|{_SEEMS}) (?:(?:{_TOO}|as|so|be|sound|being|sounding|the|much|this|that"
            rf"|more|of a"
            rf"|like) )*"
            rf"(?:{manner.too_much})(?![\w-])"
        )
        complained = re.search(pattern, rest, ANY_CASE)
        if complained and _complains(complained.group(), rest):
            found.append(manner)
            rest = rest.replace(complained.group(), " ")
    for name, verbs in _FAULTS.items():
        if re.search(verbs, rest, ANY_CASE) and not has(_FORBIDDEN, rest):
            found += [manner for manner in MANNERS if manner.name == name and manner not in found]
            rest = re.sub(verbs, " ", rest, flags=ANY_CASE)
    if found:  # whom it bothers is no part of what is wanted
        rest = re.sub(_WHOM, " ", rest)
    for manner in MANNERS:
        said = re.search(rf"(?<![\w-])(?:{manner.wanted})(?![\w-])", rest, ANY_CASE)
        if said and not re.search(rf"\b(?:not|never|no|too|don['’]t) (?:\w+ )?{re.escape(said.group())}", rest):
            found += [manner.called(said.group())] if manner not in found else []
            rest = re.sub(rf"(?<![\w-])(?:{manner.wanted})(?![\w-])", " ", rest, flags=ANY_CASE)
    rest = re.sub(_OF_WHAT, "", rest)
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
    if re.match(r"\W*(?:to )?(?:sound|feel|seem|come across|act|look)\b", text, ANY_CASE):
        return False  # an order: `sound calmer`
    if re.match(rf"(?:{_SEEMS})\b", said, ANY_CASE):
        return not has("should|must|make|could|can|let|wants?|would", text)
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
        if not (_STYLE.search(stated.text) or told.is_manner(stated)):
            continue
        for word in re.finditer(rf"(?<![\w-])(?:{manner.contrary})(?![\w-])", stated.text, ANY_CASE):
            if re.search(
                r"\b(?:no|not|never|avoid|don['’]t|too|than|without|less)\s+$", stated.text[: word.start()], ANY_CASE
            ):
                continue
            if stated.rule and re.search(
                r"\b(?:never|always|must|only|don['’]t|do not|avoid)\b", stated.text, ANY_CASE
            ):
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
