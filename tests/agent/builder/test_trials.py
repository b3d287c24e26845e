"""Trials: the tests of a spec before and after a change, on the real runtime, before anybody decides."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from gptsmith import Assistant
from gptsmith.agent.builder.testing.trials import Trial, acompare, compare
from gptsmith.agent.runtime.spec_tests import scratch_copy
from gptsmith.assistants.editing.edited_file import plan_edit
from gptsmith.assistants.editing.operations import Add, Remove, ReplaceText, Set
from gptsmith.assistants.files.versions import Versions
from gptsmith.errors import SpecError
from gptsmith.state import State
from gptsmith.ui.cli import run
from tests.support.loopback import Body, Loopback, stall, status

GUIDE = """\
# The ferry

## Tickets
A ticket to the island costs 12 euros and is sold on board.

## Dogs
Dogs travel free of charge on the upper deck.
"""
SPEC = """\
schema: assistant/v1
name: Ferry desk   # as on the door
description: Answers questions about the ferry.
instructions: |
  Answer from the guide.
  End every answer with a question.
knowledge:
  - {name: guide, paths: [./guide.md], mode: always}
conversation_starters: [What does a ticket cost?]
tests:
  - name: knows the price
    message: What does a ticket to the island cost?
    expect: {contains: ["12 euros"], cites: [guide.md]}
  - {name: asks back, message: "Hello, who is this?", expect: {matches: '\\?\\s*$'}}
  - {name: knows bikes, message: Hello, expect: {contains: [bicycle]}}
