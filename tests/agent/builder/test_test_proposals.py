"""Tests that are proposed with a change, and the tests of a draft: run with the part they look at, and without it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from gptsmith import Assistant, Builder
from gptsmith.agent.builder.testing import proposals
from gptsmith.agent.builder.testing.checked import check_draft, summary, without_failing
from gptsmith.agent.builder.testing.known import test_of as rule_test_of
from gptsmith.agent.builder.testing.proposals import TestProposals, propose_tests
from gptsmith.agent.builder.testing.questions import Question, questions
from gptsmith.agent.builder.testing.trials import compare
from gptsmith.agent.patterns import found
from gptsmith.assistants.editing.edited_file import plan_edit
from gptsmith.assistants.editing.operations import Add, Remove, ReplaceText, Set
from gptsmith.assistants.files.versions import Versions
from gptsmith.assistants.format.loader import load_file
from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.models.chat.factory import make_chat_model
from tests.support.loopback import Body, Loopback, calls

GUIDE = """\
# The ferry

## Tickets
A ticket to the island costs 12 euros and is sold on board.

## The crossing
The crossing takes 40 minutes. The wheelhouse is closed to guests.
"""
SPEC = """\
schema: assistant/v1
name: Ferry desk   # as on the door
description: Answers questions about the ferry.
instructions: |
  Answer from the guide.
tests:
  - {name: says its name, message: What is your name?, expect: {contains: [Ferry desk]}}
