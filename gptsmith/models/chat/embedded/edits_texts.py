"""Commands about the short texts: name, welcome message, disclaimer, description, version."""

from __future__ import annotations

import re

from gptsmith.assistants.changes import ProposedChange
from gptsmith.assistants.operations import write_path
from gptsmith.assistants.renaming import places_of_name
from gptsmith.models.chat.embedded.edits_choice import is_drop
from gptsmith.models.chat.embedded.edits_clauses import Clause
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, drop, put, retell
from gptsmith.models.chat.embedded.edits_words import ANY_CASE, CAUSED, IT, SWAP, has

_NAME = re.compile(
    r"^(?:"
    rf"(?:call|name|rename|nickname|dub|title|baptise|baptize|christen) (?:{IT}[ ,]+)?(?:to |as |into |just |simply"
    rf" )?(?=\S)"
    rf"|(?:let['’]s |we )?(?:call|name|rename) {IT} "
    rf"|(?:change|set|make|switch|update) (?:its|the|his|her|{IT}['’]s) (?:name|title)(?: from \S+)? (?:to|into|be"
    rf"|as)? ?"
    rf"|(?:its|the|his|her|the (?:assistant|bot)['’]s) (?:new )?(?:name|title) (?:is|should be|shall be|will be"
    rf"|must be|ought to"
    r" be|could be)(?: now| changed to)? "
    r"|(?:a|the) (?:better|nicer|new|good|right|catchier) (?:name|title)(?: for it)? (?:is|might be|would be|could"
    r" be|should be|will be) "
    r"|(?:new )?(?:name|title)\s?(?:is|:|=|-|–|should be)? ?(?=\S)"
    rf"|(?:(?:i['’]d|i would|we['’]d) (?:rather|prefer|like) (?:that )?)?{IT} (?:(?:were|is|was|should be|shall be"
    rf"|to be|will be|must be"
    r"|is to be|should now be|is now|gets) (?:re)?(?:named|called)|goes by|should go by)(?: the name(?: of)?)? "
    r"|give (?:it|him|her) (?:the|a new) name (?:of )?"
    r"|nenn\w* (?:ihn|sie|es|ihm|den assistenten|das ding|den bot)(?: (?:bitte|jetzt|lieber|einfach|doch))*(?: um in)? "
    r"|(?:ändere?|änder) (?:den|seinen|ihren) namen (?:in|auf|zu) |(?:er|sie|es|der assistent) soll(?:te)?(?: jetzt"
    r"| künftig)? (?=.+ heißen)|(?:der )?name (?:ist|soll|sei)(?:"
    r" jetzt)? "
    r"|ll[áa]m(?:alo|ala|ese|ar?lo) |(?:que se llame|se llama) |c[áa]mbiale el nombre (?:a|por) |ponle (?:de nombre"
    r" |el nombre (?:de )?)?"
    r"|(?:chama|chame)(?:-l[ho]e?|-o|-a)? |(?:muda|mude|troca) o nome para |o nome (?:é|deve ser) |appelle-(?:le"
    r"|la) |chiamalo "
    r")",
    ANY_CASE,
)
_NAMED_OTHERWISE = re.compile(  # the name comes first, or a word for naming last
    r"^(?:(?:use|take|try|pick|choose|what about|how about|go (?:for|with)|let['’]s (?:use|take|go with|try)"
    r"|i(?:['’]d| would) (?:like|prefer)) )?"
    r"(?P<name>.{1,60}?) (?:would be|is|makes|sounds like|would make|(?:as|for|to be)(?= (?:a |the |its )?(?:\w+"
    r" )?name\W*$)) (?:a |the |its )?"
    r"(?:much )?(?:better|nicer|new|good|great|right|fitting|catchier|best)? ?(?:name|title)(?: for (?:it|this|the"
    r" (?:bot|assistant)))?\W*$",
    ANY_CASE,
)
_THIS_IS = (
    re.compile(  # `from now on this is the Housing Scribe`, `let's go with Pantry Pal`: nothing but a name in capitals
        r"^(?:[Ll]et['’]s (?:go with|use|take|try|make it)|[Gg]o (?:with|for)|[Mm]ake it|[Hh]ave|[Uu]se|[Tt]ry"
        r"|(?:[Tt]his"
        r"|[Ii]t)(?: is|['’]s)(?: now| called)?)"
        r"(?: the)? (?P<name>[A-ZÄÖÜÉ][\w'’-]*(?: (?:of|the|and|&|for|[A-ZÄÖÜÉ0-9][\w'’-]*))*)(?: instead)?\W*$"
    )
)
_KNOWN_AS = re.compile(  # whoever wants it, it is to be known by this name
    rf"^(?:.{{1,40}}? (?:wants?|likes?|prefers?|decided|needs?|asks?)(?: for)? )?(?:that )?{IT} (?:to be|is to be"
    rf"|be|should be|must be|will be|is now|is)"
    r" (?:now )?(?:known as|called|named|titled|renamed(?: to| as)?|go(?:es)? by) (?P<name>.+?)(?: (?:from|starting"
    r"|as of|after)"
    r" (?:now|next|to|this|monday|today).*)?$",
    ANY_CASE,
)
_NAME_LAST = re.compile(  # whatever the words, they speak of naming and end in a name written with capitals
    r"^(?i:.{0,50}?\b(?:name|named|call|called|rename|renamed|known as|titled?|baptised|nombre|nome|heißen|heißt"
    r"|nennen)\b[^.!?]{0,20}?)[\s:,–-]+"
    r"(?:the )?(?P<name>[A-ZÄÖÜÉ][\w'’&-]*(?: (?:of|the|and|&|de|da|do|[A-ZÄÖÜÉ0-9][\w'’-]*))*)\W*$"
)
_NOT_A_NAME = re.compile(
    r"^(?:it|me|them|us|the (?!\w+$)\w+ (?:tool|source|starter|test|variable|model)|my|your|tools?|users?|people"
    r"|visitors"
    r"|customers|guests|everyone|every|a |an (?=\w+ (?:of|when|if))|on |for (?:help|a)|when |if )",
    ANY_CASE,
)
_FIELDS = (  # the field, its noun, verbs that mean it
    (
        "welcome_message",
        r"welcom(?:e|es|ing)(?: (?:message|text|line|note|people))?|greet(?:ing|s)?(?: message)?|(?:when|as soon as"
        r"|every time|at the (?:start|beginning|opening))(?: of)? (?:the|a|each|every|someone|somebody|people|it)"
        r" ?(?:new )?(?:chat|conversation|session|person|user|visitor)? ?(?:opens?|starts?|begins?|comes? in"
        r"|arrives?|is opened|is started)?(?=\W*$)|opening (?:message"
        r"|line|words)"
        r"|first message|hello message|intro(?:duction)? message|begrüß\w*|willkommens\w*|bienvenida|saludo"
        r"|boas-vindas|saudação",
        "welcome message",
    ),
    (
        "disclaimer",
        r"disclaimer|legal (?:note|notice)|footer|small print|fine print|(?:notice|note) (?:under|below|at the"
        r" bottom)[\w ]*"
        r"|haftungs\w*|aviso legal",
        "disclaimer",
    ),
    (
        "description",
        r"description|describe (?:it|the assistant|this) as|tag ?line|blurb|summary in the gallery|beschreibung"
        r"|descripción|descrição",
        "description",
    ),
    ("version", r"version|release(?: number)?|versión|versão", "version"),
    ("avatar", r"avatar|icon|profile picture|logo", "picture"),
)
_LEAD = re.compile(
    r"^(?:.*?)(?:\b(?:as|to|with|say|says|saying|read|reads|be|is|becomes|into|auf|zu|mit|lauten|ist|por|a|para"
    r"|é)\b:?|:|=)\s*(?P<value>.+)$",
    ANY_CASE | re.DOTALL,
)


