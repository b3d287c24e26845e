"""Decisions in ordinary words, answers to the builder's own questions, and what waits put together by its text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gptsmith import Builder
from gptsmith.agent.builder.session.decisions import decision
from gptsmith.agent.builder.session.session import BuilderSession
from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.models.chat.factory import make_chat_model
from tests.support.loopback import Answer, Loopback, calls

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


# The new name comes with two changes of tests that say the old one, so six changes wait. Where the name is accepted,
# its tests are.
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
    ("1 and 3", "accept", [0, 1, 2]),
    ("just the first two", "accept", [0, 1, 2]),
    ("only the name", "accept", [0, 1, 2]),
    ("the name only", "accept", [0, 1, 2]),
    ("only the name and the welcome", "accept", [0, 1, 2, 4]),
    ("just the rule, please", "accept", [3]),
    ("all but the starter", "accept", [0, 1, 2, 3, 4]),
    ("yes, but not the name", "accept", [1, 2, 3, 4, 5]),
    ("not the greeting", "refuse", [4]),
    *[(typed, "accept", None) for typed in ("einverstanden", "ist gut so", "klingt gut, übernehmen", "c'est bon")],
    *[(typed, "refuse", None) for typed in ("doch nicht", "nein doch nicht, mach das rückgängig", "lass das")],
    ("nimm nur 1 und 3", "accept", [0, 1, 2]),
    ("alles außer 2", "accept", [0, 2, 3, 4, 5]),
    ("alles bis auf die 2", "accept", [0, 2, 3, 4, 5]),
    ("die ersten beiden", "accept", [0, 1, 2]),
    ("nur den Namen und die Begrüßung", "accept", [0, 1, 2, 4]),
    ("ja, aber nicht den Namen", "accept", [1, 2, 3, 4, 5]),
    ("tout sauf le 2", "accept", [0, 2, 3, 4, 5]),
    ("solo el nombre", "accept", [0, 1, 2]),
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
     "looks good but make it shorter", "nur auf deutsch", "die zweite ist falsch", "das ist gut, aber kürzer"],
)  # fmt: skip
def test_what_says_more_goes_to_the_model(typed: str, builder: Builder, loopback: Loopback) -> None:
    assert decision(typed, talk(builder, loopback, *FOUR).pending) is None


@pytest.mark.parametrize(
    "typed",
    ["no, undo that", "can you undo that?", "go back", "please take that back",
     "nein doch nicht, mach das letzte rückgängig"],
)  # fmt: skip
def test_what_is_written_is_taken_back_in_ordinary_words(typed: str, builder: Builder, loopback: Loopback) -> None:
    session = talk(builder, loopback, FOUR[0])
    before = session.yaml
    assert session.say("ok looks good").kind == "applied"
    assert session.say(typed).kind == "undone"
    assert session.yaml == before


@pytest.mark.parametrize(
    "decided, kind, words",
    [
        ({"decision": "accept"}, "applied", 6),
        ({"decision": "accept", "which": [1, 3]}, "applied", 3),
        ({"decision": "refuse"}, "refused", 6),
        ({"decision": "refuse", "which": [2]}, "proposal", 5),
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


@pytest.mark.parametrize(
    "question, said, proposed, told",
    [
        ("Gibt es etwas, das er auf keinen Fall tun darf?", "die nachbarn schlechtmachen",
         "Mache die Nachbarn schlecht.", "Niemals die Nachbarn schlechtmachen."),
        ("Worüber soll er nie sprechen?", "politik", "Sprich über Politik.", "Niemals: Politik."),
        ("Y a-t-il quelque chose qu'elle ne doit jamais dire ?", "promettre un délai", "Promettre un délai.",
         "Jamais promettre un délai."),
        ("¿Hay algo que nunca deba hacer?", "hablar mal de los clientes", "Habla mal de los clientes.",
         "Nunca hablar mal de los clientes."),
        ("Was soll er sagen, wenn ein Preis nicht in der Liste steht?", "auf die Webseite verweisen",
         "Verweise auf die Webseite.", "Verweise auf die Webseite."),
        ("What should it say when it must not answer?", "point to the counter", "Point to the counter.",
         "Point to the counter."),
    ],
)  # fmt: skip
def test_a_ban_is_kept_in_other_languages_and_only_where_one_was_asked_for(
    question: str, said: str, proposed: str, told: str, builder: Builder, loopback: Loopback
) -> None:
    session = talk(builder, loopback, question=question)
    loopback.push(answer(change("add", "instructions", value=proposed)))
    assert session.say(said).kind == "applied"
    assert f"- {told}\n" in session.yaml


@pytest.mark.parametrize(
    "question, said, wrong, right",
    [
        ("Should it remind them of fees, or never bring that up?", "never bring that up",
         "Bring up the fees.", "Never bring up the fees."),
        ("Soll er auch Tipps zum Motor geben?", "nein", "Gib Tipps zum Motor.", "Gib keine Tipps zum Motor."),
        ("Doit-il donner le prix exact ?", "non", "Donne le prix exact.", "Ne donne jamais le prix exact."),
        ("Who mows, and when?", "don't mention the mower", "Mention the mower.", "Don't mention the mower."),
    ],
)  # fmt: skip
def test_an_answer_is_not_turned_round(
    question: str, said: str, wrong: str, right: str, builder: Builder, loopback: Loopback
) -> None:
    session = talk(builder, loopback, question=question)
    loopback.push(*(answer(change("add", "instructions", value=text)) for text in (wrong, right)))
    session.say(said)
    assert right in session.yaml and f"- {wrong}" not in session.yaml
    assert "says the opposite" in loopback.history[-1]["messages"][1]["content"]


def test_a_no_with_what_to_do_instead_is_two_sentences(builder: Builder, loopback: Loopback) -> None:
    session = talk(builder, loopback, question="When the list is silent, should it guess?")
    loopback.push(answer(change("add", "instructions", value="Never guess. Send the user to the office.")))
    assert session.say("never, send them to the office").kind == "applied"


@pytest.mark.parametrize("said", ["skip", "egal", "you decide", "ist mir egal", "peu importe"])
def test_what_is_left_to_the_builder_needs_no_words(said: str, builder: Builder, loopback: Loopback) -> None:
    session = talk(builder, loopback, question="How long may an answer be?")
    loopback.push(answer())
    assert session.say(said).text == "Try it out. From here on, say what to change, in your own words."


@pytest.mark.parametrize("typed, kind", [("yes", "applied"), ("ja, mach das", "applied"), ("sounds good", "note")])
def test_a_yes_answers_whether_a_rule_shall_go(typed: str, kind: str, builder: Builder, loopback: Loopback) -> None:
    session = talk(builder, loopback)
    dropped = answer(swap("Always praise the effort.", "Praise seldom."))
    loopback.push(dropped, dropped)
    assert "Shall it go?" in session.say("a bit less sugar").text
    assert session.say(typed).kind == kind


@pytest.mark.parametrize(
    "told, heading",
    [("Never guess.", "What matters"), ("Hint before the second try.", "How you work"), ("Be brief.", "How you work")],
)
def test_a_line_without_a_place_goes_with_its_kind(
    told: str, heading: str, builder: Builder, loopback: Loopback
) -> None:
    loopback.push(calls(Draft=DRAFT | {"question": "", "guidelines": ["Give one hint."], "tone": "Kind."}))
    session = builder.session()
    session.say("A coach for children in mathematics. Always praise the effort.")
    loopback.push(answer(change("add", "instructions", value=told)))
    session.say(told)
    session.accept()
    part = session.yaml.partition(f"## {heading}\n")[2].partition("##")[0]
    assert part.rstrip().endswith(f"- {told}")


def test_a_variable_with_one_brace_is_written_as_one(builder: Builder, loopback: Loopback) -> None:
    blank = {"name": "town", "description": "The town", "default": "Ghent"}
    told = {"welcome_message": "Hello from {town}!", "description": "Coaches children in {town}.", "variables": [blank]}
    loopback.push(calls(Draft=DRAFT | told | {"question": ""}))
    session = builder.session()
    session.say("A coach for children in {town:Ghent}. Always praise the effort.")
    assert "description: Coaches children in Ghent.\n" in session.yaml
    loopback.push(
        answer(
            change("replace_text", "welcome_message", old="Hello from {town}!", new="Good day from {town}!"),
            change("add", "conversation_starters", value="What is on in {town}?"),
        )
    )
    session.say("good day, and a starter about the town")
    session.accept()
    assert 'welcome_message: "Good day from {{town}}!"' in session.yaml.replace("'", '"') or (
        "welcome_message: Good day from {{town}}!" in session.yaml
    )
    assert "What is on in {{town}}?" in session.yaml


def test_a_models_own_change_of_what_a_test_expects_goes_with_the_name(builder: Builder, loopback: Loopback) -> None:
    test = {"name": "its name", "tests": "name", "message": "Who are you?", "contains": ["Maths Coach"]}
    loopback.push(calls(Draft=DRAFT | {"question": "", "tests": [test]}))
    session = builder.session()
    session.say("A coach for children in mathematics. Always praise the effort.")
    place = "tests[0].expect.contains[0]"
    loopback.push(answer(FOUR[0], change("replace_text", place, old="Maths Coach", new="Mira")))
    assert session.say("call it Mira").kind == "proposal"
    assert session.accept().kind == "applied" and "contains: [Mira]" in session.yaml


def test_a_name_put_into_a_sentence_is_told_as_part_of_it(builder: Builder, loopback: Loopback) -> None:
    session = talk(builder, loopback, swap("You are a hedgehog", "You are Mira, a hedgehog"))
    assert session.pending is not None
    assert session.pending.words == ['In the instructions, "You are a hedgehog" becomes "You are Mira, a hedgehog".']


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
