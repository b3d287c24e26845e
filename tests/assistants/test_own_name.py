"""A new name of an assistant: whatever in the spec says the old one says the new one, whichever model proposes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gptsmith import Builder
from gptsmith.assistants.editing.operations import value_at
from gptsmith.assistants.files.spec_files import mentions, with_name
from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.models.chat.factory import make_chat_model
from tests.support.loopback import Answer, Loopback, calls

SPEC = """\
schema: assistant/v1
name: Captain Bubbles
description: Captain Bubbles teaches children to swim.
instructions: |
  You are Captain Bubbles, a patient swimming teacher.
  - Never let anybody call Captain Bubbles a doctor.
  - Cite Captain-Bubbles.md and www.captain.example/Captain Bubbles/.
welcome_message: Ahoy, I'm Captain Bubbles!
conversation_starters:
  - Captain Bubbles, how do I float?
  - {title: Who is Captain Bubbles?, text: Who are you?}
model: openai:scripted
tests:
  - {name: is Captain Bubbles, message: "Who are you, Captain Bubbles?", expect: {contains: [captain bubbles]}}
  - {name: floats, message: How do I float?, expect: {contains: [breathe]}}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "swim.assistant.yaml"
    path.write_text(SPEC, "utf-8")
    return path


@pytest.fixture
def hosted(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> Builder:
    monkeypatch.setenv("KEY", loopback.api_key)
    model = ModelSpec(provider="openai", name="scripted", base_url=loopback.base_url, api_key="${env:KEY}")
    return Builder(make_chat_model(model))


def change(op: str, path: str, **given: Any) -> dict[str, Any]:
    return {"op": op, "path": path, "words": "It changes.", **given}


def answer(*changes: dict[str, Any], **rest: Any) -> Answer:
    return calls(ChangeSet={"changes": list(changes), **rest})


RENAME = change("set", "name", value="Fin")


@pytest.mark.parametrize(
    "data, name, places",
    [
        ({"instructions": "You are Mira. Mira's tone is dry."}, "Mira", [("instructions",)]),
        ({"instructions": "Miranda is a friend; see Mira.md, mail mira@x.org, {{Mira}}, #/Mira"}, "Mira", []),
        ({"welcome_message": "I'm Tea.", "instructions": "Tea is best. Talk of tea only."}, "Tea", ["welcome_message"]),
        ({"welcome_message": "Hello from Tea Desk", "instructions": "a tea desk"}, "Tea Desk", ["welcome_message"]),
        ({"welcome_message": "Ich heiße Nora", "disclaimer": "nora ist ein Name"}, "Nora", ["welcome_message"]),
        ({"tests": [{"expect": {"not_contains": ["MIRA"], "matches": "^Mira"}}]}, "Mira", ["not_contains", "matches"]),
        ({"tests": "no list", "conversation_starters": [3, {"title": None}]}, "Mira", []),
        ({"instructions": "You are C++ (beta), or C++."}, "C++", ["instructions"]),
        ({"instructions": "Anything"}, "", []),
    ],
)
def test_where_a_name_is_said(data: dict[str, Any], name: str, places: list[Any]) -> None:
    found = [path for path, _ in mentions(data, name)]
    assert len(found) == len(places)
    for path, place in zip(found, places, strict=True):
        assert place in (path, *path)
    for path, spans in mentions(data, name):
        assert name.casefold() not in with_name(str(value_at(data, path)), spans, "\0").casefold().replace(
            "miranda", ""
        )


def check(text: str) -> None:
    """Whatever said the old name says the new one, and what only looks like it stays."""
    assert (
        text.replace("Captain-Bubbles.md", "").replace("www.captain.example/Captain Bubbles/", "").count("Bubbles") == 0
    )
    assert "Captain-Bubbles.md and www.captain.example/Captain Bubbles/" in text
    assert text.count("Fin") == 10
    assert "contains: [Fin]" in text and "contains: [breathe]" in text


def test_a_hosted_model_that_changes_only_the_name(spec: Path, hosted: Builder, loopback: Loopback) -> None:
    loopback.push(answer(RENAME))
    done = hosted.edit(spec, "call it Fin")
    assert done.words[0] == 'Changes the name from "Captain Bubbles" to "Fin".'
    assert "The instructions say “Fin” instead of “Captain Bubbles” in 2 places." in done.words
    assert done.rules_at_risk == []  # a rule that says the name is the same rule
    assert len(loopback.history) == 1
    done.apply()
    check(spec.read_text("utf-8"))
    done.undo()
    assert spec.read_text("utf-8") == SPEC


def test_the_embedded_model(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPTSMITH_MIND", "off")
    spec.write_text(SPEC.replace("model: openai:scripted\n", ""), "utf-8")
    done = Builder("embedded").edit(spec, "call it Fin")
    done.apply()
    check(spec.read_text("utf-8"))


@pytest.mark.parametrize(
    "others, held, words",
    [
        ([change("set", "welcome_message", value="Hello!")], "welcome_message: Hello!", 9),
        ([change("remove", "tests[0]")], "name: floats", 7),
        (
            [change("replace_text", "instructions", old="a patient swimming teacher", new="a strict one")],
            "You are Fin, a strict one.",
            11,
        ),
        (
            [change("replace_text", "instructions", old="You are Captain Bubbles, a", new="You are a")],
            "You are a patient",
            10,
        ),
    ],
)
def test_what_the_model_changes_itself_is_left_to_it(
    others: list[dict[str, Any]], held: str, words: int, spec: Path, hosted: Builder, loopback: Loopback
) -> None:
    loopback.push(answer(RENAME, *others))
    done = hosted.edit(spec, "call it Fin, and one thing more")
    assert len(done.words) == words, done.words
    done.apply()
    assert held in spec.read_text("utf-8")


def test_what_is_locked_is_only_suggested(spec: Path, hosted: Builder, loopback: Loopback) -> None:
    spec.write_text(SPEC + "x-builder: {locked: [welcome_message]}\n", "utf-8")
    loopback.push(answer(RENAME))
    done = hosted.edit(spec, "call it Fin")
    assert [held.path for held in done.locked] == ["welcome_message"]
    done.apply()
    assert "Ahoy, I'm Captain Bubbles!" in spec.read_text("utf-8")


@pytest.mark.parametrize(
    "then, name, text",
    [
        (answer(change("set", "name", value="Gill")), "Gill", "Ahoy, I'm Gill!"),
        (answer(withdraw=[1]), "Captain Bubbles", "Ahoy, I'm Captain Bubbles!"),
        (answer(change("set", "welcome_message", value="Hi.")), "Fin", "welcome_message: Hi."),
    ],
)
def test_what_follows_a_name_goes_with_it(
    then: Answer, name: str, text: str, spec: Path, hosted: Builder, loopback: Loopback
) -> None:
    loopback.push(answer(RENAME, change("set", "disclaimer", value="No lifeguard.")), then)
    session = hosted.session(spec)
    session.say("call it Fin, with a disclaimer that it is no lifeguard")
    told = session.say("hm, let us change that")
    assert not told.question
    session.accept()
    assert text in session.yaml and f"name: {name}" in session.yaml
    assert f"You are {name}," in session.yaml and "No lifeguard." in session.yaml


def test_a_welcome_that_waits_is_not_asked_about(spec: Path, hosted: Builder, loopback: Loopback) -> None:
    loopback.push(answer(change("set", "welcome_message", value="Hi, swimmer!")), answer(RENAME))
    session = hosted.session(spec)
    session.say("say hi to swimmers")
    told = session.say("and call it Fin")
    assert not told.question and told.text == "This comes to the change that waits."
    session.accept()
    assert "welcome_message: Hi, swimmer!" in session.yaml and "You are Fin," in session.yaml


def test_a_name_that_is_refused_leaves_its_tests_alone(spec: Path, hosted: Builder, loopback: Loopback) -> None:
    loopback.push(answer(RENAME, change("set", "disclaimer", value="No lifeguard.")))
    session = hosted.session(spec)
    session.say("call it Fin, with a disclaimer")
    assert session.say("all but the first").words == ['Sets the disclaimer to "No lifeguard."']
    assert session.yaml.replace("disclaimer: No lifeguard.\n", "") == SPEC


TOOLS = """\
tools:
  - {type: image_generation, name: draw_fish}
"""


def test_a_tool_under_another_name_is_expected_under_it(spec: Path, hosted: Builder, loopback: Loopback) -> None:
    text = SPEC.replace("tests:", f"{TOOLS}tests:").replace("contains: [breathe]", "calls: [draw_fish]")
    spec.write_text(text, "utf-8")
    loopback.push(answer(change("set", "tools[0].name", value="paint_fish")))
    hosted.edit(spec, "rename the drawing tool to paint_fish").apply()
    assert spec.read_text("utf-8") == text.replace("draw_fish", "paint_fish")
