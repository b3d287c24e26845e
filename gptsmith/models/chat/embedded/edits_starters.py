"""Commands about conversation starters: added, said otherwise, taken out."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded.edits_choice import choose, is_drop
from gptsmith.models.chat.embedded.edits_clauses import Clause, is_statement
from gptsmith.models.chat.embedded.edits_nearest import nearest
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, add, drop, put
from gptsmith.models.chat.embedded.edits_words import ADD, ANY_CASE, SWAP, has, ordinal
from gptsmith.models.chat.embedded.words import content_stems

_NOUN = re.compile(
    r"\b(?:(?:conversation |chat )?starters?|(?:opening|example|sample|suggested|start(?:ing|er)?|ready-made)"
    r" (?:questions?"
    r"|prompts?|messages?)|suggestions?(?= (?:people|users|visitors|to click|at the|on the|buttons?))"
    r"|(?:clickable|suggested|quick) (?:\w+ )?(?:questions?|suggestions?|repl(?:y|ies)|prompts?)"
    r"|(?:first|second|third|last|another|new|weiterer?|neuer?|erste[rn]?|zweite[rn]?|letzte[rn]?) (?:suggestion|button"
    r"|vorschlag)|suggestion buttons?|startfragen?|vorschl[aä]ge?|einstiegsfragen?|sugerencias?|sugest(?:ão|ões))\b",
    ANY_CASE,
)
_WRITTEN = re.compile(
    r"(?:starters?|prompts?|questions?|suggestions?|vorschlag)\s+(?:(?:saying|asking|that (?:says|reads|asks)|like"
    r"|such as"
    r"|should (?:be|say|read)|to be|to|is|with|text)\s+)*(?P<value>[A-ZÄÖÜÉÁ¿¡0-9].*|[^,;]*\?)\s*$"
)
_AS = re.compile(
    r"^(?:add|use|put|take|include|have|make) (?P<value>.+?) (?:as|to the|to its|among the|in the) (?:an? |another )?"
    r"(?:new |extra |further )?(?:\w+ )?(?:starters?|suggestions?|prompts?)\W*$",
    ANY_CASE,
)
_TO = re.compile(r"\b(?:to|with|by|into|read|say|be|durch|por|con|for(?=:)):?\s+(?P<value>[A-ZÄÖÜÉÁ¿¡0-9].*|.*\?)\s*$")

_FRONT = re.compile(
    r"\b(?:at|to|on) the (?:very )?(?:top|start|beginning|front)\b|\b(?:as|be) the (?:very )?first\b"
    r"|\bin front\b",
    ANY_CASE,
)
_BESIDE = re.compile(
    r"\b(?P<side>after|behind|below|before|above) (?:the |starter )?(?P<which>(?:number )?\w+)"
    r"(?: one| starter| question)?\b",
    ANY_CASE,
)
_OF_ONE = re.compile(
    r"\b(?:the|that) (?P<before>(?!first|second|third|last|other|new)[\w'’ -]{3,40}?) (?:question|starter|suggestion"
    r"|one)\b"
    r"|\b(?:question|starter|suggestion|one) (?:about|on|for|with) (?P<about>[\w'’ -]{3,40})",
    ANY_CASE,
)


def read(clause: Clause, subject: Subject) -> Found | None:
    """Return what a command about starters changes; None when it is about something else."""
    clicked = bool(clause.values) and has("click\\w*|tap\\w*|buttons?", clause.open) and not is_statement(clause.text)
    asked = bool(subject.starters) and has("question", clause.open) and bool(_OF_ONE.search(clause.open))
    told = re.match(r"(?:never|always|if|when|ask|answer|repeat|end|don['’]t|do not)\b", clause.open)
    asked = asked and not told and (is_drop(clause) or has("replace|swap|change", clause.open))
    if not _NOUN.search(clause.open) and not clicked and not asked:
        return None
    beyond = (ordinal(clause.open) or 0) >= max(len(subject.starters), 1)  # `a fourth starter` where there are three
    if has(SWAP, clause.open) and not beyond and not has(r"turn", clause.open):
        return _replaced(clause, subject)
    if is_drop(clause) or (not clause.values and re.match(r"(?:no|without|keine)\b", clause.open.strip())):
        return _dropped(clause, subject)
    values = _values(clause)
    if values and not _about_one(clause, subject):
        return _added(values, clause, subject)
    if values:
        return _replaced(clause, subject)
    if has(ADD, clause.open):
        return Found(question="What should the new starter say, word for word?")
    return Found(unclear=True)


def _added(values: list[str], clause: Clause, subject: Subject) -> Found:
    after = _behind(clause, len(subject.starters))
    where = {None: "", -1: " in front"}.get(after, f" after number {(after or 0) + 1}")
    changes = [add("conversation_starters", v, f"Add the starter “{v}”{where}.") for v in values]
    return Found([change.model_copy(update={"after": after}) for change in changes])


def _behind(clause: Clause, many: int) -> int | None:
    """Return the position of the starter after which a new one is to stand, -1 for none; None at the end."""
    if not many:
        return None
    if _FRONT.search(clause.open):
        return -1
    beside = _BESIDE.search(clause.open)
    place = ordinal(beside["which"]) if beside else None
    if beside is None or place is None or place >= many:
        return None
    place = place % many - (beside["side"].lower() in ("before", "above"))
    return None if place == many - 1 else place


def _about_one(clause: Clause, subject: Subject) -> bool:
    """Say whether the command names a starter that is there: `the second starter: …`."""
    place = ordinal(clause.open)
    return place is not None and place < len(subject.starters) and not has(ADD, clause.open)


def _values(clause: Clause) -> list[str]:
    if clause.values:
        several = len(clause.values) == 1 and re.search(r"\b(?:starters|suggestions|prompts|questions)\b", clause.open)
        return _several(clause.values[0]) if several else list(clause.values)
    behind = re.search(r":\s+(?P<value>\S.*)$", clause.text)
    if behind and _NOUN.search(clause.text[: behind.start()]):
        return [behind["value"].strip()]
    found = _AS.match(clause.text) or _WRITTEN.search(clause.text)
    return [found["value"].strip()] if found else []


def _spoken_of(clause: Clause, labels: list[str]) -> list[int]:
    """Return the starter that the command speaks of in other words than the starter's own."""
    one = _OF_ONE.search(clause.open)
    found = nearest(one["before"] or one["about"], labels) if one else None
    return [] if found is None else [found]


