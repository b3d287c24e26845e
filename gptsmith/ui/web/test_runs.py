"""The runs of a spec's own tests: each in a worker, its results kept for as long as the file says the same."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gptsmith.errors import GptsmithError
from gptsmith.state import atomic_write
from gptsmith.ui.web.consent import trusted

_KEPT = 20


@dataclass(frozen=True)
class Outcome:
    """One test's result: `failures` says what did not hold, `answer` is what the assistant said."""

    passed: bool
    failures: list[str] = field(default_factory=list)
    answer: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Run:
    """The results of one text of the file, by the name of the test; `at` in seconds since 1970."""

    digest: str
    at: float
    results: dict[str, Outcome]
    error: str = ""


class TestRuns:
    """The runs of one assistant, in `file` of its state folder; the newest last."""

    __test__ = False  # pytest, this is not one of yours

    def __init__(self, path: Path, file: Path) -> None:
        self._path = path
        self._file = file

    def start(self, digest: str) -> None:
        """Begin to run every test of the file as it is; one run of an assistant at a time."""
        with _GUARD:
            if self._path in _RUNNING:
                return
            _RUNNING[self._path] = time.time()
        threading.Thread(target=self._work, args=(digest,), name="spec-tests", daemon=True).start()

    @property
    def running(self) -> bool:
        """Say whether tests are running."""
        with _GUARD:
            return self._path in _RUNNING

    def of(self, digest: str) -> Run | None:
        """Return the run of this text of the file."""
        return next((run for run in reversed(self._all()) if run.digest == digest), None)

    def before(self, digest: str) -> Run | None:
        """Return the newest run of another text: what the tests said before the change."""
        return next((run for run in reversed(self._all()) if run.digest != digest and not run.error), None)

    def _work(self, digest: str) -> None:
        try:
            run = Run(digest, time.time(), self._results())
        except GptsmithError as error:
            run = Run(digest, time.time(), {}, str(error))
        except Exception as error:  # noqa: BLE001 - a model's package raises what it likes; the page must say something
            run = Run(digest, time.time(), {}, f"the tests could not be run ({type(error).__name__})")
        try:
            others = [old for old in self._all() if old.digest != digest]
            atomic_write(self._file, json.dumps([asdict(r) for r in [*others, run][-_KEPT:]], ensure_ascii=False))
        finally:
            with _GUARD:
                del _RUNNING[self._path]

    def _results(self) -> dict[str, Outcome]:
        from gptsmith.agent.assistant import Assistant

        with Assistant.from_file(self._path, trust=trusted(self._path)) as assistant:
            found = assistant.run_tests()
        return {r.name: Outcome(r.passed, r.failures, _answer(r.reply), r.seconds) for r in found}

    def _all(self) -> list[Run]:
        try:
            kept = json.loads(self._file.read_text("utf-8"))
            return [
                Run(r["digest"], r["at"], {n: Outcome(**o) for n, o in r["results"].items()}, r["error"]) for r in kept
            ]
        except (OSError, ValueError, TypeError, KeyError):  # none yet, or not one of ours: a run makes it anew
            return []


_GUARD = threading.Lock()
_RUNNING: dict[Path, float] = {}


def _answer(reply: dict[str, Any] | None) -> str:
    return str((reply or {}).get("text", ""))[:2000]
