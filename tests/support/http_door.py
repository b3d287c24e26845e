"""A running `gptsmith serve` for tests, inside of this process, with a scripted model behind each assistant."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx  # noqa: F401 - before any client looks whether it is there, while another thread imports it
import uvicorn
import yaml

from gptsmith.assistants.format.loader import load_file
from gptsmith.ui.http.app import Settings, make_app
from gptsmith.ui.http.guard import Limits
from gptsmith.ui.http.keys import Keys
from gptsmith.ui.http.served import Served


def spec_file(folder: Path, id: str = "desk", **more: Any) -> Path:
    """Write a spec and return its file."""
    data = {"schema": "assistant/v1", "name": id.title(), "description": "Helps.", "instructions": "Be brief.", **more}
    path = folder / f"{id}.assistant.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")
    load_file(path)
    return path


@contextmanager
def door(files: list[Path], model: Any, limits: Limits | None = None) -> Iterator[str]:
    """Serve assistants, and yield the address."""
    with serving(make_app(Settings(Served(files, model=model), Keys(), limits or Limits()))) as url:
        yield url


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve an app, and yield the address."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=5)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive(), "the server did not stop"
