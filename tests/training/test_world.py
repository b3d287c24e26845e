"""The small world: scenes, captions that are true, requests read back, pictures that show what they say."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from gptsmith.errors import NotReadyError
from gptsmith.models.pictures.world import captions
from gptsmith.models.pictures.world.objects import COLORS, SHAPES, objects
from gptsmith.models.pictures.world.requests import Named, lexicon, missing, parse_request, to_scene
from gptsmith.models.pictures.world.scene import PLACES, PLAIN, TIMES, Group, Relation, Scene, sample_scene
from training.world import sprites
from training.world.layout import place
from training.world.render import render


@pytest.fixture
def font() -> None:
    """Skip where the emoji font is missing: it is needed to train and to test, not to use the package."""
    try:
        sprites.font_path()
    except NotReadyError as error:
        pytest.skip(str(error))


def scenes(count: int, seed: int = 0) -> list[Scene]:
    rng = random.Random(seed)
    return [sample_scene(rng) for _ in range(count)]


def test_the_world_is_large_and_its_words_mean_one_thing() -> None:
    known = objects()
    assert len(known) >= 200
    words = [word for thing in known.values() for word in thing.words]
    assert len(words) == len(set(words))
    assert len(PLACES) + len(PLAIN) >= 10
    assert len(TIMES) == 3


def test_a_scene_survives_json() -> None:
    for scene in scenes(50):
        assert Scene.from_dict(json.loads(json.dumps(scene.to_dict()))) == scene


def named(groups: tuple[Group, ...]) -> list[tuple[str, str, int, str]]:
    return sorted((g.name, g.color or "", g.count, g.size) for g in groups)


@pytest.mark.parametrize("say", [captions.short, captions.descriptive])
def test_captions_are_read_back_as_the_scene_they_describe(say: object) -> None:
    rng = random.Random(1)
    for scene in scenes(400, seed=2):
        text = say(scene, rng)  # type: ignore[operator]
        read = parse_request(text)
        assert named(read.groups) == named(scene.groups), text
        assert read.unknown == (), text
        truth = {(r.kind, scene.groups[r.first], scene.groups[r.second]) for r in scene.relations}
        truth |= {(k, b, a) for k, a, b in truth if k == "beside"}
        assert {(r.kind, read.groups[r.first], read.groups[r.second]) for r in read.relations} <= truth, text
        assert read.setting in (scene.setting, None) and read.time in (scene.time, None), text
        if say is captions.descriptive:
            assert read.setting == scene.setting
            assert 12 <= len(text.split()) <= 80, text
            assert missing(read, parse_request(captions.short(scene, rng))) is not None


CUBES = (Group("cube", "red"), Group("cube", "blue"))
DOG_CAT = (Group("dog"), Group("cat"))


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("a red cube on top of a blue cube", Named(CUBES, (Relation("on", 0, 1),))),
        ("a photo of a dog right of a cat", Named(DOG_CAT, (Relation("left", 1, 0),))),
        ("A dog underneath a cat.", Named(DOG_CAT, (Relation("on", 1, 0),))),
        ("a dog behind a cat", Named(DOG_CAT, (Relation("front", 1, 0),))),
        ("a dog on side of a cat", Named(DOG_CAT, (Relation("beside", 0, 1),))),
        ("a dog on the left and a cat on the right", Named(DOG_CAT, (Relation("left", 0, 1),))),
        ("a kitten to the left of a bike on a beach at sunset",
         Named((Group("cat"), Group("bicycle")), (Relation("left", 0, 1),), "beach", "sunset")),
        ("One cat and three dogs sitting on the grass.", 
         Named((Group("cat"), Group("dog", None, 3)), setting="meadow")),
        ("an orange orange and a green colored orange", Named((Group("orange", "orange"), Group("orange", "green")))),
        ("three tiny gray mice on a plain pink background", 
         Named((Group("mouse", "gray", 3, "small"),), setting="plain pink")),
        ("cats in the snow at night", Named((Group("cat", None, 2),), setting="snow", time="night", loose=(0,))),
        ("five cars", Named((Group("car", None, 4),), unknown=("5 cars",), loose=(0,))),
        ("a painting of a fire hydrant left of a dining table", Named(unknown=("fire hydrant", "dining table"))),
        ("a robot cat riding a zeppelin", Named((Group("cat"),), unknown=("robot", "riding", "zeppelin"))),
        ("A red cube. The cube is next to a dog.", 
         Named((Group("cube", "red"), Group("dog")), (Relation("beside", 0, 1),))),
        ("", Named()),
        ("\x00 ☃ 日本語 !!", Named()),
    ],
)  # fmt: skip
def test_requests_are_read(text: str, request_: Named) -> None:
    assert parse_request(text) == request_


@pytest.mark.parametrize(
    ("request_", "caption", "lacks"),
    [
        ("a red cube on a blue cube", "A blue cube under a red cube in a meadow.", []),
        ("a red cube on a blue cube", "A blue cube on top of a red cube.", ["cube on cube"]),
        ("two cats", "Three cats in the snow.", ["2 cat"]),
        ("cats", "Three cats in the snow.", []),
        ("a green dog at night", "A dog in a forest.", ["green dog", "night"]),
        ("a dog on a beach", "A cat in a forest.", ["dog", "beach"]),
        ("a dog next to a cat", "A cat to the left of a dog.", []),
    ],
)
def test_what_a_caption_lacks_is_named(request_: str, caption: str, lacks: list[str]) -> None:
    assert missing(parse_request(request_), parse_request(caption)) == lacks


def test_a_request_becomes_a_scene_that_shows_it() -> None:
    rng = random.Random(0)
    for scene in scenes(100, seed=9):
        read = parse_request(captions.short(scene, rng))
        assert missing(read, parse_request(captions.descriptive(to_scene(read, rng), rng))) == []


def test_reading_never_fails_and_is_bounded() -> None:
    rng = random.Random(4)
    words = [*list(lexicon()), "xyzzy", ",", ".", "orange", "-", "on-the", "a"]
    for _ in range(2000):
        parse_request(" ".join(rng.choice(words) for _ in range(rng.randint(0, 30))))
    parse_request("cat " * 100_000)


def test_a_picture_repeats_for_the_same_seed_and_shows_its_things_inside(font: None) -> None:
    for i, scene in enumerate(scenes(60, seed=3)):
        first, again = (render(scene, random.Random(i)) for _ in range(2))
        assert first.pixels.shape == (128, 128, 3) and first.pixels.dtype == np.uint8
        assert np.array_equal(first.pixels, again.pixels)
        assert len(first.placed) == sum(g.count for g in scene.groups)
        for thing in first.placed:
            assert thing.x - thing.width / 2 > -0.08 and thing.x + thing.width / 2 < 1.08, scene
            assert thing.y - thing.height / 2 > -0.08 and thing.y + thing.height / 2 < 1.12, scene


def test_what_is_placed_stands_as_the_relations_say(font: None) -> None:
    rng = random.Random(5)
    for scene in scenes(600, seed=6):
        placed = place(scene, rng)
        for relation in scene.relations:
            a = next(p for p in placed if p.group == relation.first)
            b = next(p for p in placed if p.group == relation.second)
            if relation.kind == "left":
                assert a.x < b.x, scene
            elif relation.kind in ("on", "above"):
                gap = (b.y - b.height / 2) - (a.y + a.height / 2)
                assert a.y < b.y and (abs(gap) < 0.03 if relation.kind == "on" else 0.02 < gap < 0.14), scene
            elif relation.kind == "front":
                assert placed.index(a) > placed.index(b) and a.y + a.height / 2 > b.y + b.height / 2, scene


@pytest.mark.parametrize("color", list(COLORS))
def test_a_tinted_shape_has_its_colour(font: None, color: str) -> None:
    for shape in SHAPES:
        pixels = sprites.sprite(shape, color, 64)
        solid = pixels[pixels[..., 3] > 200][:, :3].astype(float).mean(axis=0)
        nearest = min(COLORS, key=lambda c: float(np.abs(solid - np.array(COLORS[c])).sum()))
        assert nearest == color


def test_every_object_has_a_picture(font: None) -> None:
    for name in objects():
        pixels = sprites.sprite(name, None, 48)
        assert (pixels[..., 3] > 128).mean() > 0.12, name


def test_a_missing_font_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GPTSMITH_EMOJI_FONT", str(tmp_path / "none.ttf"))
    with pytest.raises(NotReadyError) as error:
        sprites.font_path()
    assert str(error.value) == (
        "the font Noto Color Emoji was not found; "
        "install fonts-noto-color-emoji or name the file in GPTSMITH_EMOJI_FONT"
    )


def test_prompts_of_others_are_read(test_data: Path) -> None:
    lines = (test_data / "images" / "geneval_half.jsonl").read_text("utf-8").splitlines()
    wrong, known = [], 0
    for item in map(json.loads, lines):
        read = parse_request(item["prompt"])
        if read.unknown:
            continue
        known += 1
        wanted = sorted((c.get("color") or "", c["count"]) for c in item["include"])
        positions = sum("position" in c for c in item["include"])
        if wanted != sorted((g.color or "", g.count) for g in read.groups) or positions != len(read.relations):
            wrong.append(item["prompt"])
    assert known >= 190 and wrong == []
