"""The text of a turn on its way out: what is emitted is final, every page can show it, no personal data is in it."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Collection, Iterable
from ipaddress import ip_address
from typing import Any

from gptsmith.agent.runtime.citing import FILED, MARKER, WAITS, filed, settled
from gptsmith.assistants.format.spec import Guardrail

# The PII guardrail: finds personal data in text and takes it out, in whole texts and in streamed ones.

Filter = Callable[[str], str]

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_CARD = re.compile(r"(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-]?\d)")
_IP = re.compile(r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})(?![\w:]|\.\d)")
_MAC = re.compile(r"(?<![\w:-])[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}(?![\w:-])")
_URL = re.compile(r"(?<!\w)(?:https?://|www\.)[^\s<>\"'\]\)]+[^\s<>\"'\]\).,;:!?]", re.IGNORECASE)
_PHONE = re.compile(r"(?<![\w.-])\+?\(?\d(?:[ ()/.-]{0,2}\d){6,14}(?!\w|[.-]\d)")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{4}[ -]{1,3}\d{4}")

# The order matters: a card is not a phone number, an address not a link.
_ORDER = ("email", "url", "mac_address", "ip", "credit_card", "phone")
_PATTERNS = {"email": _EMAIL, "credit_card": _CARD, "ip": _IP, "mac_address": _MAC, "url": _URL, "phone": _PHONE}
_KEPT_TO_COMPARE = 4


class Blocked(Exception):
    """The text holds personal data and the strategy is to block; `entities` names the kinds."""

    def __init__(self, entities: list[str]) -> None:
        super().__init__(", ".join(entities))
        self.entities = entities


def find_personal(text: str, entities: Iterable[str]) -> list[tuple[int, int, str]]:
    """Return `(start, end, entity)` of the personal data in `text`, in order, without overlaps."""
    wanted, taken = set(entities), [False] * len(text)
    found = []
    for entity in (e for e in _ORDER if e in wanted):
        for match in _PATTERNS[entity].finditer(text):
            start, end = match.span()
            if _is_real(entity, match.group()) and not any(taken[start:end]):
                taken[start:end] = [True] * (end - start)
                found.append((start, end, entity))
    return sorted(found)


def redact(text: str, rails: Iterable[Guardrail], *, blocking: bool = True) -> str:
    """Return `text` with each rail's strategy applied.

    Raises:
        Blocked: a rail with the strategy `block` found something, unless `blocking` is off: then it redacts.
    """
    for rail in rails:
        found = find_personal(text, rail.entities)
        if found and rail.strategy == "block" and blocking:
            raise Blocked(sorted({entity for _, _, entity in found}))
        for start, end, entity in reversed(found):
            text = text[:start] + _replace(text[start:end], entity, rail.strategy) + text[end:]
    return text


def clean_values(value: Any, rails: list[Guardrail]) -> Any:
    """Return a tool call's arguments with the texts in them redacted; what would be blocked is redacted too."""
    if not rails:
        return value
    if isinstance(value, str):
        return redact(value, rails, blocking=False)
    if isinstance(value, dict):
        return {key: clean_values(item, rails) for key, item in value.items()}
    return [clean_values(item, rails) for item in value] if isinstance(value, list) else value


def rails_for(guardrails: list[Guardrail], where: str) -> list[Guardrail]:
    """Return those that apply to `input`, `output` or `tool_results`."""
    return [rail for rail in guardrails if where in rail.apply_to]


def safe_cut(text: str) -> int:
    """Return how much of a growing text can be cleaned by itself: no entity can reach across this place.

    That is the last white space that has no digit, bracket, plus or dash on both of its sides.
    """
    for match in reversed(list(re.finditer(r"\s+", text[-4000:]))):
        offset = max(0, len(text) - 4000)
        start, end = match.start() + offset, match.end() + offset
        before, after = text[max(0, start - 1) : start], text[end : end + 1]
        if after and not (before in "0123456789()+-./" and after in "0123456789()+-./"):
            return end
    return 0


def _replace(found: str, entity: str, strategy: str) -> str:
    if strategy == "mask":
        kept = found[-_KEPT_TO_COMPARE:] if len(found) > 2 * _KEPT_TO_COMPARE else ""
        return "*" * 8 + kept
    if strategy == "hash":
        return f"<{entity}:{hashlib.sha256(found.encode()).hexdigest()[:8]}>"
    return f"[{entity}]"


def _is_real(entity: str, found: str) -> bool:
    if entity == "credit_card":
        return _luhn(re.sub(r"\D", "", found))
    if entity == "ip":
        try:
            ip_address(found)
        except ValueError:
            return False
        return "." in found or found.count(":") >= 2
    if entity == "phone":
        digits = re.sub(r"\D", "", found)
        separated = found.startswith("+") or re.search(r"[ ()/.-]", found) is not None
        return 7 <= len(digits) <= 15 and (separated or len(digits) >= 9) and not _DATE.fullmatch(found.strip())
    return True


def _luhn(digits: str) -> bool:
    total = 0
    for i, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + i % 2)
        total += value - 9 if value > 9 else value
    return 13 <= len(digits) <= 19 and total % 10 == 0 and len(set(digits)) > 1


# Text as UTF-8, and so every store, page and server, can carry it.
#
# A model that sends an emoji in two pieces, an argument like `"\ud800"`, a file name or a command line that is no
# UTF-8 bring in lone surrogates. Two halves are joined, a single one becomes the replacement character.

_DEEPEST = 64


