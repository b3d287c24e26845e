"""The tests that stand in a spec: each message in a fresh thread, its reply held against what is expected."""

from __future__ import annotations

import concurrent.futures
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from gptsmith.agent import patterns
from gptsmith.agent.events import Reply
from gptsmith.agent.runtime import core
from gptsmith.agent.runtime.citing import says_unknown
from gptsmith.agent.runtime.engine import Engine
from gptsmith.agent.runtime.loops import refuse_to_wait
from gptsmith.agent.runtime.running import Ask, Outcome, run_turn
from gptsmith.agent.runtime.scratch import scratch_copy
from gptsmith.agent.runtime.store import new_id
from gptsmith.assistants.paths import resolve
from gptsmith.assistants.spec import Expect, SpecTest
from gptsmith.errors import GptsmithError, UsageError
from gptsmith.rag.sources import one_form

if TYPE_CHECKING:
    from gptsmith.agent.assistant import Assistant

_LOOK = 0.1  # seconds between looks at whether to stop


class TestResult(BaseModel):
    """One test: `failures` has a sentence for each part that did not hold; `seconds` is how long it took.

    `error` is the code of what kept the assistant from answering (`stopped`: the caller), empty when it answered: then
    a failure says something about the spec, else about the model or this machine.
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
        _wait(core.Job(run_turn(engine, ask, lambda _event: None, outcome)), stopped)
    except GptsmithError as raised:
        outcome.error = raised
    error = outcome.error
    reply = outcome.reply
    was_stopped = reply is not None and reply.finish_reason == "cancelled"
    if reply is None or was_stopped:
        failures = ["was stopped"] if was_stopped or error is None else [str(error)]
    else:
        failures = failures_of(reply, test.expect)
    return TestResult(
        name=test.name,
        message=test.message,
        passed=not failures,
        failures=failures,
        reply=reply and _lasting(reply),
        seconds=round(time.monotonic() - begun, 3),
        error="stopped" if was_stopped else error.code if error else "",
    )


def _wait(job: core.Job, stopped: Callable[[], bool] | None) -> None:
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
