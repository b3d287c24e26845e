"""Models that draw: what each is asked and can do, how one is made by its name, and those behind an endpoint."""

from __future__ import annotations

import base64
import io
import re
import secrets
import threading
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from gptsmith.assistants.format.providers import PROVIDERS
from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.errors import GptsmithError, NotReadyError, ProviderError, UsageError
from gptsmith.models.chat.failures import Contact, read_failure
from gptsmith.models.chat.hosted import http_clients
from gptsmith.models.chat.providers import connection, host_of, leaves_machine
from gptsmith.models.pictures.input_images import open_picture
from gptsmith.models.pictures.names import ModelName, read_name

# What is to be drawn: the person's words and settings, checked before anything is loaded.

Mode = Literal["new", "change", "inpaint"]
SAMPLERS = ("ddim", "euler", "dpmpp", "unipc")
MAX_WORDS = 400
MAX_SIDE = 4096
SEEDS = 2**32

_SIZE = re.compile(r"([1-9]\d{1,3})x([1-9]\d{1,3})")


@dataclass(frozen=True)
class Settings:
    """How a picture is drawn; None leaves it to the model. `strength` (0 to 1) is how far a given picture changes."""

    steps: int | None = None
    guidance: float | None = None
    size: tuple[int, int] | None = None
    sampler: str | None = None
    negative: str = ""
    strength: float | None = None


@dataclass(frozen=True)
class Job:
    """One picture to draw: `caption` is what the model is told, `image` and `mask` what it starts from."""

    caption: str
    seed: int
    settings: Settings = field(default_factory=Settings)
    image: Image.Image | None = None
    mask: Image.Image | None = None

    @property
    def mode(self) -> Mode:
        """Whether it is new, a change of a picture, or of a part of one."""
        return "new" if self.image is None else "change" if self.mask is None else "inpaint"


def check_words(text: str, what: str = "the description") -> str:
    """Return the words in one line.

    Raises:
        UsageError: they are empty, too many, or hold control characters.
    """
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\r" for c in text):
        raise UsageError(f"{what} holds control characters", hint="write it in plain words")
    words = text.split()
    if not words:
        raise UsageError(f"{what} is empty", hint='say what the picture shows, e.g. "a red cube on a blue cube"')
    if len(words) > MAX_WORDS or len(text) > MAX_WORDS * 20:
        said = f"{len(words):,} words" if len(words) > MAX_WORDS else f"{len(text):,} characters"
        raise UsageError(f"{what} has {said}, too many for a picture", hint=f"say it in up to {MAX_WORDS} words")
    return " ".join(words)


def check_settings(settings: Settings) -> Settings:
    """Return the settings.

    Raises:
        UsageError: a value is out of range; it is named.
    """
    checks: list[tuple[str, float | None, float, float]] = [
        ("steps", settings.steps, 1, 1000),
        ("guidance", settings.guidance, 0, 50),
        ("strength", settings.strength, 0, 1),
    ]
    for name, value, least, most in checks:
        if value is not None and not least <= value <= most:
            raise UsageError(f"{name} is {value:g}, not between {least:g} and {most:g}", hint=f"choose another {name}")
    if settings.strength == 0:
        raise UsageError("strength 0 would change nothing", hint="choose a strength above 0, up to 1")
    if settings.sampler is not None and settings.sampler not in SAMPLERS:
        raise UsageError(f"there is no sampler {settings.sampler[:40]!r}", hint=f"use one of {', '.join(SAMPLERS)}")
    if settings.size is not None and not all(16 <= side <= MAX_SIDE for side in settings.size):
        raise UsageError(
            f"a picture cannot have {settings.size[0]}x{settings.size[1]} pixels", hint=f"use sides of 16 to {MAX_SIDE}"
        )
    if settings.negative:
        check_words(settings.negative, "the negative description")
    return settings


def read_size(text: str) -> tuple[int, int]:
    """Return (width, height) of a text like 512x768.

    Raises:
        UsageError: it is no size.
    """
    found = _SIZE.fullmatch(text.strip().lower())
    if not found:
        raise UsageError(f"{text[:40]!r} is no size of a picture", hint="write WIDTHxHEIGHT, e.g. 512x512")
    return int(found[1]), int(found[2])


def choose_seeds(seed: int | None, count: int) -> list[int]:
    """Return one seed for each picture: `seed`, `seed + 1`, …, or drawn ones.

    Raises:
        UsageError: the seed or the count is out of range.
    """
    if not 1 <= count <= 32:
        raise UsageError(f"{count} pictures cannot be drawn at once", hint="choose a count of 1 to 8")
    if seed is None:
        return [secrets.randbelow(2**31) for _ in range(count)]
    if not 0 <= seed < SEEDS:
        raise UsageError(f"the seed {seed} is not between 0 and {SEEDS - 1}", hint="choose another seed")
    return [(seed + i) % SEEDS for i in range(count)]


