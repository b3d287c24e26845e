"""The sprite of one thing: a glyph of the emoji font or a computed shape, tinted, at a size in pixels."""

from __future__ import annotations

import os
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from gptsmith.errors import NotReadyError
from gptsmith.models.pictures.world.objects import COLORS, objects

_STRIKE = 109  # the only size of the bitmaps in the font
_BASE = 128  # pixels of a sprite's longer side before it is scaled down
_FONTS = (
    "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf",
    "/usr/share/fonts/noto/NotoColorEmoji.ttf",
    "/usr/share/fonts/google-noto-color-emoji-fonts/NotoColorEmoji.ttf",
)
Sprite = NDArray[np.uint8]  # (height, width, 4), colour not multiplied by alpha


def font_path() -> Path:
    """Return the emoji font's file: `GPTSMITH_EMOJI_FONT`, or where the distributions put it.

    Raises NotReadyError `missing_font`: the font is needed to train and to test the picture models, not to use them.
    """
    named = os.environ.get("GPTSMITH_EMOJI_FONT")
    for candidate in (named,) if named else _FONTS:
        if Path(candidate).is_file():
            return Path(candidate)
    raise NotReadyError(
        "the font Noto Color Emoji was not found",
        code="missing_font",
        hint="install fonts-noto-color-emoji or name the file in GPTSMITH_EMOJI_FONT",
    )


def aspect(name: str) -> float:
    """Return width / height of a thing's sprite."""
    height, width = _base(name).shape[:2]
    return float(width / height)


@cache
def extent(name: str, size: int) -> tuple[int, int]:
    """Return the height and width of a thing with its longer side `size` pixels long."""
    height, width = _base(name).shape[:2]
    scale = size / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


@lru_cache(maxsize=8192)
def sprite(name: str, color: str | None, size: int) -> Sprite:
    """Return a thing with its longer side `size` pixels long; `color` tints it."""
    height, width = extent(name, size)
    pixels = np.asarray(Image.fromarray(_base(name)).resize((width, height), Image.Resampling.BOX))
    if color:
        pixels = _tint(pixels, np.array(COLORS[color], np.float32))
    return np.ascontiguousarray(pixels)


@cache
def _base(name: str) -> Sprite:
    glyph = objects()[name].glyph
    picture = _glyph(glyph) if glyph else _SHAPES[name]()
    box = picture.getchannel("A").point(lambda a: 255 if a > 40 else 0).getbbox()
    cut = picture.crop(box)
    cut.thumbnail((_BASE, _BASE), Image.Resampling.LANCZOS)
    return np.asarray(cut)


@cache
def _font() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(font_path()), _STRIKE)


def _glyph(glyph: str) -> Image.Image:
    picture = Image.new("RGBA", (170, 170))
    ImageDraw.Draw(picture).text((12, 12), glyph, font=_font(), embedded_color=True)
    return picture


def _tint(pixels: Sprite, color: NDArray[np.float32]) -> Sprite:
    """Give a sprite one colour and keep its light and shade."""
    rgb = pixels[..., :3].astype(np.float32)
    light = rgb @ np.array([0.3, 0.59, 0.11], np.float32)
    weight = pixels[..., 3].astype(np.float32) + 1e-3
    mean = float((light * weight).sum() / weight.sum())
    shade = np.clip((light - mean) / 255.0, -0.6, 0.6)[..., None]
    dark, bright = np.minimum(shade, 0) * 0.9, np.maximum(shade, 0) * 0.75
    out = color * (1 + dark) + (255 - color) * bright
    return np.concatenate([np.clip(out, 0, 255).astype(np.uint8), pixels[..., 3:]], axis=2)


def _canvas() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGBA", (512, 512))
    return picture, ImageDraw.Draw(picture)


def _gray(value: int) -> tuple[int, int, int, int]:
    return (value, value, value, 255)


def _finish(picture: Image.Image) -> Image.Image:
    return picture.resize((_BASE, _BASE), Image.Resampling.LANCZOS)


def _cube() -> Image.Image:
    picture, draw = _canvas()
    top, left, right = [(256, 20), (480, 130), (256, 240), (32, 130)], [(32, 130), (256, 240), (256, 500), (32, 385)], [
        (480, 130), (256, 240), (256, 500), (480, 385)]  # fmt: skip
    for points, value in ((top, 215), (left, 160), (right, 105)):
        draw.polygon(points, fill=_gray(value))
    return _finish(picture)


def _ball() -> Image.Image:
    y, x = np.mgrid[-1:1:512j, -1:1:512j]
    radius = x**2 + y**2
    z = np.sqrt(np.clip(1 - radius, 0, 1))
    facing = np.clip((-0.5 * x - 0.6 * y + 0.65 * z), 0, 1)
    value = 70 + 125 * facing + 60 * facing**24
    alpha = np.where(radius <= 0.98, 255, 0)
    return _finish(Image.fromarray(np.stack([value, value, value, alpha], axis=2).clip(0, 255).astype(np.uint8)))


def _across() -> NDArray[np.float64]:
    """Return the light on an upright round body, one value per column."""
    x = np.linspace(-1, 1, 512)
    return 95 + 110 * np.exp(-(((x + 0.35) / 0.45) ** 2))


def _round_body(mask: Image.Image) -> Image.Image:
    value = np.repeat(_across()[None, :], 512, axis=0)
    return Image.fromarray(np.stack([value, value, value, np.asarray(mask)], axis=2).astype(np.uint8))


def _cone() -> Image.Image:
    mask = Image.new("L", (512, 512))
    draw = ImageDraw.Draw(mask)
    draw.polygon([(256, 10), (476, 440), (36, 440)], fill=255)
    draw.ellipse((36, 385, 476, 500), fill=255)
    return _finish(_round_body(mask))


def _cylinder() -> Image.Image:
    mask = Image.new("L", (512, 512))
    draw = ImageDraw.Draw(mask)
    draw.rectangle((90, 70, 422, 440), fill=255)
    draw.ellipse((90, 380, 422, 500), fill=255)
    draw.ellipse((90, 10, 422, 130), fill=255)
    picture = _round_body(mask)
    ImageDraw.Draw(picture).ellipse((90, 10, 422, 130), fill=_gray(218))
    return _finish(picture)


def _pyramid() -> Image.Image:
    picture, draw = _canvas()
    draw.polygon([(220, 15), (20, 420), (300, 495)], fill=_gray(195))
    draw.polygon([(220, 15), (300, 495), (490, 380)], fill=_gray(110))
    return _finish(picture)


_SHAPES = {"cube": _cube, "ball": _ball, "cone": _cone, "cylinder": _cylinder, "pyramid": _pyramid}


@lru_cache(maxsize=64)
def shadow(width: int) -> NDArray[np.float32]:
    """Return a soft round shadow (height, width) of how much light it takes, 0 to 1."""
    height = max(4, width // 4)
    picture = Image.new("L", (width, height))
    ImageDraw.Draw(picture).ellipse((width * 0.08, height * 0.15, width * 0.92, height * 0.85), fill=90)
    soft = picture.filter(ImageFilter.GaussianBlur(max(1.0, height / 6)))
    return np.asarray(soft, np.float32) / 255.0
