"""`gptsmith train captioner`: a person's own folder, progress, going on, and what cannot be learned from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from gptsmith.ui.cli import run
from tests.support import tiny_pictures

Out = pytest.CaptureFixture[str]


def own_folder(folder: Path, captions: dict[str, str]) -> Path:
    """Write a folder of one-coloured pictures, the colour the file's name, in the form of COCO captions."""
    folder.mkdir()
    images = [{"id": i, "file_name": f"{color}.png"} for i, color in enumerate(captions)]
    for color in captions:
        Image.new("RGB", (40, 30), color).save(folder / f"{color}.png")
    notes = [{"image_id": i, "caption": text} for i, text in enumerate(captions.values())]
    (folder / "captions.json").write_text(json.dumps({"images": images, "annotations": notes}), "utf-8")
    return folder


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A captioner of the shipped form that has learned nothing."""
    import torch

    from gptsmith.models.pictures import captioner_training
    from training import captioner, clip, tokenizer

    root = tmp_path_factory.mktemp("captioner")
    torch.manual_seed(0)
    words = tokenizer.build(texts=200)
    clip.save(clip.Model(len(words), words.eos_token_id, words.pad_token_id), words, root / "clip")
    captioner_training.save(*captioner.build(root / "clip"), root / "start")
    return root / "start"


def train(start: Path, *more: str) -> int:
    return run(["train", "captioner", "own", "--out", "mine", "--start", str(start), "--batch", "4", *more])


def test_it_learns_goes_on_and_its_model_describes(
    start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    monkeypatch.chdir(tmp_path)
    own_folder(tmp_path / "own", {"red": "A red tile.", "navy": "A blue tile."})
    settings = ("--steps", "80", "--lr", "3e-3")
    assert train(start, *settings) == 0
    said = capsys.readouterr()
    assert said.out == "mine/final\n"
    first, *told = said.err.strip().splitlines()
    assert first == "Learning 2 captions of 2 pictures; the same command goes on after a stop"
    assert any(line.startswith("Step 80 of 80: loss ") for line in told)
    assert told[-1] == "Describe with it: gptsmith caption F.png --model mine/final"
    assert run(["caption", "own/red.png", "--model", "./mine/final", "--detail", "short"]) == 0
    assert "tile" in capsys.readouterr().out
    assert train(start, *settings, "--json") == 0  # nothing is left to do: the same model
    expected = {"model": "mine/final", "pictures": 2, "captions": 2, "steps": 80, "loss": None}
    assert json.loads(capsys.readouterr().out) == expected
    assert train(start, "--steps", "9") == 2
    expected_error = (
        "gptsmith: mine holds a run with another config; give the same arguments to resume, or another folder"
    )
    assert capsys.readouterr().err.strip().splitlines()[-1] == expected_error


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["own"], 4, "the embedded model for describing pictures is not part of this release; "
                     "name a captioner's folder with --start"),
        (["nothing"], 2, "nothing is no folder of captions (FileNotFoundError); put captions.json beside the pictures: "
                         "images (id, file_name), annotations (image_id, caption)"),
        (["cut"], 2, "red.png is cut short or damaged ("),
        (["gone"], 2, "there is no picture gone/red.png; "),
        (["own", "--start", "./blip"], 4, "./blip cannot be trained on: it is not a captioner of gptsmith's own form; "
                                          "start from embedded, or from a folder that this command wrote"),
        (["own", "--start", "./no"], 4, "the picture model ./no is not there; "),
        (["own", "--start", "owner/model"], 2, "owner/model is no folder; "),
        (["own", "--steps", "0"], 2, "steps cannot be 0; give 1 to 1,000,000"),
        (["own", "--batch", "5000"], 2, "batch cannot be 5000; give 1 to 1,024"),
        (["own", "--lr", "2"], 2, "lr cannot be 2; give a rate above 0, to 0.1"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("no_picture_weights")
def test_what_cannot_be_learned_from_is_one_sentence(
    arguments: list[str],
    code: int,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Out,
) -> None:
    from gptsmith.models.pictures import names

    monkeypatch.setattr(names, "WEIGHTS", tmp_path / "no weights")
    monkeypatch.chdir(tmp_path)
    for name in ("own", "cut", "gone"):
        own_folder(tmp_path / name, {"red": "A red tile."})
    (tmp_path / "cut" / "red.png").write_bytes((tmp_path / "own" / "red.png").read_bytes()[:60])
    (tmp_path / "gone" / "red.png").unlink()
    tiny_pictures.captioner(tmp_path / "blip")
    capsys.readouterr()
    assert run(["train", "captioner", *arguments, "--out", "mine"]) == code
    said = capsys.readouterr()
    assert said.out == "" and said.err.strip().splitlines()[-1].startswith(f"gptsmith: {message}")
    assert not (tmp_path / "mine").exists()
