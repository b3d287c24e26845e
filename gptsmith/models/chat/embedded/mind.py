"""The mind of the embedded model: the writer of the shelf's default model, where its file is on this machine."""

from __future__ import annotations

import importlib.util
import os
import threading
from pathlib import Path

from gptsmith.models.chat.local.engine import Engine, LocalModel
from gptsmith.models.chat.local.processor import lacks_instructions
from gptsmith.models.chat.local.writer import Writer

CONTEXT = 8192
_writers: dict[Path, Writer] = {}
_making = threading.Lock()


def can_write() -> bool:
    """Tell whether a local model would run here, were its file there; `GPTSMITH_MIND=off` says no."""
    off = os.environ.get("GPTSMITH_MIND", "").lower() in ("off", "0", "no")
    return not off and importlib.util.find_spec("xllamacpp") is not None and not lacks_instructions()


def find_writer() -> Writer | None:
    """Return the writer of the default model, shared in this process; None without its weights, or a way to run them.

    Cheap: the file's hash was checked when it was placed.
    """
    if not can_write():
        return None
    from gptsmith.models import shelf

    name = shelf.default_name()
    file = shelf.path(name)
    if file is None:
        return None
    with _making:
        if file not in _writers:
            _writers[file] = Writer(Engine(LocalModel(f"local:{name}", file, CONTEXT)))
        return _writers[file]
