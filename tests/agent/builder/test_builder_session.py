"""A building session: a draft, questions, commands, decisions, and a restart between any two messages."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gptsmith import Builder
from gptsmith.agent.builder.session import session as session_store
from gptsmith.agent.builder.session.decisions import decision
from gptsmith.agent.builder.session.proposing import SessionMessage
from gptsmith.agent.builder.session.session import BuilderSession
from gptsmith.assistants.editing.edited_file import unified
from gptsmith.assistants.files.drafts import Drafts
from gptsmith.assistants.files.library import shipped_files
from gptsmith.assistants.files.versions import Versions
from gptsmith.assistants.format.loader import check_text
from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.errors import GptsmithError
from gptsmith.models.chat.factory import make_chat_model
from tests.support.builder_conversations import CONVERSATIONS
from tests.support.loopback import Answer, Loopback, calls

DRAFT = {
    "name": "Tea Adviser",
    "description": "Recommends a tea for the moment.",
    "role": "You recommend teas.",
    "emphasis": ["Never recommend black tea at night."],
    "guidelines": ["Name one tea and how long it steeps."],
    "conversation_starters": ["I slept badly. Which tea now?"],
    "question": "When somebody names no hour, should it ask?",
}
WISH = "A tea adviser. Never recommend black tea at night."


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder without a library."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
def builder(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> Builder:
    monkeypatch.setenv("KEY", loopback.api_key)
    model = ModelSpec(provider="openai", name="scripted", base_url=loopback.base_url, api_key="${env:KEY}")
    return Builder(make_chat_model(model))


def change(op: str, path: str, **given: Any) -> dict[str, Any]:
    return {"op": op, "path": path, "words": "It changes.", **given}


def answer(*changes: dict[str, Any], **rest: Any) -> Answer:
    return calls(ChangeSet={"changes": list(changes), **rest})


def rename(name: str) -> dict[str, Any]:
    return change("set", "name", value=name)


def renamed(new: str) -> list[str]:
    """What a new name of the draft comes to: its two tests expect it too."""
    tests = ["says its name", "introduces itself"]
    told = [f'Changes what the answer must say in the test "{t}" from "Tea Adviser" to "{new}".' for t in tests]
    return [f'Changes the name from "Tea Adviser" to "{new}".', *told]


def line(text: str) -> dict[str, Any]:
    return change("add", "instructions", value=text)


def test_from_a_description_to_a_saved_assistant(builder: Builder, loopback: Loopback) -> None:
    loopback.push(
        calls(Draft=DRAFT),
        answer(line("Ask for the hour when nobody names it."), question="Should it sell teas? And which?"),
        answer(rename("Mira")),
    )
    session = builder.session()
    assert session.say("Hello!").question == "What should the assistant do, and for whom? A sentence or two is enough."
    drafted = session.say(WISH)
    assert drafted.kind == "draft"
    assert drafted.text == ('I drafted "Tea Adviser": Recommends a tea for the moment. Say another name if you like.')
    assert drafted.question == "When somebody names no hour, should it ask?"
    assert session.path is not None and Drafts().holds(session.path)
    asked = session.say("yes")  # an answer to the builder's question needs no decision of its own
    assert (asked.kind, asked.text) == ("applied", "Saved as version 2.")
    assert asked.words == ['Adds to the instructions: "Ask for the hour when nobody names it."']
    assert asked.question == "Should it sell teas?"  # one at a time
    assert "Ask for the hour" in session.yaml
    more = session.say("no, and call it Mira")
    assert more.words == renamed("Mira")
    assert more.text == "I have no more questions."  # what waits is not there to be tried yet
    applied = session.say("accept")
    assert (applied.kind, applied.text) == ("applied", "Saved as version 3.")
    assert "name: Mira" in session.yaml and "Ask for the hour" in session.yaml
    saved = session.save()
    assert saved == session.path and saved.parent.name == "specs"
    assert [version.number for version in Versions(saved).list()] == [1, 2, 3]
    assert not loopback.refused


def test_a_session_survives_a_restart(builder: Builder, loopback: Loopback) -> None:
    loopback.push(calls(Draft=DRAFT), answer(rename("Mira")), answer(rename("Nora")), answer(rename("Lea")))
    first = builder.session()
    first.say(WISH)
    before = first.yaml
    first.say("call it Mira")
    again = builder.session(id=first.id)
    assert again.pending is not None
    assert again.pending.words == renamed("Mira")
    assert [m.model_dump() for m in again.messages] == [m.model_dump() for m in first.messages]
    again.accept()
    again.say("call it Nora")
    again.accept()
    third = builder.session(id=first.id)
    assert third.say("undo").kind == "undone"
    assert "name: Mira" in third.yaml
    assert builder.session(id=first.id).undo().kind == "undone"
    assert third.yaml == before
    last = third.undo()
    assert (last.kind, last.text) == ("error", "there is no change of tea-adviser.assistant.yaml to undo")
    assert [(entry.id, entry.title) for entry in builder.sessions()] == [(first.id, WISH)]
    assert third.path is not None
    assert [entry.id for entry in builder.sessions(third.path)] == [first.id]


def test_what_waits_is_amended_replaced_and_taken_back(builder: Builder, loopback: Loopback) -> None:
    loopback.push(calls(Draft=DRAFT | {"question": ""}))
    session = builder.session()
    session.say(WISH)
    loopback.push(answer(rename("Mira"), change("set", "description", value="Picks a tea.")))
    session.say("call it Mira, it picks a tea")
    loopback.push(answer(rename("Nora")))
    message = session.say("no, rather Nora")
    assert message.words == [
        'Changes the description from "Recommends a tea for the moment." to "Picks a tea."',
        *renamed("Nora"),
    ]
    assert message.text == (
        'This comes to the change that waits. No longer: Changes the name from "Tea Adviser" to "Mira".'
    )
    loopback.push(answer(rename("Nora")))
    message = session.say("Nora, as I said")  # the model says the same once more
    assert len(message.words) == 4 and message.text == "The change that waits stays as it is."
    loopback.push(answer(change("set", "description", value="Recommends a tea for the moment.")))
    message = session.say("leave the description as it was")
    assert message.words == renamed("Nora")
    assert message.text.startswith("No longer: Changes the description")
    loopback.push(answer(reply="It steeps as long as the leaf wants."))
    message = session.say("how long does it steep?")
    assert (message.kind, message.words) == ("proposal", renamed("Nora"))
    assert (
        '<proposal>\n- 1: {"op":"set","path":"name","value":"Nora"}\n- 2: {"op":"set","path":"tests[0].expect'
        in loopback.history[-1]["messages"][1]["content"]
    )
    assert session.refuse().kind == "refused"
    assert session.pending is None


STARTER = change("add", "conversation_starters", value="Which tea for a cold?")


@pytest.mark.parametrize(
    "then, words, said",
    [
        (
            answer(change("add", "conversation_starters", value="Which tea for a cough?"), withdraw=[4]),
            [*renamed("Mira"), 'Adds the starter "Which tea for a cough?"'],
            'This comes to the change that waits. No longer: Adds the starter "Which tea for a cold?"',
        ),
        (
            answer(withdraw=[1, 7]),
            ['Adds the starter "Which tea for a cold?"'],
            'No longer: Changes the name from "Tea Adviser" to "Mira". The rest still waits.',
        ),
        (
            answer(withdraw=[1, 4]),
            [],
            'No longer: Changes the name from "Tea Adviser" to "Mira". No longer: Adds the starter'
            ' "Which tea for a cold?"',
        ),
    ],
)
def test_a_model_names_by_number_what_it_takes_back(
    then: Answer, words: list[str], said: str, builder: Builder, loopback: Loopback
) -> None:
    loopback.push(calls(Draft=DRAFT | {"question": ""}), answer(rename("Mira"), STARTER), then)
    session = builder.session()
    session.say(WISH)
    session.say("call it Mira, with a starter about colds")
    message = session.say("otherwise, please")
    assert (session.pending.words if session.pending else [], message.text) == (words, said)


def test_words_of_a_change_that_waits_are_changed_in_it(builder: Builder, loopback: Loopback) -> None:
    loopback.push(calls(Draft=DRAFT | {"question": ""}), answer(line("Be brief, and warm.")))
    loopback.push(answer(change("replace_text", "instructions", old="brief, and warm", new="brief, and dry")))
    session = builder.session()
    session.say(WISH)
    session.say("brief and warm")
    message = session.say("rather dry")
    assert (message.words, message.text) == (['Adds to the instructions: "Be brief, and dry."'], "")
    assert len(loopback.history) == 3  # no repair round
    session.accept()
    assert session.yaml.count("Be brief") == 1


PENDING = 3


@pytest.mark.parametrize(
    "typed, kind, only",
    [
        ("accept", "accept", None),
        ("Yes, apply it please.", "accept", None),
        ("ok", "accept", None),
        ("Ja!", "accept", None),
        ("do it", "accept", None),
        ("accept only 1 and 3", "accept", [0, 2]),
        ("only the first", "accept", [0]),
        ("accept 1, 2", "accept", [0, 1]),
        ("all but the last", "accept", [0, 1]),
        ("everything except number 2", "accept", [0, 2]),
        ("not the second", "refuse", [1]),
        ("no", "refuse", None),
        ("never mind", "refuse", None),
        ("verwerfen", "refuse", None),
        ("undo", "refuse", None),
        ("that's enough", "enough", None),
        ("accept everything but the second one please", "accept", [0, 2]),
        ("all of them except 1", "accept", [1, 2]),
        ("apply all except for the third", "accept", [0, 1]),
        ("accept the second one", "accept", [1]),
        ("take the first and the third change", "accept", [0, 2]),
        ("only accept 1, 2", "accept", [0, 1]),
        ("drop the last one", "refuse", [2]),
        ("ja, mach das so", "accept", None),
        ("Genau, alles übernehmen", "accept", None),
        ("vale, hazlo", "accept", None),
        ("ach nein, nimm das zurück", "refuse", None),
    ],
)
def test_a_typed_decision_needs_no_model(
    typed: str, kind: str, only: list[int] | None, builder: Builder, loopback: Loopback
) -> None:
    loopback.push(
        calls(Draft=DRAFT | {"question": ""}),
        answer(
            change("set", "description", value="Teas."), line("Be brief."), change("set", "disclaimer", value="Hot!")
        ),
    )
    session = builder.session()
    session.say(WISH)
    session.say("three things")
    assert decision(typed, session.pending) == (kind, only)


@pytest.mark.parametrize(
    "typed, kind",
    [
        ("great, save it", "save"),
        ("I'm done, save the assistant please", "save"),
        ("can you save it?", "save"),
        ("fertig, speichern", "save"),
        ("guárdalo", "save"),
        ("nimm das wieder zurück", "undo"),
        ("mach die letzte Änderung rückgängig", "undo"),
        ("vuelve atrás", "undo"),
        ("save the user's name", None),
        ("it should save money", None),
    ],
)
def test_what_is_decided_where_nothing_waits(typed: str, kind: str | None) -> None:
    found = decision(typed, None)
    assert (found and found.kind) == kind


def test_words_that_ask_to_save_say_how(builder: Builder, loopback: Loopback) -> None:
    loopback.push(calls(Draft=DRAFT | {"question": ""}))
    session = builder.session()
    session.say(WISH)
    assert session.say("great, save it").text == (
        "To keep it among your assistants: the Save button on the page, /save in the terminal, save() in Python."
    )
    session.save()
    assert session.say("save it").text == "What you accepted is in the file already."
    assert len(loopback.history) == 1


@pytest.mark.parametrize(
    "wish, rules",
    [
        (
            "A tea adviser. Short please, at most two sentences, they read it in the dark ;-)",
            ["At most two sentences."],
        ),
        ("A tea adviser. It must never name a price, that got us into trouble!", ["Never name a price."]),
        ("A tea adviser. Please never swear, ok?", ["Never swear."]),
    ],
)
def test_a_remark_behind_a_rule_does_not_make_it_another(
    wish: str, rules: list[str], builder: Builder, loopback: Loopback
) -> None:
    loopback.push(calls(Draft=DRAFT | {"emphasis": rules, "question": ""}))
    session = builder.session()
    session.say(wish)
    told = session.yaml.partition("## What matters\n")[2].partition("\n\n")[0]
    assert [line.strip(" -") for line in told.splitlines()] == rules


@pytest.mark.parametrize(
    "typed",
    [
        "call it Accept",
        "only answer in German",
        "accept 7",
        "accept only one",
        "everything but the kitchen sink",
        "take the first train as an example",
        "drop the first starter",
        "no, call it Nora",
        "yes and be brief",
    ],
)
def test_what_is_more_than_a_decision_goes_to_the_model(typed: str, builder: Builder, loopback: Loopback) -> None:
    loopback.push(calls(Draft=DRAFT | {"question": ""}), answer(rename("Mira")))
    session = builder.session()
    session.say(WISH)
    session.say("call it Mira")
    assert decision(typed, session.pending) is None


def test_a_bare_yes_answers_the_question_that_is_open(builder: Builder, loopback: Loopback) -> None:
    loopback.push(calls(Draft=DRAFT), answer(rename("Mira"), question="Should it ask for the hour?"))
    session = builder.session()
    session.say(WISH)
    session.say("call it Mira")
    assert decision("yes", session.pending, asked="Should it ask for the hour?") is None
    assert decision("yes", session.pending, asked="Who will turn to it?") == ("accept", None)  # no answer to that
    assert decision("accept", session.pending, asked="Should it ask for the hour?") == ("accept", None)
    assert decision("ok", session.pending, asked="What should the new starter say?") == ("accept", None)
    assert decision("ok", session.pending, asked="When none is free, should it ask?") is None
    accepted = session.say("accept")
    assert accepted.question == "Should it ask for the hour?"  # still open


def test_accepting_a_part_and_refusing_a_part(builder: Builder, loopback: Loopback) -> None:
    loopback.push(calls(Draft=DRAFT | {"question": ""}), *[answer(rename("Mira"), line("Be brief."))] * 2)
    session = builder.session()
    session.say(WISH)
    session.say("call it Mira, and brief")
    message = session.say("not the first")
    assert (message.kind, message.words) == ("proposal", ['Adds to the instructions: "Be brief."'])
    message = session.accept([0])
    assert (message.words, "name: Tea Adviser" in session.yaml) == (['Adds to the instructions: "Be brief."'], True)
    session.say("call it Mira, and brief")
    message = session.accept([0, 1, 2])
    assert message.text == 'Saved as version 3.\nLeft out: Adds to the instructions: "Be brief."'
    assert "Tea Adviser" not in session.yaml


def test_a_rule_is_asked_about_before_it_goes(builder: Builder, loopback: Loopback) -> None:
    drop = change("replace_text", "instructions", old="- Never recommend black tea at night.\n", new="")
    loopback.push(calls(Draft=DRAFT | {"question": ""}), answer(drop), answer(drop))
    session = builder.session()
    session.say(WISH)
    message = session.say("be nicer")
    asks = 'Change 1 drops your rule "Never recommend black tea at night.". Shall it go?'
    assert message.text == asks
    message = session.accept()
    assert message.text == f"{asks} Accept once more to let it go, or accept only the others."
    assert "Never recommend black tea" in session.yaml
    session.accept()
    assert "Never recommend black tea" not in session.yaml


def test_questions_end_when_the_person_says_so(builder: Builder, loopback: Loopback) -> None:
    loopback.push(calls(Draft=DRAFT), answer(question="And at noon?"), answer(rename("Mira"), question="Which kettle?"))
    session = builder.session()
    session.say(WISH)
    assert session.say("you decide").question == "And at noon?"
    ended = session.say("That's enough questions.")
    assert ended.question == "" and ended.text.startswith("Try it out.")
    assert "one question at a time" in loopback.history[1]["messages"][0]["content"]
    session.say("call it Mira")
    assert "one question at a time" not in loopback.history[2]["messages"][0]["content"]


def test_at_most_six_questions(builder: Builder, loopback: Loopback) -> None:
    loopback.push(calls(Draft=DRAFT))
    loopback.always = answer(question="And then?")
    session = builder.session()
    session.say(WISH)
    asked = [session.say(f"answer {n}") for n in range(6)]
    assert [bool(message.question) for message in asked] == [True] * 5 + [False]
    assert asked[-1].text.startswith("Try it out.")


def test_what_fails_is_said_and_loses_nothing(builder: Builder, loopback: Loopback) -> None:
    loopback.push("prose", "prose", calls(Draft=DRAFT | {"question": ""}), "prose", "prose")
    session = builder.session()
    assert session.say(WISH).text.startswith("the model gave no usable design: it only said")
    assert session.path is None
    session.say(WISH)
    before = session.yaml
    failed = session.say("call it Mira")
    assert (failed.kind, failed.text) == (
        "error",
        'the model gave no usable change: it only said "prose"; nothing was changed; say it in other words, or use'
        " another model",
    )
    assert session.yaml == before
    with pytest.raises(GptsmithError, match="the message is empty; say what should change"):
        session.say(" ")


def test_a_session_on_a_file_that_a_person_wrote(builder: Builder, loopback: Loopback, tmp_path: Path) -> None:
    path = tmp_path / "desk.assistant.yaml"
    path.write_text("schema: assistant/v1\nname: Desk  # ours\ndescription: Rents.\ninstructions: Always smile.\n")
    loopback.push(answer(rename("Lasse"), question="Which Lasse?"))
    session = builder.session(path)
    message = session.say("call it Lasse")
    assert message.question == "Which Lasse?"
    assert "<rules>\n- Always smile.\n</rules>" in loopback.history[0]["messages"][1]["content"]
    path.write_text(path.read_text().replace("Rents.", "Rents bikes."))
    session.accept()
    assert path.read_text() == (
        "schema: assistant/v1\nname: Lasse  # ours\ndescription: Rents bikes.\ninstructions: Always smile.\n"
    )
    assert session.say("undo").kind == "undone"
    assert "name: Desk  # ours" in path.read_text()


@pytest.mark.parametrize(
    "made, message",
    [
        (
            lambda b: b.session(id="build_0"),
            "there is no such building session; begin a new one, or choose from the list",
        ),
        (lambda b: b.session("nowhere"), 'no assistant is called "nowhere"'),
        (lambda b: b.session(shipped_files()[0]), "is shipped with gptsmith and stays as it is; make a copy of it"),
    ],
)
def test_what_is_not_there_says_so(made: Any, message: str, builder: Builder) -> None:
    with pytest.raises(GptsmithError) as caught:
        made(builder)
    assert message in str(caught.value)


def test_another_window_is_told_to_wait(builder: Builder, loopback: Loopback) -> None:
    session = builder.session()
    with session_store.held(session.id), pytest.raises(GptsmithError) as caught:
        session.say(WISH)
    assert str(caught.value) == "this building session is answering in another window; wait until it has finished"


CRASH = """
import os, sys
from gptsmith import Builder
import gptsmith.agent.builder.session.{module} as module
module.{name} = lambda *a, **k: os._exit(9)
session = Builder("embedded").session(id=sys.argv[1])
session.{call}
"""


@pytest.mark.parametrize(
    "module, name, call, note",
    [
        ("proposing", "read_subject", "say('call it Nora')", "I was interrupted before I could answer."),
        ("graph", "pending_of", "accept()", "applied"),
        ("graph", "answered", "accept()", "applied"),
        ("graph", "answered", "undo()", "undone"),
    ],
)
def test_a_crash_in_the_middle_loses_nothing(
    module: str, name: str, call: str, note: str, builder: Builder, loopback: Loopback
) -> None:
    loopback.push(calls(Draft=DRAFT | {"question": ""}), answer(rename("Mira")), answer(rename("Lea")))
    session = builder.session()
    session.say(WISH)
    session.say("call it Mira")
    session.accept()
    session.say("call it Lea")
    code = CRASH.format(module=module, name=name, call=call)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    assert subprocess.run([sys.executable, "-c", code, session.id], check=False, env=environment).returncode == 9
    loopback.always = answer(reply="Here.")
    again = builder.session(id=session.id)
    again.say("are you there?")
    kinds = [message.kind for message in again.messages]
    texts = " ".join(message.text for message in again.messages)
    assert note in kinds or note in texts
    expected = {"accept()": "Lea", "undo()": "Tea Adviser"}.get(call, "Mira")
    assert f"name: {expected}" in again.yaml
    assert again.path is not None
    assert len(Versions(again.path).list()) == {"accept()": 3, "undo()": 3}.get(call, 2)


def test_only_the_newest_state_is_kept(builder: Builder, loopback: Loopback) -> None:
    loopback.push(calls(Draft=DRAFT | {"question": ""}))
    loopback.always = answer(reply="Here.")
    session = builder.session()
    session.say(WISH)
    for _ in range(3):
        asyncio.run(session.asay("are you there?"))
    with session_store.open_saver() as saver:
        rows = saver.conn.execute("SELECT count(*) FROM checkpoints WHERE thread_id = ?", (session.id,)).fetchone()
    assert rows == (1,)
    assert len(session.messages) == 8
    session.delete()
    assert builder.sessions() == []


def test_tests_come_to_the_change_that_waits(builder: Builder, loopback: Loopback) -> None:
    loopback.push(calls(Draft=DRAFT | {"question": ""}), answer(rename("Mira")))
    session = builder.session()
    assert session.propose_tests().text == "There is no change that waits for a decision."
    session.say(WISH)
    session.say("call it Mira")
    before = len(session.messages)
    message = session.propose_tests(seconds=20)
    assert message.kind == "proposal" and message.words[0] == 'Changes the name from "Tea Adviser" to "Mira".'
    assert len(session.messages) == before
    session.accept()
    assert "contains: [Mira]" in session.yaml


def test_the_sessions_model_writes_tests_of_rules(builder: Builder, loopback: Loopback) -> None:
    rule = "Never name a price of any tea."
    loopback.push(calls(Draft=DRAFT | {"question": ""}), answer(line(rule)), calls(DraftTests={"tests": []}))
    session = builder.session()
    session.say(WISH)
    session.say("never name a price")
    session.propose_tests(seconds=20)
    asked = loopback.history[2]["messages"][-1]["content"]
    assert f"<parts>\n- {rule}\n</parts>" in asked


def test_a_proposed_test_has_run_inside_the_session(tmp_path: Path) -> None:
    file = tmp_path / "ferry.assistant.yaml"
    file.write_text("schema: assistant/v1\nname: Ferry desk\ndescription: Knows.\ninstructions: Be kind.\n", "utf-8")
    session = Builder().session(file)
    session.say("call it Mira")
    assert session.propose_tests(seconds=60).words[-1] == (
        "Add the test “says its name”: “What is your name?” looks at the name Mira. "
        "Checked: passes with the name Mira and fails without."
    )


def test_secrets_are_not_kept(builder: Builder, loopback: Loopback) -> None:
    loopback.push(calls(Draft=DRAFT | {"question": ""}), answer(reply="Set the variable."))
    session = builder.session()
    session.say(WISH)
    session.say("the key is sk-abcdefghijklmnopqrstuvwx")
    kept = session_store._folder() / "sessions.sqlite"
    everything = b"".join(file.read_bytes() for file in kept.parent.iterdir())
    assert b"sk-abcdef" not in everything
    assert "sk-abcdef" not in json.dumps([m.model_dump() for m in session.messages])


TAPES = sorted((Path(__file__).parents[2] / "cassettes" / "builder" / "sessions").glob("*.json"))


@pytest.mark.parametrize("tape", TAPES, ids=lambda p: p.stem)
def test_a_recorded_session(tape: Path, builder: Builder, loopback: Loopback) -> None:
    """A conversation in which a capable reader of the prompts answered for the model."""
    session = builder.session()
    recorded = json.loads(tape.read_text("utf-8"))
    for turn in recorded["turns"]:
        answers = [given.get("text") or calls(**{given["name"]: given["arguments"]}) for given in turn["answers"]]
        loopback.push(*answers)
        for name, text in turn.get("files", {}).items():
            Path(name).write_text(text, "utf-8")
        message = builder.session(id=session.id).say(turn["say"], list(turn.get("files", {})))
        assert message.model_dump(include=set(turn["reply"])) == turn["reply"], turn["say"]
        assert not loopback.queue
    assert not loopback.refused
    assert [text for text in recorded.get("ends", []) if text not in session.yaml] == []
    assert [text for text in recorded.get("lacks", []) if text in session.yaml] == []


CLAIM = re.compile(r"(?<!Not )\b(done|i (?:added|changed|have|put)|erledigt)\b", re.IGNORECASE)


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_ten_turns(name: str, builder: Builder, loopback: Loopback, tmp_path: Path) -> None:
    """Whatever the model does: the file is valid, keeps what must hold, and changes only when that is said."""
    talk = CONVERSATIONS[name]
    file = tmp_path / "desk.assistant.yaml"
    if talk.begins:
        file.write_text(talk.begins, "utf-8")
    session = builder.session(file if talk.begins else None)
    for number, turn in enumerate(talk.turns):
        before, asked = session.yaml, len(loopback.history)
        loopback.push(*turn.answers)
        told = act(builder.session(id=session.id), turn.does)
        where = f"turn {number}: {turn.does}"
        if told is not None:
            assert told.kind == turn.kind, f"{where}: {told.whole}"
            assert turn.says in told.whole, f"{where}: {told.whole}"
            assert not CLAIM.search(told.text), f"{where}: {told.text}"
            assert (session.yaml == before) is (told.kind not in ("draft", "applied", "undone")), where
            if told.kind == "applied":
                assert told.words and told.diff == unified(before, session.yaml, session_file(session)), where
        assert len(loopback.history) - asked == len(turn.answers), where
        if before:
            assert check_text(session.yaml, tmp_path) == [], where
            assert [held for held in talk.holds if held not in session.yaml] == [], where
    assert [text for text in talk.ends if text not in session.yaml] == []
    assert [text for text in talk.lacks if text in session.yaml] == []
    assert not loopback.refused


def session_file(session: BuilderSession) -> str:
    assert session.path is not None
    return session.path.name


def act(session: BuilderSession, does: str) -> SessionMessage | None:
    """Do what a turn says; None for what happens outside of the session."""
    if does.startswith("outside: "):
        old, _, new = does.removeprefix("outside: ").partition(" => ")
        assert session.path is not None and old in session.yaml
        session.path.write_text(session.yaml.replace(old, new), "utf-8")
        return None
    if re.fullmatch(r"accept \d+", does):
        return session.accept([int(number) for number in does.split()[1:]])
    return session.say(does)
