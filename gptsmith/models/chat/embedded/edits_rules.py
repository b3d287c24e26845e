"""Commands about what the assistant does: rules added in the person's words, said otherwise, taken out."""

from __future__ import annotations

import re

from gptsmith.assistants.description import Sentence, is_rule
from gptsmith.assistants.draft import Missing
from gptsmith.models.chat.embedded import compose_needs
from gptsmith.models.chat.embedded import edits_instructions as told
from gptsmith.models.chat.embedded.compose_words import base, is_verb
from gptsmith.models.chat.embedded.edits_choice import is_drop
from gptsmith.models.chat.embedded.edits_clauses import Clause
from gptsmith.models.chat.embedded.edits_instructions import Statement
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, retell, sentence
from gptsmith.models.chat.embedded.edits_words import ANY_CASE, SWAP, has
from gptsmith.models.chat.embedded.words import listed

_NOUN = (
    r"rules?|instructions?|lines?|bits?|parts?|sentences?|points?|bullets?|guidelines?|thing|stuff|requirement"
    r"|regel\w*|satz|zeile|reglas?|regras?|frase"
)
_WRAPPED = re.compile(
    r"^(?:(?:add|include|put in|insert|give it|introduce|make|there should be|new|another|one more|additional|extra"
    r"|as) )?(?:an? |the |this |this as an? )?"
    r"(?:new |further |additional |extra |another )?(?:rule|instruction|line|point|sentence|guideline|regel|regla"
    r"|regra)s?"
    r"(?: to (?:the|its) (?:instructions|rules|prompt|list))?(?:\s?:|,| is| that(?: says)?| saying| which says|"
    r" to)?\s+",
    ANY_CASE,
)
_INTO = re.compile(
    r"^(?:add|put|write|include|insert) (?P<rule>.+?) (?:to|in|into|as|among) (?:an? |the |its )?(?:new"
    r" )?(?:instructions|rules?|prompt|guidelines?)\W*$",
    ANY_CASE,
)
_BUILDING = listed(  # what is done to an assistant, not by it
    "add drop remove delete make set change rename call turn switch put publish merge fix improve rewrite translate"
    " update"
    " edit replace get take cut build create upload download save copy export import deploy share open close run"
    " test train"
    " undo redo restore book buy order move name split convert restructure reorganize optimize upgrade move charge"
    " sell write draw"
    " let turn throw play wait come go"
)
_BEHAVING = listed(
    "be act ask tell say mention explain greet warn name cite quote answer reply respond give offer suggest"
    " recommend show list"
    " start begin end finish speak refer point direct invite encourage remind thank praise apologise apologize"
    " admit describe"
    " summarize summarise repeat confirm check compare use include keep address treat stick focus talk prefer"
    " assume introduce"
    " sign send pretend avoid always never insist prioritize prioritise convert round format put write draw"
    " consider follow"
    " provide state ensure help sing joke refuse decline redirect leave stay remain remember try wish close open"
    " congratulate"
    " propose translate add link translate label number bold highlight end-with spell skip hold limit stop"
)
_BE_LIKE = re.compile(r"^(?:be|act|speak|talk|sound|behave|pretend)\b", ANY_CASE)
_OF_ME = re.compile(r"\b(?:my|me|myself|i)\b(?! (?:first|before|if))", ANY_CASE)
_VAGUE = re.compile(
    r"\b(?:better|smarter|cheaper|faster|cooler|nicer|magic\w*|beautiful\w*|awesome|perfect\w*|whatever\W*$|somehow"
    r"|pizzazz|pop|spice|improve\w*"
    r"|usual|stuff|intelligent|clever\w*|besser|schöner|mejor|melhor|million)\b",
    ANY_CASE,
)
_WRITING = re.compile(
    r"\b(?:rewrit\w+|re-?word|rephras\w+|restructur\w+|reorgani[sz]\w+|polish\w*|beautif\w+|improv\w+|translat\w+"
    r"|proofread\w*|tidy|clean up"
    r"|overhaul|refactor|expand|elaborate|summari[sz]e) (?:\w+ ){0,2}?(?:it|everything|instructions?|prompt|text"
    r"|whole|file|spec|wording|description"
    r"|welcome|starters?|rules|all)\b",
    ANY_CASE,
)
_SUBJECT = (
    r"(?:it|he|she|they|the (?:assistant|bot|guide|coach|tutor|helper)|users?|visitors?|people|customers?|guests?"
    r"|answers?|replies|each|every"
    r"|all|nobody|no one|there|everything)"
)
_OUGHT = re.compile(
    rf"^(?:{_SUBJECT}|(?:the |its |an? )?[\w' -]{{2,40}}?) (?:should(?:n['’]t| not)?|must(?:n['’]t| not)?|ha(?:s"
    rf"|ve) to|needs? to|ought to"
    r"|may(?: not| only)?|can(?:not|['’]t| only)|shall|is to|are to|will|won['’]t|would)\s+(?P<what>.+)$",
    ANY_CASE,
)
_WHEN = re.compile(
    r"^(?:if|when|whenever|once|before|after|at the|in|on|for|unless|as soon as|during|with|wenn|sobald|si|cuando"
    r"|se|quando)\b[^,]+, ?\S",
    ANY_CASE,
)
_DONE = re.compile(
    r"^(?:it|he|she|the (?:assistant|bot)) (?:no longer|doesn['’]t|does not|needn['’]t|need not|may|can"
    r"|shouldn['’]t|should not)\b"
    r"(?: (?:longer|need|needs|have|has|to|not|again))*(?P<what>.+?)"
    r"(?P<after>,? (?:any ?more|any longer|after all|again|now|from now on))?\W*$",
    ANY_CASE,
)


