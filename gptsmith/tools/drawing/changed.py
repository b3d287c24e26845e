"""Whether a change is in a picture: looked at by the embedded CLIP, by its pixels for hours, places and sizes.

The CLIP tells things, colours and numbers apart by 2 to 35 logits, places by up to 4, hours and sizes hardly
(`python -m benchmarks.changed`). But a night is darker than a day in any place, another place has other edges, and what
is drawn smaller differs from the scenery on fewer pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_MUSH = 8.0  # logits below the picture before from which nothing in it can be told; good changes lose up to 2.3
_DOUBT = 0.2  # logits: places that were changed gave 0 to 1.5, those that were not -.4 to -2.4
_DARKER, _BRIGHTER = 0.75, 1.3  # of the light before: night gives .3 to .65 of day's, sunset no more than .9
_SURE = 5.0  # logits: a picture that shows so clearly what was asked for is no mush, however full it is
_SMALLER, _LARGER = 0.8, 1.25  # of the pixels before: small things give .3 to .76 of the usual ones', others .9 to 1.3
_ELSEWHERE = 0.07  # of full range, between the edges of two pictures: other places give .08 to .7, the same .0 to .1
_FAR, _EDGE = 0.15, 10  # from the scenery, in the channel that differs most; columns of 128 that show the scenery
_WARMER = 0.08  # red less blue, 0 to 1: sunset gives .2 more than day


class Looker(Protocol):
    """Says how well texts fit a picture: one number each, higher is better."""

    def fits(self, image: Image.Image, texts: Sequence[str]) -> list[float]:
        """Return one score for each text."""


@dataclass(frozen=True)
class PictureChange:
    """What a picture has to show after a change, and what it showed, in plain words without the hour.

    The two are equal where an hour or a size alone is changed; `hours` are the old and the new one, if they differ.
    `size` is what a thing alone becomes, `place` whether the place is another one. `told` says what is wanted, for
    people.
    """

    shows: str
    showed: str
    hours: tuple[str, str] | None
    told: str
    size: Literal["", "smaller", "larger"] = ""
    place: bool = False


def clearness(looker: Looker, picture: Image.Image, before: Image.Image | None, change: PictureChange) -> float:
    """Return how clearly a picture shows a change: above 0 it does."""
    now, old = looker.fits(picture, [change.shows, change.showed])
    clear = [now - old + _DOUBT] if change.shows != change.showed else []
    if before is not None:
        if now - old < _SURE and now < looker.fits(before, [change.showed])[0] - _MUSH:
            clear.append(-1.0)
        if change.place:
            clear.append(float(np.abs(_scenery(picture) - _scenery(before)).mean()) - _ELSEWHERE)
        if change.size:
            clear.append(_size_turned(before, picture, change.size))
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


def _size_turned(before: Image.Image, after: Image.Image, size: str) -> float:
    ratio = _extent(after) / max(_extent(before), 1e-3)
    return _SMALLER - ratio if size == "smaller" else ratio - _LARGER


def _extent(picture: Image.Image) -> float:
    """Return the part of a picture that is not like its scenery in the same row."""
    return float((np.abs(_pixels(picture) - _scenery(picture)[:, None]).max(-1) > _FAR).mean())


def _scenery(picture: Image.Image) -> NDArray[np.float32]:
    """Return the colour of each row at the left and right edges, (128, 3): sky, ground and sea lie in rows."""
    pixels = _pixels(picture)
    middle: NDArray[np.float32] = np.median(np.concatenate([pixels[:, :_EDGE], pixels[:, -_EDGE:]], 1), 1)
    return middle


def _pixels(picture: Image.Image) -> NDArray[np.float32]:
    return np.asarray(picture.convert("RGB").resize((128, 128)), np.float32) / np.float32(255)


def _light(picture: Image.Image) -> tuple[float, float]:
    """Return how light and how warm a picture is."""
    pixels = np.asarray(picture.convert("RGB"), np.float32) / np.float32(255)
    return float(pixels.mean()), float((pixels[..., 0] - pixels[..., 2]).mean())
