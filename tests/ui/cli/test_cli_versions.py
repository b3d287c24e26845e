"""`undo`, `history`, `export` and `import`: what they show, ask, write and refuse."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from gptsmith.assistants.editing.edited_file import plan_edit
from gptsmith.assistants.editing.operations import Set
from gptsmith.assistants.files.versions import Versions
from gptsmith.ui.cli import run

SKY = "schema: assistant/v1\nname: Night sky\ndescription: A guide.\ninstructions: Use small words.\n"
DIFF = (
    "--- night-sky.assistant.yaml (version 2)\n+++ night-sky.assistant.yaml (version 1)\n@@ -1,4 +1,4 @@\n"
    " schema: assistant/v1\n-name: Mira\n+name: Night sky\n description: A guide.\n instructions: Use small words.\n"
)
Out = pytest.CaptureFixture[str]


class Keyboard(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a library whose one assistant was changed once; nobody is at the keyboard."""
    path = tmp_path / "project" / "assistants" / "specs" / "night-sky.assistant.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(SKY)
    Versions(path).write(plan_edit(path, [Set(path="name", value="Mira")]), author="builder", reason="call it Mira")
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    return path


def test_undo_shows_the_diff_and_without_a_terminal_writes_nothing(spec: Path, capsys: Out) -> None:
    changed = spec.read_text()
    assert run(["undo", "night-sky"]) == 2
    said = capsys.readouterr()
    assert said.out == DIFF
    assert said.err.splitlines()[0].endswith(": call it Mira")
    assert said.err.splitlines()[1] == (
        "gptsmith: nothing is undone without a terminal to ask in; add --yes to agree beforehand"
    )
    assert run(["undo", "night-sky", "--json"]) == 2
    assert json.loads(capsys.readouterr().out) == {"path": str(spec), "version": None, "diff": DIFF}
    assert spec.read_text() == changed


