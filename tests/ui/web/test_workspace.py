"""The workspace of one assistant: its form, its text, its tests and its versions, all of one file."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.support.loopback import Loopback, status
from tests.support.pages import NIGHT_SKY, make_library, open_page, words

COMMENTED = """# My stars.
schema: assistant/v1
name: Night sky  # the working title
description: A patient guide to the stars for children.
instructions: |
  Explain with small words.  # not a comment, a text
  End every answer with a question.

conversation_starters:   # four at most
  - What is a comet?
  # the shy ones like this
  - Where is the moon?
tests:
  - {name: asks back, message: What is a comet?, expect: {contains: ["?"]}}
"""
FIELD = "field-night-sky-0-"


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library with one assistant of the person's own; returns the folder of its specs."""
    return make_library(tmp_path, monkeypatch)


def test_a_broken_file_can_be_repaired(library: Path) -> None:
    file = library / "night-sky.assistant.yaml"
    file.write_text(NIGHT_SKY.replace("instructions:", "instructons:"))
    at = open_page()
    assert "The file has a problem and cannot be opened." in words(at)
    at.button(key="edit-night-sky").click().run()
    assert "line 4, column 1" in words(at)
    assert at.button(key="save").disabled
    at.text_area(key="yaml-night-sky").set_value(NIGHT_SKY).run()
    assert "The spec is valid." in words(at)
    at.button(key="save").click().run()
    assert file.read_text() == NIGHT_SKY


def test_errors_stand_at_their_lines_and_nothing_is_saved(library: Path) -> None:
    at = open_page(page="edit", assistant="night-sky", tab="YAML")
    at.text_area(key="yaml-night-sky").set_value(NIGHT_SKY + "limits: {max_iterations: 99}\n").run()
    assert "line 7, column 26" in words(at)
    assert any("▸    7  limits: {max_iterations: 99}" in code.value for code in at.code)
    assert at.button(key="save").disabled


def test_saving_never_overwrites_a_change_made_elsewhere(library: Path) -> None:
    file = library / "night-sky.assistant.yaml"
    at = open_page(page="edit", assistant="night-sky", tab="YAML")
    at.text_area(key="yaml-night-sky").set_value(NIGHT_SKY.replace("comet", "star")).run()
    theirs = NIGHT_SKY.replace("comet", "moon")
    file.write_text(theirs)
    at.button(key="save").click().run()
    assert "night-sky.assistant.yaml was changed outside this page since you opened it" in words(at)
    assert file.read_text() == theirs
    assert "star" in str(at.text_area(key="yaml-night-sky").value)
    at.button(key="take").click().run()
    assert at.text_area(key="yaml-night-sky").value == theirs


def test_shipped_assistants_are_read_only_and_can_be_copied(library: Path) -> None:
    at = open_page(page="edit", assistant="support-desk")
    assert not at.text_area
    at.button(key="copy").click().run()
    copy = library / "my-support-desk.assistant.yaml"
    assert "./my-support-desk.files/" in copy.read_text()
    assert at.title[0].value == "Support desk"
    assert {tab.label for tab in at.tabs} >= {"Create", "Configure", "YAML", "Tests", "Versions"}


# -- the form --------------------------------------------------------------------------------------------------------


@pytest.fixture
def spec(library: Path) -> Path:
    """A file with a comment in every place where one is easily lost."""
    file = library / "night-sky.assistant.yaml"
    file.write_text(COMMENTED)
    return file


def form(**where: str) -> AppTest:
    """Open the form."""
    return open_page(page="edit", assistant="night-sky", **{"tab": "Configure", **where})


def save(at: AppTest) -> AppTest:
    """Look at the changes and save them."""
    at.button(key="review-form").click().run()
    return at.button(key="save-review").click().run()