def read(clause: Clause, subject: Subject) -> Found | None:
    """Return what a command about rules changes; None when it is none."""
    if _WRITING.search(clause.open):
        return Found(unclear=True, reply="Writing a text anew is more than I can do.")
    for reader in (_changed, _dropped, _added):
        found = reader(clause, subject)
        if found:
            return found
    return None


def _changed(clause: Clause, subject: Subject) -> Found | None:
    text = subject.instructions
    if len(clause.values) == 2 and has(SWAP, clause.open):
        span = told.find(text, clause.values[0])
        if span:
            return _swap(subject, span, clause.values[1])
    about = re.search(
        rf"\b(?:change|replace|update|edit|modify|turn|ändere|cambia)\b.*?\b(?:{_NOUN})\b (?:about|on|with|that|of"
        rf"|for|regarding|concerning|über|sobre)\s+(?P<what>.+?)\s*(?:\bto\b|\binto\b|\bwith\b|\bby\b|,|:)\s*(?:say"
        rf"|read|be|this)?:?\s*(?P<new>.+)$",
        clause.text,
        ANY_CASE,
    )
    if about:
        found = told.about(text, about["what"])
        if len(found) == 1:
            new = clause.values[-1] if clause.values else about["new"]
            return _exchanged(subject, found[0], new)
        return _unsure(found, about["what"])
    instead = _instead(clause)
    if instead:
        return _instead_of(subject, *instead)
    return None


def _instead(clause: Clause) -> tuple[str, str] | None:
    """Return what is and what should be: `rather than A, B`, `B instead of A`, `replace A with B`."""
    text = clause.text.rstrip(" .!")
    for pattern in (
        r"^(?:instead of|rather than|not|statt) (?P<old>.+?)(?:,| (?=(?:it|he|she|they) (?:should|must|can"
        r"|could)\b))\s*(?P<new>.+)$",
        r"^(?P<new>.+?),? (?:instead of|rather than|and not|statt) (?P<old>.+)$",
        r"^(?:replace|swap|change|turn) (?P<old>.+?) (?:with|by|for|to|into) (?P<new>.+)$",
    ):
        said = re.match(pattern, text, ANY_CASE)
        if said:
            return _unquoted(said["old"]), _unquoted(said["new"])
    return None


def _instead_of(subject: Subject, old: str, new: str) -> Found | None:
    text = subject.instructions
    old = re.sub(r"^(?:being|to be|just) ", "", old)
    span = told.find(text, old)
    if not span:
        return None
    new = re.sub(rf"^{_SUBJECT} (?:should|must|has to|needs to|can|could) (?:now )?", "", new, flags=ANY_CASE)
    stated = next((s for s in told.statements(text) if s.start <= span[0] < s.end), None)
    if stated is None:
        return None
    rest = set(_words(text[stated.start : span[0]] + " " + text[span[1] : stated.end]))
    if rest and rest <= set(_words(new)):
        return _exchanged(subject, stated, new)
    return _swap(subject, span, new) if len(new.split()) <= max(4, len(old.split()) + 2) else None


