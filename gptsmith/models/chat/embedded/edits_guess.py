"""What a command can only mean, told from what it names and gives, when its words follow none of the known ways."""

from __future__ import annotations

import re

from gptsmith.assistants.draft import Missing
from gptsmith.models.chat.embedded import edits_instructions as told
from gptsmith.models.chat.embedded.compose_words import for_reader
from gptsmith.models.chat.embedded.edits_clauses import Clause, is_statement
from gptsmith.models.chat.embedded.edits_knowledge import dropped_part, source_of
from gptsmith.models.chat.embedded.edits_manner import wanted_manners
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, add, put, retell, sentence
from gptsmith.models.chat.embedded.edits_texts import renamed
from gptsmith.models.chat.embedded.edits_tongue import one_language
from gptsmith.models.chat.embedded.edits_words import ANY_CASE, CAUSED, CONFIGURED, has

_RULED = re.compile(
    r"^(?:never|always|only|don['’]t|do not|avoid|if|when|whenever|once|before|after|make sure|no\b|nothing)\b"
    r"|\b(?:never|always)\b",
    ANY_CASE,
)
_NAMING = (
    r"name|named|names|title|titled|called|call|rename\w*|known as|rebrand\w*|namen|heißen|heißt|umbenenn\w*|nombre"
    r"|nome|nom"
)
_CAPITALS = re.compile(
    r"(?:^|[\s:–-])(?:the )?(?P<name>[A-ZÄÖÜÉ][\w'’&-]*(?: (?:of|the|and|&|de|da|do|[A-ZÄÖÜÉ0-9][\w'’-]*))*?)"
    r"(?: (?:as|is|for|instead|would|might|could|sounds|should|now|from|it)\b[^A-ZÄÖÜÉ]*)?[.!?]*$"
)
_SHOWN = (
    r"sees?|seen|appears?|shows?|shown|display\w*|greet\w*|hello|opens?|begins?|starts?|welcom\w*|first thing"
    r"|lands?|says? first|opening"
)
_BELOW = r"bottom|under|below|underneath|beneath|footer|end of the page|small print"
_KNOWS = re.compile(
    r"\b(?:know|knows|read|reads|learn|use|consult|cover|include|contain|have|look (?:at|in|into)|answer from|aware"
    r" of|access to|familiar with)\b"
    r".{0,20}?\b(?P<what>(?:our|the company['’]s|the school['’]s|the museum['’]s) [\w' -]{3,50})$",
    ANY_CASE,
)
_LIKE = re.compile(
    r"\b(?:like|in the (?:style|voice|manner) of|as if it (?:was|were)|imitat\w+) (?P<whom>(?!(?:the one|this|that"
    r"|it|others?|ours|mine|him|her|before|what)\b)(?:an? |the )?[\w'"
    r" -]{3,50})$",
    ANY_CASE,
)


def read(clause: Clause, subject: Subject) -> Found | None:
    """Return what the command changes, where what it names leaves one meaning; None where it leaves several."""
    if _RULED.search(clause.open.strip()) or is_statement(clause.said):
        return None
    for reader in (_name, _shown, _starter, _language, _knowledge, _manner):
        found = reader(clause, subject)
        if found:
            return found
    return None


def _name(clause: Clause, subject: Subject) -> Found | None:
    if not has(_NAMING, clause.open) or has(
        "tool|starter|test|variable|source|model|people|users?|visitors?|child|children|me", clause.open
    ):
        return None
    if len(clause.values) == 1:
        return renamed(clause.values[0], subject)
    spoken = clause.text[1:] if clause.text[:1].isupper() else clause.text
    named = _CAPITALS.search(spoken)
    return renamed(named["name"], subject) if named and not clause.values else None


def _shown(clause: Clause, subject: Subject) -> Found | None:
    """Read a quoted text that people are to see: below the conversation the disclaimer, else the welcome."""
    if (
        len(clause.values) != 1
        or clause.values[0].startswith("http")
        or has(r"starters?|tests?|tools?|rules?|click\w*|button\w*", clause.open)
    ):
        return None
    field = "disclaimer" if has(_BELOW, clause.open) else "welcome_message" if has(_SHOWN, clause.open) else ""
    if not field or has(
        "each|every|end|close|finish|sign|answers?|letters?|repl(?:y|ies)"
        r"|when(?! (?:it|the (?:chat|page)) (?:open|start|begin)s)",
        clause.open,
    ):
        return None
    label = field.replace("_", " ")
    return Found([put(field, clause.values[0], f"Set the {label} to “{clause.values[0]}”.")])


def _starter(clause: Clause, subject: Subject) -> Found | None:
    asks = [v for v in clause.values if v.endswith("?")]
    if (
        asks
        and len(asks) == len(clause.values)
        and has("starters?|suggest\\w*|offer|click\\w*|tap|button\\w*|prompts?", clause.open)
    ):
        return Found([add("conversation_starters", v, f"Add the starter “{v}”.") for v in asks])
    return None


def _language(clause: Clause, subject: Subject) -> Found | None:
    if (
        clause.values
        or len(clause.open.split()) > 14
        or has("like", clause.open)
        or re.search(r"(?<!in )\bpolish", clause.text)
    ):
        return None
    return one_language(clause, subject)


def _knowledge(clause: Clause, subject: Subject) -> Found | None:
    source = source_of(clause, subject)
    away = (
        r"doesn['’]t need|does not need|no longer needs?|not needed|unnecessary|outdated|obsolete|useless|any ?more"
        r"|without|out of date|old|wrong|stop|ignore"
    )
    if source is not None and has(away, clause.open) and not told.about(subject.instructions, clause.open, least=0.75):
        return Found([dropped_part(clause, subject, source)])
    known = _KNOWS.search(clause.text.rstrip(" .!"))
    if known and not clause.files and source is None and not clause.values:
        how = "Attach the file to your message, or add its path under knowledge."
        return Found(missing=[Missing(kind="knowledge", what=for_reader(known["what"]), how=how)])
    return None


def _manner(clause: Clause, subject: Subject) -> Found | None:
    """Read a wish for a manner that names more than the manner: it is told in the person's words."""
    if clause.values or has(CONFIGURED, clause.open):
        return None
    text = clause.text.rstrip(" ?!.")
    like = _LIKE.search(text)
    if like and has(
        "be|sound\\w*|speak\\w*|talk\\w*|write\\w*|act\\w*|behave\\w*|more|answer\\w*|come across", clause.open
    ):
        said = sentence(f"Sound like {like['whom']}" if "like" in like.group() else text)
    elif wanted_manners(clause.open) and has(
        r"more|less|too|so|rather|bit|little|\w+er|be|sound\w*|get rid of|drop|no", clause.open
    ):
        said = sentence(CAUSED.sub("", text))
    else:
        return None
    if told.find(subject.instructions, said):
        return Found(reply=f"It is told that already: “{said}”")
    place = told.addition(subject.instructions, said, manner=True, avoid=subject.touched)
    return Found([retell(*place, f"Tell it: “{said}”")]) if place else None
