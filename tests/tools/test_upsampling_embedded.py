"""The embedded caption writer with the weights of the package: its captions are checked, what it leaves out is said."""

from __future__ import annotations

import pytest

from benchmarks import likeness
from gptsmith import GptsmithError
from gptsmith.models.embedding import load_embedder
from gptsmith.models.pictures import names
from gptsmith.models.pictures.world.objects import nearest
from gptsmith.models.pictures.world.requests import parse_request
from gptsmith.tools.drawing.embedded_upsampler import EmbeddedUpsampler, is_faithful
from gptsmith.tools.drawing.upsampler import Earlier, OwnWords, upsampler_for
from gptsmith.ui.cli import run


@pytest.fixture(scope="module")
def writer() -> EmbeddedUpsampler:
    return EmbeddedUpsampler(names.folder("upsampler"))


REQUESTS = [
    ("a red cube on top of a blue cube", "", "a red cube on top of a blue cube"),
    ("please draw three elephants in the snow", "", "three elephants in the snow"),
    ("an automobile at night", "", "a car at night"),
    ("make it night", "A cat on a beach by day. Pale golden sand lies in soft ripples.", "a cat on a beach at night"),
    ("two of them", "A cat on a plain pink background. Nothing else is in the picture.", "two cats"),
    ("an owl", "A cat on a beach at sunset. Pale golden sand lies in soft ripples.", "an owl"),
]


@pytest.mark.parametrize(("request_", "before", "meant"), REQUESTS)
def test_a_caption_says_what_is_meant(writer: EmbeddedUpsampler, request_: str, before: str, meant: str) -> None:
    found = writer.upsample(request_, [Earlier("earlier", before)] if before else [])
    assert is_faithful(parse_request(meant), found.caption), found.caption
    assert (found.own_words, found.notes) == (False, [])
    assert writer.upsample(request_, [Earlier("earlier", before)] if before else []).caption == found.caption


NOTES = [
    (
        "a toaster next to a cat",
        ["I cannot draw “toaster”; the picture leaves it out."],
    ),
    ("watercolor of a fish", ["I cannot draw “watercolor”; the picture leaves it out."]),
    (
        "portrait of a goldfish",
        ["For “goldfish” I draw “fish”.", "I cannot draw “portrait”; the picture leaves it out."],
    ),
    ("a sparrow next to a dog", ["For “sparrow” I draw “bird”."]),
    ("a dragonfly on a rose", ["I cannot draw “dragonfly”; the picture leaves it out."]),
    ("a cat in space", []),
    ("a cat on the moon", ["I know no place like “the moon”; the picture leaves it out."]),
    ("a cat sneezing", ["I draw things, not what they do; the picture leaves out “sneezing”."]),
    (
        "a dog found a ball, but a cat sat on it",
        ["I draw things, not what they do; the picture leaves out “found”, “sat”."],
    ),
    ("nine cats", ["I draw up to 4 things of a kind."]),
    ("two dogs, three cats and a horse", ["Of 3 kinds of things I draw one each, side by side."]),
    ("three apples: a red apple and a green apple", []),
    ("a cat, a dog, a horse, a cow and a pig", ["I draw up to 3 kinds of things in one picture; left out: cow, pig."]),
]


@pytest.mark.parametrize(("request_", "notes"), NOTES)
def test_what_is_left_out_is_said(writer: EmbeddedUpsampler, request_: str, notes: list[str]) -> None:
    assert writer.upsample(request_).notes == notes


@pytest.mark.parametrize(
    "request_",
    ["a logo for my cafe", "watercolor", "a kitchen", "an astronaut", "happiness", "a sunset over the sea", "a jug"],
)
def test_nothing_is_drawn_in_place_of_what_the_world_does_not_know(writer: EmbeddedUpsampler, request_: str) -> None:
    with pytest.raises(GptsmithError) as told:
        writer.upsample(request_)
    assert str(told.value) == (
        f"the embedded model draws small scenes of some 250 things, and “{request_}” names none of them; for "
        "anything else set the tool's model to a picture model, such as local:sd-turbo (on the command "
        "line: --model)"
    )
    with pytest.raises(GptsmithError):
        writer.part(request_, "A cat on the sand at night.")


def test_the_likeness_from_which_a_thing_stands_for_a_word_draws_nothing_silly() -> None:
    encode = load_embedder("embedded").encode
    drawn = [(found.known, right) for word, right in likeness.words() if (found := nearest(word, encode))]
    assert len(drawn) >= 15 and all(known in right for known, right in drawn)


def test_it_writes_for_the_embedded_generator_alone() -> None:
    assert isinstance(upsampler_for(None, "embedded"), EmbeddedUpsampler)
    assert isinstance(upsampler_for(None, "./a-folder"), OwnWords)


def test_the_command_writes_offline(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["upsample", "a cat to the left of a bicycle on a beach at sunset"]) == 0
    meant = parse_request("a cat to the left of a bicycle on a beach at sunset")
    assert is_faithful(meant, capsys.readouterr().out.strip())


@pytest.mark.parametrize(
    ("request_", "whole", "meant"),
    [
        ("a yellow ball", "A cat on the sand at night. Waves roll in.", "a yellow ball on a beach at night"),
        ("a red car in the snow", "A house in a green field by day.", "a red car in the snow in daylight"),
        ("two bananas", "", "two bananas"),
    ],
)
def test_a_part_is_described_in_the_surroundings_of_the_whole(
    writer: EmbeddedUpsampler, request_: str, whole: str, meant: str
) -> None:
    said, wanted = parse_request(writer.part(request_, whole).caption), parse_request(meant)
    assert (said.groups, said.setting, said.time) == (wanted.groups, wanted.setting, wanted.time)
