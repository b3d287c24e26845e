"""What a trial of a change found: each test of the spec, before and after."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from gptsmith.agent.runtime.spec_tests import TestResult

Origin = Literal["kept", "changed", "new", "gone"]


class TestTrial(BaseModel):
    """One test, before and after the change.

    `origin`: `kept` (the same test in both files), `changed`, `new` (only the proposed file has it; `before` then says
    how it goes without the change) or `gone` (never run). `skipped` says why a side has no result. `unsteady`: it
    passed at one try with the change and failed at another.
    """

    __test__ = False  # pytest, this is not one of yours

    name: str
    message: str
    origin: Origin = "kept"
    before: TestResult | None = None
    after: TestResult | None = None
    skipped: str = ""
    unsteady: bool = False

    @property
    def touched(self) -> bool:
        """Whether the change itself adds, alters or removes this test."""
        return self.origin != "kept"

    @property
    def regressed(self) -> bool:
        """Whether it passed before and fails with the change."""
        return self.origin != "new" and _passed(self.before) and _failed(self.after)

    @property
    def mended(self) -> bool:
        """Whether it failed before and passes with the change."""
        return self.origin != "new" and _failed(self.before) and _passed(self.after)

    @property
    def telling(self) -> bool:
        """Whether it is a new test that fails without the change and passes with it: it looks at what was changed."""
        return self.origin == "new" and _failed(self.before) and _passed(self.after)


class Trial(BaseModel):
    """What a change does to the tests. `note` is a sentence where not everything was run, empty otherwise.

    `model` is who answered, `seconds` how long all of it took.
    """

    tests: list[TestTrial] = []
    note: str = ""
    model: str = ""
    seconds: float = 0.0

    @property
    def before(self) -> list[TestResult]:
        """The results on the file as it is."""
        return [t.before for t in self.tests if t.before is not None]

    @property
    def after(self) -> list[TestResult]:
        """The results on the proposed file."""
        return [t.after for t in self.tests if t.after is not None]

    @property
    def regressions(self) -> list[TestTrial]:
        """Tests that passed before and fail with the change."""
        return [t for t in self.tests if t.regressed]

    @property
    def mended(self) -> list[TestTrial]:
        """Tests that failed before and pass with the change."""
        return [t for t in self.tests if t.mended]

    @property
    def new(self) -> list[TestTrial]:
        """Tests that only the proposed file has."""
        return [t for t in self.tests if t.origin == "new"]

    @property
    def words(self) -> list[str]:
        """The trial for a person: what breaks first, then what is mended or new, then what did not run."""
        said = [f"“{t.name}” passed and fails with this change: {_why(t.after)}." for t in self.regressions]
        said += [f"“{t.name}” failed and passes with this change." for t in self.mended]
        said += [f"The new test “{t.name}” {_fate(t)}." for t in self.new if t.after is not None]
        said += [f"“{t.name}” passes at one try and fails at another." for t in self.tests if t.unsteady]
        same = [t for t in self.tests if t.before and t.after and not (t.regressed or t.mended or t.origin == "new")]
        passing = sum(_passed(t.after) for t in same)
        said += [f"{passing} of {len(same)} other tests pass, as before."] if same and passing else []
        said += [f"“{t.name}” fails as before: {_why(t.after)}." for t in same if _failed(t.after)]
        return said + ([self.note] if self.note else [])


def _passed(result: TestResult | None) -> bool:
    return result is not None and result.passed


def _failed(result: TestResult | None) -> bool:
    """Whether the assistant answered, and not as the test wants: a model that is down breaks no test."""
    return result is not None and not result.passed and not result.error


def _why(result: TestResult | None) -> str:
    return "; ".join(result.failures) if result else ""


def _fate(test: TestTrial) -> str:
    if _failed(test.after):
        return f"fails: {_why(test.after)}"
    if test.telling:
        return "passes, and fails without this change"
    return "passes, with and without this change" if _passed(test.before) else "passes"
