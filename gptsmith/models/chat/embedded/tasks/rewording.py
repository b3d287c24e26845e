"""Rules that the local model words: of a wish, of an answer, or another wording of one that is there; all checked."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded import language
from gptsmith.models.chat.embedded.quantities import NUMBER_WORDS
from gptsmith.models.chat.embedded.tasks import line, prompt
from gptsmith.models.chat.embedded.tasks.carrying import NOT
from gptsmith.models.chat.embedded.words import content_stems, one_slip_apart
from gptsmith.models.chat.local.writer import Writer

_LESS = re.compile(
    r"\b(?:stop|less|fewer|too|away|drop|off|enough|hate|sick|tired|fed up|rather than|instead)\b", re.IGNORECASE
)
_NUMBER = re.compile(rf"\d+(?:[.,:]\d+)*|\b(?:{'|'.join(NUMBER_WORDS)})\b", re.IGNORECASE)
_INSTEAD = re.compile(r",? (?:instead of|rather than)\b.*$", re.IGNORECASE)
_NONE = "(none)"


def rule_of(writer: Writer, wish: str) -> str:
    """Return the rule that a wish asks for; empty where what the model says is not carried by the wish."""
    said = _line(writer, "rule", f"Wish: {_flat(wish)}")
    return said if said and _is_carried(said, wish, wish, most_new=2) and not _turned(said, wish) else ""


def rule_of_answer(writer: Writer, question: str, answer: str) -> str:
    """Return the rule that an answer to a question of the interview gives; empty for one that gives none."""
    said = _line(writer, "interview", f"Question: {_flat(question)} | Answer: {_flat(answer)}")
    if not said or said.rstrip(".") == _NONE or not _is_carried(said, answer, f"{question} {answer}", most_new=4):
        return ""
    forbids = re.search(r"\bmust(?: it)? never\b|\bnever\b", question, re.IGNORECASE)
    if forbids and not NOT.search(said):
        return ""
    return said


def reword(writer: Writer, rule: str, wish: str) -> str:
    """Return `rule` as it reads when `wish` is done; empty where nothing changes, or more than the wish says."""
    said = _line(writer, "reword", f"Rule: {_flat(rule)} | Wish: {_flat(wish)}")
    if not _INSTEAD.search(rule):
        said = _INSTEAD.sub(".", said)  # the rule says what is, not what was
    before, after, wished = (set(content_stems(text)) for text in (rule, said, wish))
    came = _apart(after, before)
    new_numbers = _numbers(said) - _numbers(rule)
    taken_up = bool(_apart(came, set()) and len(_apart(came, wished)) < len(came)) or bool(new_numbers & _numbers(wish))
    shortened = not came and after < before and bool(_apart(before, after))
    if not said or (after == before and not new_numbers and bool(NOT.search(said)) == bool(NOT.search(rule))):
        return ""
    turned = bool(NOT.search(said)) != bool(NOT.search(rule)) and not (NOT.search(wish) or _LESS.search(wish))
    if turned and not re.search(r"\b(?:may|can|fine|ok(?:ay)?|allow\w*)\b", wish, re.IGNORECASE):
        return ""
    more = re.search(r"\b(?:also|too|as well|besides|not just|not only|additionally)\b", wish, re.IGNORECASE)
    lost = _apart(before, after)
    if more and lost:  # more is wished for, and nothing less
        return ""
    allowed = taken_up or shortened or turned
    return said if allowed and _is_carried(said, wish, f"{rule} {wish}", most_new=1, least=0) else ""


def fits(writer: Writer, wish: str, change: str) -> float:
    """Return how likely a change, told in a sentence, is what the wish asks for."""
    odds = writer.weigh(prompt("fits"), f"Wish: {_flat(wish)}\nChange: {_flat(change)}", ("yes", "no"))
    return odds.get("yes", 0.0)


def _line(writer: Writer, name: str, words: str) -> str:
    said = writer.write(prompt(name), words, grammar=f"root ::= {line(4, 220)}", tokens=60).strip()
    return said if re.search(r"[.!?)]$", said) else f"{said}."


def _is_carried(said: str, wish: str, known: str, *, most_new: int, least: int = 1) -> bool:
    """Tell whether the sentence takes up the wish, and has no number and few words that `known` has not."""
    words, wished = set(content_stems(said)), set(content_stems(wish))
    shared = len(words) - len(_apart(words, wished))
    return (
        shared >= min(least, len(wished))
        and len(_apart(words, set(content_stems(known)))) <= most_new
        and _numbers(said) <= _numbers(known)
        and (len(wish.split()) < 5 or language.of(said) == language.of(wish))
    )


def _turned(said: str, wish: str) -> bool:
    """Tell whether a rule forbids what the wish asks for, or asks for what it forbids."""
    forbids, denies = bool(NOT.search(said)), bool(NOT.search(wish))
    orders = re.match(r"\W*(?:please )?(?:never|don['’]?t|do not|no)\b", wish, re.IGNORECASE)
    return (forbids and not denies and not _LESS.search(wish)) or (bool(orders) and not forbids)


def _apart(words: set[str], known: set[str]) -> set[str]:
    """Return the words that are in `known` in no form."""
    return {
        word
        for word in words - known
        if not any(word[:4] == other[:4] and abs(len(word) - len(other)) <= 4 for other in known if len(other) > 3)
        and not any(one_slip_apart(word, other) for other in known)
    }


def _numbers(text: str) -> set[str]:
    return {str(NUMBER_WORDS.get(n.lower(), n)).removesuffix(":00") for n in _NUMBER.findall(text)} - {"1"}


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("|", "/")
