"""The commands on pictures: what they write, what they say, and with which code they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from gptsmith.models.pictures.world.requests import parse_request
from gptsmith.models.pictures.world.scene import Group
from gptsmith.tools.drawing.store import parameters_of
from gptsmith.ui.cli import run
from tests.support import tiny_pictures

Out = pytest.CaptureFixture[str]
# numpy 2 and torch disagree about a keyword inside diffusers' Euler sampler
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    tiny_pictures.pipeline(root / "generator")
    tiny_pictures.clip(root / "clip")
    tiny_pictures.captioner(root / "captioner")
    return root


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder, with the models and a picture in it."""
    monkeypatch.chdir(tmp_path)
    for model in models.iterdir():
        (tmp_path / model.name).symlink_to(model)
    Image.new("RGB", (40, 30), "red").save(tmp_path / "red.png")
    Image.new("L", (9, 9), 255).save(tmp_path / "small-mask.png")
    (tmp_path / "there.png").write_bytes(b"")
    (tmp_path / "cut.png").write_bytes((tmp_path / "red.png").read_bytes()[:60])


def draw(*more: str) -> int:
    return run(["image", "a red cube", "-o", "out.png", "--model", "./generator", "--steps", "3", *more])


def test_a_picture_is_written_and_its_seed_named(tmp_path: Path, capsys: Out) -> None:
    assert draw("--seed", "5", "--size", "48x40", "--negative", "a dog", "--sampler", "euler") == 0
    said = capsys.readouterr()
    assert said.out == "out.png\n"
    assert "Drawing, seed 5\n" in said.err and "Drawn: a red cube (seed 5)\n" in said.err
    with Image.open(tmp_path / "out.png") as picture:
        assert picture.size == (48, 40)
        assert parameters_of(picture)["Seed"] == "5"


def test_several_pictures_and_their_records_as_json(tmp_path: Path, capsys: Out) -> None:
    assert draw("--count", "2", "--seed", "8", "--no-parameters", "--json") == 0
    records = json.loads(capsys.readouterr().out)["images"]
    assert [(r["path"], r["seed"], r["steps"], r["own_words"]) for r in records] == [
        ("out.png", 8, 3, True),
        ("out-2.png", 9, 3, True),
    ]
    with Image.open(tmp_path / "out-2.png") as picture:
        assert picture.info == {}


def test_a_picture_is_changed(capsys: Out) -> None:
    assert draw("--from", "red.png", "--strength", "0.5", "--json") == 0
    record = json.loads(capsys.readouterr().out)["images"][0]
    assert (record["mode"], record["strength"]) == ("change", 0.5)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["image", "a cat", "-o", "a.png"], 4, "the embedded model for drawing is not part of this release; "),
        (["image", "", "-o", "a.png", "--model", "./generator"], 2, "the description is empty; "),
        (["image", "a cat", "-o", "a.jpg"], 2, "a.jpg is no name for a PNG file; end it with .png"),
        (["image", "a cat", "-o", "there.png"], 2, "there.png is already there; name another file with -o; "),
        (["image", "a cat", "-o", "no/a.png"], 2, "there is no folder "),
        (["image", "a cat"], 2, "Missing option '-o' / '--output'; see gptsmith image --help"),
        (["image", "a cat", "-o", "a.png", "--size", "big"], 2, "'big' is no size of a picture; "),
        (["image", "a cat", "-o", "a.png", "--model", "./clip"], 4,
         "the picture model ./clip has no model_index.json, so it is no diffusers pipeline; "),
        (["image", "a cat", "-o", "a.png", "--model", "./generator", "--from", "cut.png"], 2,
         "cut.png is cut short or damaged"),
        (["image", "a cat", "-o", "a.png", "--model", "./generator", "--from", "red.png", "--strength", "0"], 2,
         "strength 0 would change nothing; "),
        (["image", "a cat", "-o", "a.png", "--from", "red.png", "--mask", "small-mask.png"], 2,
         "the mask has 9x9 pixels, the picture 40x30; "),
        (["caption", "red.png"], 4, "the embedded model for describing pictures is not part of this release; "),
        (["caption", "red.png", "--detail", "long", "--model", "./captioner"], 2,
         "detail cannot be 'long'; choose short or descriptive"),
        (["caption", "nothing.png", "--model", "./captioner"], 2, "there is no picture nothing.png; "),
        (["recognize", "red.png", "--labels", "a,b"], 4,
         "the embedded model for recognizing pictures is not part of this release; "),
        (["recognize", "red.png", "--model", "./clip"], 2, "there are no labels to choose from; "),
        (["upsample", " "], 2, "the description is empty; "),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("no_picture_weights")