def _several(listed: str) -> list[str]:
    """Return the starters that one value lists: `How are you? and Let us talk about food`."""
    parts = re.split(r"(?<=[?!])[,;]?\s+(?:and |or |& )?(?=\w)|;\s+|\s+\|\s+", listed)
    return [part.strip(" ,;") for part in parts if part.strip(" ,;")]


def _dropped(clause: Clause, subject: Subject) -> Found:
    labels = subject.starters
    if not labels:
        return Found(reply="There are no starters to take out.")
    which = choose(clause, labels) or _spoken_of(clause, labels)
    if not which and re.search(r"\b(?:starters|suggestions|prompts|questions|vorschläge)\b", clause.open):
        which = list(range(len(labels)))
    if not which and (one := _OF_ONE.search(clause.open)) and content_stems(one["before"] or one["about"] or ""):
        return Found(unclear=True, reply=f"There is no such starter among {_listed(labels)}.")
    if not which:
        return Found(question=f"Which starter should go: {_listed(labels)}?")
    if len(which) == len(labels) and len(labels) > 1:
        return Found([drop("conversation_starters", "Take out all the starters.")])
    if len(labels) == 1:
        return Found([drop("conversation_starters", f"Take out the only starter, “{labels[0].strip()}”.")])
    return Found([drop(f"conversation_starters[{n}]", f"Take out the starter “{labels[n].strip()}”.") for n in which])


def _replaced(clause: Clause, subject: Subject) -> Found | None:
    labels = subject.starters
    values = list(clause.values)
    if not values and (written := _TO.search(clause.text)):
        values = [written["value"].strip()]
    if not values:
        return Found(unclear=True)
    if not labels:
        return Found([add("conversation_starters", values[-1], f"Add the starter “{values[-1]}”.")])
    which = choose(clause, labels) or _spoken_of(clause, labels)
    if has(ADD, clause.open) and not which:
        return Found([add("conversation_starters", v, f"Add the starter “{v}”.") for v in values])
    if len(which) != 1:
        return Found(question=f"Which starter should become “{values[-1]}”: {_listed(labels)}?")
    new = values[-1]
    words = f"Replace the starter “{labels[which[0]].strip()}” with “{new}”."
    return Found([put(f"conversation_starters[{which[0]}]", new, words)])


def _listed(labels: list[str]) -> str:
    return ", ".join(f"{n}. “{label.strip()}”" for n, label in enumerate(labels, start=1))
