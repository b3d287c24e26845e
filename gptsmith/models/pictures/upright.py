"""A picture as people see it: turned as its camera says, eight bits a point."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageOps

_DEEP = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")


def upright(picture: Image.Image) -> Image.Image:
    """Return a picture turned as its camera says; of deep grey, from its darkest point to its brightest."""
    turned = ImageOps.exif_transpose(picture) or picture
    return _eight_bits(turned) if is_deep(turned) else turned


def is_deep(picture: Image.Image) -> bool:
    """Tell whether a picture has more than eight bits of grey, which most programs cut off."""
    return picture.mode in _DEEP


def is_clear(picture: Image.Image) -> bool:
    """Tell whether a picture can be seen through somewhere."""
    return "A" in picture.getbands() or "transparency" in picture.info


def _eight_bits(picture: Image.Image) -> Image.Image:
    values = np.nan_to_num(np.asarray(picture, dtype=np.float32))
    low, high = float(values.min()), float(values.max())
    if low == high:  # nothing to spread: as bright as it is of sixteen bits
        return Image.new("L", picture.size, round(min(max(high, 0), 65535) / 257))
    return Image.fromarray(((values - low) * (255 / (high - low))).astype(np.uint8))
