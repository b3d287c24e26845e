"""A proposal: what one message would change in a file, as plain data that a checkpoint can keep."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from gptsmith.agent.builder.attachments import Attachment
from gptsmith.agent.builder.changes.order import Op, changed, conflicts
from gptsmith.agent.builder.changes.planning import plan
from gptsmith.agent.builder.changes.subject import Subject
from gptsmith.agent.builder.language.answers import Missing
from gptsmith.assistants.editing.operations import Add, Operation, ReplaceText, Set, parse_path
from gptsmith.errors import SpecError, UsageError


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class ProposedOperation(_Part):
    """One operation, in words that code has made or checked, and the person's rules that it drops or goes against.

    `follows` is the path of the change that this one comes along with: where that goes, this goes too.
    """

    operation: Operation
    words: str
    asked: str = ""
    drops: list[str] = []
    opposes: list[str] = []
    follows: str = ""


class Suggestion(_Part):
    """A change that is left to the person: a locked part, or a line that cannot be spliced.

    `lines` are what to write at `path`, empty for something to take out.
    """

    path: str
    words: str
    why: str
    lines: list[str] = []


class RuleAtRisk(_Part):
    """A rule of the person's that `step` would drop or alter although nobody asked for that, or goes against."""

    rule: str
    step: int
    question: str


class Proposal(_Part):
    """What one message would change. Every path refers to the files as they are in `base`.

    `base` maps each file to its text as it was shown; `unmet` says what was asked for and cannot be done, `unchanged`
    are the operations that leave the file as it is, `decided` is what the message decides on the proposal that waited,
    and `which` the places of it that are meant (none: all); `withdrawn` are the places (from 0), in that proposal, of
    what is taken back or replaced.
    """

    path: Path
    message: str
    base: dict[str, str]
    steps: list[ProposedOperation] = []
    locked: list[Suggestion] = []
    missing: list[Missing] = []
    not_understood: list[str] = []
    unmet: list[str] = []
    unchanged: list[Operation] = []
    decided: Literal["", "accept", "refuse", "undo"] = ""
    which: list[int] = []
    withdrawn: list[int] = []
    reply: str = ""
    question: str = ""
    attachments: list[Attachment] = []
    said: list[str] | None = None


def without(steps: Sequence[ProposedOperation], gone: Container[int]) -> list[ProposedOperation]:
    """Return the steps without those at the places `gone`, and without what only followed from one of them."""
    dropped = {step.operation.path for number, step in enumerate(steps) if number in gone and not step.follows}
    return [step for number, step in enumerate(steps) if number not in gone and step.follows not in dropped]


def with_followers(numbers: Sequence[int], steps: Sequence[ProposedOperation], *, tests: bool = False) -> list[int]:
    """Return the places of what is meant, with what comes along with it where none of that is named itself.

    With `tests` only the tests come along, without which they would expect what is no longer there.
    """
    out = set(numbers)
    for number in numbers:
        if not 0 <= number < len(steps) or steps[number].follows:
            continue
        path = steps[number].operation.path
        coming = {n for n, step in enumerate(steps) if step.follows == path}
        if not tests and not coming & out:
            out |= coming
        out |= {n for n in coming if steps[n].operation.path.startswith("tests[")}
    return sorted(out)


# A proposal that waits, and a new message: what both want becomes one proposal, told apart by the text they touch.


@dataclass(frozen=True)
class Merged:
    """What waits now, and a sentence on what became of the proposal before.

    `otherwise` is what waits instead when the person wants to keep `doubtful`: steps that nobody took back and that do
    not go together with the new ones. The person is asked about them.
    """

    proposal: Proposal
    told: str = ""
    doubtful: tuple[str, ...] = ()
    otherwise: Proposal | None = None


