"""A model of the hub: on this machine whole, or fetched to the end. What was interrupted goes on where it stopped.

A folder of the hub's cache may hold a part of a model only. Whole is what was fetched to the end here, or what holds
all that its own index names.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from gptsmith.errors import GptsmithError, NotReadyError
from gptsmith.models.shelf.download import download
from gptsmith.models.shelf.transfer import PassedOverError, Transfer
from gptsmith.state import home

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
