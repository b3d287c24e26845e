"""The folder of a picture model's weights: found on this machine or fetched from the hub, and safe to load.

Safetensors only, no code of the model's own: a spec may name a model, never bring a program.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from gptsmith.errors import GptsmithError, NotReadyError
from gptsmith.models.pictures.names import ModelName
from gptsmith.models.shelf.download import download
from gptsmith.models.shelf.progress import PassedOverError, Transfer
from gptsmith.state import home

# A model of the hub: on this machine whole, or fetched to the end. What was interrupted goes on where it stopped.
#
# A folder of the hub's cache may hold a part of a model only. Whole is what was fetched to the end here, or what holds
# all that its own index names.

Tell = Callable[[str], None]
Check = Callable[[], None]
_FILES = ("*.json", "*.safetensors", "*.model", "*.jinja", "*merges.txt", "*vocab.txt")
_WHOLE = ".gptsmith-whole"
_HALF = ".fp16.safetensors"
_TELL_SECONDS = 1.0


def unheard(_text: str) -> None:
    """Nobody listens."""


def unstopped() -> None:
    """Nobody stops it."""


def hub_folder(place: str, *, tell: Tell = unheard, check: Check = unstopped) -> Path:
    """Return the folder of a hub model. `tell` hears its size, how far it is and the time left; `check` may raise.

    Raises:
        NotReadyError: `missing_weights`: it is not here whole and cannot be fetched; what came stays for the next time.
    """
    own = home() / "hub" / place.replace("/", "--")
    if done := sorted(own.glob(f"*/{_WHOLE}"), key=lambda file: file.stat().st_mtime):
        return done[-1].parent
    here = _in_cache(place)
    if here is not None and is_whole(here):  # fetched by another program
        return here
    try:
        commit, files = _listed(place)
    except Exception as error:  # the hub's client raises what its HTTP library raises, which changes
        raise _unfetched(place, "") from error
    folder, total = own / commit, sum(files.values())
    try:
        _fetch(place, folder, files, _Told(place, total, tell, check))
    except GptsmithError:
        raise  # stopped
    except Exception as error:  # as above
        raise _unfetched(place, f" ({_size(_have(folder))} of {_size(total)} are here)") from error
    (folder / _WHOLE).write_text("\n".join(sorted(files)), "utf-8")
    return folder


def is_half(folder: Path) -> bool:
    """Tell whether a pipeline's weights are there in half precision and not in full."""
    weights = [file.name for file in folder.glob("*/*.safetensors")]
    return bool(weights) and all(_HALF in name or ".fp16-" in name for name in weights)


def is_whole(folder: Path) -> bool:
    """Tell whether a folder holds all that its own index names: every part, with all its weights."""
    index = _json(folder / "model_index.json")
    if not index:
        return _has_weights(folder) and bool([*folder.glob("p*processor_config.json")])
    parts = [name for name, made_of in index.items() if _is_part(name, made_of)]
    return bool(parts) and all((folder / name).is_dir() and _has_weights(folder / name) for name in parts)


def _is_part(name: str, made_of: Any) -> bool:
    return not name.startswith("_") and isinstance(made_of, list) and len(made_of) == 2 and bool(made_of[0])


def _has_weights(folder: Path) -> bool:
    """Tell whether a part has its weights, all shards of them, or needs none (a scheduler, a tokenizer)."""
    if not (folder / "config.json").is_file():
        named = [*folder.glob("*_config.json"), *folder.glob("vocab.*"), *folder.glob("*.model")]
        return folder.is_dir() and bool(named) and not (folder / "model_index.json").is_file()
    weights = {file.name for file in folder.glob("*.safetensors")}
    shards = {shard for file in folder.glob("*.index*.json") for shard in _json(file).get("weight_map", {}).values()}
    return bool(weights) and shards <= weights


def _json(path: Path) -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError):
        data = json.loads(path.read_text("utf-8"))
        return data if isinstance(data, dict) else {}
    return {}


def _in_cache(place: str) -> Path | None:
    """Return what the hub's own cache has of a model, a part of it perhaps."""
    from huggingface_hub import snapshot_download

    with contextlib.suppress(Exception):  # whatever is wrong with the cache, the hub is asked
        return Path(snapshot_download(place, local_files_only=True))
    return None


