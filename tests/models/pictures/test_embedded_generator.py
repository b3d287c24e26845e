"""The embedded generator as it is shipped, judged by the exact checker. Its score: docs/training.md."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from gptsmith import Pictures
from gptsmith.models.pictures.world.requests import parse_request
from training.world import checker

SHOULD = [
    "a dog in the snow",
    "a red cube on top of a blue cube",
    "three apples",
    "a green bus",
    "a cat to the left of a bicycle on a beach at sunset",
]


@pytest.fixture(scope="module")
def pictures(emoji_font: None) -> Pictures:
    return Pictures()


def verdict(picture: Image.Image, request: str) -> checker.Verdict:
    return checker.check(np.asarray(picture), parse_request(request))


def test_it_draws_what_is_asked_for(pictures: Pictures) -> None:
    drawn = [pictures.draw(request, seed=1)[0] for request in SHOULD]
    right = [verdict(one.image, request).right for one, request in zip(drawn, SHOULD, strict=True)]
    assert sum(right) >= 4, dict(zip(SHOULD, right, strict=True))
    assert {(one.record.model, one.record.size, one.record.seed) for one in drawn} == {("embedded", "128x128", 1)}


def test_a_seed_repeats_and_another_draws_anew(pictures: Pictures) -> None:
    first, again, other = (pictures.draw("a dog", seed=seed, steps=4)[0].image for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes() != other.tobytes()


def test_a_change_keeps_the_thing_and_a_mask_the_rest(pictures: Pictures) -> None:
    dog = pictures.draw("a dog on a beach", seed=1)[0]
    night = pictures.draw("make it night", image=dog.image, seed=1)[0]
    assert pictures.recognize(night.image, ["a cat", "a dog", "a car", "a tree"])[0].label == "a dog"
    assert np.asarray(night.image).mean() < 0.8 * np.asarray(dog.image).mean()
    mask = Image.new("L", dog.image.size)
    ImageDraw.Draw(mask).rectangle((0, 0, 127, 40), fill=255)
    part = pictures.draw("a bird", image=dog.image, mask=mask, seed=1)[0].image
    changed = (np.asarray(part) != np.asarray(dog.image)).any(axis=(1, 2))
    assert changed[:40].any() and not changed[48:].any()


def test_a_part_is_drawn_whole_within_its_mask(pictures: Pictures) -> None:
    house = pictures.draw("a house on the grass in daylight", seed=3)[0].image
    mask = Image.new("L", house.size, 0)
    mask.paste(255, (72, 56, 126, 114))
    drawn = pictures.draw("a red car", image=house, mask=mask, seed=4, count=3)
    cars = [[s for s in checker.look(np.asarray(one.image)) if (s.name, s.color) == ("car", "red")] for one in drawn]
    assert sum(map(bool, cars)) >= 2
    assert all(car.x > 0.5 and car.y > 0.4 for found in cars for car in found)
