"""The captioner of the small world, which checks its own words by the grammar of that world."""

from __future__ import annotations

import math

from PIL import Image

from gptsmith.models.pictures.captioners import Caption, Detail, LocalCaptioner
from gptsmith.models.pictures.recognizers import load_recognizer
from gptsmith.models.world.requests import first_plausible, parse_request

BEAMS = 4
SURE = 0.5
_BY_FIT, _BY_CHANCE, _BIAS = 0.53, 0.37, -14.0  # fitted on pictures of the world and others: docs/training.md
_UNLIKELY = 1e-3


class EmbeddedCaptioner(LocalCaptioner):
    """Of its likeliest short captions it takes the first that a picture of the world can have, and goes on from there.

    How sure it is: a logistic regression on what the embedded CLIP says of picture and caption (CLIPScore, Hessel et
    al. 2021, https://arxiv.org/abs/2104.08718), and on the probability of those captions that name the same things.
    """

    def caption(self, image: Image.Image, detail: Detail = "descriptive") -> Caption:
        with self._lock:
            likely = self._say(image, "short", beams=BEAMS)
            text = likely[first_plausible([said.text for said in likely])].text
            fit = load_recognizer("embedded").scores([image], text)[0]
            chance = sum(said.chance for said in likely if _things(said.text) == _things(text))
            if detail == "descriptive":
                text = f"{text} {self._say(image, detail, opening=text)[0].text}"
        return Caption(text, _sure(fit, chance), SURE)


def _sure(fit: float, chance: float) -> float:
    score = _BY_FIT * fit + _BY_CHANCE * math.log(chance + _UNLIKELY) + _BIAS
    return 1 / (1 + math.exp(-score))


def _things(text: str) -> frozenset[tuple[str, str | None, int]]:
    return frozenset((group.name, group.color, group.count) for group in parse_request(text).groups)
