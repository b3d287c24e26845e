"""The tests that stand in a spec: each message in a fresh thread, its reply held against what is expected."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from gptsmith.agent.events import Reply
from gptsmith.agent.runtime.citing import says_unknown
from gptsmith.agent.runtime.store import new_id
from gptsmith.assistants.spec import Expect, SpecTest
from gptsmith.errors import GptsmithError

if TYPE_CHECKING:
    from gptsmith.agent.assistant import Assistant


class TestResult(BaseModel):
    """One test: `failures` has a sentence for each part that did not hold; `seconds` is how long it took."""

    __test__ = False  # pytest, this is not one of yours

    name: str
    message: str
    passed: bool
    failures: list[str] = []
    reply: dict[str, Any] | None = None
    seconds: float = 0.0


def run_tests(assistant: Assistant) -> list[TestResult]:
    """Run every test of the spec, in order; an error fails its test and the others go on.

    Raises:
        NotReadyError: nothing can run here: a variable, a package, a model or weights are missing.
    """
    assistant.engine.make_ready()
    return [_run(assistant, test) for test in assistant.spec.tests]


def _run(assistant: Assistant, test: SpecTest) -> TestResult:
    thread_id = new_id("test")
    begun = time.monotonic()
    reply: Reply | None = None
    base = assistant.engine.base_dir
    try:
        reply = assistant.chat(test.message, thread_id=thread_id, files=[str(_beside(base, f)) for f in test.files])
        failures = failures_of(reply, test.expect)
    except GptsmithError as error:
        failures = [str(error)]
    finally:
        assistant.delete_thread(thread_id)
    return TestResult(
        name=test.name,
        message=test.message,
        passed=not failures,
        failures=failures,
        reply=reply and reply.model_dump(),
        seconds=round(time.monotonic() - begun, 3),
    )


def _beside(base: Path, file: str) -> Path:
    from gptsmith.assistants.paths import resolve

    return resolve(base, file)


def failures_of(reply: Reply, expect: Expect) -> list[str]:
    """Return a sentence for each part of `expect` that the reply does not hold; capital letters do not matter."""
    text = " ".join(reply.text.split()).lower()
    cited = {c.source for c in reply.citations}
    called = [call.name for call in reply.tool_calls]
    out = [f"does not contain {w!r}" for w in expect.contains if " ".join(w.split()).lower() not in text]
    out += [f"contains {w!r}" for w in expect.not_contains if " ".join(w.split()).lower() in text]
    if expect.matches is not None and not re.search(expect.matches, reply.text):
        out.append(f"does not match {expect.matches!r}")
    out += [f"does not cite {s}" for s in expect.cites if not any(_same(s, source) for source in cited)]
    out += [f"does not call {name}" for name in expect.calls if name not in called]
    out += [f"calls {name}" for name in expect.not_calls if name in called]
    if expect.images is not None and len(reply.images) != expect.images:
        out.append(f"shows {len(reply.images)} pictures, not {expect.images}")
    if expect.says_unknown is not None and says_unknown(reply.text) != expect.says_unknown:
        out.append("does not say that it does not know" if expect.says_unknown else "says that it does not know")
    return out


def _same(wanted: str, source: str) -> bool:
    """A test names a file by its name or the end of its path, a page by its URL."""
    tail = wanted.removeprefix("./")
    return source in (wanted, tail) or source.endswith(f"/{tail}")
