"""The catalogue of models that a person can get: `catalogue.yaml`, checked."""

from __future__ import annotations

from functools import cache
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from gptsmith.errors import UsageError

FILE = Path(__file__).with_name("catalogue.yaml")
SMALL = 1_000_000
"""A file without a size in the catalogue is taken for at most so many bytes."""


def _inside(path: str) -> str:
    """Refuse a name that could leave the model's folder."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or "\\" in path or ":" in path or any(part.startswith(".") for part in parts):
        raise ValueError("is no plain relative path")
    return path


_Path = Annotated[str, Field(max_length=200), AfterValidator(_inside)]
_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelFile(_Strict):
    """One file: `name` in the model's folder, `path` in its repository where that differs, `size` in bytes.

    `part` tells what a single-file engine needs it for: `projector` is what lets a chat model see.
    """

    name: _Path
    sha256: _Sha256
    size: Annotated[int, Field(gt=0)] | None = None
    path: _Path | None = None
    part: Literal["model", "projector"] = "model"

    @property
    def limit(self) -> int:
        """The bytes that it may have at most."""
        return self.size or SMALL


class Hub(_Strict):
    """A repository of the model hub at one commit."""

    repository: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")]
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]


class Wheels(_Strict):
    """Wheels of the package index whose data, joined in order, is the model's first file.

    Wheel n is `<package><n>`; it holds `part_size` bytes as `data/part<n>.bin`, the last one what is left.
    """

    package: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    version: Annotated[str, Field(pattern=r"^[0-9.]+$")]
    count: Annotated[int, Field(gt=0, le=500)]
    part_size: Annotated[int, Field(gt=0)]


class Drawing(_Strict):
    """How a picture model wants to draw where nobody says otherwise."""

    steps: Annotated[int, Field(gt=0, le=100)]
    guidance: Annotated[float, Field(ge=0, le=30)]


class ShelfModel(_Strict):
    """One model of the catalogue. `memory` is the least memory of the machine in MiB, `context` tokens.

    `tools`: it calls tools in its own format; `whole_tasks`: it is given whole tasks, else small ones.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$")]
    title: str
    good_for: str
    kind: Literal["chat", "vision", "pictures"]
    licence: str
    licence_note: str = ""
    default: bool = False
    measured: bool = False
    sees: bool = False
    tools: bool = False
    whole_tasks: bool = False
    context: Annotated[int, Field(ge=0)] = 0
    memory: Annotated[int, Field(gt=0)]
    cores: Annotated[int, Field(gt=0)] = 1
    files: Annotated[list[ModelFile], Field(min_length=1)]
    drawing: Drawing | None = None
    hub: Hub | None = None
    wheels: Wheels | None = None

    @model_validator(mode="after")
    def _whole(self) -> ShelfModel:
        if self.wheels is not None:
            size, known = self.files[0].size or 0, self.wheels
            if len(self.files) > 1 or not (known.count - 1) * known.part_size < size <= known.count * known.part_size:
                raise ValueError("wheels hold one file, whose size must fit their number")
        if len({file.name for file in self.files}) != len(self.files):
            raise ValueError("two files have the same name")
        return self

    @property
    def size(self) -> int:
        """Bytes of all files whose size is known; the others are small."""
        return sum(file.size or 0 for file in self.files)

    @property
    def card(self) -> str:
        """The address of the page on which its makers describe it, or ``""``."""
        return f"https://huggingface.co/{self.hub.repository}" if self.hub else ""


class Catalogue(_Strict):
    """The models, in the order in which they are shown; the first `default` that fits a machine is its default."""

    models: list[ShelfModel]

    def find(self, name: str) -> ShelfModel:
        """Return the model called `name` (`local:` before it is allowed).

        Raises UsageError `unknown_model`, with the names that there are.
        """
        wanted = name.removeprefix("local:").strip().lower()
        for model in self.models:
            if model.name == wanted:
                return model
        known = ", ".join(model.name for model in self.models)
        raise UsageError(f"no model is called {name[:80]!r}", code="unknown_model", hint=f"use one of {known}")


def read_catalogue(file: Path) -> Catalogue:
    """Read a catalogue file."""
    import yaml

    return Catalogue.model_validate(yaml.safe_load(file.read_text("utf-8")))


@cache
def catalogue() -> Catalogue:
    """Return the catalogue that gptsmith comes with."""
    return read_catalogue(FILE)
