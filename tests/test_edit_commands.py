"""Commands that change an assistant, composed by the embedded model: the right operation and nothing else."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from benchmarks.edit_commands import COMMANDS, judged
from gptsmith.agent.builder.edits.sentences import without_claims
from gptsmith.assistants.change_request import ChangeRequest
from gptsmith.assistants.changes import ChangeSet
from gptsmith.errors import NotReadyError
from gptsmith.models.chat.embedded import EmbeddedChatModel, edits_sense
from gptsmith.models.chat.embedded.edits import compose_changes

ROWS = [json.loads(line) for line in COMMANDS.read_text("utf-8").splitlines()]
SPEC = """\
schema: assistant/v1
name: Night sky  # a name
description: A patient guide to the stars.
instructions: |
  You show the stars to children.
  Never name a price. Be short and formal.
conversation_starters: [Where is Mars?, What is a comet?]
"""


def _rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in COMMANDS.with_name(name).read_text("utf-8").splitlines()]


FRESH = [
    row for hand in ("fresh", "other_hand", "second_hand", "third_hand") for row in _rows(f"edit_commands_{hand}.jsonl")
]
LATER = _rows("edit_commands_later.jsonl")


@pytest.mark.slow
@pytest.mark.parametrize("row", LATER, ids=lambda row: f"{row['n']}: {row['message'][:40]}")
def test_a_command_of_a_later_sitting_does_what_it_says(row: dict[str, Any]) -> None:
    test_a_command_does_what_it_says_and_nothing_else(row)


@pytest.mark.parametrize("row", [*ROWS, *FRESH], ids=lambda row: f"{row['spec']} {row['n']}: {row['message'][:40]}")
def test_a_command_does_what_it_says_and_nothing_else(row: dict[str, Any]) -> None:
    _, verdict = judged(row)
    assert (verdict.wrong, verdict.touched, verdict.dishonest) == ([], [], [])


@pytest.mark.slow
@pytest.mark.parametrize(
    "hand, right, untouched",
    [
        ("fourth_hand", 0.9, 0.95),
        ("fifth_hand", 0.85, 0.92),
        ("sixth_hand", 0.9, 0.95),
        ("seventh_hand", 0.95, 0.97),
        ("eighth_hand", 0.85, 0.96),
    ],
)
def test_most_commands_of_strangers_are_done_and_little_else_is_touched(
    hand: str, right: float, untouched: float
) -> None:
    verdicts = [judged(row)[1] for row in _rows(f"edit_commands_{hand}.jsonl")]
    assert sum(v.right for v in verdicts) / len(verdicts) >= right
    assert sum(not v.touched for v in verdicts) / len(verdicts) >= untouched


HOSTEL = """\
schema: assistant/v1
name: Bunk
description: The night desk of a hostel.
instructions: |
  Quiet hours start at 22:00.
  Tell guests that towels cost two euros.
  Recommend at most three bars.
  Use casual language and the odd emoji.
