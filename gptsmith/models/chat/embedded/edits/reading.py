"""The changes that a person's message asks for: each command's kind, place and words by deciders that have to agree.

A learned head tells the kind of change, the encoder the place, code the numbers and given texts; the local model words
a rule and judges the change that came of it. What they disagree about is asked back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from langchain_core.messages import BaseMessage

from gptsmith.assistants.change_request import ChangeRequest, read_change_request
from gptsmith.assistants.changes import ChangeSet
from gptsmith.assistants.drafting import Drafting
from gptsmith.assistants.operations import apply_to_data
from gptsmith.errors import GptsmithError, UsageError
from gptsmith.models.chat.embedded.edits import answers, interview, rules, settings, texts, tools
from gptsmith.models.chat.embedded.edits.commands import Command, commands
from gptsmith.models.chat.embedded.edits.exact import CERTAIN, exact_kind
from gptsmith.models.chat.embedded.edits.sense import senses
from gptsmith.models.chat.embedded.edits.subject import Found, Subject, subject_of
from gptsmith.models.chat.embedded.mind import find_writer
from gptsmith.models.chat.embedded.replies import CONNECT_TO_BUILD
from gptsmith.models.chat.embedded.structured import not_supported, register_composer
from gptsmith.models.chat.embedded.tasks.rewording import fits
from gptsmith.models.chat.local.writer import Writer

MOST = 3000
"""Characters of a message that is read as commands; a longer one is no command."""
LONGEST = 400
"""Characters of one command."""
TRIED, POSSIBLE = 3, 0.08
"""How many kinds of change are tried for a command, and how likely each has to be."""
SURE, ALONE, AGREED = 0.95, 0.5, 0.3
"""How likely a kind is that needs no judge, or that code does alone; how likely and judged right what is done else."""
DENIED = 0.25
"""How much of its likelihood a change keeps that the judge denies: a small model says no too easily."""
ORDERED = 0.8
"""How likely an answer in the interview is a command instead."""
_NOTHING = frozenset(("remark", "unclear", "question", "vague", "metadata"))
_WORDED = frozenset(("tone",))  # what the model worded and code has checked, and hurts least
_ORDER = re.compile(  # what is said to the builder, whatever was asked
    r"(?:please )?(?:(?:call|name|rename) (?:it|him|her|them|the)|add|drop|remove|delete|set|turn (?:on|off)|switch"
    r"|change)\b",
    re.IGNORECASE,
)
_DOERS = {**texts.DOERS, **settings.DOERS, **tools.DOERS}


@register_composer(ChangeSet)
def compose(messages: Sequence[BaseMessage], _: Drafting | None = None) -> ChangeSet:
    """Return the changes for the last request among `messages`. Raises NotSupported when none of them asks for one."""
    for message in reversed(messages):
        content = getattr(message, "content", "")
        request = read_change_request(content) if isinstance(content, str) else None
        if request is not None:
            return compose_changes(request)
    raise not_supported("change an assistant without the builder's request")


def compose_changes(request: ChangeRequest) -> ChangeSet:
    """Return what `request` asks for: operations, what was not understood, what is missing, an answer, a question."""
    if len(request.message) > MOST:
        said = f"{request.message[:80].strip()}…"
        return ChangeSet(not_understood=[said], reply=f"That is too much to read as commands. {CONNECT_TO_BUILD}")
    writer = find_writer()
    try:
        return _composed(request, writer)
    except GptsmithError:  # an engine that died: what code can do alone
        if writer is None:
            raise
        return _composed(request, None)


def _composed(request: ChangeRequest, writer: Writer | None) -> ChangeSet:
    asked = interview.open_question(request.conversation)
    if not asked:
        return _read(request, subject_of(request), writer)
    answer = ChangeSet() if interview.leaves_it(request.message) else _answered(asked, request, writer)
    answer.question = answer.question or interview.next_question(*_lines(request))
    if answer == ChangeSet():
        answer.reply = "All right, that stays as it is."
    return answer


def _answered(asked: str, request: ChangeRequest, writer: Writer | None) -> ChangeSet:
    """Return what an answer changes; an order that is clearly none is carried out instead."""
    subject = subject_of(request)
    kind, likely = next(iter(senses(request.message, subject).items()))
    if (kind in _DOERS and likely >= ORDERED) or request.files or _ORDER.match(request.message.strip()):
        return _read(request, subject, writer)
    found = interview.read_answer(asked, request.message, subject, writer)
    if found is None:
        return _read(request, subject, writer)
    answer = ChangeSet()
    _gather(answer, Command(request.message), found, subject)
    return answer


def _lines(request: ChangeRequest) -> tuple[list[str], list[str]]:
    """Return what the person said up to now, and what the builder did."""
    said = [line.removeprefix("person: ") for line in request.conversation if line.startswith("person: ")]
    return [*said, request.message], [line for line in request.conversation if line.startswith("builder: ")]


def _read(request: ChangeRequest, subject: Subject, writer: Writer | None) -> ChangeSet:
    answer = ChangeSet()
    for said, found in _settled(commands(_with_what_was_asked(request), subject), subject, writer):
        _gather(answer, said, found, subject)
    if request.files and not any(c.path.startswith("knowledge") for c in answer.changes) and not answer.question:
        _gather(answer, Command(request.message), tools.attached(subject, subject.files), subject)
    answer.changes = tools.without_doubles(settings.one_model(answer.changes, subject))
    _only_what_fits(answer, subject)
    if not (answer.changes or answer.missing or answer.not_understood or answer.reply or answer.question):
        answer.question = answers.WHAT
    if answer.not_understood:
        listed = " and ".join(f"“{said}”" for said in dict.fromkeys(answer.not_understood))
        answer.reply = " ".join(filter(None, [answer.reply, f"I did not understand {listed}.", CONNECT_TO_BUILD]))
    return answer


def _settled(said: list[Command], subject: Subject, writer: Writer | None) -> Iterator[tuple[Command, Found]]:
    """Yield each command with what it changes; what only tells a reason beside others is left out."""
    for command in said:
        if len(command.said) > LONGEST:
            yield command, Found(unclear=True)
            continue
        odds = senses(command.said, subject)
        if named := exact_kind(command):
            odds = {named: CERTAIN, **{k: p for k, p in odds.items() if k != named}}
        kind = next(iter(odds))
        talk = answers.to_the_builder(command, subject)
        if talk is not None:
            yield command, talk
        elif kind == "question" and answers.asks(command):
            yield command, answers.answer(command, subject) or Found(unclear=True)
        elif kind == "vague" or (kind == "remark" and len(said) == 1):
            yield command, Found(question=answers.WHAT)
        elif kind != "remark":
            yield command, _done(command, odds, subject, writer)


def _done(said: Command, odds: dict[str, float], subject: Subject, writer: Writer | None) -> Found:
    """Return the change that the deciders agree on; else a question, or that it was not understood."""
    if next(iter(odds)) == "unclear" and odds["unclear"] > ALONE:
        return Found(unclear=True)
    asked: Found | None = None
    best: tuple[float, Found] = (0.0, Found(unclear=True))
    for kind in [k for k in odds if k not in _NOTHING and odds[k] >= POSSIBLE][:TRIED]:
        likely, before = odds[kind], len(subject.touched)
        found = do(kind, said, subject, writer)
        if found is not None and not found.changes and likely >= ALONE:
            asked = asked or found
        if found is None or not found.changes:
            continue
        least = ALONE if writer is None else AGREED
        agreed = likely >= (ALONE if kind in _WORDED else SURE) or writer is None
        worth = likely if agreed or writer is None else likely * _judged(writer, said, found)
        if worth >= least and worth > best[0]:
            best = (worth, found)
        else:
            del subject.touched[before:]
        if likely >= SURE:
            break
    return best[1] if best[1].changes or asked is None else asked


def do(kind: str, said: Command, subject: Subject, writer: Writer | None) -> Found | None:
    """Return what a command of this kind changes; None when it does not say enough."""
    ruler = rules.DOERS.get(kind)
    doer = _DOERS.get(kind)
    return ruler(said, subject, writer) if ruler else doer(said, subject) if doer else None


def _judged(writer: Writer, said: Command, found: Found) -> float:
    """Return what the model's judgement leaves of a change's likelihood."""
    yes = fits(writer, said.said, " ".join(change.words for change in found.changes[:3]))
    return DENIED + (1 - DENIED) * yes


def _gather(answer: ChangeSet, command: Command, found: Found, subject: Subject) -> None:
    for change in found.changes:
        if any(change.operation() == other.operation() for other in answer.changes):
            continue  # said twice in one message
        locked = any(change.path == path or change.path.startswith((f"{path}.", f"{path}[")) for path in subject.locked)
        words = f"A suggestion, because it is locked: {change.words}" if locked else change.words
        answer.changes.append(change.model_copy(update={"asked": command.said, "words": words}))
    answer.missing += found.missing
    if found.unclear:
        answer.not_understood.append(command.said)
    if found.reply and found.reply not in answer.reply:
        answer.reply = f"{answer.reply} {found.reply}".strip()
    answer.question = answer.question or found.question


def _only_what_fits(answer: ChangeSet, subject: Subject) -> None:
    """Leave out a change that the spec's data does not take, and say so: a promise that cannot be kept is none."""
    data = {**subject.data, "instructions": subject.instructions}
    kept = []
    for change in answer.changes:
        try:
            apply_to_data(data, [change.operation()])
        except UsageError:
            answer.not_understood.append(change.asked)
            continue
        kept.append(change)
    answer.changes = kept


def _with_what_was_asked(request: ChangeRequest) -> str:
    """Return the message; a short answer to our own question stands behind the command that it was asked about."""
    talk = request.conversation
    asked = len(talk) > 1 and talk[-2].startswith("person: ") and re.match(r"builder: .*\?\s*$", talk[-1], re.DOTALL)
    if (
        not asked
        or len(request.message.split()) > 8
        or re.match(r"(?:call|add|drop|remove|make|set|use|never|always|no\b|rename)", request.message, re.IGNORECASE)
    ):
        return request.message
    return f"{talk[-2].removeprefix('person: ').rstrip(' .!?')} ({request.message.strip()})"
