"""The shelf of models that a person can get: what there is, what is here, and how it comes here.

from gptsmith.models import shelf

shelf.default_name()                     # "coder-1.5b"
shelf.path("coder-1.5b")                 # the checked file, or None
shelf.get("coder-1.5b", progress=print)  # fetches what is missing
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Literal

from gptsmith.models.shelf.catalogue import ModelFile, ShelfModel
from gptsmith.models.shelf.progress import Progress, Tell
from gptsmith.models.shelf.shelf import Checked, Shelf, Status, shelf_folder, size_words

__all__ = [
    "Checked", "ModelFile", "Progress", "Shelf", "ShelfModel", "Status",
    "default_name", "entry", "get", "path", "require", "shelf_folder", "size_words",
]  # fmt: skip


def entry(name: str) -> ShelfModel:
    """Return the catalogue's entry of a model: context, abilities, memory, files."""
    return Shelf().entry(name)


def path(name: str, part: Literal["model", "projector"] = "model") -> Path | None:
    """Return the checked file of a model on this machine, or None; see `Shelf.path`."""
    return Shelf().path(name, part)


def require(name: str, part: Literal["model", "projector"] = "model") -> Path:
    """Return what `path` returns, or raise NotReadyError that says how to get the model."""
    return Shelf().require(name, part)


def default_name() -> str:
    """Return the name of the default model: the best that is here and fits, else the one to be fetched."""
    return Shelf().default_name()


def get(name: str | None = None, progress: Tell | None = None, stop: threading.Event | None = None) -> Path:
    """Fetch a model, the default without a name, and return its file; see `Shelf.get`."""
    return Shelf().get(name, progress, stop)
