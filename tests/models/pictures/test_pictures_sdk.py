"""`Pictures`: drawing, describing, recognizing, what an autoencoder can do, and a hosted images model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from gptsmith import GptsmithError, NotReadyError, Pictures, ProviderError, UsageError
from gptsmith.models.pictures.captioners import Caption, load_captioner
from gptsmith.tools.drawing.upsampler import Earlier, Upsampled, Upsampler
from tests.support import tiny_pictures
from tests.support.images_server import ImagesServer
from tests.support.loopback import Loopback

NOISE = Image.effect_noise((60, 40), 90).convert("RGB")
RED = Image.new("RGB", (32, 32), "red")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generator, a CLIP and a captioner."""
    root = tmp_path_factory.mktemp("models")
    tiny_pictures.pipeline(root / "generator")
    tiny_pictures.clip(root / "clip")
    tiny_pictures.captioner(root / "captioner")
    tiny_pictures.encoder_decoder(root / "encoder-decoder")
    return root


@pytest.fixture
def pictures(folders: Path) -> Pictures:
    return Pictures("./generator", captioner="./captioner", recognizer="./clip", upsampler="embedded", base_dir=folders)


# -- drawing -----------------------------------------------------------------------------------------------------------


def test_the_best_of_several_tries_comes_first(pictures: Pictures) -> None:
    best = pictures.draw("a cat", seed=1, best_of=3, steps=2)
    alone = [pictures.draw("a cat", seed=seed, steps=2)[0] for seed in (1, 2, 3)]
    scores = pictures.recognizer.scores([p.image for p in alone], "a cat")
    assert [p.record.seed for p in best] == [1 + scores.index(max(scores))]
    assert best[0].record.score == round(max(scores), 4)


class Noting(Upsampler):
    """Draws the words as they are, and notes what came before them."""

    def upsample(self, request: str, earlier: Sequence[Earlier] = (), *, changes: str = "") -> Upsampled:
        self.earlier = [one.caption for one in earlier]
        return Upsampled(request, own_words=True)


def test_a_picture_that_is_changed_tells_what_it_shows(pictures: Pictures, tmp_path: Path) -> None:
    first = pictures.draw("a cat on a beach", seed=1, steps=2)[0]
    first.save(tmp_path / "told.png")
    first.save(tmp_path / "silent.png", parameters=False)
    first.image.save(tmp_path / "photo.jpg")
    vars(pictures)["upsampler"] = noting = Noting()
    cat = ["a cat on a beach"]
    for given, before in (
        (tmp_path / "told.png", cat),
        ((tmp_path / "told.png").read_bytes(), cat),
        (Image.open(tmp_path / "told.png"), cat),
        (first.image, cat),
        (tmp_path / "silent.png", []),
        (tmp_path / "photo.jpg", []),
        (None, []),
    ):
        pictures.draw("make it night", image=given, seed=1, steps=2)
        assert noting.earlier == before


def test_a_mask_needs_its_picture(pictures: Pictures) -> None:
    with pytest.raises(UsageError) as raised:
        pictures.draw("a cat", mask=RED)
    assert str(raised.value) == "a mask alone changes nothing; give the picture that it belongs to as well"


# -- looking -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["captioner", "encoder-decoder"])
def test_a_captioner_on_this_machine_describes_shortly_and_at_length(folders: Path, name: str) -> None:
    pictures = Pictures(captioner=f"./{name}", base_dir=folders)
    assert pictures.caption(NOISE, "short").startswith("I cannot tell")  # random weights are sure of nothing
    short, whole = (pictures.captioner.caption(NOISE, detail).text for detail in ("short", "descriptive"))
    assert len(whole) > len(short)


@pytest.mark.parametrize(
    ("caption", "told"),
    [
        (Caption("a cat on a mat", 0.9), "a cat on a mat"),
        (Caption("a cat on a mat"), "a cat on a mat"),
        (Caption("a cat", 0.1), "I cannot tell what this picture shows."),
        (Caption("", 0.0), "I cannot tell what this picture shows."),
    ],
)
def test_a_guess_is_said_to_be_one(caption: Caption, told: str) -> None:
    assert caption.told == told


def test_a_chat_model_that_sees_describes_through_the_same_door(monkeypatch: pytest.MonkeyPatch) -> None:
    with Loopback() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        server.api_key = "not-needed"
        server.push("A grey   pattern.")
        assert Pictures(captioner="openai:scripted-sees").caption(NOISE, "short") == "A grey pattern."
        text, image = server.history[0]["messages"][0]["content"]
    assert "one short sentence" in text["text"]
    assert image["image_url"]["url"].startswith("data:image/png;base64,")


