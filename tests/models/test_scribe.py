"""What the local mind writes beside its answers: what to search for, titles, notes; each checked by code."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import SystemMessage

from gptsmith import Assistant
from gptsmith.agent.runtime.store import ThreadStore
from gptsmith.models.chat.embedded.conversation import read_conversation
from gptsmith.models.chat.embedded.replies import NEAREST, spoken
from gptsmith.models.chat.embedded.tasks import find_writer, threads
from tests.support.loopback import Answer, Loopback
from tests.support.wired_mind import wired_mind

CASTLE = (
    "Opening hours: Tuesday to Sunday, 10:00 to 17:00.\n\nA ticket costs 14 euros. Children under 12 pay 5 euros.\n"
)
SPEC: dict[str, Any] = {
    "schema": "assistant/v1",
    "name": "Castle desk",
    "description": "Answers visitors of the castle.",
    "instructions": "Be short.",
    "model": "embedded",
    "knowledge": [{"name": "leaflet", "paths": ["leaflet.md"], "mode": "always"}],
}


@pytest.fixture
def mind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    with wired_mind(tmp_path, monkeypatch) as server:
        yield server


def castle(tmp_path: Path, **fields: Any) -> Assistant:
    (tmp_path / "leaflet.md").write_text(CASTLE, "utf-8")
    return Assistant.from_dict({**SPEC, **fields}, base_dir=tmp_path)


def until(what: Callable[[], object], seconds: float = 20) -> object:
    give_up = time.monotonic() + seconds
    while not (found := what()) and time.monotonic() < give_up:
        time.sleep(0.02)
    return found


def by_task(**said: str) -> Callable[[dict[str, Any]], Answer]:
    """Answer each small task by its system message, and a free question with `talk`."""
    marks = {"Rewrite the last": "follow", "Give a conversation a title": "title", "Note what must": "notes"}

    def answer(body: dict[str, Any]) -> Answer:
        system = body["messages"][0]["content"]
        task = next((name for mark, name in marks.items() if system.startswith(mark)), "talk")
        return Answer(said.get(task, "Bring a warm coat and good shoes."))

    return answer


@pytest.mark.parametrize(
    ("said", "words", "before", "right"),
    [
        ("How much is a ticket for children?", "and for children?", "How much is a ticket? 14 euros.", True),
        ("Was kostet die Karte für Kinder?", "und für Kinder?", "Was kostet die Karte? 14 Euro.", True),
        ("¿Cuánto cuesta la entrada para niños?", "¿y para niños?", "¿Cuánto cuesta la entrada?", True),
        ("Is the tent not waterproof above 3,000 mm?", "not above 3,000 mm?", "Is the tent waterproof?", True),
        ("How much is a ticket for the zoo for children?", "and for children?", "How much is a ticket?", False),
        ("How much is a ticket for 3 children?", "and for children?", "How much is a ticket?", False),
        ("How much is a ticket?", "and for children?", "How much is a ticket?", False),
        ("Is the tent waterproof above 3,000 mm?", "not above 3,000 mm?", "Is the tent waterproof?", False),
        ("Wie teuer ist der Eintritt?", "and for children?", "How much is a ticket?", False),
        ("", "and for children?", "How much is a ticket?", False),
    ],
)
def test_a_question_that_stands_alone_has_no_word_of_its_own(said: str, words: str, before: str, right: bool) -> None:
    assert threads.holds(said, words, before) is right


@pytest.mark.parametrize(
    ("title", "message", "reply", "right"),
    [
        ("Flat rye sourdough", "my rye sourdough is always flat", "Rye has little gluten.", True),
        ("Absage der Chorprobe", "Kannst du mir die Absage für die Chorprobe schreiben?", "Gern.", True),
        ("Exposé sur les volcans", "Je prépare un exposé sur les volcans", "Commence par le magma.", True),
        ("Sourdough", "my rye sourdough is flat", "Rye has little gluten.", False),
        ("Conversation about sourdough", "my rye sourdough is flat", "Rye.", False),
        ("Baking delicious croissants today", "my rye sourdough is flat", "Rye.", False),
        ("Flat rye sourdough 2", "my rye sourdough is flat", "Rye.", False),
        ("How my rye sourdough bread got so very flat", "my rye sourdough bread got so very flat", "Rye.", False),
    ],
)
def test_a_title_names_what_was_said(title: str, message: str, reply: str, right: bool) -> None:
    assert threads.holds_title(title, message, reply) is right


@pytest.mark.parametrize(
    ("note", "right"),
    [
        ("The user is 52 and runs on Monday.", True),
        ("The user is 53 and runs on Monday.", False),
        ("The user does not run on Monday.", False),
        ("Running strengthens the cardiovascular system considerably.", False),
        ("The user is 52 and", False),
    ],
)
def test_a_note_has_only_what_was_said(note: str, right: bool) -> None:
    assert threads.holds_notes(note, "User: I am 52. I run on Monday.\nAssistant: Good.") is right


def test_a_follow_up_is_searched_for_as_what_it_means(tmp_path: Path, mind: Loopback) -> None:
    mind.always = by_task(follow="How much is a ticket for children?", title="Castle tickets")
    with castle(tmp_path) as desk:
        first = desk.chat("How much is a ticket?")
        reply = desk.chat("and for children?", thread_id=first.thread_id)
    assert reply.searched[0].query == "How much is a ticket for children?"
    assert "5 euros" in reply.text
    asked = [body for body in mind.history if body["messages"][0]["content"].startswith("Rewrite")]
    assert sum(body["max_tokens"] > 1 for body in asked) == 1, "the search and the answer ask for it once"


def test_what_the_model_invents_is_not_searched_for(tmp_path: Path, mind: Loopback) -> None:
    mind.always = by_task(follow="How much is the zoo for elephants?")
    with castle(tmp_path) as desk:
        first = desk.chat("How much is a ticket?")
        reply = desk.chat("and for children?", thread_id=first.thread_id)
    assert reply.searched[0].query == "and for children?\nHow much is a ticket?"


def test_a_thread_gets_a_title_once_behind_its_first_turn(tmp_path: Path, mind: Loopback) -> None:
    mind.always = by_task(title="Tickets of the castle")
    with castle(tmp_path) as desk:
        thread = desk.chat("How much is a ticket of the castle?").thread_id
        store = desk.engine.store
        assert until(lambda: store.threads()[0].title == "Tickets of the castle")
        mind.always = by_task(title="Something else of the castle")
        desk.chat("When do you open the castle?", thread_id=thread)
        assert not store.untitled(thread)
        assert store.threads()[0].title == "Tickets of the castle"


def test_a_title_that_does_not_hold_leaves_the_first_message(tmp_path: Path, mind: Loopback) -> None:
    mind.always = by_task(title="Baking delicious croissants")
    with castle(tmp_path) as desk:
        thread = desk.chat("How much is a ticket?").thread_id
        assert until(lambda: not desk.engine.store.untitled(thread))
        assert desk.engine.store.threads()[0].title == "How much is a ticket?"


def test_a_name_that_the_person_gave_stays(tmp_path: Path) -> None:
    with castle(tmp_path) as desk:
        thread = desk.chat("How much is a ticket?").thread_id
        store: ThreadStore = desk.engine.store
        assert store.untitled(thread)
        desk.rename_thread(thread, "How much is a ticket?")
        store.set_title(thread, "Tickets", instead_of="How much is a ticket?")
        assert store.threads()[0].title == "How much is a ticket?"


def test_what_is_no_longer_shown_is_noted_and_told_to_the_model(tmp_path: Path, mind: Loopback) -> None:
    mind.always = by_task(notes="The user comes with 4 dogs. The user owns a zeppelin factory abroad.")
    with castle(tmp_path, knowledge=[]) as desk:
        thread = desk.chat("I come with 4 dogs tomorrow").thread_id
        for number in range(5):
            desk.chat(f"Tell me a long story number {number} of the moat", thread_id=thread)
        assert until(lambda: desk.engine.store.summary(thread)[0])
        assert desk.engine.store.summary(thread)[0] == "The user comes with 4 dogs."
        desk.chat("Tell me a story of dogs", thread_id=thread)
    shown = [b["messages"][-1]["content"] for b in mind.history if "Tell me a story of dogs" in str(b["messages"][-1])]
    assert "Known from before: The user comes with 4 dogs." in shown[0]


@pytest.mark.parametrize("before", ["", "The user has 4 dogs."])
def test_notes_that_do_not_hold_leave_those_from_before(before: str, mind: Loopback) -> None:
    mind.always = by_task(notes="The user owns a zeppelin factory abroad.")
    writer = find_writer()
    assert writer is not None
    assert asyncio.run(threads.write_notes(writer, before, [("I come tomorrow", "Good.")])) == before


def test_the_notes_are_read_from_the_system_message() -> None:
    said = (
        "You are A. B.\n\n# How to answer\n- x\n\n# Earlier in this conversation\nNotes.\n<notes>\nFour dogs.\n</notes>"
    )
    assert read_conversation([SystemMessage(content=said)]).notes == "Four dogs."


@pytest.mark.parametrize(
    ("code", "begins"),
    [
        ("en", "I looked"),
        ("de", "Ich habe nachgesehen"),
        ("es", "He mirado"),
        ("fr", "J'ai regardé"),
        ("pl", "I looked"),
    ],
)
def test_fixed_phrases_are_in_the_language_of_the_message(code: str, begins: str) -> None:
    assert spoken(f"{NEAREST} “The moat is deep.” [1]", code).startswith(begins)
    assert spoken(f"{NEAREST} “The moat is deep.” [1]", code).endswith("“The moat is deep.” [1]")


def test_the_remark_is_made_once_in_the_language_of_the_thread_and_not_beside_quotes(
    tmp_path: Path, mind: Loopback
) -> None:
    mind.always = by_task(talk="Der Graben war früher tief und voller Fische, sagt man.")
    with castle(tmp_path, knowledge=[]) as desk:
        first = desk.chat("Erzähl mir bitte eine Geschichte von dem Graben der Burg")
        second = desk.chat("Und noch eine Geschichte von dem Turm, bitte", thread_id=first.thread_id)
    assert "kleines Sprachmodell" in first.remark
    assert second.remark == ""


def test_no_remark_beside_what_the_files_say(tmp_path: Path, mind: Loopback) -> None:
    mind.always = by_task()
    with castle(tmp_path) as desk:
        reply = desk.chat("How much is a ticket?")
    assert "14 euros" in reply.text
    assert reply.remark == ""