def test_the_form_changes_only_what_was_changed(spec: Path) -> None:
    at = form()
    assert at.button(key="review-form").disabled
    at.text_input(key=f"{FIELD}name").set_value("Starry night").run()
    at.number_input(key=f"{FIELD}limits-max_iterations").set_value(5).run()
    assert spec.read_text() == COMMENTED
    assert "2 changes not saved" in words(at)
    at.button(key="review-form").click().run()
    said = words(at)
    assert "Name: “Night sky” becomes “Starry night”" in said
    assert any("-name: Night sky  # the working title" in code.value for code in at.code)
    at.button(key="save-review").click().run()
    words(at)
    changed = COMMENTED.replace("name: Night sky", "name: Starry night")
    assert spec.read_text() == changed + "limits:\n  max_iterations: 5\n"
    assert "Everything is saved" in words(at)


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("welcome_message", "Hello!", "welcome_message: Hello!"),
        ("model", "ollama:qwen3:8b", "model: ollama:qwen3:8b"),
        ("disclaimer", "For play.", "disclaimer: For play."),
        ("x-builder-locked", "instructions", "x-builder:\n  locked: [instructions]"),
    ],
)
def test_a_field_that_was_empty_is_written(spec: Path, key: str, value: str, line: str) -> None:
    at = form()
    widgets = {w.key: w for w in [*at.text_input, *at.text_area]}
    widgets[FIELD + key].set_value(value).run()
    save(at)
    words(at)
    assert line in spec.read_text()
    assert spec.read_text().startswith(COMMENTED)


def test_items_are_added_and_removed(spec: Path) -> None:
    at = form()
    at.button(key="bare-0-conversation_starters-0").click().run()
    at.button(key="add-starter").click().run()
    at.text_input(key="field-night-sky-1-conversation_starters-1").set_value("Who named Orion?").run()
    at.button(key="tool-image_generation").click().run()
    save(at)
    words(at)
    assert (
        spec.read_text()
        == COMMENTED.replace(
            "  - What is a comet?\n  # the shy ones like this\n  - Where is the moon?\n",
            "  # the shy ones like this\n  - Where is the moon?\n  - Who named Orion?\n",
        )
        + "tools:\n  - type: image_generation\n"
    )


def test_what_is_wrong_is_said_and_not_saved(spec: Path) -> None:
    at = form()
    at.text_input(key=f"{FIELD}name").set_value("").run()
    assert at.warning
    at.button(key="review-form").click().run()
    assert at.button(key="save-review").disabled
    assert spec.read_text() == COMMENTED


def test_what_was_not_saved_is_offered_after_a_crash(spec: Path) -> None:
    at = form()
    at.text_input(key=f"{FIELD}name").set_value("Starry night").run()
    again = form()
    assert again.text_input(key=f"{FIELD}name").value == "Night sky"
    assert "were not saved" in words(again)
    again.button(key="resume-form").click().run()
    assert "1 change not saved" in words(again)
    save(again)
    assert "name: Starry night  # the working title" in spec.read_text()
    assert "were not saved" not in words(form())


def test_a_text_that_was_not_saved_is_offered_after_a_crash(spec: Path) -> None:
    at = form(tab="YAML")
    at.text_area(key="yaml-night-sky").set_value(COMMENTED.replace("comet", "star")).run()
    spec.write_text(COMMENTED.replace("moon", "sun"))
    again = form(tab="YAML")
    assert "The file has changed since." in words(again)
    again.button(key="resume-yaml").click().run()
    assert "What is a star?" in str(again.text_area(key="yaml-night-sky").value)


def test_two_windows_on_one_assistant_are_told(spec: Path) -> None:
    one, two = form(), form()
    one.text_input(key=f"{FIELD}name").set_value("One").run()
    two.text_area(key=f"{FIELD}description").set_value("Two.").run()
    save(two)
    one.run()
    assert "changed in another window" in words(one)
    one.button(key="merge-form").click().run()
    assert "changed in another window" not in words(one)
    save(one)
    text = spec.read_text()
    assert "name: One  # the working title" in text
    assert "description: Two." in text


