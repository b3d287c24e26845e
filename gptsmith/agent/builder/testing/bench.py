"""The folder of a spec as it would be with the files that come with a change and are not beside it yet."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gptsmith.agent.builder.attachments import Attachment, bring_files
from gptsmith.agent.runtime.engine import Engine
from gptsmith.agent.runtime.spec_tests import ScratchEngine, TestResult, run_test
from gptsmith.assistants.files.library import SUFFIX, state_key
from gptsmith.assistants.format import paths
from gptsmith.assistants.format.loader import Loaded
from gptsmith.assistants.format.paths import path_values
from gptsmith.assistants.format.reader import read_yaml
from gptsmith.assistants.format.spec import SpecTest
from gptsmith.errors import GptsmithError, UsageError
from gptsmith.state import State

if TYPE_CHECKING:
    from gptsmith.rag.knowledge import KnowledgeBase


_MOST_BYTES = 200_000_000
_MODELS = ("model", "embedding_model")


@contextmanager
def folder_with(path: Path, text: str, attachments: Sequence[Attachment]) -> Iterator[Path]:
    """Lend the folder in which the proposed `text` of the spec at `path` finds all its files.

    Without files to come it is the spec's own; else a copy of what the spec names, with the new files in their place.

    Raises:
        UsageError: the files are too large to be tried.
    """
    here = path.absolute().parent
    coming = [attachment for attachment in attachments if not attachment.place]
    if not coming:
        yield here
        return
    with tempfile.TemporaryDirectory(prefix="gptsmith-try-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        data = read_yaml(text).data
        files = _named(here, data) if isinstance(data, dict) else []
        if sum(file.stat().st_size for file in files) > _MOST_BYTES:
            raise UsageError(
                "the files are too large to try the change", code="too_large", hint="apply it and run test"
            )
        for file in files:
            place = folder / file.relative_to(here.resolve())
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, place)
        bring_files(coming, path.name.removesuffix(SUFFIX), folder)
        yield folder


def _named(here: Path, data: dict[str, Any]) -> list[Path]:
    """Return the files that a spec names, but for the weights of models."""
    found: dict[Path, None] = {}
    for place, named in path_values(data):
        if any(part in _MODELS for part in place):
            continue
        try:
            files = [*paths.expand(here, [named]), paths.resolve(here, named.partition(":")[0])]
        except (GptsmithError, OSError, ValueError):
            continue  # outside of the folder, or no path at all: loading says so
        found |= dict.fromkeys(file for file in files if file.is_file())
    return list(found)


# The bench on which versions of one spec are tried: scratch engines that share what costs time, and act on nothing.

_TOGETHER = 4  # conversations at once with a model on another machine
_KEPT = 3  # indexes of proposals that are kept for the next trial
_INDEX = "knowledge.sqlite"
_SILENT_FIELDS = {
    "id", "version", "avatar", "welcome_message", "conversation_starters", "disclaimer", "tests", "metadata",
    "x_builder", "instructions_file",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class TriedVersion:
    """A spec as it stands or is proposed; `lacking`: with a part taken away, only to see what fails then.

    Compared by identity.
    """

    loaded: Loaded
    lacking: bool = False

    def test(self, name: str) -> SpecTest | None:
        """Return the test of that name."""
        return next((test for test in self.loaded.spec.tests if test.name == name), None)


def heard(loaded: Loaded) -> dict[str, Any]:
    """Return what answers depend on: the spec without what only people, pages and the builder read."""
    return loaded.spec.model_dump(exclude=_SILENT_FIELDS) | {"instructions": loaded.instructions(trust=True)}


class TrialBench:
    """Runs tests on versions of the spec at `path`; what is written goes into `scratch`, but for indexes.

    An index is the file's own where the sources are the same, else one beside it that starts as a copy.
    """

    def __init__(self, path: Path, scratch: Path, options: dict[str, Any], state: Path | None = None) -> None:
        self.note = ""
        self.model_name = ""
        self.draws = False
        self.workers = 1
        self._path = path
        self._scratch = scratch
        self._options = options
        self._state = state
        self._engines: dict[int, ScratchEngine] = {}
        self._versions: list[TriedVersion] = []  # keeps their identities alive
        self._making = threading.Lock()
        self._unasked: set[str] = set()
        self._proposed: Path | None = None

    def __enter__(self) -> TrialBench:
        return self

    def __exit__(self, *_: object) -> None:
        for engine in self._engines.values():
            engine.close()

    def make_ready(self, version: TriedVersion, progress: Callable[[str], None]) -> str:
        """Make the engine of a version, its index in step with the files; return the model's name.

        Raises:
            NotReadyError: a variable, a package, a model, weights or trust are missing.
        """
        from gptsmith.models.chat.factory import leaves_machine

        engine = self._engine(version)
        engine.make_ready()
        if engine.knowledge is not None and engine.knowledge.stale():
            engine.knowledge.sync(progress)
        provider = engine.model_spec.provider
        self.draws = self.draws or provider != "embedded"
        self.workers = _TOGETHER if provider != "given" and leaves_machine(engine.model_spec) else 1
        self.model_name = "this model" if provider == "given" else engine.model_name
        return self.model_name

    def run(
        self, version: TriedVersion, test: SpecTest, stopped: Callable[[], bool], *, again: bool = False
    ) -> TestResult:
        """Run one test on one version, or give its result of before where nothing has changed since; `again`: run."""

        engine = self._engine(version)
        key = key_of(engine, version, test)
        known = None if again else find_result(key)
        if known is not None:
            return known.model_copy(update={"name": test.name})
        result = run_test(engine, test, stopped)
        keep(key, result)
        return result

    def knowledge(self, version: TriedVersion) -> KnowledgeBase | None:
        """Return the knowledge of a version that is ready; None when it has none."""
        return self._engine(version).knowledge

    def held_back(self, test: SpecTest) -> str:
        """Return why a test is not run: it needs a tool that a trial does not offer. Empty when it may run."""
        if not self._unasked:
            return ""
        known = {name for engine in self._engines.values() for name in _names(engine)}
        needed = next((name for name in test.expect.calls if name not in known), "")
        return f"it calls {needed}, which a trial does not run" if needed else ""

    def _engine(self, version: TriedVersion) -> ScratchEngine:
        with self._making:
            if id(version) not in self._engines:
                self._versions.append(version)
                self._engines[id(version)] = self._made(version)
            return self._engines[id(version)]

    def _made(self, version: TriedVersion) -> ScratchEngine:
        from gptsmith.assistants.files.trust import require_trust

        require_trust(version.loaded, self._options["trust"])
        number = len(self._engines)
        lender = next(iter(self._engines.values()), None)
        engine = ScratchEngine(
            version.loaded,
            scratch=self._scratch / f"{number}",
            index=self._index_of(version, number),
            model_of=lender,
            **self._options,
        )
        acting = [t for t in engine.spec.tools if not t.FACTS.harmless or t.requires_approval]
        if acting:
            self._unasked |= {tool.name for tool in acting}
            harmless = [tool for tool in engine.spec.tools if tool not in acting]
            engine.spec = engine.spec.model_copy(update={"tools": harmless})
            names = ", ".join(sorted(self._unasked))
            self.note = f"A trial acts on nothing outside: {names} was not offered, and tests that call it did not run."
        return engine

    def _index_of(self, version: TriedVersion, number: int) -> Path:
        """Return the folder of the index: the file's own where it fits, else one for these sources, made once."""
        from gptsmith.rag.ingest import settings_of
        from gptsmith.rag.store import digest

        own = self._state or State().folder(state_key(self._path))
        sources = version.loaded.spec.knowledge
        if not sources:
            return self._scratch
        if self._is_current(settings_of(sources)):
            return own
        folder = self._scratch / f"index-{number}"
        if not version.lacking:
            folder = self._proposed = own / "trials" / digest(settings_of(sources))[:16]
        if not folder.exists():
            folder.mkdir(parents=True)
            _seed((self._proposed if version.lacking and self._proposed else own) / _INDEX, folder / _INDEX)
        if not version.lacking:
            folder.touch()
            for old in sorted(folder.parent.iterdir(), key=lambda f: f.stat().st_mtime, reverse=True)[_KEPT:]:
                shutil.rmtree(old, ignore_errors=True)
        return folder

    def _is_current(self, settings: str) -> bool:
        """Whether the sources are those of the file as it is: only then may its own index be brought in step."""
        from gptsmith.assistants.format.loader import load_file
        from gptsmith.rag.ingest import settings_of

        try:
            now = load_file(self._path).spec.knowledge
        except GptsmithError:
            return False
        return bool(now) and settings_of(now) == settings


