"""Training of the picture models at a tiny setting: the loss falls, a run resumes, the artifact loads."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from gptsmith.errors import NotReadyError, UsageError
from training.world import sprites


@pytest.fixture(autouse=True)
def font() -> None:
    """Skip where the emoji font is missing: it is needed to train and to test, not to use the package."""
    try:
        sprites.font_path()
    except NotReadyError as error:
        pytest.skip(str(error))


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text("utf-8").splitlines()]


def test_the_autoencoder_trains_and_its_folder_loads(tmp_path: Path) -> None:
    from diffusers import AutoencoderTiny

    from training import autoencoder

    figures = autoencoder.train(tmp_path, steps=10, batch=4, lr=1e-3, seed=0)
    assert figures["psnr"] > 15
    loaded = AutoencoderTiny.from_pretrained(tmp_path / "final")
    x = autoencoder.pictures(random.Random(0), 2, 128)
    assert loaded.encode(x).latents.shape == (2, 4, 32, 32)
    assert (tmp_path / "final" / "diffusion_pytorch_model.safetensors").stat().st_size < 12_000_000
    with pytest.raises(UsageError, match="holds a run with another config"):
        autoencoder.train(tmp_path, steps=11, batch=4, lr=1e-3, seed=0)


def test_the_adversarial_term_moves_the_decoder_and_its_judge_but_no_encoder(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    from training import adversarial, autoencoder

    torch.manual_seed(0)
    autoencoder.save(autoencoder.build(), tmp_path / "start")
    for weight in (0.0, 0.05):
        how = {"steps": 2, "batch": 2, "lr": 1e-3, "seed": 0, "weight": weight}
        assert 0 < adversarial.train(tmp_path / str(weight), tmp_path / "start", **how)["sharpness"] < 2
    names = ("start", "0.0/final", "0.05/final")
    start, plain, rival = (load_file(tmp_path / n / "diffusion_pytorch_model.safetensors") for n in names)
    for part, same in (("encoder", True), ("decoder", False)):
        mine = [k for k in start if k.startswith(part)]
        assert all(start[k].equal(rival[k]) for k in mine) is same
        assert all(plain[k].equal(rival[k]) for k in mine) is same

    rivals = adversarial.Rivals(torch.nn.Identity()).eval()  # spectral norms stand still between the two passes
    x = torch.rand(2, 3, 64, 64)
    y = torch.rand(2, 3, 64, 64, requires_grad=True)
    rivals.loss(y, x, weight=1.0).backward()
    judged = [p.grad.clone() for p in rivals.judge.parameters()]
    assert y.grad is not None and float(y.grad.abs().sum()) > 0
    rivals.zero_grad()
    rivals.loss(y, x, weight=0.0).backward()  # how much looking unreal weighs is nothing to the judge
    assert all(torch.allclose(a, p.grad, atol=1e-5) for a, p in zip(judged, rivals.judge.parameters(), strict=True))


def test_whitening_changes_latents_and_no_picture() -> None:
    import torch

    from training import autoencoder

    torch.manual_seed(0)
    model, x = autoencoder.build(), autoencoder.pictures(random.Random(1), 8, 128)
    before = model.decoder(model.encoder(x) * 0.2)  # small latents: the decoder's soft limit on them stays out of it
    with torch.no_grad():
        model.encoder.layers[-1].weight *= 0.2
        model.encoder.layers[-1].bias *= 0.2
    autoencoder.whiten(model, x)
    z = model.encoder(x)
    assert z.mean((0, 2, 3)).abs().max() < 1e-3 and (z.std((0, 2, 3)) - 1).abs().max() < 1e-2
    inside = (slice(None), slice(None), slice(24, -24), slice(24, -24))
    assert (model.decoder(z) - before)[inside].abs().mean() < 0.1


def test_a_run_resumes_where_it_was(tmp_path: Path) -> None:
    import torch
    from torch import nn

    from gptsmith.models.pictures.captioner_training import TrainingRun

    def go(folder: Path, stops: list[int]) -> TrainingRun:
        for stop in stops:
            torch.manual_seed(0)
            run = TrainingRun(folder, nn.Linear(4, 1), {"lr": 1e-2, "warmup": 2}, ema=0.9)

            def loss_of(step: int, model: nn.Module = run.model) -> tuple[torch.Tensor, int, dict[str, float]]:
                x = torch.randn(8, 4, generator=torch.Generator().manual_seed(step))
                return (model(x) - x.sum(1, keepdim=True)).square().mean(), 8, {}

            for group in run.optimizer.param_groups:
                group["lr"] = 1e-2
            run.train(loss_of, stop)
        return run

    once, twice = go(tmp_path / "once", [40]), go(tmp_path / "once", [40])
    assert (twice.step, twice.samples) == (40, 320)
    assert all(torch.equal(a, b) for a, b in zip(once.model.parameters(), twice.model.parameters(), strict=True))
    log = lines(tmp_path / "once")
    assert [line["step"] for line in log] == [40]
    further = go(tmp_path / "once", [400])
    assert further.step == 400 and lines(tmp_path / "once")[-1]["loss"] < log[-1]["loss"]


def test_false_neighbours_differ_from_their_scene() -> None:
    from gptsmith.models.pictures.world import captions
    from gptsmith.models.pictures.world.requests import parse_request
    from gptsmith.models.pictures.world.scene import sample_scene
    from training.falsehoods import falsehoods

    rng = random.Random(0)
    for _ in range(500):
        scene = sample_scene(rng)
        for other in falsehoods(scene, rng, 2):
            assert other != scene and (other.setting, other.time) == (scene.setting, scene.time)
            assert parse_request(captions.stated(other, rng)) != parse_request(captions.stated(scene, rng))


def test_clip_trains_and_recognizes_by_the_door(tmp_path: Path) -> None:
    from PIL import Image

    from gptsmith.models.pictures.recognizers import load_recognizer
    from training import clip

    figures = clip.train(tmp_path, steps=6, batch=4, lr=1e-3, seed=0)
    assert set(figures) == {"zero_shot", "zero_shot_n", "swap", "swap_n"}
    folder = tmp_path / "final"
    assert (folder / "model.safetensors").stat().st_size < 16_000_000
    assert len((folder / "labels.txt").read_text("utf-8").splitlines()) >= 200
    recognizer = load_recognizer(str(folder), base_dir=tmp_path, trust=True)
    found = recognizer.recognize(Image.new("RGB", (300, 200)), ["cat", "dog", "a red cube to the left of a blue ball"])
    assert abs(sum(match.score for match in found) - 1) < 0.01


def test_a_patch_is_labelled_with_what_covers_its_middle() -> None:
    from gptsmith.models.pictures.world.objects import objects
    from gptsmith.models.pictures.world.scene import Group, Relation, Scene
    from training.patches import patch_labels
    from training.world.render import render

    scene = Scene((Group("cube", "red"), Group("ball", "blue")), (Relation("left", 0, 1),))
    names, colors, parts = patch_labels(scene, render(scene, random.Random(0)).placed, 8)
    cube, ball = (list(objects()).index(n) + 1 for n in ("cube", "ball"))
    assert {*names.flat} == {0, cube, ball} and len({*colors.flat}) == 3
    assert (names[:, :4] != ball).all() and (names[:, 4:] != cube).all()
    assert abs(parts).max() < 0.5 and (parts[:, names == 0] == 0).all()


def tiny_clip(folder: Path, seed: int = 0) -> Path:
    import torch

    from training import clip, tokenizer

    torch.manual_seed(seed)
    words = tokenizer.build(texts=200)
    clip.save(clip.Model(len(words), words.eos_token_id, words.pad_token_id), words, folder)
    return folder


def own_folder(folder: Path) -> Path:
    """A person's own pictures in the form of COCO captions."""
    from PIL import Image

    folder.mkdir()
    texts = ["A red tile.", "A plain tile, dark blue from edge to edge, with nothing drawn on it and no border at all."]
    for i, color in enumerate(("red", "navy")):
        Image.new("RGB", (40, 30), color).save(folder / f"{i}.png")
    images = [{"id": i, "file_name": f"{i}.png"} for i in range(2)]
    notes = [{"image_id": i, "caption": text} for i, text in enumerate(texts)]
    (folder / "captions.json").write_text(json.dumps({"images": images, "annotations": notes}), "utf-8")
    return folder


