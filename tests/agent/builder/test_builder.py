"""The builder: a description becomes a spec, through a hosted model on loopback and through the embedded one."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from gptsmith import Builder
from gptsmith.agent.builder import BuiltDraft
from gptsmith.assistants.files.library import Library
from gptsmith.assistants.format.loader import load_file
from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.errors import GptsmithError, ProviderError, SpecError, UsageError
from gptsmith.models.chat.factory import choose_model, make_chat_model
from tests.support.loopback import Answer, Loopback, calls

CASSETTES = sorted((Path(__file__).parents[2] / "cassettes" / "builder").glob("*.json"))
GOOD: dict[str, Any] = {
    "name": "Tea Adviser",
    "description": "Recommends a tea for the moment.",
    "role": "You recommend teas.",
    "guidelines": ["Name one tea and how long it steeps."],
    "conversation_starters": ["I slept badly. Which tea now?"],
    "tests": [{"name": "says its name", "tests": "name", "message": "Who is this?", "contains": ["Tea Adviser"]}],
}


@pytest.fixture
def server() -> Any:
    with Loopback() as running:
        yield running


def hosted(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> Builder:
    monkeypatch.setenv("KEY", server.api_key)
    spec = ModelSpec(provider="openai", name="scripted", base_url=server.base_url, api_key="${env:KEY}")
    return Builder(make_chat_model(spec))


def design(**changes: Any) -> Answer:
    return calls(Draft=GOOD | changes)


@pytest.mark.parametrize("path", CASSETTES, ids=lambda p: p.stem)
def test_recorded_answers_become_specs(
    path: Path, server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tape = json.loads(path.read_text("utf-8"))
    files = []
    for name, text in tape["knowledge"].items():
        files.append(tmp_path / name)
        files[-1].write_text(text, "utf-8")
    server.push(*(calls(Draft=answer) for answer in tape["answers"]))
    built = hosted(server, monkeypatch).build(tape["description"], files)
    expect = tape["expect"]
    assert built.id == expect["id"]
    assert [p for k in built.spec.knowledge for p in k.paths] == expect["sources"]
    assert [t.type for t in built.spec.tools] == expect["tools"]
    assert [m.what for m in built.missing] == expect["missing"]
    assert [t.name for t in built.spec.tests] == expect["tests"]
    assert all(f"- {rule}\n" in (built.spec.instructions or "") for rule in expect["rules"])
    assert not server.refused
    body = server.history[0]
    assert [m["role"] for m in body["messages"]] == ["system", "user"]
    assert tape["description"] in body["messages"][1]["content"]
    assert [t["function"]["name"] for t in body["tools"]] == ["Draft"]


@pytest.mark.parametrize(
    "first, problem",
    [
        (calls(Draft={"name": "Tea"}), "description: Field required; role: Field required"),
        ("I would call it Tea Adviser.", "it did not call the function Draft"),
        (design(role="x" * 33_000), "instructions: expected up to 32,000 characters"),
    ],
)
def test_one_repair_round_with_the_diagnostics(
    first: Any, problem: str, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.push(first, design())
    built = hosted(server, monkeypatch).build("Something that recommends teas")
    assert built.spec.name == "Tea Adviser"
    assert len(server.history) == 2
    asked = server.history[1]["messages"][1]["content"]
    assert problem in asked
    assert asked.startswith("<description>\nSomething that recommends teas\n</description>")


@pytest.mark.parametrize(
    "answers, error, message",
    [
        (
            ["no", "still no"],
            ProviderError,
            'the model gave no usable design: it only said "still no"; try again, or build with another model',
        ),
        (
            [design(role="x" * 33_000)] * 2,
            SpecError,
            "tea-adviser.assistant.yaml:8:15: instructions: expected up to 32,000 characters",
        ),
    ],
)
def test_a_second_failure_stops_and_says_why(
    answers: list[Any],
    error: type[GptsmithError],
    message: str,
    server: Loopback,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.push(*answers)
    with pytest.raises(error) as caught:
        hosted(server, monkeypatch).build("Something that recommends teas")
    assert str(caught.value).startswith(message)
    assert len(server.history) == 2


def missing(built: BuiltDraft) -> list[tuple[str, str]]:
    return [(m.kind, m.what) for m in built.missing]


RULES = "A tea adviser. Never recommend black tea at night. Rules:\n- Name the price\n- No slogans"


@pytest.mark.parametrize(
    "description, changes, check",
    [
        (
            RULES,
            {},
            lambda b: [r in b.spec.instructions for r in ("Never recommend black tea at night.", "Name the price")],
        ),
        (  # clauses of a sentence that the model put in one by one do not come back as that sentence
            "I want a tea adviser for our shop - it must always name the price, and it should never sell coffee.",
            {"emphasis": ["It must always name the price.", "Be brief."]},
            lambda b: [
                "- It must always name the price.\n  - Be brief.\n  - It should never sell coffee\n" in b.yaml,
                "I want" not in b.yaml,
            ],
        ),
        (
            "When asked for a price, never guess, and it must be in euros.",
            {},
            lambda b: ["- When asked for a price, never guess, and it must be in euros.\n" in b.yaml],
        ),
        (
            "Tea.",
            {"tools": [{"type": "send_mail", "name": "mail", "description": "Sends mail."}]},
            lambda b: [not b.spec.tools, missing(b) == [("tool", "send mail")]],
        ),
        (
            "Tea.",
            {"knowledge": [{"name": "n", "description": "d", "paths": ["menu.pdf"], "urls": ["https://a.example/x"]}]},
            lambda b: [not b.spec.knowledge, missing(b) == [("knowledge", "menu.pdf"), ("url", "https://a.example/x")]],
        ),
        (
            "Tea, see https://tea.example/list.",
            {},
            lambda b: [b.spec.knowledge[0].urls == ["https://tea.example/list"]],
        ),
        ("Tea.", {"name": "The Most Patient And Learned Adviser On Teas Of Asia"}, lambda b: [len(b.spec.name) <= 40]),
        ("Tea.", {"tools": None, "variables": None, "tone": None}, lambda b: [b.spec.name == "Tea Adviser"]),
        # What a model leaves out on purpose stays out: "never be creative" is no wish for 0.9.
        ("Tea. It must never be creative.", {}, lambda b: [b.spec.model is None]),
        ("Tea. Be precise.", {"temperature": 0.2}, lambda b: [b.spec.model.temperature == 0.2]),
        (
            'Tea. My first question is "Which tea for a cold?"',
            {},
            lambda b: [b.spec.conversation_starters[0] == "Which tea for a cold?"],
        ),
        (
            "Tea of ${country:Japan}.",
            {"role": "You recommend teas of ${country:Japan} and {{season}}.", "name": "{{country}} Teas"},
            lambda b: [
                "teas of {{country}} and {{season}}" in b.spec.instructions,
                b.spec.variables["country"].default == "Japan",
                "season" in b.spec.variables,
                b.spec.name == "Japan Teas",
            ],
        ),
        (
            "Tea.",
            {
                "tests": [
                    {"name": "a", "tests": "source", "message": "m", "cites": ["not-there.pdf"]},
                    {"name": "b", "tests": "tool", "message": "m", "calls": ["no_tool"]},
                    {"name": "c", "tests": "rule", "message": "m", "matches": ".*", "part": "x"},
                    {"name": "d", "tests": "name", "message": "m", "contains": ["somebody"]},
                ]
            },
            lambda b: [[t.name for t in b.spec.tests] == ["says its name", "introduces itself"]],
        ),
    ],
)
def test_code_guards_what_a_model_returns(
    description: str, changes: dict[str, Any], check: Any, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.push(design(**changes))
    built = hosted(server, monkeypatch).build(description)
    assert all(check(built)), built.yaml


def test_attached_files_are_used_even_when_the_model_forgot_them(
    server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "sencha.md").write_text("Sencha steeps for 90 seconds.")
    (tmp_path / "prices.txt").write_text("Sencha 9 euros")
    server.push(design())
    built = hosted(server, monkeypatch).build("Tea.", [tmp_path / "cards", tmp_path / "prices.txt"])
    assert "- cards/\n- cards/sencha.md\n- prices.txt" in server.history[0]["messages"][1]["content"]
    assert [k.paths for k in built.spec.knowledge] == [["./tea-adviser.files/cards", "./tea-adviser.files/prices.txt"]]
    saved = built.write(tmp_path / "out" / "green.assistant.yaml")
    assert load_file(saved).spec.knowledge[0].paths == ["./green.files/cards", "./green.files/prices.txt"]
    assert (tmp_path / "out/green.files/cards/sencha.md").read_text() == "Sencha steeps for 90 seconds."
    with pytest.raises(UsageError, match="is already there; choose another name for the file"):
        built.write(saved)


def test_a_folder_is_one_source_and_its_test_cites_a_file_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "protocols"
    (folder / "sub").mkdir(parents=True)
    (folder / "broken.pdf").write_text("%PDF-1.4")
    (folder / "sub" / "rinsing.md").write_text("# Rinsing\n\nText.\n\n## The cuvette\n\nRinse it three times.\n")
    built = Builder("embedded").build("Explains our protocols to new students.", [folder])
    (source,) = built.spec.knowledge
    assert (source.name, source.paths) == ("protocols", [f"./{built.id}.files/protocols"])
    assert [test.expect.cites for test in built.spec.tests if test.expect.cites] == [["rinsing.md"]]
    assert all(result.passed for result in built.save(tmp_path / "p.assistant.yaml").run_tests())


def test_files_inside_the_base_folder_stay_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "prices.txt").write_text("Sencha 9 euros")
    built = Builder("embedded").build("A tea adviser.", [tmp_path / "docs" / "prices.txt"], base_dir=tmp_path)
    assert built.spec.knowledge[0].paths == ["./docs/prices.txt"]
    built.write(tmp_path / "tea.assistant.yaml")
    assert not (tmp_path / "tea.files").exists()


def test_save_into_a_library_takes_the_next_free_id(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("Sencha")
    built = Builder("embedded").build("A tea adviser.", [tmp_path / "list.txt"])
    library = Library(tmp_path)
    first, second = built.write(library=library), built.write(library=library)
    assert [first.name, second.name] == [f"{built.id}.assistant.yaml", f"{built.id}-2.assistant.yaml"]
    assert load_file(second).spec.knowledge[0].paths == [f"./{built.id}-2.files/list.txt"]
    assert built.save(library=library).spec.name == built.spec.name


@pytest.mark.parametrize(
    "description, knowledge, message",
    [
        ("  ", [], "the description is empty; say in a sentence what the assistant should do"),
        (
            "x" * 24_001,
            [],
            "the description has more than 24,000 characters; shorten it, and attach long material as files",
        ),
        ("Tea", ["/nowhere/at/all.pdf"], "there is no file /nowhere/at/all.pdf; check the path of the attached file"),
    ],
)
def test_bad_input_is_refused_before_any_model_is_asked(description: str, knowledge: list[str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        Builder("embedded").build(description, knowledge)
    assert str(caught.value) == message


def test_build_without_blocking() -> None:
    built: BuiltDraft = asyncio.run(Builder("embedded").abuild("A tea adviser."))
    assert built.spec.name == "Tea Adviser"


def test_settings_without_a_provider_go_to_the_default_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPTSMITH_MODEL", "ollama:qwen3:8b")
    chosen = choose_model(ModelSpec(temperature=0.1))
    assert (chosen.provider, chosen.name, chosen.temperature) == ("ollama", "qwen3:8b", 0.1)


GUIDE = (
    "Guide of the club\n\nSwarm control. Inspect each hive every seven days.\n\nFeeding. Give 15 kilograms of sugar.\n"
)


def test_tests_and_starters_ask_for_what_the_files_hold(tmp_path: Path) -> None:
    (tmp_path / "bee-guide.txt").write_text(GUIDE)
    built = Builder("embedded").build("A mentor for beekeepers.", [tmp_path / "bee-guide.txt"])
    assert "What does the bee guide say about feeding?" in built.spec.conversation_starters
    source = next(t for t in built.spec.tests if t.expect.cites)
    assert (source.message, source.expect.cites) == (
        "What does the bee guide say about swarm control?",
        ["bee-guide.txt"],
    )


@pytest.mark.parametrize("gone", ["nothing", "the source", "the tool", "the name"])
def test_each_test_fails_when_its_part_is_taken_away(gone: str, tmp_path: Path) -> None:
    (tmp_path / "bee-guide.txt").write_text(GUIDE)
    built = Builder("embedded").build("A mentor for beekeepers who draws hives.", [tmp_path / "bee-guide.txt"])
    assistant = built.save(tmp_path / "bee.assistant.yaml")
    failing = {"the source": "uses bee_guide", "the tool": "calls draw_picture", "the name": "says its name"}
    data = assistant.spec.model_dump(by_alias=True, exclude_unset=True)
    if gone == "the source":
        del data["knowledge"]
    elif gone == "the tool":
        del data["tools"]
    elif gone == "the name":
        data["name"] = "Somebody Else"
    changed = type(assistant).from_dict(data, base_dir=tmp_path)
    failed = {result.name for result in changed.run_tests() if not result.passed}
    assert failed == ({failing[gone]} if gone in failing else set())
