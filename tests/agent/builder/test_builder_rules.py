"""The person's rules: which sentences are rules, and that one is kept by what it says, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gptsmith import Builder
from gptsmith.agent.builder.changes.subject import asked_to_drop, new_rules, opposed_rules, says
from gptsmith.agent.builder.language.description import rules
from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.errors import ProviderError
from gptsmith.models.chat.factory import make_chat_model
from tests.support.loopback import Loopback, calls

DESCRIPTION = (
    "My husband and I cook on weekdays, the cellar is small, and I never know which bottle fits. Something that picks"
    " one. It should never suggest anything over 40 euros please! Formal tone, max. 4 sentences."
)
DRAFT: dict[str, Any] = {
    "name": "Bottle Picker",
    "description": "Picks a bottle for a weekday dinner.",
    "role": "You pick a bottle for two people who cook on weekdays.",
    "emphasis": ["Never suggest anything over 40 euros.", "Formal tone, at most four sentences."],
    "guidelines": ["Ask what is cooked when nobody says it.", "Suggest nothing above 40 euros."],
    "conversation_starters": ["We have mushroom risotto tonight."],
}
SPEC = """\
schema: assistant/v1
name: Tea Shop
description: Answers questions about a tea shop.
instructions: |
  You answer for a tea shop.

  ## What matters
  - Never promise a delivery date.
  - Cite the price list.
  - You must never promise a delivery date!

  ## How you speak
  Friendly.
conversation_starters:
  - What is oolong?
  - Do you ship abroad?
  - Where are you?
tests:
  - {name: price, message: What does oolong cost?, expect: {contains: ["14"]}}
  - {name: ships, message: Do you ship?, expect: {contains: ["yes"]}}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "tea-shop.assistant.yaml"
    path.write_text(SPEC, "utf-8")
    return path


@pytest.fixture
def builder(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> Builder:
    monkeypatch.setenv("KEY", loopback.api_key)
    model = ModelSpec(provider="openai", name="scripted", base_url=loopback.base_url, api_key="${env:KEY}")
    return Builder(make_chat_model(model))


def change(op: str, path: str, **given: Any) -> dict[str, Any]:
    return {"op": op, "path": path, "words": "It changes.", **given}


@pytest.mark.parametrize(
    "sentence",
    [
        "It must never give the full answer.",
        "Please always answer in French.",
        "I want it to never lie.",
        "I don't want it to be rude.",
        "I only want short answers.",
        "Formal tone, max. 4 sentences.",
        "Keep it under 100 words.",
        "Two sentences max.",
        "Customers must never be asked for a password.",
        "Our prices must always be quoted with VAT.",
        "People always ask the same things, so it should only answer from the list.",
        "We rent out boats and it must never promise that one is free.",
        "Could it always cite the page?",
        "Er darf nie raten.",
        "Ich möchte, dass er immer duzt.",
    ],
)
def test_a_sentence_that_binds_the_assistant_is_a_rule(sentence: str) -> None:
    assert rules(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "I always lose my glasses, so remind me.",
        "My kids must be in bed by eight, and we are five.",
        "You can only call me on Mondays.",
        "My husband and I travel a lot, the garden is large, and I never know what to plant.",
        "We only speak Dutch.",
        "Customers always ask for the price.",
        "Guests can't see the kitchen.",
        "They never read the manual.",
        "There is never time to cook.",
        "My daughter can't read yet.",
        "I write stories under 500 words.",
        "Why do people never read the manual?",
        "Ich vergesse immer meine Schlüssel.",
    ],
)
def test_a_sentence_about_people_is_none(sentence: str) -> None:
    assert rules(sentence) == []


