"""A new name and what follows from it: accepted together, and made for the file as it is by then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gptsmith import Assistant, Builder
from gptsmith.agent.builder.session.session import BuilderSession
from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.models.chat.factory import make_chat_model
from tests.support.loopback import Loopback, calls

SPEC = """\
schema: assistant/v1
name: Pip
description: Pip answers at the boat hire.
instructions: |
  You are Pip, who hires out boats.
welcome_message: "Ahoy, Pip here."
disclaimer: Pip can be wrong.
tests:
  - name: says its name
    message: Who are you?
    expect: {contains: [Pip]}
"""
RENAME = {"op": "set", "path": "name", "value": "Nell", "words": "New name."}
BRIEF = {"op": "add", "path": "instructions", "value": "Be brief.", "words": "A rule."}


@pytest.fixture
def builder(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> Builder:
    monkeypatch.setenv("KEY", loopback.api_key)
    model = ModelSpec(provider="openai", name="scripted", base_url=loopback.base_url, api_key="${env:KEY}")
    return Builder(make_chat_model(model))


@pytest.fixture
def session(builder: Builder, loopback: Loopback, tmp_path: Path) -> BuilderSession:
    path = tmp_path / "boats.assistant.yaml"
    path.write_text(SPEC, encoding="utf-8")
    session = builder.session(path)
    loopback.push(calls(ChangeSet={"changes": [RENAME, BRIEF]}))
    session.say("call it Nell, and be brief")
    pending: Any = session.pending
    assert [op.path for op in pending.operations] == [
        "name", "description", "instructions", "welcome_message", "disclaimer", "tests[0].expect.contains[0]",
        "instructions",
    ]  # fmt: skip
    return session


def everywhere(text: str = SPEC) -> str:
    return text.replace("Pip", "Nell")


def but(place: str) -> str:
    """Return the file with the new name everywhere but at one place."""
    return everywhere().replace(place.replace("Pip", "Nell"), place)


NAME_AND_TEST = SPEC.replace("name: Pip", "name: Nell").replace("[Pip]", "[Nell]")
WITH_BRIEF = everywhere().replace("boats.\nwelcome", "boats.\n  Be brief.\nwelcome")


@pytest.mark.parametrize(
    ("said", "after"),
    [
        ("only the name", everywhere()),
        ("just the name, please", everywhere()),
        ("nur den Namen", everywhere()),
        ("only 1", NAME_AND_TEST),
        ("1 and 4", NAME_AND_TEST.replace("Ahoy, Pip", "Ahoy, Nell")),
        ("all but the disclaimer", WITH_BRIEF.replace("Nell can be wrong", "Pip can be wrong")),
        ("all but the name", SPEC.replace("boats.\nwelcome", "boats.\n  Be brief.\nwelcome")),
    ],
)  # fmt: skip
def test_what_follows_from_the_name_is_accepted_with_it(session: BuilderSession, said: str, after: str) -> None:
    assert session.say(said).kind == "applied"
    assert session.yaml == after


@pytest.mark.parametrize(
    ("given", "after"),
    [
        ({"only": [0]}, everywhere()),
        ({"only": [0, 6]}, WITH_BRIEF),
        ({"only": [0, 3]}, NAME_AND_TEST.replace("Ahoy, Pip", "Ahoy, Nell")),
        ({"only": [0], "exactly": True}, SPEC.replace("name: Pip", "name: Nell")),
    ],
)  # fmt: skip
def test_by_number_too_unless_each_was_asked_about(session: BuilderSession, given: Any, after: str) -> None:
    assert session.accept(**given).kind == "applied"
    assert session.yaml == after


ONE_MORE = "tests:\n  - {name: knows boats, message: What?, expect: {contains: [boat]}}\n"


@pytest.mark.parametrize(
    ("old", "new", "after"),
    [
        ("Ahoy, Pip here.", "Hello there.", but("Ahoy, Pip here.").replace("Ahoy, Pip here.", "Hello there.")),
        ("Ahoy, Pip here.", "Hello from Pip!", everywhere().replace("Ahoy, Nell here.", "Hello from Nell!")),
        ("[Pip]", "[boat]", everywhere().replace("[Nell]", "[boat]")),
        ("disclaimer: Pip can be wrong.\n", "", everywhere().replace("disclaimer: Nell can be wrong.\n", "")),
        ("tests:\n", ONE_MORE, everywhere().replace("tests:\n", ONE_MORE)),
    ],
    ids=["without the name", "with the name elsewhere", "expects something else", "gone", "one test further down"],
)  # fmt: skip
def test_a_text_edited_meanwhile_keeps_its_edit_and_the_rest_is_done(
    session: BuilderSession, old: str, new: str, after: str
) -> None:
    path: Any = session.path
    path.write_text(SPEC.replace(old, new), encoding="utf-8")
    done = session.accept(only=[0])
    assert (done.kind, path.read_text("utf-8")) == ("applied", after)
    left_alone = "Nell" not in after.replace("name: Nell", "")[after.find(new) :][: len(new)] and "Pip" not in new
    assert ("Changed meanwhile" in done.text) == (left_alone and "knows boats" not in new)
    assert Assistant.from_file(path).spec.name == "Nell"


def test_another_name_meanwhile_is_still_refused(session: BuilderSession) -> None:
    path: Any = session.path
    path.write_text(SPEC.replace("name: Pip", "name: Tom"), encoding="utf-8")
    done = session.accept(only=[0])
    assert done.kind == "error" and "name has another value now" in done.text
    assert "Nell" not in path.read_text("utf-8")
