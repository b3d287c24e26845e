"""What is to be drawn: the person's words and settings, checked before anything is loaded."""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass, field
from typing import Literal

from PIL import Image

from gptsmith.errors import UsageError

Mode = Literal["new", "change", "inpaint"]
SAMPLERS = ("ddim", "euler", "dpmpp", "unipc")
MAX_WORDS = 400
MAX_SIDE = 4096
SEEDS = 2**32

_SIZE = re.compile(r"([1-9]\d{1,3})x([1-9]\d{1,3})")


@dataclass(frozen=True)
class Settings:
    """How a picture is drawn; None leaves it to the model. `strength` (0 to 1) is how far a given picture changes."""

    steps: int | None = None
    guidance: float | None = None
    size: tuple[int, int] | None = None
    sampler: str | None = None
    negative: str = ""
    strength: float | None = None


@dataclass(frozen=True)
class Job:
    """One picture to draw: `caption` is what the model is told, `image` and `mask` what it starts from."""

    caption: str
    seed: int
    settings: Settings = field(default_factory=Settings)
    image: Image.Image | None = None
    mask: Image.Image | None = None

    @property
    def mode(self) -> Mode:
        """Whether it is new, a change of a picture, or of a part of one."""
        return "new" if self.image is None else "change" if self.mask is None else "inpaint"


def check_words(text: str, what: str = "the description") -> str:
    """Return the words in one line.

    Raises:
        UsageError: they are empty, too many, or hold control characters.
    """
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\r" for c in text):
        raise UsageError(f"{what} holds control characters", hint="write it in plain words")
    words = text.split()
    if not words:
        raise UsageError(f"{what} is empty", hint='say what the picture shows, e.g. "a red cube on a blue cube"')
    if len(words) > MAX_WORDS or len(text) > MAX_WORDS * 20:
        said = f"{len(words):,} words" if len(words) > MAX_WORDS else f"{len(text):,} characters"
        raise UsageError(f"{what} has {said}, too many for a picture", hint=f"say it in up to {MAX_WORDS} words")
    return " ".join(words)


def check_settings(settings: Settings) -> Settings:
    """Return the settings.

    Raises:
        UsageError: a value is out of range; it is named.
    """
    checks: list[tuple[str, float | None, float, float]] = [
        ("steps", settings.steps, 1, 1000),
        ("guidance", settings.guidance, 0, 50),
        ("strength", settings.strength, 0, 1),
    ]
    for name, value, least, most in checks:
        if value is not None and not least <= value <= most:
            raise UsageError(f"{name} is {value:g}, not between {least:g} and {most:g}", hint=f"choose another {name}")
    if settings.strength == 0:
        raise UsageError("strength 0 would change nothing", hint="choose a strength above 0, up to 1")
    if settings.sampler is not None and settings.sampler not in SAMPLERS:
        raise UsageError(f"there is no sampler {settings.sampler[:40]!r}", hint=f"use one of {', '.join(SAMPLERS)}")
    if settings.size is not None and not all(16 <= side <= MAX_SIDE for side in settings.size):
        raise UsageError(
            f"a picture cannot have {settings.size[0]}x{settings.size[1]} pixels", hint=f"use sides of 16 to {MAX_SIDE}"
        )
    if settings.negative:
        check_words(settings.negative, "the negative description")
    return settings


def read_size(text: str) -> tuple[int, int]:
    """Return (width, height) of a text like 512x768.

    Raises:
        UsageError: it is no size.
    """
    found = _SIZE.fullmatch(text.strip().lower())
    if not found:
        raise UsageError(f"{text[:40]!r} is no size of a picture", hint="write WIDTHxHEIGHT, e.g. 512x512")
    return int(found[1]), int(found[2])


def choose_seeds(seed: int | None, count: int) -> list[int]:
    """Return one seed for each picture: `seed`, `seed + 1`, …, or drawn ones.

    Raises:
        UsageError: the seed or the count is out of range.
    """
    if not 1 <= count <= 32:
        raise UsageError(f"{count} pictures cannot be drawn at once", hint="choose a count of 1 to 8")
    if seed is None:
        return [secrets.randbelow(2**31) for _ in range(count)]
    if not 0 <= seed < SEEDS:
        raise UsageError(f"the seed {seed} is not between 0 and {SEEDS - 1}", hint="choose another seed")
    return [(seed + i) % SEEDS for i in range(count)]
