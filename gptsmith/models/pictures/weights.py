"""The folder of a picture model's weights: found on this machine or fetched from the hub, and safe to load.

Safetensors only, no code of the model's own: a spec may name a model, never bring a program.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gptsmith.errors import NotReadyError
from gptsmith.models.pictures.hub import Check, Tell, hub_folder, unheard, unstopped
from gptsmith.models.pictures.names import ModelName

_quieting = threading.Lock()
_QUIET: list[bool] = []  # one for each thread that wants it quiet
_BEFORE: list[tuple[int, bool]] = []
_PICKLE = (".bin", ".pt", ".pth", ".ckpt", ".pkl")


def pipeline_folder(name: ModelName, *, tell: Tell = unheard, check: Check = unstopped) -> Path:
    """Return the folder of a diffusers pipeline, checked. `tell` and `check` are those of `hub_folder`.

    Raises:
        NotReadyError: `missing_weights`: it is not there, is no pipeline, brings code or has pickle weights only.
    """
    folder = Path(name.place) if name.kind == "folder" else hub_folder(name.place, tell=tell, check=check)
    index = _read_json(folder / "model_index.json", name, "has no model_index.json, so it is no diffusers pipeline")
    if not isinstance(index.get("_class_name"), str):
        raise _refused(name, "brings a pipeline class of its own, whose code is never run")
    for part, made_of in index.items():
        if part.startswith("_") or not (isinstance(made_of, list) and len(made_of) == 2 and made_of[0]):
            continue
        if (folder / f"{made_of[0]}.py").exists() or (folder / part / f"{made_of[0]}.py").exists():
            raise _refused(name, f"brings code of its own for {part}, which is never run")
        _refuse_pickle(folder / part, name, f"{part} of {_short(name)}")
    return folder


def model_folder(name: ModelName, needs: str) -> Path:
    """Return the folder of a transformers model, checked; `needs` says in words which kind is wanted.

    Raises:
        NotReadyError: `missing_weights`.
    """
    folder = Path(name.place) if name.kind == "folder" else hub_folder(name.place)
    config = _read_json(folder / "config.json", name, f"has no config.json, so it is not {needs}")
    if "auto_map" in config:
        raise _refused(name, "brings code of its own, which is never run")
    _refuse_pickle(folder, name, _short(name))
    return folder


def load_with(name: ModelName, load: Callable[[], Any], needs: str) -> Any:
    """Return what `load` gives, with the libraries' messages and bars silenced; its failure as one sentence.

    Raises:
        NotReadyError: `missing_weights`; `needs` says what the folder must hold.
    """
    try:
        with quiet():
            return load()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError, RuntimeError) as error:
        logging.getLogger(__name__).debug("%s was not loaded", name.text, exc_info=error)
        raise NotReadyError(
            f"the weights of {_short(name)} could not be loaded ({_reason(error)})",
            code="missing_weights",
            hint=f"the folder must hold {needs}",
        ) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the progress bars and remarks of diffusers and transformers, which are not for the person.

    The switches belong to the process: the first thread that comes here turns them, the last one that leaves turns
    them back.
    """
    from diffusers.utils import logging as diffusers_log
    from transformers.utils import logging as transformers_log

    logs: tuple[Any, Any] = (diffusers_log, transformers_log)
    with _quieting:
        if not _QUIET:
            _BEFORE[:] = [(log.get_verbosity(), log.is_progress_bar_enabled()) for log in logs]
            for log in logs:
                log.set_verbosity(logging.CRITICAL)
                log.disable_progress_bar()
        _QUIET.append(True)
    try:
        yield
    finally:
        with _quieting:
            _QUIET.pop()
            if not _QUIET:
                for log, (level, bar) in zip(logs, _BEFORE, strict=True):
                    log.set_verbosity(level)
                    if bar:
                        log.enable_progress_bar()


def _read_json(path: Path, name: ModelName, otherwise: str) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        data = None
    if not isinstance(data, dict):
        raise _refused(name, otherwise if path.parent.is_dir() else "is not there")
    return data


def _refuse_pickle(folder: Path, name: ModelName, what: str) -> None:
    """Refuse a folder whose only weights are pickle files: loading one can run any program."""
    files = [p.name for p in folder.iterdir() if p.is_file()] if folder.is_dir() else []
    if any(f.endswith(_PICKLE) for f in files) and not any(f.endswith(".safetensors") for f in files):
        raise _refused(name, f"has pickle weights, which can run any program ({what})")


def _refused(name: ModelName, why: str) -> NotReadyError:
    return NotReadyError(
        f"the picture model {_short(name)} {why}",
        code="missing_weights",
        hint="name a folder or hub id with safetensors weights that diffusers or transformers knows",
    )


def _short(name: ModelName) -> str:
    return name.text if len(name.text) <= 80 else f"…{name.text[-79:]}"


def _reason(error: Exception) -> str:
    if isinstance(error, ImportError):
        return f"it needs the package {error.name}" if error.name else "a package is missing"
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said[:120]}" if said else type(error).__name__
