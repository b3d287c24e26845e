"""Results of tests that still hold: nothing that the answer depends on has changed since, in this process."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

from gptsmith.agent.builder.trial_bench import Version, heard
from gptsmith.agent.runtime.engine import Engine
from gptsmith.agent.runtime.spec_tests import TestResult
from gptsmith.assistants.spec import SpecTest

_MOST = 400
_SECONDS = 1800.0  # a model on another machine may be another one by then
_KEPT: OrderedDict[str, tuple[float, TestResult]] = OrderedDict()
_LOCK = threading.Lock()


def key_of(engine: Engine, version: Version, test: SpecTest) -> str:
    """Return what identifies a result, empty when it cannot be told: spec, model, files and the test itself."""
    from gptsmith.rag.sources import expand
    from gptsmith.rag.store import digest

    if engine.model_spec.provider == "given":
        return ""
    items = expand(engine.spec.knowledge, engine.base_dir, trust=engine.trust)
    marks = [f"{item.source} {item.mark()}" for item in items]
    tools = ",".join(tool.name for tool in engine.spec.tools)
    files = [f"{file} {_stamp(engine, file)}" for file in test.files]
    said = test.model_dump_json(exclude={"name"})
    return digest(str(engine.base_dir), engine.model_name, repr(heard(version.loaded)), tools, said, *marks, *files)


def find(key: str) -> TestResult | None:
    """Return the result under `key` when it is not older than half an hour."""
    with _LOCK:
        kept = _KEPT.get(key) if key else None
        return kept[1] if kept is not None and time.monotonic() - kept[0] < _SECONDS else None


def keep(key: str, result: TestResult) -> None:
    """Keep a result in which the assistant answered."""
    if not key or result.error:
        return
    with _LOCK:
        _KEPT[key] = (time.monotonic(), result)
        _KEPT.move_to_end(key)
        while len(_KEPT) > _MOST:
            _KEPT.popitem(last=False)


def _stamp(engine: Engine, file: str) -> str:
    try:
        found = (engine.base_dir / file).stat()
    except OSError:
        return ""
    return f"{found.st_size}-{found.st_mtime_ns}"
