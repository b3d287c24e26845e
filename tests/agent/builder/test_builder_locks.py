"""Locks and the history, said in words: understood without a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from gptsmith import Builder
from gptsmith.agent.builder.changes.guards import asked_locks
from gptsmith.agent.builder.changes.subject import read_subject
from gptsmith.agent.builder.session.proposing import asks_what_changed
from gptsmith.assistants.format.loader import load_file
from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.models.chat.factory import make_chat_model
from tests.support.loopback import Loopback

SPEC = """schema: assistant/v1
name: Bike Desk
description: Answers questions about bikes.
instructions: |
  You are Bike Desk. Be brief.
tests:
  - {name: says its name, message: "Are you Bike Desk?", expect: {contains: [bike desk], matches: "I am Bike Desk"}}
  - {name: is brief, message: Hello, expect: {not_contains: [Bike Desks]}}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "bike-desk.assistant.yaml"
    path.write_text(SPEC, "utf-8")
    return path


@pytest.fixture
def builder(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> Builder:
    monkeypatch.setenv("KEY", loopback.api_key)
    model = ModelSpec(provider="openai", name="scripted", base_url=loopback.base_url, api_key="${env:KEY}")
    return Builder(make_chat_model(model))


@pytest.mark.parametrize(
    ("said", "locked"),
    [
        ("Lock the instructions so nobody changes them", ["instructions"]),
        ("lock the name and the welcome message", ["name", "welcome_message"]),
        ("Please protect the rules.", ["instructions"]),
        ("Can you lock the starters, please?", ["conversation_starters"]),
        ("Lock down the instructions, the model and the tools.", ["instructions", "model", "tools"]),
        ("Freeze the description from changes", ["description"]),
    ],
)
def test_parts_are_locked_and_unlocked_in_words(spec: Path, builder: Builder, said: str, locked: list[str]) -> None:
    session = builder.session(spec)
    message = session.say(said)
    assert (message.kind, len(message.words)) == ("proposal", len(locked)), message
    assert all(line.startswith("Locks the ") for line in message.words)
    assert session.accept().kind == "applied"
    assert load_file(spec).spec.x_builder.locked == locked
    assert session.say(said).text.startswith("This is so already")
    assert session.say("Unlock " + said.split(" ", 1)[1] if said.startswith("lock ") else "unlock everything").words
    session.accept()
    assert load_file(spec).spec.x_builder.locked == []


@pytest.mark.parametrize(
    "said",
    [
        "Lock the door when a customer asks how",
        "Always tell people to lock their bike",
        "Add a rule: lock the bike",
        "lock the shed and the name",
        "It should unlock the bike",
        "Protect the privacy of customers",
    ],
)
def test_what_speaks_of_other_locks_is_no_command(spec: Path, said: str) -> None:
    assert asked_locks(said, read_subject(spec)) is None


@pytest.mark.parametrize(
    ("said", "asks"),
    [
        ("What did you change so far?", True),
        ("what have you changed", True),
        ("What has changed so far?", True),
        ("Show me the changes so far", True),
        ("list all changes you made", True),
        ("What was changed?", True),
        ("What did we do so far?", True),
        ("What should change?", False),
        ("Change what it says about prices", False),
        ("What do you change when I say yes?", False),
        ("Make the changes", False),
    ],
)
def test_the_question_what_was_changed(said: str, asks: bool) -> None:
    assert asks_what_changed(said) is asks


def test_what_was_changed_is_told_from_the_history(spec: Path, builder: Builder, loopback: Loopback) -> None:
    session = builder.session(spec)
    assert session.say("What did you change so far?").text == "Nothing was changed so far."
    session.say("Lock the name")
    session.accept()
    session.say("Lock the tools")
    told = session.say("What did you change so far?").text.splitlines()
    assert told[1].endswith("Lock the name") and told[2].startswith("Still waiting for your decision: Locks the tools")
    session.refuse()
    session.undo()
    assert "undone: Lock the name" in session.say("what did you change so far?").text
    assert session.pending is None and not loopback.history
