"""Steps, tries and captions are as many as a machine can do within a person's patience."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from PIL import Image

from gptsmith.models.pictures import names
from gptsmith.models.pictures.captioners import BEAMS, LEAST_BEAMS, Detail, EmbeddedCaptioner
from gptsmith.models.pictures.generators import DrawingStep, Drawn, Generator, Job, Settings, Stop, load_generator
from gptsmith.models.pictures.local import LocalGenerator
from gptsmith.models.pictures.names import ModelName
from gptsmith.tools.drawing.studio import Studio, Wish


class Watched(EmbeddedCaptioner):
    """Tells how many captions it weighed each time, on a machine that takes `seconds` for one."""

    def __init__(self, seconds: float) -> None:
        self.said: list[tuple[Detail, int]] = []
        ticks = count()
        folder = names.folder("captioner")
        super().__init__(ModelName("embedded", "embedded"), folder, clock=lambda: next(ticks) * seconds)

    def _say(self, image: Image.Image, detail: Detail, beams: int = 1, opening: str = "") -> list[Any]:
        self.said.append((detail, beams))
        return super()._say(image, detail, beams, opening)


@pytest.mark.parametrize(("seconds", "beams"), [(0.2, BEAMS), (2.0, 8), (4.0, 4), (30.0, LEAST_BEAMS)])
def test_it_weighs_as_many_captions_as_a_machine_can_in_time(seconds: float, beams: int) -> None:
    captioner = Watched(seconds)
    for _ in range(2):
        captioner.caption(Image.new("RGB", (128, 128), "green"), "short")
    assert captioner.said == [("short", 1), ("short", beams), ("short", beams)], "one is timed, once"


class Slow(Generator):
    """Draws at once, in pictures that take `seconds` each by its own clock."""

    name = "slow"

    def __init__(self, seconds: float) -> None:
        self.seconds, self.now = seconds, 0.0

    def draw(self, job: Job, on_step: Callable[[DrawingStep], None], stop: Stop) -> Drawn:
        self.now += self.seconds
        return Drawn(Image.new("RGB", (8, 8)), {})


@pytest.mark.parametrize(
    ("seconds", "wish", "drawn"),
    [
        (1.0, Wish("a cat", best_of=4, patience=12.0), 4),
        (4.0, Wish("a cat", best_of=4, patience=12.0), 3),
        (11.0, Wish("a cat", best_of=4, patience=12.0), 1),
        (60.0, Wish("a cat", best_of=4, patience=12.0), 1),
        (60.0, Wish("a cat", count=2, best_of=2, patience=12.0), 2),
        (60.0, Wish("a cat", best_of=4), 4),
    ],
)
def test_no_try_is_begun_that_would_end_too_late(seconds: float, wish: Wish, drawn: int) -> None:
    generator = Slow(seconds)
    result = Studio(generator, clock=lambda: generator.now).draw(wish)
    assert len(result.shown) + len(result.tries) == drawn


@pytest.mark.parametrize(
    ("step", "asked", "steps", "told"),
    [(0.1, None, 20, ""), (1.0, None, 10, "Drawn in 10 steps rather than 20, since one takes 1.0 s here"),
     (3.0, None, 4, "Drawn in 4 steps rather than 20, since one takes 3.0 s here"), (3.0, 6, 6, "")],
)  # fmt: skip
def test_steps_are_as_many_as_fit_and_as_many_as_are_asked_for(
    step: float, asked: int | None, steps: int, told: str
) -> None:
    generator = load_generator("embedded")
    assert isinstance(generator, LocalGenerator)
    generator.step_seconds = step
    record = Studio(generator).draw(Wish("a cat on a beach", seed=1, settings=Settings(steps=asked))).shown[0].record
    assert record.steps == steps
    assert [note for note in record.notes if "steps" in note] == ([f"{told}; more are finer."] if told else [])
