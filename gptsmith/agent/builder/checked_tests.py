"""A checked test: it passed with the part that it looks at, and failed with that part taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from pydantic import BaseModel

from gptsmith.agent.builder.parts import Part, without
from gptsmith.agent.builder.trial_bench import Bench, Version
from gptsmith.agent.runtime.spec_tests import TestResult
from gptsmith.assistants.spec import SpecTest

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

    def __init__(self, bench: Bench, version: Version, stopped: Callable[[], bool]) -> None:
        self.bench = bench
        self.version = version
        self.stopped = stopped
        self._lacking: dict[Part, Version] = {}

    @property
    def able(self) -> bool:
        """Whether the model's answers follow rules at all, so that a test that passes without its rule says nothing."""
        return self.bench.draws

    def check(self, test: SpecTest, part: Part | None) -> CheckedTest:
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

    def _without(self, part: Part) -> Version:
        if part not in self._lacking:
            self._lacking[part] = Version(without(self.version.loaded, part), lacking=True)
        return self._lacking[part]


def summary(checks: Iterable[CheckedTest]) -> str:
    """Return one line: how many tests are checked, and why the others are not."""
    checks = list(checks)
    done = sum(check.verdict == "checked" for check in checks)
    rest = [f"{c.name}: {'fails, ' * (c.verdict == 'failing')}{c.why}" for c in checks if c.verdict != "checked"]
    return "; ".join([f"{done} of {len(checks)} tests checked", *rest])
