"""Pictures that people hand over: which can be opened, and how they are made fit to be kept and shown to a model."""

from __future__ import annotations

import importlib.util
import io
import struct
import warnings
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from gptsmith.rag.reading.parsed import Unreadable

if TYPE_CHECKING:
    from PIL.Image import Image

# By Pillow's name of the format: its media type and name endings. The first four are kept as they are.
FORMATS = {
    "PNG": ("image/png", (".png",)),
    "JPEG": ("image/jpeg", (".jpg", ".jpeg", ".jfif")),
    "WEBP": ("image/webp", (".webp",)),
    "GIF": ("image/gif", (".gif",)),
    "BMP": ("image/bmp", (".bmp", ".dib")),
    "TIFF": ("image/tiff", (".tif", ".tiff")),
    "AVIF": ("image/avif", (".avif",)),
    "HEIF": ("image/heic", (".heic", ".heif")),
}
MAX_PIXELS = 25_000_000  # of a picture that is kept; larger ones are scaled down
_KEPT = ("PNG", "JPEG", "WEBP", "GIF")
_MOST_PIXELS = {"JPEG": 178_000_000}  # that are opened: this format is made smaller while it is read
_MOST = 100_000_000
_SIDE = 4096  # of a picture that was scaled down
_BROKEN = (OSError, ValueError, SyntaxError, EOFError, struct.error, IndexError, TypeError, ZeroDivisionError)


@dataclass(frozen=True)
class GivenPicture:
    """A picture as it is kept: its bytes, and the ending of its name."""

    data: bytes
    suffix: str


def suffixes() -> tuple[str, ...]:
    """Return the name endings of pictures, with their dots."""
    return tuple(suffix for _, endings in FORMATS.values() for suffix in endings)


def is_picture(name: str, data: bytes) -> bool:
    """Tell whether a file is a picture, by its name or its first bytes."""
    return PurePath(name).suffix.lower() in suffixes() or bool(_format(data))


def fitted(name: str, data: bytes) -> GivenPicture:
    """Return a picture that any model and page can show: BMP, TIFF, AVIF and HEIC become PNG or JPEG, sixteen bits
    eight, more than 25 million pixels fewer.

    Raises Unreadable for what cannot be opened, and for more pixels than it is safe to open.
    """
    from PIL import Image

    _open_heif(name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=openable()) as picture:
                _check_size(picture)
                return _made_fit(picture, data)
    except Image.DecompressionBombError as error:
        raise Unreadable("it has more pixels than it is safe to open; attach a smaller picture") from error
    except _BROKEN as error:  # what Pillow's decoders raise for damaged files
        raise Unreadable("it is damaged or no picture; save it anew as PNG or JPEG") from error


def _check_size(picture: Image) -> None:
    (width, height), most = picture.size, _MOST_PIXELS.get(picture.format or "", _MOST)
    if width * height > most:
        raise Unreadable(
            f"it has {width} x {height} pixels, more than {most // 1_000_000} million; attach a smaller picture"
        )


def _made_fit(picture: Any, data: bytes) -> GivenPicture:
    from gptsmith.models.pictures.input_images import is_clear, is_deep, upright

    kind = str(picture.format)
    big = picture.width * picture.height > MAX_PIXELS
    if big and kind == "JPEG":
        picture.draft("RGB", (_SIDE, _SIDE))
    picture.load()
    if kind in _KEPT and not big and not is_deep(picture):
        return GivenPicture(data, FORMATS[kind][1][0])
    seen = upright(picture)
    if big:
        seen.thumbnail((_SIDE, _SIDE))
    clear = is_clear(seen)
    photo = kind in ("JPEG", "HEIF", "AVIF") and not clear
    out = io.BytesIO()
    seen.convert("RGBA" if clear else "L" if seen.mode in ("L", "1") else "RGB").save(
        out, "JPEG" if photo else "PNG", **({"quality": 92} if photo else {})
    )
    return GivenPicture(out.getvalue(), ".jpg" if photo else ".png")


def named(name: str) -> str:
    """Return the format that a picture's name promises."""
    ending = PurePath(name).suffix.lower()
    return next((kind for kind, (_, endings) in FORMATS.items() if ending in endings), "")


def _format(data: bytes) -> str:
    """Return Pillow's name of a picture's format, empty for anything else; only the head is read."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=openable()) as picture:
                return str(picture.format)
    except Image.DecompressionBombError:
        return "too big"
    except _BROKEN:
        return ""


def openable() -> list[str]:
    """Return Pillow's names of the formats that can be opened here."""
    from PIL import Image

    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _open_heif(name: str) -> None:
    """Let Pillow open HEIC where its plug-in is installed. Raises Unreadable with the way to get it."""
    if PurePath(name).suffix.lower() not in FORMATS["HEIF"][1]:
        return
    if importlib.util.find_spec("pillow_heif") is None:
        raise Unreadable("it is a HEIC photo; save it as JPEG, or run `pip install pillow-heif`")
    import pillow_heif  # type: ignore[import-not-found, unused-ignore]

    pillow_heif.register_heif_opener()
