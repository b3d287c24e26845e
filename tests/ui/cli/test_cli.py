"""The command line: what stands on stdout, what on stderr, and with which code each command ends."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from gptsmith.ui.cli import run

ROOT = Path(__file__).resolve().parents[3]
GOOD = "schema: assistant/v1\nname: Night sky\ndescription: A guide.\ninstructions: Use small words.\n"
BAD = "schema: assistant/v1\nname: Night sky\ndescripton: A guide.\nlimits: {max_iterations: 99}\ninstructions: Go.\n"

Out = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder with a library of its own."""
    folder = tmp_path / "project"
    specs = folder / "assistants" / "specs"
    specs.mkdir(parents=True)
    (specs / "night-sky.assistant.yaml").write_text(GOOD, encoding="utf-8")
    (folder / "bad.assistant.yaml").write_text(BAD, encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    return folder


def parsed(capsys: Out) -> tuple[object, str]:
    """Return the one JSON document on stdout, and stderr."""
    said = capsys.readouterr()
    return json.loads(said.out), said.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["validate", "nope"], 2, 'gptsmith: no assistant is called "nope"; known ids: '),
        (["validate", "./nope.assistant.yaml"], 2, "gptsmith: there is no file ./nope.assistant.yaml; "),
        (["validate"], 2, "gptsmith: Missing argument 'FILE...'; see gptsmith validate --help\n"),
        (["vlidate"], 2, "gptsmith: No such command 'vlidate'. Did you mean 'validate'?; see gptsmith --help\n"),
        (["list", "--jsn"], 2, "gptsmith: No such option: --jsn"),
        (
            ["delete", "night-sky"],
            2,
            "gptsmith: night-sky is not deleted without a terminal to ask in; add --yes to agree",
        ),
        (["delete", "museum-guide", "--yes"], 2, "gptsmith: museum-guide is shipped with gptsmith and stays; "),
        (
            ["knowledge", "sync", "night-sky"],
            2,
            "gptsmith: night-sky.assistant.yaml has no knowledge; add a `knowledge`",
        ),
        (
            ["inspect", "bad.assistant.yaml"],
            3,
            "bad.assistant.yaml:3:1: descripton: unknown key; did you mean description?",
        ),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_an_error_is_one_sentence_and_the_same_code_with_json(
    arguments: list[str], code: int, message: str, as_json: bool, capsys: Out
) -> None:
    assert run([*arguments, *(["--json"] if as_json else [])]) == code
    said = capsys.readouterr()
    assert message in said.err
    assert "Traceback" not in said.err
    if as_json:
        error = json.loads(said.out)["error"]
        assert error["code"] and error["message"]
    else:
        assert said.out == ""


def test_validate_names_every_problem_with_its_line(capsys: Out) -> None:
    assert run(["validate", "bad.assistant.yaml", "night-sky"]) == 3
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[0] for line in lines] == [
        "bad.assistant.yaml:3:1",
        "bad.assistant.yaml:4:26",
    ]


def test_validate_json_is_the_list_of_diagnostics(capsys: Out) -> None:
    assert run(["validate", "--json", "bad.assistant.yaml"]) == 3
    diagnostics, remarks = parsed(capsys)
    assert isinstance(diagnostics, list)
    keys = {"file", "line", "column", "path", "code", "severity", "message", "hint"}
    assert [set(d) for d in diagnostics] == [keys] * 2
    assert remarks == "1 of 1 not valid\n"
    assert run(["validate", "--json", "night-sky"]) == 0
    assert parsed(capsys) == ([], "")


def test_validate_says_that_a_spec_is_valid(capsys: Out) -> None:
    assert run(["validate", "night-sky"]) == 0
    assert capsys.readouterr().out == "night-sky.assistant.yaml is valid\n"


def test_list_shows_own_and_shipped(capsys: Out) -> None:
    assert run(["list", "--json"]) == 0
    entries, _ = parsed(capsys)
    assert isinstance(entries, list)
    assert [(e["id"], e["shipped"]) for e in entries][:2] == [("night-sky", False), ("data-analyst", True)]
    assert run(["list"]) == 0
    assert "Night sky" in capsys.readouterr().out


