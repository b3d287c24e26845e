"""Versions of spec files: every change is one, undo gives the bytes back, what happens outside is noticed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gptsmith.assistants.editing.edited_file import file_hash, plan_edit
from gptsmith.assistants.editing.operations import Add, Remove, ReplaceText, Set
from gptsmith.assistants.files.library import Library, shipped_files, state_key
from gptsmith.assistants.files.versions import Versions
from gptsmith.errors import GptsmithError, NotReadyError, SpecError, UsageError
from gptsmith.state import State, home_path

SPEC = b"""\xef\xbb\xbf# by hand\r
schema: assistant/v1\r
name: Night sky   # shown\r
description: A guide.\r
instructions: |\r
  Speak softly.\r
conversation_starters:\r
  - What is a star?"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "sky.assistant.yaml"
    path.write_bytes(SPEC)
    return path


def rename(path: Path, name: str, author: str = "builder") -> None:
    planned = plan_edit(path, [Set(path="name", value=name)])
    Versions(path).write(planned, author=author, reason=f"named {name}")  # type: ignore[arg-type]


def told(path: Path) -> list[tuple[int, str, str]]:
    return [(v.number, v.author, v.reason) for v in Versions(path).list()]


def test_each_change_is_a_version_and_the_first_is_the_file_as_it_was(spec: Path) -> None:
    versions = Versions(spec)
    assert versions.list() == []
    assert not home_path().exists()
    rename(spec, "Mira")
    planned = plan_edit(spec, [Add(path="conversation_starters", value="Where is Mars?")])
    done = versions.write(planned, author="person", reason="one more  starter\n")
    assert done is not None
    assert (done.number, done.author, done.reason) == (3, "person", "one more starter")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", done.at)
    assert told(spec) == [
        (1, "outside", "as it was found"),
        (2, "builder", "named Mira"),
        (3, "person", "one more starter"),
    ]
    assert versions.list()[-1] == done
    assert versions.text(1) == SPEC.decode()
    assert versions.diff(2, 3) == (
        "--- sky.assistant.yaml (version 2)\n+++ sky.assistant.yaml (version 3)\n@@ -5,4 +5,5 @@\n"
        " instructions: |\n   Speak softly.\n conversation_starters:\n-  - What is a star?\n"
        "\\ No newline at end of file\n+  - What is a star?\n+  - Where is Mars?\n\\ No newline at end of file\n"
    )
    assert versions.write(plan_edit(spec, [Set(path="name", value="Mira")]), author="person", reason="x") is None
    assert len(versions.list()) == 3


def test_undo_gives_the_bytes_back_and_undoing_that_makes_the_change_again(spec: Path) -> None:
    spec.chmod(0o640)
    rename(spec, "Mira")
    changed = spec.read_bytes()
    assert changed == SPEC.replace(b"Night sky", b"Mira")
    for expected, reason in [
        (SPEC, "undone: named Mira"),
        (changed, "made again: named Mira"),
        (SPEC, "undone: named Mira"),
    ]:
        done = Versions(spec).undo()
        assert spec.read_bytes() == expected
        assert (done.reason, done.author, done.takes_back) == (reason, "person", done.number - 1)
    assert spec.stat().st_mode & 0o777 == 0o640


