"""The judgement of a model's answer: which operations hold, which are only suggested, and what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gptsmith.agent.builder.attachments import Attachment
from gptsmith.agent.builder.edits import removal
from gptsmith.agent.builder.edits.answered import kept, why_turned_round
from gptsmith.agent.builder.edits.guards import faults, foreign_files, lock_on, why_locked
from gptsmith.agent.builder.edits.mending import mended, on_what_waits, plain_path
from gptsmith.agent.builder.edits.naming import followers, renamed
from gptsmith.agent.builder.edits.order import Op, conflicts, in_order
from gptsmith.agent.builder.edits.planning import plan
from gptsmith.agent.builder.edits.proposal import ProposedStep, Suggestion
from gptsmith.agent.builder.edits.rules import asked_to_drop, lost_rules, new_rules, opposed_rules
from gptsmith.agent.builder.edits.sentences import is_same, sentence, spoken
from gptsmith.agent.builder.edits.subject import Subject
from gptsmith.agent.builder.rule_sense import says
from gptsmith.assistants.changes import ChangeSet, ProposedChange
from gptsmith.assistants.edited_file import PlannedEdit
from gptsmith.assistants.operations import Add, ReplaceText, Set, apply_to_data
from gptsmith.assistants.splice import SpliceRefusedError
from gptsmith.assistants.writer import Style, entry_lines, item_lines
from gptsmith.errors import SpecError, UsageError

MOST = 60
"""Operations that one answer may hold."""


@dataclass(frozen=True)
class Asked:
    """What the person said: the message, and with it what they said before; and the files that came with it.

    `waiting` are the changes that were proposed before and are not decided on; `question` is the builder's own that is
    open.
    """

    message: str
    earlier: Sequence[str] = ()
    attachments: Sequence[Attachment] = ()
    waiting: Sequence[ProposedStep] = ()
    question: str = ""

    @property
    def spoken(self) -> str:
        """Everything that the person said."""
        return "\n".join([*self.earlier, self.message])


@dataclass
class Judgement:
    """What holds of an answer.

    `problems` are what cannot be, `reminders` what the person's rules ask for: both for the model to mend. `unmet` is
    for the person to read. `withdrawn` are the places of those changes that waited and that a step replaces.
    """

    steps: list[ProposedStep] = field(default_factory=list)
    locked: list[Suggestion] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    reminders: list[str] = field(default_factory=list)
    unmet: list[str] = field(default_factory=list)
    unchanged: list[Op] = field(default_factory=list)
    withdrawn: set[int] = field(default_factory=set)


def judge(answer: ChangeSet, subject: Subject, asked: Asked) -> Judgement:
    """Hold an answer against the file, the schema, the registry and the person's own words."""
    found = Judgement()
    changes = [change.model_copy(update={"path": plain_path(change.path)}) for change in answer.changes]
    for number in range(len(answer.changes)):
        if number >= MOST:
            found.problems.append(f"changes: more than {MOST}; propose only what the message asks for")
            break
        _weigh(number, changes, subject, asked, found)
    _without_conflicts(subject, found)
    _carry_name(subject, found)
    planned = _plan(subject, asked, found)
    found.problems = list(dict.fromkeys(found.problems))
    if planned is not None:
        _mind_rules(planned, subject, asked, found)
    return found


def _weigh(number: int, changes: Sequence[ProposedChange], subject: Subject, asked: Asked, found: Judgement) -> None:
    change = changes[number]
    where = f"changes[{number}] ({change.op} {change.path[:80]})"
    try:
        for op in _meant(change, subject, asked, found):
            wrong = [f"{where}: {fault}" for fault in faults(op, subject, asked.message, asked.spoken)]
            turned = why_turned_round(op, asked.question, asked.message)
            wrong += [f"{where}: {turned}"] if turned else []
            wrong += [f"{where}: {fault}" for fault in removal.faults(op, change, changes, subject, asked.message)]
            if not wrong and not is_same(op, subject.data):
                after = apply_to_data(subject.data, in_order(subject.data, [op]))
                wrong += [f"{where}: {fault}" for fault in foreign_files(after, subject, asked.spoken)]
            found.problems += wrong
            if wrong:
                continue
            if is_same(op, subject.data):
                found.unchanged.append(op)
            elif all(step.operation != op for step in found.steps):
                words = spoken(op, subject.data, change.words, asked.message)
                _take(ProposedStep(operation=op, words=words, asked=change.asked), subject, found)
    except UsageError as error:
        found.problems.append(f"{where}: {error}")


def _take(step: ProposedStep, subject: Subject, found: Judgement) -> None:
    """Propose a step, or only suggest it where it would touch what is locked."""
    if locked := lock_on(step.operation, subject):
        found.locked.append(_suggestion(step.operation, subject, why_locked(locked)))
    else:
        found.steps.append(step)


def _meant(change: ProposedChange, subject: Subject, asked: Asked, found: Judgement) -> list[Op]:
    """Return the operations that a change means, for the file or for what waits."""
    out: list[Op] = []
    for named in removal.named_items(change, subject):
        meant, place = on_what_waits(named, subject, [step.operation for step in asked.waiting])
        found.withdrawn |= {place} if place is not None else set()
        out += mended(kept(meant, asked.question, asked.message), subject, list(asked.attachments))
    return out


def _carry_name(subject: Subject, found: Judgement) -> None:
    """Put what a new name brings along directly behind it."""
    coming, own = list(followers(found.steps, subject)), found.steps
    found.steps = []
    for step in own:
        found.steps.append(step)
        for follower in coming:
            if follower.follows == step.operation.path:
                _take(follower, subject, found)


