"""`edit`: what it shows, asks, writes and refuses, with a hosted model on loopback."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from gptsmith import Builder
from gptsmith.assistants.files.library import shipped_names
from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.models.chat.factory import make_chat_model
from gptsmith.ui.cli import run
from tests.support.loopback import Answer, Loopback, calls

Out = pytest.CaptureFixture[str]
SPEC = """\
schema: assistant/v1
name: Desk   # on the door
description: Rents bikes.
instructions: |
  You rent bikes. Answer in English.
  Never promise a bike.
x-builder: {locked: [description]}
"""
RENAME = {"op": "set", "path": "name", "value": "Lasse", "words": "It changes."}
GERMAN = {"op": "replace_text", "path": "instructions", "old": "English", "new": "German", "words": "It changes."}
DROP = {"op": "replace_text", "path": "instructions", "old": "Never promise a bike.\n", "new": "", "words": "It goes."}
LOCKED = {"op": "set", "path": "description", "value": "Rents.", "words": "It changes."}
SHOWN = """\
1. Changes the name from "Desk" to "Lasse".
2. In the instructions, "English" becomes "German".
--- desk.assistant.yaml (before)
+++ desk.assistant.yaml (after)
@@ -1,7 +1,7 @@
 schema: assistant/v1
-name: Desk   # on the door
+name: Lasse   # on the door
 description: Rents bikes.
 instructions: |
-  You rent bikes. Answer in English.
+  You rent bikes. Answer in German.
   Never promise a bike.
 x-builder: {locked: [description]}
