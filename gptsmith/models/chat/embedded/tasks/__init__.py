"""The small tasks of the local model: one short text each, by a fixed prompt, bounded by a grammar, checked by code."""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from gptsmith.models.chat.local.engine import LocalEngine, LocalModel, lacks_instructions
from gptsmith.models.chat.local.writer import Prompt, Writer, load_prompt

_PROMPTS = Path(__file__).with_name("prompts")

LATIN = r"[^\n\u3000-\u9fff\uac00-\ud7af]"
"""GBNF: a letter of one line; a small model slips into Chinese where nothing stops it."""


def prompt(name: str) -> Prompt:
    """Return the prompt of a task."""
    return load_prompt(_PROMPTS / f"{name}.txt")


def line(least: int, most: int, letters: str = LATIN) -> str:
    """Return the GBNF of one line of `least` to `most` characters."""
    return f"{letters}{{{least},{most}}}"


# The mind of the embedded model: the writer of the shelf's default model, where its file is on this machine.

CONTEXT = 8192
_writers: dict[LocalModel, Writer] = {}
_chosen: ContextVar[LocalModel | None] = ContextVar("mind", default=None)
_making = threading.Lock()


def is_off() -> bool:
    """Tell whether the person wants no local model: `GPTSMITH_MIND=off`."""
    return os.environ.get("GPTSMITH_MIND", "").lower() in ("off", "0", "no")


def can_write() -> bool:
    """Tell whether a local model would run here, were its file there and wanted."""
    return not is_off() and importlib.util.find_spec("xllamacpp") is not None and not lacks_instructions()


@contextmanager
def minded(model: LocalModel | None) -> Iterator[None]:
    """Let `model` write within the block, where it is one; else the default model."""
    token = _chosen.set(model)
    try:
        yield
    finally:
        _chosen.reset(token)


def find_writer() -> Writer | None:
    """Return the writer of the model that was chosen, else the default one, shared in this process; None without its
    weights, or a way to run them.

    Cheap: the file's hash was checked when it was placed.
    """
    if not can_write():
        return None
    from gptsmith.models import shelf

    model = _chosen.get()
    if model is None:
        name = shelf.default_name()
        file = shelf.path(name)
        if file is None:
            return None
        model = LocalModel(f"local:{name}", file, CONTEXT)
    with _making:
        if model not in _writers:
            _writers[model] = Writer(LocalEngine(model))
        return _writers[model]
