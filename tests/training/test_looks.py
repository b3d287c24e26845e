"""What the embedded generator is shown of the things that a caption names, and the U-Net that takes it in."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch

from gptsmith.models.pictures.embedded_parts import CELLS, MOST, WIDTH, Looks, PatchedUNet
from gptsmith.models.pictures.world.requests import parse_request

SHOWN = len(CELLS)


@pytest.fixture(scope="module")
def table(emoji_font: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a table made with an autoencoder that sees the mean colours of 4 x 4 pixels."""
    from training import autoencoder, looks

    return looks.write(tmp_path_factory.mktemp("looks"), autoencoder.build().eval()).parent


@pytest.mark.parametrize(
    ("caption", "shown"),
    [
        ("", 0),
        ("a quiet evening", 0),
        ("a cat", 1),
        ("three cats on a beach at night", 1),
        ("a red cube on top of a blue cube", 2),
        ("a cat, a dog, a horse and a pizza", MOST),
    ],
)
def test_a_caption_is_shown_the_things_that_it_names(table: Path, caption: str, shown: int) -> None:
    found = Looks.load(table)([caption])[0]
    assert found.shape == (MOST * SHOWN, WIDTH)
    assert [bool(part.any()) for part in found.split(SHOWN)] == [True] * shown + [False] * (MOST - shown)


def test_things_tints_and_cells_are_told_apart(table: Path) -> None:
    looks = Looks.load(table)
    captions = ["a cat", "a dog", "a red cat", "a blue cat"]
    first = [part[:SHOWN] for part in looks(captions)]
    assert all(not torch.equal(a, b) for i, a in enumerate(first) for b in first[:i])
    assert len(first[0].unique(dim=0)) == SHOWN
    below = looks(["a dog and a cat"])[0, SHOWN : 2 * SHOWN]
    assert (below - first[0]).abs().sum(1).max() <= 10.01  # a cat looks the same, mentioned first or second


def test_the_text_encoder_reads_the_caption_back_from_its_tokens(table: Path) -> None:
    from gptsmith.models.pictures.embedded_parts import MAX_TOKENS, load_text_encoder

    encoder, tokenizer = load_text_encoder(folder=table)
    caption = "A Red Cube, on top of a blue ball: at night!"
    tokens = tokenizer([caption, ""], padding="max_length", truncation=True, return_tensors="pt")
    with torch.no_grad():
        states = encoder(tokens.input_ids, attention_mask=tokens.attention_mask)[0]
        words = load_text_encoder()[0](tokens.input_ids, attention_mask=tokens.attention_mask)[0]
    assert states.shape == (2, MAX_TOKENS + MOST * SHOWN, WIDTH)
    assert torch.allclose(states[:, :MAX_TOKENS], words, atol=1e-5)
    assert torch.equal(states[0, MAX_TOKENS:], Looks.load(table).of(parse_request(caption).groups))
    assert not states[1, MAX_TOKENS:].any()
    longer = tokenizer("", padding="max_length", max_length=states.shape[1], return_tensors="pt")  # as pipelines pad
    assert encoder(longer.input_ids, attention_mask=longer.attention_mask)[0].shape == states[1:].shape


def test_labels_name_the_cells_that_look_like_the_picture(table: Path) -> None:
    from gptsmith.models.pictures.world.scene import Group, Scene
    from training import autoencoder, latents
    from training.looks import cell_labels
    from training.world.render import render

    vae, looks = autoencoder.build().eval(), Looks.load(table)
    nearer = []
    for number, name in enumerate(["cat", "pizza", "clock", "car", "apple", "horse", "tree", "cake"]):
        scene = Scene((Group(name),), setting="plain gray")
        picture = render(scene, random.Random(number), 128)
        drawn = latents.DrawnScene(scene, tuple(picture.placed))
        labels = cell_labels(drawn, scene.groups, 8)
        assert (labels >= 0).sum() == 25  # a thing alone has a square of five cells
        assert (cell_labels(drawn, (), 8) == -1).all()
        seen = torch.from_numpy(latents.encode(vae, [picture.pixels]).astype(np.float32))[0]
        cells = seen.unfold(1, 4, 4).unfold(2, 4, 4).permute(1, 2, 0, 3, 4).reshape(8, 8, -1)
        shown = looks.of(scene.groups)[:, : cells.shape[-1]]
        for row, column in np.argwhere(labels >= 0):
            apart = (shown[:25] - cells[row, column]).square().mean(1)
            nearer.append(int((apart < apart[labels[row, column]]).sum()))
    assert np.mean(nearer) < 3  # of 24 others; 12 by chance


def test_the_unet_takes_patches_and_its_folder_is_that_of_any_unet(tmp_path: Path) -> None:
    unet = PatchedUNet(
        sample_size=32, in_channels=4, out_channels=4, layers_per_block=1, block_out_channels=(32,),
        down_block_types=("CrossAttnDownBlock2D",), up_block_types=("CrossAttnUpBlock2D",), cross_attention_dim=16,
        attention_head_dim=2, norm_num_groups=4,
    )  # fmt: skip
    unet.save_pretrained(tmp_path)
    again = PatchedUNet.from_pretrained(tmp_path)
    noise, text = torch.randn(2, 4, 16, 24), torch.randn(2, 5, 16)
    with torch.no_grad():
        drawn = unet.eval()(noise, 500, text).sample
        assert drawn.shape == noise.shape
        assert torch.equal(drawn, again(noise, 500, text).sample)
    assert again.config.block_out_channels == [32]
