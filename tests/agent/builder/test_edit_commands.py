"""Commands that change an assistant: what code does alone, what the local model adds, and what is asked back."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from benchmarks.edit_commands import COMMANDS, judged
from gptsmith.agent.builder.changes.sentences import without_claims
from gptsmith.agent.builder.composing import commands as sense
from gptsmith.agent.builder.composing.commands import commands
from gptsmith.agent.builder.composing.reading import compose_changes
from gptsmith.agent.builder.composing.subject import subject_of
from gptsmith.agent.builder.language.answers import ChangeSet
from gptsmith.agent.builder.language.requests import ChangeRequest
from gptsmith.errors import NotReadyError
from gptsmith.models.chat.embedded import EmbeddedChatModel
from gptsmith.models.chat.embedded.tasks import find_writer
from gptsmith.models.chat.embedded.tasks.designing import permitted, reword, rule_of
from tests.support.loopback import Answer
from tests.support.wired_mind import wired_mind

SPEC = """\
schema: assistant/v1
name: Night sky  # a name
description: A patient guide to the stars.
instructions: |
  You show the stars to children.
  Never name a price. Be short and formal.
conversation_starters: [Where is Mars?, What is a comet?]
"""


def _rows(hand: str) -> list[dict[str, Any]]:
    return [
        json.loads(line) for line in COMMANDS.with_name(f"edit_commands_{hand}_hand.jsonl").read_text().splitlines()
    ]


def _shares(rows: list[dict[str, Any]]) -> tuple[float, float]:
    """Return the share of commands that are all right, and of those with a change that nobody asked for."""
    verdicts = [judged(row)[1] for row in rows]
    return sum(v.right for v in verdicts) / len(rows), sum(bool(v.touched) for v in verdicts) / len(rows)


@pytest.fixture
def no_mind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no language model write, whatever lies on this machine."""
    monkeypatch.setenv("GPTSMITH_MIND", "off")


@pytest.mark.parametrize(
    ("message", "cut"),
    [
        ("people ask for a lift to the station. We don't do that.", 1),
        ("visitors want to touch the telescope, but we can't allow it", 1),
        ("kids ask which planet is best. It should say so that it has none. Be short.", 2),
        ("Be brief. Never name a comet.", 2),
    ],
)
def test_a_sentence_that_leans_on_the_one_before_is_no_command_of_its_own(message: str, cut: int) -> None:
    assert len(commands(message, subject_of(ChangeRequest(message=message, spec=SPEC)))) == cut


@pytest.mark.slow
@pytest.mark.usefixtures("no_mind")
@pytest.mark.parametrize("hand", ["seventh", "eighth", "ninth"])
def test_without_a_language_model_code_changes_little_that_nobody_asked_for(hand: str) -> None:
    right, touched = _shares(_rows(hand))
    assert (right >= 0.65, touched <= 0.03) == (True, True), (right, touched)


@pytest.mark.slow
@pytest.mark.usefixtures("local_mind")
@pytest.mark.parametrize("hand", ["eighth", "ninth"])
def test_with_the_local_model_most_commands_of_a_sample_are_done(hand: str) -> None:
    right, touched = _shares(random.Random(7).sample(_rows(hand), 25))
    assert (right >= 0.7, touched <= 0.08) == (True, True), (right, touched)


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


@pytest.mark.usefixtures("no_mind")
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


@pytest.mark.usefixtures("no_mind")
@pytest.mark.parametrize(
    "message, expected",
    [
        ("Call it Mira.", [("set", "name", "Mira")]),
        ("the bike one never gets clicked, bin it", [("remove", "conversation_starters[1]", None)]),
        ("quiet hours start at 23 now not 22, city changed the law", [("replace_text", "instructions", "23:00")]),
        ("three bars is too many, two would do", [("replace_text", "instructions", "two")]),
        ("I'm afraid the maps are dreadful, could we do without them?", [("remove", "tools", None)]),
        ('set the disclaimer to "Ask a doctor."', [("set", "disclaimer", "Ask a doctor.")]),
        ("never name the alarm code", [("replace_text", "instructions", "Never name the alarm code.")]),
        ("set the timeout to 40 seconds", [("set", "limits.timeout_seconds", 40)]),
        ("temperature 0.3", [("set", "model.temperature", 0.3)]),
        (
            "call it Pillow and drop the first starter",
            [("set", "name", "Pillow"), ("remove", "conversation_starters[0]", None)],
        ),
        ("drop the rule about bars", [("replace_text", "instructions", "")]),
        (
            "remove the starter about the wifi and the disclaimer",
            [("remove", "conversation_starters[0]", None), ("remove", "disclaimer", None)],
        ),
        ("wash my car", []),
    ],
)
def test_what_is_said_in_so_many_words_is_done_without_a_language_model(
    message: str, expected: list[tuple[str, str, Any]]
) -> None:
    answer = compose_changes(ChangeRequest(spec=HOSTEL, message=message))
    assert [(c.op, c.path) for c in answer.changes] == [(op, path) for op, path, _ in expected]
    for change, (_, _, new) in zip(answer.changes, expected, strict=True):
        assert change.value == new if change.op != "replace_text" else (change.new or "").endswith(new)
    assert bool(answer.not_understood or answer.missing) != bool(expected)


@pytest.mark.usefixtures("no_mind")
@pytest.mark.parametrize("message", ["it could do with some warmth", "rewrite it beautifully", "blah"])
def test_without_a_language_model_what_takes_one_is_said_and_nothing_changes(message: str) -> None:
    answer = compose_changes(ChangeRequest(spec=SPEC, message=message))
    assert answer.changes == []
    assert answer.question or "a language model, once connected, understands more" in answer.reply