def test_delete_takes_the_spec_and_its_files(in_a_folder_of_its_own: Path, capsys: Out) -> None:
    specs = in_a_folder_of_its_own / "assistants" / "specs"
    (specs / "night-sky.files").mkdir()
    assert run(["delete", "night-sky", "--yes", "--json"]) == 0
    deleted, _ = parsed(capsys)
    assert deleted == {"deleted": "night-sky", "path": str(specs / "night-sky.assistant.yaml")}
    assert list(specs.iterdir()) == []


def test_schema_is_the_file_for_editors(capsys: Out) -> None:
    assert run(["schema"]) == 0
    assert capsys.readouterr().out == (ROOT / "assistants/specs/assistant-v1.schema.json").read_text("utf-8")


def test_inspect_says_what_a_spec_comes_to(capsys: Out) -> None:
    assert run(["inspect", "museum-guide", "--json"]) == 0
    facts, _ = parsed(capsys)
    assert isinstance(facts, dict)
    assert facts["model"] == "embedded"
    assert facts["text_goes_to"] == "this machine only"
    assert [Path(f).name for f in facts["knowledge"][0]["files"]] == ["collection.md", "visit.md"]
    assert run(["inspect", "museum-guide"]) == 0
    assert "collection.md" in capsys.readouterr().out


def test_inspect_resolved_is_a_valid_spec_with_every_default(capsys: Out) -> None:
    from gptsmith.assistants.format.loader import load_text

    assert run(["inspect", "night-sky", "--resolved"]) == 0
    spec = load_text(capsys.readouterr().out).spec
    assert spec.name == "Night sky"
    assert spec.model is not None and spec.model.provider == "embedded"
    assert spec.limits.max_iterations == 8


def test_inspect_shows_no_secret(in_a_folder_of_its_own: Path, monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    monkeypatch.setenv("MY_KEY", "very-secret")
    model = 'model: {provider: openai, name: m, base_url: "http://127.0.0.1:1/v1", api_key: "${env:MY_KEY}"}\n'
    (in_a_folder_of_its_own / "keyed.assistant.yaml").write_text(GOOD + model, encoding="utf-8")
    assert run(["inspect", "keyed.assistant.yaml", "--resolved", "--json"]) == 0
    said = capsys.readouterr()
    assert "very-secret" not in said.out + said.err
    assert "${env:MY_KEY}" in said.out


def test_knowledge_is_synced_searched_and_receipted(capsys: Out) -> None:
    assert run(["knowledge", "sync", "museum-guide", "--json"]) == 0
    receipts, _ = parsed(capsys)
    assert isinstance(receipts, list)
    assert [r["status"] for r in receipts] == ["ok", "ok"]
    assert run(["knowledge", "search", "museum-guide", "when was the ship panel painted", "--json"]) == 0
    hits, _ = parsed(capsys)
    assert isinstance(hits, list)
    assert "1755" in hits[0]["text"]
    assert run(["knowledge", "receipt", "museum-guide"]) == 0
    said = capsys.readouterr()
    assert "collection.md" in said.out
    assert "changed" not in said.err


def test_text_cannot_steer_the_terminal(in_a_folder_of_its_own: Path, capsys: Out) -> None:
    name = 'name: "\\e]0;owned\\a\\e[2J"\n'
    spec = in_a_folder_of_its_own / "assistants/specs/night-sky.assistant.yaml"
    spec.write_text(GOOD.replace("name: Night sky\n", name), encoding="utf-8")
    run(["list"])
    assert "\x1b" not in capsys.readouterr().out


def test_an_unexpected_error_is_a_sentence(monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("gptsmith.assistants.files.library.find_library", broken)
    assert run(["list", "--json"]) == 1
    error, remarks = parsed(capsys)
    assert error == {
        "error": {"code": "unexpected", "message": "ZeroDivisionError: a bug; set GPTSMITH_DEBUG=1 to see where"}
    }
    assert remarks == "gptsmith: ZeroDivisionError: a bug; set GPTSMITH_DEBUG=1 to see where\n"


def test_no_command_shows_the_help(capsys: Out) -> None:
    assert run([]) == 2
    assert "Usage: gptsmith" in capsys.readouterr().err
    assert run(["--version"]) == 0
    assert re.fullmatch(r"gptsmith \d+\.\d+\.\d+\n", capsys.readouterr().out)


def test_a_closed_pipe_is_no_error() -> None:
    command = f"{sys.executable} -m gptsmith schema | head -1"
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("{\n", "")


def test_ui_takes_the_next_free_port_and_stops_cleanly(in_a_folder_of_its_own: Path) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8501))
            taken.listen()
        except OSError:
            pass  # somebody else has it: just as taken
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "gptsmith", "ui", "--no-browser", "--json"]
        server = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        try:
            assert server.stdout is not None
            document = "".join(iter(server.stdout.readline, "}\n")) + "}"
            port = json.loads(document)["port"]
            assert port > 8501
            assert _answers(port)
            server.send_signal(signal.SIGINT)
            _, said = server.communicate(timeout=20)
        finally:
            server.kill()
    assert server.returncode == 130
    assert "Port 8501 is taken" in said
    assert "Traceback" not in said


