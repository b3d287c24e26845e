"""The captioner of the small world, which checks its own words by the grammar of that world."""

from __future__ import annotations

from PIL import Image

from gptsmith.models.pictures.captioners import Caption, Detail, LocalCaptioner
from gptsmith.models.world.requests import first_plausible, parse_request

BEAMS = 4
SURE = 0.2  # probability of what it names: docs/training.md


class EmbeddedCaptioner(LocalCaptioner):
    """Of its likeliest short captions it takes the first that a picture of the world can have, and goes on from there.

    How sure it is: the probability of those captions that name the same things.
    """

    def caption(self, image: Image.Image, detail: Detail = "descriptive") -> Caption:
        with self._lock:
            likely = self._say(image, "short", beams=BEAMS)
            text = likely[first_plausible([said.text for said in likely])].text
            sure = sum(said.chance for said in likely if _things(said.text) == _things(text))
            if detail == "descriptive":
                text = f"{text} {self._say(image, detail, opening=text)[0].text}"
        return Caption(text, sure, SURE)


def _things(text: str) -> frozenset[tuple[str, str | None, int]]:
    return frozenset((group.name, group.color, group.count) for group in parse_request(text).groups)