def _endpoint() -> str:
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


def _listed(place: str) -> tuple[str, dict[str, int]]:
    """Return the newest commit and the files that are needed, with their sizes in bytes."""
    from huggingface_hub import HfApi

    info = HfApi(endpoint=_endpoint()).model_info(place, files_metadata=True)
    sizes = {file.rfilename: file.size or 0 for file in info.siblings or []}
    return str(info.sha), {file: sizes[file] for file in needed(list(sizes))}


def needed(files: Sequence[str]) -> list[str]:
    """Return which of a repository's files make the model: of a pipeline those of its parts, in half precision where
    every part has it."""
    wanted = [file for file in files if any(fnmatch(file, form) for form in _FILES)]
    if "model_index.json" not in files:
        return [file for file in wanted if "/" not in file and _HALF not in file]
    wanted = [file for file in wanted if file == "model_index.json" or file.count("/") == 1]
    weights = [file for file in wanted if file.endswith(".safetensors")]
    plain = {file.rpartition("/")[0] for file in weights if not _is_variant(file)}
    half = {file.rpartition("/")[0] for file in weights if _is_half_file(file)}
    keep = _is_half_file if half and half >= plain else (lambda file: not _is_variant(file))
    return [file for file in wanted if not file.endswith(".safetensors") or keep(file)]


def _is_half_file(file: str) -> bool:
    return file.endswith(_HALF) or ".fp16-" in file


def _is_variant(file: str) -> bool:
    """Tell whether a weights file is of another precision or kind than the plain one (`model.ema.safetensors`)."""
    return file.rpartition("/")[2].removesuffix(".safetensors").count(".") > 0


class _Told:
    """Tells every second how far a fetch is, and lets it be stopped at every piece."""

    def __init__(self, place: str, total: int, tell: Tell, check: Check) -> None:
        self.place, self.total, self.tell, self.check = place, total, tell, check
        self.before = self.start = 0  # bytes of the files that are done, and of all that was here at first
        self.began = self.last = time.monotonic()

    def __call__(self, count: int) -> None:
        self.check()
        now = time.monotonic()
        if now - self.last < _TELL_SECONDS:
            return
        self.last, have = now, self.before + count
        speed = (have - self.start) / max(now - self.began, 1e-3)
        left = f", {_time((self.total - have) / speed)} left" if speed > 0 else ""
        self.tell(f"Fetching {self.place}: {_size(have)} of {_size(self.total)}{left}")


def _fetch(place: str, folder: Path, files: dict[str, int], told: _Told) -> None:
    """Bring the files that are not in the folder yet; one that was begun goes on where it stopped."""
    told.start = _have(folder)
    told.tell(f"Fetching {place}, {_size(told.total)}" + (f", {_size(told.start)} are here" if told.start else ""))
    for file, size in sorted(files.items(), key=lambda item: item[1]):
        target = folder / file
        if not target.is_file():
            told.check()
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_name(f"{target.name}.part")
            transfer = Transfer(part, size or 2**40, told, threading.Event())
            try:
                download(f"{_endpoint()}/{place}/resolve/{folder.name}/{file}", transfer, size)
                part.replace(target)
            except PassedOverError:
                if _have(folder) > told.before:
                    raise  # it broke off in the middle
                _by_client(place, folder, file)  # what needs the person's token
        told.before += size


def _by_client(place: str, folder: Path, file: str) -> None:
    from huggingface_hub import hf_hub_download

    shutil.copyfile(hf_hub_download(place, file, revision=folder.name, endpoint=_endpoint()), folder / file)


def _have(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _unfetched(place: str, how_far: str) -> NotReadyError:
    again = "ask again and it goes on from there; " if how_far else ""
    return NotReadyError(
        f"the picture model {place} is not on this machine and could not be downloaded{how_far}",
        code="missing_weights",
        hint=f"{again}check the id and the network, or name a folder on this machine",
    )


def _size(count: float) -> str:
    return (
        f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{count:,.0f} bytes"
    )


def _time(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


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