@pytest.mark.parametrize(
    "text, rule",
    [
        ("Never suggest anything over 40 euros.", "It should never suggest anything over 40 euros please!"),
        ("Suggest bottles up to 40 euros only.", "never suggest anything over 40 euros"),
        ("Never give away the whole solution.", "It must never give away the full solution."),
        ("Don't use emojis", "Don’t use emojis!"),
        ("Reply in French.", "Please always answer in French."),
        ("Answers have at most three sentences.", "Keep answers to at most 3 sentences."),
        ("You never give medical advice; send people to a doctor.", "Never give medical advice."),
    ],
)
def test_a_rule_in_other_words_is_there(text: str, rule: str) -> None:
    assert says(text, rule)


@pytest.mark.parametrize(
    "text, rule",
    [
        ("You may give away the full solution.", "Never give away the full solution."),
        ("Never suggest anything over 50 euros.", "Never suggest anything over 40 euros."),
        ("Answer in German.", "Always answer in French."),
        ("Never give medical advice unless asked.", "Never give medical advice."),
        ("Answer questions about tea.", "Only answer questions about tea."),
        ("Suggest bottles over 40 euros.", "Never suggest bottles over 40 euros."),
        ("Never talk about prices.", "Never talk about competitors."),
    ],
)
def test_a_rule_that_is_turned_round_or_narrowed_is_not(text: str, rule: str) -> None:
    assert not says(text, rule)


def test_a_good_draft_gets_no_rule_twice(builder: Builder, loopback: Loopback) -> None:
    loopback.push(calls(Draft=DRAFT))
    draft = builder.build(DESCRIPTION).draft
    assert draft.emphasis == DRAFT["emphasis"]
    assert draft.guidelines == ["Ask what is cooked when nobody says it."]
    assert draft.temperature is None


def test_a_lost_rule_is_put_back_in_the_persons_words(builder: Builder, loopback: Loopback) -> None:
    loopback.push(calls(Draft=DRAFT | {"emphasis": ["Formal tone, at most four sentences."], "guidelines": []}))
    assert builder.build(DESCRIPTION).draft.emphasis == [
        "Formal tone, at most four sentences.",
        "It should never suggest anything over 40 euros please!",
    ]


@pytest.mark.parametrize(
    "message", ["why are the rules in there twice? clean that up", "Please remove the duplicates there."]
)
@pytest.mark.parametrize("model", ["embedded", "hosted"])
def test_doubled_rules_are_cleaned_up(
    message: str, model: str, spec: Path, builder: Builder, loopback: Loopback
) -> None:
    done = (builder if model == "hosted" else Builder("embedded")).edit(spec, message)
    assert done.words == ['Takes out of the instructions: "You must never promise a delivery date!"']
    assert done.rules_at_risk == [] and loopback.history == []
    done.apply()
    assert spec.read_text("utf-8") == SPEC.replace("  - You must never promise a delivery date!\n", "")


def test_a_line_of_the_instructions_goes_whole(spec: Path, builder: Builder, loopback: Loopback) -> None:
    loopback.push(
        calls(ChangeSet={"changes": [change("replace_text", "instructions", old="- Cite the price list.", new="")]})
    )
    builder.edit(spec, "drop the line about the price list, it need not cite it any more").apply()
    assert spec.read_text("utf-8") == SPEC.replace("  - Cite the price list.\n", "")


@pytest.mark.parametrize(
    "path, value, gone",
    [
        ("conversation_starters", "What is oolong?", 'Removes the starter "What is oolong?"'),
        ("conversation_starters", ["Where are you?"], 'Removes the starter "Where are you?"'),
        ("tests", "ships", 'Removes the test "ships".'),
        ("tests", {"name": "price"}, 'Removes the test "price".'),
    ],
)
def test_a_removal_with_a_value_removes_that_item_only(
    path: str, value: Any, gone: str, spec: Path, builder: Builder, loopback: Loopback
) -> None:
    loopback.push(calls(ChangeSet={"changes": [change("remove", path, value=value)]}))
    assert builder.edit(spec, "take that one out").words == [gone]