def test_the_captioner_trains_goes_on_with_a_persons_folder_and_writes_by_the_door(tmp_path: Path) -> None:
    from PIL import Image

    from gptsmith.models.pictures.captioners import load_captioner
    from training import captioner

    common: dict[str, Any] = {"batch": 4, "lr": 3e-3, "seed": 0}
    clip = tiny_clip(tmp_path / "clip")
    figures = captioner.train(tmp_path / "a", steps=4, clip=clip, start=None, data=None, **common)
    assert figures["short_n"] == figures["descriptive_n"] == 2
    assert (tmp_path / "a" / "final" / "model.safetensors").stat().st_size < 12_000_000
    own = own_folder(tmp_path / "own")
    captioner.train(tmp_path / "b", steps=60, clip=None, start=tmp_path / "a" / "final", data=own, **common)
    door = load_captioner(str(tmp_path / "b" / "final"), base_dir=tmp_path, trust=True)
    assert door.caption(Image.open(own / "0.png").convert("RGB"), "short").text == "A red tile."


def test_a_captioner_moves_to_another_tower_and_keeps_what_it_can_write(font: None, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    from training import captioner

    common: dict[str, Any] = {"batch": 2, "seed": 0, "steps": 1, "data": None}
    captioner.train(tmp_path / "a", clip=tiny_clip(tmp_path / "clip"), start=None, lr=1e-3, **common)
    other = tiny_clip(tmp_path / "other", seed=1)
    captioner.train(tmp_path / "b", clip=other, start=tmp_path / "a" / "final", lr=0.0, **common)
    first, moved = (load_file(tmp_path / n / "final" / "model.safetensors") for n in ("a", "b"))
    same = {part: all(first[k].equal(moved[k]) for k in first if k.startswith(part)) for part in ("encoder", "decoder")}
    assert same == {"encoder": False, "decoder": True}


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (None, "is no folder of captions (FileNotFoundError)"),
        ("[]", "is no folder of captions (TypeError)"),
        ('{"images": [], "annotations": [{"image_id": 1, "caption": "x"}]}', "is no folder of captions (KeyError)"),
        ('{"images": [], "annotations": []}', "holds no caption"),
        ('{"images": [{"id": 1, "file_name": "../x.png"}], "annotations": [{"image_id": 1, "caption": "x"}]}',
         "x.png cannot be read as a picture"),
    ],
)  # fmt: skip
def test_a_folder_that_cannot_be_learned_from_is_said(tmp_path: Path, written: str | None, problem: str) -> None:
    from gptsmith.models.pictures import captioner_training

    if written is not None:
        (tmp_path / "captions.json").write_text(written, "utf-8")
    with pytest.raises(UsageError, match="^.*" + re.escape(problem)):
        next(captioner_training.folder_pairs(tmp_path, 128, "0"))


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("A red cube on top of a blue ball", (7, 7, 0, 2)),
        ("A blue ball underneath a red cube", (7, 7, 0, 2)),
        ("A blue ball on top of a red cube", (6, 7, 0, 2)),
        ("Two red cubes and a dog", (2, 7, 1, 2)),
        ("", (0, 7, 0, 0)),
    ],
)
def test_captions_are_scored_by_slots(text: str, figures: tuple[int, int, int, int]) -> None:
    from gptsmith.models.pictures.world.scene import Group, Relation, Scene
    from training.captioner import score

    scene = Scene((Group("cube", "red"), Group("ball", "blue")), (Relation("on", 0, 1),))
    assert score(scene, text) == figures