def _suggestion(op: Op, subject: Subject, why: str, lines: Sequence[str] | None = None) -> Suggestion:
    if lines is None:
        if isinstance(op, ReplaceText):
            lines = op.new.splitlines()
        elif isinstance(op, Set):
            lines = entry_lines(op.path.rsplit(".", 1)[-1], op.value, 0, style=Style())
        else:
            lines = item_lines(op.value, 0, style=Style()) if isinstance(op, Add) else []
    return Suggestion(path=op.path, words=sentence(op, subject.data), why=why, lines=list(lines))


def _without_conflicts(subject: Subject, found: Judgement) -> None:
    dropped = set()
    for first, second in conflicts(subject.data, [step.operation for step in found.steps]):
        if first in dropped or second in dropped:
            continue
        dropped.add(second)
        one, other = found.steps[first].operation.path, found.steps[second].operation.path
        where = one if one == other else f"{one} and {other}"
        found.problems.append(f"two changes of {where} exclude each other; propose one, for the file as it is shown")
    found.steps = [step for n, step in enumerate(found.steps) if n not in dropped]


def _plan(subject: Subject, asked: Asked, found: Judgement) -> PlannedEdit | None:
    """Plan all steps; where that fails, those that can be planned together, and say what is wrong with the others."""
    try:
        return _planned(subject, asked, found.steps)
    except (UsageError, SpecError) as error:
        whole = error
    kept: list[ProposedStep] = []
    left = list(found.steps)
    for _ in range(2):  # a second round, for what needs another step to be there first
        waiting = []
        for step in left:
            try:
                _planned(subject, asked, [*kept, step])
            except (UsageError, SpecError):
                waiting.append(step)
            else:
                kept.append(step)
        left = waiting
    for step in left:
        _refuse(step, [*kept], subject, asked, found)
    if not left:
        found.problems.append(str(whole))
    found.steps = [step for step in found.steps if step in kept]
    return _planned(subject, asked, found.steps) if found.steps else None


def _refuse(step: ProposedStep, kept: list[ProposedStep], subject: Subject, asked: Asked, found: Judgement) -> None:
    try:
        _planned(subject, asked, [*kept, step])
    except SpliceRefusedError as error:
        why = f"line {error.line} is written in a way that cannot be changed safely; write it there by hand"
        found.locked.append(_suggestion(step.operation, subject, why, error.lines))
    except SpecError as error:
        told = "; ".join(
            ": ".join([d.path, "; ".join(filter(None, [d.message, d.hint]))]) for d in error.diagnostics[:5]
        )
        found.problems.append(f"{step.operation.op} {step.operation.path}: {told}")
    except UsageError as error:
        found.problems.append(f"{step.operation.op} {step.operation.path}: {error}")


def _planned(subject: Subject, asked: Asked, steps: Sequence[ProposedStep]) -> PlannedEdit:
    return plan(subject, [step.operation for step in steps], asked.attachments)


def _mind_rules(planned: PlannedEdit, subject: Subject, asked: Asked, found: Judgement) -> None:
    """Find the person's rules that would be lost although they did not ask for that, and new ones that are not kept."""
    after = instructions_after(subject, [step.operation for step in found.steps])
    lost = [rule for rule in lost_rules(subject.rules, after) if not asked_to_drop(rule, asked.message)]
    if names := renamed(found.steps, subject):
        lost = [rule for rule in lost if not says(after, rule.replace(*names))]
    for rule in lost:
        found.reminders.append(
            f'this would lose the person\'s rule "{rule}", which they did not ask to drop; keep it word for word'
        )
    if lost:
        found.steps = [_with_losses(step, lost, subject) for step in found.steps]
    opposed = opposed_rules(subject.rules, subject.instructions, after)
    opposed = [rule for rule in opposed if rule not in lost_rules(subject.rules, after)]
    for rule in opposed:
        found.reminders.append(
            f'this goes against the person\'s rule "{rule}", which stays; change that rule if the message asks for it,'
            " else leave this out and ask about it in question"
        )
    if opposed:
        found.steps = [_with_opposed(step, opposed, subject) for step in found.steps]
    if asked.message.rstrip().endswith("?") or "instructions" in subject.locked:
        return
    for rule in new_rules(asked.message):
        if not says(after, rule) and not asked_to_drop(rule, asked.message):
            found.reminders.append(
                f'the person\'s rule "{rule}" stands nowhere in the instructions; add it in their words'
            )
            found.unmet.append(f'Your rule "{rule}" is not in the file yet.')


def _with_losses(step: ProposedStep, lost: list[str], subject: Subject) -> ProposedStep:
    if not step.operation.path.startswith("instructions"):
        return step
    gone = lost_rules(lost, instructions_after(subject, [step.operation]))
    return step.model_copy(update={"drops": gone})


def _with_opposed(step: ProposedStep, opposed: list[str], subject: Subject) -> ProposedStep:
    if not step.operation.path.startswith("instructions"):
        return step
    after = instructions_after(subject, [step.operation])
    return step.model_copy(update={"opposes": opposed_rules(opposed, subject.instructions, after)})


def instructions_after(subject: Subject, ops: Sequence[Op]) -> str:
    """Return the instructions as `ops` leave them, wherever they stand."""
    told = [op for op in ops if op.path == "instructions"]
    data: Any = apply_to_data(subject.data, in_order(subject.data, told))
    return str(data.get("instructions", ""))
