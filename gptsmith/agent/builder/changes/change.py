"""A change of an assistant: shown first, applied as a whole or in part, undone to the byte."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gptsmith.agent.builder.attachments import Attachment, bring_files
from gptsmith.agent.builder.changes.guards import lock_on
from gptsmith.agent.builder.changes.judge import instructions_after
from gptsmith.agent.builder.changes.naming import followers
from gptsmith.agent.builder.changes.order import Op, moved_away
from gptsmith.agent.builder.changes.planning import plan, used
from gptsmith.agent.builder.changes.proposal import Proposal, RuleAtRisk, Suggestion
from gptsmith.agent.builder.changes.subject import Subject, lost_rules, read_subject, shown_subject
from gptsmith.agent.builder.language.answers import Missing
from gptsmith.assistants.editing.edited_file import Plan, unified
from gptsmith.assistants.files.versions import Version, Versions
from gptsmith.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Change:
    """What a message would change in a spec file. Nothing is written before `apply`.

    `operations` and `words` go together: one sentence for each, made from the operation. What is not among them is not
    in the file: `missing`, `not_understood` and `unmet` say what was asked for and is not done, `locked` what is only
    suggested, `rules_at_risk` which of the person's rules an operation would lose. After `apply`, `overtaken` are the
    operations that only followed from another one, and whose text was changed meanwhile and no longer needs them.
    """

    def __init__(self, proposal: Proposal) -> None:
        self.proposal = proposal
        self.version: Version | None = None
        self._written: Plan | None = None
        self.overtaken: frozenset[int] = frozenset()

    @property
    def path(self) -> Path:
        """The spec file."""
        return self.proposal.path

    @property
    def operations(self) -> list[Op]:
        """The operations, for the file as it was shown."""
        return [step.operation for step in self.proposal.steps]

    @property
    def words(self) -> list[str]:
        """One sentence for each operation."""
        return [step.words for step in self.proposal.steps]

    @property
    def missing(self) -> list[Missing]:
        """What is asked for and is not there, each with the way to add it."""
        return self.proposal.missing

    @property
    def not_understood(self) -> list[str]:
        """The parts of the message that were not understood, in the person's words."""
        return self.proposal.not_understood

    @property
    def unmet(self) -> list[str]:
        """What was proposed and cannot be, and why."""
        return self.proposal.unmet

    @property
    def locked(self) -> list[Suggestion]:
        """Changes of locked parts, with the lines to write by hand. They are never applied."""
        return self.proposal.locked

    @property
    def reply(self) -> str:
        """What there is to say besides the changes."""
        return self.proposal.reply

    @property
    def question(self) -> str:
        """The one thing that is asked back, empty when there is none."""
        return self.proposal.question

    @property
    def rules_at_risk(self) -> list[RuleAtRisk]:
        """The person's rules that an operation would drop or alter although nobody asked for it, or goes against."""
        return [
            RuleAtRisk(rule=rule, step=number, question=f'Change {number + 1} drops your rule "{rule}". Shall it go?')
            for number, step in enumerate(self.proposal.steps)
            for rule in step.drops
        ] + [
            RuleAtRisk(
                rule=rule,
                step=number,
                question=f'Change {number + 1} goes against your rule "{rule}", which stays. Shall both stand there?',
            )
            for number, step in enumerate(self.proposal.steps)
            for rule in step.opposes
        ]

    @property
    def changes_nothing(self) -> bool:
        """Say whether there is nothing to apply."""
        return not self.proposal.steps

    @property
    def planned(self) -> Plan | None:
        """The whole change as an edit of the files as they were shown; None when it changes nothing."""
        return None if self.changes_nothing else self._whole

    @cached_property
    def _whole(self) -> Plan:
        return plan(self.shown, self.operations, self.proposal.attachments)

    @property
    def diff(self) -> str:
        """The unified diff of the spec, and of its `instructions_file`, as the whole change would leave them."""
        return self.diff_of(None)

    def diff_of(self, only: Iterable[int] | None) -> str:
        """Return the diff of a part of the change: of the operations with these numbers, from 0."""
        return _diff(self.planned if only is None else self.plan(only))

    @property
    def written_diff(self) -> str:
        """The diff of what `apply` wrote, which is less than the whole where only a part was meant."""
        return _diff(self._written)

    @property
    def after_texts(self) -> Mapping[Path, str]:
        """The files' texts with the whole change, by file: what a preview or a trial is run on."""
        return {edit.path: edit.after for edit in self.planned.files} if self.planned else {}

    def with_tests(self, **options: Any) -> Change:
        """Return this change with tests of what it adds, each run with that part and without it; nothing is written.

        What was tried and shows nothing is said in `unmet`.
        Options are those of `proposals.propose_tests`: `model`, `builder_model`, `seconds`, `progress`, `cancel`, ….
        """
        from gptsmith.agent.builder.testing.proposals import test_steps

        steps, left_out = test_steps(self, **options) if self.planned is not None else ([], [])
        if not (steps or left_out):
            return self
        more = {"steps": [*self.proposal.steps, *steps], "unmet": [*self.proposal.unmet, *left_out]}
        return Change(self.proposal.model_copy(update=more))

    def plan(self, only: Iterable[int] | None = None) -> Plan:
        """Say what `apply` would write for the files as they were shown; nothing is written."""
        chosen = None if only is None else self._chosen(only)
        if chosen is None or chosen == self.operations:
            return self._whole
        return plan(self.shown, chosen, self.proposal.attachments)

    def apply(self, only: Iterable[int] | None = None) -> Version | None:
        """Write the change, or the operations with these numbers (from 0), and return the new version.

        A file that was changed meanwhile is read again: where all that the operations are about is still there, they
        are made on it, else nothing is written. None when nothing is different.

        Raises:
            UsageError: `asks_first`, an operation drops or opposes a rule of the person's, and `only` is not given;
                `changed_on_disk`; `applied` already; a number that is none; a file that cannot be written.
            SpecError: the spec would not be valid, as with a part of a change that needs the rest.
        """
        if self.version is not None:
            raise UsageError("this change is applied already", code="applied", hint="undo takes it back")
        numbers = None if only is None else list(only)
        self._ask_first(numbers)
        ops = self._chosen(numbers)
        if not ops:
            return None
        if not self.shown.is_on_disk and self._is_written(numbers):
            return self.version
        planned, now = self._current(ops, numbers)
        made = self._bring(planned, now)
        try:
            self.version = Versions(self.path).write(
                planned, author="builder", reason=_in_one_line(self.proposal.message)
            )
        except BaseException:  # whatever stopped it, no file may stay that no spec names
            for file in made:
                file.unlink(missing_ok=True)
            raise
        self._written = planned
        return self.version

    def undo(self) -> Version:
        """Take the applied change back, to the byte.

        Raises UsageError when it is not applied, or when the file was changed since: `changed_since`.
        """
        if self.version is None:
            raise UsageError("this change is not applied", code="not_applied", hint="there is nothing to take back")
        last = Versions(self.path).list()[-1]
        if last.number != self.version.number:
            hint = f"restore version {self.version.number - 1}, or undo the later changes first"
            raise UsageError(f"{self.path.name} was changed since", code="changed_since", hint=hint)
        taken_back = Versions(self.path).undo()
        self.version = None
        return taken_back

    def _is_written(self, numbers: list[int] | None) -> bool:
        """Say whether the files are what the operations make of them: a program that ended too early had written."""
        planned = self.plan(numbers)
        if any(not e.path.is_file() or e.path.read_bytes() != e.after.encode("utf-8") for e in planned.files):
            return False
        self._written = planned
        self.version = next(reversed(Versions(self.path).list()), None)
        return True

    def _ask_first(self, numbers: list[int] | None) -> None:
        risky = {risk.step: risk for risk in reversed(self.rules_at_risk)}
        if numbers is not None or not risky:
            return
        step, risk = min(risky.items())
        safe = [n for n in range(len(self.operations)) if n not in risky]
        does = "drop" if risk.rule in self.proposal.steps[step].drops else "go against"
        raise UsageError(
            f'change {step + 1} would {does} the rule "{risk.rule}"',
            code="asks_first",
            hint=f"name the changes that are meant, as in only={safe or [step]}; nothing was written",
        )

    def _chosen(self, only: Iterable[int] | None) -> list[Op]:
        ops = self.operations
        if only is None:
            return ops
        numbers = sorted(set(only))
        for number in numbers:
            if not 0 <= number < len(ops):
                there = f"there are 0 to {len(ops) - 1}" if ops else "this change has none"
                raise UsageError(f"there is no operation {number}", code="no_such_change", hint=there)
        return [ops[number] for number in numbers]

    @cached_property
    def shown(self) -> Subject:
        """The file as it was shown."""
        return shown_subject(self.path, self.proposal.base, self.proposal.said)

    def _current(self, ops: Sequence[Op], numbers: list[int] | None) -> tuple[Plan, Subject]:
        """Plan for the files as they are now."""
        shown = self.shown
        if shown.is_on_disk:
            return self.plan(numbers), shown
        now = read_subject(self.path, self.proposal.said)
        ops, anew = self._of_now(ops, numbers, now)
        why = moved_away(ops, shown.data, now.data)
        ops = [*ops, *anew]
        if not why and any(lock_on(op, now) for op in ops):
            why = "a part of it is locked now"
        if not why:
            agreed = lost_rules(shown.rules, instructions_after(shown, ops))
            new = [rule for rule in lost_rules(now.rules, instructions_after(now, ops)) if rule not in agreed]
            why = f'the rule "{new[0]}" would be lost' if new else ""
        if why:
            hint = "nothing was written; ask for the change again"
            raise UsageError(f"{self.path.name} was changed meanwhile: {why}", code="changed_on_disk", hint=hint)
        return plan(now, ops, self.proposal.attachments), now

    def _of_now(self, ops: Sequence[Op], numbers: list[int] | None, now: Subject) -> tuple[Sequence[Op], list[Op]]:
        """Return the operations without what only follows and whose text was changed, and what follows now."""
        steps = self.proposal.steps
        meant = sorted(set(range(len(steps)) if numbers is None else numbers))
        following = [n for n in meant if steps[n].follows]
        gone = {n for n in following if moved_away([steps[n].operation], self.shown.data, now.data)}
        own = [steps[n] for n in meant if not steps[n].follows]
        if not gone or moved_away([step.operation for step in own], self.shown.data, now.data):
            return ops, []
        before = {step.operation.path for n, step in enumerate(steps) if step.follows and n not in gone}
        anew = [step for step in followers(own, now) if step.operation.path not in before]
        done = {text for step in anew for text in (step.operation.path, step.words)}
        self.overtaken = frozenset(n for n in gone if not done & {steps[n].operation.path, steps[n].words})
        return [steps[n].operation for n in meant if n not in gone], [step.operation for step in anew]

    def _bring(self, planned: Plan, subject: Subject) -> list[Path]:
        """Copy the attached files that the new spec names beside it."""
        coming: list[Attachment] = used(planned, subject, self.proposal.attachments)
        if not coming:
            return []
        try:
            return bring_files(coming, subject.files_folder.removesuffix(".files"), subject.path.parent)
        except OSError as error:
            where = error.filename or subject.files_folder
            hint = "nothing was changed; make room, or name the file differently"
            raise UsageError(f"{where} cannot be written ({error.strerror})", code="not_writable", hint=hint) from error


def _diff(planned: Plan | None) -> str:
    return "".join(unified(e.before, e.after, e.path.name) for e in planned.files) if planned else ""


def _in_one_line(message: str) -> str:
    """Return what was said, several messages apart from each other, as the reason of a version."""
    return "; ".join(line.strip() for line in message.splitlines() if line.strip())
