"""Pictures in the chat page, drawn by the real script: what is shown of one, and the ways to go on from it."""

from __future__ import annotations

import base64
import io
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from gptsmith.agent.events import Event
from gptsmith.agent.runtime.turn import ChosenCall
from gptsmith.errors import UsageError
from gptsmith.ui.web.parts import browser
from gptsmith.ui.web.state.desk import open_desk
from tests.support import tiny_pictures
from tests.ui.web.test_web_pages import open_page, words

SPEC = """schema: assistant/v1
name: Painter
description: Paints small pictures.
instructions: Paint what is asked for.
model: embedded
tools:
  - {type: image_generation, model: ./painter.files/tiny, steps: 3, seed: 11}
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_pictures.pipeline(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def talk(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The conversations of an assistant that draws."""
    import shutil

    monkeypatch.setenv("GPTSMITH_HOME", str(tmp_path / "home"))
    specs = tmp_path / "lib" / "assistants" / "specs"
    shutil.copytree(tiny, specs / "painter.files" / "tiny")
    (specs / "painter.assistant.yaml").write_text(SPEC)
    monkeypatch.chdir(tmp_path / "lib")
    return open_desk().talk("painter")


def say(talk: Any, text: str, thread: str = "", **more: Any) -> str:
    """Send a message and wait for the end of its turn; return the thread."""
    thread = talk.send(text, thread=thread, files=[], variables={}, **more)
    deadline = time.monotonic() + 30
    while talk.running(thread) and time.monotonic() < deadline:
        time.sleep(0.05)
    return str(thread)


def page(thread: str) -> AppTest:
    return open_page(page="chat", assistant="painter", thread=thread)


