"""The prior of a CLIP: it trains with the CLIP frozen, lies in its folder, and ranks pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image


@pytest.fixture(scope="module")
def folder(emoji_font: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained CLIP of the shipped form."""
    import torch

    from training import clip, tokenizer

    folder = tmp_path_factory.mktemp("clip") / "final"
    torch.manual_seed(0)
    words = tokenizer.build(texts=200)
    clip.save(clip.Model(len(words), words.eos_token_id, words.pad_token_id), words, folder)
    return folder


def test_it_trains_goes_on_and_ranks_by_the_door(folder: Path, tmp_path: Path) -> None:
    from gptsmith.models.pictures.prior import FILE, load_prior
    from gptsmith.models.pictures.recognizers import load_recognizer
    from training import prior

    pictures = [Image.new("RGB", (128, 128), color) for color in ("red", "blue", "white")]
    recognizer = load_recognizer(str(folder), base_dir=tmp_path, trust=True)
    assert load_prior(folder) is None
    plain = recognizer.scores(pictures, "a red cube")
    assert recognizer.scores(pictures, "a red cube", by="prior") == plain  # there is none yet
    before = (folder / "model.safetensors").read_bytes()
    figures = prior.train(tmp_path / "run", clip=folder, steps=30, batch=8, lr=3e-3, seed=0)
    assert figures["cosine"] > figures["cosine_without"] + 0.1
    assert (folder / "model.safetensors").read_bytes() == before
    assert (folder / FILE).stat().st_size < 3_000_000
    again = prior.train(tmp_path / "run", clip=folder, steps=30, batch=8, lr=3e-3, seed=0)
    assert again["cosine"] == pytest.approx(figures["cosine"], abs=1e-3)
    ranked = recognizer.scores(pictures, "a red cube", by="prior")
    assert len(ranked) == 3 and all(-1 <= score <= 1 for score in ranked) and ranked != plain
