"""A change of a picture is looked at: one that did not happen is tried once more, and otherwise said."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest
from PIL import Image

from gptsmith import GptsmithError
from gptsmith.models.pictures import names
from gptsmith.models.pictures.generators import DrawingStep, Drawn, Generator, Job, Stop, load_generator
from gptsmith.models.pictures.recognizers import load_recognizer
from gptsmith.models.pictures.world.requests import parse_request
from gptsmith.tools.drawing.changed import PictureChange, clearness
from gptsmith.tools.drawing.embedded_upsampler import EmbeddedUpsampler
from gptsmith.tools.drawing.studio import Result, Studio, Wish
from gptsmith.tools.drawing.upsampler import Earlier

CAT = "A cat on a beach by day. The cat stands alone in the middle. The sky is light and sunny."
SIZES = ["I draw one thing alone smaller than usual, and none larger."]
STACK = "A red cube on top of a blue cube in a meadow by day. The sky is light and sunny."


@pytest.fixture(scope="module")
def writer() -> EmbeddedUpsampler:
    return EmbeddedUpsampler(names.folder("upsampler"))


def drawn(words: str, seed: int = 21) -> Image.Image:
    return Studio(load_generator("embedded")).draw(Wish(words, seed=seed, own_words=True)).shown[0].image


@pytest.mark.parametrize(
    ("before", "request_"),
    [
        (CAT, "make it night"),
        (CAT, "make it darker"),
        (CAT, "same but in winter"),
        (CAT, "two of them"),
        (STACK, "make the top one green"),
    ],
)
def test_a_picture_that_did_not_change_is_told_from_one_that_did(
    writer: EmbeddedUpsampler, before: str, request_: str
) -> None:
    found, first, looker = writer.upsample(request_, changes=before), drawn(before), load_recognizer("embedded")
    assert found.change is not None
    assert clearness(looker, drawn(found.caption), first, found.change) > 0
    assert clearness(looker, first, first, found.change) < 0


class Painter(Generator):
    """Draws its pictures one after the other, the last for ever."""

    name = "embedded"

    def __init__(self, *colors: str) -> None:
        self.colors, self.jobs = list(colors), list[Job]()

    def draw(self, job: Job, on_step: Callable[[DrawingStep], None], stop: Stop) -> Drawn:
        self.jobs.append(job)
        color = self.colors.pop(0) if len(self.colors) > 1 else self.colors[0]
        return Drawn(Image.new("RGB", (64, 64), color), {})


class Eyes:
    """Sees what was wanted where a picture is green."""

    def fits(self, image: Image.Image, texts: Sequence[str]) -> list[float]:
        green = image.getpixel((0, 0)) == (0, 128, 0)
        return [9.0 if green == bool(re.search("green (?:cube|block)", text)) else 5.0 for text in texts]


def changed(painter: Painter, writer: EmbeddedUpsampler, request: str = "make the top one green") -> Result:
    wish = Wish(request, seed=5, image=Image.new("RGB", (64, 64), "red"), changes=STACK)
    return Studio(painter, upsampler=writer, looker=Eyes()).draw(wish)


@pytest.mark.parametrize(
    ("colors", "modes", "said"),
    [
        (["green"], ["change"], False),
        (["red", "green"], ["change", "new"], False),
        (["red", "red"], ["change", "new"], True),
    ],
)
def test_it_is_tried_once_more_and_otherwise_said(
    writer: EmbeddedUpsampler, colors: list[str], modes: list[str], said: bool
) -> None:
    painter = Painter(*colors)
    best = changed(painter, writer).shown[0]
    assert [job.mode for job in painter.jobs] == modes
    assert any("I do not see the change: " in note for note in best.record.notes) == said
    assert (best.image.getpixel((0, 0)) == (0, 128, 0)) != said


def test_what_comes_beside_a_stack_is_drawn_into_the_picture(writer: EmbeddedUpsampler) -> None:
    painter = Painter("green")
    best = changed(painter, writer, "add a ball to the right").shown[0]
    job = painter.jobs[0]
    assert job.mode == "inpaint" and job.mask is not None and "ball" in job.caption and "cube" not in job.caption
    assert job.mask.getpixel((60, 40)) == 255 and job.mask.getpixel((20, 40)) == 0
    assert best.record.caption.startswith(STACK.rstrip(".")) and best.record.caption.endswith(
        "ball stands on the right."
    )


BESIDE = f"{STACK} A green ball stands on the right."


@pytest.mark.parametrize(
    ("request_", "thing", "side"),
    [
        ("make the ball yellow", "yellow ball", "right"),
        ("replace the ball with a cone", "cone", "right"),
        ("turn the ball into a cat", "cat", "right"),
    ],
)
def test_what_stands_beside_a_stack_is_changed_where_it_stands(
    writer: EmbeddedUpsampler, request_: str, thing: str, side: str
) -> None:
    found = writer.upsample(request_, changes=BESIDE)
    assert found.part is not None and found.part.side == side
    assert thing in found.part.caption and "cube" not in found.part.caption
    start, _, end = found.part.whole.rpartition(". ")
    assert start == STACK.rstrip(".") and thing in end and end.endswith(f"stands on the {side}.")


def test_a_stack_stays_one_when_what_stood_beside_it_goes(writer: EmbeddedUpsampler) -> None:
    found = parse_request(writer.upsample("remove the ball", changes=BESIDE).caption)
    assert [(g.color, g.name) for g in found.groups] == [("red", "cube"), ("blue", "cube")]
    assert any(r.kind == "on" for r in found.relations)


@pytest.mark.parametrize("request_", ["make it bigger", "larger please", "make the cat huge"])
def test_nothing_is_drawn_larger_than_usual_and_that_is_said(writer: EmbeddedUpsampler, request_: str) -> None:
    with pytest.raises(GptsmithError, match="makes one thing alone smaller, none larger"):
        writer.upsample(request_, changes=CAT)


@pytest.mark.parametrize(
    ("request_", "changes", "small", "notes"),
    [
        ("make it smaller", CAT, True, []),
        ("make it bigger", CAT.replace("A cat", "A small cat"), False, SIZES),
        ("make it huge and green", CAT, False, SIZES),
        ("a large horse", "", False, SIZES),
        ("a small horse", "", True, []),
        ("a small horse and a dog", "", False, SIZES),
        ("make it darker", CAT, False, []),
    ],
)
def test_one_thing_alone_is_drawn_small(
    writer: EmbeddedUpsampler, request_: str, changes: str, small: bool, notes: list[str]
) -> None:
    found = writer.upsample(request_, changes=changes)
    assert next(g.size for g in parse_request(found.caption).groups) == ("small" if small else "")
    assert found.notes == notes


@pytest.mark.parametrize("request_", ["zoom out", "make it look cosy", "more dramatic please", "make it a watercolor"])
def test_a_change_that_the_world_cannot_make_draws_nothing(writer: EmbeddedUpsampler, request_: str) -> None:
    with pytest.raises(GptsmithError, match="asks for nothing new of these"):
        writer.upsample(request_, [Earlier("a cat", CAT)])


@pytest.mark.parametrize("request_", ["again", "try another version", "once more please"])
def test_but_again_is_drawn_again(writer: EmbeddedUpsampler, request_: str) -> None:
    found = writer.upsample(request_, [Earlier("a cat", CAT)])
    assert "cat" in found.caption and found.change is None


def test_a_note_never_says_that_something_is_drawn_that_is_not(writer: EmbeddedUpsampler) -> None:
    for request in ("portrait of a goldfish", "a watercolor fish", "a sketch of a sparrow"):
        found = writer.upsample(request)
        told = [note.split("“")[2].split("”")[0] for note in found.notes if note.startswith("For")]
        assert all(word in found.caption.lower() for word in told), (found.caption, found.notes)


def test_mush_is_no_change() -> None:
    change = PictureChange("a cat", "a cat", None, "a large cat")

    class Sees(Eyes):
        def fits(self, image: Image.Image, texts: Sequence[str]) -> list[float]:
            return [20.0 if image.getpixel((0, 0)) == (0, 0, 0) else 35.0 for _ in texts]

    black, white = Image.new("RGB", (8, 8)), Image.new("RGB", (8, 8), "white")
    assert clearness(Sees(), white, white, change) > 0 > clearness(Sees(), black, white, change)
