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
from typing import TYPE_CHECKING, Any

from gptsmith.agent.builder.attachments import Attachment
from gptsmith.agent.builder.trial import Origin, TestTrial, Trial
from gptsmith.agent.builder.trial_bench import Bench, Version, heard
from gptsmith.agent.builder.trial_folder import folder_with
from gptsmith.agent.runtime.spec_tests import TestResult
from gptsmith.assistants.edited_file import PlannedEdit
from gptsmith.assistants.loader import Loaded, load_text
from gptsmith.assistants.spec import SpecTest
from gptsmith.errors import GptsmithError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

Texts = PlannedEdit | str | Mapping[Path, str]
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
    texts = Proposed.of(file, after)
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
class Proposed:
    """The texts of a change by file, before and after; `spec` is the proposed spec's."""

    file: Path
    spec: str
    before: Mapping[Path, str]
    after: Mapping[Path, str]

    @classmethod
    def of(cls, file: Path, after: Texts) -> Proposed:
        """Read a change in any of its forms."""
        place = file.resolve()
        if isinstance(after, PlannedEdit):
            old = {edit.path: edit.before for edit in after.files}
            new = {edit.path: edit.after for edit in after.files}
        else:
            old = {}
            new = {place: after} if isinstance(after, str) else {path.resolve(): text for path, text in after.items()}
        return cls(file, new[place] if place in new else file.read_text("utf-8"), old, new)

    def versions(self, folder: Path) -> tuple[Version | None, Version]:
        """Return the spec as it is (None when it does not load), and as proposed with its files in `folder`."""
        here, place = self.file.absolute().parent, self.file.resolve()
        try:
            now = self.before[place] if place in self.before else self.file.read_text("utf-8")
            before = self._version(now, here, self.before)
        except (GptsmithError, OSError, UnicodeDecodeError):
            before = None  # a file that does not load has no tests to lose
        return before, self._version(self.spec, folder, self.after)

    def _version(self, text: str, folder: Path, texts: Mapping[Path, str]) -> Version:
        loaded = load_text(text, folder, file=str(self.file))
        told = loaded.spec.instructions_file
        beside = texts.get((self.file.absolute().parent / told).resolve()) if told else None
        if beside is None:
            return Version(loaded)
        changed = {"instructions": beside.removeprefix("\ufeff"), "instructions_file": None}
        return Version(dataclasses.replace(loaded, spec=loaded.spec.model_copy(update=changed)))


class _Trial:
    """One run of `compare`."""

    def __init__(
        self, versions: tuple[Version | None, Version], stopped: Callable[[], bool], progress: Progress
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
            Bench(file, Path(folder), options) as bench,
        ):
            return self._tried(bench, tests)

    def _tried(self, bench: Bench, tests: list[tuple[TestTrial, SpecTest | None]]) -> Trial:
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

    def _make_ready_before(self, bench: Bench) -> None:
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

    def _one(self, bench: Bench, numbered: tuple[int, tuple[TestTrial, SpecTest]], count: int) -> None:
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
        self, bench: Bench, version: Version, test: SpecTest | None, found: TestTrial, *, again: bool = False
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
