"""The benchmark of a generator: in which row a prompt counts."""

from __future__ import annotations

import pytest

from benchmarks.generator import row_of
from gptsmith.models.pictures.world.requests import parse_request


@pytest.mark.parametrize(
    ("prompt", "row"),
    [
        ("a photo of a cat", "one object"),
        ("a cat and a bicycle", "two objects"),
        ("three dogs", "count"),
        ("a green car", "colour"),
        ("a cat to the left of a bicycle", "position"),
        ("a red cube on top of a blue cube", "colour binding"),
        ("a photo of a surfboard", None),
        ("two cats and three dogs", None),
    ],
)
def test_a_prompt_counts_in_one_row(prompt: str, row: str | None) -> None:
    assert row_of(parse_request(prompt)) == row
