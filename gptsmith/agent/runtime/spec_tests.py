"""The tests that stand in a spec: each message in a fresh thread, its reply held against what is expected."""

from __future__ import annotations

import concurrent.futures
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel
from pydantic import BaseModel

from gptsmith.agent import patterns
from gptsmith.agent.events import Reply
from gptsmith.agent.runtime import core
from gptsmith.agent.runtime.citing import says_unknown
from gptsmith.agent.runtime.core import refuse_to_wait
from gptsmith.agent.runtime.engine import Engine
from gptsmith.agent.runtime.running import Ask, Outcome, run_turn
from gptsmith.agent.runtime.store import new_id
from gptsmith.assistants.format.loader import Loaded
from gptsmith.assistants.format.paths import resolve
from gptsmith.assistants.format.spec import Expect, SpecTest
from gptsmith.errors import GptsmithError, UsageError
from gptsmith.rag.ingest import one_form

if TYPE_CHECKING:
    from gptsmith.agent.assistant import Assistant
    from gptsmith.rag.knowledge import KnowledgeBase


# A scratch engine: an assistant tried out, whose threads and pictures are thrown away afterwards.


class ScratchEngine(Engine):
    """An engine that keeps threads and pictures in `scratch` and its index in `index`; `model_of` lends its model."""

    def __init__(
        self, loaded: Loaded, *, scratch: Path, index: Path, model_of: Engine | None = None, **options: Any
    ) -> None:
        super().__init__(loaded, **options)
        self._scratch = scratch
        self._index = index
        self._model_of = model_of

    @cached_property
    def folder(self) -> Path:
        """The folder that goes when the trial is over."""
        return self._scratch

    @cached_property
    def knowledge(self) -> KnowledgeBase | None:
        """The knowledge, on an index that may be the assistant's own."""
        if not self.spec.knowledge:
            return None
        from gptsmith.rag.knowledge import KnowledgeBase

        return KnowledgeBase(self.spec.knowledge, self.base_dir, self._index, trust=self.trust)

    @cached_property
    def model(self) -> BaseChatModel:
        """The lender's model where it is the same one: weights are loaded once."""
        lender = self._model_of
        return lender.model if lender is not None and lender.model_spec == self.model_spec else super().model


@contextmanager
def scratch_copy(assistant: Assistant) -> Iterator[Assistant]:
    """Lend a copy of `assistant` that answers as it does, on its own index, and leaves no conversation behind."""
    own = assistant.engine
    with tempfile.TemporaryDirectory(prefix="gptsmith-try-", ignore_cleanup_errors=True) as folder:
        copy = assistant.with_()
        copy.engine = ScratchEngine(
            own.loaded,
            scratch=Path(folder),
            index=own.folder,
            model_of=own,
            trust=own.trust,
            model=own.override,
            variables=own.variables,
            allow_hosted=own.allow_hosted,
        )
        with copy:
            yield copy


_LOOK = 0.1  # seconds between looks at whether to stop


class TestResult(BaseModel):
    """One test: `failures` has a sentence for each part that did not hold; `seconds` is how long it took.

    `error` is the code of what kept the assistant from answering (`stopped`: the caller), empty when it answered: then
    a failure says something about the spec, else about the model or this machine. It is `unavailable` where a service
    or server that the test needs was not there.
    """

    __test__ = False  # pytest, this is not one of yours

    name: str
    message: str
    passed: bool
    failures: list[str] = []
    reply: dict[str, Any] | None = None
    seconds: float = 0.0
    error: str = ""


def run_tests(assistant: Assistant) -> list[TestResult]:
    """Run every test of the spec, in order; an error fails its test and the others go on.

    The conversations are thrown away; the index of the knowledge is the assistant's own.

    Raises:
        NotReadyError: nothing can run here: a variable, a package, a model or weights are missing.
    """
    with scratch_copy(assistant) as tried:
        tried.engine.make_ready()
        return [run_test(tried.engine, test) for test in tried.spec.tests]


