"""The picture tools in a conversation: ids, events, changes, stopping, what the model is told."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, ToolMessage
from PIL import Image

from gptsmith import Assistant, Event
from gptsmith.errors import UsageError
from gptsmith.tools.drawing.store import PictureStore, parameters_of
from gptsmith.tools.drawing.studio import queue_of
from tests.support import tiny_pictures
from tests.support.scripted import Scripted, call
from training.release import seal

# numpy 2 and torch disagree about a keyword inside some of diffusers' samplers
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

SPEC: dict[str, Any] = {"schema": "assistant/v1", "name": "Tiles", "description": "Draws.", "instructions": "Draw."}
CAPTION = (
    "a red cube with rounded edges rests on a wide green meadow, soft morning light falls on its glossy faces and a "
    "few daisies grow in front of it"
)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    tiny_pictures.pipeline(root / "generator")
    tiny_pictures.clip(root / "clip")
    tiny_pictures.captioner(root / "captioner")
    return root


def assistant(models: Path, *answers: Any, chat: Any = None, **draw: Any) -> Any:
    """Return an assistant that draws in three steps."""
    tools = [
        {"type": "image_generation", "model": "./generator", "steps": 3, **draw},
        {"type": "image_captioning", "model": "./captioner"},
        {"type": "image_recognition", "model": "./clip", "labels": ["cat", "dog"]},
    ]
    made = chat or Scripted(*answers)
    return Assistant.from_dict({**SPEC, "tools": tools}, base_dir=models, model=made), made


def images(events: list[Event]) -> list[dict[str, Any]]:
    return [e.data for e in events if e.type == "image"]


OWN = {"caption_upsampling": False}


def test_a_picture_is_drawn_shown_and_named(models: Path) -> None:
    a, model = assistant(models, call("image_generation", request="a red cube", seed=5), "Here it is.", **OWN)
    events = list(a.stream("Draw a red cube", thread_id="t"))
    (image,) = images(events)
    assert {k: image[k] for k in ("id", "prompt", "caption", "seed", "steps", "size", "mode", "tool", "tries")} == {
        "id": "img_1", "prompt": "a red cube", "caption": "a red cube", "seed": 5, "steps": 3, "size": "32x32",
        "mode": "new", "tool": "image_generation", "tries": [],
    }  # fmt: skip
    assert events[-1].data["images"] == [image]
    with Image.open(image["path"]) as file:
        assert parameters_of(file)["Seed"] == "5"
    stages = [e.data["stage"] for e in events if e.type == "progress"]
    assert [stage for stage, before in zip(stages, ["", *stages], strict=False) if stage != before] == ["load", "draw"]
    seeds = [e.data["text"] for e in events if e.type == "progress" and e.data["stage"] == "draw"]
    assert seeds[0] == "Drawing, seed 5"
    assert any(e.data.get("preview", "").startswith("data:image/jpeg;base64,") for e in events)
    told = model.history[1][-1].content
    assert "Drew a picture with seed 5; the person sees it.\n[image img_1: a red cube]" in told
    assert a.history("t")[0].reply.images == [image]


def test_the_model_is_shown_the_contract_s_arguments_only(models: Path) -> None:
    from langchain_core.utils.function_calling import convert_to_openai_tool

    a, _ = assistant(models)
    shown = convert_to_openai_tool(a.engine.tools[0])["function"]["parameters"]
    assert sorted(shown["properties"]) == ["count", "image", "mode", "request", "seed"]
    assert shown["required"] == ["request"]


def test_attached_and_drawn_pictures_share_their_ids_and_the_last_one_is_changed(models: Path, tmp_path: Path) -> None:
    Image.new("RGB", (48, 32), "red").save(tmp_path / "red.png")
    a, _ = assistant(
        models,
        call("image_generation", request="make it night", mode="change"), "Changed.",
        call("image_generation", request="a cat"), "A cat.",
        call("image_generation", request="now two", image="img_2", mode="change"), "Two.",
        **OWN,
    )  # fmt: skip
    first = a.chat("make it night", thread_id="t", files=[str(tmp_path / "red.png")]).images[0]
    assert (first["id"], first["parent"], first["mode"], first["size"]) == ("img_2", "img_1", "change", "40x24")
    second = a.chat("a cat", thread_id="t").images[0]
    assert (second["id"], second["parent"], second["mode"]) == ("img_3", "", "new")
    third = a.chat("now two", thread_id="t").images[0]
    assert (third["id"], third["parent"], third["caption"]) == ("img_4", "img_2", "make it night, now two")


def test_what_cannot_be_drawn_goes_back_to_the_model_in_one_sentence(models: Path) -> None:
    a, _ = assistant(
        models,
        call("image_generation", request="night", mode="change"), "No.",
        call("image_generation", request="night", mode="change", image="img_9"), "No.",
        call("image_generation", request=" "), "No.",
        call("image_captioning", image="img_9"), "No.",
        call("image_generation", request="a cat"), "Yes.",
        **OWN,
    )  # fmt: skip
    results = [a.chat("?", thread_id="t").tool_calls[0].result for _ in range(5)]
    assert results[:4] == [
        "The tool failed: there is no picture to change yet; draw one first, or attach one",
        "The tool failed: there is no picture 'img_9' in this conversation; attach one first, or draw one",
        'The tool failed: the description is empty; say what the picture shows, e.g. "a red cube on a blue cube"',
        "The tool failed: there is no picture 'img_9' in this conversation; attach one first, or draw one",
    ]
    assert results[4].startswith("Drew a picture")


def test_pictures_are_described_and_recognized(models: Path, tmp_path: Path) -> None:
    Image.new("RGB", (48, 32), "red").save(tmp_path / "red.png")
    a, _ = assistant(
        models,
        call("image_captioning", image="img_1", detail="short"), "So.",
        call("image_recognition", image="img_1"), "So.",
        call("image_recognition", image="img_1", labels=["sea"]), "So.",
    )  # fmt: skip
    files = [str(tmp_path / "red.png")]
    assert a.chat("What is it?", thread_id="t", files=files).tool_calls[0].result.startswith("I cannot tell")
    found = a.chat("Cat or dog?", thread_id="t").tool_calls[0].result
    assert sorted(word.partition(":")[0] for word in found.split(", ")) == ["cat", "dog"]
    assert "one label alone says nothing" in a.chat("Sea?", thread_id="t").tool_calls[0].result


def test_the_caption_is_written_by_the_chat_model_and_stays_out_of_the_answer(models: Path) -> None:
    a, model = assistant(models, call("image_generation", request="a red cube"), CAPTION, "Here it is.")
    events = list(a.stream("Draw a red cube", thread_id="t"))
    (image,) = images(events)
    assert (image["prompt"], image["caption"], image["own_words"]) == ("a red cube", CAPTION, False)
    assert "".join(e.data["text"] for e in events if e.type == "text") == "Here it is."
    assert model.history[1][-1].content == "Request: a red cube"
    assert next(e.data["text"] for e in events if e.type == "progress") == "Writing the description"


def test_an_earlier_picture_is_shown_to_the_one_who_writes_the_next_caption(models: Path) -> None:
    night = CAPTION.replace("soft morning light falls", "pale moonlight of a clear night falls").replace("wide ", "")
    a, model = assistant(
        models,
        call("image_generation", request="a red cube"), CAPTION, "Here.",
        call("image_generation", request="make it night", mode="change", image="img_1"), night, "Here.",
    )  # fmt: skip
    a.chat("Draw a red cube", thread_id="t")
    image = a.chat("Make it night", thread_id="t").images[0]
    assert (image["caption"], image["parent"], image["own_words"]) == (night, "img_1", False)
    asked = [m.content for m in model.history[4][1:]]
    assert asked == [
        "Request: a red cube",
        CAPTION,
        f"This is about the picture with this description: {CAPTION}\n\nRequest: make it night",
    ]


@pytest.mark.usefixtures("quick_pace")
def test_the_other_tries_ride_with_the_best(models: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from gptsmith.models.pictures import generators, names, recognizers

    for kind, make in (("clip", tiny_pictures.clip), ("generator", tiny_pictures.embedded_generator)):
        seal(make(tmp_path / "weights" / kind))
    monkeypatch.setattr(names, "WEIGHTS", tmp_path / "weights")
    monkeypatch.setattr(generators, "_made", {})
    monkeypatch.setattr(recognizers, "_made", {})
    a, _ = assistant(models, call("image_generation", request="a cat"), "Here.", **OWN, model="embedded")
    image = a.chat("a cat", thread_id="t").images[0]
    scores = [image["score"], *(t["score"] for t in image["tries"])]
    assert len(scores) == 4 and scores == sorted(scores, reverse=True)
    assert [image["id"], *(t["id"] for t in image["tries"])] == ["img_1", "try_1", "try_2", "try_3"]
    store = PictureStore(a.folder)
    assert store.last("t") == "img_1" and store.path("t", "try_1", tries=True).is_file()
    with pytest.raises(UsageError, match=r"no picture 'try_1' .*; the pictures are: img_1$"):
        store.path("t", "try_1")


def test_two_pictures_of_one_message_keep_their_order(models: Path) -> None:
    two = AIMessage(
        content="",
        tool_calls=[
            {"name": "image_generation", "args": {"request": f"a {thing}", "seed": 3}, "id": thing}
            for thing in ("red cube", "blue ball")
        ],
    )
    a, model = assistant(models, two, "Here they are.", call("image_generation", request="a tree"), "Here.", **OWN)
    events = list(a.stream("Draw a red cube and a blue ball", thread_id="t"))
    asked = [("img_1", "a red cube"), ("img_2", "a blue ball")]
    assert [(image["id"], image["caption"]) for image in images(events)] == asked
    assert [(image["id"], image["caption"]) for image in events[-1].data["images"]] == asked
    results = [m.content for m in model.history[1] if isinstance(m, ToolMessage)]
    assert [f"[image {id}: {caption}]" in result for (id, caption), result in zip(asked, results, strict=True)] == [
        True,
        True,
    ]
    assert a.chat("And a tree", thread_id="t").images[0]["id"] == "img_3"


def test_stopping_the_turn_stops_the_drawing_and_leaves_no_picture(models: Path) -> None:
    a, _ = assistant(models, call("image_generation", request="a cat"), "Never.", **{**OWN, "steps": 900})
    stream = a.stream("Draw a cat", thread_id="t")
    for event in stream:
        if event.type == "progress" and event.data.get("step", 0) > 1:
            break
    stream.close()
    deadline = time.monotonic() + 5
    while len(queue_of("cpu")) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(queue_of("cpu")) == 0
    (turn,) = a.history("t")
    assert (turn.status, turn.reply.images) == ("cancelled", [])
    assert PictureStore(a.folder).history("t") == []


def test_two_conversations_wait_for_each_other_and_know_their_place(models: Path) -> None:
    a, _ = assistant(models, call("image_generation", request="a cat"), "Done.", **OWN)
    events: list[Event] = []
    from gptsmith.models.pictures.generators import Stop

    with queue_of("cpu").turn(Stop()):
        worker = threading.Thread(target=lambda: events.extend(a.stream("a cat", thread_id="t")))
        worker.start()
        while len(queue_of("cpu")) < 2:
            time.sleep(0.01)
        time.sleep(0.2)
    worker.join()
    assert "Waiting: 1 picture is drawn before" in [e.data["text"] for e in events if e.type == "progress"]
    assert len(images(events)) == 1


def test_a_transparent_part_is_the_mask(models: Path, tmp_path: Path) -> None:
    picture = Image.new("RGBA", (48, 32), (255, 0, 0, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 20, 20))
    picture.save(tmp_path / "hole.png")
    Image.new("RGB", (48, 32), "red").save(tmp_path / "red.png")
    a, _ = assistant(
        models,
        call("image_generation", request="a cat", mode="inpaint"), "Here.",
        call("image_generation", request="a cat", mode="inpaint", image="img_3"), "No.",
        **OWN,
    )  # fmt: skip
    image = a.chat("?", thread_id="t", files=[str(tmp_path / "hole.png")]).images[0]
    assert (image["mode"], image["size"]) == ("inpaint", "48x32")
    refused = a.chat("?", thread_id="t", files=[str(tmp_path / "red.png")]).tool_calls[0].result
    assert refused == (
        "The tool failed: to draw a part anew, the part must be marked; mark it on the page, or change the whole "
        "picture"
    )


def test_a_model_that_starts_from_words_only_draws_the_change_anew_and_says_so(models: Path, tmp_path: Path) -> None:
    if not (models / "words-only").is_dir():
        tiny_pictures.words_only(models / "words-only")
    a, _ = assistant(
        models,
        call("image_generation", request="a cat", seed=4), "Here.",
        call("image_generation", request="at night", mode="change", image="img_1"), "Here.",
        **OWN, model="./words-only", size="32x32",
    )  # fmt: skip
    a.chat("a cat", thread_id="t")
    image = a.chat("at night", thread_id="t").images[0]
    assert (image["mode"], image["parent"], image["seed"], image["caption"]) == ("new", "img_1", 4, "a cat, at night")
    assert image["notes"] == [
        "./words-only cannot start from a picture, so it drew a new one from the changed description."
    ]


def test_guardrails_hold_for_the_words_of_a_picture(models: Path) -> None:
    tools = [{"type": "image_generation", "model": "./generator", "steps": 2, **OWN}]
    rails = [{"type": "pii", "apply_to": ["output", "tool_results"], "strategy": "redact"}]
    model = Scripted(call("image_generation", request="a card for ana@x.org"), "Here.")
    a = Assistant.from_dict({**SPEC, "tools": tools, "guardrails": rails}, base_dir=models, model=model)
    events = list(a.stream("Draw", thread_id="t"))
    assert "ana@x.org" not in str(events) and images(events)[0]["id"] == "img_1"


def test_the_embedded_chat_draws_changes_and_describes(models: Path) -> None:
    a, _ = assistant(models, chat="embedded", **OWN)
    first = a.chat("Draw a red cube on a blue cube", thread_id="t")
    assert (first.text, first.images[0]["prompt"]) == ("Here is your picture.", "a red cube on a blue cube")
    second = a.chat("make it night", thread_id="t").images[0]
    assert (second["mode"], second["parent"]) == ("change", "img_1")
    said = a.chat("Describe the picture", thread_id="t")
    assert said.tool_calls[0].args["image"] == "img_2" and said.text.startswith("I cannot tell")


def test_deleting_a_conversation_takes_its_pictures_along(models: Path) -> None:
    a, _ = assistant(models, call("image_generation", request="a cat", seed=3), "Here.", **OWN)
    path = Path(a.chat("a cat", thread_id="t").images[0]["path"])
    store = PictureStore(a.folder)
    assert [r.id for r in store.search("CAT")] == [r.id for r in store.search(seed=3)] == ["img_1"]
    assert store.search("dog") == store.search(seed=4) == []
    a.delete_thread("t")
    assert not path.exists() and store.search("cat") == []