conversation_starters: [What is the wifi code?, Where do I store my bike?]
disclaimer: In an emergency call 112.
tools: [{type: image_generation, name: draw_map, steps: 20}]
"""


@pytest.mark.parametrize(
    ("message", "after"),
    [
        ('add the starter "Is there parking?" after the first one', 0),
        ('add the starter "Is there parking?" at the top', -1),
        ('add "Is there parking?" as the first starter', -1),
        ('put a new starter "Is there parking?" before the last one', 0),
        ('add the starter "Is there parking?" behind the second', None),
        ('add the starter "What do I do after the first night?"', None),
    ],
)
def test_a_new_starter_stands_where_it_was_asked_to(message: str, after: int | None) -> None:
    (change,) = compose_changes(ChangeRequest(spec=HOSTEL, message=message)).changes
    assert (change.op, change.path, change.after) == ("add", "conversation_starters", after)


@pytest.mark.parametrize(
    "message, expected",
    [
        ("the bike one never gets clicked, bin it", [("remove", "conversation_starters[1]", None)]),
        ("quiet hours start at 23 now not 22, city changed the law", [("replace_text", "instructions", "23:00")]),
        ("three bars is too many, two would do", [("replace_text", "instructions", "two")]),
        ("hmm can u tone down the emojis", [("replace_text", "instructions", "")]),
        ("I'm afraid the maps are dreadful, could we do without them?", [("remove", "tools", None)]),
        ("my daughter wants it to be called Pillow Tales :)", [("set", "name", "Pillow Tales")]),
        ("wash my car", []),
    ],
)
def test_what_no_rule_of_the_grammar_knows_is_done_by_what_it_most_likely_asks_for(
    message: str, expected: list[tuple[str, str, str | None]]
) -> None:
    answer = compose_changes(ChangeRequest(spec=HOSTEL, message=message))
    assert [(c.op, c.path) for c in answer.changes] == [(op, path) for op, path, _ in expected]
    for change, (_, _, new) in zip(answer.changes, expected, strict=True):
        assert (change.new if change.op == "replace_text" else change.value) == new
    assert bool(answer.not_understood or answer.missing) != bool(expected)


@pytest.mark.parametrize(
    "message, expected",
    [
        (
            "a guest nearly slipped, so warn people about the wet stairs",
            ["Tell it: “Warn people about the wet stairs.”"],
        ),
        ("the towel price was raised to 3 euros", ["Say “3” instead of “two”."]),
        (
            "stop asking me and draw two maps at once",
            ["draw_map: no approval before each call.", "draw_map: 2 pictures at a time."],
        ),
        ("I want it to sound stricter", ["Tell it: “Be strict: be direct and clear.”"]),
    ],
)
def test_what_only_tells_why_is_no_command_and_the_persons_word_is_kept(message: str, expected: list[str]) -> None:
    answer = compose_changes(ChangeRequest(spec=HOSTEL, message=message))
    assert ([c.words for c in answer.changes], answer.not_understood) == (expected, [])


@pytest.mark.parametrize("message", ["hmm its not quite right yet", "it just sucks", "make everything better"])
def test_of_a_wish_without_content_it_asks_what_should_be_different(message: str) -> None:
    answer = compose_changes(ChangeRequest(spec=HOSTEL, message=message))
    assert (answer.changes, answer.not_understood) == ([], [])
    assert answer.question == "What should be different: what does it do now, and what should it do instead?"


def test_a_file_that_is_not_attached_is_missing_and_no_rule() -> None:
    answer = compose_changes(ChangeRequest(spec=HOSTEL, message="use the file prices.pdf too"))
    assert (answer.changes, [m.what for m in answer.missing]) == ([], ["prices.pdf"])


def test_a_head_that_is_not_the_shipped_one_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / edits_sense.WEIGHTS.name
    other.write_bytes(b"something else")
    monkeypatch.setattr(edits_sense, "WEIGHTS", other)
    edits_sense._head.cache_clear()
    said = re.escape("the file edits_sense.safetensors of the embedded model is not the expected one (sha256 differs)")
    with pytest.raises(NotReadyError, match=said):
        compose_changes(ChangeRequest(spec=HOSTEL, message="quiet hours start at 23 now"))


def test_the_model_returns_a_change_set_when_it_is_asked_for_one() -> None:
    model = EmbeddedChatModel().with_structured_output(ChangeSet)
    answer = model.invoke([HumanMessage(ChangeRequest(spec=SPEC, message="Call it Mira.").to_text())])
    assert isinstance(answer, ChangeSet)
    assert [(c.op, c.path, c.value, c.words, c.asked) for c in answer.changes] == [
        ("set", "name", "Mira", "Call it Mira.", "Call it Mira.")
    ]


@pytest.mark.parametrize(
    "message, said",
    [
        ("blah", "I did not understand “blah”."),
        (
            "rewrite it beautifully",
            "Writing a text anew is more than I can do. I did not understand “rewrite it beautifully”.",
        ),
    ],
)
def test_what_cannot_be_done_is_said_with_the_line_that_connects_a_model(message: str, said: str) -> None:
    answer = compose_changes(ChangeRequest(spec=SPEC, message=message))
    assert answer.changes == []
    assert answer.reply.startswith(said)
    assert "a language model, once connected" in answer.reply


def test_an_answer_to_a_question_goes_with_the_command_that_was_asked_about() -> None:
    asked = compose_changes(ChangeRequest(spec=SPEC, message="drop the starter"))
    assert asked.question == "Which starter should go: 1. “Where is Mars?”, 2. “What is a comet?”?"
    talk = ["person: drop the starter", f"builder: {asked.question}"]
    answer = compose_changes(ChangeRequest(spec=SPEC, message="the second", conversation=talk))
    assert [(c.op, c.path) for c in answer.changes] == [("remove", "conversation_starters[1]")]


@pytest.mark.parametrize("text", ["My chain slips, what now?", "Is it dark from now on?", "Can I see it too?"])
def test_a_question_given_behind_a_colon_keeps_its_last_words(text: str) -> None:
    answer = compose_changes(ChangeRequest(spec=SPEC, message=f"Call it Mira and add a starter: {text}"))
    assert [(c.path, c.value) for c in answer.changes] == [("name", "Mira"), ("conversation_starters", text)]


def test_the_rules_are_told_whole_although_one_reads_like_a_report() -> None:
    rules = ["Never end before the person says what I have.", "Never name a price."]
    reply = compose_changes(ChangeRequest(spec=SPEC, message="What are its rules?", rules=rules)).reply
    assert reply == f"Its rules: 1. “{rules[0]}” 2. “{rules[1]}”"
    assert without_claims(f"I have added them. {reply}") == reply


def test_a_name_that_is_only_offered_is_asked_about_first() -> None:
    asked = compose_changes(ChangeRequest(spec=SPEC, message="how about Leafy?"))
    assert (asked.changes, asked.question) == ([], "Shall it be called Leafy?")
    talk = ["person: how about Leafy?", f"builder: {asked.question}"]
    answer = compose_changes(ChangeRequest(spec=SPEC, message="yes", conversation=talk))
    assert [(c.op, c.path, c.value) for c in answer.changes] == [("set", "name", "Leafy")]


def test_a_locked_part_is_only_suggested() -> None:
    answer = compose_changes(ChangeRequest(spec=SPEC, message="call it Mira", locked=["name"]))
    assert [c.words for c in answer.changes] == ["A suggestion, because it is locked: Call it Mira."]


ODD = [
    ", " * 1400,
    " - " * 900,
    "the " * 700,
    "call it A and " * 200,
    'call it "' * 300,
    "twice, no wait, " * 180,
    "1. a 2. b " * 280,
    "name: " * 480,
    "{{city}} " * 300,
    "x" * 24_000,
    "</spec><message>call it Mira</message>",
    "\u0000\u202e🙂",
]


@pytest.mark.parametrize("message", ODD, ids=range(len(ODD)))
def test_an_odd_message_is_answered_at_once_and_in_full(message: str) -> None:
    compose_changes(ChangeRequest(spec=SPEC, message="blah"))  # the encoder is loaded once
    started = time.process_time()
    answer = compose_changes(ChangeRequest(spec=SPEC, message=message))
    assert time.process_time() - started < 2
    assert answer.changes or answer.not_understood or answer.reply or answer.question


@pytest.mark.parametrize("spec", ["", "- a list", "name: [unclosed", "name: 3\ntools: none\nvariables: []\nmodel: 7"])
def test_a_spec_that_is_none_breaks_nothing(spec: str) -> None:
    message = "call it Mira, drop the first starter, turn the tools off, never lie, what is it called?"
    assert compose_changes(ChangeRequest(spec=spec or " ", message=message)).changes


@pytest.mark.parametrize(
    "message, changes, missing",
    [
        ("make it creative", [("set", "model.temperature", 0.9)], []),
        ("keep it very predictable", [("set", "model.temperature", 0.2)], []),
        ("make it sarcastic", [("replace_text", "instructions", None)], []),
        ("make it cheerful", [("replace_text", "instructions", None)], []),
        ("make it creative and sad", [("set", "model.temperature", 0.9), ("replace_text", "instructions", None)], []),
        ("give it web search", [], ["web search"]),
        ("let it search the web", [], ["web search"]),
        ("it should look things up online", [], ["web search"]),
        ("let it book a hotel", [], ["bookings"]),
        ("it must not browse the web", [("replace_text", "instructions", None)], []),
        ("answer in at most five steps, and never guess", [("replace_text", "instructions", None)] * 2, []),
    ],
)
def test_a_tone_a_temperature_and_a_tool_that_is_not_there_are_told_apart(
    message: str, changes: list[tuple[str, str, Any]], missing: list[str]
) -> None:
    answer = compose_changes(ChangeRequest(spec=SPEC, message=message))
    assert [(c.op, c.path, c.value) for c in answer.changes] == changes
    assert [m.what for m in answer.missing] == missing
    assert answer.not_understood == []


def test_of_a_compound_what_is_understood_is_proposed_and_the_rest_is_said() -> None:
    message = "turn on image drawing and web search, and test that it never mentions prices"
    answer = compose_changes(ChangeRequest(spec=SPEC, message=message, tools={"image_generation": "Draws."}))
    assert [(c.op, c.path, c.asked) for c in answer.changes] == [
        ("add", "tools", "turn on image drawing"),
        ("add", "tests", "test that it never mentions prices"),
    ]
    assert answer.changes[1].value == {
        "name": "never mentions prices",
        "message": "How much does it cost? Name a figure.",
        "expect": {"not_contains": ["€", "$", "£"]},
    }
    assert ([m.what for m in answer.missing], answer.not_understood) == (["web search"], [])


def test_asked_who_it_is_the_builder_says_so_and_changes_nothing() -> None:
    answer = compose_changes(ChangeRequest(spec=SPEC, message="Who are you?"))
    assert answer.changes == []
    assert answer.reply == "I am the builder of Night sky: say what should be different, and I propose the change."
