"""`build`: what it shows, asks, writes and refuses, with the embedded model."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gptsmith import Builder
from gptsmith.assistants.format.loader import load_file
from gptsmith.ui.cli import run
from gptsmith.ui.cli.output import yaml_text
from tests.support import documents

ROOT = Path(__file__).resolve().parents[3]
WISH = "A friendly waiter for a small restaurant who answers from our menu. Never recommend alcohol."
MENU = "# Menu\n\nThe soup of the day costs 4 euros. The kitchen closes at 22:00.\n"

Out = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with one document and no library; nobody is at the keyboard."""
    made = tmp_path / "restaurant"
    made.mkdir()
    (made / "menu.md").write_text(MENU, encoding="utf-8")
    monkeypatch.chdir(made)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    return made


def test_without_a_terminal_it_shows_and_writes_nothing(folder: Path, capsys: Out) -> None:
    assert run(["build", WISH, "--knowledge", "menu.md", "-o", "waiter.assistant.yaml"]) == 2
    said = capsys.readouterr()
    assert "id: waiter\n" in said.out
    assert "Never recommend alcohol." in said.out
    *told, kept = said.err.splitlines()
    assert told == [
        "Building",
        "+ menu.md is copied beside it",
        "gptsmith: nothing is written without a terminal to ask in; add --yes to agree beforehand",
    ]
    assert [path.name for path in folder.iterdir()] == ["menu.md"]
    session = Builder("embedded").session(id=kept.rpartition("--resume ")[2])
    assert "Never recommend alcohol." in session.yaml and session.path and session.path.is_file()
    assert [file.name for file in session.path.parent.rglob("menu.md")] == ["menu.md"]


