"""The scenery behind a scene: 11 places by day, at sunset and at night, and plain backgrounds."""

from __future__ import annotations

import math
import random
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from gptsmith.models.pictures.world.objects import COLORS

VARIANTS = 8  # different sceneries of one place and time
Color = tuple[int, int, int]
_SKY: dict[str, tuple[Color, Color]] = {
    "day": ((96, 170, 235), (200, 230, 250)),
    "sunset": ((98, 74, 140), (252, 160, 92)),
    "night": ((10, 14, 44), (38, 48, 96)),
}
_GROUND: dict[str, tuple[Color, Color]] = {
    "meadow": ((128, 196, 92), (72, 150, 58)),
    "beach": ((250, 226, 172), (228, 192, 128)),
    "snow": ((246, 250, 255), (208, 222, 240)),
    "desert": ((242, 200, 122), (214, 152, 80)),
    "sea": ((60, 140, 205), (20, 78, 150)),
    "hills": ((146, 200, 96), (94, 160, 66)),
    "forest": ((92, 130, 62), (60, 92, 46)),
    "street": ((120, 122, 130), (84, 86, 94)),
    "room": ((196, 148, 100), (156, 108, 68)),
    "table": ((186, 124, 72), (140, 86, 46)),
}
_LIGHT: dict[str, tuple[float, float, float]] = {
    "day": (1, 1, 1), "sunset": (1.0, 0.74, 0.62), "night": (0.34, 0.38, 0.58)
}  # fmt: skip
INDOORS = ("room", "table")


@lru_cache(maxsize=1024)
def scenery(setting: str, time: str, variant: int, size: int) -> NDArray[np.uint8]:
    """Return an empty scenery, (size, size, 3). The same four arguments give the same picture."""
    rng = random.Random(f"{setting} {time} {variant}")
    big = Image.new("RGB", (size * 2, size * 2))
    if setting.startswith("plain "):
        _plain(big, setting.removeprefix("plain "), rng)
    elif setting == "space":
        _space(big, time, rng)
    elif setting in INDOORS:
        _indoors(big, setting, time, rng)
    else:
        _outdoors(big, setting, time, rng)
    return np.asarray(big.resize((size, size), Image.Resampling.BOX))


def horizon(setting: str) -> float:
    """Return where the ground begins, as a fraction of the height from the top."""
    return {"room": 0.66, "table": 0.6, "sea": 0.46, "street": 0.58}.get(setting, 0.55)


def _lit(color: Color, time: str, rng: random.Random) -> Color:
    light, vary = _LIGHT[time], rng.uniform(0.94, 1.05)
    return (int(min(255, color[0] * light[0] * vary)), int(min(255, color[1] * light[1] * vary)),
            int(min(255, color[2] * light[2] * vary)))  # fmt: skip


def _fade(picture: Image.Image, top: float, bottom: float, first: Color, last: Color) -> None:
    """Fill the rows from `top` to `bottom` (fractions) with a gradient."""
    a, b = int(top * picture.height), int(bottom * picture.height)
    rows = np.linspace(0, 1, max(1, b - a))[:, None] * (np.array(last) - np.array(first)) + np.array(first)
    picture.paste(
        Image.fromarray(np.repeat(rows[:, None], picture.width, axis=1).clip(0, 255).astype(np.uint8)), (0, a)
    )


def _plain(picture: Image.Image, color: str, rng: random.Random) -> None:
    r, g, b = COLORS[color]
    mix = 0.12 if color == "white" else 0.45
    soft = (int(r + (255 - r) * mix), int(g + (255 - g) * mix), int(b + (255 - b) * mix))
    edge = rng.uniform(0.86, 0.94)
    _fade(picture, 0, 1, soft, (int(soft[0] * edge), int(soft[1] * edge), int(soft[2] * edge)))


def _space(picture: Image.Image, time: str, rng: random.Random) -> None:
    deep: dict[str, tuple[Color, Color]] = {
        "day": ((24, 22, 74), (70, 44, 124)), "sunset": ((60, 20, 70), (150, 60, 90)),
        "night": ((4, 5, 18), (16, 16, 44)),
    }  # fmt: skip
    _fade(picture, 0, 1, *deep[time])
    _stars(ImageDraw.Draw(picture), picture.width, 1.0, rng, 70)