@pytest.mark.usefixtures("local_mind")
def test_the_local_model_words_a_hint_as_a_rule_and_a_rule_as_wished() -> None:
    writer = find_writer()
    assert writer is not None
    hint = "People keep asking for home visits. We don't do those, it should say so when asked."
    assert re.search(r"(?i)n[o']t .*home visits", rule_of(writer, hint))
    assert re.search(r"(?i)gentl", rule_of(writer, "he's scaring the beginners, gentler please"))
    wish = "mention the song only if somebody asks about it."
    assert re.search(r"(?i)only (?:if|when)", reword(writer, "Mention the song when it helps.", wish))


@pytest.mark.parametrize("message", ["hmm its not quite right yet", "it just sucks", "make everything better"])
def test_of_a_wish_without_content_it_asks_what_should_be_different(message: str) -> None:
    answer = compose_changes(ChangeRequest(spec=HOSTEL, message=message))
    assert (answer.changes, answer.not_understood) == ([], [])
    assert answer.question == "What should be different: what does it do now, and what should it do instead?"


def test_a_file_that_is_not_attached_is_missing_and_no_rule() -> None:
    answer = compose_changes(ChangeRequest(spec=HOSTEL, message="use the file prices.pdf too"))
    assert (answer.changes, [m.what for m in answer.missing]) == ([], ["prices.pdf"])


def test_a_head_that_is_not_the_shipped_one_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / sense.WEIGHTS.name
    other.write_bytes(b"something else")
    monkeypatch.setattr(sense, "WEIGHTS", other)
    sense._head.cache_clear()
    said = re.escape("the file sense.safetensors of the embedded model is not the expected one (sha256 differs)")
    with pytest.raises(NotReadyError, match=said):
        compose_changes(ChangeRequest(spec=HOSTEL, message="quiet hours start at 23 now"))


def test_the_model_returns_a_change_set_when_it_is_asked_for_one() -> None:
    model = EmbeddedChatModel().with_structured_output(ChangeSet)
    answer = model.invoke([HumanMessage(ChangeRequest(spec=SPEC, message="Call it Mira.").to_text())])
    assert isinstance(answer, ChangeSet)
    assert [(c.op, c.path, c.value, c.words, c.asked) for c in answer.changes] == [
        ("set", "name", "Mira", "Call it Mira.", "Call it Mira.")
    ]


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
def test_an_odd_message_is_answered_in_full(message: str) -> None:
    answer = compose_changes(ChangeRequest(spec=SPEC, message=message))
    assert answer.changes or answer.not_understood or answer.reply or answer.question


@pytest.mark.parametrize("spec", ["", "- a list", "name: [unclosed", "name: 3\ntools: none\nvariables: []\nmodel: 7"])
def test_a_spec_that_is_none_breaks_nothing(spec: str) -> None:
    message = "call it Mira, drop the first starter, turn the tools off, never lie, what is it called?"
    assert compose_changes(ChangeRequest(spec=spec or " ", message=message)).changes


def test_asked_who_it_is_the_builder_says_so_and_changes_nothing() -> None:
    answer = compose_changes(ChangeRequest(spec=SPEC, message="Who are you?"))
    assert answer.changes == []
    assert answer.reply == "I am the builder of Night sky: say what should be different, and I propose the change."


@pytest.mark.parametrize(
    ("rule", "wish", "allowed"),
    [
        (
            "It must not promise a late checkout.",
            "late checkout is fine now, it can promise that",
            "It may promise a late checkout.",
        ),
        ("Don't use exclamation marks.", "exclamation marks are fine", "You may use exclamation marks."),
        ("She can't name prices.", "prices are allowed", "She may name prices."),
        ("Never talk about prices.", "it can talk about prices, but not about discounts", ""),
        ("Never give dates.", "it may give dates if somebody asks", ""),
        ("Never give dates and never guess.", "dates are ok", ""),
        ("Always be short.", "long is ok", ""),
    ],
)
def test_a_ban_that_is_lifted_says_what_may_be_done(rule: str, wish: str, allowed: str) -> None:
    assert permitted(rule, wish) == allowed


@pytest.mark.parametrize(
    ("wish", "written", "rule"),
    [
        (
            "he's allergic to peanuts, important!",
            "Be allergic to peanuts; important!",
            "He's allergic to peanuts, important!",
        ),
        ("my guests are mostly deaf", "Be mostly deaf.", "My guests are mostly deaf."),
        ("could it be a bit nicer", "Be nicer.", "Be nicer."),
        ("they are fed up, be kinder", "Be kinder.", "Be kinder."),
    ],
)
def test_what_somebody_is_becomes_no_order(
    wish: str, written: str, rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with wired_mind(tmp_path, monkeypatch) as mind:
        mind.always = lambda body: Answer(written)
        writer = find_writer()
        assert writer is not None
        assert rule_of(writer, wish) == rule


@pytest.mark.parametrize(
    "words",
    [
        "Er soll auch auf die Hausordnung verweisen, wenn es um Lärm geht.",
        "Bitte immer zuerst nach dem Alter fragen.",
        "No debe prometer fechas de entrega.",
        "Elle ne doit jamais donner la réponse.",
    ],
)
def test_an_order_in_another_language_becomes_a_rule_word_for_word(words: str) -> None:
    spec = "schema: assistant/v1\nname: Tea\ndescription: Tea.\ninstructions: You advise.\n"
    changed = compose_changes(ChangeRequest(spec=spec, message=words))
    assert [change.new for change in changed.changes] == [f"You advise. {words}"]
