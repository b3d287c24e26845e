"""Drawing with a real diffusers pipeline of random weights: settings, seeds, previews, stopping, and all bad input."""

from __future__ import annotations

import io
import json
import shutil
import struct
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gptsmith.errors import GptsmithError, NotReadyError, UsageError
from gptsmith.models.pictures.generators import (
    SAMPLERS,
    DrawingStoppedError,
    Generator,
    Settings,
    Stop,
    load_generator,
    read_size,
)
from gptsmith.models.pictures.input_images import open_mask, open_picture
from gptsmith.tools.drawing.store import parameters_in, parameters_of, read_parameters
from gptsmith.tools.drawing.studio import DrawingProgress, JobQueue, Studio, Wish, queue_of
from tests.support import tiny_pictures
from training.release import seal

# numpy 2 and torch disagree about a keyword inside diffusers' Euler sampler
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline of 32 x 32 pixels."""
    return tiny_pictures.pipeline(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def model(folder: Path) -> Generator:
    return load_generator(str(folder))


@pytest.fixture
def studio(model: Generator) -> Studio:
    return Studio(model)


def settings(**given: Any) -> Settings:
    return Settings(**{"steps": 4, **given})


def draw(studio: Studio, request: str = "a red cube on a blue cube", **wish: Any) -> Any:
    """Draw one picture in four steps."""
    return studio.draw(Wish(request, **{"settings": settings(), **wish})).shown[0]


def pixels(picture: Any) -> Any:
    return np.asarray(picture.image if hasattr(picture, "image") else picture)


# -- what is drawn -----------------------------------------------------------------------------------------------------


def test_a_picture_keeps_what_it_was_made_of(studio: Studio) -> None:
    record = draw(studio, seed=7).record
    assert (record.prompt, record.caption, record.own_words) == (("a red cube on a blue cube",) * 2) + (True,)
    assert (record.seed, record.steps, record.guidance, record.sampler) == (7, 4, 7.5, "ddim")
    assert (record.size, record.native_size, record.mode, record.parent) == ("32x32", "32x32", "new", "")


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_same_seed_gives_the_same_picture_with_every_sampler(studio: Studio, sampler: str) -> None:
    one, other = (draw(studio, seed=3, settings=settings(sampler=sampler)) for _ in range(2))
    assert one.record.sampler == sampler
    assert (pixels(one) == pixels(other)).all()
    assert (pixels(one) != pixels(draw(studio, seed=4, settings=settings(sampler=sampler)))).any()


def test_one_of_several_equals_the_same_one_alone(studio: Studio) -> None:
    several = studio.draw(Wish("a cat", count=3, seed=10, settings=settings())).shown
    assert [p.record.seed for p in several] == [10, 11, 12]
    assert (pixels(several[2]) == pixels(draw(studio, "a cat", seed=12))).all()


def test_it_equals_a_bare_call_of_diffusers(studio: Studio, folder: Path) -> None:
    import torch
    from diffusers import AutoPipelineForText2Image

    pipe = AutoPipelineForText2Image.from_pretrained(folder, dtype=studio.generator.dtype)  # type: ignore[attr-defined]
    bare = pipe("a cat", num_inference_steps=4, generator=torch.Generator("cpu").manual_seed(9)).images[0]
    assert (pixels(bare) == pixels(draw(studio, "a cat", seed=9))).all()


def test_seeds_are_drawn_and_told_before_the_first_step(studio: Studio) -> None:
    told: list[DrawingProgress] = []
    shown = studio.draw(Wish("a cat", count=2, settings=settings()), listen=told.append).shown
    firsts = [p for p in told if p.stage == "draw" and p.step == 0]
    assert [p.seed for p in firsts] == [p.record.seed for p in shown]
    assert firsts[0].text == f"Drawing picture 1 of 2, seed {shown[0].record.seed}"
    assert [p.step for p in told if p.picture == 1] == [0, 1, 2, 3, 4]


def test_a_preview_comes_within_three_steps_and_is_a_small_picture(studio: Studio) -> None:
    told: list[DrawingProgress] = []
    studio.draw(Wish("a cat", settings=settings(steps=6)), listen=told.append)
    looks = [p for p in told if p.preview]
    assert looks[0].step <= 3
    with Image.open(io.BytesIO(looks[0].preview or b"")) as look:
        assert look.format == "JPEG" and max(look.size) <= 64


def test_the_preview_map_is_the_least_squares_one() -> None:
    import torch

    from gptsmith.models.pictures.plan import fit_preview

    class Halves:
        """An autoencoder whose latents are the colours' means, turned and shifted."""

        device, dtype = torch.device("cpu"), torch.float32
        config = type("Config", (), {"scaling_factor": 2.0, "shift_factor": 0.5})

        def encode(self, x: Any) -> Any:
            small = torch.nn.functional.avg_pool2d(x, 8)
            return type("Out", (), {"latents": torch.cat([small.flip(1), small[:, :1] * 0], 1)})

    found = fit_preview(Halves(), 4)
    latents = torch.full((1, 4, 2, 2), -1.0)
    latents[:, :3] = (torch.tensor([-1.0, 0.0, 1.0]).view(1, 3, 1, 1) - 0.5) * 2  # blue -1, green 0, red 1
    assert found is not None
    with Image.open(io.BytesIO(found.look(latents) or b"")) as look:
        red, green, blue = look.getpixel((0, 0))  # type: ignore[misc]
    assert red > 245 and 115 < green < 140 and blue < 10