@pytest.mark.parametrize(
    "message, proposed",
    [
        ("the price test should expect 15 instead of 14", change("remove", "tests")),
        ("the price test should expect 15 instead of 14", change("remove", "tests[0]")),
        ("rename the price test to cost", change("remove", "tests[0]")),
        ("change the first starter to green tea", change("remove", "conversation_starters[0]")),
        ("the starters should be about green tea", change("set", "conversation_starters", value=["Green?"])),
        ("drop the starter about oolong", change("remove", "conversation_starters")),
    ],
)
def test_what_is_to_be_changed_is_never_removed(
    message: str, proposed: dict[str, Any], spec: Path, builder: Builder, loopback: Loopback
) -> None:
    loopback.always = calls(ChangeSet={"changes": [proposed]})
    with pytest.raises(ProviderError):
        builder.edit(spec, message)
    assert len(loopback.history) == 2, "the model is told once"


def test_one_item_for_another_is_a_change(spec: Path, builder: Builder, loopback: Loopback) -> None:
    swap = [
        change("remove", "conversation_starters[0]"),
        change("add", "conversation_starters", value="What is sencha?", after=0),
    ]
    loopback.push(calls(ChangeSet={"changes": swap}))
    assert len(builder.edit(spec, "change the oolong starter to one about sencha").words) == 2


@pytest.mark.parametrize(
    "message", ["the price test should expect 15 instead of 14", "let the price test say 15, not 14"]
)
def test_the_embedded_model_changes_one_test(message: str, spec: Path) -> None:
    done = Builder("embedded").edit(spec, message)
    assert done.words == ['Changes what the answer must say in the test "price" from ["14"] to ["15"].']


@pytest.mark.parametrize(
    "rule, again",
    [
        ("Never promise that a seat is free.", "And please never promise there's a free seat, seriously."),
        ("Always name the painter.", "It must always name the painter too, ok?"),
    ],
)
def test_a_rule_that_is_said_with_more_stress_is_one(
    rule: str, again: str, builder: Builder, loopback: Loopback
) -> None:
    assert says(rule, again)
    loopback.push(calls(Draft=DRAFT | {"emphasis": [rule, again]}))
    assert builder.build(f"Something for our cinema. {rule} {again}").draft.emphasis == [rule]


@pytest.mark.parametrize(
    "message, rule, asked",
    [
        ("no, the never rule should go", "It should never accept dogs.", True),
        ("the rule about dogs should say: no dogs without a lead", "Never let dogs in.", True),
        ("die Regel mit den Hunden soll sagen: nur an der Leine", "Lass nie Hunde herein.", True),
        ("never mention cats", "Never let dogs in.", False),
    ],
)
def test_a_message_that_speaks_of_a_rule_may_change_it(message: str, rule: str, asked: bool) -> None:
    assert asked_to_drop(rule, message) is asked


def test_a_message_about_a_rule_states_none() -> None:
    assert new_rules("the never rule should go, and always ones too") == []
    assert new_rules("never mention cats") == ["never mention cats"]


@pytest.mark.parametrize(
    "told, opposed",
    [("Dogs are fine on Sundays.", True), ("Cats are fine on Sundays.", False), ("Dogs may never come in.", False)],
)
def test_an_exception_goes_against_a_rule(told: str, opposed: bool) -> None:
    rule = "It should never accept dogs, no exceptions."
    assert bool(opposed_rules([rule], rule, f"{rule}\n{told}")) is opposed


@pytest.mark.parametrize(
    "told, rule, holds",
    [
        ("Versprich niemals Rabatte.", "niemals Rabatte versprechen", True),
        ("Gib niemals Adressen weiter.", "niemals Adressen weitergeben", False),
        ("Nenne nie den Preis.", "nie den Preis nennen", True),
        ("Nunca prometas descuentos.", "nunca prometer descuentos", True),
        ("Ne promets jamais de remise.", "ne jamais promettre de remise", True),
        ("Versprich Rabatte.", "niemals Rabatte versprechen", False),
        ("Never print prices.", "Never print photos.", False),
        ("Never promote a rival.", "Never promise a rival.", False),
    ],
)
def test_an_order_says_what_an_infinitive_says(told: str, rule: str, holds: bool) -> None:
    assert says(told, rule) is holds
