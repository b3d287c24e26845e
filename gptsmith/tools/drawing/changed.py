"""Whether a change is in a picture: looked at by the embedded CLIP, and by the light where an hour is changed.

The CLIP tells things, colours, numbers and places apart; hours it hardly does (measured on 21 changes: at most .4 of a
logit, where things give 5 to 12), but a night is darker than a day in any place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from PIL import Image

_MUSH = 8.0  # logits below the picture before from which nothing in it can be told; good changes lose up to 2.3
_DOUBT = 0.2  # logits: places that were changed gave 0 to 1.5, those that were not -.4 to -2.4
_DARKER, _BRIGHTER = 0.75, 1.3  # of the light before: night gives .3 to .65 of day's, sunset no more than .9
_WARMER = 0.08  # red less blue, 0 to 1: sunset gives .2 more than day


class Looker(Protocol):
    """Says how well texts fit a picture: one number each, higher is better."""

    def fits(self, image: Image.Image, texts: Sequence[str]) -> list[float]:
        """Return one score for each text."""


@dataclass(frozen=True)
class PictureChange:
    """What a picture has to show after a change, and what it showed, in plain words without the hour.

    The two are equal where an hour or a size alone is changed; `hours` are the old and the new one, if they differ.
    `told` says what is wanted, for people.
    """

    shows: str
    showed: str
    hours: tuple[str, str] | None
    told: str


def clearness(looker: Looker, picture: Image.Image, before: Image.Image | None, change: PictureChange) -> float:
    """Return how clearly a picture shows a change: above 0 it does."""
    now, old = looker.fits(picture, [change.shows, change.showed])
    clear = [now - old + _DOUBT] if change.shows != change.showed else []
    if before is not None:
        if now < looker.fits(before, [change.showed])[0] - _MUSH:
            clear.append(-1.0)
        if change.hours:
            clear.append(_light_turned(before, picture, *change.hours))
    return min(clear, default=1.0)


def _light_turned(before: Image.Image, after: Image.Image, old: str, new: str) -> float:
    (light, warm), (lighter, warmer) = _light(before), _light(after)
    ratio = lighter / max(light, 1e-3)
    if new == "night":
        return _DARKER - ratio
    if old == "night":
        return ratio - _BRIGHTER
    return (warmer - warm - _WARMER) if new == "sunset" else (warm - warmer - _WARMER)


def _light(picture: Image.Image) -> tuple[float, float]:
    """Return how light and how warm a picture is."""
    pixels = np.asarray(picture.convert("RGB"), np.float32) / np.float32(255)
    return float(pixels.mean()), float((pixels[..., 0] - pixels[..., 2]).mean())