def _names(engine: ScratchEngine) -> set[str]:
    return {tool.name for tool in engine.tools}


def _seed(source: Path, target: Path) -> None:
    """Begin an index with the texts and vectors of another one; without it everything is read anew."""
    if not source.is_file():
        return
    try:
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)
    except sqlite3.Error:
        target.unlink(missing_ok=True)


# Results of tests that still hold: nothing that the answer depends on has changed since, in this process.

_MOST = 400
_SECONDS = 1800.0  # a model on another machine may be another one by then
_KEPT_RESULTS: OrderedDict[str, tuple[float, TestResult]] = OrderedDict()
_LOCK = threading.Lock()


def key_of(engine: Engine, version: TriedVersion, test: SpecTest) -> str:
    """Return what identifies a result, empty when it cannot be told: spec, model, files and the test itself."""
    from gptsmith.rag.ingest import expand
    from gptsmith.rag.store import digest

    if engine.model_spec.provider == "given":
        return ""
    items = expand(engine.spec.knowledge, engine.base_dir, trust=engine.trust)
    marks = [f"{item.source} {item.mark()}" for item in items]
    tools = ",".join(tool.name for tool in engine.spec.tools)
    files = [f"{file} {_stamp(engine, file)}" for file in test.files]
    said = test.model_dump_json(exclude={"name"})
    return digest(str(engine.base_dir), engine.model_name, repr(heard(version.loaded)), tools, said, *marks, *files)


def find_result(key: str) -> TestResult | None:
    """Return the result under `key` when it is not older than half an hour."""
    with _LOCK:
        kept = _KEPT_RESULTS.get(key) if key else None
        return kept[1] if kept is not None and time.monotonic() - kept[0] < _SECONDS else None


def keep(key: str, result: TestResult) -> None:
    """Keep a result in which the assistant answered."""
    if not key or result.error:
        return
    with _LOCK:
        _KEPT_RESULTS[key] = (time.monotonic(), result)
        _KEPT_RESULTS.move_to_end(key)
        while len(_KEPT_RESULTS) > _MOST:
            _KEPT_RESULTS.popitem(last=False)


def _stamp(engine: Engine, file: str) -> str:
    try:
        found = (engine.base_dir / file).stat()
    except OSError:
        return ""
    return f"{found.st_size}-{found.st_mtime_ns}"