_MADE = re.compile(r"^ (?P<value>[A-ZÄÖÜÉ]\S*(?: \S+){2,})$")  # `make the description Keeps us on time`


def read_name(clause: Clause, subject: Subject) -> Found | None:
    """Return what a command that names the assistant changes; None when it is about something else."""
    other = _NAMED_OTHERWISE.match(clause.text) or _THIS_IS.match(re.sub(r"^.*name[^,]*, ", "", clause.text))
    if other and not (has("tool|starter|test|variable|source|model", clause.open)):
        return renamed(clause.values[-1] if clause.values else _capitals(other["name"]), subject)
    offered = re.match(r"(?:[Hh]ow|[Ww]hat) about (?P<name>[A-Z][\w'’-]*(?: [A-Z][\w'’-]*)*)\?$", clause.said)
    if offered:
        return Found(question=f"Shall it be called {offered['name']}?")
    known = _KNOWN_AS.match(CAUSED.sub("it is ", clause.text))
    if known and not has("tool|starter|test|variable|source|model", clause.open):
        return renamed(_tidy(clause.values[-1] if clause.values else known["name"]), subject)
    lead = _NAME.match(clause.text)
    if not lead:
        last = _NAME_LAST.match(clause.text)
        of_others = has("tool|starter|test|variable|source|model|people|user|child|them|me", clause.open)
        return renamed(_tidy(last["name"]), subject) if last and not of_others else None
    given = re.sub(
        r"(?<=\w),? (?:would be|sounds|might be|would suit|fits)\b.*$", "", clause.text[lead.end() :].lstrip(", ")
    )
    if not clause.values and re.match(rf"{IT}?\W*$", given, ANY_CASE) and has("re?name|rename|call", clause.open):
        return Found(question="What should it be called?")
    if not clause.values and (_NOT_A_NAME.match(given) or not given.strip()):
        return None
    if has("tool|starter|test|variable|source|model", re.sub(r"¤+", "", clause.masked[: lead.end()])):
        return None
    bare_verb = re.match(r"(?:re)?(?:call|name|dub|title)\b", lead.group(), ANY_CASE) and not re.search(
        rf"\b{IT}\b", lead.group(), ANY_CASE
    )
    if "?" in given.rstrip("?") or (bare_verb and not clause.values and not re.search(r"[A-ZÄÖÜÉ]", given)):
        return None  # `call the customers back`
    given = given.rsplit(": ", 1)[-1]  # `name it after my aunt: Rosalina`
    given = _capitals(given) if re.match(r"the [a-z]", given) and not clause.values else given
    name = _tidy(clause.values[-1] if clause.values else re.sub(r" (?:heißen|instead|nennen)$", "", given))
    if not name or len(name) > 80 or (not clause.values and len(name.split()) > 7):
        return Found(unclear=True)
    return renamed(name, subject)


