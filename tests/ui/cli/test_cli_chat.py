"""`chat` and `test`: answers, citations, conversations, and the ways a turn ends, with real files and models."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from gptsmith.ui.cli import run
from tests.support.loopback import Answer, Loopback, drop, stall, status

ROOT = Path(__file__).resolve().parents[3]
SPEC = """\
schema: assistant/v1
name: Lamp desk
description: Answers questions about a lamp.
instructions: Answer from the handbook. You speak for {{shop}}.
variables:
  shop: {default: our shop}
welcome_message: Welcome to {{shop}}.
disclaimer: An invented lamp.
knowledge:
  - {name: handbook, description: The handbook of the lamp, paths: [./handbook.md], mode: always}
tests:
  - name: knows the warranty
    message: How long is the warranty of the lamp?
    expect: {contains: [three years], cites: [handbook.md]}
"""
HANDBOOK = "# The lamp\n\nThe warranty of the lamp is three years. The lamp weighs 900 grams.\n"

Out = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work beside a spec with one knowledge file; nobody is at the keyboard."""
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "lamp.assistant.yaml").write_text(SPEC, encoding="utf-8")
    (folder / "handbook.md").write_text(HANDBOOK, encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    return folder


def chat(*arguments: str) -> int:
    return run(["chat", "lamp.assistant.yaml", *arguments])


def reply(capsys: Out) -> dict[str, Any]:
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_a_quote_that_does_not_bear_the_claim_out_is_marked() -> None:
    from gptsmith.ui.cli.chat import _cited

    quote = {"id": 1, "source": "fees.md", "page": None, "quote": "A lost key costs\n15 euros."}
    assert _cited({**quote, "verified": False}) == (
        '  [1] fees.md (does not say exactly this): "A lost key costs 15 euros."'
    )
    assert _cited({**quote, "verified": True}) == '  [1] fees.md: "A lost key costs 15 euros."'


def test_an_answer_is_followed_by_its_citations(capsys: Out) -> None:
    assert chat("-m", "How long is the warranty of the lamp?") == 0
    said = capsys.readouterr()
    answer, *citations = said.out.splitlines()
    assert "three years" in answer
    assert citations == ['  [1] handbook.md: "The warranty of the lamp is three years."']
    assert "Searching" in said.err


def test_json_is_the_whole_reply_and_a_thread_goes_on(capsys: Out) -> None:
    assert chat("-m", "How long is the warranty of the lamp?", "--json") == 0
    first = reply(capsys)
    keys = {"thread_id", "text", "images", "citations", "searched", "tool_calls", "usage", "model", "finish_reason"}
    assert set(first) == keys | {"unsupported", "remark", "approvals", "files"}
    assert first["citations"][0]["quote"] == "The warranty of the lamp is three years."
    assert (
        chat("-m", "Tell me again: how long is the warranty of the lamp?", "--thread", first["thread_id"], "--json")
        == 0
    )
    second = reply(capsys)
    assert second["thread_id"] == first["thread_id"]
    assert "three years" in second["text"]


def test_a_conversation_reads_lines_until_quit(monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    lines = "/help\n\nHow long is the warranty of the lamp?\n/new\n/what\n/quit\nnever read\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    assert chat("--var", "shop=Lumo") == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[0] == "Welcome to Lumo."
    assert "three years" in said.out
    assert "never read" not in said.out
    remarks = said.err.splitlines()
    help_ = "/new starts a fresh conversation, /quit ends, anything else is a message"
    assert remarks[:4] == [
        f"Lamp desk. {help_}",
        "Model: embedded. Nothing leaves this machine.",
        "An invented lamp.",
        help_,
    ]
    assert remarks[-2:] == ["A fresh conversation", f"/what is no command; {help_}"]


def test_where_a_language_model_is_needed_the_terminal_says_how_to_connect_one(capsys: Out) -> None:
    assert chat("-m", "Write a poem about lamps", "--var", "shop=Lumo") == 0
    assert "gptsmith models" in capsys.readouterr().err


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["-m", " "], 2, "gptsmith: the message is empty; write what you want to know\n"),
        (["-m", "hi", "--var", "shop"], 2, "gptsmith: --var shop has no =; write --var city=Porto\n"),
        (["-m", "hi", "--var", "town=x"], 2, "town"),
        (["-m", "hi", "--file", "none.txt"], 2, "gptsmith: there is no file none.txt; check what --file names\n"),
        (["-m", "hi", "--thread", "../x"], 2, "gptsmith: a thread id is 1 to 64 letters, digits, - and _"),
        (["-m", "hi", "--model", "openai:x"], 4, "OPENAI_API_KEY"),
    ],
)
def test_what_cannot_run_says_why(arguments: list[str], code: int, message: str, as_json: bool, capsys: Out) -> None:
    assert chat(*arguments, *(["--json"] if as_json else [])) == code
    said = capsys.readouterr()
    assert message in said.err
    assert said.err.count("\n") == 1
    if as_json:
        assert set(json.loads(said.out)) == {"error"}