def test_a_change_starts_from_the_picture_and_inpainting_keeps_what_is_outside_the_mask(studio: Studio) -> None:
    image = Image.effect_noise((70, 50), 80).convert("RGB")
    mask = Image.new("L", image.size)
    mask.paste(255, (10, 10, 30, 30))
    changed = draw(studio, "a cat", image=image, seed=1)
    assert (changed.record.mode, changed.record.strength, changed.record.size) == ("change", 0.7, "40x24")
    part = draw(studio, "a cat", image=image, mask=mask, seed=1)
    assert (part.record.mode, part.image.size) == ("inpaint", image.size)
    outside = np.asarray(mask) == 0
    assert (pixels(part)[outside] == np.asarray(image)[outside]).all()
    assert (pixels(part)[~outside] != np.asarray(image)[~outside]).any()


@pytest.mark.parametrize(
    ("given", "size", "note"),
    [
        ({"size": (61, 40)}, "64x40", "This model draws sides that divide by 8: it drew 64x40."),
        ({"negative": "a dog", "guidance": 1.0}, "32x32",
         "The negative description does nothing at guidance 1 or below, so it was left out."),
    ],
)  # fmt: skip
def test_what_cannot_be_as_asked_is_said(studio: Studio, given: dict[str, Any], size: str, note: str) -> None:
    record = draw(studio, settings=settings(**given)).record
    assert (record.size, record.notes) == (size, [note])


def test_a_description_that_the_model_cannot_read_to_its_end_is_said(studio: Studio) -> None:
    record = draw(studio, "a cat " * 40).record
    assert record.notes == ["The description has 82 pieces, and this model reads the first 32 of them."]


def test_less_than_one_step_is_raised_to_one_and_said(studio: Studio) -> None:
    picture = draw(studio, image=Image.new("RGB", (32, 32), "red"), settings=settings(strength=0.1))
    assert picture.record.notes == ["Strength 0.1 of 4 steps is less than one step, so it was raised to one."]


@pytest.mark.parametrize(
    ("name", "kind"), [(None, "euler"), ("euler", "euler"), ("dpmpp", "dpmpp"), ("unipc", "unipc")]
)
def test_a_model_that_predicts_a_flow_is_followed_and_its_clean_guess_seen(name: str | None, kind: str) -> None:
    import torch
    from diffusers import FlowMatchEulerDiscreteScheduler

    from gptsmith.models.pictures.plan import CleanView, make_sampler, sampler_name

    sampler = make_sampler(FlowMatchEulerDiscreteScheduler(shift=3.0), name)
    assert sampler_name(sampler) == kind
    sampler.set_timesteps(8)
    view = CleanView(sampler)
    clean, noise = torch.randn(2, 1, 4, 8, 8, generator=torch.Generator().manual_seed(1)).unbind()
    latents = noise
    for time in sampler.timesteps:
        latents = sampler.step(noise - clean, time, latents, return_dict=False)[0]
        assert (view.latents - clean).abs().max() < 0.01
    assert (latents - clean).abs().max() < 0.01


