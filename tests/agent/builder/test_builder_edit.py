"""`Builder.edit`: what a hosted model proposes, over the real protocol, and what code makes of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gptsmith import Builder
from gptsmith.agent.builder.changes import Change
from gptsmith.assistants.format.loader import load_file
from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.errors import GptsmithError, ProviderError, UsageError
from gptsmith.models.chat.factory import make_chat_model
from tests.support.loopback import Answer, Loopback, calls

SPEC = """\
# The desk of the rental. Ask Ana before you change the rules!
schema: assistant/v1
name: "Bike Desk"   # as on the door
description: Answers customers' questions about renting a cargo bike.
instructions: |
  You are the rental desk of a small company that rents out cargo bikes.

  ## What matters
  - Never promise that a bike is free.
  - Always cite the rental terms.

  ## How you speak
  Warm and chatty. Answer in English.
model: ollama:qwen3:8b
conversation_starters:
  - What does a bike cost for a weekend?
  # the one that everybody asks
  - My chain came off. What now?
  - Do I have to leave a deposit?
knowledge:
  - name: rental_terms
    paths: [./terms.md]
tools:
  - {type: image_generation, name: draw_bike}
tests:
  - {name: says its name, message: Who am I writing to?, expect: {contains: [Bike Desk]}}
x-builder: {locked: [description]}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    (tmp_path / "terms.md").write_text("# Terms\n\nA weekend costs 60 euros.\n")
    path = tmp_path / "bike-desk.assistant.yaml"
    path.write_text(SPEC, "utf-8")
    return path