def test_undo_after_a_restart(spec: Path) -> None:
    rename(spec, "Mira")
    code = (
        "import sys; from gptsmith.assistants.files.versions import Versions as V; print(V(sys.argv[1]).undo().reason)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(spec)], capture_output=True, text=True, check=True)
    assert done.stdout == "undone: named Mira\n"
    assert spec.read_bytes() == SPEC


def test_what_cannot_be_undone_says_why(spec: Path) -> None:
    with pytest.raises(UsageError, match=r"^there is no change of sky\.assistant\.yaml to undo$"):
        Versions(spec).undo()
    Versions(spec).begin("builder", "built")
    with pytest.raises(UsageError, match="there is no change"):
        Versions(spec).undo()
    rename(spec, "Mira")
    spec.write_bytes(spec.read_bytes() + b"\r\n")
    now = spec.read_bytes()
    for _ in range(2):
        with pytest.raises(UsageError) as caught:
            Versions(spec).undo()
        assert caught.value.code == "changed_since"
        assert str(caught.value) == (
            "sky.assistant.yaml was changed outside gptsmith after its version 2, so nothing was undone;"
            " that change is version 3; restore version 2 to take it back"
        )
    assert spec.read_bytes() == now


def test_a_change_made_outside_becomes_a_version_of_its_own(spec: Path) -> None:
    rename(spec, "Mira")
    spec.write_bytes(b"broken: [\xff")
    assert told(spec)[-1] == (3, "outside", "changed outside gptsmith")
    Versions(spec).restore(2)
    assert spec.read_bytes() == SPEC.replace(b"Night sky", b"Mira")
    by_hand = SPEC.replace(b"A guide.", b"A guide by hand.")
    spec.write_bytes(by_hand)
    rename(spec, "Vega")
    assert [number for number, author, _ in told(spec) if author == "outside"] == [1, 3, 5]
    Versions(spec).undo()
    assert spec.read_bytes() == by_hand
    spec.unlink()
    assert told(spec)[-1] == (8, "outside", "deleted outside gptsmith")
    Versions(spec).restore(6)
    assert spec.read_bytes() == by_hand.replace(b"Night sky", b"Vega")


def test_restore_and_names(spec: Path) -> None:
    rename(spec, "Mira")
    assert Versions(spec).name(1, "  as I  wrote it ").name == "as I wrote it"
    done = Versions(spec).restore(1)
    assert (done.number, done.reason) == (3, "restored version 1 (as I wrote it)")
    assert spec.read_bytes() == SPEC
    assert [v.name for v in Versions(spec).list()] == ["as I wrote it", "", ""]
    for call, message in [
        (lambda v: v.restore(1), "sky.assistant.yaml is as in version 1 already"),
        (lambda v: v.restore(9), "sky.assistant.yaml has no version 9; there are versions 1 to 3"),
        (lambda v: v.name(9, "x"), "sky.assistant.yaml has no version 9; there are versions 1 to 3"),
        (lambda v: v.diff(0), "sky.assistant.yaml has no version 0; there are versions 1 to 3"),
        (lambda v: v.name(1, "x" * 81), "the name has 81 characters; use up to 80"),
    ]:
        with pytest.raises(UsageError) as caught:
            call(Versions(spec))
        assert str(caught.value) == message


def test_a_version_that_is_no_valid_spec_is_not_restored(spec: Path) -> None:
    rename(spec, "Mira")
    spec.write_bytes(b"name: [\n")
    rename_wrong = Versions(spec).list()[-1].number
    Versions(spec).restore(2)
    with pytest.raises(SpecError):
        Versions(spec).restore(rename_wrong)
    assert b"Mira" in spec.read_bytes()


def test_a_planned_edit_is_written_only_on_the_file_that_it_was_made_for(spec: Path) -> None:
    planned = plan_edit(spec, [Set(path="name", value="Mira")])
    rename(spec, "Vega")
    now = spec.read_bytes()
    with pytest.raises(UsageError) as caught:
        Versions(spec).write(planned, author="builder", reason="late")
    assert caught.value.code == "changed_on_disk"
    assert str(caught.value) == (
        "sky.assistant.yaml was changed on disk since it was read, so nothing was written;"
        " read it again and make the change anew"
    )
    assert spec.read_bytes() == now


@pytest.mark.parametrize(
    "before,typed,after",
    [
        (SPEC, SPEC.decode("utf-8-sig").replace("\r\n", "\n").replace("A guide.", "New.\n# x"), None),
        (b"# a\r\n# b\n", "# a\n# new\n# b\n", b"# a\r\n# new\r\n# b\n"),
        (b"# a\n", "# a\r\n# b", b"# a\r\n# b"),
        (b"# a\r\n# b", "# a\n# b\n# c", b"# a\r\n# b\r\n# c"),
    ],
)
def test_a_text_from_an_editor_keeps_the_line_endings(
    tmp_path: Path, before: bytes, typed: str, after: bytes | None
) -> None:
    path = tmp_path / "a.assistant.yaml"
    rest = b"" if before is SPEC else b"schema: assistant/v1\nname: A\ndescription: B\ninstructions: C\n"
    path.write_bytes(rest + before)
    Versions(path).save(rest.decode() + typed, file_hash(path), author="person", reason="typed")
    assert path.read_bytes() == (rest + after if after else SPEC.replace(b"A guide.", b"New.\r\n# x"))
    Versions(path).undo()
    assert path.read_bytes() == rest + before


def test_a_text_with_errors_or_for_another_text_is_not_saved(spec: Path) -> None:
    seen = file_hash(spec)
    with pytest.raises(SpecError) as caught:
        Versions(spec).save("name: A\n", seen, author="person", reason="typed")
    assert len(caught.value.diagnostics) > 1
    with pytest.raises(UsageError, match="was changed on disk since it was read"):
        Versions(spec).save(SPEC.decode(), "0" * 64, author="person", reason="typed")
    assert spec.read_bytes() == SPEC


@pytest.mark.parametrize("path", shipped_files(), ids=lambda path: path.name)
def test_shipped_specs_stay(path: Path, tmp_path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(UsageError, match="is shipped with gptsmith and stays; edit a copy"):
        rename(path, "Mine")
    assert path.read_bytes() == before


def with_told(folder: Path) -> tuple[Path, Path]:
    spec, file = folder / "a.assistant.yaml", folder / "told.md"
    spec.write_text("schema: assistant/v1\nname: A\ndescription: B\ninstructions_file: ./told.md\n")
    file.write_bytes(b"Be kind.\r\n")
    return spec, file


def test_versions_span_the_file_of_instructions(tmp_path: Path) -> None:
    spec, file = with_told(tmp_path)
    before = spec.read_bytes()
    ops = [ReplaceText(path="instructions", old="kind", new="kind and short"), Set(path="name", value="C")]
    Versions(spec).write(plan_edit(spec, ops), author="builder", reason="both")
    assert file.read_bytes() == b"Be kind and short.\r\n"
    assert Versions(spec).diff(1) == (
        "--- a.assistant.yaml (version 1)\n+++ a.assistant.yaml (now)\n@@ -1,4 +1,4 @@\n schema: assistant/v1\n"
        "-name: A\n+name: C\n description: B\n instructions_file: ./told.md\n"
        "--- told.md (version 1)\n+++ told.md (now)\n@@ -1 +1 @@\n-Be kind.\n+Be kind and short.\n"
    )
    Versions(spec).undo()
    assert (spec.read_bytes(), file.read_bytes()) == (before, b"Be kind.\r\n")
    file.write_bytes(b"By hand.\n")
    assert told(spec)[-1] == (4, "outside", "changed outside gptsmith")
    Versions(spec).write(
        plan_edit(spec, [Remove(path="instructions_file"), Set(path="instructions", value="Inline.")]),
        author="builder", reason="inline",
    )  # fmt: skip
    file.write_bytes(b"Somebody else's words.\n")
    Versions(spec).restore(2)
    assert file.read_bytes() == b"Be kind and short.\r\n"
    assert [author for _, author, _ in told(spec)[-2:]] == ["outside", "person"]
    Versions(spec).undo()
    assert file.read_bytes() == b"Somebody else's words.\n"
    assert b"Inline." in spec.read_bytes()


def test_a_restored_file_of_instructions_is_made_again_and_taken_back(tmp_path: Path) -> None:
    spec, file = with_told(tmp_path)
    Versions(spec).write(
        plan_edit(spec, [Remove(path="instructions_file"), Set(path="instructions", value="Inline.")]),
        author="builder", reason="inline",
    )  # fmt: skip
    file.unlink()
    Versions(spec).restore(1)
    assert file.read_bytes() == b"Be kind.\r\n"
    Versions(spec).undo()
    assert not file.exists()


def test_versions_follow_another_id_and_another_name(tmp_path: Path) -> None:
    library = Library(tmp_path)
    path = library.save("sky", "id: sky\n" + SPEC.decode("utf-8-sig"))
    Versions(path).write(plan_edit(path, [Set(path="id", value="night")]), author="builder", reason="another id")
    assert [number for number, _, _ in told(path)] == [1, 2]
    Versions(path).undo()
    assert b"id: sky" in path.read_bytes()
    moved = path.rename(path.with_name("moved.assistant.yaml"))
    assert [number for number, _, _ in told(moved)] == [1, 2, 3]
    rename(moved, "Vega")
    copy = moved.with_name("copy.assistant.yaml")
    copy.write_bytes(moved.read_bytes())
    assert told(copy) == []
    library.delete(moved)
    assert list((home_path() / "state").rglob("versions-*.sqlite")) == []


def test_a_deleted_assistant_leaves_no_versions_for_the_next(tmp_path: Path) -> None:
    library = Library(tmp_path)
    path = library.save("sky", "id: sky\n" + SPEC.decode("utf-8-sig"))
    rename(path, "Mira")
    path.write_bytes(path.read_bytes().replace(b"id: sky", b"id: other"))
    library.delete(path)
    path.write_bytes(SPEC)
    assert told(path) == []


@pytest.mark.skipif(os.name != "posix" or os.getuid() == 0, reason="folder rights do not bind this user")
def test_a_folder_that_cannot_be_written_is_said(spec: Path) -> None:
    spec.parent.joinpath("gptsmith-home").mkdir()
    spec.parent.chmod(0o500)
    try:
        with pytest.raises(UsageError, match="cannot be written"):
            rename(spec, "Mira")
    finally:
        spec.parent.chmod(0o700)
    assert spec.read_bytes() == SPEC
    assert told(spec) == [(1, "outside", "as it was found")]


def test_a_state_folder_that_cannot_be_used_is_said(spec: Path) -> None:
    home_path().write_text("a file")
    with pytest.raises(NotReadyError, match="set GPTSMITH_HOME to a folder that you can write to"):
        rename(spec, "Mira")
    assert spec.read_bytes() == SPEC


def test_of_edits_at_once_each_is_on_the_text_that_it_was_made_for(spec: Path) -> None:
    seen = file_hash(spec)
    outcomes: list[str] = []

    def edit(name: str) -> None:
        try:
            planned = plan_edit(spec, [Set(path="name", value=name)], seen)
            Versions(spec).write(planned, author="builder", reason=name)
            outcomes.append(name)
        except GptsmithError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=edit, args=(f"Name {n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (won,) = [outcome for outcome in outcomes if outcome.startswith("Name")]
    assert outcomes.count("changed_on_disk") == 5
    assert spec.read_bytes() == SPEC.replace(b"Night sky", won.encode())
    assert [reason for _, _, reason in told(spec)] == ["as it was found", won]


def test_a_damaged_version_is_said(spec: Path) -> None:
    import sqlite3

    rename(spec, "Mira")
    (file,) = (home_path() / "state").rglob("versions-*.sqlite")
    assert file.parent == State().folder(state_key(spec))
    with sqlite3.connect(file) as db:
        db.execute("UPDATE contents SET data = x'00'")
    db.close()
    with pytest.raises(NotReadyError, match="the kept bytes of a version are damaged"):
        Versions(spec).undo()
    assert b"Mira" in spec.read_bytes()


KILLING = """
import os, random, signal, sys, time
from pathlib import Path
from gptsmith.assistants.editing.edited_file import file_hash, plan_edit
from gptsmith.assistants.format.loader import load_file
from gptsmith.assistants.editing.operations import Set
from gptsmith.assistants.files.versions import Versions

spec, kills, chance = Path(sys.argv[1]), int(sys.argv[2]), random.Random(1)
told, versions, cut = spec.with_name("told.md"), Versions(spec), 0

def change(number):
    ops = [Set(path="name", value=f"Name {number}"), Set(path="instructions", value=f"Be {number}.\\n")]
    versions.write(plan_edit(spec, ops), author="builder", reason=f"to {number}")

change(0)
began = time.monotonic()
change(1)
took = time.monotonic() - began
for kill in range(kills):
    child = os.fork()
    if not child:
        random.seed(kill)
        while True:
            change(random.randrange(10**6))
            versions.undo()
    time.sleep(chance.uniform(took / 5, took * 4))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    name, words = load_file(spec).spec.name, told.read_text()
    cut += name.removeprefix("Name ") != words[3:-2]
    listed = versions.list()
    name, words = load_file(spec).spec.name, told.read_text()
    assert name.removeprefix("Name ") == words[3:-2], (name, words)
    last = listed[-1]
    assert last.after() == {"": file_hash(spec), "told.md": file_hash(told)}
    assert [version.number for version in listed] == list(range(1, len(listed) + 1))
    assert [version.author for version in listed[1:]].count("outside") == 0
    for before, after in zip(listed[1:], listed[2:]):
        assert {f.path: f.before for f in after.files} == before.after()
    assert sorted(path.name for path in spec.parent.iterdir()) == ["a.assistant.yaml", "gptsmith-home", "told.md"]
print(len(listed), cut)
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL and fork are POSIX")
@pytest.mark.parametrize("kills", [15, pytest.param(500, marks=pytest.mark.slow)])
def test_a_kill_at_any_moment_leaves_whole_files_and_no_version_that_lies(tmp_path: Path, kills: int) -> None:
    spec, file = with_told(tmp_path)
    file.write_bytes(b"Be A.\n")
    done = subprocess.run(
        [sys.executable, "-c", KILLING, str(spec), str(kills)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[0]) > 3, "nothing was ever written"


def test_edits_of_two_processes_are_all_kept(spec: Path) -> None:
    code = """
import sys
from gptsmith.assistants.editing.edited_file import plan_edit
from gptsmith.assistants.editing.operations import Add
from gptsmith.assistants.files.versions import Versions
from gptsmith.errors import UsageError

spec, name = sys.argv[1:]
for n in range(5):
    while True:
        planned = plan_edit(spec, [Add(path="conversation_starters", value=f"{name} {n}?")])
        try:
            Versions(spec).write(planned, author="builder", reason=f"{name} {n}")
            break
        except UsageError as error:
            assert error.code == "changed_on_disk", error
"""
    running = [subprocess.Popen([sys.executable, "-c", code, str(spec), name]) for name in ("one", "two")]
    assert [process.wait(60) for process in running] == [0, 0]
    wanted = {f"{name} {n}" for name in ("one", "two") for n in range(5)}
    assert {reason for _, _, reason in told(spec)[1:]} == wanted
    for _ in range(2):
        Versions(spec).undo()
    assert all(f"  - {one}?".encode() in spec.read_bytes() for one in wanted)


@pytest.mark.skipif(os.name != "posix", reason="limits of a process are POSIX")
@pytest.mark.parametrize("room", [0, 20_000, 45_000, 60_000, 90_000])
def test_a_full_disk_changes_nothing_and_says_so(tmp_path: Path, room: int) -> None:
    """A limit on the size of files stands for a full disk: the state folder's or the spec's own."""
    spec = tmp_path / "a.assistant.yaml"
    head = b"schema: assistant/v1\nname: A\ndescription: B\ninstructions: C\n"
    spec.write_bytes(head + b"# " + os.urandom(20_000).hex().encode() + b"\n")
    before = spec.read_bytes()
    code = """
import resource, signal, sys
from gptsmith.assistants.editing.edited_file import plan_edit
from gptsmith.assistants.editing.operations import Set
from gptsmith.assistants.files.versions import Versions
from gptsmith.errors import GptsmithError

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
planned = plan_edit(sys.argv[1], [Set(path="name", value="New name")])
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
try:
    print(Versions(sys.argv[1]).write(planned, author="builder", reason="x").number)
except GptsmithError as error:
    print(error.code)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(spec), str(room)], capture_output=True, text=True, check=True
    )
    written = done.stdout.strip() == "2"
    assert written or done.stdout.strip() in ("not_writable", "no_state_folder"), done.stdout + done.stderr
    assert spec.read_bytes() == (before.replace(b"name: A", b"name: New name") if written else before)
    assert [p.name for p in tmp_path.iterdir() if p != home_path()] == ["a.assistant.yaml"]
    rename(spec, "Mira")
    assert [reason for _, _, reason in told(spec)] == ["as it was found", *["x"] * written, "named Mira"]


def test_a_history_that_begins_later_than_one_is_undone_to_its_beginning(spec: Path, tmp_path: Path) -> None:
    from gptsmith.assistants.files.version_store import Touched, Version

    before = SPEC.replace(b"Night", b"Day")
    history = [
        (Version.now(5, "person", "five"), [Touched("", before, before)]),
        (Version.now(9, "builder", "nine"), [Touched("", before, SPEC)]),
    ]
    Versions(spec).fill(history)
    Versions(spec).undo()
    assert spec.read_bytes() == before
    other = tmp_path / "other.assistant.yaml"
    other.write_bytes(before)
    Versions(other).fill(history[:1])
    with pytest.raises(UsageError, match="there is no change of other"):
        Versions(other).undo()
    assert told(other) == [(5, "person", "five")]


@pytest.mark.parametrize("path", shipped_files(), ids=lambda path: path.name)
def test_an_editor_that_knows_one_line_ending_changes_only_what_was_typed(path: Path, tmp_path: Path) -> None:
    import random
    import shutil

    chance = random.Random(path.name)
    shutil.copytree(path.parent, tmp_path / "copies")
    copy = tmp_path / "copies" / path.name
    lines = path.read_text("utf-8").rstrip("\n").split("\n")
    for n in range(6):
        ends = [chance.choice(["\n", "\r\n"] if n % 2 else ["\r\n"]) for _ in lines]
        text = "\ufeff" * (n % 3 == 0) + "".join(map("".join, zip(lines, ends, strict=True)))
        copy.write_bytes(text.removesuffix(ends[-1]).encode() if n % 2 else text.encode())
        before = copy.read_bytes()
        seen = before.decode("utf-8-sig").replace("\r\n", "\n")
        assert Versions(copy).save(seen, file_hash(copy), author="person", reason="nothing") is None
        typed = seen.replace("\nname: ", "\n# new\nname: My ", 1)
        Versions(copy).save(typed, file_hash(copy), author="person", reason="typed")
        was, now = (data.splitlines(keepends=True) for data in (before, copy.read_bytes()))
        assert [line for line in now if line not in was] == [
            line for line in now if b"# new" in line or b"name: My" in line
        ]
        assert [line for line in was if line not in now] == [line for line in was if line.startswith(b"name: ")]
        Versions(copy).undo()
        assert copy.read_bytes() == before


def test_an_edit_of_another_file_is_not_written(spec: Path, tmp_path: Path) -> None:
    other, _ = with_told(tmp_path)
    before = other.read_bytes()
    with pytest.raises(UsageError, match="this edit is one of"):
        Versions(spec).write(plan_edit(other, [Set(path="name", value="C")]), author="builder", reason="x")
    assert (spec.read_bytes(), other.read_bytes()) == (SPEC, before)