def _stars(draw: ImageDraw.ImageDraw, size: int, to: float, rng: random.Random, many: int) -> None:
    for _ in range(many):
        x, y, r = rng.uniform(0, size), rng.uniform(0, size * to), rng.choice((0.6, 0.9, 1.4)) * size / 256
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(245, 245, 220))


def _indoors(picture: Image.Image, setting: str, time: str, rng: random.Random) -> None:
    size, line = picture.width, horizon(setting)
    wall: Color = rng.choice(((226, 214, 190), (196, 214, 222), (222, 200, 200), (204, 218, 196)))
    warm = {"day": wall, "sunset": _lit(wall, "sunset", rng), "night": _lit(wall, "night", rng)}[time]
    _fade(picture, 0, line, warm, (int(warm[0] * 0.92), int(warm[1] * 0.92), int(warm[2] * 0.92)))
    top, low = _GROUND[setting]
    _fade(picture, line, 1, _lit(top, time, rng), _lit(low, time, rng))
    draw = ImageDraw.Draw(picture)
    seam = _lit((120, 80, 48), time, rng)
    if setting == "room":
        draw.rectangle((0, line * size, size, line * size + size * 0.02), fill=seam)
        step = size / 6
        for i in range(-2, 9):
            draw.line((i * step, line * size, (i - 3) * step * 1.6 + size * 0.5, size), fill=seam, width=2)
    else:
        for y in (0.72, 0.84, 0.95):
            draw.line((0, y * size, size, y * size), fill=seam, width=2)


def _outdoors(picture: Image.Image, setting: str, time: str, rng: random.Random) -> None:
    size, line = picture.width, horizon(setting) + rng.uniform(-0.03, 0.03)
    _fade(picture, 0, line, *_SKY[time])
    draw = ImageDraw.Draw(picture)
    _sky_things(draw, size, line, time, rng)
    _far(draw, size, line, setting, time, rng)
    top, low = _GROUND[setting]
    _fade(picture, line, 1, _lit(top, time, rng), _lit(low, time, rng))
    _near(draw, size, line, setting, time, rng)


def _sky_things(draw: ImageDraw.ImageDraw, size: int, line: float, time: str, rng: random.Random) -> None:
    if time == "night":
        _stars(draw, size, line, rng, 28)
        _moon(draw, size, rng)
        return
    x = rng.uniform(0.1, 0.9) * size
    if time == "sunset":
        y, r = line * size, size * 0.1
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(255, 220, 110))
    else:
        r = size * 0.05
        draw.ellipse((x - r, size * 0.08 - r, x + r, size * 0.08 + r), fill=(255, 240, 150))
    cloud = (255, 255, 255) if time == "day" else (250, 190, 160)
    for _ in range(rng.randint(1, 3)):
        cx, cy, w = rng.uniform(0, size), rng.uniform(0.08, line * 0.7) * size, rng.uniform(0.06, 0.12) * size
        for dx, dy, k in ((-0.8, 0, 0.6), (0, -0.2, 0.8), (0.8, 0, 0.6)):
            draw.ellipse(
                (cx + (dx - k) * w, cy + (dy - k * 0.5) * w, cx + (dx + k) * w, cy + (dy + k * 0.5) * w), fill=cloud
            )


def _moon(draw: ImageDraw.ImageDraw, size: int, rng: random.Random) -> None:
    x, y, r = rng.uniform(0.12, 0.88) * size, rng.uniform(0.08, 0.16) * size, size * 0.05
    draw.ellipse((x - r, y - r, x + r, y + r), fill=(244, 240, 214))


