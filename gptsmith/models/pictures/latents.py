"""What an autoencoder alone can do with a picture, and the way from a picture back to its noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image

from gptsmith.errors import UsageError
from gptsmith.models.pictures import weights
from gptsmith.models.pictures.generators import Generator
from gptsmith.models.pictures.input_images import fitted, like
from gptsmith.models.pictures.local import LocalGenerator


def local_autoencoder(generator: Generator) -> LocalGenerator:
    """Return the generator as one whose autoencoder is on this machine.

    Raises:
        UsageError: it is hosted, or has none that turns a picture into latents.
    """
    if not isinstance(generator, LocalGenerator) or not hasattr(getattr(generator.base, "vae", None), "encode"):
        raise UsageError(f"{generator.name} has no autoencoder on this machine", hint="choose a diffusers model")
    return generator


@torch.inference_mode()
def encode(generator: LocalGenerator, image: Image.Image) -> torch.Tensor:
    """Return the latents of an RGB picture: float32 of shape (1, channels, height, width), as the sampler sees them."""
    vae = generator.base.vae
    with weights.quiet():
        pixels = generator.base.image_processor.preprocess(image).to(vae.device, vae.dtype)
        found = vae.encode(pixels)
    latents: torch.Tensor = found.latent_dist.mean if hasattr(found, "latent_dist") else found.latents
    shift, scale = _shift_and_scale(vae)
    return ((latents.float() - shift) * scale).cpu()


@torch.inference_mode()
def decode(generator: LocalGenerator, latents: torch.Tensor) -> Image.Image:
    """Return the RGB picture of latents of shape (1, channels, height, width)."""
    vae = generator.base.vae
    shift, scale = _shift_and_scale(vae)
    with weights.quiet():
        pixels = vae.decode((latents / scale + shift).to(vae.device, vae.dtype)).sample
        image: Image.Image = generator.base.image_processor.postprocess(pixels.float().cpu(), output_type="pil")[0]
    return image.convert("RGB")


def interpolate(generator: LocalGenerator, first: Image.Image, last: Image.Image, count: int) -> list[Image.Image]:
    """Return `count` pictures that lead from `first` to `last`, both included, at the size of `first`."""
    if not 2 <= count <= 64:
        raise UsageError(f"{count} pictures cannot lead from one to another", hint="choose 2 to 64")
    size = own_size(generator, first)
    ends = [encode(generator, fitted(image, size)) for image in (first, last)]
    shares = [i / (count - 1) for i in range(count)]
    return [decode(generator, torch.lerp(ends[0], ends[1], share)) for share in shares]


def denoise(generator: LocalGenerator, image: Image.Image) -> Image.Image:
    """Return the picture as the autoencoder sees it: what it cannot hold, noise above all, is gone."""
    size = own_size(generator, image)
    return decode(generator, encode(generator, fitted(image, size)))


def reconstruction_errors(generator: LocalGenerator, images: Sequence[Image.Image]) -> list[float]:
    """Return for each picture the root mean square difference (0 to 1) between it and what the autoencoder keeps."""
    return [difference(fitted(i, own_size(generator, i)), denoise(generator, i)) for i in images]


def own_size(generator: LocalGenerator, image: Image.Image) -> tuple[int, int]:
    """Return the size near the model's own that has the picture's proportions."""
    native = generator.native_size
    return like(image.size, native[0] * native[1], generator.multiple)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the root mean square difference of two RGB pictures of one size, 0 (equal) to 1."""
    import numpy as np

    a, b = (np.asarray(image, dtype=np.float32) / 255 for image in (one, other))
    return float(np.sqrt(np.mean((a - b) ** 2)))


def _shift_and_scale(vae: Any) -> tuple[float, float]:
    shift, scale = getattr(vae.config, "shift_factor", None), getattr(vae.config, "scaling_factor", None)
    return float(shift or 0.0), float(scale or 1.0)


# DDIM inversion: a picture to the noise from which the model draws it, and back; the way to edits that keep the rest.
#
# Each step back solves the DDIM step for its input by fixed-point iteration (arXiv 2309.04907), so that the way forth
# leads to the same place; a normalizing flow would do so exactly.

_ROUNDS = 3  # of the fixed point; more changes little and costs as much again each


