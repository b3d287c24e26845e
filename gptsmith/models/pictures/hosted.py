"""A picture model behind an OpenAI images endpoint: `openai:gpt-image-1`, or a server of that kind on this machine."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

from PIL import Image

from gptsmith.assistants.spec import ModelSpec
from gptsmith.errors import GptsmithError, NotReadyError, ProviderError, UsageError
from gptsmith.models.chat.failures import Contact, read_failure
from gptsmith.models.chat.hosted import http_clients
from gptsmith.models.chat.providers import PROVIDERS, connection, host_of, leaves_machine
from gptsmith.models.pictures.generators import Drawn, Generator, Step, Stop
from gptsmith.models.pictures.input_images import open_picture
from gptsmith.models.pictures.names import ModelName
from gptsmith.models.pictures.wishes import Job

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

    def draw(self, job: Job, on_step: Callable[[Step], None], stop: Stop) -> Drawn:
        stop.check()
        on_step(Step(0, 1))
        try:
            answer = self._ask(job)
        except Exception as error:  # the client raises what it likes; read_failure tells it apart
            raise self._told(error) from error
        stop.check()
        on_step(Step(1, 1))
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