# What every model that draws can do, and how one is made by its name.


@dataclass(frozen=True)
class DrawingStep:
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
    def draw(self, job: Job, on_step: Callable[[DrawingStep], None], stop: Stop) -> Drawn:
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
    from gptsmith.models.pictures import names, weights

    model = read_name(name, base_dir=base_dir, trust=trust)
    if model.kind == "provider":
        HostedGenerator(model)
        return model, None
    if model.kind == "hub":
        return model, None
    return model, names.folder("generator") if model.kind == "embedded" else weights.pipeline_folder(model)


def _make(model: ModelName, folder: Path | None) -> Generator:
    if model.kind == "provider":
        return HostedGenerator(model)
    from gptsmith.models.pictures.local import LocalGenerator

    return LocalGenerator(model, folder)


# A picture model behind an OpenAI images endpoint: `openai:gpt-image-1`, or a server of that kind on this machine.

_SECONDS = 180.0  # for one picture; large models take a minute
_UNTAKEN = {"steps": "steps", "guidance": "guidance", "sampler": "a sampler", "strength": "a strength"}


class HostedGenerator(Generator):
    """Draws through `/images/generations` and `/images/edits`; it takes no seed, steps, guidance or sampler."""

    def __init__(self, model: ModelName) -> None:
        if model.provider != "openai":
            raise NotReadyError(
                f"{model.text} cannot draw here: only servers of OpenAI's kind are asked for pictures",
                code="missing_model",
                hint="use openai:<images model>",
            )
        self.name = model.text
        self._model = model.place
        self._spec = ModelSpec(provider="openai", name=model.place)
        self._line = connection(self._spec)
        self.device = self.name  # not this machine's: such jobs need not wait for local ones

    @property
    def leaves(self) -> str | None:
        return leaves_machine(self._spec)

    def draw(self, job: Job, on_step: Callable[[DrawingStep], None], stop: Stop) -> Drawn:
        stop.check()
        on_step(DrawingStep(0, 1))
        try:
            answer = self._ask(job)
        except Exception as error:  # the client raises what it likes; read_failure tells it apart
            raise self._told(error) from error
        stop.check()
        on_step(DrawingStep(1, 1))
        image = self._picture(answer)
        if job.image is not None and job.mask is not None:
            image = Image.composite(image.resize(job.image.size, Image.Resampling.LANCZOS), job.image, job.mask)
        used = {"native_size": "{}x{}".format(*image.size), "negative": "", "seed": None}
        return Drawn(image, used, self._notes(job))

    def _ask(self, job: Job) -> Any:
        from openai import OpenAI

        url = self._line.url or PROVIDERS["openai"].url
        keywords: dict[str, Any] = {"model": self._model, "prompt": job.caption, "n": 1}
        if job.settings.size:
            keywords["size"] = "{}x{}".format(*job.settings.size)
        if self._model.startswith("dall-e"):  # the others send the picture itself anyway, and refuse the word
            keywords["response_format"] = "b64_json"
        with http_clients(host_of(url))["http_client"] as http:
            client = OpenAI(
                api_key=self._line.key or "", base_url=url, http_client=http, max_retries=0, timeout=_SECONDS
            )
            if job.image is None:
                return client.images.generate(**keywords)
            keywords["image"] = ("picture.png", _png(job.image), "image/png")
            if job.mask is not None:
                keywords["mask"] = ("mask.png", _png(_hole(job.image, job.mask)), "image/png")
            return client.images.edit(**keywords)

    def _picture(self, answer: Any) -> Image.Image:
        data = getattr(answer, "data", None)
        text = getattr(data[0], "b64_json", None) if data else None
        try:
            return open_picture(base64.b64decode(text or "", validate=True))
        except (ValueError, UsageError) as error:
            raise ProviderError(
                f"{self.name} sent something that is not a picture", code="bad_answer", hint="try again"
            ) from error

    def _told(self, error: Exception) -> GptsmithError:
        if isinstance(error, GptsmithError):
            return error
        secrets = (self._line.key,) if self._line.key else ()
        host = host_of(self._line.url or PROVIDERS["openai"].url)
        contact = Contact(label=self.name, host=host, variable=self._line.variable, secrets=secrets)
        return read_failure(error, contact).error

    def _notes(self, job: Job) -> list[str]:
        settings = job.settings
        given = [what for field, what in _UNTAKEN.items() if getattr(settings, field) is not None]
        given += ["a negative description"] if settings.negative else []
        notes = ["This model takes no seed, so the picture cannot be drawn again as it is."]
        return notes + ([f"This model does not take {', '.join(given)}."] if given else [])


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _hole(image: Image.Image, mask: Image.Image) -> Image.Image:
    """Return the picture with the masked part transparent: the form in which these servers take a mask."""
    whole = image.convert("RGBA")
    whole.putalpha(mask.point(lambda value: 255 - value))
    return whole