def _ridge(draw: ImageDraw.ImageDraw, size: int, base: float, height: float, color: Color, rng: random.Random) -> None:
    a, b, p, q = rng.uniform(0, 6), rng.uniform(0, 6), rng.uniform(1.2, 2.2), rng.uniform(2.5, 4.5)
    steps = 48
    tops = [
        0.5 + 0.32 * math.sin(a + p * i * 6.28 / steps) + 0.18 * math.sin(b + q * i * 6.28 / steps)
        for i in range(steps + 1)
    ]
    points = [(i * size / steps, (base - height * t) * size) for i, t in enumerate(tops)]
    draw.polygon([*points, (size, base * size + 2), (0, base * size + 2)], fill=color)


def _far(draw: ImageDraw.ImageDraw, size: int, line: float, setting: str, time: str, rng: random.Random) -> None:
    """Draw what stands at the horizon: ridges, evergreens or a row of buildings."""
    if setting in ("hills", "snow", "desert", "meadow"):
        far = {"hills": (98, 150, 110), "snow": (190, 208, 230), "desert": (222, 172, 104), "meadow": (110, 168, 110)}
        height = {"hills": 0.26, "snow": 0.2}.get(setting, 0.09)
        _ridge(draw, size, line, height, _lit(far[setting], time, rng), rng)
        if setting == "hills":
            _ridge(draw, size, line, 0.15, _lit((122, 176, 92), time, rng), rng)
    elif setting == "forest":
        for i in range(14):
            x, w = (i + rng.uniform(0, 1)) * size / 13, rng.uniform(0.05, 0.08) * size
            h, green = rng.uniform(0.26, 0.44) * size, _lit((44, rng.randint(84, 116), 56), time, rng)
            draw.polygon([(x - w, line * size + 2), (x + w, line * size + 2), (x, line * size - h)], fill=green)
    elif setting == "street":
        _buildings(draw, size, line, time, rng)
    elif setting == "beach":
        draw.rectangle((0, (line - 0.13) * size, size, line * size), fill=_lit((64, 150, 205), time, rng))


def _buildings(draw: ImageDraw.ImageDraw, size: int, line: float, time: str, rng: random.Random) -> None:
    x = 0.0
    while x < size:
        w, h = rng.uniform(0.14, 0.24) * size, rng.uniform(0.2, 0.42) * size
        wall = rng.choice(((178, 140, 120), (150, 156, 170), (196, 176, 140), (140, 118, 128)))
        draw.rectangle((x, line * size - h, x + w, line * size), fill=_lit(wall, time, rng))
        pane: Color = (120, 150, 180) if time == "day" else (250, 214, 120)
        for i in range(3):
            for j in range(int(h / (size * 0.1))):
                px, py = x + w * (0.15 + 0.28 * i), line * size - h + size * (0.03 + 0.1 * j)
                draw.rectangle((px, py, px + w * 0.14, py + size * 0.045), fill=pane)
        x += w


def _near(draw: ImageDraw.ImageDraw, size: int, line: float, setting: str, time: str, rng: random.Random) -> None:
    """Draw what lies on the ground: waves, grass, ripples or the lane marking."""
    if setting == "street":
        y = 0.94 * size
        draw.rectangle((0, line * size, size, (line + 0.035) * size), fill=_lit((176, 172, 168), time, rng))
        for i in range(5):
            draw.rectangle(
                (i * size / 4 - size * 0.06, y, i * size / 4 + size * 0.06, y + size * 0.015),
                fill=_lit((240, 238, 220), time, rng),
            )
        return
    mark = {"sea": (150, 205, 240), "meadow": (52, 124, 44), "desert": (198, 136, 68), "beach": (214, 176, 112),
            "forest": (48, 74, 38),
            "snow": (188, 206, 230), "hills": (74, 138, 52)}[setting]  # fmt: skip
    for _ in range(26):
        x, y = rng.uniform(0, size), rng.uniform(line + 0.04, 1) * size
        w = rng.uniform(0.015, 0.05) * size
        if setting in ("meadow", "hills", "forest"):
            draw.line((x, y, x + w * 0.2, y - w * 0.6), fill=_lit(mark, time, rng), width=2)
        else:
            draw.arc((x - w, y - w * 0.4, x + w, y + w * 0.4), 190, 350, fill=_lit(mark, time, rng), width=2)
