"""Commands that the readers did not know, or read against all likelihood, settled by what they most likely ask for.

The learned head (`edits_sense.py`) says what a clause asks for, alone or with those beside it; `edits_plainly.py` does
it. What the head holds for likely and cannot be done stays as it was: said to be not understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from gptsmith.assistants.changes import ProposedChange
from gptsmith.models.chat.embedded import edits_amended, edits_questions
from gptsmith.models.chat.embedded import edits_instructions as told
from gptsmith.models.chat.embedded.edits_clauses import Clause, begins, clause, is_statement
from gptsmith.models.chat.embedded.edits_plainly import do
from gptsmith.models.chat.embedded.edits_sense import sense_of, senses
from gptsmith.models.chat.embedded.edits_subject import Found, Subject
from gptsmith.models.chat.embedded.edits_wording import given_name
from gptsmith.models.chat.embedded.edits_words import DROP, has

LIKELY, PLAIN, GONE = 0.3, 0.55, 0.35
"""How likely a kind has to be for a command that nobody read; where any words could be kept; where a rule goes."""
SURE, TIMES, REFUSED = 0.35, 2.5, 0.6
"""How likely for one that was read as another kind, how many times likelier than that; how likely nothing can do it."""
IDLE, AN_ORDER, JOINT = 0.3, 0.7, 0.4
"""How likely words beside a command are none themselves, although they begin like one; how likely pieces are one."""
TOGETHER, TOPIC = 0.8, 5
"""How likely pieces are one manner, although each could be one; the words of a question that only names a matter."""
TELLS = 0.5
"""How likely at most nothing can do what words beside a command ask, which are then taken for its reason."""
MOST, LONGEST = 12, 200
"""Commands of a message that are looked at, in all at most half a second; characters of one that may be two."""
_SOFT = frozenset(("rule_add", "tone", "shorter", "longer", "language"))
_VERBATIM = frozenset(("rule_add", "tone"))
_LEAST = {"rule_add": PLAIN, "tone": PLAIN, "rule_drop": GONE}
_TEXTS = frozenset(("welcome_message", "disclaimer", "description"))
_CUT = re.compile(r",?\s+(?:and|but|then)\s+|[,;]\s+|\s+[–—-]\s+")
_OPPOSED = (("shorter", "longer"), ("longer", "shorter"))
_NOTHING = frozenset(("remark", "unclear", "question", "vague"))
_WISHES = r"should|must|needs?|wants?|wish|please|(?:has|have) to|ought"
_TOLD = "Tell it: “"


@dataclass(frozen=True)
class Read:
    """One command, what it changes, and the reader that knew it (None: nobody did)."""

    command: Clause
    found: Found
    reader: Callable[[Clause, Subject], Found | None] | None = None

    @property
    def kind(self) -> str:
        """Return the kind of change that it was read as; empty where it changes nothing."""
        return sense_of(self.found, self.reader.__module__.rsplit("_", 1)[-1] if self.reader else "")

    @property
    def open(self) -> bool:
        """Say whether nobody knew what it asks for."""
        return self.found.unclear or bool(self.found.question and not self.found.changes)


@dataclass(frozen=True)
class _Piece:
    read: Read
    idle: bool = False  # taken for the reason of the command beside it

    @property
    def loose(self) -> bool:
        return self.idle or self.read.open


def settled(
    results: list[Read], commands: list[Clause], subject: Subject, read: Callable[[Clause, Subject], Read]
) -> list[Read]:
    """Return the commands of a message as they are most likely meant.

    `commands` are all its clauses, reasons too; `read` reads one that is cut in two.
    """
    if len(commands) > MOST:
        return results
    left = _pieces(results, commands)
    out: list[Read] = []
    aside: list[Read] = []
    while left:
        whole = next((w for n in (3, 2) if (w := _as_one(left[:n], n, subject))), None)
        if whole:
            out.append(whole[0])
            left = left[whole[1] :]
            continue
        piece = left.pop(0)
        if halves := _cut(piece, read, subject):
            out += halves
            continue
        better = None if piece.idle else _better(piece.read, out, left, subject)
        nothing = better is not None and better.found == Found()
        if (
            piece.idle
            or nothing
            or (
                any(map(_does_some, [*out, *(p.read for p in left)]))
                and _only_tells(better or piece.read, out, subject)
            )
        ):
            aside.append(piece.read)
        else:
            out.append(better or piece.read)
    if aside and not any(_does(read) for read in out):
        again = [(read, _guessed(senses(read.command.said, subject), read.command, "", subject)) for read in aside]
        done = [Read(read.command, found) for read, found in again if found and found.changes]
        out = done or out or aside[:1]
    return _anchored(out, subject)


def _pieces(results: list[Read], commands: list[Clause]) -> list[_Piece]:
    """Return what was read, in order, with the clauses that were taken for reasons in their places."""
    left, pieces = list(results), []
    for command in commands:
        if left and command.said in left[0].command.said:
            pieces.append(_Piece(left.pop(0)))
        elif not any(command.said in piece.read.command.said for piece in pieces[-1:]):
            pieces.append(_Piece(Read(command, Found(unclear=True)), idle=True))
    return [*pieces, *map(_Piece, left)]


def _as_one(pieces: list[_Piece], many: int, subject: Subject) -> tuple[Read, int] | None:
    """Return several pieces as the one command that they are together: `nobody needs the song, let's drop it`."""
    if len(pieces) < many or not any(piece.read.open for piece in pieces):
        return None
    said = "".join(f"{(p.read.command.glued or ' ') if n else ''}{p.read.command.said}" for n, p in enumerate(pieces))
    first = pieces[0].read.command
    whole = replace(clause(said, first.files, first.code), said=said, glued=first.glued)
    if all(piece.loose or piece.read.kind in _VERBATIM for piece in pieces):
        amended = edits_amended.read(said, subject, least=edits_amended.CERTAIN)
        if amended:
            return Read(whole, amended), many
    odds = senses(said, subject)
    kind, likely = next(iter(odds.items()))
    if kind in _NOTHING or likely < JOINT:
        return None
    given = kind in _TEXTS and ":" in first.said and likely > SURE  # the text goes on behind its first sentence
    if not given and not all(_yields(piece, kind, likely, subject) for piece in pieces):
        return None
    if kind in _SOFT and not _said_once(pieces, kind, likely):
        return None
    found = do(kind, whole, "", subject)
    if not found or not found.changes or _loses(found, pieces):
        return None
    return Read(whole, found), many


def _loses(found: Found, pieces: list[_Piece]) -> bool:
    """Say whether something that a piece asks for on its own is not in what all of them do, or is all of that."""
    paths = {change.path for change in found.changes}
    own = [p.read for p in pieces if not p.loose]
    certain = [change for read in own if read.kind not in _VERBATIM for change in read.found.changes]
    return any(read.found.changes == found.changes for read in own) or any(c.path not in paths for c in certain)


def _said_once(pieces: list[_Piece], kind: str, likely: float) -> bool:
    """Say whether pieces ask for one manner or rule together: `swear words? beep them out`."""
    first = pieces[0].read.command.said
    topic = first.endswith("?") and len(first.split()) <= TOPIC
    alike = likely > TOGETHER and all(piece.loose or piece.read.kind == kind for piece in pieces)
    short = all(len(piece.read.command.said.split()) <= 2 for piece in pieces[1:])
    return short or (topic and kind == "rule_add") or (alike and kind == "language")


def _yields(piece: _Piece, kind: str, likely: float, subject: Subject) -> bool:
    """Say whether a piece may be part of a command of this kind: it is that itself, or nothing certain."""
    own = senses(piece.read.command.said, subject)
    first, certain = next(iter(own.items()))
    if piece.loose:
        return first in (kind, *_NOTHING) or certain < likely
    return piece.read.kind == kind or own.get(piece.read.kind, 1.0) <= IDLE


def _cut(piece: _Piece, read: Callable[[Clause, Subject], Read], subject: Subject) -> list[Read]:
    """Return two commands that nobody read as one: each half does something of its own that is likely."""
    said = piece.read.command
    if not piece.read.found.unclear or said.values or len(said.text) > LONGEST:
        return []
    for cut in _CUT.finditer(said.text):
        halves = [clause(half, said.files, said.code) for half in (said.text[: cut.start()], said.text[cut.end() :])]
        if any(len(half.text.split()) < 2 for half in halves):
            continue
        reads = [read(half, subject) for half in halves]
        done = [_better(one, [], [], subject) or one for one in reads]
        if all(one.found.changes and one.found.changes[0].words[:9] != _TOLD for one in done):
            return done
    return []


def _better(read: Read, before: list[Read], after: list[_Piece], subject: Subject) -> Read | None:
    """Return a command as it is most likely meant, without a change where it is none; None where all is well."""
    said = read.command
    around = " ".join([*(r.command.said for r in before[-1:]), *(p.read.command.said for p in after[:1])])
    odds = senses(said.said, subject)
    if read.open:
        found = _guessed(odds, said, around, subject, sure=bool(read.found.question))
    elif read.found.changes:
        found = _righted(odds, read, around, subject)
    else:
        found = _told_only(odds, read, around, subject)
    beside = bool(before or after)
    return Read(said, found) if found and (beside or found != Found()) else None


def _guessed(
    odds: dict[str, float], said: Clause, around: str, subject: Subject, *, sure: bool = False
) -> Found | None:
    for kind, likely in odds.items():
        if likely < (JOINT if sure else LIKELY) or kind == "unclear":
            return None
        if kind == "vague":
            return Found(question=edits_questions.WHAT)
        if kind == "remark" and likely > (AN_ORDER if begins(said.open.strip()) else IDLE):
            return Found()
        if likely < _LEAST.get(kind, 0.0):
            continue
        found = do(kind, said, around, subject)
        if found:
            return found
    return None


def _only_tells(read: Read, before: list[Read], subject: Subject) -> bool:
    """Say whether words that nobody understood only tell why something is wanted: `a guest choked, so warn them`.

    Or only say again what was done: `nobody needs the memes, remove please`.
    """
    said = read.command
    if before and before[-1].found.changes and re.fullmatch(rf"{DROP}(?: (?:it|them|that|this|those))?\W*", said.open):
        return all(change.op == "remove" for change in before[-1].found.changes)
    orders = (begins(said.open.strip()) and not is_statement(said.text)) or has(_WISHES, said.open)
    if not read.found.unclear or read.found.reply or said.values or orders:
        return False
    return len(said.text.split()) > 1 and "?" not in said.said and senses(said.said, subject)["unclear"] < TELLS


def _told_only(odds: dict[str, float], read: Read, around: str, subject: Subject) -> Found | None:
    """Settle what was only answered: `It has a tool for that already`."""
    for kind, likely in odds.items():
        if likely < SURE or kind in _NOTHING or (read.found.missing and kind in _VERBATIM):
            return None  # what it has no tool for is no rule either
        found = do(kind, read.command, around, subject)
        if found:
            return found
    return None


def _righted(odds: dict[str, float], read: Read, around: str, subject: Subject) -> Found | None:
    if read.kind == "rule_add" and (
        amended := edits_amended.read(read.command.text, subject, least=edits_amended.CERTAIN)
    ):
        return amended
    own = odds.get(read.kind, 1.0)
    for kind, likely in odds.items():
        if kind == read.kind:
            return _closer(kind, read, around, subject)
        if likely < SURE or likely < TIMES * own:
            return None
        if kind in _SOFT and read.kind in _SOFT and (read.kind, kind) not in _OPPOSED:
            return None
        if kind == "unclear":
            return Found(unclear=True) if likely > REFUSED else None
        if kind != "remark" and (found := do(kind, read.command, around, subject)):
            return found
    return None


def _closer(kind: str, read: Read, around: str, subject: Subject) -> Found | None:
    """Return the same change with less in it: the one page that is named instead of all, the name without its verb."""
    change = read.found.changes[0]
    if kind == "knowledge_drop" and len(read.found.changes) == 1:
        found = do(kind, read.command, around, subject)
        return found if found and found.changes[0].path.startswith((f"{change.path}[", f"{change.path}.")) else None
    degree = re.search(r"\b\d\.\d+", read.command.open) if kind == "model" else None
    if degree and degree.group() not in str([change.value for change in read.found.changes]):
        return do(kind, read.command, around, subject)  # `too wild, 0.5 maybe`
    if kind == "name" and not read.command.values:
        name = given_name(read.command)
        words = str(change.value).removesuffix(name)
        return do(kind, read.command, around, subject) if name and words and words == words.lower() else None
    return None


def _does_some(read: Read) -> bool:
    """Say whether a command changes something, or may when it is settled."""
    return bool(read.found.changes or read.found.unclear)


def _does(read: Read) -> bool:
    return bool(read.found.changes or read.found.missing or read.found.reply or read.found.question)


def _anchored(reads: list[Read], subject: Subject) -> list[Read]:
    """Put new rules elsewhere that stand behind one which goes or is said otherwise."""
    return [replace(read, found=replace(read.found, changes=[_apart(c, subject) for c in read.found.changes]))
            for read in reads]  # fmt: skip


def _apart(change: ProposedChange, subject: Subject) -> ProposedChange:
    at = subject.instructions.find(change.old or "\0") if change.words.startswith(_TOLD) else -1
    end = at + len(change.old or "")
    if at < 0 or not any(start < end and at < stop for start, stop in subject.touched):
        return change
    rule = change.words.removeprefix(_TOLD).removesuffix("”")
    place = told.addition(subject.instructions, rule, avoid=subject.touched)
    return change.model_copy(update={"old": place[0], "new": place[1]}) if place else change
