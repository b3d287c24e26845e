"""The changes that a person's message asks for, composed by grammar from the request that a hosted model is sent."""

from __future__ import annotations

import re
from collections.abc import Sequence

from langchain_core.messages import BaseMessage

from gptsmith.assistants.change_request import ChangeRequest, read_change_request
from gptsmith.assistants.changes import ChangeSet, ProposedChange
from gptsmith.assistants.operations import apply_to_data
from gptsmith.errors import UsageError
from gptsmith.models.chat.embedded import edits_knowledge, interview
from gptsmith.models.chat.embedded.edits_clauses import Clause, clause, clauses
from gptsmith.models.chat.embedded.edits_model import one_model
from gptsmith.models.chat.embedded.edits_reading import read_all
from gptsmith.models.chat.embedded.edits_subject import Found, Subject, subject_of
from gptsmith.models.chat.embedded.replies import CONNECT_TO_BUILD
from gptsmith.models.chat.embedded.structured import not_supported, register_composer

MOST = 3000
"""Characters of a message that is read as commands; a longer one is no command, and takes too long to take apart."""


@register_composer(ChangeSet)
def compose(messages: Sequence[BaseMessage]) -> ChangeSet:
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
    asked = interview.open_question(request.conversation)
    if not asked:
        return _read(request)
    answer = ChangeSet() if interview.leaves_it(request.message) else _answered(asked, request)
    answer.question = answer.question or interview.next_question(*_lines(request))
    if answer == ChangeSet():
        answer.reply = "All right, that stays as it is."
    return answer


def _answered(asked: str, request: ChangeRequest) -> ChangeSet:
    """Read a message as a command; what is none is the answer to what was asked about the new assistant."""
    answer = _read(request, guess=False)
    if answer.changes or answer.missing or (answer.question and not answer.not_understood):
        return answer
    subject = subject_of(request)
    found = interview.read_answer(asked, request.message, subject)
    if found is None:
        return _read(request)
    answer = ChangeSet()
    _gather(answer, clause(request.message), found, subject)
    return answer


def _lines(request: ChangeRequest) -> tuple[list[str], list[str]]:
    """Return what the person said up to now, and what the builder did."""
    said = [line.removeprefix("person: ") for line in request.conversation if line.startswith("person: ")]
    return [*said, request.message], [line for line in request.conversation if line.startswith("builder: ")]


def _read(request: ChangeRequest, *, guess: bool = True) -> ChangeSet:
    subject = subject_of(request)
    commands = clauses(_with_what_was_asked(request), request.files, subject.starters)
    answer = ChangeSet()
    for result in read_all(commands, subject, guess=guess):
        _gather(answer, result.command, result.found, subject)
    if request.files and not _uses_files(answer) and not answer.question:
        _gather(answer, clause(request.message), edits_knowledge.attached(subject, subject.files), subject)
    answer.changes = _attached_once(one_model(answer.changes, subject))
    _only_what_fits(answer, request, subject)
    if not (answer.changes or answer.missing or answer.not_understood or answer.reply or answer.question):
        answer.question = "What should change?"
    if answer.not_understood:
        answer.reply = " ".join(filter(None, [answer.reply, _not_understood(answer), CONNECT_TO_BUILD]))
    return answer


def _attached_once(changes: list[ProposedChange]) -> list[ProposedChange]:
    """Return the changes without a new source of files that another one adds to a source that is there."""
    added = {str(change.value) for change in changes if change.op == "add" and change.path.endswith("].paths")}

    def twice(change: ProposedChange) -> bool:
        value = change.value if change.op == "add" and change.path == "knowledge" else None
        return isinstance(value, dict) and bool(value.get("paths")) and set(value["paths"]) <= added

    return [change for change in changes if not twice(change)]


def _gather(answer: ChangeSet, command: Clause, found: Found, subject: Subject) -> None:
    for change in found.changes:
        if any(change.operation() == other.operation() for other in answer.changes):
            continue  # said twice in one message
        words = f"A suggestion, because it is locked: {change.words}" if _locked(change, subject) else change.words
        answer.changes.append(change.model_copy(update={"asked": command.said, "words": words}))
    answer.missing += found.missing
    if found.unclear:
        answer.not_understood.append(command.said)
    if found.reply and found.reply not in answer.reply:
        answer.reply = f"{answer.reply} {found.reply}".strip()
    answer.question = answer.question or found.question


def _locked(change: ProposedChange, subject: Subject) -> bool:
    return any(change.path == path or change.path.startswith((f"{path}.", f"{path}[")) for path in subject.locked)


def _uses_files(answer: ChangeSet) -> bool:
    return any(change.path.startswith("knowledge") for change in answer.changes)


def _only_what_fits(answer: ChangeSet, request: ChangeRequest, subject: Subject) -> None:
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


def _not_understood(answer: ChangeSet) -> str:
    listed = " and ".join(f"“{said}”" for said in dict.fromkeys(answer.not_understood))
    return f"I did not understand {listed}."


def _with_what_was_asked(request: ChangeRequest) -> str:
    """Return the message; an answer to our own question stands behind the command that it was asked about."""
    if (
        len(request.conversation) < 2
        or interview.open_question(request.conversation)
        or not re.match(r"builder: .*\?\s*$", request.conversation[-1], re.DOTALL)
    ):
        return request.message
    offered = re.search(r"Shall it be called (.+)\?\s*$", request.conversation[-1])
    if offered and re.match(r"(?:yes|yep|yeah|sure|ok(?:ay)?|please|do|ja|sí|sim)\b", request.message, re.IGNORECASE):
        return f'call it "{offered[1]}"'
    asked = request.conversation[-2].removeprefix("person: ")
    answers = len(request.message.split()) <= 8 and request.conversation[-2].startswith("person: ")
    if not answers or re.match(
        r"(?:call|add|drop|remove|make|set|use|never|always|no\b|rename)", request.message, re.IGNORECASE
    ):
        return request.message
    return f"{asked.rstrip(' .!?')} ({request.message.strip()})"
