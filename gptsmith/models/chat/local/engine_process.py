"""The process that runs one model with llama.cpp: `python -m gptsmith.models.chat.local.engine_process`.

It reads its settings as one JSON object from stdin, listens on a free port of loopback with the key that it was given,
writes where to `running.json` in its folder, and ends when nobody has used it for a while.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from gptsmith.state import atomic_write

POLL = 5.0
RUNNING = "running.json"
USED = "used"


def main() -> None:
    """Load the model, say where it listens, and stay until it has been idle for `idle_seconds`."""
    settings = json.load(sys.stdin)
    server = start(settings)
    folder = Path(settings["folder"])
    running = {"pid": os.getpid(), "url": server.listening_address, "key": settings["key"], "started": time.time()}
    running["threads"] = settings["threads"]
    (folder / USED).touch()
    old = os.umask(0o077)
    atomic_write(folder / RUNNING, json.dumps(running))
    os.umask(old)
    try:
        stay(running, folder, settings["idle_seconds"])
    finally:
        if read_running(folder).get("pid") == os.getpid():
            (folder / RUNNING).unlink(missing_ok=True)
    os._exit(0)  # llama.cpp's own clean-up takes seconds and frees nothing that the system does not


def start(settings: dict[str, Any]) -> Any:
    """Return the llama.cpp server: loopback, a key, no page, no other origin, one slot."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = settings["model"]
    if settings["projector"]:
        params.mmproj.path = settings["projector"]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [settings["key"]]
    params.cors_origins = "http://127.0.0.1"
    params.ui = False
    params.endpoint_props = False
    params.n_ctx = settings["context"]
    params.n_parallel = 1
    params.n_batch = params.n_ubatch = settings["batch"]
    params.cache_ram_mib = settings["cache_mib"]
    params.slot_save_path = str(Path(settings["folder"]) / "prefixes") + os.sep
    params.warmup = False
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = settings["threads"]
        cpu.poll = 0  # a waiting thread that spins takes the core from everything else
    return xllamacpp.Server(params)


def stay(running: dict[str, Any], folder: Path, idle_seconds: float) -> None:
    """Return when no request has come for `idle_seconds` and none is being answered, or the folder is gone."""
    busy = time.time()
    while True:
        time.sleep(min(POLL, idle_seconds))
        try:
            used = (folder / USED).stat().st_mtime
        except OSError:
            return
        if _is_answering(running):
            busy = time.time()
        if time.time() - max(used, busy) > idle_seconds:
            return


def read_running(folder: Path) -> dict[str, Any]:
    """Return what `running.json` says; empty where there is none, or only a torn one."""
    try:
        found = json.loads((folder / RUNNING).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_answering(running: dict[str, Any]) -> bool:
    request = urllib.request.Request(  # noqa: S310  our own address
        running["url"] + "/slots", headers={"Authorization": f"Bearer {running['key']}"}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=POLL) as answer:
            return any(slot.get("is_processing") for slot in json.load(answer))
    except (OSError, ValueError, urllib.error.URLError):
        return False


if __name__ == "__main__":
    main()
