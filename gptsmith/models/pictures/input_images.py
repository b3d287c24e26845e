"""A picture that a person gives: checked before its pixels are decoded, then as plain RGB."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter, ImageOps, UnidentifiedImageError

from gptsmith.errors import UsageError

# A picture as people see it: turned as its camera says, eight bits a point.

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


MAX_PIXELS = 25_000_000
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")

Given = Image.Image | Path | str | bytes


def open_picture(given: Given, *, mode: str = "RGB") -> Image.Image:
    """Return a picture as `mode` (RGB, or L for a mask), turned as its camera says, transparent parts white.

    Raises:
        UsageError: there is no file, it is no picture, it is cut short, has several frames or over 25 million pixels.
    """
    if isinstance(given, Image.Image):
        _check_size(given.size, "the picture")
        return _plain(given, mode)
    name = "the picture" if isinstance(given, bytes) else Path(given).name[:80]
    source = io.BytesIO(given) if isinstance(given, bytes) else Path(given)
    if isinstance(source, Path) and not source.is_file():
        raise UsageError(f"there is no picture {source}", hint="check the name of the file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the size is checked here
            with Image.open(source, formats=_FORMATS) as picture:
                _check_size(picture.size, name)
                if getattr(picture, "is_animated", False):
                    raise UsageError(f"{name} has several frames", hint="give a picture that stands still")
                picture.load()
                return _plain(picture, mode)
    except Image.DecompressionBombError:
        raise _too_large(name) from None
    except UnidentifiedImageError:
        raise UsageError(f"{name} is not a picture that can be read", hint="give a PNG, JPEG, WebP or GIF") from None
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise UsageError(
            f"{name} is cut short or damaged ({' '.join(str(error).split())[:80]})", hint="give an undamaged copy of it"
        ) from error


def open_mask(given: Given, size: tuple[int, int]) -> Image.Image:
    """Return a mask as L: white is drawn anew, black stays.

    Raises:
        UsageError: it cannot be read, or its size is not `size`, that of the picture.
    """
    mask = open_picture(given, mode="L")
    if mask.size != size:
        raise UsageError(
            f"the mask has {mask.width}x{mask.height} pixels, the picture {size[0]}x{size[1]}",
            hint="give a mask of the picture's size: white where it is drawn anew",
        )
    if not mask.getbbox():
        raise UsageError("the mask is black all over", hint="paint white what is drawn anew")
    return mask


def fitted(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return the picture at `size`, its middle cut out where the proportions differ."""
    return picture if picture.size == size else ImageOps.fit(picture, size, Image.Resampling.LANCZOS)


def like(picture: tuple[int, int], area: int, multiple: int) -> tuple[int, int]:
    """Return the size with the proportions of `picture` and about `area` pixels; both sides divide by `multiple`."""
    width, height = picture
    scale = (area / (width * height)) ** 0.5
    sides = [max(multiple, round(side * scale / multiple) * multiple) for side in (width, height)]
    return sides[0], sides[1]


def _plain(picture: Image.Image, mode: str) -> Image.Image:
    turned = upright(picture)
    if is_clear(turned):
        whole = turned.convert("RGBA")
        ground = Image.new("RGBA", whole.size, "white" if mode == "RGB" else "black")
        turned = Image.alpha_composite(ground, whole)
    return turned.convert(mode)


def _check_size(size: tuple[int, int], name: str) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise _too_large(name, f"{size[0]}x{size[1]}")


def _too_large(name: str, size: str = "") -> UsageError:
    most = f"{MAX_PIXELS // 1_000_000} million"
    how = f"{size} pixels, more than {most}" if size else f"far more than {most} pixels"
    return UsageError(f"{name} has {how}", hint="give a smaller picture")


def side_mask(size: tuple[int, int], side: str) -> Image.Image:
    """Return a mask of the ground at the left or right side of a picture, soft at its edge."""
    width, height = size
    left = 0.70 if side == "right" else 0.0
    mask = Image.new("L", size, 0)
    mask.paste(255, (round(left * width), round(0.5 * height), round((left + 0.30) * width), round(0.82 * height)))
    return mask.filter(ImageFilter.GaussianBlur(max(size) / 100))