@pytest.fixture
def builder(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> Builder:
    monkeypatch.setenv("KEY", loopback.api_key)
    model = ModelSpec(provider="openai", name="scripted", base_url=loopback.base_url, api_key="${env:KEY}")
    return Builder(make_chat_model(model))


def change(op: str, path: str, **given: Any) -> dict[str, Any]:
    return {"op": op, "path": path, "words": "It changes.", **given}


def answer(*changes: dict[str, Any], **rest: Any) -> Answer:
    return calls(ChangeSet={"changes": list(changes), **rest})


RENAME = change("set", "name", value="Lasse")
COMPOUND = answer(
    RENAME,
    change("replace_text", "instructions", old="Warm and chatty.", new="Warm, in answers of under three sentences."),
    change("add", "instructions", value="Never talk about competitors.", after="- Always cite the rental terms."),
    change("remove", "conversation_starters[0]"),
    change("add", "conversation_starters", value="Are you open on Sunday?", after=1),
    change("remove", "conversation_starters[2]"),
    change("set", "tests[0].expect.contains", value=["Lasse"]),
    change("set", "model.temperature", value=0.2),
)
WORDS = [
    'Changes the name from "Bike Desk" to "Lasse".',
    'In the instructions, "Warm and chatty." becomes "Warm, in answers of under three sentences."',
    'Adds to the instructions: "Never talk about competitors."',
    'Removes the starter "What does a bike cost for a weekend?"',
    'Adds the starter "Are you open on Sunday?"',
    'Removes the starter "Do I have to leave a deposit?"',
    'Changes what the answer must say in the test "says its name" from ["Bike Desk"] to ["Lasse"].',
    "Sets model.temperature to 0.2.",
]
CARRIED = 'Changes what the answer must say in the test "says its name" from "Bike Desk" to "Lasse".'
RENAMED = [WORDS[0], CARRIED]  # whichever model renames: a test that expects the old name comes along
AFTER = [
    ('name: "Bike Desk"   # as on the door\n', 'name: "Lasse"   # as on the door\n'),
    ("Warm and chatty.", "Warm, in answers of under three sentences."),
    ("terms.\n\n  ## How", "terms.\n  - Never talk about competitors.\n\n  ## How"),
    ("  - What does a bike cost for a weekend?\n", ""),
    ("What now?\n", "What now?\n  - Are you open on Sunday?\n"),
    ("  - Do I have to leave a deposit?\n", ""),
    ("contains: [Bike Desk]", "contains: [Lasse]"),
    ("model: ollama:qwen3:8b\n", "model:\n  provider: ollama\n  name: qwen3:8b\n  temperature: 0.2\n"),
]


def edited(numbers: list[int]) -> str:
    text = SPEC
    for number in numbers:
        text = text.replace(*AFTER[number])
    return text


@pytest.mark.parametrize("only", [None, [0], [3, 5], [4], [3, 4], [1, 2], [5, 4, 3], [7], [0, 6, 2], list(range(8))])
def test_any_part_of_a_change_means_the_same(
    only: list[int] | None, spec: Path, builder: Builder, loopback: Loopback
) -> None:
    loopback.push(COMPOUND)
    done = builder.edit(spec, "call it Lasse, shorter answers, no competitors, fewer starters, more exact")
    assert done.words == WORDS
    assert spec.read_text("utf-8") == SPEC  # nothing is written before apply
    done.apply(only=only)
    assert spec.read_text("utf-8") == edited(list(range(8)) if only is None else only)
    done.undo()
    assert spec.read_text("utf-8") == SPEC
    assert not loopback.refused


def test_the_diff_shows_what_is_written(spec: Path, builder: Builder, loopback: Loopback) -> None:
    loopback.push(answer(RENAME))
    done = builder.edit(spec, "call it Lasse")
    assert [line for line in done.diff.splitlines() if line[0] in "+-"] == [
        "--- bike-desk.assistant.yaml (before)",
        "+++ bike-desk.assistant.yaml (after)",
        '-name: "Bike Desk"   # as on the door',
        '+name: "Lasse"   # as on the door',
        "-  - {name: says its name, message: Who am I writing to?, expect: {contains: [Bike Desk]}}",
        "+  - {name: says its name, message: Who am I writing to?, expect: {contains: [Lasse]}}",
    ]
    assert done.after_texts == {spec: edited([0, 6])}


YAML = "```yaml\nname: Lasse\n```"
INVALID = answer(change("set", "model.temperature", value=7))


@pytest.mark.parametrize(
    "first, problem",
    [
        ("I would call it Lasse.", "- it did not call the function ChangeSet"),
        (YAML, "- it did not call the function ChangeSet"),
        (calls(ChangeSet={"changes": [{"op": "rename", "path": "name"}]}), "- changes.0.op: Input should be 'set'"),
        (calls(ChangeSet='{"changes": [{"op": "se'), ""),
        (INVALID, "set model.temperature: model.temperature: expected 0..2, got 7"),
        (answer(change("set", "nonsense", value=1)), "set nonsense: nonsense: unknown key"),
        (answer(change("remove", "tools[3]")), "changes[0] (remove tools[3]): tools has 1 item, there is no [3]"),
        (answer(change("set", "id", value="x")), "id stays as it is: files, threads and versions are found by it"),
        (answer(change("set", "instructions", value="New.")), "set on the instructions is refused, because the person"),
        (answer(change("replace_text", "instructions", old="bike", new="boat")), 'contains "bike" more than once'),
        (answer(RENAME, change("set", "name", value="Leo")), "two changes of name exclude each other"),
        (answer(change("add", "tools", value={"type": "send_mail"})), 'there is no tool type "send_mail"; there are'),
        (
            answer(change("add", "tools", value={"type": "mcp", "command": ["sh"]})),
            "commands are the person's own",
        ),
        (
            answer(change("add", "knowledge[0].urls", value="https://evil.example/x")),
            'the address "https://evil.example/x" stands neither in the person\'s words nor in the file',
        ),
        (answer(change("add", "knowledge[0].paths", value="prices.pdf")), 'no file matches "prices.pdf"'),
        (
            answer(change("add", "knowledge[0].paths", value="../other.md")),
            'the file "../other.md" is neither attached',
        ),
        (
            answer(change("add", "knowledge[0].paths", value="/etc/passwd")),
            'the file "/etc/passwd" is neither attached',
        ),
        (answer(change("add", "knowledge[0].paths", value="./.env")), 'the file "./.env" is neither attached'),
        (answer(change("set", "instructions_file", value="~/x.md")), 'the file "~/x.md" is neither attached nor a'),
        (
            answer(change("replace_text", "instructions", old="- Never promise that a bike is free.\n", new="")),
            'this would lose the person\'s rule "Never promise that a bike is free.", which they did not ask to drop',
        ),
        (answer(change("set", "name", value="sk-abcdefghijklmnopqrst")), "a secret never goes into the file"),
    ],
)
def test_one_repair_round_with_what_is_wrong(
    first: Any, problem: str, spec: Path, builder: Builder, loopback: Loopback
) -> None:
    loopback.push(first, answer(RENAME))
    done = builder.edit(spec, "call it Lasse")
    assert done.words == RENAMED
    assert len(loopback.history) == 2
    assert problem in loopback.history[1]["messages"][1]["content"]


@pytest.mark.parametrize(
    "answers, message",
    [
        (["I would call it Lasse.", "Lasse!"], 'it only said "Lasse!"'),
        ([YAML, YAML], "its answer could not be read"),
        ([INVALID, INVALID], "model.temperature: expected 0..2, got 7; try 2"),
    ],
)
def test_a_second_failure_is_one_plain_sentence(
    answers: list[Any], message: str, spec: Path, builder: Builder, loopback: Loopback
) -> None:
    loopback.push(*answers)
    with pytest.raises(ProviderError) as caught:
        builder.edit(spec, "call it Lasse")
    assert str(caught.value).startswith(f"the model gave no usable change: {message[:50]}")
    assert str(caught.value).endswith("; nothing was changed; say it in other words, or use another model")
    assert len(loopback.history) == 2
    assert spec.read_text("utf-8") == SPEC


def test_what_holds_is_kept_and_the_rest_is_said(spec: Path, builder: Builder, loopback: Loopback) -> None:
    wrong = answer(RENAME, change("set", "model.temperature", value=7))
    loopback.push(wrong, wrong)
    done = builder.edit(spec, "call it Lasse and heat it up")
    assert done.words == RENAMED
    assert done.unmet == ["model.temperature: expected 0..2, got 7; try 2"]


def check_locked(done: Change, spec: Path) -> None:
    assert done.words == RENAMED
    (held,) = done.locked
    assert (held.path, held.lines) == ("description", ["description: Rents bikes."])
    assert held.why.startswith("description is locked, so this is only a suggestion; only you can unlock it")
    done.apply()
    assert spec.read_text("utf-8") == edited([0, 6])


def check_question(done: Change, spec: Path) -> None:
    assert (done.changes_nothing, done.diff, done.reply) == (True, "", "It cites the terms.")
    assert done.apply() is None


def check_missing(done: Change, spec: Path) -> None:
    assert [item.what for item in done.missing] == ["booking"]
    assert done.not_understood == ["flumph it"]


def check_claims(done: Change, spec: Path) -> None:
    assert done.reply == "The calendar cannot be reached."


def check_same(done: Change, spec: Path) -> None:
    assert done.changes_nothing
    assert done.unmet == ["The file is like that already, so nothing is changed."]


def check_rewrite(done: Change, spec: Path) -> None:
    assert done.words == ["Writes the instructions anew: 8 lines, then 3 lines."]
    assert done.rules_at_risk == []


def check_kept_rule(done: Change, spec: Path) -> None:
    assert done.unmet == ['Your rule "never mention prices" is not in the file yet.']


BOOKING = {"kind": "tool", "what": "booking", "how": "Add an mcp tool."}
NEW = "You are the desk.\n- Never promise that a bike is free.\n- Always cite the rental terms.\n"
SOFTER = change("add", "instructions", value="Speak rarely of prices.")


@pytest.mark.parametrize(
    "message, proposed, check",
    [
        (
            "call it Lasse, rents bikes",
            answer(RENAME, change("set", "description", value="Rents bikes.")),
            check_locked,
        ),
        ("what does it cite?", answer(reply="It cites the terms."), check_question),
        ("book it and flumph it", answer(missing=[BOOKING], not_understood=["flumph it"]), check_missing),
        ("add a calendar", answer(reply="I added the calendar. The calendar cannot be reached."), check_claims),
        ("call it Bike Desk", answer(change("set", "name", value="Bike Desk")), check_same),
        ("rewrite the instructions, short", answer(change("set", "instructions", value=NEW)), check_rewrite),
        ("it should never mention prices", answer(SOFTER), check_kept_rule),
    ],
)
def test_what_is_no_plain_change_is_told(
    message: str,
    proposed: Answer,
    check: Callable[[Change, Path], None],
    spec: Path,
    builder: Builder,
    loopback: Loopback,
) -> None:
    loopback.always = proposed
    check(builder.edit(spec, message), spec)


DROP = answer(RENAME, change("replace_text", "instructions", old="- Never promise that a bike is free.\n", new=""))


def test_a_rule_that_would_be_lost_is_asked_about(spec: Path, builder: Builder, loopback: Loopback) -> None:
    loopback.always = DROP
    done = builder.edit(spec, "call it Lasse and be nicer")
    assert [(risk.step, risk.rule) for risk in done.rules_at_risk] == [(2, "Never promise that a bike is free.")]
    with pytest.raises(UsageError) as caught:
        done.apply()
    assert str(caught.value) == (
        'change 3 would drop the rule "Never promise that a bike is free."; name the changes that are meant, as in'
        " only=[0, 1]; nothing was written"
    )
    done.apply(only=[0, 2])
    assert "Never promise" not in spec.read_text("utf-8")


@pytest.mark.parametrize(
    "message",
    [
        "drop the rule about promising a bike",
        "it may promise that a bike is free from now on",
        "remove all the rules, call it Lasse",
        "Streiche die Regel mit never promise that a bike is free",
    ],
)
def test_a_rule_goes_when_it_is_asked_for(message: str, spec: Path, builder: Builder, loopback: Loopback) -> None:
    loopback.push(DROP)
    assert builder.edit(spec, message).rules_at_risk == []


@pytest.mark.parametrize(
    "said, at_risk",
    [
        ("You may promise that a bike is free on Mondays.", ["Never promise that a bike is free."]),
        ("Do not cite the rental terms in a greeting.", ["Always cite the rental terms."]),
        ("Promise a bike to regular customers.", ["Never promise that a bike is free."]),
        ("Never promise that a trailer is free.", []),
        ("A bike has two wheels.", []),
    ],
)
def test_a_sentence_against_a_rule_is_asked_about(
    said: str, at_risk: list[str], spec: Path, builder: Builder, loopback: Loopback
) -> None:
    loopback.always = answer(change("add", "instructions", value=said))
    done = builder.edit(spec, "Add that")
    assert [risk.rule for risk in done.rules_at_risk] == at_risk
    assert len(loopback.history) == (2 if at_risk else 1)
    if at_risk:
        with pytest.raises(UsageError, match="would go against the rule"):
            done.apply()
    done.apply(only=[0])


def test_secrets_are_neither_sent_nor_written(spec: Path, builder: Builder, loopback: Loopback) -> None:
    loopback.push(answer(change("set", "model.api_key", value="${env:KEY}"), reply="Set the variable KEY."))
    done = builder.edit(spec, "use the api key sk-abcdefghijklmnopqrstuvwx for the model, password: hunter2hunter2")
    sent = str(loopback.history)
    assert "sk-abcdef" not in sent and "hunter2" not in sent
    assert done.unmet == [
        "A secret in your message was held back: it was neither sent nor written. Write ${env:NAME} in its place and"
        " set that variable."
    ]


def outside(text: str) -> str:
    return text.replace("What does a bike cost for a weekend?", "What does a trailer cost?")


@pytest.mark.parametrize(
    "wanted, meanwhile, result",
    [
        (RENAME, outside, outside(edited([0, 6]))),
        (change("remove", "conversation_starters[0]"), outside, "conversation_starters[0] is another item now"),
        (change("remove", "conversation_starters[2]"), outside, outside(edited([5]))),
        (RENAME, lambda text: text.replace("Bike Desk", "Desk"), "name has another value now"),
        (RENAME, lambda text: text.replace("[description]", "[name]"), "a part of it is locked now"),
        (
            change("replace_text", "instructions", old="Warm and chatty.", new="Dry."),
            lambda text: text.replace("Warm and", "Cold and"),
            "the words to change no longer stand in instructions",
        ),
    ],
)
def test_a_file_that_was_changed_meanwhile(
    wanted: dict[str, Any],
    meanwhile: Callable[[str], str],
    result: str,
    spec: Path,
    builder: Builder,
    loopback: Loopback,
) -> None:
    loopback.push(answer(wanted))
    done = builder.edit(spec, "Do it")
    spec.write_text(meanwhile(SPEC), "utf-8")
    if result.startswith("#"):
        done.apply()
        assert spec.read_text("utf-8") == result
        return
    with pytest.raises(UsageError) as caught:
        done.apply()
    assert str(caught.value) == (
        f"bike-desk.assistant.yaml was changed meanwhile: {result}; nothing was written; ask for the change again"
    )
    assert spec.read_text("utf-8") == meanwhile(SPEC)


def test_undo_refuses_when_the_file_was_changed_since(spec: Path, builder: Builder, loopback: Loopback) -> None:
    loopback.push(answer(RENAME))
    done = builder.edit(spec, "call it Lasse")
    done.apply()
    spec.write_text(outside(edited([0])), "utf-8")
    with pytest.raises(UsageError) as caught:
        done.undo()
    assert caught.value.code == "changed_since"
    assert spec.read_text("utf-8") == outside(edited([0]))


def test_attached_files_are_copied_when_the_change_is_applied(
    spec: Path, builder: Builder, loopback: Loopback, tmp_path_factory: pytest.TempPathFactory
) -> None:
    prices = tmp_path_factory.mktemp("else") / "prices.md"
    prices.write_text("A day costs 30 euros.")
    loopback.push(answer(change("add", "knowledge[0].paths", value="prices.md")))
    done = builder.edit(spec, "use this too", [prices])
    assert "- prices.md" in loopback.history[0]["messages"][1]["content"]
    assert not (spec.parent / "bike-desk.files").exists()
    done.apply()
    assert load_file(spec).spec.knowledge[0].paths == ["./terms.md", "./bike-desk.files/prices.md"]
    assert (spec.parent / "bike-desk.files" / "prices.md").read_text() == "A day costs 30 euros."


def test_instructions_in_a_file_of_their_own(spec: Path, builder: Builder, loopback: Loopback) -> None:
    told = spec.parent / "told.md"
    told.write_bytes("\ufeffYou rent bikes.\r\nNever promise a bike.\r\n".encode())
    spec.write_text("schema: assistant/v1\nname: Desk\ndescription: Rents.\ninstructions_file: ./told.md\n", "utf-8")
    loopback.push(answer(RENAME, change("add", "instructions", value="Be brief.")))
    done = builder.edit(spec, "call it Lasse and be brief")
    assert "<instructions>\nYou rent bikes." in loopback.history[0]["messages"][1]["content"]
    assert "+Be brief." in done.diff
    assert "+name: Lasse" in done.diff
    done.apply()
    assert told.read_bytes() == "\ufeffYou rent bikes.\r\nNever promise a bike.\r\nBe brief.\r\n".encode()
    done.undo()
    assert told.read_bytes() == "\ufeffYou rent bikes.\r\nNever promise a bike.\r\n".encode()


def test_the_request_is_what_the_model_needs(spec: Path, builder: Builder, loopback: Loopback) -> None:
    loopback.push(answer(RENAME))
    asyncio.run(builder.aedit(spec, "call it Lasse"))
    system, user = (message["content"] for message in loopback.history[0]["messages"])
    assert "model.temperature: number 0..2." in system
    assert f"<spec>\n{SPEC.strip()}\n</spec>" in user
    assert "<rules>\n- Never promise that a bike is free.\n- Always cite the rental terms.\n</rules>" in user
    assert user.endswith("<message>\ncall it Lasse\n</message>")
    assert [tool["function"]["name"] for tool in loopback.history[0]["tools"]] == ["ChangeSet"]


@pytest.mark.parametrize(
    "words, message",
    [
        ("  ", "the message is empty; say what should change"),
        ("x" * 24_001, "the message has more than 24,000 characters; shorten it, and attach long material as files"),
    ],
)
def test_bad_words_are_refused_before_any_model_is_asked(
    words: str, message: str, spec: Path, builder: Builder, loopback: Loopback
) -> None:
    with pytest.raises(GptsmithError) as caught:
        builder.edit(spec, words)
    assert str(caught.value) == message
    assert loopback.history == []


LAST = "Warm and chatty. Answer in English."


@pytest.mark.parametrize(
    "changes, ending",
    [
        (
            [
                change("replace_text", "instructions", old=LAST, new=f"{LAST}\nKeep it short."),
                change(
                    "replace_text", "instructions", old="Answer in English.", new="Answer in English.\nNever shout."
                ),
                change("add", "instructions", value="Smile."),
            ],
            "  Warm and chatty. Answer in English.\n  Keep it short.\n  Never shout.\n  Smile.\n",
        ),
        (
            [
                change("replace_text", "instructions", old=LAST, new="Cold and chatty. Answer in English."),
                change("replace_text", "instructions", old=LAST, new="Warm and chatty. Answer in German."),
                change("replace_text", "instructions", old="Warm", new="Be brief. Warm"),
            ],
            "  Be brief. Cold and chatty. Answer in German.\n",
        ),
    ],
)
def test_changes_at_one_place_of_a_text_go_together(
    changes: list[dict[str, Any]], ending: str, spec: Path, builder: Builder, loopback: Loopback
) -> None:
    loopback.push(answer(*changes))
    done = builder.edit(spec, "Several things")
    assert len(done.words) == 3
    done.apply()
    assert spec.read_text("utf-8") == SPEC.replace(f"  {LAST}\n", ending)


def test_an_empty_answer_is_told(spec: Path, builder: Builder, loopback: Loopback) -> None:
    loopback.push(answer())
    done = builder.edit(spec, "Hm")
    assert done.unmet == ["I found no change in your message that I could make, so nothing is changed."]


CASSETTES = sorted((Path(__file__).parents[2] / "cassettes" / "builder" / "edits").glob("*.json"))


@pytest.mark.parametrize("tape", CASSETTES, ids=lambda p: p.stem)
def test_recorded_answers_become_changes(tape: Path, tmp_path: Path, builder: Builder, loopback: Loopback) -> None:
    """Answers that a capable reader of the prompt gave, and what becomes of them."""
    told = json.loads(tape.read_text("utf-8"))
    path = tmp_path / "museum" / "museum-guide.assistant.yaml"
    for name, text in {path.name: told["spec"], **told["files"]}.items():
        (path.parent / name).parent.mkdir(parents=True, exist_ok=True)
        (path.parent / name).write_text(text, "utf-8")
    attached = [tmp_path / name for name in told["knowledge"]]
    for file in attached:
        file.write_text(told["knowledge"][file.name], "utf-8")
    loopback.push(*(calls(ChangeSet=given) for given in told["answers"]))
    done = builder.edit(path, told["message"], attached)
    assert {
        "words": done.words,
        "lines": [line for line in done.diff.splitlines()[2:] if line[0] in "+-"],
        "missing": [item.what for item in done.missing],
        "not_understood": done.not_understood,
        "unmet": done.unmet,
        "locked": [held.path for held in done.locked],
        "at_risk": [risk.rule for risk in done.rules_at_risk],
        "reply": done.reply,
        "question": done.question,
    } == told["expect"]
    assert len(loopback.history) == len(told["answers"]) and not loopback.refused
    done.apply()
    if not done.changes_nothing:
        done.undo()
    assert path.read_text("utf-8") == told["spec"]