def _swap(subject: Subject, span: tuple[int, int], new: str) -> Found:
    text = subject.instructions
    was = text[span[0] : span[1]]
    new = new.rstrip(".") if text[span[1] : span[1] + 1] in (".", ",", ";") else new
    if was[:1].isupper() and new[:1].islower():
        new = new[:1].upper() + new[1:]
    subject.touched.append(span)
    old, instead = told.exchange(text, *span, new)
    return Found([retell(old, instead, f"Say “{new}” instead of “{was}”.")])


def _exchanged(subject: Subject, stated: Statement, new: str) -> Found:
    said = sentence(_unquoted(new))
    subject.touched.append((stated.start, stated.end))
    old, instead = told.exchange(subject.instructions, stated.start, stated.end, said)
    return Found([retell(old, instead, f"Say “{said}” instead of “{stated.text}”")])


def _dropped(clause: Clause, subject: Subject) -> Found | None:
    text = subject.instructions
    drops = is_drop(clause)
    if drops and clause.values:
        span = told.find(text, clause.values[-1])
        if span:
            whole = next((s for s in told.statements(text) if (s.start, s.end) == span or _nearly(s, span)), None)
            return _gone(subject, whole) if whole else _swap_out(subject, span)
    named = re.search(
        rf"\b(?:{_NOUN})\b(?: (?:about|on|with|that|of|for|regarding|concerning|saying|where|which|to|über|sobre"
        rf"|says?|mit))*\s+(?P<what>.+)$",
        clause.open,
    )
    before = re.search(rf"\b(?:the|its|that) (?P<what>[\w' -]+?) (?:{_NOUN})\b", clause.open)
    if drops and (named or before):
        what = (
            named["what"]
            if named and not re.match(r"(?:out|away|off|please)\W*$", named["what"])
            else before["what"]
            if before
            else ""
        )
        return _about(subject, what)
    done = _DONE.match(clause.text)
    permits = done and (
        done["after"] or re.search(r"no longer|need|have to", clause.text[: done.start("what")], ANY_CASE)
    )
    if done and permits and (found := told.about(text, done["what"])):
        return _gone(subject, found[0]) if len(found) == 1 else _unsure(found, done["what"])
    behaviour = re.match(
        r"^(?:drop|remove|delete|scrap|ditch|lose|no need to|take out|get rid of) (?:the |all )?(?P<what>.+)$",
        clause.open,
    )
    if behaviour and (found := told.about(text, behaviour["what"])):
        return _gone(subject, found[0]) if len(found) == 1 else _unsure(found, behaviour["what"])
    return None


def _about(subject: Subject, what: str) -> Found:
    what = what.strip(" .!")
    if not re.search(r"\w", what) and "rule" in subject.recent:
        return Found()  # `that rule`: the one that was taken out just before
    found = told.about(subject.instructions, what)
    rules = [s for s in found if s.rule] or found
    if len(rules) == 1:
        return _gone(subject, rules[0])
    if not found:
        return Found(unclear=True, reply=f"I find nothing in its instructions about “{what}”.")
    return _unsure(found, what)


def _unsure(found: list[Statement], what: str) -> Found:
    if not found:
        return Found(unclear=True, reply=f"I find nothing in its instructions about “{what.strip()}”.")
    listed = " or ".join(f"“{s.text}”" for s in found[:4])
    return Found(question=f"Which of these do you mean: {listed}?")


def _nearly(stated: Statement, span: tuple[int, int]) -> bool:
    return stated.start == span[0] and stated.end - span[1] in (0, 1)


def _gone(subject: Subject, stated: Statement) -> Found:
    if len(told.statements(subject.instructions)) == 1:
        return Found(question="That is all it is told. What should it be told instead?")
    subject.touched.append((stated.start, stated.end))
    subject.recent["rule"] = 1
    return Found([retell(*told.removal(subject.instructions, stated), f"Take out “{stated.text}”")])


def _swap_out(subject: Subject, span: tuple[int, int]) -> Found:
    text = subject.instructions
    start, end = span
    if start > 0 and text[start - 1] == " ":
        start -= 1
    subject.touched.append(span)
    old, new = told.exchange(text, start, end, "")
    return Found([retell(old, new, f"Take out “{text[span[0] : span[1]]}”.")])