def run_test(engine: Engine, test: SpecTest, stopped: Callable[[], bool] | None = None) -> TestResult:
    """Run one test on a fresh thread of `engine`; `stopped` is asked again and again whether to end it."""
    begun = time.monotonic()
    outcome = Outcome()
    try:
        files = [str(resolve(engine.base_dir, file)) for file in test.files]
        ask = Ask(new_id("test"), test.message, files, dict(engine.variables), tokens=False, passing=True)
        refuse_to_wait("running a test", "write `await asyncio.to_thread(…)`")
        _wait(core.CoreWork(run_turn(engine, ask, lambda _event: None, outcome)), stopped)
    except GptsmithError as raised:
        outcome.error = raised
    error = outcome.error
    reply = outcome.reply
    was_stopped = reply is not None and reply.finish_reason == "cancelled"
    if reply is None or was_stopped:
        failures = ["was stopped"] if was_stopped or error is None else [str(error)]
    else:
        failures = failures_of(reply, test.expect)
    away = _away(engine, reply, test.expect, failures) if reply is not None and not was_stopped else ""
    return TestResult(
        name=test.name,
        message=test.message,
        passed=not failures and not away,
        failures=[away] if away else failures,
        reply=reply and _lasting(reply),
        seconds=round(time.monotonic() - begun, 3),
        error="stopped" if was_stopped else error.code if error else "unavailable" if away else "",
    )


_NOT_HERE = re.compile(r"cannot be reached|cannot be used \(|did not (?:answer|start) within|is not available here")


def _away(engine: Engine, reply: Reply, expect: Expect, failures: list[str]) -> str:
    """Return why a test says nothing: a service or server that it needs is not there. Empty where it is."""
    for record in reply.tool_calls:
        needed = bool(failures) or record.name in expect.calls
        if needed and record.status == "error" and _NOT_HERE.search(record.result):
            return f"not run: {record.name}: {record.result[:300]}"
    gone = [t.metadata for t in engine.tools if t.metadata and "unavailable" in t.metadata] if failures else []
    wanted = (str(one["unavailable"]) for one in gone if any(call.startswith(str(one["of"])) for call in expect.calls))
    return next((f"not run: {why}" for why in wanted), "")


def _wait(job: core.CoreWork, stopped: Callable[[], bool] | None) -> None:
    """Wait for the end of a turn; a caller that stops it waits until it has written down that it was stopped."""
    told = False
    while True:
        try:
            job.done.result(timeout=None if stopped is None or told else _LOOK)
            return
        except KeyboardInterrupt:
            job.cancel()
            concurrent.futures.wait([job.done], timeout=5)
            raise
        except TimeoutError:
            if stopped is not None and stopped():
                job.cancel()
                told = True


def _lasting(reply: Reply) -> dict[str, Any]:
    """Return the reply without the places of its pictures, which go with the thread."""
    data = reply.model_dump()
    data["images"] = [{key: value for key, value in image.items() if key != "path"} for image in data["images"]]
    return data


def failures_of(reply: Reply, expect: Expect) -> list[str]:
    """Return a sentence for each part of `expect` that the reply does not hold; capital letters do not matter."""
    text = " ".join(reply.text.split()).lower()
    cited = {c.source for c in reply.citations}
    called = [call.name for call in reply.tool_calls]
    out = [f"does not contain {w!r}" for w in expect.contains if " ".join(w.split()).lower() not in text]
    out += [f"contains {w!r}" for w in expect.not_contains if " ".join(w.split()).lower() in text]
    out += _unmatched(expect.matches, reply.text) if expect.matches is not None else []
    out += [f"does not cite {s}" for s in expect.cites if not any(_same(s, source) for source in cited)]
    out += [f"does not call {name}" for name in expect.calls if name not in called]
    out += [f"calls {name}" for name in expect.not_calls if name in called]
    if expect.images is not None and len(reply.images) != expect.images:
        out.append(f"shows {len(reply.images)} pictures, not {expect.images}")
    if expect.says_unknown is not None and says_unknown(reply.text) != expect.says_unknown:
        out.append("does not say that it does not know" if expect.says_unknown else "says that it does not know")
    return out


def _unmatched(pattern: str, text: str) -> list[str]:
    try:
        return [] if patterns.found(pattern, [text])[0] else [f"does not match {pattern!r}"]
    except UsageError as error:
        return [str(error)]


def _same(wanted: str, source: str) -> bool:
    """A test names a file by its name or the end of its path, a page by its URL."""
    wanted = one_form(wanted)
    tail = wanted.removeprefix("./")
    return source in (wanted, tail) or source.endswith(f"/{tail}")
