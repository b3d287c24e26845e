"""The captioner of the small world: it checks its words by the grammar of that world and by what the CLIP sees."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from gptsmith.models.pictures.captioners import Caption, Detail, LocalCaptioner
from gptsmith.models.pictures.names import ModelName
from gptsmith.models.pictures.recognizers import load_recognizer
from gptsmith.models.world.requests import names_twice, parse_request

BEAMS, LEAST_BEAMS = 12, 3
PATIENCE = 4.0  # seconds for the short captions among which it chooses
SURE = 0.5
_FIT = 0.5  # what the CLIP's logit counts against the logarithm of a probability: docs/training.md
_BY_FIT, _BY_CHANCE, _BIAS = 0.79, 1.45, -20.9  # fitted on pictures of the world and others: docs/training.md
_UNLIKELY = 1e-3
_SHARED = 4.0  # beams that cost about as much as one: they share the picture's embedding and run side by side


class EmbeddedCaptioner(LocalCaptioner):
    """Of its likeliest short captions it takes the one that the embedded CLIP, too, finds to fit (CLIPScore, Hessel et
    al. 2021, https://arxiv.org/abs/2104.08718), and goes on from there.

    How sure it is: a logistic regression on that fit and on the probability of the captions that name the same things.
    """

    def __init__(
        self, model: ModelName, folder: Path | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(model, folder)
        self._clock = clock
        self._one: float | None = None  # seconds of one caption, measured before the first

    def caption(self, image: Image.Image, detail: Detail = "descriptive") -> Caption:
        with self._lock:
            likely = self._say(image, "short", beams=self._beams(image))
            fits = load_recognizer("embedded").fits(image, [said.text for said in likely])

            def worth(number: int) -> tuple[bool, float]:
                chance = math.log(max(likely[number].chance, 1e-9))
                return not names_twice(likely[number].text), chance + _FIT * fits[number]

            best = max(range(len(likely)), key=worth)
            text = likely[best].text
            chance = sum(said.chance for said in likely if _things(said.text) == _things(text))
            if detail == "descriptive":
                text = f"{text} {self._say(image, detail, opening=text)[0].text}"
        return Caption(text, _sure(fits[best], chance), SURE)

    def _beams(self, image: Image.Image) -> int:
        """Return how many captions can be weighed on this machine before a person grows impatient."""
        if self._one is None:
            self._parts()
            began = self._clock()
            self._say(image, "short")
            self._one = self._clock() - began
        return max(LEAST_BEAMS, min(BEAMS, int(PATIENCE / max(self._one, 1e-3) * _SHARED)))


def _sure(fit: float, chance: float) -> float:
    score = _BY_FIT * fit + _BY_CHANCE * math.log(chance + _UNLIKELY) + _BIAS
    return 1 / (1 + math.exp(-score))


def _things(text: str) -> frozenset[tuple[str, str | None, int]]:
    return frozenset((group.name, group.color, group.count) for group in parse_request(text).groups)