def _added(clause: Clause, subject: Subject) -> Found | None:
    rule = spoken_rule(clause)
    if not rule:
        return None
    absent = compose_needs.absent(rule)
    if absent and not re.match(r"(?:never|don['’]t|do not|if|when)\b", rule, ANY_CASE):
        how = "There is no such tool here; add an mcp or openapi tool that offers it under tools."
        return Found(missing=[Missing(kind="tool", what=what, how=how) for what in absent])
    return told_rule(subject, rule)


def told_rule(subject: Subject, rule: str) -> Found:
    """Return the change that adds a rule, word for word."""
    said = sentence(rule)
    if told.find(subject.instructions, said):
        return Found(reply=f"It is told that already: “{said}”")
    place = told.addition(subject.instructions, said, avoid=subject.touched)
    return Found([retell(*place, f"Tell it: “{said}”")]) if place else Found(unclear=True)


def spoken_rule(clause: Clause) -> str:
    """Return the rule that the command states, in the person's words; empty when it states none."""
    text = clause.text
    wrapped = _WRAPPED.match(text)
    if (
        wrapped
        and (clause.values or len(text) > wrapped.end())
        and has("rule|instruction|line|point|sentence|guideline|regel|regla|regra", text[: wrapped.end()])
    ):
        return _unquoted(
            clause.values[-1] if clause.values and not text[wrapped.end() :].strip(" \"“”'") else text[wrapped.end() :]
        )
    into = _INTO.match(text)
    if into:
        return _unquoted(into["rule"])
    if text.endswith("?") or len(text.split()) < 2:
        return ""
    return text if _is_behaviour(clause) else ""


def _is_behaviour(clause: Clause) -> bool:
    """Say whether the words tell what the assistant does or never does."""
    text = clause.open.strip()
    if _VAGUE.search(text) or re.match(r"(?:add|drop|remove|delete|undo|use my|show me|tell me|write me)\b", text):
        return False
    words = re.findall(r"[\w'’-]+", text)
    if _WHEN.match(text) or re.match(
        r"(?:at|in|on|for|during|after|before) (?:the |each |every |an? )?\w+.*, \w+", text
    ):
        return True
    if re.match(
        r"(?:always|never|only|avoid|do not|don['’]t|make sure|be sure|no \w+ \w|under no|at most|no more than|at"
        r" least|without)\b",
        text,
    ):
        return not re.match(
            r"(?:don['’]t|do not|no) (?:do|need|worry|bother|change|know|think|problem|idea|rush)\b", text
        )
    first = words[0] if words else ""
    if first in _BEHAVING and len(words) > 1:
        if first in _BUILDING and re.match(r"\w+ (?:it|them|this|that|everything|the (?:assistant|bot|thing))\b", text):
            return False
        return not _OF_ME.search(text) or bool(re.match(r"(?:ask|tell|call|address) (?:me|people)\b", text))
    ought = _OUGHT.match(text)
    if ought:
        return _does(ought["what"])
    if clause.code != "en":
        return is_rule(Sentence(clause.text))
    return (
        is_rule(Sentence(clause.text))
        and first not in _BUILDING
        and not is_verb(first, certain=True)
        and len(words) > 3
    )


def _does(what: str) -> bool:
    """Say whether what it should do is something that a person could be told to do, in so many words."""
    what = re.sub(
        r"^(?:also|always|never|not|only|then|first|still|please|really|just|ever|rather|sometimes|usually) ",
        "",
        what.strip(),
    )
    what = re.sub(r"^(?:also|always|never|not|only|then|first|still) ", "", what)
    first = re.match(r"[\w'’-]+", what)
    if first is None or len(what.split()) < 2:
        return first is not None and first.group() in (
            "apologise",
            "apologize",
            "swear",
            "lie",
            "guess",
            "joke",
            "sing",
            "rhyme",
        )
    if first.group() == "be":
        return not re.match(r"be (?:able|a lot|much|more|less|\w+er|called|named)\b", what)
    return (
        is_verb(first.group())
        or first.group() in _BEHAVING
        or base(first.group()) is not None
        or first.group().islower()
    )


def _unquoted(text: str) -> str:
    return text.strip().strip('"“”„«»').strip() if re.match(r"^[\"“„«].*[\"”“»][.!]?$", text.strip()) else text.strip()


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())
