"""The editor: asks a model for a change of a file, sends back what is wrong once, and returns a proposal."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from gptsmith.agent.builder.attachments import Attachment, listing
from gptsmith.agent.builder.changes.guards import HELD_BACK, asked_locks, hold_back
from gptsmith.agent.builder.changes.judge import Asked, Judgement, judge, puts_off
from gptsmith.agent.builder.changes.proposal import Proposal, ProposedOperation
from gptsmith.agent.builder.changes.removal import without_doubles
from gptsmith.agent.builder.changes.sentences import say_unmet, without_claims
from gptsmith.agent.builder.changes.subject import Subject
from gptsmith.agent.builder.language.answers import ChangeSet
from gptsmith.agent.builder.language.requests import ChangeRequest
from gptsmith.agent.builder.prompt import change_messages
from gptsmith.agent.builder.reach import attached
from gptsmith.agent.builder.reading import Read, read_answer
from gptsmith.assistants.format.spec import load_tool_types
from gptsmith.errors import ProviderError, UsageError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage
    from langchain_core.runnables import Runnable

MAX_MESSAGE = 24_000
_ONLY_CLAIMED = "it only claimed that something is changed already"
_NOT_READ = "its answer could not be read"
_WITHHELD = (
    "A secret in your message was held back: it was neither sent nor written. Write ${env:NAME} in its place and set"
    " that variable."
)


@dataclass(frozen=True)
class EarlierTalk:
    """What went before a message: lines as "person: …" and "builder: …", and the changes that wait for a decision.

    `question` is the builder's own that the message may answer.
    """

    conversation: Sequence[str] = ()
    proposal: Sequence[ProposedOperation] = ()
    interview: bool = False
    question: str = ""

    @property
    def said(self) -> list[str]:
        """What the person said, oldest first."""
        return [line.removeprefix("person: ") for line in self.conversation if line.startswith("person: ")]


_Rounds = Generator["list[BaseMessage]", dict[str, Any], Proposal]


class Editor:
    """Proposes changes of spec files with one chat model."""

    def __init__(self, model: BaseChatModel) -> None:
        self._asking: Runnable[Any, Any] = model.with_structured_output(
            ChangeSet, method="function_calling", include_raw=True
        )

    def propose(
        self, subject: Subject, message: str, attachments: Sequence[Attachment] = (), talk: EarlierTalk | None = None
    ) -> Proposal:
        """Return what `message` would change in the file; nothing is written.

        Raises:
            UsageError: an empty message, or one that is too long.
            ProviderError: the model failed, or gave nothing that can be used, twice.
        """
        rounds = _rounds(subject, message, attachments, talk or EarlierTalk())
        try:
            asked = next(rounds)
            while True:
                asked = rounds.send(self._asking.invoke(asked))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    async def apropose(
        self, subject: Subject, message: str, attachments: Sequence[Attachment] = (), talk: EarlierTalk | None = None
    ) -> Proposal:
        """Do what `propose` does without blocking the event loop while the model answers."""
        rounds = _rounds(subject, message, attachments, talk or EarlierTalk())
        try:
            asked = next(rounds)
            while True:
                asked = rounds.send(await self._asking.ainvoke(asked))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def _rounds(subject: Subject, message: str, attachments: Sequence[Attachment], talk: EarlierTalk) -> _Rounds:
    """Ask, judge, and ask once more with what is wrong."""
    said = hold_back(_checked(message))
    asked = Asked(said, talk.said, attachments, talk.proposal, talk.question)
    if (plain := without_doubles(said, subject) or asked_locks(said, subject)) is not None:
        return _proposal(subject, asked, plain, judge(plain, subject, asked), secret=False)
    request = ChangeRequest(
        spec=hold_back(subject.text),
        instructions=hold_back(subject.instructions) if subject.told_file else "",
        message=said,
        files=listing(list(attachments)),
        tools={kind: cls.SUMMARY for kind, cls in sorted(load_tool_types().items()) if not cls.FACTS.by_hand},
        calls=attached.calls(attachments),
        skills=attached.skills(attachments),
        locked=subject.locked,
        rules=subject.rules,
        conversation=list(talk.conversation),
    )
    waiting = [hold_back(step.operation.model_dump_json(exclude_none=True)) for step in talk.proposal]
    read = read_answer((yield change_messages(request, waiting, interview=talk.interview)), ChangeSet)
    first = _as_one(read)
    judged = judge(first, subject, asked)
    problem = read.problem or _why_empty(read, first)
    problems = [problem] if problem else [*judged.problems, *judged.reminders]
    if problems:
        shown = read.shown[:60_000] or "(none)"
        mend = change_messages(request, waiting, shown, problems, interview=talk.interview)
        again = read_answer((yield mend), ChangeSet)
        if not again.problem and not _why_empty(again, _as_one(again)):
            read, first = again, _as_one(again)
            judged = judge(first, subject, asked)
        elif not judged.steps:
            first = _in_prose(again, said)
    judged.unmet += read.left_out
    return _proposal(subject, asked, first, judged, secret=HELD_BACK in said)


def _checked(message: str) -> str:
    text = message.strip()
    if not text:
        raise UsageError("the message is empty", code="empty_message", hint="say what should change")
    if len(text) > MAX_MESSAGE:
        hint = "shorten it, and attach long material as files"
        raise UsageError(f"the message has more than {MAX_MESSAGE:,} characters", code="too_long", hint=hint)
    return text


def _as_one(read: Read) -> ChangeSet:
    """Return the change set of an answer, empty where there is none; one call for each change is read as one set."""
    sets = [one for one in read.parsed if isinstance(one, ChangeSet)]
    if len(sets) < 2:
        return sets[0] if sets else ChangeSet()
    last = sets[-1].model_dump()
    for name in ("changes", "withdraw", "which", "not_understood", "missing"):
        last[name] = [item for one in sets for item in one.model_dump()[name]]
    return ChangeSet.model_validate(last)


def _why_empty(read: Read, answer: ChangeSet) -> str:
    """Say what was wrong with all that an answer held, where nothing of it could be read."""
    return read.complaint if read.left_out and answer == ChangeSet(question=answer.question) else ""


def _in_prose(read: Read, said: str) -> ChangeSet:
    """Take a text for the answer to a question. Raises ProviderError, with what the model said, for anything else."""
    text = " ".join(read.said.split())
    plain = text and not re.search(r"[{}]|```|^\w+: ", read.said, re.MULTILINE)
    if plain and said.rstrip().endswith("?"):
        return ChangeSet(reply=text[:1000])
    if plain and without_claims(text) != text:
        raise _unusable(_ONLY_CLAIMED)
    raise _unusable(f'it only said "{shorten(text, 200, placeholder=" …")}"' if plain else _NOT_READ)


def _unusable(problem: str) -> ProviderError:
    hint = "nothing was changed; say it in other words, or use another model"
    return ProviderError(f"the model gave no usable change: {problem.rstrip('.')}", code="bad_answer", hint=hint)


def _proposal(subject: Subject, asked: Asked, answer: ChangeSet, judged: Judgement, *, secret: bool) -> Proposal:
    unmet = list(dict.fromkeys([*map(say_unmet, judged.problems), *judged.unmet]))
    withdrawn = {number - 1 for number in answer.withdraw if 0 < number <= len(asked.waiting)} | judged.withdrawn
    told = answer.missing or answer.not_understood or answer.question or withdrawn or answer.decision
    empty = not (judged.steps or judged.locked or told)
    if judged.problems and empty and not secret:
        raise _unusable(say_unmet(judged.problems[0]))
    if secret:
        unmet.append(_WITHHELD)
    reply = without_claims(answer.reply)
    if judged.unchanged and not judged.steps:
        unmet.append("The file is like that already, so nothing is changed.")
    elif empty and not (unmet or reply) and not (asked.question and puts_off(asked.message)):
        unmet.append("I found no change in your message that I could make, so nothing is changed.")
    base = {str(subject.path): subject.text}
    if subject.told_file is not None:
        base[str(subject.told_file)] = subject.told_text
    return Proposal(
        path=subject.path,
        message=asked.message,
        base=base,
        steps=judged.steps,
        locked=judged.locked,
        missing=answer.missing,
        not_understood=answer.not_understood,
        unmet=unmet,
        unchanged=judged.unchanged,
        decided=answer.decision,
        which=[number - 1 for number in answer.which if 0 < number <= len(asked.waiting)],
        withdrawn=sorted(withdrawn),
        reply=reply,
        question=_one_question(answer.question),
        attachments=list(asked.attachments),
        said=list(subject.said) if subject.said is not None else None,
    )


def _one_question(text: str) -> str:
    """Return the first question of a text: one at a time."""
    whole = " ".join(text.split())
    end = whole.find("?")
    return whole[: end + 1] if end >= 0 else whole
