"""A mind whose engine is a scripted server: everything but llama.cpp itself runs, over the real wire.

with wired_mind(tmp_path, monkeypatch) as server:
    server.push("How much is a ticket for children?")
    ... the embedded model writes what was pushed ...
    server.history[0]["messages"][-1]["content"]
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gptsmith.models.chat.embedded.tasks import CONTEXT
from gptsmith.models.chat.local.engine import LocalEngine, LocalModel
from gptsmith.models.chat.local.engine_process import RUNNING
from gptsmith.models.shelf import shelf
from tests.support.loopback import Loopback
from tests.support.model_server import small_catalogue

WEIGHTS = b"GGUF of a model that nobody runs"


@contextmanager
def wired_mind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """Put the one model of a small shelf in place, with an engine that is said to run: the server that is yielded."""
    models = small_catalogue({"small": {"weights.gguf": WEIGHTS}})
    file = folder / "models" / "small" / "weights.gguf"
    file.parent.mkdir(parents=True)
    file.write_bytes(WEIGHTS)
    monkeypatch.setattr(shelf, "catalogue", lambda: models)
    monkeypatch.setenv("GPTSMITH_MODELS", str(folder / "models"))
    monkeypatch.delenv("GPTSMITH_MIND", raising=False)
    with Loopback(strict=False) as server:
        engine = LocalEngine(LocalModel("local:small", file, CONTEXT))
        running = {"pid": os.getpid(), "started": 0, "url": server.base_url[: -len("/v1")], "key": server.api_key}
        (engine.folder / RUNNING).write_text(json.dumps(running), "utf-8")
        yield server
