"""The person's rules: read out of the instructions, and compared before and after a change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from gptsmith.agent.builder.rule_sense import flat, says
from gptsmith.assistants.binding import binds
from gptsmith.assistants.description import rules, sentences, split

# Said of something that shall no longer hold; a rule that a clause with such a word speaks of may go.
_DROPPING = re.compile(
    r"\b(remov\w+|drop\w*|delet\w+|forget|take out|tak\w+ (?:\w+ ){1,4}out|leave out|no longer|not .{0,20}any ?more"
    r"|stop|instead|rather|chang\w+|replac\w+|reword\w*|allow\w*|lift\w*|relax\w*|loosen|ease|scrap|get rid|without"
    r"|may|can|should (?:now|go|say|read|be)|(?:must|to|has to|have to) go|is fine|are fine|is ok\w*|are ok\w*"
    r"|from now on"
    r"|(?:soll|sollte|sollen) (?:\w+ )?(?:sagen|heißen|lauten|sein)|umformulier\w*|umschreib\w*|raus|lockern|lockere"
    r"|entfern\w*|streich\w*|lösch\w*|weg|nicht mehr|statt\w*|änder\w*|darf|dürfen|erlaub\w*|ersetz\w*"
    r"|supprim\w*|enlev\w*|retir\w*|remplac\w*|chang\w*|autoris\w*|peut|ne .{0,20}plus"
    r"|quita\w*|elimina\w*|borra\w*|cambia\w*|permit\w*|puede|ya no|reemplaz\w*"
    r"|remov\w*|tira\w*|apaga\w*|muda\w*|pode|já não|substitu\w*|togli\w*|rimuov\w*|può|non .{0,20}più"
    r"|verwijder\w*|mag)\b",
    re.IGNORECASE,
)
_ALL_RULES = re.compile(
    r"\b(all|every|the|that|this|those|last|first|second|third) (?:\w+ )?(rules?|restrictions?)\b"
    r"|\balle regeln\b|\btoutes les règles\b|\btodas (?:las reglas|as regras)\b",
    re.IGNORECASE,
)
# "The never rule should go" speaks of a rule and states none.
_STATED = re.compile(
    r"\b(?:(?:never|always)(?![ -](?:rules?|ones?|things?|lines?|bits?|parts?|sentences?)\b)|must not"
    r"|under no circumstances|nie|niemals|immer|jamais|toujours|nunca|siempre|jamás|sempre"
    r"|mai|nooit|altijd)\b[^.!?;:,\n]*",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"\b(?:never|not|cannot|no|avoid|nie|niemals|nicht|kein\w*|jamais|pas|nunca|jamás|não|nao|mai|non|nooit|niet"
    r"|geen)\b"
    r"|n['’]t\b",
    re.IGNORECASE,
)
_ALLOWING = re.compile(
    r"\b(?:may|can|allowed|fine|ok(?:ay)?|in ordnung|erlaubt|darfst?|kannst?|peut|peux|puede|pode|può|mag|kan)\b",
    re.IGNORECASE,
)
_JOINED = re.compile(r"\s+(?:and|but|or|then|also|und|aber|et|mais|y|pero|e|mas|ma|en|maar)\s+", re.IGNORECASE)
_COMMON = re.compile(
    r"(about|after|again|also|always|answers?|assistant|before|being|does|dont|even|ever|every|from|give|have|here|into"
    r"|just|keep|like|make|must|never|only|other|person|rules?|says?|should|some|than|that|their|them|then|there|these"
    r"|they|this|users?|what|when|where|which|will|with|without|unless|except|words?|would|your)\Z"
)


def stated_rules(instructions: str, said: Sequence[str] | None = None) -> list[str]:
    """Return the rules that stand in `instructions`, word for word.

    With `said`, only those that the person spoke themselves: the others are the builder's own sentences.
    """
    found = rules(instructions)
    if said is None:
        return found
    own = [flat(rule) for text in said for rule in [*rules(text), *new_rules(text)]]
    return [rule for rule in found if any(flat(rule) in one or says(rule, one) for one in own if one)]


def lost_rules(before: Iterable[str], after: str) -> list[str]:
    """Return the rules of `before` that the instructions `after` no longer hold, in whatever words."""
    return [rule for rule in before if not says(after, rule)]


def asked_to_drop(rule: str, message: str) -> bool:
    """Say whether a message asks that `rule` go or change: a clause speaks of it, and of dropping or changing."""
    topic = _topic(rule)
    for clause in re.split(r"[.!?;\n]|,\s", message):
        if not _DROPPING.search(clause):
            continue
        if topic & _topic(clause) or _ALL_RULES.search(clause):
            return True
    return bool(flat(rule) and flat(rule) in flat(message) and _DROPPING.search(message))


def opposed_rules(rules: Iterable[str], before: str, after: str) -> list[str]:
    """Return the rules that still stand in `after` although a sentence that is new there says the opposite.

    Judged by words: most of what the rule is about, with a "never" or "not" on one side only.
    """
    known = flat(before)
    new = [one for one in split(after) if one.text and flat(one.text) not in known]
    found = []
    for rule in rules:
        if any(_opposes(one.text, rule) for one in new):
            found.append(rule)
    return found


def _opposes(text: str, rule: str) -> bool:
    """Say whether a new sentence allows or forbids what a rule is about, the other way round."""
    if _negative(rule) == _negative(text):
        return False
    topic, allows = _topic(rule), bool(_ALLOWING.search(text))
    about = _topic(_ALLOWING.sub(" ", text))
    shared = len(topic & about)
    if allows and shared and shared * 2 >= len(about):  # "Animals are fine on Fridays" beside "Never accept animals, …"
        return True
    return shared >= (1 if allows else 2) and shared * 2 >= len(topic)


def _negative(text: str) -> bool:
    return bool(_NOT.search(text))


def new_rules(message: str) -> list[str]:
    """Return the clauses of a message that state a rule beyond doubt (never, always), word for word.

    A clause ends early rather than late, so that only words which surely belong to the rule are looked for.
    """
    stated = [one for one in sentences(_unquoted(message)) if binds(one)]
    found = [_JOINED.split(match.group().strip())[0].strip() for one in stated for match in _STATED.finditer(one)]
    return [rule for rule in found if len(rule.split()) > 2]


def _topic(text: str) -> set[str]:
    words = re.findall(r"[^\W\d_]{4,}", text.casefold())
    return {word[:5] for word in words if not _COMMON.match(word)}


def _unquoted(message: str) -> str:
    return re.sub(r"\"[^\"\n]*\"|“[^”\n]*”|«[^»\n]*»", " , ", message)
