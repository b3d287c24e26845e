"""Decisions in ordinary words, answers to the builder's own questions, and what waits put together by its text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gptsmith import Builder
from gptsmith.agent.builder.decisions import decision
from gptsmith.agent.builder.session import BuilderSession
from gptsmith.assistants.spec import ModelSpec
from gptsmith.models.chat.factory import make_chat_model
from tests.loopback import Answer, Loopback, calls

NEVER = "Is there anything it must never do?"
DRAFT: dict[str, Any] = {
    "name": "Maths Coach",
    "description": "Coaches children in mathematics.",
    "role": "You are a hedgehog who coaches children in mathematics. Children like you.",
    "emphasis": ["Always praise the effort."],
    "conversation_starters": ["How do I add fractions?"],
    "question": NEVER,
}


@pytest.fixture
def builder(loopback: Loopback, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Builder:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KEY", loopback.api_key)
    model = ModelSpec(provider="openai", name="scripted", base_url=loopback.base_url, api_key="${env:KEY}")
    return Builder(make_chat_model(model))


def change(op: str, path: str, **given: Any) -> dict[str, Any]:
    return {"op": op, "path": path, "words": "It changes.", **given}


def answer(*changes: dict[str, Any], **rest: Any) -> Answer:
    return calls(ChangeSet={"changes": list(changes), **rest})


def swap(old: str, new: str) -> dict[str, Any]:
    return change("replace_text", "instructions", old=old, new=new)


FOUR = (
    change("set", "name", value="Mira"),
    change("add", "instructions", value="Be brief."),
    change("set", "welcome_message", value="Hello!"),
    change("add", "conversation_starters", value="What is your name?"),
)


def talk(builder: Builder, loopback: Loopback, *changes: dict[str, Any], question: str = "") -> BuilderSession:
    """Begin a session in which `changes` wait."""
    loopback.push(calls(Draft=DRAFT | {"question": question}))
    session = builder.session()
    session.say("A coach for children in mathematics. Always praise the effort.")
    if changes:
        loopback.push(answer(*changes))
        session.say("all of that")
    return session


WAITING = [
    *[
        (typed, "accept", None)
        for typed in (
            "ok looks good", "sounds good", "Sounds good to me!", "go for it", "lgtm", "yes do it", "great, do it",
            "I like it", "perfect", "works for me", "yes please", "that's great, thanks", "all good", "👍",
            "let's do it",            "yes to all", "looks great, apply it", "fine by me", "make it so",
        )
    ],
    *[
        (typed, "refuse", None)
        for typed in (
            "no, undo that", "can you undo that?", "go back", "no thanks", "please don't", "I don't like it",
            "leave it as it is", "rather not", "nah",
        )
    ],
    ("1 and 3", "accept", [0, 2]),
    ("just the first two", "accept", [0, 1]),
    ("only the name", "accept", [0]),
    ("the name only", "accept", [0]),
    ("only the name and the welcome", "accept", [0, 2]),
    ("just the rule, please", "accept", [1]),
    ("all but the starter", "accept", [0, 1, 2]),
    ("yes, but not the name", "accept", [1, 2, 3]),
    ("not the greeting", "refuse", [2]),
]  # fmt: skip


@pytest.mark.parametrize("typed, kind, only", WAITING, ids=[typed for typed, *_ in WAITING])
def test_a_plain_decision_needs_no_model(
    typed: str, kind: str, only: list[int] | None, builder: Builder, loopback: Loopback
) -> None:
    assert decision(typed, talk(builder, loopback, *FOUR).pending) == (kind, only)


@pytest.mark.parametrize(
    "typed",
    ["only the name of the ship", "go back to being friendly", "I like tea", "keep it short", "good morning",
     "undo the name change in the welcome", "the second one is wrong", "yes and be brief",
     "looks good but make it shorter"],
)  # fmt: skip
def test_what_says_more_goes_to_the_model(typed: str, builder: Builder, loopback: Loopback) -> None:
    assert decision(typed, talk(builder, loopback, *FOUR).pending) is None


@pytest.mark.parametrize("typed", ["no, undo that", "can you undo that?", "go back", "please take that back"])
def test_what_is_written_is_taken_back_in_ordinary_words(typed: str, builder: Builder, loopback: Loopback) -> None:
    session = talk(builder, loopback, FOUR[0])
    before = session.yaml
    assert session.say("ok looks good").kind == "applied"
    assert session.say(typed).kind == "undone"
    assert session.yaml == before


@pytest.mark.parametrize(
    "decided, kind, words",
    [
        ({"decision": "accept"}, "applied", 4),
        ({"decision": "accept", "which": [1, 3]}, "applied", 2),
        ({"decision": "refuse"}, "refused", 4),
        ({"decision": "refuse", "which": [2]}, "proposal", 3),
    ],
)
def test_the_model_can_decide_too(
    decided: dict[str, Any], kind: str, words: int, builder: Builder, loopback: Loopback
) -> None:
    session = talk(builder, loopback, *FOUR)
    loopback.push(answer(**decided))
    message = session.say("hm, I would say we go with those, the way you put them")
    assert (message.kind, len(message.words)) == (kind, words)


def test_the_model_can_take_back(builder: Builder, loopback: Loopback) -> None:
    session = talk(builder, loopback, FOUR[0])
    before = session.yaml
    session.accept()
    loopback.push(answer(decision="undo"))
    assert session.say("hm, the old one was better after all").kind == "undone"
    assert session.yaml == before


def test_a_decision_and_a_wish_in_one_message(builder: Builder, loopback: Loopback) -> None:
    session = talk(builder, loopback, FOUR[0])
    loopback.push(answer(FOUR[2], decision="accept"))
    message = session.say("the name is lovely, keep that, and it should say Hello! first")
    assert "name: Mira" in session.yaml and "Hello!" not in session.yaml
    assert message.words == ['Sets the welcome message to "Hello!"']
    assert session.accept().kind == "applied" and "Hello!" in session.yaml


@pytest.mark.parametrize(
    "said, proposed, told",
    [
        ("give away the answer", "Give away the answer.", "Never give away the answer."),
        ("give away the answer", "Never give away the answer.", "Never give away the answer."),
        ("politics", "The user may talk about politics.", "Never talk about politics."),
        ("making fun of somebody", "Making fun of somebody.", "Avoid making fun of somebody."),
        ("it should not swear", "It should not swear.", "It should not swear."),
    ],
)
def test_an_answer_on_what_must_never_be_stays_a_ban_and_is_written_at_once(
    said: str, proposed: str, told: str, builder: Builder, loopback: Loopback
) -> None:
    session = talk(builder, loopback, question=NEVER)
    before = session.yaml
    loopback.push(answer(change("add", "instructions", value=proposed), question="How old are they?"))
    message = session.say(said)
    assert (message.kind, message.words) == ("applied", [f'Adds to the instructions: "{told}"'])
    assert message.question == "How old are they?" and session.pending is None
    assert f"- {told}\n" in session.yaml
    assert session.say("undo that").kind == "undone" and session.yaml == before


def test_the_embedded_model_keeps_a_ban_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    session = Builder("embedded").session()
    session.say("A maths coach for pupils.")
    assert session.say("give away the answer").kind == "applied"
    assert "Never give away the answer." in session.yaml


def test_a_yes_or_no_is_not_turned_round(builder: Builder, loopback: Loopback) -> None:
    session = talk(builder, loopback, question="Should it give the full solution?")
    wrong = answer(change("add", "instructions", value="Give the full solution."))
    loopback.push(wrong, answer(change("add", "instructions", value="Never give the full solution.")))
    assert session.say("no").words == ['Adds to the instructions: "Never give the full solution."']
    assert "says the opposite" in loopback.history[-1]["messages"][1]["content"]


def test_an_order_during_the_questions_still_waits(builder: Builder, loopback: Loopback) -> None:
    session = talk(builder, loopback, question=NEVER)
    loopback.push(answer(FOUR[0], question="How old are they?"))
    assert session.say("call it Mira").kind == "proposal" and "Mira" not in session.yaml


OTTER = swap("a hedgehog", "an otter")
MONSTERS = change("add", "instructions", value="Friendly monsters are fine.")


@pytest.mark.parametrize(
    "back",
    [swap("You are a hedgehog who coaches", "You are a hedgehog who coaches"), swap("hedgehog", "hedgehog")],
)
def test_what_is_taken_back_is_told_by_its_text(back: dict[str, Any], builder: Builder, loopback: Loopback) -> None:
    session = talk(builder, loopback, OTTER, MONSTERS)
    loopback.push(answer(back))
    message = session.say("hedgehog again, keep the rest")
    assert message.words == ['Adds to the instructions: "Friendly monsters are fine."']
    assert message.text == 'No longer: In the instructions, "a hedgehog" becomes "an otter". The rest still waits.'


@pytest.mark.parametrize("typed, stays", [("yes", False), ("no", True), ("no, keep it", True)])
def test_what_would_go_unasked_is_asked_about(typed: str, stays: bool, builder: Builder, loopback: Loopback) -> None:
    tests = change("set", "tests[0].message", value="Who are you?")
    session = talk(builder, loopback, tests)
    whole = {"name": "adds", "message": "2 + 2?", "expect": {"contains": ["4"]}}
    two = [whole, whole | {"name": "adds more"}, whole | {"name": "adds most"}]
    loopback.push(answer(change("set", "tests", value=two)))
    message = session.say("have three tests of adding")
    assert message.question.endswith("Shall that go?")
    loopback.push(answer())
    left = session.say(typed)
    assert any("Who are you?" in words for words in left.words) is stays