"""
FREE = {"name": "dogs", "message": "Where do dogs travel?", "expect": {"contains": ["upper deck"]}}


@pytest.fixture
def ferry(tmp_path: Path) -> Path:
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "guide.md").write_text(GUIDE, "utf-8")
    (folder / "ferry.assistant.yaml").write_text(SPEC, "utf-8")
    return folder / "ferry.assistant.yaml"


@pytest.mark.parametrize(
    ("ops", "words"),
    [
        (
            [ReplaceText(path="instructions", old="End every answer with a question.", new="Be brief.")],
            [
                "“asks back” passed and fails with this change: does not match '\\\\?\\\\s*$'.",
                "1 of 2 other tests pass, as before.",
                "“knows bikes” fails as before: does not contain 'bicycle'.",
            ],
        ),
        (
            [Set(path="name", value="Bicycle and ferry desk")],
            [
                "“knows bikes” failed and passes with this change.",
                "2 of 2 other tests pass, as before.",
            ],
        ),
        (
            [Remove(path="knowledge[0]")],
            [
                "“knows the price” passed and fails with this change: does not contain '12 euros'; "
                "does not cite guide.md.",
                "1 of 2 other tests pass, as before.",
                "“knows bikes” fails as before: does not contain 'bicycle'.",
            ],
        ),
        (
            [Set(path="conversation_starters", value=["Ahoy"]), Set(path="metadata.author", value="Ana")],
            ["The change touches nothing that an answer depends on, so no test was run."],
        ),
        (
            [Add(path="tests", value=FREE), Remove(path="tests[2]")],
            [
                "The new test “dogs” passes.",
                "The change touches nothing that an answer depends on, so no other test was run.",
            ],
        ),
        (
            [
                Set(path="name", value="Rowing desk"),
                Add(path="tests", value={"name": "row", "message": "Who is this?", "expect": {"contains": ["Rowing"]}}),
                Remove(path="tests[2]"),
            ],
            [
                "The new test “row” passes, and fails without this change.",
                "2 of 2 other tests pass, as before.",
            ],
        ),
        ([Remove(path="tests")], ["The proposed spec has no tests."]),
    ],
    ids=["regression", "mended", "source away", "silent", "tests only", "telling", "no tests"],
)
def test_a_change_is_tried_before_it_is_made(ferry: Path, ops: list[Any], words: list[str]) -> None:
    trial = compare(ferry, plan_edit(ferry, ops))
    assert trial.words == words
    assert ferry.read_text("utf-8") == SPEC
    with Assistant.from_file(ferry) as assistant:
        assert assistant.threads() == []


def test_a_trial_says_what_each_test_is(ferry: Path) -> None:
    ops = [Set(path="tests[0].expect.contains", value=["13 euros"]), Add(path="tests", value=FREE)]
    trial = compare(ferry, plan_edit(ferry, [*ops, Remove(path="tests[1]"), Set(path="name", value="Desk")]))
    found = [(t.name, t.origin, t.touched, t.regressed, t.telling, bool(t.before), bool(t.after)) for t in trial.tests]
    assert found == [
        ("knows the price", "changed", True, True, False, True, True),
        ("knows bikes", "kept", False, False, False, True, True),
        ("dogs", "new", True, False, False, True, True),
        ("asks back", "gone", True, False, False, False, False),
    ]
    assert [t.name for t in trial.regressions] == ["knows the price"]
    assert (len(trial.before), len(trial.after), trial.model) == (3, 3, "embedded")
    assert Trial.model_validate_json(trial.model_dump_json()) == trial


def test_the_index_is_made_once_and_kept_for_what_is_proposed(ferry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    same = [Set(path="name", value="Desk")]
    (ferry.parent / "bikes.md").write_text("# Bikes\n\nA bicycle costs 5 euros.\n", "utf-8")
    more = [Add(path="knowledge[0].paths", value="./bikes.md")]
    for ops in (same, same, more, more, same):
        compare(ferry, plan_edit(ferry, ops), progress=read.append)
    files = [text for text in read if text.startswith("Reading")]
    assert files == ["Reading guide.md (1 of 1)", "Reading bikes.md (2 of 2)"]
    assert len(list(State().root.glob("state/*"))) == 1


def test_instructions_in_a_file_of_their_own_are_tried(tmp_path: Path) -> None:
    (tmp_path / "told.md").write_text("Be kind.\n", "utf-8")
    spec = tmp_path / "a.assistant.yaml"
    test = "{name: asks, message: 'Hello, who is this?', expect: {matches: '[?]$'}}"
    spec.write_text(
        f"schema: assistant/v1\nname: A\ndescription: B\ninstructions_file: ./told.md\ntests: [{test}]\n", "utf-8"
    )
    ops = [ReplaceText(path="instructions", old="Be kind.", new="End every answer with a question.")]
    assert [t.name for t in compare(spec, plan_edit(spec, ops)).mended] == ["asks"]
    both = {tmp_path / "told.md": "End every answer with a question.\n"}
    assert [t.name for t in compare(spec, both).mended] == ["asks"]
    assert (tmp_path / "told.md").read_text("utf-8") == "Be kind.\n"


def test_text_that_is_no_spec_is_refused(ferry: Path) -> None:
    with pytest.raises(SpecError, match="unknown key"):
        compare(ferry, SPEC + "colour: blue\n")


def test_a_file_that_does_not_load_loses_nothing(ferry: Path) -> None:
    ferry.write_text(SPEC + "colour: blue\n", "utf-8")
    trial = compare(ferry, SPEC)
    assert trial.words == [
        "The new test “knows the price” passes.",
        "The new test “asks back” passes.",
        "The new test “knows bikes” fails: does not contain 'bicycle'.",
    ]


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (
            {"model": "openai:gpt-x"},
            "The tests were not run: openai:gpt-x needs a key in the environment variable OPENAI_API_KEY, which is not "
            "set; set it, e.g. export OPENAI_API_KEY=…, or choose another model, e.g. embedded",
        ),
        (
            {"tools": [{"type": "python", "ref": "./code.py:run"}]},
            "The tests were not run: this assistant wants to run the code of ./code.py:run; read it, then run with "
            "--trust (trust=True in Python)",
        ),
    ],
    ids=["key", "trust"],
)
def test_what_cannot_run_says_so(ferry: Path, change: dict[str, Any], note: str) -> None:
    (ferry.parent / "code.py").write_text("raise SystemExit('this must never run')\n", "utf-8")
    ops = [Set(path=path, value=value) for path, value in change.items()]
    assert compare(ferry, plan_edit(ferry, ops)).note == note


def test_tools_that_act_outside_are_not_offered(ferry: Path) -> None:
    (ferry.parent / "code.py").write_text("raise SystemExit('this must never run')\n", "utf-8")
    tool = {"type": "python", "name": "sell", "ref": "./code.py:run"}
    sells = {"name": "sells", "message": "Sell me a ticket", "expect": {"calls": ["sell"]}}
    ops = [Add(path="tools", value=tool), Add(path="tests", value=sells)]
    trial = compare(ferry, plan_edit(ferry, ops), trust=True)
    assert trial.note == "A trial acts on nothing outside: sell was not offered, and tests that call it did not run."
    assert [(t.name, t.skipped) for t in trial.tests if t.skipped] == [
        ("sells", "it calls sell, which a trial does not run")
    ]


def test_a_trial_ends_when_it_is_told_to(ferry: Path) -> None:
    cancel = threading.Event()
    planned = plan_edit(ferry, [Set(path="name", value="Desk")])
    found = compare(ferry, planned, cancel=cancel, progress=lambda text: cancel.set() if "test 2" in text else None)
    assert found.note == "Not every test was run: the trial was stopped."
    assert [bool(t.after) for t in found.tests] == [True, False, False]
    late = compare(ferry, planned, seconds=0)
    assert late.note == "Not every test was run: 0 seconds were up." and late.after == []


def test_a_trial_runs_beside_an_event_loop(ferry: Path) -> None:
    planned = plan_edit(ferry, [Set(path="name", value="Bicycle desk")])
    trial = asyncio.run(acompare(ferry, planned))
    assert [t.name for t in trial.mended] == ["knows bikes"]


# -- a hosted model over the wire ----------------------------------------------------------------------------------


@pytest.fixture
def hosted(tmp_path: Path, loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KEY", loopback.api_key)
    spec = tmp_path / "tea.assistant.yaml"
    model = f"{{provider: openai, name: scripted, base_url: '{loopback.base_url}', api_key: '${{env:KEY}}'}}"
    tests = "[{name: polite, message: Hello, expect: {contains: [please]}}]"
    head = "schema: assistant/v1\nname: Tea\ndescription: D\ninstructions: Say please.\n"
    spec.write_text(f"{head}model: {model}\ntests: {tests}\n", "utf-8")
    return spec


def polite(body: Body) -> str:
    return "Yes, please." if "Say please" in body["messages"][0]["content"] else "Yes."


def test_a_hosted_model_is_asked_twice_before_a_change_is_blamed(hosted: Path, loopback: Loopback) -> None:
    planned = plan_edit(hosted, [Set(path="instructions", value="Be quick.")])
    loopback.always = polite
    assert [t.name for t in compare(hosted, planned).regressions] == ["polite"]
    assert len(loopback.history) == 3
    loopback.push("Yes, please.")
    trial = compare(hosted, planned)
    assert trial.words == ["“polite” passes at one try and fails at another.", "1 of 1 other tests pass, as before."]
    assert len(loopback.history) == 4, "what has not changed is not asked again"


def test_a_result_holds_until_something_changes(hosted: Path, loopback: Loopback) -> None:
    loopback.always = polite
    one, other = (plan_edit(hosted, [Set(path="instructions", value=f"Say please, {n}.")]) for n in "ab")
    counts = []
    for planned in (one, one, other):
        compare(hosted, planned)
        counts.append(len(loopback.history))
    (hosted.parent / "notes.md").write_text("Tea is hot.\n", "utf-8")
    source = Add(path="knowledge", value={"name": "notes", "paths": ["./notes.md"]})
    Versions(hosted).write(plan_edit(hosted, [source]), author="person", reason="notes")
    for words in ("Tea is hot.\n", "Tea is cold.\n"):
        (hosted.parent / "notes.md").write_text(words, "utf-8")
        compare(hosted, plan_edit(hosted, [Set(path="instructions", value="Say please, a.")]))
        counts.append(len(loopback.history))
    assert counts == [2, 2, 3, 5, 7]


def test_a_stalled_answer_does_not_hold_a_trial_up(hosted: Path, loopback: Loopback) -> None:
    loopback.always = stall(30)
    planned = plan_edit(hosted, [Set(path="instructions", value="Be quick.")])
    trial = compare(hosted, planned, seconds=1)
    assert trial.note == "Not every test was run: 1 seconds were up."
    assert [t.skipped for t in trial.tests] == ["there was no time left"]


def test_a_model_that_is_down_breaks_no_test(hosted: Path, loopback: Loopback) -> None:
    planned = plan_edit(hosted, [Set(path="instructions", value="Be quick.")])
    loopback.push("Yes, please.")
    loopback.always = status(401, message="no such key")
    trial = compare(hosted, planned)
    assert trial.regressions == []
    assert trial.note.startswith("Not every test could be run: ")


# -- the tests of a spec, outside of any trial ---------------------------------------------------------------------


def test_running_tests_leaves_no_conversation_and_asks_as_the_assistant_may(ferry: Path) -> None:
    asked: list[str] = []
    with Assistant.from_file(ferry, model="embedded", allow_hosted=lambda host: not asked.append(host)) as assistant:
        with scratch_copy(assistant) as tried:
            assert tried.engine.allow_hosted is assistant.allow_hosted
            assert tried.engine.model is assistant.engine.model
            tried.chat("Hello", thread_id="t1")
            assert [t.id for t in tried.threads()] == ["t1"]
        assert assistant.threads() == [] and not tried.folder.joinpath("threads").exists()
        assert [r.passed for r in assistant.run_tests()] == [True, True, False]


@pytest.mark.parametrize(("more", "code"), [([], 1), (["--allow-hosted"], 1), (["--model", "openai:gpt-x"], 4)])
def test_the_command_runs_the_tests(
    ferry: Path, more: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["test", str(ferry), *more]) == code
    said = capsys.readouterr()
    assert ("2 of 3 tests passed" in said.err) == (code == 1)
