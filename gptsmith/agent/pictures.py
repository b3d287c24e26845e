"""The SDK's `Pictures`: draw, describe and recognize pictures, and what a picture model can do beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gptsmith.errors import UsageError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from PIL import Image

    from gptsmith.models.pictures.captioners import Captioner
    from gptsmith.models.pictures.generators import Generator, Stop
    from gptsmith.models.pictures.input_images import Given
    from gptsmith.models.pictures.latents import Inverted
    from gptsmith.models.pictures.recognizers import Match, Recognizer
    from gptsmith.tools.drawing.store import Picture
    from gptsmith.tools.drawing.studio import DrawingProgress, Studio, Wish
    from gptsmith.tools.drawing.upsampler import Earlier, Upsampled, Upsampler

Size = str | tuple[int, int]


class Pictures:
    """Picture models by name; each is loaded when it is first needed.

    `model` draws: embedded, a diffusers folder or hub id, or `openai:<images model>`. `captioner` describes: embedded,
    a transformers folder or hub id, or a chat model with vision (`openai:gpt-4o-mini`). `recognizer` is embedded or any
    CLIP. `upsampler` is the chat model that writes captions, None for the default one. Relative folders start at
    `base_dir` (default: the working folder).
    """

    def __init__(
        self,
        model: str = "embedded",
        *,
        captioner: str = "embedded",
        recognizer: str = "embedded",
        upsampler: str | BaseChatModel | None = None,
        base_dir: str | Path | None = None,
    ) -> None:
        self._names = {"model": model, "captioner": captioner, "recognizer": recognizer}
        self._upsampler = upsampler
        self._base_dir = Path(base_dir) if base_dir is not None else None

    def __repr__(self) -> str:
        return f"Pictures({self._names['model']!r})"

    # -- drawing ---------------------------------------------------------------------------------------------------

    def draw(
        self,
        prompt: str,
        *,
        count: int = 1,
        seed: int | None = None,
        steps: int | None = None,
        size: Size | None = None,
        guidance: float | None = None,
        sampler: str | None = None,
        negative: str = "",
        image: Given | None = None,
        mask: Given | None = None,
        strength: float | None = None,
        my_words: bool = False,
        best_of: int = 1,
        on_progress: Callable[[DrawingProgress], None] | None = None,
        stop: Stop | None = None,
    ) -> list[Picture]:
        """Return `count` pictures of what `prompt` says, each with its `record`; the one that fits best comes first.

        `image` is changed instead, as far as `strength` (0 to 1) says, or where `mask` is white; where it says itself
        what it shows, the prompt may say only what changes ("make it night"). `my_words` draws the prompt as it is,
        without a caption written from it. `best_of` tries are drawn for each picture and ranked by the
        recognizer. `stop.set()` from another thread ends it.

        Raises:
            UsageError: the words, a picture or a setting cannot be used.
            NotReadyError: the model is not there.
            ProviderError: a hosted model failed.
            GptsmithError: what came out is no picture, or the queue is full.
        """
        wish = self._wish(prompt, count, seed, image, mask, my_words, best_of)
        wanted = {"steps": steps, "size": _size(size), "guidance": guidance, "sampler": sampler, "strength": strength}
        wish = _with(wish, **wanted, negative=negative)
        studio, earlier = self._studio(best_of), _earlier(image)
        if mask is not None and earlier:
            wish = replace(wish, changes=earlier[0].caption)
        return studio.draw(wish, earlier=earlier, listen=on_progress or _unheard, stop=stop).shown

    def _wish(
        self,
        prompt: str,
        count: int,
        seed: int | None,
        image: Given | None,
        mask: Given | None,
        my_words: bool,
        best_of: int,
    ) -> Wish:
        from gptsmith.models.pictures.input_images import open_mask, open_picture
        from gptsmith.tools.drawing.studio import Wish

        if mask is not None and image is None:
            raise UsageError("a mask alone changes nothing", hint="give the picture that it belongs to as well")
        given = open_picture(image) if image is not None else None
        hole = open_mask(mask, given.size) if mask is not None and given is not None else None
        return Wish(prompt, count, seed, image=given, mask=hole, own_words=my_words, best_of=best_of)

    def upsample(self, prompt: str, earlier: Sequence[Earlier] = ()) -> Upsampled:
        """Return the caption that would be drawn for `prompt`, after the `earlier` pictures of a conversation."""
        from gptsmith.models.pictures.generators import check_words

        return self.upsampler.upsample(check_words(prompt), earlier)

    def _studio(self, best_of: int) -> Studio:
        from gptsmith.tools.drawing.studio import Studio

        generator = self.generator  # first: who wants to draw is told what is missing for that
        ranker = self.recognizer if best_of > 1 else None
        own = self._names["model"] == "embedded" and self._names["recognizer"] == "embedded"
        looker = self.recognizer if own else None  # it knows the embedded model's world alone
        return Studio(generator, upsampler=self.upsampler, ranker=ranker, looker=looker)

    # -- looking ---------------------------------------------------------------------------------------------------

    def caption(self, image: Given, detail: Literal["short", "descriptive"] = "descriptive") -> str:
        """Return what a picture shows, in one sentence or in several; "I cannot tell" instead of a guess."""
        from gptsmith.models.pictures.captioners import DETAILS
        from gptsmith.models.pictures.input_images import open_picture

        if detail not in DETAILS:
            raise UsageError(f"detail cannot be {str(detail)[:40]!r}", hint="choose short or descriptive")
        return self.captioner.caption(open_picture(image), detail).told

    def recognize(self, image: Given, labels: Sequence[str]) -> list[Match]:
        """Return the labels with their scores, the one that fits a picture best first."""
        from gptsmith.models.pictures.input_images import open_picture
        from gptsmith.models.pictures.recognizers import check_labels

        wanted = check_labels(labels)
        return self.recognizer.recognize(open_picture(image), wanted)

    def similar(self, image: Given, others: Sequence[Given], count: int = 5) -> list[tuple[int, float]]:
        """Return which of `others` are most like a picture: `count` indices with the cosine (-1 to 1) of their
        embeddings to its own, the likest first."""
        from gptsmith.models.pictures.input_images import open_picture

        if count < 1:
            raise UsageError(f"{count} pictures cannot be found", hint="choose 1 or more")
        scores = self.recognizer.likeness(open_picture(image), (open_picture(other) for other in others))
        return sorted(enumerate(scores), key=lambda found: -found[1])[:count]

    # -- what the autoencoder and the noise can do -----------------------------------------------------------------

    def interpolate(self, first: Given, last: Given, count: int = 8) -> list[Image.Image]:
        """Return `count` pictures that lead smoothly from one picture to another."""
        from gptsmith.models.pictures import latents
        from gptsmith.models.pictures.input_images import open_picture

        ends = open_picture(first), open_picture(last)
        return latents.interpolate(latents.local_autoencoder(self.generator), *ends, count)

    def denoise(self, image: Given) -> Image.Image:
        """Return a noisy picture without what the autoencoder cannot hold."""
        from gptsmith.models.pictures import latents
        from gptsmith.models.pictures.input_images import open_picture

        given = open_picture(image)
        return latents.denoise(latents.local_autoencoder(self.generator), given)

    def odd_one_out(self, images: Sequence[Given]) -> int:
        """Return the index of the picture that the autoencoder keeps worst: it is the one unlike those it knows."""
        from gptsmith.models.pictures import latents
        from gptsmith.models.pictures.input_images import open_picture

        if len(images) < 2:
            raise UsageError("one picture alone cannot be the odd one", hint="give two or more")
        given = [open_picture(image) for image in images]
        errors = latents.reconstruction_errors(latents.local_autoencoder(self.generator), given)
        return errors.index(max(errors))

    def invert(self, image: Given, caption: str = "", steps: int = 30) -> Inverted:
        """Return the noise from which the model draws a picture, and how well it comes back; `redraw` edits it."""
        from gptsmith.models.pictures import latents
        from gptsmith.models.pictures import latents as inversion
        from gptsmith.models.pictures.input_images import open_picture

        given = open_picture(image)
        return inversion.invert(latents.local_autoencoder(self.generator), given, caption, steps)

    # -- the models ------------------------------------------------------------------------------------------------

    @cached_property
    def generator(self) -> Generator:
        """The model that draws."""
        from gptsmith.models.pictures.generators import load_generator

        return load_generator(self._names["model"], base_dir=self._base_dir, trust=True)

    @cached_property
    def captioner(self) -> Captioner:
        """The model that describes."""
        from gptsmith.models.pictures.captioners import load_captioner

        return load_captioner(self._names["captioner"], base_dir=self._base_dir, trust=True)

    @cached_property
    def recognizer(self) -> Recognizer:
        """The model that compares pictures with words."""
        from gptsmith.models.pictures.recognizers import load_recognizer

        return load_recognizer(self._names["recognizer"], base_dir=self._base_dir, trust=True)

    @cached_property
    def upsampler(self) -> Upsampler:
        """What writes the captions."""
        from gptsmith.tools.drawing.upsampler import named_upsampler, upsampler_for

        drawn_by = self._names["model"]
        if self._upsampler is None or isinstance(self._upsampler, str):
            return named_upsampler(self._upsampler, drawn_by)
        return upsampler_for(self._upsampler, drawn_by)


def _with(wish: Wish, **settings: Any) -> Wish:
    given = {name: value for name, value in settings.items() if value is not None}
    return replace(wish, settings=replace(wish.settings, **given))


def _earlier(image: Given | None) -> list[Earlier]:
    """Return what was drawn before, as a picture that is to be changed tells it."""
    from gptsmith.tools.drawing.store import parameters_in
    from gptsmith.tools.drawing.upsampler import Earlier

    told = parameters_in(image) if image is not None else {}
    return [Earlier(told.get("Request", told["caption"]), told["caption"])] if told.get("caption") else []


def _size(size: Size | None) -> tuple[int, int] | None:
    from gptsmith.models.pictures.generators import read_size

    return read_size(size) if isinstance(size, str) else size


def _unheard(_progress: DrawingProgress) -> None:
    """Nobody listens."""
