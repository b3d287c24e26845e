"""The runs of a spec's own tests: each in a worker, its results kept for as long as the file says the same."""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gptsmith.agent.builder.testing import known as rule_tests
from gptsmith.errors import GptsmithError
from gptsmith.state import atomic_write
from gptsmith.ui.web.state.bundles import trusted

# What a test's pattern asks of an answer, in words.

_FLAGS = re.compile(r"^\(\?[a-z]+\)")
_PLAIN = re.compile(r"(?:[^\\^$.|?*+()\[\]{}]|\\[^\w\s])+")
_ESCAPE = re.compile(r"\\(.)")
_QUESTION = re.compile(r"(?:\\\?|\[\?\])(?:\\[sW][*+]?)?\$")
_SENTENCES = re.compile(r"\^.*?\[\^[.!?\\]+\]\*?\+?.*?\[[.!?\\]+\].*?\)\{(?P<least>\d*),?(?P<most>\d*)\}.*\$")
_WORDS = re.compile(r"\^.*?\\S\+.*?\)\{(?P<least>\d*)(?P<range>,?)(?P<most>\d*)\}(?P<one>\\S\+)?.*\$")


def in_words(pattern: str) -> str:
    """Return what `pattern` asks, to be read after "The answer"; the pattern itself where no words are known for it."""
    if known := rule_tests.in_words(pattern):
        return known
    bare = _FLAGS.sub("", pattern).replace(r"\A", "^").replace(r"\Z", "$")
    if _QUESTION.fullmatch(bare):
        return "ends with a question"
    if found := _SENTENCES.fullmatch(bare):
        return f"has {_range(found['least'], found['most'], 0, 'sentence')}"
    if found := _WORDS.fullmatch(bare):
        return f"has {_range(found['least'], found['most'], 1 if found['one'] else 0, 'word')}"
    begins, ends = bare.startswith("^"), bare.endswith("$") and not bare.endswith(r"\$")
    core = re.sub(r"^\^(?:\\s\*)?|(?:\\s\*)?\$$", "", bare) if begins or ends else bare
    group = re.fullmatch(r"\((?:\?:)?([^()]*)\)", core)
    parts = (group[1] if group else core).split("|")
    if not all(_PLAIN.fullmatch(part) for part in parts):
        return f"fits the pattern {pattern}"
    how = {(True, True): "is", (True, False): "begins with", (False, True): "ends with", (False, False): "holds"}
    said = " or ".join(f"“{_ESCAPE.sub(lambda found: found[1], part)}”" for part in parts)
    return f"{how[begins, ends]} {said}"


def _range(least: str, most: str, more: int, unit: str) -> str:
    low, high = int(least or 0) + more, int(most) + more if most else None
    if high is None or low == high:
        return f"{'at least ' if high is None else ''}{_many(low, unit)}"
    return f"at most {_many(high, unit)}" if low <= 1 else f"{low} to {_many(high, unit)}"


def _many(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


_KEPT = 20


@dataclass(frozen=True)
class SpecTestOutcome:
    """One test's result: `failures` says what did not hold, `answer` is what the assistant said."""

    passed: bool
    failures: list[str] = field(default_factory=list)
    answer: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class SpecTestRun:
    """The results of one text of the file, by the name of the test; `at` in seconds since 1970."""

    digest: str
    at: float
    results: dict[str, SpecTestOutcome]
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

    def of(self, digest: str) -> SpecTestRun | None:
        """Return the run of this text of the file."""
        return next((run for run in reversed(self._all()) if run.digest == digest), None)

    def before(self, digest: str) -> SpecTestRun | None:
        """Return the newest run of another text: what the tests said before the change."""
        return next((run for run in reversed(self._all()) if run.digest != digest and not run.error), None)

    def _work(self, digest: str) -> None:
        try:
            run = SpecTestRun(digest, time.time(), self._results())
        except GptsmithError as error:
            run = SpecTestRun(digest, time.time(), {}, str(error))
        except Exception as error:  # noqa: BLE001 - a model's package raises what it likes; the page must say something
            run = SpecTestRun(digest, time.time(), {}, f"the tests could not be run ({type(error).__name__})")
        try:
            others = [old for old in self._all() if old.digest != digest]
            atomic_write(self._file, json.dumps([asdict(r) for r in [*others, run][-_KEPT:]], ensure_ascii=False))
        finally:
            with _GUARD:
                del _RUNNING[self._path]

    def _results(self) -> dict[str, SpecTestOutcome]:
        from gptsmith.agent.assistant import Assistant

        with Assistant.from_file(self._path, trust=trusted(self._path)) as assistant:
            found = assistant.run_tests()
        return {r.name: SpecTestOutcome(r.passed, r.failures, _answer(r.reply), r.seconds) for r in found}

    def _all(self) -> list[SpecTestRun]:
        try:
            kept = json.loads(self._file.read_text("utf-8"))
            return [
                SpecTestRun(
                    r["digest"], r["at"], {n: SpecTestOutcome(**o) for n, o in r["results"].items()}, r["error"]
                )
                for r in kept
            ]
        except (OSError, ValueError, TypeError, KeyError):  # none yet, or not one of ours: a run makes it anew
            return []


_GUARD = threading.Lock()
_RUNNING: dict[Path, float] = {}


def _answer(reply: dict[str, Any] | None) -> str:
    return str((reply or {}).get("text", ""))[:2000]