def test_a_conversation_comes_through_a_pipe(tmp_path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{WISH}\ncall it Mia\naccept\n/save\n"))
    assert run(["build", "--no-tests"]) == 0
    said = capsys.readouterr()
    assert "Saved as version 2." in said.out and "Wrote " in said.out
    library = tmp_path / "gptsmith-home" / "assistants" / "specs"
    assert ["name: Mia\n" in file.read_text("utf-8") for file in library.glob("*.assistant.yaml")] == [True]


@pytest.mark.parametrize("more", [[], ["--yes"]])
def test_an_empty_pipe_describes_nothing(more: list[str], capsys: Out) -> None:
    assert run(["build", *more]) == 2
    assert "gptsmith: there is no description; say what it should be" in capsys.readouterr().err


def test_a_description_comes_through_a_pipe(capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{WISH}\n"))
    assert run(["build", "--yes", "--json"]) == 0
    assert "Never recommend alcohol." in json.loads(capsys.readouterr().out)["yaml"]


def test_a_terminal_breaks_no_line_of_the_file(capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    text = f"name: Bo\ndescription: {'A waiter who knows every dish. ' * 4}\n\nwelcome_message: Hello!\n"
    yaml_text(text)
    assert re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out) == text


def test_a_file_that_cannot_be_read_is_said_when_it_is_given(folder: Path, capsys: Out) -> None:
    (folder / "more").mkdir()
    (folder / "more" / "scan.pdf").write_bytes(documents.pdf([""]))
    (folder / "more" / "hours.md").write_text("Open at ten.")
    (folder / "letter.docx").write_bytes(b"PK\x03\x04 cut off")
    words = ["--knowledge", "menu.md", "--knowledge", "more", "--knowledge", "letter.docx"]
    assert run(["build", WISH, *words, "-o", "out/waiter.assistant.yaml", "--yes"]) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if "cannot be read" in line]
    assert [line.partition(" cannot be read: ")[0] for line in said] == ["more/scan.pdf", "letter.docx"]
    assert "run OCR on it first" in said[0] and all(line.endswith("will not know what it says.") for line in said)


def test_json_without_a_terminal_is_the_draft(folder: Path, capsys: Out) -> None:
    assert run(["build", WISH, "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"id", "path", "yaml", "missing"}
    assert document["path"] is None
    assert [path.name for path in folder.iterdir()] == ["menu.md"]


def test_yes_writes_the_file_with_its_knowledge_beside_it(folder: Path, capsys: Out) -> None:
    assert run(["build", WISH, "--knowledge", "menu.md", "-o", "out/waiter.assistant.yaml", "--yes", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    spec = folder / "out" / "waiter.assistant.yaml"
    assert (document["id"], document["path"]) == ("waiter", str(Path("out/waiter.assistant.yaml")))
    assert document["yaml"] == spec.read_text("utf-8")
    assert (folder / "out/waiter.files/menu.md").read_text("utf-8") == MENU
    assert load_file(spec).spec.knowledge[0].paths == ["./waiter.files/menu.md"]


def test_without_a_file_it_goes_into_the_library(tmp_path: Path, capsys: Out) -> None:
    for expected in ("friendly-waiter", "friendly-waiter-2"):
        assert run(["build", WISH, "--yes", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["id"] == expected
    library = tmp_path / "gptsmith-home" / "assistants" / "specs"
    assert (library / "assistant-v1.schema.json").is_file()
    assert run(["list", "--json"]) == 0
    ids = [entry["id"] for entry in json.loads(capsys.readouterr().out)]
    assert set(ids[:2]) == {"friendly-waiter", "friendly-waiter-2"}


@pytest.mark.usefixtures("no_picture_weights")
def test_what_is_not_there_is_listed_as_missing(capsys: Out) -> None:
    assert run(["build", f"{WISH} It draws a picture of each dish.", "--yes", "--json"]) == 0
    missing = json.loads(capsys.readouterr().out)["missing"]
    assert {item["kind"] for item in missing} == {"knowledge", "tool"}
    assert all(item["what"] and item["how"] for item in missing)


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([" "], 2, "gptsmith: the description is empty; say in a sentence what the assistant should do"),
        ([WISH, "--knowledge", "nope.pdf"], 2, "gptsmith: there is no file nope.pdf; check the path"),
        ([WISH, "-o", "menu.md"], 2, "gptsmith: menu.md is already there; name another file with -o; nothing is"),
        ([WISH, "--model", "openai:m"], 4, "OPENAI_API_KEY"),
        ([WISH, "--model", "nonsense:m"], 4, 'gptsmith: "nonsense" is no model provider; use one of embedded'),
    ],
)
def test_what_cannot_be_built_says_why(
    arguments: list[str], code: int, message: str, as_json: bool, folder: Path, capsys: Out
) -> None:
    assert run(["build", *arguments, "--yes", *(["--json"] if as_json else [])]) == code
    said = capsys.readouterr()
    assert message in said.err
    if as_json:
        assert set(json.loads(said.out)) == {"error"}
    assert (folder / "menu.md").read_text("utf-8") == MENU
    assert [path.name for path in folder.iterdir()] == ["menu.md"]


CALLED = "gptsmith build --resume"


def typed(folder: Path, *lines: str, arguments: tuple[str, ...] = (WISH,)) -> tuple[int, str, str]:
    """Run `build` with a person at the keyboard; return the exit code and what was printed."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "gptsmith", "build", *arguments, "-o", "waiter.assistant.yaml"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    try:
        asked = subprocess.Popen(
            command, stdin=theirs, stdout=pipe, stderr=pipe, cwd=folder, env=environment, text=True
        )
        os.write(ours, "".join(f"{line}\n" for line in lines).encode())
        out, said = asked.communicate(timeout=300)
    finally:
        os.close(ours)
        os.close(theirs)
    return asked.returncode, out, said


def test_in_a_terminal_it_is_a_conversation(folder: Path) -> None:
    code, out, said = typed(folder, "/nonsense", "/show", "/quit")
    assert code == 0
    assert 'I drafted "Friendly Waiter":' in out
    assert out.count("Never recommend alcohol.") == 2  # the draft, and /show
    assert "/nonsense is no command. Say what to change." in said
    assert not (folder / "waiter.assistant.yaml").exists()
    session = said.partition(CALLED)[2].split()[0]
    code, out, said = typed(folder, "/save", arguments=("--resume", session))
    assert (code, out.splitlines()[-1]) == (0, f"Wrote {folder / 'waiter.assistant.yaml'}")
    assert load_file(folder / "waiter.assistant.yaml").spec.name == "Friendly Waiter"


def test_in_a_terminal_the_draft_is_tried_out(folder: Path) -> None:
    lines = ("/try", "/try What does the soup of the day cost?", "call it Bo", "accept", "/quit")
    code, out, said = typed(folder, *lines, arguments=(WISH, "--knowledge", "menu.md", "--no-tests"))
    assert code == 0
    assert "Say what to send: /try What can you do?" in said
    assert "4 euros" in out and "menu.md" in out.partition("4 euros")[2]
    assert said.count("Thinking") == 1  # a decision is not thought about
    shown = out.partition("Changes the name from")[2]
    assert shown.index("+name: Bo") < shown.index("Saved as version 2.")


def test_in_a_terminal_it_asks_for_the_description(folder: Path) -> None:
    code, _, said = typed(folder, WISH, "/save", arguments=())
    assert code == 0
    assert said.startswith("What should the assistant do, and for whom?\n")
    assert "Never recommend alcohol." in (folder / "waiter.assistant.yaml").read_text("utf-8")