def _capitals(words: str) -> str:
    """Return the name at the end of `words`: those in capitals, or all of them where there are none."""
    last = re.search(r"(?:^| )([A-ZÄÖÜÉ][\w'’&-]*(?: (?:of|the|and|&|[A-ZÄÖÜÉ0-9][\w'’-]*))*)$", words.strip())
    return last[1] if last and len(words.split()) > 2 else words


def renamed(name: str, subject: Subject) -> Found:
    """Return the change of the name, and of what says the old one in full."""
    name = _tidy(name)
    if name == subject.data.get("name"):
        return Found(reply=f"It is called {name} already.")
    return Found([put("name", name, f"Call it {name}."), *_said_elsewhere(name, subject)])


def _said_elsewhere(name: str, subject: Subject) -> list[ProposedChange]:
    """Return what else says the old name in full: the welcome message, and the tests that expect to read it."""
    old = str(subject.data.get("name", ""))
    changes = []
    for path in places_of_name(subject.data, old):
        if path == ("welcome_message",):
            changes.append(retell(old, name, "The welcome message says the new name.", "welcome_message"))
        else:
            test = subject.data["tests"][path[1]].get("name")
            changes.append(put(write_path(path), name, f"The test “{test}” expects the new name."))
    return changes


def read(clause: Clause, subject: Subject) -> Found | None:
    """Return what a command about a short text changes; None when it is about something else."""
    if re.match(
        r"(?:ask|mention|tell|explain|quote|cite|name the|never|always|if|when|don['’]t|do not)\b", clause.open
    ):
        return None  # what it is told to say about them
    for path, noun, label in _FIELDS:
        if has(noun, clause.open):
            found = _field(clause, subject, path, label, noun)
            if found:
                return found
    return None


