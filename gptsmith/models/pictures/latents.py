"""What an autoencoder alone can do: pictures between two pictures, noise taken off, the odd one found by its error."""

from __future__ import annotations

from collections.abc import Sequence
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