def test_ddim_cannot_follow_a_flow() -> None:
    from diffusers import FlowMatchEulerDiscreteScheduler

    from gptsmith.models.pictures.plan import make_sampler

    with pytest.raises(UsageError) as raised:
        make_sampler(FlowMatchEulerDiscreteScheduler(), "ddim")
    assert str(raised.value) == "this model predicts a flow, which ddim cannot follow; use euler, dpmpp or unipc"


def test_a_pipeline_with_a_callback_of_the_older_form_is_watched_and_stopped(tmp_path: Path) -> None:
    studio = Studio(load_generator(str(tiny_pictures.words_only(tmp_path / "m"))))
    told: list[DrawingProgress] = []
    record = studio.draw(Wish("a cat", settings=settings(size=(32, 32))), listen=told.append).shown[0].record
    assert (record.sampler, [p.step for p in told if p.stage == "draw"]) == ("dpmpp", [0, 1, 2, 3, 4])
    stop = Stop()
    with pytest.raises(DrawingStoppedError):
        studio.draw(Wish("a cat", settings=settings()), listen=lambda p: stop.set() if p.step == 1 else None, stop=stop)
    with pytest.raises(UsageError, match=r" cannot change a picture; draw a new one$"):
        draw(studio, image=Image.new("RGB", (32, 32)))


def test_two_models_at_most_stay_in_memory(folder: Path, tmp_path: Path) -> None:
    made = []
    for name in ("a", "b", "c"):
        shutil.copytree(folder, tmp_path / name)
        made.append(load_generator(str(tmp_path / name)))
        draw(Studio(made[-1]))
    assert [bool(m._base) for m in made] == [False, True, True]  # type: ignore[attr-defined]
    assert draw(Studio(made[0])).record.steps == 4


# -- the file ----------------------------------------------------------------------------------------------------------


def test_the_file_carries_the_parameters_unless_switched_off(studio: Studio, tmp_path: Path) -> None:
    picture = draw(studio, 'a "red" cube, wet', seed=7, settings=settings(negative="a dog"))
    with Image.open(picture.save(tmp_path / "a.png")) as saved:
        found = parameters_of(saved)
        text = saved.info["parameters"]
    assert text.startswith(
        'a "red" cube, wet\nNegative prompt: a dog\nSteps: 4, Sampler: DDIM, CFG scale: 7.5, Seed: 7'
    )
    assert (found["caption"], found["negative"], found["Seed"], found["Size"]) == (
        'a "red" cube, wet', "a dog", "7", "32x32",
    )  # fmt: skip
    with Image.open(picture.save(tmp_path / "b.png", parameters=False)) as saved:
        assert saved.info == {}


def test_parameters_of_another_program_are_read() -> None:
    text = (
        'a cat\nNegative prompt: dog\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512, Note: "a, b"'
    )
    found = read_parameters(text)
    assert (found["caption"], found["negative"], found["Sampler"], found["Note"]) == ("a cat", "dog", "Euler a", "a, b")


@pytest.mark.parametrize(
    ("text", "caption"),
    [
        ("", ""),
        ("no settings at all", "no settings at all"),
        ('a cat\nSteps: 2, Seed: "\\x", Size: 3', "a cat"),  # a quote that no JSON has
        ("word " * 100_000, "word " * 799 + "word "),
        ("a cat\n" + "Steps: 2, " * 100_000, "a cat\n" + "Steps: 2, " * 400),
        ("a cat\nNegative prompt: " + "dog " * 100_000 + "\nSteps: 1, Seed: 2, Size: 3", "a cat"),
    ],
    ids=["empty", "plain", "bad quote", "long", "long settings", "long negative"],
)
def test_a_strangers_parameters_are_read_as_far_as_they_can_be(text: str, caption: str) -> None:
    found = read_parameters(text)
    assert found["caption"] == caption[:4000]
    assert len(found["negative"]) <= 4000


