"""Making and changing an assistant by talking in the page: drafts, proposals, decisions, all kept."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from gptsmith import Builder
from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.models.chat.factory import make_chat_model
from gptsmith.ui.web.state.desk import open_desk
from gptsmith.ui.web.state.uploads import Upload
from tests.support.loopback import Answer, Loopback, calls, status
from tests.support.pages import NIGHT_SKY, make_library, open_page, words

PAGE = "# The light\n\nThe lighthouse was built in 1868 by Marta Sousa. It is 31 metres high.\n\nDogs stay outside.\n"
SPEC = (
    NIGHT_SKY.replace("name: Night sky", "name: Night sky  # as on the door")
    + "model: embedded\ntests:\n  - {name: greets, message: Hello!, expect: {not_contains: [Orion]}}\n"
)


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library with one assistant of the person's own; returns the folder of its specs."""
    return make_library(tmp_path, monkeypatch)


@pytest.fixture
def builder(library: Path, loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> Loopback:
    """The model that the builder asks, over the real protocol; the assistant itself is answered by `embedded`."""
    monkeypatch.setenv("KEY", loopback.api_key)
    model = ModelSpec(provider="openai", name="scripted", base_url=loopback.base_url, api_key="${env:KEY}")
    monkeypatch.setattr("gptsmith.ui.web.state.building.Builder", lambda: Builder(make_chat_model(model)))
    (library / "night-sky.assistant.yaml").write_text(SPEC)
    return loopback


def change(op: str, path: str, **given: Any) -> dict[str, Any]:
    return {"op": op, "path": path, "words": "It changes.", **given}


def proposes(*changes: dict[str, Any], **rest: Any) -> Answer:
    return calls(ChangeSet={"changes": list(changes), **rest})


RENAME = change("set", "name", value="Mira")
STARTER = change("add", "conversation_starters", value="Who named Orion?")


def tell(at: AppTest, text: str) -> AppTest:
    """Say something to the builder and wait until it has answered and tried the tests."""
    at.chat_input(key="tell").set_value(text).run()
    return settled(at)


def settled(at: AppTest) -> AppTest:
    assistant = at.query_params["assistant"]
    path = open_desk().bench(assistant[0] if isinstance(assistant, list) else assistant).path
    building = open_desk().buildings.of(path)
    deadline = time.monotonic() + 60
    while building and building.busy and time.monotonic() < deadline:
        time.sleep(0.02)
    return at.run()


def open_builder(assistant: str = "night-sky") -> AppTest:
    return open_page(page="edit", assistant=assistant, tab="Create")


def steps(at: AppTest) -> list[Any]:
    return [box for box in at.checkbox if str(box.key).startswith("step-")]


def test_a_change_is_shown_with_its_tests_before_it_is_written(builder: Loopback, library: Path) -> None:
    spec = library / "night-sky.assistant.yaml"
    builder.push(proposes(RENAME, STARTER))
    at = tell(open_builder(), "Call it Mira and add a starter about Orion")
    said = words(at)
    assert "Call it Mira and add a starter about Orion" in said
    assert [box.label.rstrip(".") for box in steps(at)] == [
        'Changes the name from "Night sky" to "Mira"',
        'Adds the starter "Who named Orion?"',
    ]
    assert any("-name: Night sky  # as on the door" in code.value for code in at.code)
    assert "other tests pass, as before" in said
    assert spec.read_text() == SPEC
    at.button(key="accept").click().run()
    assert spec.read_text() == SPEC.replace("name: Night sky", "name: Mira").replace(
        "  - What is a comet?\n", "  - What is a comet?\n  - Who named Orion?\n"
    )
    assert "Saved as version 2." in words(at)
    assert at.title[0].value == "Mira"


def test_a_part_is_accepted_and_taken_back_after_a_restart(builder: Loopback, library: Path) -> None:
    spec = library / "night-sky.assistant.yaml"
    builder.push(proposes(RENAME, STARTER))
    at = tell(open_builder(), "Call it Mira and add a starter about Orion")
    steps(at)[0].set_value(False).run()
    assert at.button(key="accept").label == "Accept 1 of 2"
    at.button(key="accept").click().run()
    assert spec.read_text() == SPEC.replace("comet?\n", "comet?\n  - Who named Orion?\n")
    open_desk().buildings._known.clear()  # as another process would begin
    again = open_builder()
    assert "Left out: Changes the name" in words(again)
    again.button(key="undo-built").click().run()
    assert spec.read_text() == SPEC
    assert "Taken back" in words(again)


def test_a_proposal_survives_a_reload_and_is_refused(builder: Loopback, library: Path) -> None:
    builder.push(proposes(RENAME))
    tell(open_builder(), "Call it Mira")
    again = open_builder()
    assert len(steps(again)) == 1
    again.button(key="refuse").click().run()
    assert not steps(again)
    building = open_desk().buildings.of(library / "night-sky.assistant.yaml")
    assert building is not None and building.messages[-1].kind == "refused"
    assert (library / "night-sky.assistant.yaml").read_text() == SPEC


def test_a_lost_rule_is_a_question_that_is_not_ticked(builder: Loopback, library: Path) -> None:
    spec = library / "night-sky.assistant.yaml"
    spec.write_text(SPEC.replace("Explain with small words. End", "Never name a price. End"))
    builder.always = proposes(RENAME, change("replace_text", "instructions", old="Never name a price. ", new=""))
    at = tell(open_builder(), "Call it Mira")
    assert [box.value for box in steps(at)] == [True, False]
    assert "Never name a price" in "".join(m.value for m in at.markdown if "gavel" in str(m.value))
    at.button(key="accept").click().run()
    assert "Never name a price." in spec.read_text()
    assert "name: Mira" in spec.read_text()


def test_a_locked_part_is_only_suggested(builder: Loopback, library: Path) -> None:
    spec = library / "night-sky.assistant.yaml"
    spec.write_text(SPEC + "x-builder: {locked: [name]}\n")
    builder.push(proposes(RENAME))
    at = tell(open_builder(), "Call it Mira")
    assert not steps(at)
    assert "is locked, so this is only a suggestion" in words(at)


def test_a_test_that_would_fail_is_shown_first(builder: Loopback, library: Path) -> None:
    spec = library / "night-sky.assistant.yaml"
    asks = "message: Who are you?, expect: {matches: Night .ky}"
    spec.write_text(SPEC.replace("message: Hello!, expect: {not_contains: [Orion]}", asks))
    builder.push(proposes(RENAME))
    at = tell(open_builder(), "Call it Mira")
    said = words(at)
    assert "passed and fails with this change" in said
    assert "A test that passes now would fail." in said


def test_tests_of_what_is_new_are_added_to_a_proposal(builder: Loopback, library: Path) -> None:
    builder.push(proposes(RENAME), calls(DraftTests={"tests": []}))
    at = tell(open_builder(), "Call it Mira.")
    settled(at.button(key="add-tests").click().run())
    assert not at.exception
    building = open_desk().buildings.of(library / "night-sky.assistant.yaml")
    assert building is not None and building.problem == ""
    assert building.messages[-1].role == "builder" and "test" in building.messages[-1].whole


def test_starting_over_keeps_the_file_and_what_was_done(builder: Loopback, library: Path) -> None:
    spec = library / "night-sky.assistant.yaml"
    builder.push(proposes(RENAME))
    at = tell(open_builder(), "Call it Mira")
    at.button(key="accept").click().run()
    at.button(key="anew").click().run()
    assert "What should be different?" in words(at)
    at.button(key="undo-built").click().run()
    assert spec.read_text() == SPEC


def test_what_goes_wrong_is_said_and_nothing_changes(builder: Loopback, library: Path) -> None:
    builder.always = status(401)
    at = tell(open_builder(), "Call it Mira")
    assert at.error
    assert "Call it Mira" in words(at)
    builder.always = None
    builder.push(proposes(RENAME))
    assert len(steps(tell(at, "Call it Mira"))) == 1


# -- new assistants --------------------------------------------------------------------------------------------------


def build(description: str) -> AppTest:
    """Describe an assistant and build it; the run ends in its workspace."""
    at = open_page(page="create")
    at.text_area(key="description").set_value(description)
    return at.button(key="build").click().run()


@pytest.mark.usefixtures("no_picture_weights")
def test_a_description_becomes_a_draft_that_is_saved(library: Path) -> None:
    at = build("A coach for shy public speakers. Never laugh at anyone. It also draws posters.")
    said = words(at)
    assert "I drafted" in said
    assert "Not there yet" in said
    assert len(list(library.glob("*.assistant.yaml"))) == 1
    draft = at.query_params["assistant"]
    draft = draft[0] if isinstance(draft, list) else draft
    text = open_desk().bench(draft).sheet().text
    assert "Never laugh at anyone." in text
    assert "Drafts, not saved yet" in words(open_page())
    at.button(key="save-draft").click().run()
    words(at)
    new = next(file for file in library.glob("*.assistant.yaml") if file.name != "night-sky.assistant.yaml")
    assert new.read_text() == text
    assert "Drafts, not saved yet" not in words(open_page())
    assert "I drafted" in words(open_builder(new.name.removesuffix(".assistant.yaml")))


def test_a_draft_has_its_files_and_is_answered_from_them(library: Path) -> None:
    desk = open_desk()
    begun = desk.buildings.begin(
        "A guide to the lighthouse who answers from the attached file.",
        [Upload("light.md", PAGE.encode(), "document")],
        ["empty.txt is empty; attach a file with something in it"],
    )
    at = open_page(page="create", draft=begun)
    assert "Left out: empty.txt is empty; attach a file with something in it" in words(at).replace("\\", "")
    at.chat_input(key="say").set_value("Who built the lighthouse?").run()
    assert "Marta Sousa" in words(at)
    at.button(key="save-draft").click().run()
    saved = next(file for file in library.glob("*.files"))
    assert (saved / "light.md").read_text() == PAGE
    assert "Marta Sousa" in words(at)


def test_a_draft_can_be_deleted(library: Path) -> None:
    at = build("A coach for shy public speakers.")
    draft = at.query_params["assistant"]
    at = open_page()
    at.button(key=f"delete-{draft[0] if isinstance(draft, list) else draft}").click().run()
    at.button(key="confirm-delete").click().run()
    assert "Drafts, not saved yet" not in words(at)


def test_an_empty_description_is_asked_for(library: Path) -> None:
    assert "Write a sentence or two first." in words(build("  "))


def test_a_description_that_describes_nothing_is_asked_for_again(library: Path) -> None:
    at = build("Hello")
    assert "What should the assistant do, and for whom?" in words(at)
    assert at.text_area(key="description").value == "Hello"


def test_a_forgotten_draft_is_explained(library: Path) -> None:
    assert "That draft is no longer here" in words(open_page(page="create", draft="gone"))
    assert "this draft is no longer here" in words(open_page(page="edit", assistant="draft:gone"))
