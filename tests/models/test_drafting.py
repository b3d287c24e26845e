"""A draft while it is written: code's own at once, then each part of the model's that holds; stopped, it is whole."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gptsmith import Builder
from gptsmith.agent.builder.language.answers import Draft
from gptsmith.models.chat.drafting import Drafting, parts_of
from gptsmith.models.chat.embedded.tasks import prompt
from gptsmith.models.chat.embedded.tasks.designing import Starters, asks
from gptsmith.ui.web.state.building import Buildings
from tests.support.loopback import Answer, Loopback
from tests.support.wired_mind import wired_mind

BEES = "A helper for my neighbours who keep bees. They ask about swarms and honey. Never recommend chemicals."
BIENEN = "Ein Helfer für meine Nachbarn, die Bienen halten. Sie fragen nach Schwärmen und Honig. Nie Chemie empfehlen."
IDENTITY = """Name: Hive Friend
About: Helps neighbours who keep bees with swarms and honey.
Tone: Calm and practical.
Welcome: Hello! What are your bees doing today?
Asks: neighbours
User: My bees hang in the apple tree as a swarm. What do I do?
User: She likes bees.
User: When is the honey ready to be taken?
User: How much honey do I leave for the winter?
User: How can you help me?
User: Do bees need water in a hot week?
User: What is a good place for a second hive?"""


@pytest.fixture
def mind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    with wired_mind(tmp_path, monkeypatch) as server:
        yield server


def until(what: Callable[[], bool], seconds: float = 30) -> bool:
    give_up = time.monotonic() + seconds
    while not (found := what()) and time.monotonic() < give_up:
        time.sleep(0.02)
    return found


def writing(
    identity: str,
    question: str = "What should it say when bees are ill?",
    needs: str = "Files: none\nDraws: no\nOutside: none",
) -> Callable[[dict[str, Any]], Answer]:
    def answer(body: dict[str, Any]) -> Answer:
        system = body["messages"][0]["content"]
        if "Files:" in system:
            return Answer(needs)
        return Answer(identity if "Welcome:" in system else question, piece=7)

    return answer


def written(mind: Loopback) -> list[dict[str, Any]]:
    """The requests for a text; the others let the engine keep what it has read."""
    return [body for body in mind.history if body["max_tokens"] > 1]


def test_each_part_is_shown_as_it_is_written(mind: Loopback) -> None:
    mind.always = writing(IDENTITY)
    seen: list[Draft] = []
    built = Builder("embedded").build(BEES, drafting=Drafting(seen.append))
    assert seen[0].description == "A helper for my neighbours who keep bees."
    assert seen[0].emphasis == ["Never recommend chemicals."]
    new = [sorted(set(parts_of(now)) - set(parts_of(before))) for before, now in pairwise(seen)]
    assert [part[0][0] for part in new if part][1:3] == ["What it does", "Tone"]
    assert built.draft.name == "Hive Friend"
    assert built.draft.welcome_message == "Hello! What are your bees doing today?"
    assert built.draft.conversation_starters == [
        "My bees hang in the apple tree as a swarm. What do I do?",
        "When is the honey ready to be taken?",
        "How much honey do I leave for the winter?",
        "Do bees need water in a hot week?",
    ]
    assert built.draft.question == "What should it say when bees are ill?"


def test_a_draft_that_is_stopped_keeps_what_is_there(mind: Loopback) -> None:
    mind.always = writing(IDENTITY)
    drafting = Drafting(lambda draft: drafting.stop() if draft.tone == "Calm and practical." else None)
    built = Builder("embedded").build(BEES, drafting=drafting)
    assert (built.draft.name, built.draft.tone) == ("Hive Friend", "Calm and practical.")
    assert built.draft.welcome_message == "Hello, this is Hive Friend."
    assert built.draft.emphasis == ["Never recommend chemicals."]
    assert len(written(mind)) == 1, "nothing more was asked of the model"


def test_a_description_is_answered_with_examples_of_its_language(mind: Loopback) -> None:
    mind.always = writing(
        "Name: Bienenfreund\nAbout: Hilft Nachbarn, die Bienen halten.", "Was soll er bei Krankheit tun?"
    )
    built = Builder("embedded").build(BIENEN)
    assert built.draft.name == "Bienenfreund"
    shown = [body["messages"][0]["content"] for body in mind.history]
    assert [prompt(name).messages[0][1] in shown for name in ("identity.de", "question.de", "identity")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("outside", "missing"),
    [("honey", []), ("neighbours", []), ("none", []), ("the weather", ["the weather"])],
)
def test_only_what_programs_reach_lies_outside(outside: str, missing: list[str], mind: Loopback) -> None:
    """The model answers with a word of the description, be it the subject."""
    mind.always = writing(IDENTITY, needs=f"Files: none\nDraws: no\nOutside: {outside}")
    made = Builder("embedded").build(BEES + " It knows the weather.").draft
    assert [one.what for one in made.missing] == missing


def test_what_stands_in_a_file_that_is_not_there_is_not_made_up(mind: Loopback) -> None:
    mind.always = writing(IDENTITY, needs="Files: our price list\nDraws: no\nOutside: none")
    built = Builder("embedded").build("Answers customers of our bicycle shop from our price list.")
    said = "As long as the price list is not attached, say that you do not have it yet, and make up nothing that"
    assert said in str(built.spec.instructions)


@pytest.mark.parametrize(
    ("written", "name", "starters"),
    [
        (
            "Name: Schwarmbesprechungskonferenz\nUser: Wann kommt der Nachbar zum Arzt?\nUser: Wann ernte ich Honig?",
            "Meine Nachbarn",
            ["Wann ernte ich Honig?", "Ich bin neu hier. Womit fange ich an?", "Gib mir zuerst ein kurzes Beispiel."],
        ),
    ],
)
def test_what_a_small_model_makes_up_in_german_is_not_shown(
    written: str, name: str, starters: list[str], mind: Loopback
) -> None:
    mind.always = writing(written, "Du sollst helfen. Was soll er tun?")
    made = Builder("embedded").build(BIENEN).draft
    assert (made.name, made.conversation_starters) == (name, starters)


@pytest.mark.parametrize(
    ("text", "language", "taken"),
    [
        ("Wann kann ich den Honig ernten?", "de", True),
        ("Mein Volk will schwärmen. Was mache ich?", "de", True),
        ("When can I take the honey?", "de", False),
        ("Wohin kommt der Sperrmüll?", "de", False),
        ("Wann kommt der Nachbar zum Zahnarzt ins Krankenhaus?", "de", False),
        ("Wie kann ich die Aufgabe 3x + 5 = 20 lösen?", "de", False),
        ("When can I take the honey?", "en", True),
        ("They keep bees in the garden.", "en", False),
        ("Which wine goes with grilled salmon with dill?", "en", False),
        ("How can you help me with bees?", "en", False),
        ("What is the capital of France?", "en", False),
    ],
)
def test_which_starters_are_taken(text: str, language: str, taken: bool) -> None:
    idea, task = (BIENEN, "identity.de") if language == "de" else (BEES, "identity")
    assert Starters(idea, language, prompt(task)).takes(text) is taken


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("She eats lots of vegetables", False),
        ("He takes his medicine. Is that enough?", True),
        ("I'm playing at the concert hall on Wednesday", False),
        ("I'm looking for a quiet campsite", True),
        ("Draw a giraffe with a scarf, please.", True),
        ("kids rain boots, worn twice, size 31", True),
        ("Sie hat viel Gemüse gegessen", False),
        ("Ella come verduras", False),
    ],
)
def test_what_is_only_told_asks_for_nothing(text: str, right: bool) -> None:
    assert asks(text) is right


@pytest.mark.parametrize(
    ("description", "rules", "role"),
    [
        (
            "can u make my gran something that explains her oven, slowly, never send her to the internet",
            ["Never send her to the internet."],
            "You are here for this: “My gran something that explains her oven, slowly.”",
        ),
        (
            "My choir needs somebody who answers when we sing. Always name the church.",
            ["Always name the church."],
            "You are here for this: “My choir needs somebody who answers when we sing.”",
        ),
        ("Quizzes me on knots, one at a time", [], "Your work: quizzes me on knots, one at a time"),
        ("A guide to old maps.", [], "You are a guide to old maps."),
        ("Act as my sparring partner for interviews.", [], "You are my sparring partner for interviews."),
        (
            "Hallo, ich will meinem Vater das Handy erklären.",
            [],
            "Du bist „Hive Friend“. So wurdest du beschrieben: „ich will meinem Vater das Handy erklären.“",
        ),
        ("Ein Helfer für unsere Imker.", [], "Du bist „Hive Friend“. Ein Helfer für unsere Imker."),
    ],
)
def test_who_an_assistant_is(description: str, rules: list[str], role: str, mind: Loopback) -> None:
    mind.always = writing(IDENTITY)
    made = Builder("embedded").build(description).draft
    assert made.emphasis == rules
    assert made.role == role


def test_the_page_sees_a_draft_grow_and_can_end_it(mind: Loopback, tmp_path: Path) -> None:
    go_on = threading.Event()
    mind.always = lambda body: Answer(IDENTITY, piece=30, until=go_on)
    buildings = Buildings(tmp_path)
    building = buildings.get(buildings.begin(BEES, []))
    assert building is not None
    assert until(lambda: building.growing is not None)
    assert ("Rule", "Never recommend chemicals.") in parts_of(building.growing)
    building.hurry()
    go_on.set()
    assert until(lambda: not building.asked and not building.busy)
    assert building.path is not None
    assert "Hive Friend" in building.path.read_text("utf-8")
    assert len(written(mind)) == 1
