"""Tests that are proposed with a change: each looks at what the change adds, and was run to see that it does."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from gptsmith.agent.builder.attachments import Attachment
from gptsmith.agent.builder.changes.proposal import ProposedOperation
from gptsmith.agent.builder.language.answers import DraftTest
from gptsmith.agent.builder.testing import known
from gptsmith.agent.builder.testing.bench import TrialBench, TriedVersion, folder_with
from gptsmith.agent.builder.testing.checked import CheckedTest, Checker, Verdict
from gptsmith.agent.builder.testing.known import test_of
from gptsmith.agent.builder.testing.proofs import SpecPart, added
from gptsmith.agent.builder.testing.questions import questions, read_texts
from gptsmith.agent.builder.testing.trials import ProposedTexts, Texts
from gptsmith.assistants.editing.operations import Add, Remove, Set, parse_path
from gptsmith.assistants.format.spec import AssistantSpec, Expect, SpecTest
from gptsmith.errors import GptsmithError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from gptsmith.agent.builder.changes import Change

MOST = 4  # new tests with one change
SECONDS = 60.0
_TRIES = 4  # questions for one source
_FILES = 3  # of a folder that is added


class ProposedTest(BaseModel):
    """One operation on the proposed file's tests; `verdict` and `why` say what running it showed.

    Nearly always a test to add; a test that looks at what the change takes away or renames is to be removed or set.
    """

    operation: Add | Set | Remove
    words: str
    part: str
    verdict: Verdict = "not_checked"
    why: str = ""


class TestProposals(BaseModel):
    """The proposals, additions last; `left_out` says in sentences what was tried and does not hold."""

    __test__ = False  # pytest, this is not one of yours

    tests: list[ProposedTest] = []
    left_out: list[str] = []
    note: str = ""

    @property
    def operations(self) -> list[Add | Set | Remove]:
        """The operations, to be applied behind those of the change."""
        return [test.operation for test in self.tests]


def propose_tests(
    path: str | Path,
    after: Texts,
    said: Sequence[str] = (),
    *,
    attachments: Sequence[Attachment] = (),
    builder_model: BaseChatModel | None = None,
    seconds: float = SECONDS,
    progress: Callable[[str], None] | None = None,
    cancel: threading.Event | None = None,
    **options: Any,
) -> TestProposals:
    """Propose tests for what `after` adds to the spec at `path`; nothing is written.

    `said` are the person's own messages, `attachments` files that come with the change. `builder_model` may be asked
    for tests of rules; files are never shown to it. A test is kept when it passes with its part and fails without it.
    The embedded model hardly depends on rules: with it, a test of a rule that passes both ways is kept and says that it
    was not checked. Options are those of `compare`: `model`, `trust`, `allow_hosted`.

    Raises:
        SpecError: the proposed text is no valid spec.
    """
    deadline = time.monotonic() + seconds

    def stopped() -> bool:
        return time.monotonic() > deadline or (cancel is not None and cancel.is_set())

    told = {"model": None, "trust": False, "allow_hosted": False} | options
    texts = ProposedTexts.of(Path(path), after)
    with ExitStack() as held:
        before, now = texts.versions(held.enter_context(folder_with(Path(path), texts.spec, attachments)))
        new = added(before.loaded if before else None, now.loaded)
        gone = added(now.loaded, before.loaded) if before else []
        if not new and not gone:
            return TestProposals()
        scratch = tempfile.TemporaryDirectory(prefix="gptsmith-try-", ignore_cleanup_errors=True)
        bench = held.enter_context(TrialBench(Path(path), Path(held.enter_context(scratch)), told))
        try:
            bench.make_ready(now, progress or _silent)
        except GptsmithError as error:
            return TestProposals(note=f"No test was proposed: {error}")
        asking = _Asking(now, new, list(said), builder_model)
        return _Proposing(Checker(bench, now, stopped), new, gone, asking, progress or _silent).run()


def test_steps(change: Change, **options: Any) -> tuple[list[ProposedOperation], list[str]]:
    """Return the tests that `propose_tests` proposes for a change, as steps of it, and what was tried and left out.

    Where the change itself touches tests, it looks after those that are there, and only new ones are added.
    """
    if change.planned is None:
        return [], []
    itself = any(parse_path(op.path)[0] == "tests" for op in change.operations)
    said = [*(change.proposal.said or []), change.proposal.message]
    coming = change.proposal.attachments
    found = propose_tests(change.path, change.planned, said, attachments=coming, **options)
    kept = [test for test in found.tests if isinstance(test.operation, Add) or not itself]
    return [ProposedOperation(operation=test.operation, words=_told(test)) for test in kept], found.left_out


def _told(test: ProposedTest) -> str:
    if not isinstance(test.operation, Add):
        return test.words
    return f"{test.words} {'Checked' if test.verdict == 'checked' else 'Not checked'}: {test.why}."


def _silent(_text: str) -> None:
    """Say nothing."""


class _Asking:
    """Where candidates come from: the grammar, the files' own text, and the builder's model for rules."""

    def __init__(self, now: TriedVersion, new: list[SpecPart], said: list[str], model: BaseChatModel | None) -> None:
        self.now = now
        self.new = new
        self.said = said
        self._model = model
        self._written: list[DraftTest] | None = None

    def candidates(self, part: SpecPart) -> Iterator[SpecTest]:
        """Yield tests of `part`, the most telling first."""
        spec = self.now.loaded.spec
        if part.kind == "source":
            yield from self._of_source(part)
            return
        for test in self._by_model(part):
            yield _spec_test(test)
        if part.kind == "rule" and (made := test_of(part.text)) is not None:
            yield _spec_test(made)
        elif part.kind == "tool":
            tool = next(tool for tool in spec.tools if tool.name == part.text)
            message = known.call_of(tool.type, tool.name)
            yield SpecTest(name=f"calls {tool.name}", message=message, expect=Expect(calls=[tool.name]))
        elif part.kind == "name":
            yield SpecTest(name="says its name", message="What is your name?", expect=Expect(contains=[part.text]))

    def _by_model(self, part: SpecPart) -> list[DraftTest]:
        if self._model is None:
            return []
        if self._written is None:
            from gptsmith.agent.builder.testing.proofs import written_tests

            asked = [p for p in self.new if p.kind in ("rule", "tool")]
            self._written = written_tests(self._model, self.now.loaded, asked, self.said)
        wanted = part.text if part.kind == "rule" else ""
        if part.kind == "tool":
            return [test for test in self._written if part.text in test.calls]
        return [t for t in self._written if wanted and " ".join(t.part.split()) == " ".join(wanted.split())]

    def _of_source(self, part: SpecPart) -> Iterator[SpecTest]:
        from gptsmith.rag.ingest import expand

        loaded = self.now.loaded
        sources = [
            source.model_copy(update={"paths": [part.text], "urls": []})
            for source in loaded.spec.knowledge
            if part.text in source.paths
        ]
        items = expand(sources, loaded.base_dir or Path.cwd()) if sources else []
        for name, text in read_texts(item.path for item in items[:_FILES] if item.path).items():
            for asked in questions(name, text)[:_TRIES]:
                held = Expect(cites=[name], contains=[asked.phrase] if asked.phrase else [])
                yield SpecTest(name=f"knows {asked.phrase or name} from {name}", message=asked.message, expect=held)


class _Proposing:
    """One run: candidates are checked until each part has its test."""

    def __init__(
        self,
        checker: Checker,
        new: list[SpecPart],
        gone: list[SpecPart],
        asking: _Asking,
        progress: Callable[[str], None],
    ) -> None:
        self.checker = checker
        self.new = new
        self.gone = gone
        self.asking = asking
        self.progress = progress
        self.found = TestProposals()
        self.spec: AssistantSpec = checker.version.loaded.spec
        self.names = {test.name for test in self.spec.tests}

    def run(self) -> TestProposals:
        """Look at what is outdated, then at what is new: sources and tools before rules, the name last."""
        self.found.tests += list(self._outdated())
        order = {"source": 0, "tool": 1, "rule": 2, "name": 3}
        for part in sorted(self.new, key=lambda p: order[p.kind]):
            count = sum(isinstance(t.operation, Add) for t in self.found.tests)
            if count >= MOST or self.checker.stopped():
                break
            self._for(part)
        return self.found

    def _for(self, part: SpecPart) -> None:
        """Add the first candidate that holds, or say why none does."""
        renamed = any(isinstance(t.operation, Set) for t in self.found.tests)
        if part.kind == "name" and (renamed or any(part.text in t.expect.contains for t in self.spec.tests)):
            return
        unproven: ProposedTest | None = None
        reason = ""
        for test in self.asking.candidates(part):
            if any(test.message == other.message and test.expect == other.expect for other in self.spec.tests):
                return  # it is there already
            self.progress(f"Trying a test of {part.words}")
            check = self.checker.check(self._named(test), part)
            if check.verdict == "checked":
                self._add(self._proposal(test, part, check))
                return
            reason = reason or check.why
            if part.kind == "rule" and check.verdict == "not_checked" and not (check.alike and self.checker.able):
                unproven = unproven or self._proposal(test, part, check)
        if unproven is not None:
            self._add(unproven)
        elif reason:
            self.found.left_out.append(f"No test of {part.words} is proposed: the one tried {_fate(reason)}.")

    def _add(self, proposal: ProposedTest) -> None:
        self.found.tests.append(proposal)
        assert isinstance(proposal.operation, Add)  # noqa: S101 - only additions come here
        self.names.add(proposal.operation.value["name"])

    def _proposal(self, test: SpecTest, part: SpecPart, check: CheckedTest) -> ProposedTest:
        test = self._named(test)
        value = {"name": test.name, "message": test.message, "expect": test.expect.model_dump(exclude_defaults=True)}
        end = "" if part.words.endswith((".”", "!”", "?”")) else "."
        words = f"Add the test “{test.name}”: “{test.message}” looks at {part.words}{end}"
        return ProposedTest(
            operation=Add(path="tests", value=value), words=words, part=part.text, verdict=check.verdict, why=check.why
        )

    def _named(self, test: SpecTest) -> SpecTest:
        name, number = test.name[:180], 2
        while name in self.names:
            name, number = f"{test.name[:180]} ({number})", number + 1
        return test.model_copy(update={"name": name})

    def _outdated(self) -> Iterator[ProposedTest]:
        """Yield what to do with tests that look at a part which the change takes away or renames."""
        new_name = next((part.text for part in self.new if part.kind == "name"), "")
        removals = []
        for i, test in enumerate(self.spec.tests):
            for part in self.gone:
                if part.kind == "name" and part.text in test.expect.contains and new_name:
                    value = [new_name if text == part.text else text for text in test.expect.contains]
                    operation = Set(path=f"tests[{i}].expect.contains", value=value)
                    words = f"Let the test “{test.name}” expect the new name."
                    yield ProposedTest(operation=operation, words=words, part=part.text, why="the name is another")
                elif _looks_at(test, part):
                    words = f"Remove the test “{test.name}”, which looks at {part.words}."
                    removals.append(
                        ProposedTest(
                            operation=Remove(path=f"tests[{i}]"), words=words, part=part.text, why="it is gone"
                        )
                    )
                    break
        yield from reversed(removals)  # from the last to the first, so that the positions hold


def _looks_at(test: SpecTest, part: SpecPart) -> bool:
    if part.kind == "tool":
        return part.text in test.expect.calls
    name = part.text.removeprefix("./")
    return part.kind == "source" and any(c == name or name.endswith(f"/{c}") for c in test.expect.cites)


def _spec_test(test: DraftTest) -> SpecTest:
    kept = {key: getattr(test, key) for key in ("contains", "not_contains", "matches", "cites", "calls")}
    return SpecTest(name=test.name, message=test.message, expect=Expect(**{k: v for k, v in kept.items() if v}))


def _fate(reason: str) -> str:
    return f"says nothing, because {reason}" if "without" in reason else f"fails ({reason})"
