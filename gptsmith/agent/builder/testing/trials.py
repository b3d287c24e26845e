"""A trial of a change: the tests of a spec, run on the file as it is and on the one proposed."""

from __future__ import annotations

import asyncio
import dataclasses
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel

from gptsmith.agent.builder.attachments import Attachment
from gptsmith.agent.builder.testing.bench import TrialBench, TriedVersion, folder_with, heard
from gptsmith.agent.runtime.spec_tests import TestResult
from gptsmith.assistants.editing.edited_file import Plan
from gptsmith.assistants.format.loader import Loaded, load_text
from gptsmith.assistants.format.spec import SpecTest
from gptsmith.errors import GptsmithError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


# What a trial of a change found: each test of the spec, before and after.

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


Texts = Plan | str | Mapping[Path, str]
Progress = Callable[[str], None]

SECONDS = 90.0


def compare(
    path: str | Path,
    after: Texts,
    *,
    attachments: Sequence[Attachment] = (),
    model: str | BaseChatModel | None = None,
    trust: bool = False,
    allow_hosted: bool | Callable[[str], bool] = False,
    seconds: float = SECONDS,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Trial:
    """Run the tests of the spec at `path` as it is, and as `after` would make it; nothing is written to either.

    `after` is a planned edit, the spec's new text, or new texts by file (spec and `instructions_file`); `attachments`
    are files that come with the change and are not beside the spec yet. Tools that act outside of the assistant are
    not offered, and tests that need them are not run. Tests share `seconds`; `cancel` ends the trial early, with what
    was found so far. A model that is not ready, or trust that is missing, is no error: the note says so.

    Raises:
        SpecError: the proposed text is no valid spec.
        UsageError: the files are too large to be tried.
    """
    begun = time.monotonic()
    deadline = begun + seconds

    def stopped() -> bool:
        return time.monotonic() > deadline or (cancel is not None and cancel.is_set())

    file = Path(path)
    texts = ProposedTexts.of(file, after)
    options: dict[str, Any] = {"model": model, "trust": trust, "allow_hosted": allow_hosted}
    with folder_with(file, texts.spec, attachments) as folder:
        trial = _Trial(texts.versions(folder), stopped, progress or _silent).run(file, options)
    trial.seconds = round(time.monotonic() - begun, 3)
    if not trial.note and any(t.skipped == _STOPPED for t in trial.tests):
        why = "the trial was stopped" if cancel is not None and cancel.is_set() else f"{seconds:.0f} seconds were up"
        trial.note = f"Not every test was run: {why}."
    return trial


async def acompare(path: str | Path, after: Texts, **options: Any) -> Trial:
    """Do what `compare` does without blocking the event loop; cancelling the task ends the trial."""
    cancel = options.pop("cancel", None) or threading.Event()
    try:
        return await asyncio.to_thread(compare, path, after, cancel=cancel, **options)
    except asyncio.CancelledError:
        cancel.set()
        raise


_STOPPED = "there was no time left"


class _Stopped(Exception):
    """There is no time left, or the caller wants no more."""


def _silent(_text: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class ProposedTexts:
    """The texts of a change by file, before and after; `spec` is the proposed spec's."""

    file: Path
    spec: str
    before: Mapping[Path, str]
    after: Mapping[Path, str]

    @classmethod
    def of(cls, file: Path, after: Texts) -> ProposedTexts:
        """Read a change in any of its forms."""
        place = file.resolve()
        if isinstance(after, Plan):
            old = {edit.path: edit.before for edit in after.files}
            new = {edit.path: edit.after for edit in after.files}
        else:
            old = {}
            new = {place: after} if isinstance(after, str) else {path.resolve(): text for path, text in after.items()}
        return cls(file, new[place] if place in new else file.read_text("utf-8"), old, new)

    def versions(self, folder: Path) -> tuple[TriedVersion | None, TriedVersion]:
        """Return the spec as it is (None when it does not load), and as proposed with its files in `folder`."""
        here, place = self.file.absolute().parent, self.file.resolve()
        try:
            now = self.before[place] if place in self.before else self.file.read_text("utf-8")
            before = self._version(now, here, self.before)
        except (GptsmithError, OSError, UnicodeDecodeError):
            before = None  # a file that does not load has no tests to lose
        return before, self._version(self.spec, folder, self.after)

    def _version(self, text: str, folder: Path, texts: Mapping[Path, str]) -> TriedVersion:
        loaded = load_text(text, folder, file=str(self.file))
        told = loaded.spec.instructions_file
        beside = texts.get((self.file.absolute().parent / told).resolve()) if told else None
        if beside is None:
            return TriedVersion(loaded)
        changed = {"instructions": beside.removeprefix("\ufeff"), "instructions_file": None}
        return TriedVersion(dataclasses.replace(loaded, spec=loaded.spec.model_copy(update=changed)))


class _Trial:
    """One run of `compare`."""

    def __init__(
        self, versions: tuple[TriedVersion | None, TriedVersion], stopped: Callable[[], bool], progress: Progress
    ) -> None:
        self.before, self.after = versions
        self.stopped = stopped
        self.progress = progress

    def run(self, file: Path, options: dict[str, Any]) -> Trial:
        tests = _paired(self.before.loaded if self.before else None, self.after.loaded)
        if not any(test for _, test in tests):
            return Trial(tests=[t for t, _ in tests], note="The proposed spec has no tests.")
        self.note = ""
        if self.before is not None and heard(self.before.loaded) == heard(self.after.loaded):
            self.before = None  # it answers as the proposed one does
            self.note = "The change touches nothing that an answer depends on, so no other test was run."
            tests = [(t, None if t.origin == "kept" else test) for t, test in tests]
            if not any(test for _, test in tests):
                return Trial(tests=[t for t, _ in tests], note=self.note.replace("other ", ""))
        with (
            tempfile.TemporaryDirectory(prefix="gptsmith-try-", ignore_cleanup_errors=True) as folder,
            TrialBench(file, Path(folder), options) as bench,
        ):
            return self._tried(bench, tests)

    def _tried(self, bench: TrialBench, tests: list[tuple[TestTrial, SpecTest | None]]) -> Trial:
        try:
            self._make_ready_before(bench)
            model = bench.make_ready(self.after, self._tell)
        except _Stopped:
            for trial, _ in tests:
                trial.skipped = _STOPPED
            return Trial(tests=[t for t, _ in tests])
        except GptsmithError as error:
            return Trial(tests=[t for t, _ in tests], note=f"The tests were not run: {error}")
        wanted = [(t, test) for t, test in tests if test is not None]
        with ThreadPoolExecutor(max_workers=bench.workers) as pool:
            list(pool.map(lambda pair: self._one(bench, pair, len(wanted)), enumerate(wanted, 1)))
        tried = [t for t, _ in tests]
        return Trial(tests=tried, note=_what_failed(tried) or bench.note or self.note, model=model)

    def _make_ready_before(self, bench: TrialBench) -> None:
        """A file that cannot run as it is has nothing to lose; that the proposed one can is what is tried."""
        if self.before is None:
            return
        try:
            bench.make_ready(self.before, self._tell)
        except GptsmithError as error:
            self.before = None
            self.note = f"The file as it is cannot run: {error}"

    def _tell(self, text: str) -> None:
        """Say how the indexing goes; the one place from which it can be ended."""
        if self.stopped():
            raise _Stopped
        self.progress(text)

    def _one(self, bench: TrialBench, numbered: tuple[int, tuple[TestTrial, SpecTest]], count: int) -> None:
        number, (found, test) = numbered
        if reason := bench.held_back(test):
            found.skipped = reason
            return
        self.progress(f"Trying test {number} of {count}: {test.name}")
        if self.before is not None:
            old = test if found.origin != "changed" else self.before.test(found.name)
            found.before = self._run(bench, self.before, old, found)
        found.after = self._run(bench, self.after, test, found)
        if found.regressed and bench.draws:  # words that are drawn differ: only what fails twice is called broken
            again = self._run(bench, self.after, test, found, again=True)
            if again is not None and again.passed:
                found.after, found.unsteady = again, True

    def _run(
        self, bench: TrialBench, version: TriedVersion, test: SpecTest | None, found: TestTrial, *, again: bool = False
    ) -> TestResult | None:
        if test is None:
            return None
        result = None if self.stopped() else bench.run(version, test, self.stopped, again=again)
        if result is None or result.error == "stopped":
            found.skipped = _STOPPED
            return None
        return result


def _paired(before: Loaded | None, after: Loaded) -> list[tuple[TestTrial, SpecTest | None]]:
    """Return every test of the two files with the form that runs on the proposed one; None: it is gone."""
    old = {test.name: test for test in (before.spec.tests if before else [])}
    out: list[tuple[TestTrial, SpecTest | None]] = []
    for test in after.spec.tests:
        origin: Origin = "new" if test.name not in old else "kept" if old[test.name] == test else "changed"
        out.append((TestTrial(name=test.name, message=test.message, origin=origin), test))
    names = {test.name for test in after.spec.tests}
    gone = [test for name, test in old.items() if name not in names]
    return out + [(TestTrial(name=t.name, message=t.message, origin="gone"), None) for t in gone]


def _what_failed(tests: Iterable[TestTrial]) -> str:
    """Return a sentence when the model, not the spec, is why tests have no honest result."""
    for test in tests:
        for result in (test.before, test.after):
            if result is not None and result.error:
                return f"Not every test could be run: {'; '.join(result.failures)}"
    return ""
