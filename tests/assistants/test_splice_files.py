"""Planned edits of spec files: made for one text, valid before they are written, in two files where there are two."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path

import pytest

from gptsmith.assistants.editing.edited_file import Plan, file_hash, plan_edit
from gptsmith.assistants.editing.operations import Add, Remove, ReplaceText, Set
from gptsmith.assistants.files import spec_files
from gptsmith.assistants.files.versions import Versions
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


def edit_file(path: Path, ops: Sequence[Set | Add | Remove | ReplaceText], expected_hash: str | None = None) -> Plan:
    planned = plan_edit(path, ops, expected_hash)
    Versions(path).write(planned, author="builder", reason="edited")
    return planned


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
    Versions(spec).undo()
    assert spec.read_bytes() == SPEC
    Versions(spec).undo()
    assert spec.read_text("utf-8-sig").startswith("# by hand\nschema: assistant/v1\nname: Mira   # shown\n")


def test_a_file_that_changed_meanwhile_is_not_overwritten(spec: Path) -> None:
    seen = file_hash(spec)
    edit_file(spec, [Set(path="name", value="Mira")], seen)
    now = spec.read_bytes()
    with pytest.raises(UsageError) as caught:
        edit_file(spec, [Remove(path="conversation_starters")], seen)
    assert caught.value.code == "changed_on_disk"
    assert str(caught.value) == (
        "sky.assistant.yaml was changed on disk since it was read, so nothing was written;"
        " read it again and make the change anew"
    )
    assert spec.read_bytes() == now


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
    Versions(spec).undo()
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
    real = spec_files.atomic_write

    def full(path: Path, data: bytes) -> None:
        if path.name == "told.md":
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, data)

    monkeypatch.setattr(spec_files, "atomic_write", full)
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
        Versions(spec).write(planned, author="builder", reason="late")
    assert caught.value.code == "changed_on_disk"
    assert "name: A" in spec.read_text()
    told.write_text("Be kind.\n")
    Versions(spec).write(planned, author="builder", reason="late")
    assert ("name: C" in spec.read_text(), told.read_text()) == (True, "Be short.\n")