def merge(waiting: Proposal, new: Proposal, subject: Subject) -> Merged:
    """Put a proposal that waits and a new one together.

    Steps of `waiting` stay unless `new` withdraws them, has another wish for the same words, or wants there what the
    file has. What would go without having been spoken of is asked about.
    """
    if waiting.base != new.base:
        return Merged(new, "The file was changed, so the change that waited is gone." if waiting.steps else "")
    taken_back = [
        step
        for number, step in enumerate(waiting.steps)
        if number in new.withdrawn or any(_as_in_file(step.operation, op, subject) for op in new.unchanged)
    ]
    left = without(waiting.steps, {n for n, step in enumerate(waiting.steps) if step in taken_back})
    waits = [step.operation for step in left]  # what is proposed once more stays proposed, once
    fresh = [step for step in new.steps if step.operation not in waits]
    new = new.model_copy(update={"steps": [step for step in fresh if not _gives_way(step, left, subject)]})
    pairs = conflicts(subject.data, [step.operation for step in [*left, *new.steps]])
    clashing = [(first, second - len(left)) for first, second in pairs if first < len(left) <= second]
    amended = {
        first
        for first, second in clashing
        if left[first].follows or _same_place(left[first].operation, new.steps[second].operation)
    }
    doubtful = {first for first, _ in clashing} - amended
    doubtful |= {n for n, step in enumerate(left) if any(_may_be_meant(step.operation, op) for op in new.unchanged)}
    kept = [step for n, step in enumerate(left) if n not in amended | doubtful]
    replaced = [left[n] for n in sorted(amended)]
    merged = _joined(waiting, new, [*kept, *(step for step in new.steps if step not in kept)], bool(taken_back))
    against = {second for first, second in clashing if first in doubtful}
    rest = [step for n, step in enumerate(left) if n not in amended]
    instead = [*rest, *(step for n, step in enumerate(new.steps) if n not in against and step not in rest)]
    otherwise = _joined(waiting, new, instead, bool(taken_back))
    if not _goes_together(merged, subject):
        merged, otherwise, kept, doubtful = new, waiting, [], set(range(len(left)))
    gone = [*replaced, *(step for step in taken_back if not any(_altered(step, other) for other in new.steps))]
    told = _told(len(kept), len(new.steps), [step.words for step in gone if not step.follows])
    asked = tuple(left[n].words for n in sorted(doubtful))
    return Merged(merged, told, asked, otherwise if asked and _goes_together(otherwise, subject) else None)


def _gives_way(step: ProposedOperation, left: list[ProposedOperation], subject: Subject) -> bool:
    """Say whether a step that only follows from another would change what a change that waits is about."""
    own = [other.operation for other in left if not other.follows]
    return bool(step.follows) and any(conflicts(subject.data, [op, step.operation]) for op in own)


def _joined(waiting: Proposal, new: Proposal, steps: list[ProposedOperation], taken_back: bool) -> Proposal:
    attachments = list({a.name: a for a in [*waiting.attachments, *new.attachments]}.values())
    unmet = new.unmet if not taken_back else [text for text in new.unmet if "like that already" not in text]
    return new.model_copy(
        update={
            "message": f"{waiting.message}\n{new.message}",
            "steps": steps,
            "attachments": attachments,
            "unmet": unmet,
            "locked": [*waiting.locked, *(held for held in new.locked if held not in waiting.locked)],
        }
    )


def _goes_together(proposal: Proposal, subject: Subject) -> bool:
    if not proposal.steps:
        return True
    try:
        plan(subject, [step.operation for step in proposal.steps], proposal.attachments)
    except (UsageError, SpecError):
        return False
    return True


def _as_in_file(step: Op, wanted: Op, subject: Subject) -> bool:
    """Say whether `wanted`, which leaves the file as it is, takes back what `step` would change there."""
    if step.path != wanted.path:
        return False
    if isinstance(step, ReplaceText) and isinstance(wanted, ReplaceText):
        text = _text(subject, wanted.path)
        start = text.find(wanted.old)
        first, last, _ = changed(text, step)
        return (
            first < start + len(wanted.old) and start < last
            if first < last
            else start < first < start + len(wanted.old)
        )
    return not isinstance(step, Add) and not _may_be_meant(step, wanted)


def _may_be_meant(step: Op, wanted: Op) -> bool:
    """Say whether a whole text or list that stays as it is may be meant to take back a part of it."""
    place, other = parse_path(step.path), parse_path(wanted.path)
    if not isinstance(wanted, Set) or other != place[: len(other)]:
        return False
    return place != other or wanted.path == "instructions" or (isinstance(step, Add) and isinstance(wanted.value, list))


def _same_place(step: Op, other: Op) -> bool:
    """Say whether two steps are two wishes for one place, of which the later counts."""
    if isinstance(step, ReplaceText) != isinstance(other, ReplaceText):
        return False
    return step.path == other.path


def _altered(step: ProposedOperation, other: ProposedOperation) -> bool:
    """Say whether `other` puts other words in where `step` puts some: it is the same change, said otherwise."""
    one, two = step.operation, other.operation
    return isinstance(one, ReplaceText) and isinstance(two, ReplaceText) and (one.path, one.old) == (two.path, two.old)


def _text(subject: Subject, path: str) -> str:
    if path == "instructions":
        return subject.instructions
    from gptsmith.assistants.editing.operations import value_at

    found: Any = value_at(subject.data, parse_path(path))
    return str(found)


def _told(kept: int, new: int, gone: list[str]) -> str:
    parts = [f"No longer: {words}" for words in gone]
    if kept and new:
        parts.insert(0, "This comes to the change that waits.")
    elif kept:
        parts.append("The rest still waits." if gone else "The change that waits stays as it is.")
    return " ".join(parts)