def _answers(port: int) -> bool:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2) as reply:
                return bool(reply.status == 200)
        except OSError:
            time.sleep(0.2)
    return False


@pytest.mark.parametrize("port", ["0", "70000", "x"])
def test_ui_refuses_a_wrong_port(port: str) -> None:
    assert run(["ui", "--port", port]) == 2


def checks(capsys: Out) -> dict[str, dict[str, str]]:
    found, _ = parsed(capsys)
    assert isinstance(found, list)
    return {check["name"]: check for check in found}


def test_doctor_finds_this_machine_ready(capsys: Out) -> None:
    assert run(["doctor", "museum-guide", "--json"]) == 0
    found = checks(capsys)
    language = found.pop("language model")
    assert {check["status"] for check in found.values()} == {"ok"}
    assert language["status"] == "note" and language["fix"].startswith("gptsmith models get ")
    assert found["leaves the machine"]["detail"] == "nothing"
    assert found["sentence encoder"]["detail"] == "embedded, 384 numbers, weights as published"
    assert found["knowledge collection"]["detail"] == "2 files"
    assert run(["doctor"]) == 0
    assert "state folder" in capsys.readouterr().out


def test_doctor_names_what_is_missing(
    in_a_folder_of_its_own: Path, monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    blocked = in_a_folder_of_its_own / "a-file"
    blocked.touch()
    monkeypatch.setenv("GPTSMITH_HOME", str(blocked / "state"))
    monkeypatch.setenv("GPTSMITH_MODEL", "openai:m")
    assert run(["doctor", "--json"]) == 4
    said = capsys.readouterr()
    found = {check["name"]: check for check in json.loads(said.out)}
    assert {name for name, check in found.items() if check["status"] == "failed"} == {"state folder", "model"}
    assert found["state folder"]["fix"] == "set GPTSMITH_HOME to a folder that you can write to"
    assert "OPENAI_API_KEY" in found["model"]["detail"] + found["model"]["fix"]
    assert found["leaves the machine"]["detail"] == "what you write, and the passages found, go to api.openai.com"
    assert said.err == "Not ready: state folder, model\n"


def test_doctor_shows_what_a_spec_would_be_allowed(capsys: Out, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def go(): ...\n", "utf-8")
    spec = tmp_path / "a.assistant.yaml"
    tools = (
        "[{type: python, name: go, ref: ./a.py:go}, {type: mcp, name: far, url: 'https://m.example/${env:WHO:-me}'}]"
    )
    spec.write_text(f"schema: assistant/v1\nname: A\ndescription: B\ninstructions: C\ntools: {tools}\n", "utf-8")
    for trust, status in (([], "note"), (["--trust"], "ok")):
        run(["doctor", str(spec), "--json", *trust])
        checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)}
        assert (checks["runs code"]["status"], checks["runs code"]["detail"]) == (status, "./a.py:go")
        assert checks["reaches"]["detail"] == "m.example" and checks["reads"]["detail"] == "WHO"


def test_doctor_calls_a_model_server_on_this_machine_only(
    in_a_folder_of_its_own: Path, monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/v1"
    spec = in_a_folder_of_its_own / "served.assistant.yaml"
    spec.write_text(GOOD + f"model: {{provider: openai, name: m, base_url: '{url}'}}\n", encoding="utf-8")
    assert run(["doctor", "served.assistant.yaml", "--json"]) == 4
    assert f"openai:m: {url} does not answer" in checks(capsys)["model"]["detail"]
    assert run(["doctor", "bad.assistant.yaml", "--json"]) == 3