def test_what_cannot_be_done_is_one_sentence(arguments: list[str], code: int, message: str, capsys: Out) -> None:
    assert run(arguments) == code
    said = capsys.readouterr()
    assert said.out == ""
    last = said.err.strip().split("\n")[-1]
    assert last.startswith(f"gptsmith: {message}")
    assert run([*arguments, "--json"]) == code
    assert json.loads(capsys.readouterr().out)["error"]["message"]


def test_a_picture_is_described(capsys: Out) -> None:
    assert run(["caption", "red.png", "--detail", "short", "--model", "./captioner", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["detail"], said["model"]) == ("short", "./captioner") and said["caption"]


def test_a_picture_is_recognized(capsys: Out) -> None:
    assert run(["recognize", "red.png", "--labels", "cat,dog", "--model", "./clip"]) == 0
    lines = capsys.readouterr().out.strip().split("\n")
    assert len(lines) == 2 and {line.split()[1] for line in lines} == {"cat", "dog"}
    assert run(["recognize", "red.png", "--labels", "cat,dog", "--model", "./clip", "--json"]) == 0
    assert sum(m["score"] for m in json.loads(capsys.readouterr().out)["labels"]) == pytest.approx(1, abs=1e-3)


def test_pictures_like_one_are_found(capsys: Out, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for name, color in (("a", "blue"), ("b", "red"), ("c", "green")):
        Image.new("RGB", (32, 32), color).save(pictures / f"{name}.png")
    (pictures / "broken.png").write_bytes(b"no picture")
    (pictures / "notes.txt").write_text("no picture either", encoding="utf-8")
    assert run(["similar", "red.png", str(pictures), "--model", "./clip", "--count", "2"]) == 0
    said = capsys.readouterr()
    first, second = said.out.strip().split("\n")
    assert first.split() == ["1.000", str(pictures / "b.png")] and float(second.split()[0]) < 1
    assert "Left out: broken.png is not a picture that can be read" in said.err
    assert run(["similar", "red.png", str(pictures), "--model", "./clip", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["pictures"]) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["red.png", "nowhere"], "there is no folder nowhere"),
        (["red.png", "clip"], "there are no other pictures in clip"),
        (["red.png", ".", "--count", "0"], "0 pictures cannot be found"),
    ],
)
def test_where_nothing_can_be_found_it_is_said(arguments: list[str], message: str, capsys: Out) -> None:
    assert run(["similar", *arguments, "--model", "./clip"]) == 2
    assert message in capsys.readouterr().err


def test_a_caption_is_written_and_what_it_leaves_out_is_named(capsys: Out) -> None:
    left_out = "I cannot draw “mat”; the picture leaves it out."
    assert run(["upsample", "a cat on a mat"]) == 0
    said = capsys.readouterr()
    assert parse_request(said.out).groups == (Group("cat"),) and said.err.strip().endswith(left_out)
    assert run(["upsample", "a cat on a mat", "--json"]) == 0
    reply = json.loads(capsys.readouterr().out)
    assert reply == {"caption": said.out.strip(), "own_words": False, "notes": [left_out]}