def test_a_picture_whose_text_swells_beyond_measure_says_nothing(tmp_path: Path) -> None:
    info = PngInfo()
    info.add_text("parameters", "a" * 30_000_000, zip=True)
    Image.new("RGB", (8, 8)).save(tmp_path / "bomb.png", pnginfo=info)
    assert parameters_in(tmp_path / "bomb.png") == {}


# -- stopping and standing in line -------------------------------------------------------------------------------------


def test_stopping_ends_before_the_next_step_and_the_next_job_runs(studio: Studio) -> None:
    stop, steps = Stop(), []

    def listen(progress: DrawingProgress) -> None:
        steps.append(progress.step)
        if progress.step == 2:
            stop.set()

    with pytest.raises(DrawingStoppedError, match=r"^the drawing was stopped$"):
        studio.draw(Wish("a cat", settings=settings(steps=50)), listen=listen, stop=stop)
    assert max(steps) == 2
    assert draw(studio, "a cat").record.steps == 4


def test_jobs_run_one_at_a_time_in_their_order_and_know_their_place(studio: Studio) -> None:
    running, most, order, waits = 0, 0, [], []
    gate = threading.Lock()

    def job(number: int) -> None:
        def listen(progress: DrawingProgress) -> None:
            nonlocal running, most
            if progress.stage == "queue":
                waits.append(progress.text)
            if progress.stage == "draw" and progress.step == 0:
                with gate:
                    running += 1
                    most = max(most, running)
                    order.append(number)
            if progress.step == 4:
                with gate:
                    running -= 1

        studio.draw(Wish("a cat", settings=settings()), listen=listen)

    with queue_of("cpu").turn(Stop()):
        threads = []
        for number in range(3):
            threads.append(threading.Thread(target=job, args=(number,)))
            threads[-1].start()
            while len(queue_of("cpu")) < number + 2:
                pass
    for thread in threads:
        thread.join()
    assert (most, order) == (1, [0, 1, 2])
    assert "Waiting: 1 picture is drawn before" in waits and "Waiting: 3 pictures are drawn before" in waits


def test_a_full_queue_says_so() -> None:
    queue = JobQueue(most=1)
    with queue.turn(Stop()), pytest.raises(GptsmithError) as raised, queue.turn(Stop()):
        pass
    assert str(raised.value) == "1 pictures are waiting to be drawn already; try again when some are done"


def test_two_jobs_share_no_sampler(model: Any) -> None:
    schedulers = [model.pipe("new", None).scheduler for _ in range(2)] + [model.base.scheduler]
    assert len({id(s) for s in schedulers}) == 3


# -- bad input: one clear sentence each, and the queue goes on ---------------------------------------------------------

BAD_WISHES: list[tuple[dict[str, Any], str]] = [
    ({"request": "  \n "}, 'the description is empty; say what the picture shows, e.g. "a red cube on a blue cube"'),
    (
        {"request": "cat " * 10_000},
        "the description has 10,000 words, too many for a picture; say it in up to 400 words",
    ),
    (
        {"request": "x" * 9000},
        "the description has 9,000 characters, too many for a picture; say it in up to 400 words",
    ),
    ({"request": "a cat\x00\x1b[2J"}, "the description holds control characters; write it in plain words"),
    ({"settings": Settings(steps=0)}, "steps is 0, not between 1 and 1000; choose another steps"),
    ({"settings": Settings(guidance=51)}, "guidance is 51, not between 0 and 50; choose another guidance"),
    ({"settings": Settings(strength=0)}, "strength 0 would change nothing; choose a strength above 0, up to 1"),
    ({"settings": Settings(sampler="magic")}, "there is no sampler 'magic'; use one of ddim, euler, dpmpp, unipc"),
    ({"settings": Settings(size=(8, 9000))}, "a picture cannot have 8x9000 pixels; use sides of 16 to 4096"),
    ({"seed": -1}, "the seed -1 is not between 0 and 4294967295; choose another seed"),
    ({"count": 0}, "0 pictures cannot be drawn at once; choose a count of 1 to 8"),
]