@pytest.mark.parametrize("command", [["chat", "-m", "hi"], ["test"], ["knowledge", "sync"]], ids=lambda c: c[0])
def test_a_spec_that_leaves_its_folder_needs_trust(command: list[str], desk: Path, capsys: Out) -> None:
    (desk.parent / "secret.md").write_text(HANDBOOK, encoding="utf-8")
    spec = desk / "lamp.assistant.yaml"
    spec.write_text(SPEC.replace("./handbook.md", "../secret.md"), encoding="utf-8")
    words = [*command, str(spec)]
    assert run([*words, "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["error"] == {
        "code": "trust_required",
        "message": "this assistant wants to read outside its folder: ../secret.md",
        "hint": "read it, then run with --trust (trust=True in Python)",
    }
    assert run([*words, "--json", "--trust"]) in (0, 1)
    assert "error" not in json.loads(capsys.readouterr().out)


def test_json_needs_a_message(capsys: Out) -> None:
    assert chat("--json") == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "usage"


def use_model(desk: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the spec use the server's model, with a key from the environment."""
    monkeypatch.setenv("DESK_KEY", server.api_key)
    model = f"model: {{provider: openai, name: m, base_url: '{server.base_url}', api_key: '${{env:DESK_KEY}}'}}\n"
    (desk / "lamp.assistant.yaml").write_text(SPEC + model, encoding="utf-8")


def test_a_hosted_model_streams(desk: Path, loopback: Loopback, monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    use_model(desk, loopback, monkeypatch)
    loopback.push("The warranty of the lamp is three years. [1]")
    assert chat("-m", "How long is the warranty of the lamp?") == 0
    assert capsys.readouterr().out.splitlines() == [
        "The warranty of the lamp is three years. [1]",
        '  [1] handbook.md: "The warranty of the lamp is three years."',
    ]
    assert HANDBOOK.splitlines()[-1] in loopback.history[0]["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (status(401), 1, "openai:m did not accept the key (HTTP 401); check the key in DESK_KEY"),
        (drop("The warranty", after=1), 1, "The warranty"),
    ],
    ids=["refused key", "cut stream"],
)
def test_a_failing_provider_is_a_sentence(
    answer: Answer,
    code: int,
    said: str,
    desk: Path,
    loopback: Loopback,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Out,
) -> None:
    use_model(desk, loopback, monkeypatch)
    loopback.push(answer)
    assert chat("-m", "Hello") == code
    output = capsys.readouterr()
    assert said in output.out + output.err
    assert "Traceback" not in output.err


def test_the_tests_of_a_spec_run(desk: Path, capsys: Out) -> None:
    assert run(["test", "lamp.assistant.yaml", "--json"]) == 0
    results = json.loads(capsys.readouterr().out)
    assert [(r["name"], r["passed"], r["failures"]) for r in results] == [("knows the warranty", True, [])]
    spec = desk / "lamp.assistant.yaml"
    spec.write_text(SPEC.replace("three years", "nine years"), encoding="utf-8")
    assert run(["test", "lamp.assistant.yaml"]) == 1
    said = capsys.readouterr()
    assert "FAILED" in said.out
    assert said.err == "0 of 1 tests passed\n"


def test_ctrl_c_stops_the_conversation(desk: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "gptsmith", "chat", "lamp.assistant.yaml"]
    pipe = subprocess.PIPE
    talk = subprocess.Popen(command, env=environment, cwd=desk, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    try:
        assert talk.stdout is not None
        assert talk.stdout.readline() == "Welcome to our shop.\n"
        time.sleep(0.2)
        talk.send_signal(signal.SIGINT)
        _, said = talk.communicate(timeout=20)
    finally:
        talk.kill()
    assert talk.returncode == 130
    assert said.splitlines()[-1] == "gptsmith: stopped"
    assert "Traceback" not in said


def test_ctrl_c_stops_a_turn_and_keeps_the_message(
    desk: Path, loopback: Loopback, monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    use_model(desk, loopback, monkeypatch)
    loopback.push(stall(30))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    command = [
        sys.executable,
        "-m",
        "gptsmith",
        "chat",
        "lamp.assistant.yaml",
        "-m",
        "Hello?",
        "--thread",
        "t1",
        "--json",
    ]
    pipe = subprocess.PIPE
    talk = subprocess.Popen(command, env=environment, cwd=desk, stdout=pipe, stderr=pipe, text=True)
    try:
        deadline = time.monotonic() + 60
        while not loopback.history and time.monotonic() < deadline:
            time.sleep(0.05)
        talk.send_signal(signal.SIGINT)
        out, said = talk.communicate(timeout=20)
    finally:
        talk.kill()
    assert talk.returncode == 130
    assert json.loads(out) == {"error": {"code": "interrupted", "message": "stopped"}}
    assert "Traceback" not in said
    from gptsmith import Assistant

    with Assistant.from_file(desk / "lamp.assistant.yaml") as assistant:
        (turn,) = assistant.history("t1")
    assert (turn.message, turn.status) == ("Hello?", "cancelled")
