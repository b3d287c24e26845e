"""The embedded builder asks about a new assistant: one thing at a time, only what is open, each answer a change."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gptsmith import Builder
from gptsmith.agent.builder.composing.reading import compose_changes
from gptsmith.agent.builder.language.requests import ChangeRequest
from tests.support.loopback import Answer
from tests.support.wired_mind import wired_mind

NEVER = "Is there anything that it must never say or do?"
ASK = "If somebody leaves something important out, should it ask, or go ahead with a sensible guess?"
FIRST = "When somebody turns to it, what should it do before anything else?"
WHO = "Who will mostly turn to it?"
TONE = "Should it sound more like a friend, or more like somebody at an office desk?"
SPEC = "schema: assistant/v1\nname: Tea\ndescription: Tea.\ninstructions: You advise.\n"
INVITE = "Try it out. From here on, say what to change, in your own words."


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder without a library."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "description, question",
    [
        ("A tea adviser.", WHO),
        ("A tea adviser for hotel guests.", NEVER),
        ("A helper for the beekeepers of our allotment, who ask what to do in which month.", NEVER),
        ("A helper for the shop of our museum. Visitors ask about prices.", NEVER),
        ("A tea bus, and an adviser who knows teas.", WHO),
        ("A tea adviser for hotel guests. Never recommend black tea at night.", ASK),
        ("Helps my students with fractions. Always ask for their age first. Never give the answer away.", ""),
    ],
)
def test_only_what_the_description_leaves_open_is_asked(description: str, question: str) -> None:
    message = Builder("embedded").session().say(description)
    assert (message.kind, message.question) == ("draft", question)
    assert (INVITE in message.text) is not bool(question)


def test_one_question_at_a_time_until_enough_is_known() -> None:
    session = Builder("embedded").session()
    session.say("A tea adviser.")
    asked = [session.say(words).question for words in ("people who sleep badly", "politics", "guess")]
    assert asked == [NEVER, ASK, FIRST]
    last = session.say("greet people by their name")
    assert last.question == "" and INVITE in last.text
    session.accept()
    told = [
        "Who turns to it: people who sleep badly.",
        "Never talk about politics.",
        "When something important is missing: guess.",
        "Before anything else: greet people by their name.",
    ]
    assert all(words in session.yaml for words in told)
    assert not re.search(r"ask one short question first", session.yaml)


def test_an_order_is_carried_out_and_the_next_question_asked() -> None:
    session = Builder("embedded").session()
    session.say("A tea adviser.")
    message = session.say("call it Mira")
    assert message.words[0] == 'Changes the name from "Tea Adviser" to "Mira".'
    assert message.question == NEVER


@pytest.mark.parametrize("words", ["no", "nothing", "you decide", "I don't mind", "skip", "it doesn't matter"])
def test_what_is_left_to_the_builder_changes_nothing(words: str) -> None:
    session = Builder("embedded").session()
    session.say("A tea adviser for hotel guests.")
    message = session.say(words)
    assert (message.words, message.text, message.question) == ([], "", ASK)


@pytest.mark.parametrize(
    "question, answer, told",
    [
        (TONE, "like a forest ranger", "How it sounds: like a forest ranger."),
        (NEVER, "give away the answer", "Never give away the answer."),
        (NEVER, "politics", "Never talk about politics."),
        (NEVER, "it should never name a dose", "Never name a dose."),
        (NEVER, "don't mention the competition", "Don't mention the competition."),
        (FIRST, "Ask for the age", "Before anything else: ask for the age."),
    ],
)
def test_an_answer_is_told_word_for_word_behind_what_was_asked(question: str, answer: str, told: str) -> None:
    request = ChangeRequest(spec=SPEC, message=answer, conversation=["person: A tea adviser.", f"builder: {question}"])
    changed = compose_changes(request)
    assert [change.new for change in changed.changes] == [f"You advise. {told}"]


@pytest.mark.parametrize("words", ["no", "I don't think so", "nothing in particular", "can't think of anything"])
def test_an_answer_that_forbids_nothing_changes_nothing(words: str) -> None:
    request = ChangeRequest(spec=SPEC, message=words, conversation=["person: A tea adviser.", f"builder: {NEVER}"])
    assert compose_changes(request).changes == []


@pytest.mark.parametrize(
    "question, answer, written, told",
    [
        (NEVER, "yes, make fun of mistakes", "No, never make fun of mistakes.", "Never make fun of mistakes."),
        (NEVER, "don't ever mention my ex", "Never mention your ex.", "Never mention my ex."),
        (NEVER, "give away the answer", "Give away the answer.", "Never give away the answer."),
        (
            ASK,
            "ask, but only one thing at a time",
            "Ask for the order number, but only one thing at a time.",
            "When something important is missing: ask, but only one thing at a time.",
        ),
        (ASK, "just guess pls", "Just guess, please.", "When something important is missing: just guess pls."),
        (
            ASK,
            "ask for the date",
            "When something important is missing, ask for the date.",
            "When something important is missing, ask for the date.",
        ),
        (
            "What should it say about a late checkout?",
            "that they have to call me",
            "When asked about a late checkout, say that they have to call you.",
            "When asked about a late checkout, say that they have to call me.",
        ),
        (
            "What should it do when somebody is rude?",
            "stay calm and end it after the second time",
            "Stay calm and end it after the second time.",
            "When somebody is rude: stay calm and end it after the second time.",
        ),
        (
            TONE,
            "neither, like a radio host",
            "Neither, like a radio host.",
            "How it sounds: neither, like a radio host.",
        ),
        (
            "Soll er auch abends antworten?",
            "nein, dann auf morgen vertrösten",
            "No, he should not answer at 10 PM.",
            "Soll er auch abends antworten? Nein, dann auf morgen vertrösten.",
        ),
        (
            NEVER,
            "nothing I can think of, but it should always stay polite",
            "Never promise a delivery date.",
            "Always stay polite.",
        ),
        (NEVER, "no, but it should be careful with children", "No.", "Be careful with children."),
        (FIRST, "find out the boat", "Find out the boat.", "Before anything else: find out the boat."),
        (FIRST, "check the manual", "First of all, check the manual.", "First of all, check the manual."),
    ],
)
def test_what_the_model_makes_of_an_answer_says_that_and_no_more(
    question: str, answer: str, written: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with wired_mind(tmp_path, monkeypatch) as mind:
        mind.always = lambda body: Answer(written)
        request = ChangeRequest(
            spec=SPEC, message=answer, conversation=["person: A tea adviser.", f"builder: {question}"]
        )
        (change,) = compose_changes(request).changes
    assert change.new == f"You advise. {told}"


@pytest.mark.usefixtures("local_mind")
@pytest.mark.parametrize(
    "question, answer, told",
    [
        (NEVER, "give away the answer", r"^Never give away the answer\.$"),
        (NEVER, "yes, medical advice", r"^(?:Never|Do not|Don't) .*medical advice"),
        (TONE, "a friend, but a strict one", r"(?i)friend.*strict|strict.*friend"),
        (ASK, "rather ask", r"(?i)\bask\b"),
        ("Which teas do you sell?", "only green ones", r"(?i)green"),
    ],
)
def test_the_local_model_makes_a_rule_of_an_answer(question: str, answer: str, told: str) -> None:
    request = ChangeRequest(spec=SPEC, message=answer, conversation=["person: A tea adviser.", f"builder: {question}"])
    (change,) = compose_changes(request).changes
    assert change.new and change.new.startswith("You advise. ")
    assert re.search(told, change.new.removeprefix("You advise. "))


@pytest.mark.parametrize(
    "said, rules",
    [
        (
            "Never name prices, always ask for the hour, and never guess.",
            ["Never name prices.", "Always ask for the hour.", "Never guess."],
        ),
        ("Never guess; don't lie.", ["Never guess.", "Don't lie."]),
        ("Never say “always ask first, and never guess”.", ["Never say “always ask first, and never guess”."]),
        (
            "Never name prices when guests ask, and never guess.",
            ["Never name prices when guests ask, and never guess."],
        ),
        ("It must be short and never dull.", ["It must be short and never dull."]),
    ],
)
def test_rules_that_hang_in_one_sentence_are_kept_one_by_one(said: str, rules: list[str]) -> None:
    assert Builder("embedded").build(f"A tea adviser for guests. {said}").draft.emphasis == rules
