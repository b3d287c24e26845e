"""Pictures on their way to a model: which models are shown them, for how long, and what is left in them."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from PIL import Image

from gptsmith import Assistant
from gptsmith.agent.runtime.attachments import MOST, SIDE, Eyes
from gptsmith.errors import ProviderError
from gptsmith.models.pictures.input_images import open_picture
from gptsmith.rag.reading.pictures import fitted
from tests.support.loopback import Answer, Body, Loopback, status
from tests.support.scripted import Scripted

SPEC: dict[str, Any] = {
    "schema": "assistant/v1", "id": "sees", "name": "Sees", "description": "Looks.", "instructions": "Be kind.",
}  # fmt: skip


def photo(path: Path, size: tuple[int, int] = (60, 40), *, turned: int = 6, red: bool = True) -> Path:
    """Write a photo whose camera was held sideways, with the place where it was taken; its left edge is black."""
    picture = Image.new("RGB", size, "red" if red else "blue")
    picture.paste("black", (0, 0, size[0] // 4, size[1]))
    exif = Image.Exif()
    exif[0x0112] = turned
    exif[0x010F] = "SecretCam"
    exif.get_ifd(0x8825)[2] = (38.0, 42.0, 0.0)
    picture.save(path, exif=exif, comment=b"SecretComment")
    return path


def sent(body: Any) -> list[Image.Image]:
    """Return the pictures in a request to OpenAI's protocol."""
    parts = [p for m in body["messages"] if isinstance(m["content"], list) for p in m["content"]]
    urls = [p["image_url"]["url"] for p in parts if p["type"] == "image_url"]
    return [Image.open(io.BytesIO(base64.b64decode(url.partition("base64,")[2]))) for url in urls]


