"""A quick look at latents: the linear map from latent channels to colours, fitted by least squares to the model's own.

Decoding costs as much as several steps on a CPU; the map costs nothing and shows colours and places.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_PICTURES, _CELLS = 6, 12
_LONGEST = 64  # pixels of a preview's longer side: it travels in an event, and whoever shows it enlarges it


class PreviewMap:
    """The map of one autoencoder: `weights` has the shape (channels + 1, 3), for colours from 0 to 1."""

    def __init__(self, weights: NDArray[np.float32]) -> None:
        self.weights = weights

    def look(self, latents: Any) -> bytes | None:
        """Return a small JPEG of latents of shape (1, channels, height, width); None for any other shape."""
        import torch

        if latents is None or latents.ndim != 4 or latents.shape[1] + 1 != len(self.weights):
            return None
        cells = latents[0].detach().to("cpu", torch.float32).numpy().transpose(1, 2, 0)
        colours = np.nan_to_num(cells @ self.weights[:-1] + self.weights[-1])
        picture = Image.fromarray((colours.clip(0, 1) * 255).astype(np.uint8))
        picture.thumbnail((_LONGEST, _LONGEST))
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=85)
        return file.getvalue()


def fit_preview(vae: Any, channels: int) -> PreviewMap | None:
    """Fit the map on soft colour fields that the autoencoder encodes; None where its latents are of another kind.

    `channels` is the number of latent channels that the sampler sees.
    """
    import torch

    pictures = _colour_fields()
    pixels = torch.from_numpy(pictures).permute(0, 3, 1, 2) * 2 - 1
    with torch.inference_mode():
        encoded = vae.encode(pixels.to(vae.device, vae.dtype))
    if hasattr(encoded, "latent_dist"):
        latents = encoded.latent_dist.mean
    elif hasattr(encoded, "latents"):
        latents = encoded.latents
    else:
        return None
    if latents.ndim != 4 or latents.shape[1] != channels:
        return None
    shift, scale = getattr(vae.config, "shift_factor", None) or 0.0, getattr(vae.config, "scaling_factor", None) or 1.0
    cells = ((latents.float() - shift) * scale).cpu().permute(0, 2, 3, 1).numpy()
    height, width = cells.shape[1:3]
    means = pictures.reshape(len(pictures), height, pictures.shape[1] // height, width, -1, 3).mean((2, 4))
    rows = np.concatenate([cells.reshape(-1, channels), np.ones((means[..., 0].size, 1))], axis=1)
    found = np.linalg.lstsq(rows, means.reshape(-1, 3), rcond=1e-4)[0]
    return PreviewMap(found.astype(np.float32))


def _colour_fields() -> NDArray[np.float32]:
    """Return pictures of shape (n, side, side, 3), values 0 to 1: soft fields in many colours, light and dark."""
    draw = np.random.default_rng(7)
    side = _CELLS * 16
    small = draw.uniform(0, 1, (_PICTURES, 5, 5, 3)).astype(np.float32)
    fields = [
        Image.fromarray((field * 255).astype(np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
        for field in small
    ]
    return np.stack([np.asarray(field, dtype=np.float32) / 255 for field in fields])