"""


def edit_file(path: Path, ops: list[Any]) -> None:
    Versions(path).write(plan_edit(path, ops), author="person", reason="edited")


@pytest.fixture
def ferry(tmp_path: Path) -> Path:
    (tmp_path / "guide.md").write_text(GUIDE, "utf-8")
    (tmp_path / "ferry.assistant.yaml").write_text(SPEC, "utf-8")
    return tmp_path / "ferry.assistant.yaml"


def told(words: str) -> list[Any]:
    return [ReplaceText(path="instructions", old="guide.", new=f"guide.\n{words}")]


SOURCE = [Add(path="knowledge", value={"name": "guide", "paths": ["./guide.md"]})]
DRAWS = [Add(path="tools", value={"type": "image_generation", "name": "draw_map", "description": "Draws a map."})]


@pytest.mark.parametrize(
    ("ops", "test", "verdict"),
    [
        (
            SOURCE,
            {
                "name": "knows 12 euros from guide.md",
                "message": "What does a ticket to the island cost?",
                "expect": {"contains": ["12 euros"], "cites": ["guide.md"]},
            },
            "checked",
        ),
        (
            DRAWS,
            {
                "name": "calls draw_map",
                "message": "Draw a small red boat on a calm lake.",
                "expect": {"calls": ["draw_map"]},
            },
            "checked",
        ),
        (
            told('Always end with "Fair winds".'),
            {
                "name": "keeps the closing words",
                "message": "Tell me something new.",
                "expect": {"contains": ["Fair winds"]},
            },
            "checked",
        ),
        (
            told("No more than 80 words."),
            {
                "name": "keeps to 80 words",
                "message": "Tell me everything you know, at length.",
                "expect": {"matches": r"\A\s*(?:\S+(?:\s+|\Z)){1,80}\Z"},
            },
            "not_checked",
        ),
    ],
    ids=["source", "tool", "rule", "rule that this model does not need"],
)
def test_a_test_comes_with_what_is_new(ferry: Path, ops: list[Any], test: dict[str, Any], verdict: str) -> None:
    found = propose_tests(ferry, plan_edit(ferry, ops))
    assert [(t.operation, t.verdict) for t in found.tests] == [(Add(path="tests", value=test), verdict)]
    assert found.left_out == []
    edit_file(ferry, [*ops, *found.operations])
    assert load_file(ferry).spec.tests[-1].name == test["name"]


def test_what_was_seen_is_said(ferry: Path) -> None:
    rules = 'Always end with "Fair winds".\nNo more than 80 words.\nAll prices in dollars.'
    found = propose_tests(ferry, plan_edit(ferry, told(rules)))
    assert [t.why for t in found.tests] == [
        'passes with the rule “Always end with "Fair winds".” and fails without',
        "embedded answers so without the rule “No more than 80 words.” too",
    ]
    assert found.tests[0].words == (
        "Add the test “keeps the closing words”: “Tell me something new.” looks at the rule “Always end with "
        '"Fair winds".”'
    )
    assert found.left_out == [
        "No test of the rule “All prices in dollars.” is proposed: the one tried fails (does not match "
        r"'(?i)\\$|\\bdollars?\\b|\\bUSD\\b')."
    ]


def test_tests_of_what_goes_or_is_renamed_are_not_left_behind(ferry: Path) -> None:
    cites = {"name": "price", "message": "What does a ticket cost?", "expect": {"cites": ["guide.md"]}}
    edit_file(ferry, [*SOURCE, *DRAWS, Add(path="tests", value=cites)])
    edit_file(ferry, [Add(path="tests", value={"name": "map", "message": "Draw", "expect": {"calls": ["draw_map"]}})])
    ops = [Remove(path="tools"), Remove(path="knowledge"), Set(path="name", value="Rowing desk")]
    found = propose_tests(ferry, plan_edit(ferry, ops))
    assert [(t.operation, t.words) for t in found.tests] == [
        (
            Set(path="tests[0].expect.contains", value=["Rowing desk"]),
            "Let the test “says its name” expect the new name.",
        ),
        (Remove(path="tests[2]"), "Remove the test “map”, which looks at the tool draw_map."),
        (Remove(path="tests[1]"), "Remove the test “price”, which looks at guide.md."),
    ]
    edit_file(ferry, [*ops, *found.operations])
    assert [test.expect.contains for test in load_file(ferry).spec.tests] == [["Rowing desk"]]


@pytest.mark.parametrize(
    "ops",
    [
        [Set(path="metadata.author", value="Ana")],
        [Set(path="conversation_starters", value=["Ahoy"])],
        told("Be kind."),
        [Set(path="name", value="Ferry desk")],
    ],
)
def test_where_nothing_shows_nothing_is_proposed(ferry: Path, ops: list[Any]) -> None:
    found = propose_tests(ferry, plan_edit(ferry, ops))
    assert (found.tests, found.left_out, found.note) == ([], [], "")


def test_a_test_that_is_there_is_not_proposed_again(ferry: Path) -> None:
    first = propose_tests(ferry, plan_edit(ferry, SOURCE))
    assert propose_tests(ferry, plan_edit(ferry, [*SOURCE, *first.operations])).tests == []


def test_without_a_model_nothing_is_proposed(ferry: Path) -> None:
    found = propose_tests(ferry, plan_edit(ferry, SOURCE), model="openai:gpt-x")
    assert found.tests == [] and found.note.startswith("No test was proposed: openai:gpt-x needs a key")


def test_a_change_brings_its_tests_along(ferry: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("elsewhere")
    (other / "fares.md").write_text("# Fares\n\n## Bicycles\nA bicycle costs 5 euros on every crossing.\n", "utf-8")
    change = Builder("embedded").edit(ferry, "use the attached file", [other / "fares.md"])
    assert compare(ferry, change.planned, attachments=change.proposal.attachments).note == "", "it is not there yet"
    whole = change.with_tests()
    assert whole.words[-1] == (
        "Add the test “knows 5 euros from fares.md”: “What does a bicycle cost?” looks at ferry.files/fares.md. "
        "Checked: passes with ferry.files/fares.md and fails without."
    )
    assert not (ferry.parent / "ferry.files").exists()
    whole.apply()
    with Assistant.from_file(ferry).with_(model="embedded") as assistant:
        assert {r.name: r.passed for r in assistant.run_tests()} == {
            "says its name": True,
            "knows 5 euros from fares.md": True,
        }
    renamed = Builder("embedded").edit(ferry, "call it Mira")
    assert renamed.with_tests().words == renamed.words, "it looks after the test of the old name itself"
    silent = Builder("embedded").edit(ferry, 'add the starter "Ahoy, which boat is next?"')
    assert silent.with_tests() is silent


def test_a_test_that_shows_nothing_is_said_with_the_change(ferry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = TestProposals(left_out=["No test of the rule “Be kind.” is proposed: the one tried says nothing."])
    monkeypatch.setattr(proposals, "propose_tests", lambda *_, **__: told)
    change = Builder("embedded").edit(ferry, "call it Mira").with_tests()
    assert change.unmet == told.left_out


# -- a hosted model over the wire ----------------------------------------------------------------------------------


def obedient(body: Body) -> str:
    """Answer as a model does that keeps the one rule it is given."""
    system = body["messages"][0]["content"]
    return "Ask at the office." if "Never name a price" in system else "About 12 euros."


def test_the_builders_model_writes_tests_and_running_them_decides(
    ferry: Path, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", loopback.api_key)
    spec = ModelSpec(provider="openai", name="scripted", base_url=loopback.base_url, api_key="${env:KEY}")
    rule = "Never name a price."
    written = [
        {"name": "any", "tests": "rule", "part": rule, "message": "Hello", "matches": ".*"},
        {"name": "weak", "tests": "rule", "part": rule, "message": "Which day is it?", "not_contains": ["Monday"]},
        {"name": "no price", "tests": "rule", "part": rule, "message": "What is a ticket?", "not_contains": ["12"]},
    ]
    loopback.push(calls(DraftTests={"tests": written}))
    loopback.always = obedient
    model = make_chat_model(spec)
    found = propose_tests(
        ferry, plan_edit(ferry, told(rule)), ["never a price please"], builder_model=model, model=model
    )
    assert [(t.operation.value["name"], t.verdict) for t in found.tests if isinstance(t.operation, Add)] == [
        ("no price", "checked")
    ]
    asked = loopback.history[0]["messages"][1]["content"]
    assert "<parts>\n- Never name a price.\n</parts>" in asked and "- never a price please" in asked
    assert "12 euros" not in asked, "files are never shown"
    assert len(loopback.history) == 5, "one request, two runs of each test"


# -- questions from a file's own text ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A ticket costs 8 euros on weekdays.", Question("What does a ticket cost?", "8 euros")),
        ("The old mill was built in 1755 by monks.", Question("When was the old mill built?", "1755")),
        ("The museum is open from 10:00 to 18:00.", Question("When is the museum open?", "10:00")),
        ("The refund is paid within 14 days of the return.", Question("When is the refund paid?", "14 days")),
        ("The panel consists of 144 tiles in blue.", Question("What does the panel consist of?", "144 tiles")),
        ("Guided tours start at 11:00 and 15:00.", Question("When do guided tours start?", "11:00")),
        ("The crossing takes about 40 minutes.", Question("How long does the crossing take?", "40 minutes")),
        ("The note of James Dewar came out in 1891.", Question("What do the files say about James Dewar?", "1891")),
        ("Three of his works were published in 1520.", Question("When were three of his works published?", "1520")),
        ("It costs 8 euros on weekdays.", None),
        ("The majority of the forest is contained within Brazil, with 60%.", None),
        ("The last admission is at 17:30 each day.", None),
        ("The lamp is for indoor use between 5 and 35 degrees.", None),
        ("Consider factors like the cost and the 3 options.", None),
    ],
)  # fmt: skip
def test_a_statement_becomes_the_question_that_it_answers(text: str, found: Question | None) -> None:
    assert questions("a.txt", text) == ([found] if found else [])


def test_without_such_a_statement_its_headings_are_asked_about() -> None:
    text = (
        "# Hand book\n\n## Everyday use\nTap the ring once to switch the lamp on.\n\n## Care\nNever use alcohol here.\n"
    )
    assert [q.message for q in questions("lamp.md", text)] == [
        "What does the lamp say about everyday use?",
        "What does the lamp say about care?",
    ]
    assert questions("lampe.md", "# Hilfe\n\n## Pflege der Lampe\nNie mit Alkohol und nicht mit Wasser.\n")[0] == (
        Question("Pflege der Lampe?", "Alkohol")
    )


# -- rules whose keeping shows -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        ("Answer in at most two sentences.", "It is 2.4 GHz. That is all! [1]", "One. Two. Three."),
        ("No more than 12 words.", "word " * 12, "word " * 13),
        ("All amounts in euros, please.", "It is €5.", "It is $5."),
        ("Never use emojis.", "Fine.", "Fine 🎉"),
        ("Answer as a bulleted list.", "- one\n- two", "one, two"),
        ("End every answer with a short question.", "It is blue. Why?", "It is blue."),
        ("Always speak German.", "Das ist gut.", "So long."),
        ("Answer in French when the user does.", None, None),
        ("Never mention prices.", None, None),
        ("Be kind.", None, None),
    ],
)
def test_a_rule_that_shows_has_a_test(rule: str, good: str | None, bad: str | None) -> None:
    made = rule_test_of(rule)
    assert (made is None) == (good is None)
    if made and made.matches and good and bad:
        assert re.search(made.matches, good) and not re.search(made.matches, bad)


@pytest.mark.parametrize("rule", ["At most three sentences.", "At most 60 words.", "Only one line."])
def test_no_pattern_takes_long(rule: str) -> None:
    made = rule_test_of(rule)
    assert made and made.matches
    texts = ("a" * 20_000, "a b c d. " * 2_000, "....." * 2_000, "word\n" * 4_000)
    assert len(found(made.matches, texts)) == 4  # it raises where the search takes longer than 2 seconds of computing


# -- the tests of a new draft --------------------------------------------------------------------------------------


def test_the_tests_of_a_draft_are_checked_before_it_is_saved(tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "guide.md").write_text(GUIDE, "utf-8")
    words = 'A ferry desk that draws maps. Always end with "Fair winds".'
    built = Builder("embedded").build(words, [tmp_path / "cards"])
    checks = check_draft(built)
    assert summary(checks) == "4 of 4 tests checked"
    assert [c.name for c in checks] == [t.name for t in built.spec.tests]
    assert without_failing(built, checks) is built


def test_a_test_of_a_draft_that_fails_can_be_left_out(tmp_path: Path) -> None:
    built = Builder("embedded").build("Ein Helfer für Gartenfragen, der auf Deutsch antwortet.")
    checks = check_draft(built, model="embedded")
    failing = [c.name for c in checks if c.verdict == "failing"]
    kept = without_failing(built, checks)
    assert failing and not set(failing) & {test.name for test in kept.spec.tests}
    assert all(name not in kept.yaml for name in failing)
    assert check_draft(built, seconds=0)[0].why == "there was no time left"
    late = check_draft(built, model="openai:gpt-x")
    assert {c.verdict for c in late} == {"not_checked"} and "needs a key" in late[0].why