@pytest.mark.parametrize(("answer", "code", "text"), [("y\n", 0, SKY), ("n\n", 1, ""), ("", 1, "")])
def test_undo_asks(answer: str, code: int, text: str, spec: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    before = spec.read_text()
    monkeypatch.setattr("sys.stdin", Keyboard(answer))
    assert run(["undo", str(spec)]) == code
    assert spec.read_text() == (text or before)
    assert ("Nothing was written" in capsys.readouterr().err) == bool(code)


def test_undo_with_yes_and_once_more(spec: Path, capsys: Out) -> None:
    assert run(["undo", "night-sky", "--yes", "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert (done["version"]["number"], done["version"]["reason"]) == (3, "undone: call it Mira")
    assert spec.read_text() == SKY
    assert run(["undo", "night-sky", "--yes"]) == 0
    assert capsys.readouterr().out.endswith(f"{spec} is now at version 4: made again: call it Mira\n")
    assert "name: Mira" in spec.read_text()


def test_history_lists_names_compares_and_restores(spec: Path, capsys: Out) -> None:
    assert run(["history", "night-sky", "--name", "1", "as I wrote it"]) == 0
    assert run(["history", "night-sky"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows] == ["Version", "version", "2", "1"]
    assert rows[-1][3:] == ["outside", "as", "I", "wrote", "it", "as", "it", "was", "found"]
    assert run(["history", "night-sky", "--diff", "2", "1"]) == 0
    assert capsys.readouterr().out == DIFF
    assert run(["history", "night-sky", "--diff", "1", "1"]) == 0
    assert capsys.readouterr() == ("", "The two versions are alike\n")
    assert run(["history", "night-sky", "--restore", "1"]) == 2
    assert capsys.readouterr().out == DIFF
    assert run(["history", "night-sky", "--restore", "1", "--yes"]) == 0
    assert spec.read_text() == SKY
    capsys.readouterr()
    assert run(["history", "night-sky", "--json"]) == 0
    assert [v["reason"] for v in json.loads(capsys.readouterr().out)] == [
        "as it was found", "call it Mira", "restored version 1 (as I wrote it)",
    ]  # fmt: skip
    spec.unlink()
    assert run(["history", str(spec), "--restore", "2", "--yes"]) == 0
    assert "name: Mira" in spec.read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["history", "nope"], 'gptsmith: no assistant is called "nope"; '),
        (["history", "night-sky", "--restore", "9"], "night-sky.assistant.yaml has no version 9; there are"),
        (["history", "night-sky", "--restore", "2", "--yes"], "night-sky.assistant.yaml is as in version 2 already"),
        (["history", "night-sky", "--diff", "1", "9"], "has no version 9; there are versions 1 to 2"),
        (["history", "night-sky", "--restore", "1", "--diff", "1", "2"], "--restore, --diff and --name are three"),
        (["undo", "museum-guide"], "there is no change of museum-guide.assistant.yaml to undo"),
        (["import", "nope.zip"], "there is no file nope.zip"),
        (["import", "assistants/specs/night-sky.assistant.yaml"], "cannot be imported: it is none of"),
        (["export", "nope"], 'no assistant is called "nope"'),
        (["export"], "Missing argument 'FILE'"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_says_why(arguments: list[str], message: str, capsys: Out) -> None:
    assert run(arguments) == 2
    assert message in capsys.readouterr().err
    assert run([*arguments, "--json"]) == 2
    assert message.removeprefix("gptsmith: ").split(";")[0] in json.loads(capsys.readouterr().out)["error"]["message"]


def test_a_file_without_versions_says_so(tmp_path: Path, capsys: Out) -> None:
    path = tmp_path / "new.assistant.yaml"
    path.write_text(SKY)
    assert run(["history", str(path)]) == 0
    assert capsys.readouterr().out == (
        f"{path} has no versions: gptsmith has not changed it here. A file that is moved begins anew\n"
    )


def test_undo_of_a_file_changed_outside_says_so(spec: Path, capsys: Out) -> None:
    spec.write_text(spec.read_text() + "# mine\n")
    assert run(["undo", "night-sky", "--yes"]) == 2
    assert "was changed outside gptsmith after its version 2, so nothing was undone" in capsys.readouterr().err


def test_export_and_import(spec: Path, tmp_path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    spec.write_text(
        spec.read_text()
        + "tools:\n  - {type: mcp, name: m, url: 'https://a.b', headers: {X-Token: '${env:M_TOKEN}'}}\n"
    )
    assert run(["export", "night-sky", "-o", "out/n.zip"]) == 0
    assert "3 versions, 0 tests\n" in capsys.readouterr().out
    assert run(["export", "night-sky", "-o", "out/n.zip"]) == 2
    assert "is already there" in capsys.readouterr().err
    monkeypatch.setenv("GPTSMITH_HOME", str(tmp_path / "other"))
    (tmp_path / "elsewhere").mkdir()
    bundle = Path("out/n.zip").absolute()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert run(["import", str(bundle)]) == 2
    said = capsys.readouterr()
    assert said.out.startswith("Mira (night-sky): A guide.\n")
    assert "It would talk to a.b (tools[0].url)\n" in said.err
    assert "It would use the environment variable M_TOKEN (not set here) (tools[0].headers.X-Token)\n" in said.err
    assert not (tmp_path / "other").exists()
    assert run(["import", str(bundle), "--json"]) == 2
    shown = json.loads(capsys.readouterr().out)
    assert (shown["id"], shown["path"], shown["missing_variables"]) == ("night-sky", None, ["M_TOKEN"])
    assert run(["import", str(bundle), "--yes", "--json"]) == 0
    path = Path(json.loads(capsys.readouterr().out)["path"])
    assert path == tmp_path / "other" / "assistants" / "specs" / "night-sky.assistant.yaml"
    assert path.read_bytes() == spec.read_bytes()
    assert len(Versions(path).list()) == 3
