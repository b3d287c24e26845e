"""A model's answer with slips: mended without a second request, left out and said, or shown to the model again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gptsmith import Builder
from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.errors import ProviderError
from gptsmith.models.chat.factory import make_chat_model
from tests.support.loopback import Loopback, calls

GOOD: dict[str, Any] = {
    "name": "Tea Adviser",
    "description": "Recommends a tea for the moment.",
    "role": "You recommend teas.",
    "guidelines": ["Name one tea and how long it steeps."],
    "conversation_starters": ["I slept badly. Which tea now?"],
}
SPEC = """\
schema: assistant/v1
name: Bike Desk
description: Rents out cargo bikes.
instructions: |
  You are the desk of a rental.

  ## How you speak
  - Warm and chatty.
    In English.
model: {provider: ollama, name: "qwen3:8b", temperature: 0.5}
conversation_starters:
  - What does a weekend cost?
tests:
  - {name: says its name, message: Who is this?, expect: {contains: [Bike Desk]}}
"""


@pytest.fixture
def builder(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> Builder:
    monkeypatch.setenv("KEY", loopback.api_key)
    model = ModelSpec(provider="openai", name="scripted", base_url=loopback.base_url, api_key="${env:KEY}")
    return Builder(make_chat_model(model))


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "bike-desk.assistant.yaml"
    path.write_text(SPEC, "utf-8")
    return path


def change(op: str, path: str, **given: Any) -> dict[str, Any]:
    return {"op": op, "path": path, "words": "It changes.", **given}


TEST = {"name": "says its name", "tests": "name", "message": "Who is this?", "contains": ["Tea Adviser"]}


@pytest.mark.parametrize(
    "given, holds",
    [
        ({"draft": GOOD}, {}),
        ({"Draft": GOOD}, {}),
        (GOOD | {"greeting": "Welcome!"}, {"welcome_message": "Welcome!"}),
        (GOOD | {"conversation_starters": [{"title": "Tired", "text": "I am tired. Tea?"}]},
         {"conversation_starters": ["I am tired. Tea?"]}),
        (GOOD | {"emphasis": "Name the price."}, {"emphasis": ["Name the price."]}),
        (GOOD | {"temperature": "0.3"}, {"temperature": 0.3}),
        (GOOD | {"tone": ["Warm.", "Brief."]}, {"tone": "Warm.\nBrief."}),
        (GOOD | {"tests": [TEST | {"tests": "Identity"}]}, {}),
    ],
)  # fmt: skip
def test_a_slip_that_loses_nothing_is_mended_at_once(
    given: dict[str, Any], holds: dict[str, Any], builder: Builder, loopback: Loopback
) -> None:
    loopback.push(calls(Draft=given))
    built = builder.build("Something that recommends teas")
    assert built.draft.name == "Tea Adviser" and len(loopback.history) == 1
    assert {key: getattr(built.draft, key) for key in holds} == holds
    assert [d.message for d in built.diagnostics if d.code == "left_out"] == []


@pytest.mark.parametrize(
    "given, said",
    [
        ({"mood": "sunny"}, 'Left out: mood ("sunny"), for which there is no place.'),
        ({"temperature": 9}, 'Left out: temperature ("9"), which cannot be so.'),
        (
            {"tests": [TEST, TEST | {"name": "odd", "tests": "vibes"}]},
            'Left out of tests: "odd, vibes, Who is this?, Tea Adviser", which could not be read.',
        ),
    ],
)
def test_what_has_no_place_is_left_out_and_said(
    given: dict[str, Any], said: str, builder: Builder, loopback: Loopback
) -> None:
    loopback.push(calls(Draft=GOOD | given))
    built = builder.build("Something that recommends teas")
    assert built.draft.name == "Tea Adviser" and len(loopback.history) == 1
    assert [d.message for d in built.diagnostics if d.code == "left_out"] == [said]


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{json.dumps(GOOD)}\n```",
        f"Here is the design you asked for:\n\n{json.dumps(GOOD)}\n\nTell me what you think!",
        f"```\n{json.dumps({'name': 'Draft', 'arguments': GOOD})}\n```",
    ],
)
def test_json_in_prose_is_read_where_it_validates(text: str, builder: Builder, loopback: Loopback) -> None:
    loopback.push(text)
    assert builder.build("Something that recommends teas").draft.name == "Tea Adviser"
    assert len(loopback.history) == 1


def test_a_repair_shows_the_model_what_it_gave(builder: Builder, loopback: Loopback) -> None:
    loopback.push("I would call it Tea Adviser, and it names one tea.", calls(Draft=GOOD))
    builder.build("Something that recommends teas")
    assert "I would call it Tea Adviser, and it names one tea." in loopback.history[1]["messages"][1]["content"]


VERSION = change("set", "version", value="2")
WORDS = 'Sets the version to "2".'


@pytest.mark.parametrize(
    "given, words",
    [
        ([VERSION, change("set", "/model/temperature", value="0.1")], "Changes model.temperature from 0.5 to 0.1."),
        ([VERSION, change("set", "$.tests.0.name", value="its name")], "Changes the name of the test"),
        ([VERSION, change("replace", "instructions", old="Warm and chatty.", new="Warm.")], "In the instructions"),
        ([VERSION, change("replace_text", "instructions", old="    In English.", new="In German.")], "In the instr"),
        ([VERSION, change("replace_text", "instructions", old="Warm and chatty. In English.", new="Dry.")], "In the"),
        ([VERSION, change("append", "conversation_starters", value="And for a week?")], "Adds the starter"),
        ([VERSION, change("delete", "conversation_starters[0]")], "Removes the starter"),
        ({"op": "set", "path": "version", "value": "2"}, ""),
        (
            [VERSION, {"op": "set", "path": "description", "value": "Rents bikes.", "reason": "shorter"}],
            "Changes the d",
        ),
    ],
)
def test_a_step_with_a_slip_is_made_at_once(
    given: Any, words: str, spec: Path, builder: Builder, loopback: Loopback
) -> None:
    loopback.push(calls(ChangeSet={"changes": given}))
    done = builder.edit(spec, "call it version 2 and take the other out or make it so")
    assert done.words[0] == WORDS and len(loopback.history) == 1 and done.unmet == []
    assert all(line.startswith(words) for line in done.words[1:])


def test_one_step_that_cannot_be_read_does_not_cost_the_other(spec: Path, builder: Builder, loopback: Loopback) -> None:
    loopback.push(calls(ChangeSet={"changes": [VERSION, {"op": "explode", "path": "name"}]}))
    done = builder.edit(spec, "call it version 2")
    assert done.words == [WORDS] and len(loopback.history) == 1
    assert done.unmet == ['Left out of changes: "explode, name", which could not be read.']


def test_nobody_reads_the_names_of_keys(spec: Path, builder: Builder, loopback: Loopback) -> None:
    loopback.always = calls(ChangeSet={"changes": [VERSION, change("set", "language", value="de")]})
    done = builder.edit(spec, "call it version 2, in German")
    assert done.words == [WORDS]
    assert done.unmet == ['An assistant has no setting "language".']


@pytest.mark.parametrize("fenced", [True, False])
def test_a_change_in_prose_is_read_too(fenced: bool, spec: Path, builder: Builder, loopback: Loopback) -> None:
    text = json.dumps({"changes": [VERSION]})
    loopback.push(f"Sure!\n```json\n{text}\n```" if fenced else f"Sure, here it is: {text}")
    assert builder.edit(spec, "call it version 2").words == [WORDS] and len(loopback.history) == 1


def test_the_person_reads_what_the_model_said(spec: Path, builder: Builder, loopback: Loopback) -> None:
    loopback.push("I cannot rename things.", "I am sorry, I cannot rename things.")
    with pytest.raises(ProviderError, match="I am sorry, I cannot rename things"):
        builder.edit(spec, "call it version 2")
    loopback.push("It speaks English.", "It speaks English.")
    assert builder.edit(spec, "which language does it speak?").reply == "It speaks English."
