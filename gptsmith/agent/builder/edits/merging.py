"""A proposal that waits, and a new message: what both want becomes one proposal."""

from __future__ import annotations

from gptsmith.agent.builder.edits.order import conflicts
from gptsmith.agent.builder.edits.planning import plan
from gptsmith.agent.builder.edits.proposal import Proposal, ProposedStep
from gptsmith.agent.builder.edits.subject import Subject
from gptsmith.assistants.operations import ReplaceText
from gptsmith.errors import SpecError, UsageError


def merge(waiting: Proposal, new: Proposal, subject: Subject) -> tuple[Proposal, str]:
    """Return the proposal that now waits, and a sentence on what became of the one before.

    Steps of `waiting` stay unless `new` withdraws them, has another wish for the same place, or wants there what the
    file has.
    """
    if waiting.base != new.base:
        return new, "The file was changed, so the change that waited is gone." if waiting.steps else ""
    taken_back = [
        step
        for number, step in enumerate(waiting.steps)
        if number in new.withdrawn or step.operation.path in new.unchanged
    ]
    left = [step for step in waiting.steps if step not in taken_back]
    both = [*left, *new.steps]
    clashing = {first for first, second in conflicts(subject.data, [s.operation for s in both]) if second >= len(left)}
    replaced = [step for n, step in enumerate(left) if n in clashing]
    kept = [step for n, step in enumerate(left) if n not in clashing]
    steps = [*kept, *(step for step in new.steps if step not in kept)]
    attachments = list({a.name: a for a in [*waiting.attachments, *new.attachments]}.values())
    try:
        if steps:
            plan(subject, [step.operation for step in steps], attachments)
    except (UsageError, SpecError):
        return new, "This replaces the change that waited: the two do not go together."
    unmet = new.unmet if not taken_back else [text for text in new.unmet if "like that already" not in text]
    merged = new.model_copy(
        update={
            "message": f"{waiting.message}\n{new.message}",
            "steps": steps,
            "attachments": attachments,
            "unmet": unmet,
            "locked": [*waiting.locked, *(held for held in new.locked if held not in waiting.locked)],
        }
    )
    gone = [*replaced, *(step for step in taken_back if not any(_altered(step, other) for other in new.steps))]
    return merged, _told(len(kept), len(new.steps), [step.words for step in gone])


def _altered(step: ProposedStep, other: ProposedStep) -> bool:
    """Say whether `other` puts other words in where `step` puts some: it is the same change, said otherwise."""
    one, two = step.operation, other.operation
    return isinstance(one, ReplaceText) and isinstance(two, ReplaceText) and (one.path, one.old) == (two.path, two.old)


def _told(kept: int, new: int, gone: list[str]) -> str:
    parts = [f"No longer: {words}" for words in gone]
    if kept and new:
        parts.insert(0, "This comes to the change that waits.")
    elif kept:
        parts.append("The rest still waits." if gone else "The change that waits stays as it is.")
    return " ".join(parts)
