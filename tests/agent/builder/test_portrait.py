"""An assistant's picture: which thing it shows, that nothing is written before a yes, and what is missing."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from gptsmith.agent.builder.portrait import choose_thing, propose_picture
from gptsmith.assistants.files.versions import Versions
from gptsmith.assistants.format.loader import load_file
from gptsmith.errors import NotReadyError, UsageError
from gptsmith.models.pictures import generators, names
from gptsmith.ui.cli import run
from tests.support import tiny_pictures
from tests.support.pages import NIGHT_SKY, make_library, open_page, words
from training.release import seal

# numpy 2 and torch disagree about a keyword inside some of diffusers' samplers
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
Out = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("weights")
    seal(tiny_pictures.embedded_generator(root / "generator"))
    return root


@pytest.fixture
def spec(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(names, "WEIGHTS", weights)
    monkeypatch.setattr(generators, "_made", {})
    return make_library(tmp_path, monkeypatch) / "night-sky.assistant.yaml"


@pytest.mark.parametrize(
    ("name", "description", "thing"),
    [
        ("Cat sitter", "Answers owners.", "cat"),
        ("Support", "Helps with bicycles and locks.", "bicycle"),
        ("Feline friend", "Knows everything of kittens.", "cat"),
    ],
)
def test_one_thing_of_the_world_stands_for_it(name: str, description: str, thing: str) -> None:
    assert choose_thing(name, description) == thing


def test_the_picture_is_written_with_the_line_that_names_it_and_undone(spec: Path) -> None:
    before = spec.read_bytes()
    proposed = propose_picture(spec, thing="moon", seed=3)
    assert spec.read_bytes() == before and not proposed.file.parent.exists()
    assert "+avatar: ./night-sky.files/avatar.png" in proposed.diff
    assert proposed.words == "Show a moon as its picture (night-sky.files/avatar.png)"
    assert Image.open(io.BytesIO(proposed.png)).size == (32, 32)
    proposed.apply()
    assert load_file(spec).spec.avatar == "./night-sky.files/avatar.png"
    assert proposed.file.read_bytes() == proposed.png
    assert propose_picture(spec, thing="an owl").file.name == "avatar-2.png"
    Versions(spec).undo()
    assert spec.read_bytes() == before


def test_a_spec_that_changed_meanwhile_keeps_its_bytes_and_gets_no_file(spec: Path) -> None:
    proposed = propose_picture(spec, thing="moon")
    spec.write_text(NIGHT_SKY.replace("comet", "star"))
    with pytest.raises(UsageError, match="was changed on disk since it was read"):
        proposed.apply()
    assert "star" in spec.read_text() and not proposed.file.parent.exists()


def test_without_weights_it_says_what_is_missing(spec: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(names, "WEIGHTS", tmp_path / "none")
    with pytest.raises(NotReadyError, match="the embedded model for drawing is not part of this release"):
        propose_picture(spec)


def test_a_locked_picture_stays(spec: Path) -> None:
    spec.write_text(NIGHT_SKY + "x-builder: {locked: [avatar]}\n")
    with pytest.raises(UsageError, match=r"is locked; take avatar out of x-builder\.locked"):
        propose_picture(spec)


def test_the_command_asks_and_writes(spec: Path, capsys: Out) -> None:
    assert run(["avatar", "night-sky", "--thing", "moon", "--json"]) == 2
    said = json.loads(capsys.readouterr().out)
    assert said["version"] is None and "avatar:" not in spec.read_text()
    assert run(["avatar", "night-sky", "--thing", "moon", "--yes", "--preview", "look.png"]) == 0
    said_in_words = capsys.readouterr()
    assert "+avatar: ./night-sky.files/avatar.png" in said_in_words.out
    assert "Show a moon as its picture (night-sky.files/avatar.png)" in said_in_words.err
    assert Path("look.png").read_bytes() == (spec.parent / "night-sky.files" / "avatar.png").read_bytes()
    assert run(["avatar", "support-desk"]) == 2
    assert "is shipped with gptsmith and stays; make a copy of it first" in capsys.readouterr().err


def test_the_page_draws_shows_and_keeps_it(spec: Path) -> None:
    at = open_page(page="edit", assistant="night-sky", tab="Configure")
    at.button(key="draw-portrait").click().run()
    assert "as its picture (night-sky.files/avatar.png)" in words(at) and "avatar:" not in spec.read_text()
    at.button(key="keep-portrait").click().run()
    assert "avatar: ./night-sky.files/avatar.png" in spec.read_text()
    assert at.button(key="draw-portrait").label == "Draw another picture"
