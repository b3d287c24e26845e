"""Training of the generator and of the caption writer at a tiny setting: the loss falls, the artifacts load and run."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import torch


def losses(folder: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (folder / "log.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.usefixtures("emoji_font")
def test_the_generator_trains_on_shards_and_its_folder_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from diffusers import StableDiffusionPipeline

    from gptsmith.models.pictures import captioner_training
    from gptsmith.models.pictures.local import own_parts
    from training import autoencoder, generator, looks
    from training.latents import write_shard

    monkeypatch.setattr(captioner_training, "LOG_SECONDS", 0)
    torch.manual_seed(0)
    vae = autoencoder.build().eval()
    first = write_shard(tmp_path / "latents", 0, vae, scenes=8)
    stamp = first.stat().st_mtime_ns
    assert write_shard(tmp_path / "latents", 0, vae, scenes=8).stat().st_mtime_ns == stamp  # whole shards stay
    how = {"batch": 4, "lr": 3e-3, "arm": "mixed", "seed": 0, "width": 32}
    looks.write(tmp_path / "run", vae)
    generator.train(tmp_path / "run", tmp_path / "latents", looks=tmp_path / "run", steps=12, **how)
    found = losses(tmp_path / "run")
    assert sum(found[-4:]) < sum(found[:4])

    pipe = StableDiffusionPipeline(
        vae=vae,
        **own_parts(torch.float32, tmp_path / "run"),
        scheduler=generator.noise_schedule(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    picture = pipe("a red cube", num_inference_steps=2, output_type="np").images[0]
    assert picture.shape == (128, 128, 3)


class Reader:
    """A captioner that says how bright a picture is: what it writes depends on the pixels alone."""

    def write(self, model: object, tokenizer: object, pixels: torch.Tensor, *, long: bool) -> list[str]:
        return [f"{'a picture of brightness' if long else 'brightness'} {float(p.mean()):.4f}" for p in pixels]


@pytest.mark.usefixtures("emoji_font")
def test_captions_by_the_captioner_stand_beside_their_pictures_and_the_arms_use_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gptsmith.models.pictures import captioner_training
    from training import autoencoder, generator, recaption
    from training.latents import Shards, drawn_pictures, write_shard

    monkeypatch.setattr(captioner_training, "write", Reader().write)
    write_shard(tmp_path, 0, autoencoder.build().eval(), scenes=40)
    recaption.write_captions(tmp_path, 0, torch.nn.Linear(1, 1), None)
    drawn = Shards(tmp_path).batch(random.Random(0), 64)[1]
    pixels = [p.pixels / 127.5 - 1 for part in drawn_pictures(0, 40) for p in part]
    assert {d.written["short"] for d in drawn} <= {f"brightness {p.mean():.4f}" for p in pixels}
    for arm, opening in (("short", "brightness"), ("descriptive", "a picture of brightness")):
        said = generator.say(drawn, arm, random.Random(0))
        written = [text for text in said if text.startswith(opening)]
        assert len(written) > 40 and "" in said
        assert len(written) < sum(text != "" for text in said)  # the rest is alt text


def test_the_caption_writer_trains_and_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gptsmith.models.pictures import captioner_training
    from gptsmith.tools.drawing.embedded_upsampler import Decoder, Sampling
    from training import upsampler

    monkeypatch.setattr(captioner_training, "LOG_SECONDS", 0)
    upsampler.train(tmp_path, steps=12, batch=4, lr=3e-3, seed=0, width=48, layers=1)
    found = losses(tmp_path)
    assert found[-1] < found[0] - 0.5
    decoder = Decoder(tmp_path / "model")
    written = [decoder.write("", "a cat", Sampling(temperature=1.0), 2, seed) for seed in (1, 1, 2)]
    assert written[0] == written[1] != written[2]
    assert len(written[0]) == 2 and len(decoder.write("", "a cat", Sampling(temperature=0), 2)) == 1