def ended(at: AppTest, talk: Any, thread: str, turns: int) -> AppTest:
    """Wait until the conversation has so many turns, and draw the page anew."""
    deadline = time.monotonic() + 30
    while (len(talk.turns(thread)) < turns or talk.running(thread)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return at.run()


def pictures(talk: Any, thread: str) -> list[dict[str, Any]]:
    return [image for turn in talk.turns(thread) if turn.reply for image in turn.reply.images]


def test_a_picture_shows_what_was_drawn_and_how(talk: Any) -> None:
    thread = say(talk, "Draw a red cube")
    said = words(page(thread))
    assert "Here is your picture." in said
    assert ":small[**Your own words:** a red cube]" in said
    assert "seed 11 · 3 steps · ddim · 32 x 32 · tiny" in said


def test_it_is_drawn_again_varied_and_changed_from_the_page(talk: Any) -> None:
    thread = say(talk, "Draw a red cube")
    turn = talk.turns(thread)[0].id
    at = page(thread)
    at.button(key=f"again-{turn}-img_1").click()
    at = ended(at.run(), talk, thread, 2)
    first, again = pictures(talk, thread)
    assert (again["seed"], again["caption"], again["own_words"]) == (11, "a red cube", True)
    assert Path(again["path"]).read_bytes()[-2000:] == Path(first["path"]).read_bytes()[-2000:]
    assert "Draw img\\_1 again with seed 11" in words(at)
    at.text_input(key=f"what-{turn}-img_1").set_value("make it night")
    at.button(key=f"change-{turn}-img_1").click()
    at = ended(at.run(), talk, thread, 3)
    changed = pictures(talk, thread)[2]
    assert (changed["parent"], changed["mode"], changed["caption"]) == ("img_1", "change", "a red cube, make it night")
    assert "from img\\_1" in words(at)
    at.button(key=f"vary-{turn}-img_1").click()
    ended(at.run(), talk, thread, 4)
    varied = pictures(talk, thread)[3]
    assert (varied["parent"], varied["caption"], varied["strength"]) == ("img_1", "a red cube", 0.6)
    assert talk.turns(thread)[3].reply.model == "nobody (you chose this step)"


def test_another_description_with_a_new_seed(talk: Any) -> None:
    thread = say(talk, "Draw a red cube")
    turn = talk.turns(thread)[0].id
    at = page(thread)
    at.text_area(key=f"words-{turn}-img_1").set_value("a blue ball")
    at.toggle(key=f"same-{turn}-img_1").set_value(False)
    at.button(key=f"again-{turn}-img_1").click()
    ended(at.run(), talk, thread, 2)
    assert pictures(talk, thread)[1]["caption"] == "a blue ball"
    assert talk.turns(thread)[1].message == "Draw img_1 again: a blue ball"


def test_what_cannot_be_drawn_is_said_and_the_conversation_goes_on(talk: Any) -> None:
    thread = say(talk, "Draw a red cube")
    call = ChosenCall(name="image_generation", args={"request": ""}, more={"own_words": True})
    say(talk, "Draw nothing", thread, call=call)
    at = page(thread)
    assert "That did not work: the description is empty; say what the picture shows" in words(at).replace("\\", "")
    say(talk, "Draw a blue cube", thread)
    assert len(pictures(talk, thread)) == 2


def test_a_picture_outside_of_the_assistant_s_state_is_never_shown(talk: Any, tmp_path: Path) -> None:
    Image.new("RGB", (9, 9)).save(tmp_path / "secret.png")
    assert talk.drawn({"path": str(tmp_path / "secret.png")}) is None
    assert talk.drawn({}) is None


def painted(picture: Image.Image, words: str = "a cat") -> dict[str, str]:
    """Return what the brush sends."""
    file = io.BytesIO()
    picture.save(file, "PNG")
    return {"mask": f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}", "words": words}


def test_a_painted_part_is_drawn_anew(talk: Any) -> None:
    thread = say(talk, "Draw a red cube")
    (picture,) = pictures(talk, thread)
    mask = Image.new("RGB", (16, 16))
    mask.paste("white", (4, 4, 10, 10))
    words_, upload = browser.read_mask(painted(mask), Path(picture["path"]))
    with Image.open(io.BytesIO(upload.data)) as enlarged:
        assert (words_, enlarged.size, enlarged.getpixel((9, 9)), enlarged.getpixel((1, 1))) == (
            "a cat",
            (32, 32),
            255,
            0,
        )
    call = ChosenCall(
        name="image_generation", args={"request": words_, "mode": "inpaint", "image": "img_1"}, more={"mask": "last"}
    )
    talk.send("Draw a part", thread=thread, files=[upload], variables={}, call=call)
    while talk.running(thread):
        time.sleep(0.05)
    part = pictures(talk, thread)[1]
    assert (part["id"], part["parent"], part["mode"], part["size"]) == ("img_3", "img_1", "inpaint", "32x32")


@pytest.mark.parametrize(
    "given",
    [
        None,
        {},
        {"mask": "data:image/png;base64,%%", "words": "x"},
        {"mask": "https://example.org/a.png"},
        painted(Image.new("L", (9, 9))),
    ],
)
def test_a_brush_that_marked_nothing(given: Any, tmp_path: Path) -> None:
    Image.new("RGB", (9, 9)).save(tmp_path / "a.png")
    with pytest.raises(UsageError) as raised:
        browser.read_mask(given, tmp_path / "a.png")
    assert str(raised.value) == "no part of the picture is marked; paint over the part that should change"


def test_a_look_at_the_picture_is_shown_while_it_is_drawn() -> None:
    from gptsmith.ui.web.parts import pictures as drawn

    class Place:
        """Keeps what was drawn last."""

        shown: Any = None

        def image(self, data: bytes, width: int, alt: str = "") -> None:
            self.shown = data

        def empty(self) -> None:
            self.shown = None

    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "JPEG")
    look = Event(
        type="progress", data={"preview": f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"}
    )
    place: Any = Place()
    drawn.preview(place, [look, Event(type="progress", data={"text": "step 2"})])
    assert place.shown == file.getvalue()
    drawn.preview(place, [Event(type="progress", data={"preview": "data:image/jpeg;base64,%%"})])
    assert place.shown is None
    drawn.preview(place, [look, Event(type="image", data={})])
    assert place.shown is None


def test_all_pictures_are_found_by_their_words_and_their_seed(talk: Any) -> None:
    thread = say(talk, "Draw a red cube")
    say(talk, "Draw a blue ball", thread)
    say(talk, "Draw a green cube")
    assert [p["prompt"] for p in talk.album()] == ["a green cube", "a blue ball", "a red cube"]
    assert [p["prompt"] for p in talk.album("CUBE", 11)] == ["a green cube", "a red cube"]
    at = page(thread)
    at.button(key="album").click().run()
    assert all(f"a {what}  \nseed 11" in words(at) for what in ("red cube", "blue ball", "green cube"))
    assert likes(at)[-1] == f"like-{thread}.files-img_1"
    at.button(key=likes(at)[-1]).click().run()
    at.button(key="album").click().run()
    assert likes(at)[0] == f"like-{thread}.files-img_1"
    next(b for b in at.button if b.label == "Newest first").click().run()
    at.button(key="album").click().run()
    assert likes(at)[-1] == f"like-{thread}.files-img_1"


def likes(at: Any) -> list[str]:
    """Return the keys of the buttons below the pictures, in their order."""
    return [b.key for b in at.button if str(b.key).startswith("like-")]
