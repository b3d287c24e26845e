"""What is typed and said in a building session: decisions that need no model, and the builder's own sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from textwrap import shorten
from typing import Literal, NamedTuple

from gptsmith.agent.builder.edits.change import Change
from gptsmith.assistants.versions import Version

_END = r"[\s.!,]*(?:please|bitte|thanks|thank you)?[\s.!]*\Z"
_ACCEPT = re.compile(
    r"(?:(?:yes|ok(?:ay)?|good|great|perfect|fine)[\s,.!]+)?(?:please )?"
    r"(?:accept|apply|take|save)(?: (?:it|that|this|them|all|both|everything|all of (?:it|them)|the changes?))?"
    r"|do it|go ahead|looks good|übernehmen|annehmen|anwenden|übernimm (?:es|alles|das)|accepter|appliquer|aceptar"
    r"|aplicar|aceitar|accettare|accetta|applica|toepassen",
    re.IGNORECASE,
)
_YES = re.compile(
    r"y|yes|yep|yeah|ok|okay|sure|fine|good|great|perfect|ja|oui|d'accord|sí|si|sim|va bene|akkoord", re.IGNORECASE
)
_REFUSE = re.compile(
    r"(?:no[\s,.!]+)?(?:refuse|reject|discard|decline|cancel|forget|drop|leave)(?: (?:it|that|this|them|all|everything"
    r"|the changes?|it as it is))?|never ?mind|don'?t(?: do (?:it|that))?|leave it(?: as it is)?|verwerfen|ablehnen"
    r"|refuser|annule tout|rechazar|descartar|rejeitar|rifiuta|scarta|weigeren",
    re.IGNORECASE,
)
_NO = re.compile(r"n|no|nope|nein|non|não|nee", re.IGNORECASE)
_UNDO = re.compile(
    r"undo(?: (?:it|that|this|the last (?:change|one)))?|revert(?: (?:it|that))?|take (?:it|that) back|rückgängig"
    r"|mach das rückgängig|annuler|annule|deshacer|deshaz(?:lo)?|desfazer|desfaz|annulla|ongedaan maken",
    re.IGNORECASE,
)
_ENOUGH = re.compile(
    r"(?:ok(?:ay)?,? )?(?:that(?:'| i)?s (?:it|all)|(?:i(?:'| a)?m )?(?:done|finished)|(?:that(?:'"
    r"| i)?s )?enough(?: of)?(?: the)?(?: questions)?"
    r"|no more questions|stop (?:asking|the questions)|let me try(?: it)?"
    r"|i(?:'d like| want) to try it|das reicht|genug|keine fragen mehr|ça suffit|c'est tout"
    r"|basta|es todo|chega|è tutto|genoeg)",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"(?:hi|hello|hey|hallo|guten tag|bonjour|salut|hola|olá|oi|ciao|hoi|good (?:morning|evening|day)|test)(?: there)?",
    re.IGNORECASE,
)
_ORDINALS = {
    name: number
    for number, name in enumerate(
        ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"), 1
    )
}
_ITEM = rf"(?:\d{{1,2}}(?:st|nd|rd|th)?|{'|'.join(_ORDINALS)}|last)"
_LEFT_OUT = r"(?:all|everything)(?: of (?:it|them))? (?:but|except|besides|apart from|without)(?: for)?|without"
_REFUSED = "not|refuse|reject|drop"
_PART = re.compile(
    r"(?:(?:yes|ok(?:ay)?)[\s,]+)?(?:please )?"
    rf"(?:(?:(?:accept|apply|take|save) )?(?P<but>{_LEFT_OUT})|(?P<not>{_REFUSED})"
    r"|(?:accept|apply|take)(?: (?:only|just))?|(?:only|just)(?: (?:accept|apply|take))?)"
    r" (?:the )?(?:changes? )?(?:numbers? )?"
    rf"(?P<which>{_ITEM}(?:(?:[\s,&+]|\band\b|\bthe\b|\bnumbers?\b)+{_ITEM})*)(?: (?:ones?|changes?))?",
    re.IGNORECASE,
)

ASK_FOR_GOAL = "What should the assistant do, and for whom? A sentence or two is enough."
INVITE = "Try it out. From here on, say what to change, in your own words."
INTERRUPTED = "I was interrupted before I could answer. Nothing was changed; say it again."
NOTHING_WAITS = "There is no change that waits for a decision."


class Decision(NamedTuple):
    """What a person decided by typing it: `only` are the numbers meant, from 0, None for all."""

    kind: Literal["accept", "refuse", "undo", "enough"]
    only: list[int] | None = None


def decision(text: str, pending: Change | None, *, asked: bool = False) -> Decision | None:
    """Return the decision that a text is, if it is nothing else; `asked` when a question of the builder's is open.

    A bare yes or no answers an open question; without one it decides on the change that waits.
    """
    said = re.sub(_END, "", text.strip(), flags=re.IGNORECASE)
    if pending is not None:
        part = _PART.fullmatch(said)
        numbers = _numbers(part["which"], len(pending.operations)) if part else None
        if part and numbers is not None:
            if part["not"]:
                return Decision("refuse", numbers)
            rest = [n for n in range(len(pending.operations)) if n not in numbers]
            return Decision("accept", rest if part["but"] else numbers)
        if _ACCEPT.fullmatch(said) or (not asked and _YES.fullmatch(said)):
            return Decision("accept")
        if _REFUSE.fullmatch(said) or (not asked and _NO.fullmatch(said)):
            return Decision("refuse")
    elif not asked and _ACCEPT.fullmatch(said):
        return Decision("accept")  # of nothing, which is then said
    if _UNDO.fullmatch(said):
        return Decision("refuse" if pending is not None else "undo")
    return Decision("enough") if _ENOUGH.fullmatch(said) else None


def _numbers(text: str, count: int) -> list[int] | None:
    """Return the numbers named, from 0; None when one of them is not there."""
    found = []
    for word in re.findall(r"\d+|[a-z]+", text.casefold()):
        if word.isdigit():
            found.append(int(word))
        elif word == "last":
            found.append(count)
        elif word in _ORDINALS:
            found.append(_ORDINALS[word])
    return [n - 1 for n in dict.fromkeys(found)] if found and all(1 <= n <= count for n in found) else None


def is_greeting(text: str) -> bool:
    """Say whether a first message describes nothing yet."""
    return bool(_GREETING.fullmatch(re.sub(_END, "", text.strip(), flags=re.IGNORECASE)))


def remarks(change: Change) -> list[str]:
    """Return what is to be said about a proposal besides its words, one sentence or paragraph each."""
    out = [risk.question for risk in change.rules_at_risk]
    for held in change.locked:
        lines = "\n".join(f"    {line}" for line in held.lines)
        out.append(f"Not applied: {held.words} ({held.why})" + (f"\n{lines}" if lines else ""))
    out += [f"Not there: {item.what}. {item.how}" for item in change.missing]
    out += [f'I did not understand "{part}".' for part in change.not_understood if part not in change.reply]
    out += [f"Not done: {text}" if not text.endswith(".") else text for text in change.unmet]
    return out + ([change.reply] if change.reply else [])


def taken_back(version: Version) -> str:
    """Say which change the version takes back, in the words that asked for it."""
    undone = version.reason.removeprefix("undone: ")
    which = (
        f'"{shorten(undone, 100, placeholder=" …")}". The file is as it was before it'
        if undone != version.reason
        else version.reason
    )
    return f"Taken back: {which}. Saved as version {version.number}."


def listed(words: Sequence[str]) -> str:
    """Return the sentences of a change as a numbered list, from 1, as they are spoken of."""
    return "\n".join(f"{number}. {sentence}" for number, sentence in enumerate(words, 1))