def test_changes_of_one_list_are_not_mixed(spec: Path) -> None:
    one, two = form(), form()
    one.text_input(key=f"{FIELD}conversation_starters-1").set_value("Where is the sun?").run()
    two.button(key="bare-0-conversation_starters-0").click().run()
    save(two)
    one.run()
    assert "merge-form" not in {button.key for button in one.button}
    assert "they cannot be put on top of it" in words(one)


def test_the_other_version_can_be_taken(spec: Path) -> None:
    one, two = form(), form()
    one.text_input(key=f"{FIELD}name").set_value("One").run()
    two.text_input(key=f"{FIELD}name").set_value("Two").run()
    save(two)
    one.run()
    one.button(key="take-form").click().run()
    assert one.text_input(key="field-night-sky-1-name").value == "Two"
    assert "Everything is saved" in words(one)


# -- tests and versions ----------------------------------------------------------------------------------------------


def test_tests_are_added_and_run(spec: Path) -> None:
    at = form(tab="Tests")
    assert "1 test, not run on the file as it is" in words(at)
    at.text_area(key="test-message").set_value("Where is the moon?")
    at.text_area(key="test-contains").set_value("purple elephants")
    at.button(key="FormSubmitter:test-form-night-sky-Add the test").click().run()
    assert "purple elephants" in spec.read_text()
    at.button(key="run-tests").click().run()
    said = words(at)
    assert ":red-badge[fails] **Where is the moon?**" in said
    at.button(key="bare-test-1").click().run()
    assert spec.read_text() == COMMENTED


def test_versions_are_listed_compared_undone_and_restored(spec: Path) -> None:
    assert "There are no versions yet" in "".join(str(i.value) for i in form(tab="Versions").info)
    at = form()
    at.text_input(key=f"{FIELD}name").set_value("Second").run()
    save(at)
    at = form()
    at.text_input(key=f"{FIELD}name").set_value("Third").run()
    save(at)
    at = form(tab="Versions")
    said = words(at)
    assert "Name: “Second” becomes “Third”" in said
    assert "3 versions" in said
    assert any("+name: Third" in code.value for code in at.code)
    at.text_input(key="version-name-night-sky-2").set_value("the good one")
    at.button(key="name-2").click().run()
    assert ":blue-badge[the good one]" in words(at)
    at.button(key="undo").click().run()
    assert "name: Second" in spec.read_text()
    at.button(key="restore-1").click().run()
    assert spec.read_text() == COMMENTED
    assert "5 versions" in words(at)


# -- what is asked first ---------------------------------------------------------------------------------------------


def test_code_runs_only_after_the_person_trusts_it(library: Path) -> None:
    (library / "tools.py").write_text("def price(tile: str) -> str:\n    return '4 euros'\n")
    spec = library / "night-sky.assistant.yaml"
    spec.write_text(NIGHT_SKY + "tools:\n  - {type: python, ref: 'tools.py:price'}\n")
    at = open_page(page="chat", assistant="night-sky")
    assert "Do you trust this assistant?" in words(at)
    assert "tools.py:price" in [code.value for code in at.code]
    assert not at.chat_input
    at.button(key="trust-it").click().run()
    assert at.chat_input
    (library / "tools.py").write_text("def price(tile: str) -> str:\n    return '5 euros'\n")
    assert "Do you trust this assistant?" in words(open_page(page="chat", assistant="night-sky"))


def test_a_fallback_may_answer_only_when_the_person_allows_it(
    library: Path, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    monkeypatch.setenv("LOOPBACK_KEY", loopback.api_key)
    model = (
        f"model:\n  provider: openai\n  name: scripted\n  base_url: '{loopback.base_url}'\n"
        "  api_key: '${env:LOOPBACK_KEY}'\n  fallback: ['openai:gpt-4o-mini']\n"
    )
    (library / "night-sky.assistant.yaml").write_text(NIGHT_SKY + model)
    loopback.always = status(401)
    at = open_page(page="chat", assistant="night-sky")
    assert "this would be sent to **api.openai.com**" in words(at)
    at.button(key="leave-no").click().run()
    assert "nothing is sent anywhere else" in words(at)
