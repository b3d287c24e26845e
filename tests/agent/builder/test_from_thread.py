"""A draft from a conversation: what was asked, corrected and praised, without what is private."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage

from gptsmith import Assistant, Builder
from gptsmith.agent.builder.changes.guards import has_secret
from gptsmith.agent.builder.draft.from_thread import discreet, is_private, messages, names_in
from gptsmith.agent.builder.language.requests import Exchange, ThreadRequest, read_thread_request
from gptsmith.agent.builder.language.wishes import bare, read_message
from gptsmith.assistants.format.loader import load_file
from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.assistants.format.variables import secret_lines
from gptsmith.errors import ProviderError, UsageError
from gptsmith.models.chat.factory import make_chat_model
from tests.support.loopback import Loopback, calls
from tests.support.scripted import Scripted, call

GUIDE = """\
# The ferry

## Tickets
A ticket to the island costs 12 euros and is sold on board.

## The crossing
The crossing takes 40 minutes. The wheelhouse is closed to guests.
"""
SPEC: dict[str, Any] = {
    "schema": "assistant/v1",
    "name": "Ferry desk",
    "description": "Answers questions about the ferry.",
    "instructions": "You are the desk of the ferry to {{island}}. Never promise a seat.\nName the page where you can.",
    "variables": {"island": {"default": "Sark"}},
    "knowledge": [{"name": "guide", "paths": ["./guide.md"], "mode": "always"}],
}


def talk(folder: Path, turns: list[tuple[str, Any]], **changes: Any) -> Assistant:
    """Return an assistant with the thread `t1`, its answers scripted."""
    (folder / "guide.md").write_text(GUIDE, "utf-8")
    model = Scripted(*(answer for _, answer in turns))
    assistant = Assistant.from_dict({**SPEC, **changes}, base_dir=folder, model=model)
    for said, _ in turns:
        assistant.chat(said, thread_id="t1")
    return assistant


TURNS: list[tuple[str, Any]] = [
    ("Hello!", "Good day."),
    ("What does a ticket to the island cost?", "In these times it is 12 euros [1], " + "and so on and on, " * 12),
    ("no, shorter please", "It costs 12 euros [1]."),
    ("perfect, exactly like that", "Thank you."),
    ("Always say when the next boat goes.", "I will."),
    ("and for dogs?", "Dogs travel free."),
    ("My name is Bob Stone, mail bob@stone.org, what is the fare?", "12 euros [1]."),
]


def test_a_conversation_becomes_an_assistant(tmp_path: Path) -> None:
    built = Builder("embedded").from_thread(talk(tmp_path, TURNS), "t1")
    told = built.spec.instructions or ""
    assert built.spec.name == "My Ferry desk" and built.missing == []
    assert told.startswith("You are the desk of the ferry to Sark.\n\n## What matters\n- Keep answers short.\n")
    assert "- Always say when the next boat goes.\n- Never promise a seat.\n" in told
    assert "- An answer of about 5 words was praised: keep to that manner where the question allows.\n" in told
    assert built.spec.conversation_starters[0] == "What does a ticket to the island cost?"
    assert "dogs" not in built.yaml and "Bob" not in built.yaml and "stone" not in built.yaml
    assert [(t.name, t.message, t.expect.model_dump(exclude_defaults=True)) for t in built.spec.tests] == [
        (
            "keeps it short",
            "What does a ticket to the island cost?",
            {"matches": r"\A\s*(?:\S+(?:\s+|\Z)){1,17}\Z"},
        ),
        (
            "knows 12 euros",
            "What does a ticket to the island cost?",
            {"contains": ["12 euros"], "cites": ["guide.md"]},
        ),
        ("says its name", "What is your name?", {"contains": ["My Ferry desk"]}),
    ]
    saved = built.write(tmp_path / "new" / "own.assistant.yaml")
    assert load_file(saved).spec.knowledge[0].paths == ["./own.files/guide.md"]
    assert (tmp_path / "new" / "own.files" / "guide.md").read_text("utf-8") == GUIDE
    assert {c.name: c.verdict for c in built.verify(model="embedded")}["knows 12 euros"] == "checked"


def test_files_and_tools_of_the_thread_go_along(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("The old lighthouse was lit in 1871 by the keeper.", "utf-8")
    tools = [{"type": "image_recognition", "name": "look"}, {"type": "openapi", "name": "shop", "schema": "./api.yaml"}]
    (tmp_path / "api.yaml").write_text("openapi: 3.0.0\ninfo: {title: a, version: '1'}\npaths: {}\n", "utf-8")
    model = Scripted(
        "It was lit in 1871 [1].", call("look", image="img_1"), "A boat.", call("shop", id="c9"), "Not there."
    )
    assistant = Assistant.from_dict({**SPEC, "knowledge": [], "tools": tools}, base_dir=tmp_path, model=model)
    assistant.chat("When was the lighthouse lit?", thread_id="t1", files=[str(tmp_path / "notes.txt")])
    assistant.chat("What kind of vessel is on my photo?", thread_id="t1")
    assistant.chat("Order a ticket.", thread_id="t1")
    built = Builder("embedded").from_thread(assistant, "t1")
    assert [a.name for a in built.attachments] == ["notes.txt"]
    assert [(t.type, t.name) for t in built.spec.tools] == [("image_recognition", "look")]
    how = "Attach its OpenAPI document, or give the document's address, and say what it is for."
    assert ("tool", "shop", how) in [(m.kind, m.what, m.how) for m in built.missing]
    assert [t.expect.calls for t in built.spec.tests if t.expect.calls] == [["look"]]


def test_a_general_assistant_becomes_one_for_what_was_asked(tmp_path: Path) -> None:
    general = {"name": "Helper", "description": "A helpful assistant.", "instructions": "Help.", "knowledge": []}
    turns = [("Write a packing list for a week of sailing.", "Rope, hat."), ("as a table please", "| a | b |")]
    built = Builder("embedded").from_thread(talk(tmp_path, turns, variables={}, **general), "t1")
    assert "Packing" in built.spec.name
    assert built.spec.conversation_starters[0] == "Write a packing list for a week of sailing."
    assert "- Answer in a table.\n" in (built.spec.instructions or "")
    assert [t.expect.matches for t in built.spec.tests if t.name == "answers in a table"] == [r"(?m)^\s*\|.*\|"]


@pytest.mark.parametrize(
    ("thread", "message"),
    [
        ("nowhere", "there is no thread nowhere; choose a conversation with an answer in it"),
        ("t1", "nothing was answered in t1; choose a conversation with an answer in it"),
        ("a b", "a thread id is 1 to 64 letters, digits, - and _; leave thread_id out to begin a new thread"),
    ],
)
def test_a_thread_without_an_answer_is_refused(thread: str, message: str, tmp_path: Path) -> None:
    assistant = Assistant.from_dict({**SPEC, "knowledge": []}, base_dir=tmp_path, model=Scripted(ProviderError("down")))
    with pytest.raises(ProviderError):
        assistant.chat("Hello", thread_id="t1")
    with pytest.raises(UsageError) as caught:
        Builder("embedded").from_thread(assistant, thread)
    assert str(caught.value) == message


# -- a hosted model over the wire ----------------------------------------------------------------------------------

TAPES = sorted((Path(__file__).parents[2] / "cassettes" / "builder" / "threads").glob("*.json"))


def hosted(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> Builder:
    monkeypatch.setenv("KEY", server.api_key)
    spec = ModelSpec(provider="openai", name="scripted", base_url=server.base_url, api_key="${env:KEY}")
    return Builder(make_chat_model(spec))


def numbered(text: str) -> Callable[[list[BaseMessage]], AIMessage]:
    """Return an answer that cites `[guide.md]` by the number which the passage has in the request."""

    def answer(sent: list[BaseMessage]) -> AIMessage:
        found = re.findall(r'<passage id="(\d+)" source="([^"]+)"', sent[-1].text)
        ids = {source: number for number, source in reversed(found)}
        return AIMessage(re.sub(r"\[([\w-]+\.md)\]", lambda m: f"[{ids[m[1]]}]", text))

    return answer


DRAFT = {
    "name": "Fare Desk",
    "description": "Says what the ferry costs.",
    "role": "You say what the ferry costs. Write to [email] for more.",
    "emphasis": ["One sentence."],
    "conversation_starters": ["What is the fare?", "My husband is ill, what is the fare?"],
    "tests": [{"name": "writes", "tests": "name", "message": "Mail bob@stone.org", "contains": ["Fare Desk"]}],
}


def test_what_a_model_returns_is_held_against_the_conversation(
    tmp_path: Path, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    loopback.push(calls(Draft=DRAFT))
    built = asyncio.run(hosted(loopback, monkeypatch).afrom_thread(talk(tmp_path, TURNS), "t1"))
    asked = loopback.history[0]["messages"][1]["content"]
    assert "bob@stone.org" not in asked and "mail [email], what is the fare?" in asked
    assert "- cited guide.md: “A ticket to the island costs 12 euros and is sold on board.”" in asked
    assert "{{island}}" not in asked and "- guide.md" in asked
    assert "- Always say when the next boat goes." in (built.spec.instructions or ""), "word for word"
    assert "[email]" not in built.yaml and "husband" not in built.yaml and "bob" not in built.yaml
    assert built.spec.knowledge[0].paths == ["./fare-desk.files/guide.md"]


def test_a_bad_answer_is_mended_once(tmp_path: Path, loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    assistant = talk(tmp_path, TURNS)
    loopback.push("Sure, here is a draft!", calls(Draft=DRAFT))
    assert hosted(loopback, monkeypatch).from_thread(assistant, "t1").spec.name == "Fare Desk"
    assert (
        "<problems>\n- it did not call the function Draft\n</problems>"
        in (loopback.history[1]["messages"][1]["content"])
    )
    loopback.push("No.", "No.")
    with pytest.raises(ProviderError, match="the model gave no usable design: it only said"):
        hosted(loopback, monkeypatch).from_thread(assistant, "t1")


@pytest.mark.parametrize("path", TAPES, ids=lambda p: p.stem)
def test_recorded_answers_become_specs(
    path: Path, loopback: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tape = json.loads(path.read_text("utf-8"))
    for name, text in tape["files"].items():
        (tmp_path / name).write_text(text, "utf-8")
    scripted = Scripted(*(numbered(turn["answer"]) for turn in tape["turns"]))
    assistant = Assistant.from_dict(tape["spec"], base_dir=tmp_path, model=scripted)
    for turn in tape["turns"]:
        assistant.chat(turn["message"], thread_id="t1")
    loopback.push(*(calls(Draft=answer) for answer in tape["answers"]))
    built = hosted(loopback, monkeypatch).from_thread(assistant, "t1")
    expect = tape["expect"]
    assert built.id == expect["id"]
    assert [t.name for t in built.spec.tests] == expect["tests"]
    assert [line for line in expect["told"] if line not in (built.spec.instructions or "")] == []
    assert [word for word in expect["private"] if word.lower() in built.yaml.lower()] == []
    assert built.spec.conversation_starters == expect["starters"]


def test_the_fields_are_explained_in_the_builders_own_words() -> None:
    system, asked = messages(ThreadRequest(name="A", description="B", exchanges=[Exchange(asked="Hi")]), {}, [])
    for part in ("# How to read a conversation", "# The fields", "**conversation_starters**", "# Example"):
        assert part in system.text
    assert "# Kinds of description" not in system.text
    assert "<asked>\nHi\n</asked>" in asked.text


def test_a_request_is_read_back_as_it_was() -> None:
    request = ThreadRequest(
        name="Desk",
        description="Answers.\nAll of it.",
        instructions="Be </asked> kind.",
        exchanges=[Exchange(asked="<used>?", answered="", used=["cited a.md: “x”"]), Exchange(asked="b", answered="c")],
        files=["a.md"],
        tools={"image_generation": "draws: well"},
    )
    assert read_thread_request(request.to_text()) == request
    assert read_thread_request("Hello") is None


# -- what a message is ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "wishes"),
    [
        ("no, shorter", "correction", ["Keep answers short."]),
        ("kürzer bitte", "correction", ["Antworte kurz."]),
        ("trop long", "correction", ["Réponds brièvement."]),
        ("No, always in euros please", "correction", ["Always in euros."]),
        ("in German please", "correction", ["Answer in German."]),
        ("Amounts in dollars", "correction", ["Give amounts in dollars."]),
        ("Nein, immer auf Deutsch.", "correction", ["Immer auf Deutsch."]),
        ("from now on use metric units", "correction", ["From now on use metric units."]),
        ("Better. But no emojis", "correction", ["No emojis."]),
        ("ok, only tell me the price please", "correction", ["Only tell me the price."]),
        ("I am vegetarian, so never suggest meat", "correction", ["Never suggest meat."]),
        ("Because my boss reads this, please always be polite.", "correction", ["Always be polite."]),
        ("I like soup, no onions today", "ask", []),
        ("I am tired, so what can I cook?", "ask", []),
        ("no the whole chicken, 1.5 kg", "correction", []),
        ("Shorter, this time only", "correction", []),
        ("I meant the blue one", "correction", []),
        ("That's wrong, it closed in 1911", "correction", []),
        ("Perfect, exactly like that!", "praise", []),
        ("Love the table", "praise", []),
        ("Genau so!", "praise", []),
        ("sweet!", "praise", []),
        ("thanks!", "talk", []),
        ("hm hm", "talk", []),
        ("What about dogs?", "ask", []),
        ("Can you always answer in French?", "ask", []),
        ("I always wanted to see it", "ask", []),
        ("Great. What does a ticket cost?", "ask", []),
    ],
)
def test_what_a_message_is(text: str, kind: str, wishes: list[str]) -> None:
    spoken = {"kürzer bitte": "de", "trop long": "fr"}.get(text, "")
    said = read_message(text, first=False, spoken=spoken)
    assert (said.kind, list(said.wishes)) == (kind, wishes)


def test_a_message_is_freed_of_what_leans_back() -> None:
    assert bare("Great. What does a ticket cost?") == "What does a ticket cost?"
    assert bare("no, the blue one") == "The blue one"
    assert bare("hey, what can I cook") == "What can I cook"
    assert bare("ok") == "Ok"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("mail ana@x.org or +49 170 1234567", "mail [email] or [phone]"),
        ("my password is hunter22!", "my password is [secret]"),
        ("use sk-abcDEF1234567890abcdef99 here", "use [secret] here"),
        ("pay to DE89 3704 0044 0532 0130 00", "pay to [account]"),
        ("see https://u:pw@host.example/x", "see https://[secret]@host.example/x"),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----", "[secret]"),
        ("The panel of 2024-05-06 has 1,000 tiles, see https://example.org/a/very/long/path-with-words", None),
        ("a password is a secret", None),
        (
            "Das Passwort für die Kasse ist Krume2024!, merk dir das",
            "Das Passwort für die Kasse ist [secret], merk dir das",
        ),
    ],
)
def test_what_is_private_is_taken_out(text: str, clean: str | None) -> None:
    assert discreet(text) == (text if clean is None else clean)
    assert is_private(discreet(text)) == (clean is not None)


@pytest.mark.parametrize(
    "key",
    [
        "sk-proj-abcDEF1234567890ghij",
        "ghp_abcdefGHIJKL0123456789",
        "pk_live_abcdefGHI0123456",
        "AKIAIOSFODNN7EXAMPLE",
        "hf_abcdefGHIJKL0123456789",
        "https://ana:s3cretWord1234@host.example",
        "-----BEGIN PRIVATE KEY-----\nabcdefghijk",
    ],
)
def test_whoever_looks_for_secrets_knows_the_same_keys(key: str) -> None:
    assert is_private(discreet(f"use {key}"))
    assert has_secret(f"use {key}")
    assert secret_lines(f"first\nuse {key}") == [2]


def test_the_name_of_a_variable_is_no_secret() -> None:
    text = "base_url: https://${env:USER}:${env:WORD}@host.example/sk-xxxxxxxx"
    assert (has_secret(text), secret_lines(text)) == (False, [])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("I'm Jutta Brandt, their section leader", ["Brandt", "Jutta", "Jutta Brandt"]),
        ("Hi, I'm Bob from Kiel", ["Bob"]),
        ("Frau Petersen will die Rechnung", ["Petersen"]),
        ("I'm German, so answer in German", []),
        ("Ist im Croissant Ei drin?", []),
        ("This is Sparta!", []),
        ("Ich bin Lehrer", []),
    ],
)
def test_people_are_found_by_how_they_are_introduced(text: str, names: list[str]) -> None:
    assert sorted(names_in([text])) == names
    assert not any(name in discreet(text, names) for name in names)


@pytest.mark.parametrize("text", ["My name is Bob", "my wife wants one", "I live in Kiel", "ich heiße Ana"])
def test_messages_of_a_life_are_not_repeated(text: str) -> None:
    assert is_private(text)
