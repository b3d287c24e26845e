"""Edits of spec files on disk: compared before they are swapped, valid before they are written, undone to the byte."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gptsmith.assistants import edited_file
from gptsmith.assistants.edited_file import edit_file, file_hash, plan_edit, undo_file, write_planned
from gptsmith.assistants.operations import Add, Remove, ReplaceText, Set
from gptsmith.errors import SpecError, UsageError

SPEC = b"""\xef\xbb\xbf# by hand\r
schema: assistant/v1\r
name: Night sky   # shown\r
description: A guide.\r
instructions: |\r
  Speak softly.\r
  Never shout.\r
conversation_starters:\r
  - What is a star?"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "sky.assistant.yaml"
    path.write_bytes(SPEC)
    return path


def test_an_edit_keeps_bom_line_endings_and_mode_and_is_undone_to_the_byte(spec: Path) -> None:
    spec.chmod(0o640)
    seen = file_hash(spec)
    ops = [
        Set(path="name", value="Mira"),
        Add(path="conversation_starters", value="Where is Mars?"),
        ReplaceText(path="instructions", old="softly", new="very softly"),
        Set(path="model.temperature", value=0.3),
    ]
    planned = plan_edit(spec, ops, seen)
    assert spec.read_bytes() == SPEC
    done = edit_file(spec, ops, seen)
    assert done == planned
    assert spec.read_bytes() == (
        SPEC.replace(b"name: Night sky   # shown", b"name: Mira   # shown").replace(b"softly", b"very softly")
        + b"\r\n  - Where is Mars?\r\nmodel:\r\n  temperature: 0.3"
    )
    assert spec.stat().st_mode & 0o777 == 0o640
    back = undo_file(spec, done.files[0].inverse)
    assert spec.read_bytes() == SPEC
    undo_file(spec, back.inverse)
    assert spec.read_text("utf-8-sig").startswith("# by hand\nschema: assistant/v1\nname: Mira   # shown\n")


def test_a_file_that_changed_meanwhile_is_not_overwritten(spec: Path) -> None:
    seen = file_hash(spec)
    done = edit_file(spec, [Set(path="name", value="Mira")], seen)
    now = spec.read_bytes()
    with pytest.raises(UsageError) as caught:
        edit_file(spec, [Remove(path="conversation_starters")], seen)
    assert caught.value.code == "changed_on_disk"
    assert str(caught.value) == (
        "sky.assistant.yaml was changed on disk since it was read, so nothing was written;"
        " read it again and make the change anew"
    )
    assert spec.read_bytes() == now
    spec.write_bytes(now + b"\r\n")
    with pytest.raises(UsageError, match="has been changed since this edit"):
        undo_file(spec, done.files[0].inverse)


def test_a_spec_that_would_be_wrong_is_not_written(spec: Path) -> None:
    with pytest.raises(SpecError) as caught:
        edit_file(spec, [Set(path="limits.max_iterations", value=500), Remove(path="name")])
    assert len(caught.value.diagnostics) == 2
    assert spec.read_bytes() == SPEC


def test_a_no_op_writes_nothing(spec: Path) -> None:
    before = spec.stat()
    done = edit_file(spec, [Set(path="name", value="Night sky")])
    assert not done.files[0].changed
    assert spec.stat().st_ino == before.st_ino


@pytest.mark.skipif(os.name != "posix" or os.getuid() == 0, reason="folder rights do not bind this user")
def test_a_folder_that_cannot_be_written_is_said(spec: Path) -> None:
    spec.parent.chmod(0o500)
    try:
        with pytest.raises(UsageError, match="cannot be written"):
            edit_file(spec, [Set(path="name", value="Mira")])
    finally:
        spec.parent.chmod(0o700)
    assert spec.read_bytes() == SPEC


def test_instructions_in_their_own_file_are_edited_there(tmp_path: Path) -> None:
    spec = tmp_path / "a.assistant.yaml"
    text = "schema: assistant/v1\nname: A\ndescription: B\ninstructions_file: ./told.md  # its own\n"
    spec.write_text(text)
    told = tmp_path / "told.md"
    told.write_bytes(b"# Rules\r\nNever mention prices.\r\n")
    done = edit_file(
        spec,
        [ReplaceText(path="instructions", old="prices.\n", new="prices.\nBe kind.\n"), Set(path="name", value="C")],
    )
    assert spec.read_text() == text.replace("name: A", "name: C")
    assert told.read_bytes() == b"# Rules\r\nNever mention prices.\r\nBe kind.\r\n"
    assert [edit.path.name for edit in done.files] == ["a.assistant.yaml", "told.md"]
    for edit in done.files:
        undo_file(edit.path, edit.inverse)
    assert (spec.read_text(), told.read_bytes()) == (text, b"# Rules\r\nNever mention prices.\r\n")