def test_labels_are_compared_by_any_clip(pictures: Pictures) -> None:
    found = pictures.recognize(NOISE, ["cat", " dog", "cat", "red cube"])
    assert {m.label for m in found} == {"cat", "dog", "red cube"}
    assert sum(m.score for m in found) == pytest.approx(1, abs=1e-3)
    assert [m.score for m in found] == sorted((m.score for m in found), reverse=True)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([], "there are no labels to choose from; give two or more, e.g. cat,dog"),
        (["cat", " cat "], "one label alone says nothing about a picture; give two or more, e.g. cat,dog"),
        ([f"thing {i}" for i in range(501)], "501 labels are too many; give up to 500"),
    ],
)
def test_labels_that_cannot_be_compared(pictures: Pictures, labels: list[str], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        pictures.recognize(NOISE, labels)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda: Pictures().draw("a cat"),
         "the embedded model for drawing is not part of this release; name a diffusers folder or hub id, or "
         "openai:<images model>"),
        (lambda: Pictures().caption(RED),
         "the embedded model for describing pictures is not part of this release; name a transformers folder or hub "
         "id, or a vision chat model"),
        (lambda: Pictures().recognize(RED, ["a", "b"]),
         "the embedded model for recognizing pictures is not part of this release; name the folder or hub id of a CLIP "
         "model"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("no_picture_weights")
def test_what_is_not_part_of_this_release_says_so(use: Any, message: str) -> None:
    with pytest.raises(NotReadyError) as raised:
        use()
    assert (str(raised.value), raised.value.code) == (message, "missing_weights")


def test_a_captioner_of_another_kind_is_refused(folders: Path) -> None:
    with pytest.raises(NotReadyError, match=r"^the weights of ./clip could not be loaded .* a captioning model"):
        Pictures(captioner="./clip", base_dir=folders).caption(RED)


# -- the autoencoder and the noise -------------------------------------------------------------------------------------


def test_between_two_pictures_lie_others(pictures: Pictures) -> None:
    between = pictures.interpolate(NOISE, RED, 5)
    ends = [pictures.denoise(NOISE), pictures.interpolate(RED, NOISE.resize((60, 40)), 2)[0]]
    assert [p.size for p in between] == [(40, 24)] * 5
    assert (np.asarray(between[0]) == np.asarray(ends[0])).all()
    steps = [np.abs(np.asarray(a, float) - np.asarray(b, float)).mean() for a, b in pairwise(between)]
    assert max(steps) < 3 * min(steps) + 1
    assert ends[1].size == (32, 32)


def test_the_odd_one_is_the_one_that_comes_back_worst(pictures: Pictures) -> None:
    from gptsmith.models.pictures import latents

    images = [RED, NOISE, RED]
    errors = latents.reconstruction_errors(pictures.generator, images)  # type: ignore[arg-type]
    assert pictures.odd_one_out(images) == errors.index(max(errors))


def test_inversion_comes_back_to_what_the_autoencoder_keeps(pictures: Pictures) -> None:
    inverted = pictures.invert(NOISE, "a cat", steps=6)
    assert inverted.noise.shape == (1, 4, 6, 10)
    assert abs(inverted.error - inverted.autoencoder_error) < 0.02
    assert inverted.redraw("a dog").size == inverted.picture.size == (40, 24)


@pytest.mark.parametrize("kind", ["v_prediction", "epsilon"])
def test_the_steps_back_undo_the_steps_forth(folders: Path, tmp_path: Path, kind: str) -> None:
    import torch

    from gptsmith.models.pictures.latents import _Path
    from gptsmith.models.pictures.local import LocalGenerator
    from gptsmith.models.pictures.names import read_name

    target = tiny_pictures.pipeline(tmp_path / "m", prediction=kind)
    path = _Path(LocalGenerator(read_name(str(target)), target, dtype=torch.float32), "a cat", 8, 1.0)
    start = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    assert (path.back(path.forth(start)) - start).abs().max() < 0.1


def test_a_model_that_predicts_the_picture_itself_has_no_way_back(tmp_path: Path) -> None:
    pictures = Pictures(str(tiny_pictures.pipeline(tmp_path / "m", prediction="sample")))
    with pytest.raises(
        UsageError, match=r"^the steps of .* cannot be followed back; choose a model of Stable Diffusion"
    ):
        pictures.invert(RED)


# -- a hosted images model ---------------------------------------------------------------------------------------------


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ImagesServer]:
    from gptsmith.models.pictures import generators

    monkeypatch.setattr(generators, "_made", {})
    with ImagesServer(api_key="not-needed") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        yield server


def hosted(**wish: Any) -> Any:
    return Pictures("openai:gpt-image-1", upsampler="embedded").draw("a cat", **wish)[0]


