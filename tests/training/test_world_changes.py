"""What a change of a picture asks for, read against the caption of the picture before it."""

from __future__ import annotations

import random

import pytest

from gptsmith.models.pictures.world.changes import read_change, reads_as_change
from gptsmith.models.pictures.world.requests import missing, parse_request
from training.world.pairs import LEAST, MOST, first_request, sample_pair

CAT = "A cat on a beach by day. The cat stands alone in the middle. The sky is light and sunny."
PAIR = "A red cube to the left of a dog on a plain white background. Nothing else is in the picture."
STACK = "A red cube on top of a blue cube in a meadow by day. The sky is light and sunny."

CHANGES = [
    (CAT, "make it night", "a cat on a beach at night"),
    (CAT, "two of them", "two cats on a beach"),
    (CAT, "make it three cats", "three cats on a beach"),
    (CAT, "in green please", "a green cat on a beach"),
    (CAT, "make it orange", "an orange cat on a beach"),
    (CAT, "put it in the snow", "a cat in the snow"),
    (CAT, "bigger please", "a large cat on a beach"),
    (CAT, "add a dog to the left of it", "a dog to the left of a cat on a beach"),
    (CAT, "a tiger instead", "a tiger on a beach"),
    (CAT, "make the background blue", "a cat on a blue background"),
    (PAIR, "two of them", "two red cubes to the left of two dogs on a white background"),
    (PAIR, "two of each", "two red cubes to the left of two dogs on a white background"),
    (PAIR, "make it night", "a red cube to the left of a dog at night"),
    (PAIR, "remove the dog", "a red cube on a white background"),
    (PAIR, "without the cube", "a dog on a white background"),
    (PAIR, "the cube should be blue", "a blue cube to the left of a dog on a white background"),
    (PAIR, "replace the dog with a horse", "a red cube to the left of a horse on a white background"),
    (PAIR, "put the dog on top of the cube", "a dog on top of a red cube on a white background"),
    (CAT, "make it darker", "a cat on a beach at sunset"),
    (CAT, "same but in winter", "a cat in the snow"),
    (CAT, "add a dog to the left", "a dog to the left of a cat on a beach"),
    (CAT, "add a dog to the right", "a cat to the left of a dog on a beach"),
    (STACK, "make the top one green", "a green cube on top of a blue cube in a meadow"),
    (STACK, "make the bottom one yellow", "a red cube on top of a yellow cube in a meadow"),
    (STACK, "the lower one should be pink", "a red cube on top of a pink cube in a meadow"),
    (STACK, "replace the top one with a cat", "a cat on top of a blue cube in a meadow"),
    (STACK, "make the red one green", "a green cube on top of a blue cube in a meadow"),
    (STACK, "remove the bottom one", "a red cube in a meadow"),
    (STACK, "make it a bit darker", "a red cube on top of a blue cube in a meadow at sunset"),
    (PAIR, "make the left one yellow", "a yellow cube to the left of a dog on a white background"),
    (PAIR, "make the right one blue", "a red cube to the left of a blue dog on a white background"),
    (PAIR, "make it sunset", "a red cube to the left of a dog at sunset"),
]


@pytest.mark.parametrize(("before", "change", "after"), CHANGES)
def test_a_change_says_what_the_next_picture_shows(before: str, change: str, after: str) -> None:
    earlier = parse_request(before)
    wanted = read_change(earlier, change)
    said = parse_request(after)
    assert reads_as_change(earlier, change)
    assert (missing(wanted, said), missing(said, wanted), len(wanted.groups)) == ([], [], len(said.groups))


@pytest.mark.parametrize("request_", ["a dog", "draw two red cars on a street", "now draw a house at night", "an owl"])
def test_a_request_for_other_things_is_new(request_: str) -> None:
    assert not reads_as_change(parse_request(CAT), request_)


def test_first_requests_are_never_read_as_changes_of_another_picture() -> None:
    rng = random.Random(7)
    earlier = parse_request(PAIR)
    asked = [first_request(rng) for _ in range(300)]
    wrong = [text for text, scene in asked if reads_as_change(earlier, text) and not _shared(scene)]
    assert wrong == []


def _shared(scene: object) -> bool:
    return bool({g.name for g in scene.groups} & {"cube", "dog"})  # type: ignore[attr-defined]


def test_pairs_are_faithful_and_of_the_right_length() -> None:
    rng = random.Random(3)
    for _ in range(200):
        pair = sample_pair(rng)
        assert LEAST <= len(pair.caption.split()) <= MOST
        changed = pair.earlier and reads_as_change(parse_request(pair.earlier), pair.request)
        wanted = read_change(parse_request(pair.earlier), pair.request) if changed else parse_request(pair.request)
        assert missing(wanted, parse_request(pair.caption)) == [], pair