def _with_told(tmp_path: Path) -> tuple[Path, Path]:
    spec, told = tmp_path / "a.assistant.yaml", tmp_path / "told.md"
    spec.write_text("schema: assistant/v1\nname: A\ndescription: B\ninstructions_file: ./told.md\n")
    told.write_text("Be kind.\n")
    return spec, told


def test_when_the_second_file_cannot_be_written_the_first_is_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, told = _with_told(tmp_path)
    before = spec.read_bytes()
    real = edited_file.atomic_write

    def full(path: Path, data: str) -> None:
        if path.name == "told.md":
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, data)

    monkeypatch.setattr(edited_file, "atomic_write", full)
    with pytest.raises(UsageError, match=r"told\.md cannot be written \(No space left on device\)"):
        edit_file(spec, [Set(path="name", value="C"), Set(path="instructions", value="Be short.\n")])
    assert (spec.read_bytes(), told.read_text()) == (before, "Be kind.\n")


def test_instructions_that_break_a_rule_are_not_written(tmp_path: Path) -> None:
    spec, told = _with_told(tmp_path)
    with pytest.raises(SpecError, match="city"):
        edit_file(spec, [Set(path="instructions", value="Talk about {{city}}.\n")])
    assert told.read_text() == "Be kind.\n"
    edit_file(
        spec, [Set(path="variables.city.default", value="Porto"), Set(path="instructions", value="Talk of {{city}}.\n")]
    )
    assert told.read_text() == "Talk of {{city}}.\n"
    edit_file(spec, [Remove(path="variables"), ReplaceText(path="instructions", old="{{city}}", new="Porto")])
    assert told.read_text() == "Talk of Porto.\n"
    edit_file(spec, [Remove(path="instructions_file"), Set(path="instructions", value="Be brief.")])
    assert spec.read_text().endswith("description: B\ninstructions: Be brief.\n")
    assert told.read_text() == "Talk of Porto.\n"


def test_a_planned_edit_is_written_only_on_the_files_that_it_was_made_for(tmp_path: Path) -> None:
    spec, told = _with_told(tmp_path)
    planned = plan_edit(spec, [Set(path="name", value="C"), Set(path="instructions", value="Be short.\n")])
    told.write_text("Be kind and short.\n")
    with pytest.raises(UsageError) as caught:
        write_planned(planned)
    assert caught.value.code == "changed_on_disk"
    assert "name: A" in spec.read_text()
    told.write_text("Be kind.\n")
    write_planned(planned)
    assert ("name: C" in spec.read_text(), told.read_text()) == (True, "Be short.\n")


def test_of_two_edits_of_one_text_exactly_one_is_written(spec: Path) -> None:
    seen = file_hash(spec)
    outcomes: list[str] = []

    def edit(name: str) -> None:
        try:
            edit_file(spec, [Set(path="name", value=name)], seen)
            outcomes.append(name)
        except UsageError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=edit, args=(f"Name {n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [outcome for outcome in outcomes if outcome.startswith("Name")]
    assert outcomes.count("changed_on_disk") == 5
    assert spec.read_bytes() == SPEC.replace(b"Night sky", won[0].encode())


KILLING = """
import os, random, signal, sys, time
from pathlib import Path
from gptsmith.assistants.edited_file import edit_file
from gptsmith.assistants.loader import load_file
from gptsmith.assistants.operations import Set

spec, kills, chance, names = Path(sys.argv[1]), int(sys.argv[2]), random.Random(1), set()
edit_file(spec, [Set(path="name", value="Name 0")])
for kill in range(kills):
    child = os.fork()
    if not child:
        while True:
            edit_file(spec, [Set(path="name", value=f"Name {random.randrange(10**6)}" + "x" * random.randrange(60))])
    time.sleep(chance.uniform(0.004, 0.03))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    names.add(load_file(spec).spec.name)
print(len(names))
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL and fork are POSIX")
@pytest.mark.parametrize("kills", [25, pytest.param(500, marks=pytest.mark.slow)])
def test_a_kill_at_any_moment_leaves_a_valid_file(spec: Path, kills: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLING, str(spec), str(kills)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 2, "the file never changed"
    first, name, rest = re.split(rb"name: |   # shown", spec.read_bytes())
    assert first + b"name: Night sky   # shown" + rest == SPEC
    assert name.startswith(b"Name ")