@dataclass(frozen=True)
class Inverted:
    """A picture as noise of shape (1, channels, height, width), and how well it comes back.

    `picture` is drawn again from the noise. `error` is its root mean square difference (0 to 1) from the given picture;
    `autoencoder_error` the part of it that the autoencoder alone makes.
    """

    noise: torch.Tensor
    picture: Image.Image
    error: float
    autoencoder_error: float
    caption: str
    steps: int
    generator: LocalGenerator

    def redraw(self, caption: str, guidance: float = 3.0) -> Image.Image:
        """Draw from the same noise with another caption: what the words do not touch stays much as it was."""
        path = _Path(self.generator, caption, self.steps, guidance)
        return decode(self.generator, path.forth(self.noise))


def invert(generator: LocalGenerator, image: Image.Image, caption: str = "", steps: int = 30) -> Inverted:
    """Return a picture's noise; `caption` says what it shows, the better the closer it comes back.

    Raises:
        UsageError: the model is of a kind whose steps cannot be followed back.
    """
    given = fitted(image, own_size(generator, image))
    path = _Path(generator, caption, steps, 1.0)
    latents = encode(generator, given)
    noise = path.back(latents)
    picture = decode(generator, path.forth(noise))
    alone = difference(given, decode(generator, latents))
    return Inverted(noise, picture, difference(given, picture), alone, caption, steps, generator)


class _Path:
    """The DDIM steps of one model for one caption, in both directions."""

    def __init__(self, generator: LocalGenerator, caption: str, steps: int, guidance: float) -> None:
        pipe = generator.pipe("new", None)
        unet = getattr(pipe, "unet", None)
        self.kind = str(pipe.scheduler.config.get("prediction_type", ""))
        known = self.kind in ("v_prediction", "epsilon")  # a flow, or the picture itself, leaves no way back
        if unet is None or not known or getattr(unet.config, "addition_embed_type", None):
            hint = "choose a model of Stable Diffusion's form"
            raise UsageError(f"the steps of {generator.name} cannot be followed back", code="unsupported", hint=hint)
        if not 1 <= steps <= 1000:
            raise UsageError(f"steps is {steps}, not between 1 and 1000", hint="choose another steps")
        from diffusers import DDIMScheduler

        self.generator, self.unet, self.guidance = generator, unet, guidance
        with torch.inference_mode(), weights.quiet():
            words, nothing = pipe.encode_prompt(caption, unet.device, 1, guidance > 1)
            scheduler = DDIMScheduler.from_config(generator.base.scheduler.config)
        scheduler.set_timesteps(steps)
        self.words, self.nothing = words, nothing
        self.times = [int(t) for t in scheduler.timesteps]
        stride = scheduler.config.num_train_timesteps // steps
        levels = scheduler.alphas_cumprod
        before = [levels[t - stride] if t >= stride else scheduler.final_alpha_cumprod for t in self.times]
        self.levels = [(float(levels[t]), float(b)) for t, b in zip(self.times, before, strict=True)]

    @torch.inference_mode()
    def forth(self, noise: torch.Tensor) -> torch.Tensor:
        """Return the latents that the steps lead to."""
        latents = noise
        for time, level in zip(self.times, self.levels, strict=True):
            keep, move = self._factors(*level)
            latents = keep * latents + move * self._predicted(latents, time)
        return latents

    @torch.inference_mode()
    def back(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the noise from which the steps lead to `latents`."""
        for time, level in reversed(list(zip(self.times, self.levels, strict=True))):
            keep, move = self._factors(*level)
            guess = latents
            for _ in range(_ROUNDS):
                guess = (latents - move * self._predicted(guess, time)) / keep
            latents = guess
        return latents

    def _factors(self, now: float, before: float) -> tuple[float, float]:
        """Return what a step multiplies its input and the network's answer with; levels are the signal's shares."""
        a, b, c, d = now**0.5, (1 - now) ** 0.5, before**0.5, (1 - before) ** 0.5
        if self.kind == "v_prediction":
            return c * a + d * b, d * a - c * b
        return c / a, d - c * b / a

    def _predicted(self, latents: torch.Tensor, time: int) -> torch.Tensor:
        given = latents.to(self.unet.device, self.unet.dtype)
        with_words: torch.Tensor = self.unet(given, time, encoder_hidden_states=self.words).sample.float().cpu()
        if self.guidance <= 1:
            return with_words
        without: torch.Tensor = self.unet(given, time, encoder_hidden_states=self.nothing).sample.float().cpu()
        return without + self.guidance * (with_words - without)
