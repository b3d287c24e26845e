"""A checked test: it passed with the part that it looks at, and failed with that part taken away."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel

from gptsmith.agent.builder.attachments import Attachment, files_in
from gptsmith.agent.builder.testing.bench import TrialBench, TriedVersion
from gptsmith.agent.builder.testing.proofs import SpecPart, part_of, without
from gptsmith.agent.runtime.spec_tests import TestResult
from gptsmith.assistants.format.loader import load_file
from gptsmith.assistants.format.spec import SpecTest
from gptsmith.errors import GptsmithError

if TYPE_CHECKING:
    from gptsmith.agent.builder.builder import BuiltDraft


Verdict = Literal["checked", "not_checked", "failing"]


class CheckedTest(BaseModel):
    """What running a test with its part and without it showed; `why` is a sentence for the person.

    `checked`: it passes with the part and fails without. `not_checked`: it may be right, this model cannot show it.
    `failing`: it fails although the part is there. `alike`: it was run both ways and passes without the part too.
    """

    name: str
    verdict: Verdict
    why: str
    alike: bool = False


class Checker:
    """Checks tests of one version of a spec; the versions without a part are made once."""

    def __init__(self, bench: TrialBench, version: TriedVersion, stopped: Callable[[], bool]) -> None:
        self.bench = bench
        self.version = version
        self.stopped = stopped
        self._lacking: dict[SpecPart, TriedVersion] = {}

    @property
    def able(self) -> bool:
        """Whether the model's answers follow rules at all, so that a test that passes without its rule says nothing."""
        return self.bench.draws

    def check(self, test: SpecTest, part: SpecPart | None) -> CheckedTest:
        """Run `test` with `part` and without it."""

        def found(verdict: Verdict, why: str) -> CheckedTest:
            return CheckedTest(name=test.name, verdict=verdict, why=why)

        if reason := self.bench.held_back(test):
            return found("not_checked", reason)
        if part is None:
            return found("not_checked", "it looks at no single part of the spec")
        results: list[TestResult] = []
        for version in (self.version, self._without(part)):
            result = None if self.stopped() else self.bench.run(version, test, self.stopped)
            if result is None or result.error == "stopped":
                return found("not_checked", "there was no time left")
            if result.error:
                return found("not_checked", f"the model did not answer: {'; '.join(result.failures)}")
            if not result.passed and not results:
                return found("failing", "; ".join(result.failures))
            results.append(result)
        if results[1].passed:
            why = f"{self.bench.model_name} answers so without {part.words} too"
            return CheckedTest(name=test.name, verdict="not_checked", why=why, alike=True)
        return found("checked", f"passes with {part.words} and fails without")

    def _without(self, part: SpecPart) -> TriedVersion:
        if part not in self._lacking:
            self._lacking[part] = TriedVersion(without(self.version.loaded, part), lacking=True)
        return self._lacking[part]


def summary(checks: Iterable[CheckedTest]) -> str:
    """Return one line: how many tests are checked, and why the others are not."""
    checks = list(checks)
    done = sum(check.verdict == "checked" for check in checks)
    rest = [f"{c.name}: {'fails, ' * (c.verdict == 'failing')}{c.why}" for c in checks if c.verdict != "checked"]
    return "; ".join([f"{done} of {len(checks)} tests checked", *rest])


# The checks of a draft's tests: each run with its part and without it, before anything is saved.

SECONDS = 60.0
_MOST_BYTES = 200_000_000


def check_draft(
    built: BuiltDraft,
    *,
    seconds: float = SECONDS,
    progress: Callable[[str], None] | None = None,
    cancel: threading.Event | None = None,
    **options: Any,
) -> list[CheckedTest]:
    """Run the tests of a draft in a folder that goes afterwards, and return what each showed, in their order.

    A draft is tried as it would be saved, its files beside it. Options: `model`, `trust`, `allow_hosted`.
    """
    deadline = time.monotonic() + seconds

    def stopped() -> bool:
        return time.monotonic() > deadline or (cancel is not None and cancel.is_set())

    told = {"model": None, "trust": False, "allow_hosted": False} | options
    try:
        with tempfile.TemporaryDirectory(prefix="gptsmith-try-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            _lay_out(built.attachments, built.id, folder)
            file = folder / f"{built.id}.assistant.yaml"
            file.write_text(built.yaml, "utf-8")
            version = TriedVersion(load_file(file))
            with TrialBench(file, folder / "scratch", told, state=folder / "state") as bench:
                bench.make_ready(version, progress or (lambda _text: None))
                checker = Checker(bench, version, stopped)
                pairs = zip(built.draft.tests, version.loaded.spec.tests, strict=True)
                return [checker.check(test, part_of(drafted, version.loaded)) for drafted, test in pairs]
    except (GptsmithError, OSError) as error:
        return [CheckedTest(name=t.name, verdict="not_checked", why=str(error)) for t in built.draft.tests]


def without_failing(built: BuiltDraft, checks: Sequence[CheckedTest]) -> BuiltDraft:
    """Return the draft without the tests that fail although their part is there; the others stay."""
    failing = {check.name for check in checks if check.verdict == "failing"}
    if not failing:
        return built
    draft = built.draft.model_copy(update={"tests": [t for t in built.draft.tests if t.name not in failing]})
    spec = built.spec.model_copy(update={"tests": [t for t in built.spec.tests if t.name not in failing]})
    changed = dataclasses.replace(built, draft=draft, spec=spec)
    return dataclasses.replace(changed, yaml=changed.render(built.id))


def _lay_out(attachments: Sequence[Attachment], id: str, folder: Path) -> None:
    """Put the attached files where the spec names them; too many bytes are no matter for a quick check."""
    files = [(a, file) for a in attachments for file in files_in(a.source)]
    if sum(file.stat().st_size for _, file in files) > _MOST_BYTES:
        raise GptsmithError("the files are too large for a quick check", hint="save it and run its tests")
    for attachment, file in files:
        root = folder / attachment.spec_path(id)
        target = root / file.relative_to(attachment.source) if attachment.source.is_dir() else root
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