"""


class Keyboard(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loopback: Loopback) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KEY", loopback.api_key)
    model = ModelSpec(provider="openai", name="scripted", base_url=loopback.base_url, api_key="${env:KEY}")
    monkeypatch.setattr(Builder, "chat_model", lambda _: make_chat_model(model))
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    path = tmp_path / "desk.assistant.yaml"
    path.write_text(SPEC, "utf-8")
    return path


def proposes(*changes: dict[str, Any], **rest: Any) -> Answer:
    return calls(ChangeSet={"changes": list(changes), **rest})


def edit(*arguments: str) -> int:
    return run(["edit", "desk.assistant.yaml", "call it Lasse, in German", *arguments])


def edited(*numbers: int) -> str:
    text = SPEC
    for old, new in [[("Desk", "Lasse"), ("English", "German")][n] for n in numbers]:
        text = text.replace(old, new)
    return text


def test_without_a_terminal_it_shows_the_diff_and_writes_nothing(spec: Path, loopback: Loopback, capsys: Out) -> None:
    loopback.push(proposes(RENAME, GERMAN))
    assert edit() == 2
    said = capsys.readouterr()
    assert said.out == SHOWN
    assert said.err == "gptsmith: nothing is written without a terminal to ask in; add --yes to agree beforehand\n"
    assert spec.read_text("utf-8") == SPEC


@pytest.mark.parametrize(
    "typed, numbers",
    [("a\n", [0, 1]), ("y\n", [0, 1]), ("n\n", []), ("\n", []), ("o\ny\nn\n", [0]), ("what\no\nn\ny\n", [1]),
     ("only 1\n", [0]), ("nur die 2\n", [1]), ("not the name\n", [1]), ("looks good\n", [0, 1]), ("doch nicht\n", [])],
)  # fmt: skip
def test_in_a_terminal_it_asks(
    typed: str, numbers: list[int], spec: Path, loopback: Loopback, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    loopback.push(proposes(RENAME, GERMAN))
    monkeypatch.setattr("sys.stdin", Keyboard(typed))
    assert edit("--no-tests") == (0 if numbers else 1)
    assert spec.read_text("utf-8") == edited(*numbers)
    said = capsys.readouterr()
    assert "Write all, ask one by one, or none? [a/o/N]" in said.err
    assert ("Take it back: gptsmith undo desk.assistant.yaml" in said.err) is bool(numbers)


def test_yes_writes_and_json_is_one_document(spec: Path, loopback: Loopback, capsys: Out) -> None:
    loopback.push(proposes(RENAME, GERMAN, LOCKED, missing=[{"kind": "tool", "what": "a calendar", "how": "Add one."}]))
    assert edit("--yes", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["words"] == [line[3:] for line in SHOWN.splitlines()[:2]]
    assert document["diff"] == SHOWN.partition('becomes "German".\n')[2]
    assert [item["what"] for item in document["missing"]] == ["a calendar"]
    assert [held["path"] for held in document["locked"]] == ["description"]
    assert document["version"] == 2
    assert [operation["op"] for operation in document["operations"]] == ["set", "replace_text"]
    assert spec.read_text("utf-8") == edited(0, 1)


def test_json_without_a_terminal_is_the_proposal(spec: Path, loopback: Loopback, capsys: Out) -> None:
    loopback.push(proposes(RENAME))
    assert edit("--json") == 2
    assert json.loads(capsys.readouterr().out)["version"] is None
    assert spec.read_text("utf-8") == SPEC


def test_a_question_is_answered(spec: Path, loopback: Loopback, capsys: Out) -> None:
    loopback.push(proposes(reply="It rents bikes."))
    assert edit("--yes") == 0
    assert capsys.readouterr().out == "It rents bikes.\n"
    loopback.push(proposes(not_understood=["flumph"]))
    assert edit("--yes") == 1
    assert capsys.readouterr().err == 'I did not understand "flumph".\nNothing was written\n'


def test_a_rule_is_never_dropped_by_yes_alone(spec: Path, loopback: Loopback, capsys: Out) -> None:
    loopback.always = proposes(RENAME, DROP)
    assert edit("--yes") == 2
    said = capsys.readouterr()
    assert 'Change 2 drops your rule "Never promise a bike.". Shall it go?' in said.err
    assert said.err.splitlines()[-1] == (
        'gptsmith: change 2 would drop the rule "Never promise a bike."; name the changes that are meant, as in'
        " only=[0]; nothing was written"
    )
    assert spec.read_text("utf-8") == SPEC


def test_all_asks_about_a_rule(spec: Path, loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    loopback.always = proposes(RENAME, DROP)
    monkeypatch.setattr("sys.stdin", Keyboard("a\nn\n"))
    assert edit("--no-tests") == 0
    assert spec.read_text("utf-8") == edited(0)


@pytest.mark.parametrize(("typed", "written"), [("o\ny\nn\nn\n", []), ("o\ny\nn\ny\n", [0]), ("n\n", [])])
def test_tests_are_run_before_anybody_decides(
    typed: str, written: list[int], spec: Path, loopback: Loopback, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = f'model: {{provider: openai, name: m, base_url: "{loopback.base_url}", api_key: "${{env:KEY}}"}}\n'
    asks = "tests:\n  - {name: in English, message: Who?, expect: {contains: [Desk]}}\n"
    spec.write_text(SPEC + model + asks, "utf-8")
    monkeypatch.setattr("sys.stdin", Keyboard(typed))

    def who(body: dict[str, Any]) -> str:
        return body["messages"][0]["content"].splitlines()[0]

    loopback.push(
        proposes(
            RENAME,
            {
                "op": "add",
                "path": "tests",
                "value": {"name": "n", "message": "Who?", "expect": {"contains": ["Lasse"]}},
                "words": "w",
            },
        )
    )
    loopback.always = who
    assert edit() == (0 if written else 1)
    said = capsys.readouterr().err
    assert "Tests: “in English” passed and fails with this change" in said
    assert ("name: Lasse" in spec.read_text("utf-8")) is bool(written)


def test_tests_of_what_is_new_can_come_with_it(spec: Path, loopback: Loopback, capsys: Out) -> None:
    loopback.push(proposes(RENAME))
    assert edit("--add-tests", "--yes") == 0
    assert "\n2. Add the test “says its name”: “What is your name?” looks at the name Lasse. Checked: " in (
        capsys.readouterr().out
    )
    assert "contains: [Lasse]" in spec.read_text("utf-8")


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(
    "arguments, code, message",
    [
        (["nowhere", "x"], 2, 'no assistant is called "nowhere"'),
        (["desk.assistant.yaml", " "], 2, "the message is empty; say what should change"),
        (["desk.assistant.yaml", "x", "--knowledge", "no.pdf"], 2, "there is no file no.pdf"),
        (["broken.assistant.yaml", "x"], 3, "broken.assistant.yaml:1:1: schema: missing"),
        (["desk.assistant.yaml", "x", "--yes"], 1, "the model gave no usable change: it only said"),
        ([shipped_names()[0], "call it Lasse", "--yes"], 2, "is shipped with gptsmith"),
    ],
)
def test_what_cannot_be_changed_says_why(
    arguments: list[str], code: int, message: str, as_json: bool, spec: Path, loopback: Loopback, capsys: Out
) -> None:
    (spec.parent / "broken.assistant.yaml").write_text("name: x\n")
    loopback.always = proposes(RENAME) if "call it Lasse" in arguments else "prose"
    assert run(["edit", *arguments, *(["--json"] if as_json else [])]) == code
    said = capsys.readouterr()
    assert message in said.err
    if as_json:
        assert set(json.loads(said.out)) == {"error"}
    assert spec.read_text("utf-8") == SPEC
