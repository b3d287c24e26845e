"""The exact checker: it reads pictures whose truth is known, and every object competes."""

from __future__ import annotations

import random
import subprocess
import sys

import numpy as np
import pytest

from gptsmith.errors import NotReadyError
from gptsmith.models.pictures.world.requests import parse_request, to_scene
from training.world.checker import check
from training.world.render import render
from training.world.sprites import font_path

NAMES = ("cat", "dog", "cube", "ball", "car", "apple", "bed", "computer keyboard", "tree", "giraffe")


@pytest.fixture(scope="module", autouse=True)
def _font() -> None:
    try:
        font_path()
    except NotReadyError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(
    "request_",
    [
        "a red cube on top of a blue cube",
        "a cat to the left of a dog on a beach at sunset",
        "three apples in the snow",
        "a green car",
    ],
)
def test_a_picture_of_a_request_is_right_also_with_noise(request_: str) -> None:
    wanted, rng = parse_request(request_), random.Random(3)
    pixels = render(to_scene(wanted, rng), rng).pixels
    noise = np.random.default_rng(1).normal(0, 10, pixels.shape)
    for shown in (pixels, (pixels + noise).clip(0, 255).astype(np.uint8)):
        verdict = check(shown, wanted, NAMES)
        assert verdict.right, verdict


@pytest.mark.parametrize(
    ("drawn", "asked", "wrong"),
    [
        ("a blue cube on top of a red cube", "a red cube on top of a blue cube", "relations"),
        ("a dog to the left of a cat", "a cat to the left of a dog", "relations"),
        ("two apples", "three apples", "counts"),
        ("a red car", "a green car", "colors"),
        ("a dog", "a cat", "objects"),
    ],
)
def test_a_picture_of_something_else_is_wrong_in_that_part(drawn: str, asked: str, wrong: str) -> None:
    rng = random.Random(5)
    verdict = check(render(to_scene(parse_request(drawn), rng), rng).pixels, parse_request(asked), NAMES)
    assert not verdict.right
    assert getattr(verdict, wrong) is False, verdict


def test_an_empty_picture_and_noise_show_nothing() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3)).astype(np.uint8)
    for pixels in (np.full((128, 128, 3), 200, np.uint8), noise):
        verdict = check(pixels, parse_request("a cat"), NAMES)
        assert verdict.seen == () and not verdict.right


def test_the_checker_has_no_part_of_the_models() -> None:
    code = "import sys, training.world.checker; print([m for m in sys.modules if m in ('torch', 'transformers')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