@pytest.mark.parametrize(("wish", "message"), BAD_WISHES)
def test_a_wish_that_cannot_be_drawn(studio: Studio, wish: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        studio.draw(Wish(**{"request": "a cat", **wish}))
    assert str(raised.value) == message
    assert len(queue_of("cpu")) == 0


@pytest.mark.parametrize("text", ["512", "512x", "0x0", "x", "5x5", "99999x1"])
def test_a_text_that_is_no_size(text: str) -> None:
    with pytest.raises(UsageError, match=r"is no size of a picture; write WIDTHxHEIGHT, e\.g\. 512x512$"):
        read_size(text)


def png_head(width: int, height: int) -> bytes:
    """Return a PNG of that size whose pixels are not there: whoever decodes it allocates them first."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    body = struct.pack(">I", len(head)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + body + b"\x00\x00\x00\x10IDAT" + b"\x00" * 16


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def frames(count: int) -> bytes:
    first, *rest = [Image.new("L", (2, 2), i % 255) for i in range(count)]
    return encoded(first, "GIF", save_all=True, append_images=rest, duration=10)


NOISE = Image.effect_noise((64, 64), 90)
BAD_PICTURES = [
    (lambda: png_head(20_000, 20_000), "the picture has far more than 25 million pixels; give a smaller picture"),
    (lambda: png_head(5_001, 5_000), "the picture has 5001x5000 pixels, more than 25 million; give a smaller picture"),
    (lambda: encoded(NOISE)[:900], "the picture is cut short or damaged"),
    (lambda: encoded(NOISE, "JPEG")[:600], "the picture is cut short or damaged"),
    (lambda: frames(10_000), "the picture has several frames; give a picture that stands still"),
    (lambda: b"", "the picture is not a picture that can be read; give a PNG, JPEG, WebP or GIF"),
    (lambda: b"%PDF-1.4 no picture", "the picture is not a picture that can be read; give a PNG, JPEG, WebP or GIF"),
]


@pytest.mark.parametrize(("make", "message"), BAD_PICTURES)
def test_a_picture_that_cannot_be_used(make: Any, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        open_picture(make())
    assert str(raised.value).startswith(message)


def test_a_picture_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        open_picture(tmp_path / "no.png")
    assert str(raised.value) == f"there is no picture {tmp_path / 'no.png'}; check the name of the file"


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (Image.new("L", (9, 9), 255),
         "the mask has 9x9 pixels, the picture 64x64; give a mask of the picture's size: white where it is drawn anew"),
        (Image.new("L", (64, 64)), "the mask is black all over; paint white what is drawn anew"),
    ],
)  # fmt: skip
def test_a_mask_that_cannot_be_used(mask: Image.Image, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        open_mask(mask, (64, 64))
    assert str(raised.value) == message


def test_a_camera_s_turn_and_transparency_are_understood() -> None:
    turned = Image.new("RGB", (20, 10), "red")
    turned.getexif()[0x0112] = 6
    assert open_picture(encoded(turned, "JPEG", exif=turned.getexif())).size == (10, 20)
    assert open_picture(Image.new("RGBA", (2, 2), (0, 0, 0, 0))).getpixel((0, 0)) == (255, 255, 255)


SAFE = "name a folder or hub id with safetensors weights that diffusers or transformers knows"


def broken(folder: Path, target: Path, how: str) -> Path:
    """Copy the pipeline and break it."""
    shutil.copytree(folder, target)
    if how == "no pipeline":
        (target / "model_index.json").unlink()
    elif how == "pickle":
        weights = target / "unet" / "diffusion_pytorch_model.safetensors"
        weights.rename(weights.with_suffix(".bin"))
    elif how == "own class":
        index = json.loads((target / "model_index.json").read_text())
        (target / "model_index.json").write_text(json.dumps({**index, "_class_name": ["mine", "Pipeline"]}))
        (target / "mine.py").write_text("raise SystemExit")
    elif how == "own part":
        index = json.loads((target / "model_index.json").read_text())
        (target / "model_index.json").write_text(json.dumps({**index, "unet": ["mine", "Net"]}))
        (target / "unet" / "mine.py").write_text("raise SystemExit")
    return target


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("no pipeline", "has no model_index.json, so it is no diffusers pipeline"),
        ("pickle", "has pickle weights, which can run any program (unet of {name})"),
        ("own class", "brings a pipeline class of its own, whose code is never run"),
        ("own part", "brings code of its own for unet, which is never run"),
    ],
)
def test_a_folder_that_is_no_safe_pipeline(folder: Path, tmp_path: Path, how: str, message: str) -> None:
    target = broken(folder, tmp_path / "m", how)
    with pytest.raises(NotReadyError) as raised:
        load_generator(str(target))
    name = str(target) if len(str(target)) <= 80 else f"…{str(target)[-79:]}"
    assert str(raised.value) == f"the picture model {name} {message.format(name=name)}; {SAFE}"


def test_weights_that_are_damaged(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "m")
    (tmp_path / "m" / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"\x10" * 100)
    with pytest.raises(NotReadyError, match=r"could not be loaded .*; the folder must hold a diffusers text-to-image"):
        draw(Studio(load_generator(str(tmp_path / "m"))))
    assert len(queue_of("cpu")) == 0


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("embedded", NotReadyError,
         "the embedded model for drawing is not part of this release; name a diffusers folder or hub id, or "
         "openai:<images model>"),
        ("nobody/no-such-model", NotReadyError,
         "the picture model nobody/no-such-model is not on this machine and could not be downloaded; check the id and "
         "the network, or name a folder on this machine"),
        ("./nowhere", NotReadyError, f"the picture model ./nowhere is not there; {SAFE}"),
        ("a b c", UsageError,
         "'a b c' names no picture model; use embedded, local:<name>, a folder such as ./model, a hub id such as "
         "owner/model, or openai:<model>"),
        ("anthropic:claude", NotReadyError,
         "anthropic:claude cannot draw here: only servers of OpenAI's kind are asked for pictures; use openai:<images "
         "model>"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("no_picture_weights")
def test_a_name_that_is_no_model(name: str, kind: type[GptsmithError], message: str) -> None:
    with pytest.raises(kind) as raised:
        Studio(load_generator(name)).draw(Wish("a cat"))
    assert str(raised.value) == message


def test_a_folder_outside_of_the_spec_needs_trust(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NotReadyError) as raised:
        load_generator(str(folder), base_dir=tmp_path)
    assert raised.value.code == "trust_required"


def test_broken_numbers_end_the_job_and_the_next_one_runs(studio: Studio, model: Any) -> None:
    import torch

    weight = model.base.unet.conv_out.bias
    kept = weight.data.clone()
    weight.data = torch.full_like(weight.data, float("nan"))
    try:
        with pytest.raises(GptsmithError) as raised:
            draw(studio)
    finally:
        weight.data = kept
    assert str(raised.value) == (
        "the numbers of the picture ran out of range (NaN) while it was drawn; use other steps, guidance or another "
        "sampler"
    )
    assert draw(studio).record.steps == 4


def test_a_tiny_autoencoder_draws_too(tmp_path: Path) -> None:
    studio = Studio(load_generator(str(tiny_pictures.pipeline(tmp_path / "m", tiny_vae=True))))
    told: list[DrawingProgress] = []
    shown = studio.draw(Wish("a cat", settings=settings()), listen=told.append).shown
    assert shown[0].record.size == "32x32" and any(p.preview for p in told)


@pytest.fixture
def embedded_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Random weights in the place and form of the embedded ones, with their hashes."""
    from gptsmith.models.pictures import generators, names

    target = tiny_pictures.embedded_generator(tmp_path / "weights" / "generator")
    seal(target)
    monkeypatch.setattr(names, "WEIGHTS", tmp_path / "weights")
    monkeypatch.setattr(generators, "_made", {})
    yield target
    names._check.cache_clear()


def test_the_embedded_form_takes_its_text_part_from_the_sentence_encoder(embedded_folder: Path) -> None:
    record = draw(Studio(load_generator("embedded")), settings=settings(size=(96, 48))).record
    assert (record.size, record.native_size, record.model) == ("96x48", "48x16", "embedded")


def test_an_embedded_file_that_was_changed_is_refused(embedded_folder: Path) -> None:
    (embedded_folder / "vae" / "config.json").write_text("{}")
    with pytest.raises(NotReadyError) as raised:
        load_generator("embedded")
    assert str(raised.value) == (
        "the file generator/vae/config.json of the embedded models is not the expected one (sha256 differs); install "
        "gptsmith again"
    )