@pytest.fixture
def assistant(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> Assistant:
    monkeypatch.setenv("SERVER_KEY", loopback.api_key)
    model = {"provider": "openai", "name": "scripted", "base_url": loopback.base_url, "api_key": "${env:SERVER_KEY}"}
    loopback.always = "A tile."
    return Assistant.from_dict({**SPEC, "model": model})


def test_a_picture_stays_in_the_conversation_upright_and_without_metadata(
    assistant: Assistant, loopback: Loopback, tmp_path: Path
) -> None:
    assistant.chat("What is this?", files=[str(photo(tmp_path / "red.jpg"))], thread_id="t")
    assistant.chat("And this?", files=[str(photo(tmp_path / "blue.jpg", red=False))], thread_id="t")
    assistant.chat("Which is larger?", thread_id="t")
    assert [len(sent(body)) for body in loopback.history] == [1, 2, 2]
    first = sent(loopback.history[2])[0]
    assert first.size == (40, 60), "turned as the camera says"
    assert max(first.convert("RGB").getpixel((20, 2))) < 10
    assert not first.getexif() and not {"exif", "comment"} & set(first.info)
    for body in loopback.history:
        assert b"Secret" not in base64.b64decode(json.dumps(body).partition("base64,")[2].partition('"')[0])
    text = loopback.history[2]["messages"][1]["content"][0]
    assert text == {"type": "text", "text": "What is this?\n[image img_1: red.jpg]"}


@pytest.mark.parametrize(
    ("profile", "count"), [({"image_inputs": True}, 1), ({"image_inputs": False}, 0), (None, 1), ({}, 1)]
)
def test_a_model_object_is_shown_what_its_profile_says(profile: Any, count: int, tmp_path: Path) -> None:
    model = Scripted("A tile.", "Red.", profile=profile)
    a = Assistant.from_dict(SPEC, model=model)
    a.chat("What is this?", files=[str(photo(tmp_path / "red.jpg"))], thread_id="t")
    a.chat("Which colour?", thread_id="t")
    for messages in model.history:
        blocks = [b for m in messages if isinstance(m.content, list) for b in m.content if b["type"] == "image"]
        assert len(blocks) == count
        assert "[image img_1: red.jpg]" in messages[1].text


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.jpg"])
def test_a_large_picture_is_scaled(name: str, tmp_path: Path) -> None:
    photo(tmp_path / name, (4000, 1000), turned=1)
    eyes = Eyes(tmp_path, [{"kind": "image", "file": name}])
    block: Any = eyes.content("x", [{"kind": "image", "file": name}])[1]
    assert Image.open(io.BytesIO(base64.b64decode(block["base64"]))).size == (SIDE, SIDE // 4)


def test_only_the_newest_are_shown_and_one_that_is_gone_is_left_out(tmp_path: Path) -> None:
    files = [{"kind": "image", "file": f"{n}.png"} for n in range(MOST + 3)]
    for file in files[:-1]:
        Image.new("LA", (8, 8)).save(tmp_path / file["file"])
    eyes = Eyes(tmp_path, files)
    shown = [file for file in files if not isinstance(eyes.content("x", [file]), str)]
    assert shown == files[3:-1]


def test_sixteen_bits_of_grey_are_not_cut_off(tmp_path: Path) -> None:
    Image.new("I;16", (8, 8), 30_000).save(tmp_path / "deep.png")
    block: Any = Eyes(tmp_path, [{"kind": "image", "file": "deep.png"}]).content(
        "x", [{"kind": "image", "file": "deep.png"}]
    )[1]
    assert Image.open(io.BytesIO(base64.b64decode(block["base64"]))).getpixel((4, 4)) == (117, 117, 117)


@pytest.mark.parametrize("turned", [1, 6])
def test_a_deep_picture_is_seen_the_same_everywhere(turned: int, tmp_path: Path) -> None:
    deep = Image.new("I;16", (3, 2), 300)
    deep.putpixel((0, 0), 4095)
    exif = Image.Exif()
    exif[0x0112] = turned
    deep.save(tmp_path / "deep.png", exif=exif)
    file = {"kind": "image", "file": "deep.png"}
    block: Any = Eyes(tmp_path, [file]).content("x", [file])[1]
    kept = fitted("deep.png", (tmp_path / "deep.png").read_bytes()).data
    seen: list[Image.Image] = [Image.open(io.BytesIO(base64.b64decode(block["base64"]))), Image.open(io.BytesIO(kept))]
    seen.append(open_picture(tmp_path / "deep.png"))
    size, bright = ((3, 2), (0, 0)) if turned == 1 else ((2, 3), (1, 0))
    for picture in seen:
        assert picture.size == size
        assert picture.convert("L").getpixel(bright) == 255 and picture.convert("L").getextrema() == (0, 255)


def sightless(code: int, message: str) -> Callable[[Body], Answer]:
    """Answer as a server does that refuses every request with a picture in it."""
    return lambda body: status(code, message=message) if sent(body) else Answer("I only read.")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (400, "Invalid content type. image_url is only supported by certain models."),
        (400, "messages[1].content must be a string"),
        (404, "No endpoints found that support image input"),
        (422, "unknown variant `image_url`, expected `text`"),
        (500, "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"),
    ],
)
def test_a_server_that_refuses_a_picture_is_asked_without_it_and_the_person_is_told_once(
    code: int, message: str, assistant: Assistant, loopback: Loopback, tmp_path: Path
) -> None:
    loopback.always = sightless(code, message)
    file = str(photo(tmp_path / "red.jpg"))
    first = assistant.chat("What is this?", files=[file], thread_id="t")
    assert first.text == "I only read." and first.finish_reason == "stop"
    assert "does not take pictures" in first.remark and first.remark.count(".") <= 1
    assert "[image img_1: red.jpg]" in loopback.history[-1]["messages"][-1]["content"]
    asked = len(loopback.history)
    again = assistant.chat("And what colour?", thread_id="t")
    assert (again.text, again.remark) == ("I only read.", "") and len(loopback.history) == asked + 1
    other = assistant.chat("And this?", files=[file], thread_id="u")
    assert other.remark == first.remark and len(loopback.history) == asked + 2, "it is not shown one again"


def test_a_refusal_for_another_reason_is_told_as_it_is(
    assistant: Assistant, loopback: Loopback, tmp_path: Path
) -> None:
    loopback.always = status(400, message="this model is retired")
    with pytest.raises(ProviderError, match="this model is retired"):
        assistant.chat("What is this?", files=[str(photo(tmp_path / "red.jpg"))], thread_id="t")
    loopback.always = "A tile."
    assert assistant.chat("What is this?", thread_id="t").remark == ""
    assert len(sent(loopback.history[-1])) == 1


def test_what_a_host_keeps_loses_its_pictures_too(assistant: Assistant, loopback: Loopback) -> None:
    picture = {"type": "image", "base64": "iVBORw0KGgo=", "mime_type": "image/png"}
    loopback.always = lambda body: (
        status(400) if any(isinstance(m["content"], list) for m in body["messages"]) else Answer("Read.")
    )
    given = HumanMessage([{"type": "text", "text": "What is this?"}, picture])
    answer = assistant.graph.invoke({"messages": [given]})["messages"][-1]
    assert answer.text == "Read." and "pictures" in answer.additional_kwargs["gptsmith"]["remark"]