def _field(clause: Clause, subject: Subject, path: str, label: str, noun: str) -> Found | None:
    now = subject.data.get(path)
    if len(clause.values) == 2 and isinstance(now, str) and now.count(clause.values[0]) == 1 and has(SWAP, clause.open):
        old, new = clause.values
        return Found([retell(old, new, f"Say “{new}” instead of “{old}” in the {label}.", path)])
    value = _value(clause, path, noun)
    if value is None and _gone(clause):
        if path == "description":
            return Found(reply="An assistant needs a description; tell me what it should say.")
        there = path in subject.data
        return Found(
            [drop(path, f"Take out the {label}.")] if there else [], reply="" if there else f"It has no {label}."
        )
    if value is None:
        if path == "version" and has("bump|raise|increase|next|up", clause.open) and (bumped := _bumped(now)):
            return Found([put(path, bumped, f"Set the version to {bumped}.")])
        asks = has(r"add|set|change|write|new|give|put", clause.open) and not has(
            "short\\w*|long\\w*|nice\\w*|better", clause.open
        )
        return Found(question=f"What should the {label} say, word for word?") if asks and path != "avatar" else None
    if value == now:
        return Found(reply=f"The {label} says that already.")
    if path == "avatar":
        return None
    return Found([put(path, value, f"Set the {label} to “{value}”.")])


def _gone(clause: Clause) -> bool:
    return is_drop(clause) or has(r"no|without|kein\w*|sin|sem|nicht", clause.open)


def _value(clause: Clause, path: str, noun: str) -> str | None:
    if path == "version":
        number = re.search(r"\bv?(\d+(?:\.\d+){0,3}(?:[-+][\w.]+)?)\b", clause.text)
        return clause.values[-1] if clause.values else number[1] if number else None
    if clause.values:
        return clause.values[-1]
    spoken = re.search(noun, clause.text, ANY_CASE)
    behind = clause.text[spoken.end() :] if spoken else ""
    as_ = re.match(r"\s+(?P<value>.+)$", behind) if spoken and spoken.group().lower().endswith(" as") else None
    lead = as_ or _LEAD.match(behind) or (_MADE.match(behind) if has("make|set|have", clause.open) else None)
    if not lead:
        return None
    value = lead["value"].strip()
    # unquoted words are taken only where they can be nothing but the text itself
    spoken_of = re.match(
        r"^(?:more|less|shorter|longer|friendl\w+|warm\w*|formal\w*|nice\w*|better|in [A-Z]\w+)\b", value, ANY_CASE
    )
    says = re.search(
        r"\b(?:is|be|to|are)\b", behind[: lead.start("value")], ANY_CASE
    )  # `the greeting is boring` gives no text
    if spoken_of or ((len(value.split()) < 2 or says) and not value[0].isupper()):
        return None
    return value


def _bumped(now: object) -> str | None:
    parts = str(now).split(".") if now else []
    if not parts or not parts[-1].isdigit():
        return None
    return ".".join([*parts[:-1], str(int(parts[-1]) + 1)])


def _tidy(name: str) -> str:
    name = " ".join(name.split()).strip("\"'“”‘’„«» ")
    return re.sub(r"(?<=\w)[.!,;]+$", "", name)
