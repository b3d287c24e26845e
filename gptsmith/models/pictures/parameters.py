"""The "parameters" text of a PNG, in the form that A1111 introduced and most viewers of drawn pictures read."""

from __future__ import annotations

import io
import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from PIL import Image
from PIL.PngImagePlugin import PngInfo

if TYPE_CHECKING:
    from gptsmith.models.pictures.input_images import Given
    from gptsmith.models.pictures.record import PictureRecord

KEY = "parameters"
_MAX_SETTINGS = 16_000  # characters
MAX_CAPTION = 4_000  # characters; of a longer one only as much is read
_PAIR = re.compile(r'\s*([A-Za-z][\w /-]{0,39}):\s*("(?:\\.|[^\\"])*"|[^,]*)(?:,|$)')
_SAMPLERS = {"ddim": "DDIM", "euler": "Euler", "dpmpp": "DPM++ 2M", "unipc": "UniPC"}


def write_parameters(record: PictureRecord) -> str:
    """Return the text for one picture: its caption, the negative one, and one line of settings."""
    settings: list[tuple[str, object]] = [
        ("Steps", record.steps),
        ("Sampler", _SAMPLERS.get(record.sampler, record.sampler)),
        ("CFG scale", record.guidance),
        ("Seed", record.seed),
        ("Size", record.size),
        ("Native size", record.native_size if record.native_size != record.size else None),
        ("Model", record.model),
        ("Denoising strength", None if record.strength is None else round(record.strength, 4)),
        ("Request", record.prompt if record.prompt != record.caption else None),
        ("Parent", record.parent),
        ("Version", record.version),
    ]
    lines = [_one_line(record.caption)]
    if record.negative:
        lines.append(f"Negative prompt: {_one_line(record.negative)}")
    lines.append(", ".join(f"{name}: {_value(value)}" for name, value in settings if value not in (None, "")))
    return "\n".join(lines)


def read_parameters(text: str) -> dict[str, str]:
    """Return what a parameters text says; `caption` and `negative` beside the names of its settings.

    The text is a stranger's: what cannot be read as a setting is taken as it stands.
    """
    lines = text.strip().split("\n")
    pairs = _PAIR.findall(lines[-1]) if len(lines[-1]) <= _MAX_SETTINGS else []
    if len(pairs) < 3:
        pairs = []
    body = "\n".join(lines[:-1] if pairs else lines)
    caption, _, negative = body.partition("\nNegative prompt:")
    found = {"caption": _bounded(caption), "negative": _bounded(negative)}
    for name, value in pairs:
        found[name.strip()] = _unquoted(value)
    return found


def png_info(record: PictureRecord) -> PngInfo:
    """Return the chunk to save with a PNG."""
    info = PngInfo()
    info.add_text(KEY, write_parameters(record))
    return info


def parameters_of(picture: Image.Image) -> dict[str, str]:
    """Return what an opened picture says about itself; empty when it says nothing."""
    text = picture.info.get(KEY)
    return read_parameters(text) if isinstance(text, str) else {}


def parameters_in(given: Given) -> dict[str, str]:
    """Return what a picture, file or bytes say about themselves; empty when they say nothing."""
    if isinstance(given, Image.Image):
        return parameters_of(given)
    try:
        with Image.open(io.BytesIO(given) if isinstance(given, bytes) else given, formats=("PNG",)) as picture:
            return parameters_of(picture)
    except (OSError, ValueError, SyntaxError):  # no PNG, a damaged one, or one with more text than Pillow reads
        return {}


def _bounded(text: str) -> str:
    return text.strip()[:MAX_CAPTION]


def _unquoted(value: str) -> str:
    if value.startswith('"'):
        with suppress(ValueError):  # of a hand that quotes in another way
            return str(json.loads(value))
    return value.strip()


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _value(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else _one_line(str(value))
    return json.dumps(text, ensure_ascii=False) if re.search(r'[,:"\n]', text) else text
