"""Drafts: new assistants that are kept before they are saved, and what saving moves."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gptsmith.assistants.editing.edited_file import plan_edit
from gptsmith.assistants.editing.operations import Set
from gptsmith.assistants.files import drafts as module
from gptsmith.assistants.files.drafts import Drafts
from gptsmith.assistants.files.library import Library, find_library, state_key
from gptsmith.assistants.files.versions import Versions
from gptsmith.assistants.format.loader import load_file
from gptsmith.errors import SpecError, UsageError
from gptsmith.state import State, home_path

SKY = """\
# mine
schema: assistant/v1
id: sky  # its name
name: Night sky
description: Stars.
instructions: Explain, as sky.files says.
knowledge:
  - {name: cards, paths: [./sky.files/cards/*.md, "sky.files/guide.md"]}
tests:
  - {name: t, message: hi, expect: {cites: [sky.files/guide.md]}}
"""


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    (tmp_path / "in" / "cards").mkdir(parents=True)
    (tmp_path / "in" / "cards" / "a.md").write_text("a")
    (tmp_path / "in" / "guide.md").write_text("guide")
    return [tmp_path / "in" / "cards", tmp_path / "in" / "guide.md"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def tree(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p.suffix != ".json")


def test_a_draft_is_a_spec_file_with_its_files_beside_it(files: list[Path]) -> None:
    assert Drafts().list() == []
    assert not home_path().exists()
    path = Drafts().create(SKY, "sky", files)
    assert path == home_path() / "drafts" / "sky" / "sky.assistant.yaml"
    assert path.read_text() == SKY
    assert load_file(path).warnings == []
    assert Drafts().holds(path)
    assert not Drafts().holds(files[0])
    second = Drafts().create(SKY, "sky", files)
    assert second.name == "sky-2.assistant.yaml"
    assert "id: sky-2  # its name" in second.read_text()
    assert load_file(second).warnings == []
    os.utime(path, (2e9, 2e9))
    assert [(d.id, d.name, d.changed[:10], d.error) for d in Drafts().list()] == [
        ("sky", "Night sky", "2033-05-18", ""),
        ("sky-2", "Night sky", datetime.fromtimestamp(second.stat().st_mtime, UTC).isoformat()[:10], ""),
    ]
    Drafts().delete(path)
    assert [d.id for d in Drafts().list()] == ["sky-2"]
    with pytest.raises(UsageError, match="there is no draft"):
        Drafts().delete(path)


def test_saving_moves_files_versions_and_conversations(files: list[Path], tmp_path: Path) -> None:
    draft = Drafts().create(SKY, "sky", files)
    Versions(draft).write(plan_edit(draft, [Set(path="name", value="Mira")]), author="builder", reason="named")
    talk = State().folder(state_key(draft)) / "threads.sqlite"
    talk.write_text("said")
    library = Library(tmp_path / "lib")
    path = Drafts().save(draft, library)
    assert path == library.specs / "sky.assistant.yaml"
    assert path.read_text() == SKY.replace("Night sky", "Mira")
    assert tree(library.specs) == ["sky.assistant.yaml", "sky.files/cards/a.md", "sky.files/guide.md"]
    assert [v.reason for v in Versions(path).list()] == ["made as a draft", "named"]
    assert (State().folder(state_key(path)) / "threads.sqlite").read_text() == "said"
    assert Drafts().list() == []
    Versions(path).undo()
    assert path.read_text() == SKY


def test_a_taken_id_is_changed_in_text_and_files(files: list[Path]) -> None:
    draft = Drafts().create(SKY, "sky", files)
    Versions(draft).write(plan_edit(draft, [Set(path="name", value="Mira")]), author="builder", reason="named Mira")
    find_library().save("sky", SKY.split("knowledge")[0])
    path = Drafts().save(draft)
    assert path.name == "sky-2.assistant.yaml"
    moved = SKY.replace("id: sky", "id: sky-2").replace("sky.files/", "sky-2.files/")
    assert path.read_text() == moved.replace("Night sky", "Mira")
    assert load_file(path).warnings == []
    assert [v.reason for v in Versions(path).list()] == [
        "made as a draft",
        "named Mira",
    ]
    Versions(path).undo()
    assert path.read_text() == moved


def test_saving_to_a_file_overwrites_nothing(files: list[Path], tmp_path: Path) -> None:
    draft = Drafts().create(SKY, "sky", files)
    target = tmp_path / "out" / "mars.assistant.yaml"
    assert Drafts().save(draft, target) == target
    assert load_file(target).spec.id == "mars"
    assert tree(target.parent) == ["mars.assistant.yaml", "mars.files/cards/a.md", "mars.files/guide.md"]
    draft = Drafts().create(SKY, "sky", files)
    for taken in (target, target.with_name("venus.assistant.yaml")):
        (tmp_path / "out" / "venus.files").mkdir(exist_ok=True)
        with pytest.raises(UsageError, match="is already there; choose another name"):
            Drafts().save(draft, taken)
        assert load_file(draft).warnings == []
    draft.write_text("name: x\n")
    with pytest.raises(SpecError):
        Drafts().save(draft)
    assert Drafts().list()[0].error


@pytest.mark.parametrize("what", ["copytree", "atomic_write", "copy_store"])
def test_a_full_disk_leaves_the_draft(
    files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    draft = Drafts().create(SKY, "sky", files)
    talk = State().folder(state_key(draft)) / "threads.sqlite"
    talk.write_text("said")
    target = tmp_path / "out" / "mars.assistant.yaml"
    where = module.shutil if what == "copytree" else module
    real = getattr(where, what)

    def full(*args: object, **kwargs: object) -> object:
        if any(str(arg).startswith(str(target.parent)) or "mars" in str(arg) for arg in args):
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        return real(*args, **kwargs)

    with monkeypatch.context() as patch, pytest.raises(UsageError, match="No space left on device"):
        patch.setattr(where, what, full)
        Drafts().save(draft, target)
    assert tree(target.parent) == []
    assert talk.read_text() == "said"
    assert [v.reason for v in Versions(draft).list()] == ["made as a draft"]
    assert Drafts().save(draft, target) == target
    assert [v.reason for v in Versions(target).list()] == ["made as a draft"]


KILLING = """
import os, random, signal, sys, time
from pathlib import Path
from gptsmith.assistants.files.drafts import Drafts
from gptsmith.assistants.format.loader import load_file
from gptsmith.assistants.files.versions import Versions

draft, out, kills, chance = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), random.Random(1)
text, saved = draft.read_text(), 0
sources = [draft.parent / "sky.files" / name for name in ("cards", "guide.md")]
trial, began = Drafts().create(text, "sky", sources), time.monotonic()
Drafts().save(trial, out / "trial" / "trial.assistant.yaml")
took = time.monotonic() - began
for kill in range(kills):
    target = out / f"mars-{kill}" / "mars.assistant.yaml"
    child = os.fork()
    if not child:
        Drafts().save(draft, target)
        os._exit(0)
    time.sleep(chance.uniform(0.0, took * 1.5))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    kept = [entry.path for entry in Drafts().list()]
    there = target.exists()
    assert kept == ([] if there else [draft]), (kept, there)
    spec = target if there else draft
    assert load_file(spec).warnings == []
    reasons = [version.reason for version in Versions(spec).list()]
    assert reasons == ["made as a draft"], reasons
    left = [] if not target.parent.exists() else sorted(p.name for p in target.parent.iterdir())
    assert left == (["mars.assistant.yaml", "mars.files"] if there else []), left
    if there:
        saved += 1
        Drafts().create(text, "sky", [target.parent / "mars.files" / name for name in ("cards", "guide.md")])
print(saved)
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL and fork are POSIX")
@pytest.mark.parametrize("kills", [12, pytest.param(300, marks=pytest.mark.slow)])
def test_a_kill_at_any_moment_leaves_the_draft_or_the_saved_assistant(
    files: list[Path], tmp_path: Path, kills: int
) -> None:
    draft = Drafts().create(SKY, "sky", files)
    done = subprocess.run(
        [sys.executable, "-c", KILLING, str(draft), str(tmp_path / "out"), str(kills)],
        capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(Path(module.__file__).parents[3])},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) <= kills


def test_a_place_that_cannot_be_written_leaves_the_draft(files: list[Path], tmp_path: Path) -> None:
    draft = Drafts().create(SKY, "sky", files)
    (tmp_path / "file").write_text("x")
    for target in (Library(tmp_path / "file"), tmp_path / "file" / "a.assistant.yaml"):
        with pytest.raises(UsageError, match=r"Not a directory\); nothing was changed|file is already there"):
            Drafts().save(draft, target)
    assert [d.id for d in Drafts().list()] == ["sky"]
    assert load_file(draft).warnings == []


def test_a_draft_that_cannot_be_made_leaves_nothing(files: list[Path]) -> None:
    with pytest.raises(UsageError, match=r"two of the files are called guide\.md; rename one of them"):
        Drafts().create(SKY, "sky", [*files, files[1]])
    with pytest.raises(UsageError, match="cannot be written"):
        Drafts().create(SKY, "sky", [files[0].with_name("gone.md")])
    assert Drafts().list() == []
    assert list((home_path() / "drafts").iterdir()) == []