def test_a_hosted_model_draws_and_says_what_it_does_not_take(server: ImagesServer) -> None:
    record = hosted(size="1024x1536", steps=5, negative="dogs").record
    assert server.history == [{"model": "gpt-image-1", "prompt": "a cat", "n": 1, "size": "1024x1536"}]
    assert (record.size, record.seed, record.model) == ("64x96", None, "openai:gpt-image-1")
    assert record.notes == [
        "This model takes no seed, so the picture cannot be drawn again as it is.",
        "This model does not take steps, a negative description.",
    ]
    Pictures("openai:dall-e-3", upsampler="embedded").draw("a cat")
    assert server.history[1]["response_format"] == "b64_json"


def test_a_hosted_model_changes_a_picture_inside_its_mask_only(server: ImagesServer) -> None:
    mask = Image.new("L", NOISE.size)
    mask.paste(255, (5, 5, 20, 20))
    record = hosted(image=NOISE, mask=mask)
    assert set(server.history[0]) == {"model", "prompt", "n", "image", "mask"}
    outside = np.asarray(mask) == 0
    assert (np.asarray(record.image)[outside] == np.asarray(NOISE)[outside]).all()
    assert record.image.getpixel((10, 10)) == (0, 128, 128)


@pytest.mark.parametrize(
    ("status", "answer", "wish", "message"),
    [
        (500, None, {}, "openai:gpt-image-1 failed on its side (HTTP 500); try again later, or add a fallback model"),
        (200, {"created": 0, "data": []}, {}, "openai:gpt-image-1 sent something that is not a picture; try again"),
        (200, {"created": 0, "data": [{"b64_json": "bm8="}]}, {},
         "openai:gpt-image-1 sent something that is not a picture; try again"),
        (200, None, {"size": "64x64"},
         "openai:gpt-image-1 refused the request: Invalid value: '64x64'. Supported values are: 1024x1024, 1024x1536, "
         "1536x1024, auto; check the model's name and settings"),
    ],
)  # fmt: skip
def test_a_hosted_model_that_fails(
    server: ImagesServer, status: int, answer: Any, wish: dict[str, Any], message: str
) -> None:
    server.status, server.answer = status, answer
    with pytest.raises(ProviderError) as raised:
        hosted(**wish)
    assert str(raised.value) == message


def test_a_hosted_model_without_a_key_or_a_server(server: ImagesServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(GptsmithError, match=r"^openai:gpt-image-1 cannot be reached at 127.0.0.1; "):
        hosted()
    monkeypatch.delenv("OPENAI_BASE_URL")
    with pytest.raises(
        NotReadyError, match=r"needs a key in the environment variable OPENAI_API_KEY, which is not set"
    ):
        Pictures("openai:dall-e-3").draw("a cat")


@pytest.mark.parametrize("request_", ["a cat in front of a house in the snow", "three red apples on a table", "a dog"])
def test_the_embedded_captioner_names_what_is_there_and_goes_on_from_it(request_: str) -> None:
    import random

    from gptsmith.models.pictures.world.requests import missing, parse_request, to_scene
    from training.world.render import render

    wanted, rng = parse_request(request_), random.Random(3)
    try:
        image = Image.fromarray(render(to_scene(wanted, rng), rng).pixels)
    except NotReadyError as error:
        pytest.skip(str(error))
    seeing = load_captioner("embedded")
    short, long = seeing.caption(image, "short"), seeing.caption(image, "descriptive")
    assert long.text.startswith(short.text) and not short.unsure
    assert missing(wanted, parse_request(long.text)) == []


def written(text: str) -> Image.Image:
    page = Image.new("RGB", (240, 320), "white")
    ImageDraw.Draw(page).multiline_text((20, 30), text, fill="black", font_size=22)
    return page


@pytest.mark.parametrize(
    "strange",
    [
        Image.merge("RGB", (Image.linear_gradient("L"), Image.radial_gradient("L"), Image.linear_gradient("L"))),
        written("Dear Ms Ngata,\nthe meeting is on\nThursday at ten."),
        Image.effect_mandelbrot((256, 256), (-2, -1.5, 1, 1.5), 100).convert("RGB"),
        Image.merge("RGB", [Image.linear_gradient("L").rotate(90)] * 3),
    ],
    ids=["gradients", "letter", "fractal", "from black to white"],
)
def test_the_embedded_captioner_says_that_it_guesses(strange: Image.Image) -> None:
    assert load_captioner("embedded").caption(strange, "short").told.startswith("I cannot tell")


@pytest.mark.parametrize(
    ("text", "twice"),
    [
        ("A cup left of a cup", True),
        ("A cup left of a ball", False),
        ("A red cube on a blue cube", False),
        ("A red cube on a red cube", True),
        ("", False),
    ],
)
def test_what_names_one_thing_twice_is_known(text: str, twice: bool) -> None:
    from gptsmith.models.pictures.world.requests import names_twice

    assert names_twice(text) == twice