def whole(text: str) -> str:
    """Return `text` with its halves of characters joined or replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def whole_values(value: Any) -> Any:
    """Return data as JSON has it with every text in it made whole; see `too_deep`."""
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, dict):
        return {whole_values(key): whole_values(item) for key, item in value.items()}
    return [whole_values(item) for item in value] if isinstance(value, list) else value


def cut_half(text: str) -> tuple[str, str]:
    """Return the text of a piece of a stream, and the first half of a character that it may end in."""
    return (text[:-1], text[-1]) if "\ud800" <= text[-1:] <= "\udbff" else (text, "")


def too_deep(value: Any) -> bool:
    """Tell whether data is nested deeper than anything that is meant: what writes it down would give up."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [inner for item in level for inner in _inside(item)]
        if not level:
            return False
    return True


def unfit(value: Any) -> str:
    """Return what is wrong with the arguments of a call whatever the tool; empty when nothing is."""
    level = [value]
    while level:
        for item in level:
            if isinstance(item, float) and not math.isfinite(item):
                return "NaN and infinity are no numbers that a tool takes. Give a real number."
            if isinstance(item, int) and not -(2**63) <= item < 2**64:
                return "a number in its arguments has more than 64 bits. Give the number that is meant."
        level = [inner for item in level for inner in _parts(item)]
    return ""


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple) else []


def _inside(value: Any) -> list[Any]:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [item for item in items if isinstance(item, dict | list | tuple)]


# Personal data are taken out and citation marks brought into one form before a piece leaves; a piece waits until it is
# certain that nothing that must change reaches across its end.

_FENCE = "```"
_LINE = 2000  # characters of the running line that are looked at for code


class TextOut:
    """Takes the model's text in pieces of any size and emits it cleaned.

    `known()` gives the numbers of the passages that may be cited, or None when brackets are left alone (an assistant
    without knowledge); `marks()` whether citations are shown at all; `passage(name, claim)` the number of the passage
    of a file that a claim rests on.
    """

    def __init__(
        self,
        emit: Callable[[str], None],
        rails: list[Guardrail],
        known: Callable[[], Collection[int] | None],
        marks: Callable[[], bool] = lambda: True,
        passage: Callable[[str, str], int | None] = lambda _name, _claim: None,
    ) -> None:
        self._emit = emit
        self._rails = rails
        self._holds_all = any(rail.strategy == "block" for rail in rails)
        self._known = known
        self._marks = marks
        self._passage = passage
        # Lists, because an answer may be megabytes in pieces of a few letters.
        self._sent: list[str] = []
        self._segment: list[str] = []
        self._raw: list[str] = []
        self._half = ""
        self._dirty = ""
        self._marked = ""
        self._line = ""
        self._fences = 0

    @property
    def text(self) -> str:
        """All that went out."""
        return "".join(self._sent)

    def feed(self, piece: str) -> None:
        """Take the next piece of the running message."""
        piece, self._half = cut_half(self._half + piece)
        piece = whole(piece)
        self._raw.append(piece)
        self._dirty += piece
        if not self._rails:
            self._pass(self._dirty)
            self._dirty = ""
        elif not self._holds_all:
            cut = safe_cut(self._dirty)
            if cut:
                self._pass(redact(self._dirty[:cut], self._rails))
                self._dirty = self._dirty[cut:]

    def complete(self, text: str) -> str:
        """End the running message, whose text is `text`; what was not streamed of it goes out now. Return it cleaned.

        Raises:
            Blocked: a guardrail blocks it; nothing of it went out.
        """
        text = whole(text)
        raw, self._half = "".join(self._raw), ""
        if text.startswith(raw):
            self.feed(text[len(raw) :])
        elif text:
            self.feed(("\n\n" if raw else "") + text)
        rest, self._dirty = self._dirty, ""
        if self._rails:
            rest = redact(rest, self._rails)
        self._pass(rest, last=True)
        return self.drop()

    def say(self, text: str) -> None:
        """Add a paragraph of the runtime's own, behind what was said."""
        self._send(text)
        self.drop()

    def drop(self) -> str:
        """End the running message where it is and return what went out of it; what was held back is forgotten."""
        done = "".join(self._segment)
        self._segment, self._raw, self._half = [], [], ""
        self._dirty, self._marked, self._line, self._fences = "", "", "", 0
        return done

    def _pass(self, text: str, *, last: bool = False) -> None:
        """Check the citation numbers of `text`; a marker that may go on in the next piece waits."""
        known = self._known()
        if known is None:
            self._send(text)
            return
        text = self._marked + text
        waits = None if last else WAITS.search(text)
        cut = waits.start() if waits else len(text)
        self._marked = text[cut:]
        self._send(self._settled(text[:cut], set(known)))

    def _settled(self, text: str, known: set[int]) -> str:
        """Bring the marks outside of code into one form."""
        marks = self._marks()
        text = self._outside_code(text, FILED, lambda mark: filed(mark, self._passage, marks=marks))
        return self._outside_code(text, MARKER, lambda mark: settled(mark, known, marks=marks))

    def _outside_code(self, text: str, pattern: re.Pattern[str], change: Callable[[re.Match[str]], str]) -> str:
        whole, out, done, fences = self._line + text, [], len(self._line), self._fences
        for marker in pattern.finditer(whole, len(self._line)):
            start = marker.start()
            between = whole[done:start]
            fences += between.count(_FENCE)
            line = whole[max(0, start - _LINE) : start].rpartition("\n")[2].replace(_FENCE, "")
            in_code = fences % 2 or line.count("`") % 2
            out += [between, marker.group() if in_code else change(marker)]
            done = marker.end()
        return "".join(out) + whole[done:]

    def _send(self, text: str) -> None:
        if not text:
            return
        own = text
        if not self._segment and self._sent:
            own = text.lstrip("\n")
            text = f"\n\n{own}"
        self._segment.append(own)
        self._fences += own.count(_FENCE)
        self._line = (self._line + own).rpartition("\n")[2][-_LINE:]
        self._sent.append(text)
        self._emit(text)
