"""Edits of spec files on disk: compared before they are swapped, valid before they are written, undone to the byte."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gptsmith.assistants.edited_file import edit_file, file_hash, plan_edit, undo_file
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
