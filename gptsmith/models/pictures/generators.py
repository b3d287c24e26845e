"""What every model that draws can do, and how one is made by its name."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from gptsmith.errors import GptsmithError
from gptsmith.models.pictures.names import ModelName, read_name
from gptsmith.models.pictures.wishes import Job


@dataclass(frozen=True)
class Step:
    """How far a picture is: `preview` is a small JPEG now and then."""

    step: int
    steps: int
    preview: bytes | None = None


@dataclass(frozen=True)
class Drawn:
    """A finished picture: `used` holds the settings that were really used, `notes` what the person should know."""

    image: Image.Image
    used: dict[str, Any]
    notes: list[str] = field(default_factory=list)


class Stop:
    """A job's switch: once set, the drawing ends before its next step."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Ask the job to end."""
        self._event.set()

    def check(self) -> None:
        """Raise DrawingStoppedError when the job is to end."""
        if self._event.is_set():
            raise DrawingStoppedError()

    def wait(self, seconds: float) -> None:
        """Wait, but no longer than until the switch is set."""
        self._event.wait(seconds)


class DrawingStoppedError(GptsmithError):
    """The drawing was stopped; there is no half picture."""

    def __init__(self) -> None:
        super().__init__("the drawing was stopped", code="stopped")


class Generator(ABC):
    """A model that draws. `name` is what the person wrote; jobs on one `device` run one after the other."""

    name: str
    device: str = "cpu"

    @property
    def leaves(self) -> str | None:
        """The host to which descriptions and pictures go, None when they stay on this machine."""
        return None

    def prepare(self, tell: Callable[[str], None], stop: Stop) -> None:  # noqa: B027 - most have nothing to do
        """Fetch and read what it draws with; `tell` hears how far that is. Nothing to do for a hosted model.

        Raises:
            NotReadyError: the model is not there.
        """

    @abstractmethod
    def draw(self, job: Job, on_step: Callable[[Step], None], stop: Stop) -> Drawn:
        """Draw one picture.

        Raises:
            UsageError: the model cannot draw with these settings.
            GptsmithError: `no_picture`: what came out is no picture; DrawingStoppedError: `stop` was set.
            ProviderError: a hosted model failed.
        """


_made: dict[tuple[str, str], Generator] = {}
_making = threading.Lock()


def load_generator(name: str = "embedded", *, base_dir: Path | None = None, trust: bool = False) -> Generator:
    """Return the model called `name`, the same object for the same name.

    Its weights are read when it first draws, those of a hub id are downloaded then where they are not on this machine.

    Raises:
        UsageError: `name` is no name of a model.
        NotReadyError: weights, a key or trust are missing.
    """
    model, folder = find_generator(name, base_dir=base_dir, trust=trust)
    key = (model.kind, model.place)
    with _making:
        if key not in _made:
            _made[key] = _make(model, folder)
        return _made[key]


def find_generator(
    name: str = "embedded", *, base_dir: Path | None = None, trust: bool = False
) -> tuple[ModelName, Path | None]:
    """Return what `name` means and its folder on this machine; None for a hosted model and a hub id.

    Nothing is loaded, downloaded or asked. Raises as `load_generator` does.
    """
    from gptsmith.models.pictures import embedded, weights

    model = read_name(name, base_dir=base_dir, trust=trust)
    if model.kind == "provider":
        from gptsmith.models.pictures.hosted import HostedGenerator

        HostedGenerator(model)
        return model, None
    if model.kind == "hub":
        return model, None
    return model, embedded.folder("generator") if model.kind == "embedded" else weights.pipeline_folder(model)


def _make(model: ModelName, folder: Path | None) -> Generator:
    if model.kind == "provider":
        from gptsmith.models.pictures.hosted import HostedGenerator

        return HostedGenerator(model)
    from gptsmith.models.pictures.local import LocalGenerator

    return LocalGenerator(model, folder)
