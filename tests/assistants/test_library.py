"""The library: which assistants there are, saving, deleting, and the key of each one's state."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from gptsmith.assistants.files import library as module
from gptsmith.assistants.files.library import Library, find_library, shipped_names, state_key
from gptsmith.assistants.format.loader import load_file
from gptsmith.assistants.format.schema import SCHEMA_FILE, schema_text
from gptsmith.errors import UsageError
from gptsmith.state import State, home_path

SKY = "schema: assistant/v1\nname: Night sky\ndescription: Stars.\ninstructions: Explain.\n"
SHIPPED = [
    "data-analyst", "generative-ai-tutor", "illustrator", "museum-guide", "photo-describer", "recipe-helper",
    "researcher", "shop-desk", "support-desk",
]  # fmt: skip


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "lib")


def test_the_library_is_the_nearest_one_above_else_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below = tmp_path / "mine" / "deep" / "er"
    below.mkdir(parents=True)
    assert find_library(below).root == home_path()
    (tmp_path / "mine" / "assistants" / "specs").mkdir(parents=True)
    assert find_library(below).root == home_path()
    (tmp_path / "mine" / "assistants" / "specs" / "a.assistant.yaml").write_text(SKY)
    assert find_library(below).root == tmp_path / "mine"
    monkeypatch.chdir(below)
    assert find_library().root == tmp_path / "mine"


def test_finding_a_library_creates_nothing(tmp_path: Path) -> None:
    assert [e.id for e in find_library(tmp_path).entries()] == sorted(shipped_names())
    assert not home_path().exists()


def test_every_shipped_assistant_loads() -> None:
    entries = [entry for entry in Library(Path("/nowhere")).entries() if entry.shipped]
    assert sorted(entry.id for entry in entries) == SHIPPED
    for entry in entries:
        assert entry.error == ""
        assert load_file(entry.path).warnings == []


def test_entries_show_broken_files_with_their_first_problem(library: Library) -> None:
    library.specs.mkdir(parents=True)
    (library.specs / "sky.assistant.yaml").write_text(SKY)
    (library.specs / "Bad One.assistant.yaml").write_text("name: x\n")
    (library.specs / "notes.yaml").write_text("no spec")
    own = [(e.id, e.name, e.description, e.error) for e in library.entries() if not e.shipped]
    path = library.specs / "Bad One.assistant.yaml"
    assert own == [
        ("bad-one", "Bad One", "", f"{path}:1:1: schema: missing; write schema: assistant/v1 on the first line"),
        ("sky", "Night sky", "Stars.", ""),
    ]


def test_two_files_of_one_id_are_told_apart(library: Library) -> None:
    first = library.save("a", SKY)
    second = library.save("b", SKY)
    second.write_text(f"id: a\n{SKY}")
    assert library.find("a") == first
    assert [entry.error for entry in library.entries() if not entry.shipped] == [
        "",
        f"{second}: the id a is taken by a.assistant.yaml; change one of the two",
    ]


def test_save_overwrites_nothing_and_puts_the_schema_beside(library: Library) -> None:
    first = library.save("Night Sky", SKY)
    second = library.save("night-sky", f"id: night-sky # mine\n{SKY}")
    third = library.save("museum-guide", SKY)
    assert [path.name for path in (first, second, third)] == [
        "night-sky.assistant.yaml",
        "night-sky-2.assistant.yaml",
        "museum-guide-2.assistant.yaml",
    ]
    assert first.read_text() == SKY
    assert second.read_text() == f"id: night-sky-2 # mine\n{SKY}"
    assert load_file(second).spec.id == "night-sky-2"
    assert (library.specs / SCHEMA_FILE).read_text("utf-8") == schema_text()


def test_saves_at_the_same_moment_all_stay(library: Library) -> None:
    threads = [threading.Thread(target=library.save, args=("sky", SKY)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(entry.id for entry in library.entries() if not entry.shipped) == [
        "sky", "sky-2", "sky-3", "sky-4", "sky-5", "sky-6",
    ]  # fmt: skip


def test_find_takes_paths_and_ids(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    path = library.save("sky", SKY)
    named = library.specs / "other-name.assistant.yaml"
    named.write_text(f"id: stars\n{SKY}")
    monkeypatch.chdir(library.root)
    assert library.find("sky") == path
    assert library.find("stars") == named
    assert library.find(path) == path
    assert library.find("assistants/specs/sky.assistant.yaml").resolve() == path
    assert library.find("museum-guide").name == "museum-guide.assistant.yaml"


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("skyy", 'no assistant is called "skyy"; did you mean sky? known ids: sky, '),
        ("zzzz", 'no assistant is called "zzzz"; known ids: sky, '),
        ("Sky!", 'no assistant is called "Sky!"; did you mean sky? known ids: sky, '),
        ("other-name", 'no assistant is called "other-name"; known ids: sky, '),
        ("./sky.assistant.yaml", "there is no file ./sky.assistant.yaml; known ids: sky, "),
        ("a" * 5000, f'no assistant is called "{"a" * 40}…"; known ids: sky, '),
    ],
)
def test_an_unknown_one_lists_what_there_is(wanted: str, message: str, library: Library) -> None:
    library.save("sky", SKY)
    with pytest.raises(UsageError) as caught:
        library.find(wanted)
    assert str(caught.value) == message + ", ".join(shipped_names())


def test_delete_takes_files_and_state_with_it(library: Library) -> None:
    path, other = library.save("sky", SKY), library.save("other", SKY)
    (library.specs / "sky.files" / "deep").mkdir(parents=True)
    (library.specs / "sky.files" / "deep" / "a.md").write_text("a")
    state = State().folder(state_key(path))
    (state / "threads.db").write_text("x")
    assert library.delete("sky") == path
    assert not path.exists()
    assert not state.exists()
    assert sorted(p.name for p in library.specs.iterdir()) == [SCHEMA_FILE, "other.assistant.yaml"]
    assert other.exists()


def test_delete_does_not_follow_a_link_to_other_files(library: Library, tmp_path: Path) -> None:
    library.save("sky", SKY)
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "a").write_text("a")
    (library.specs / "sky.files").symlink_to(tmp_path / "precious")
    library.delete("sky")
    assert (tmp_path / "precious" / "a").exists()
    assert not (library.specs / "sky.files").is_symlink()


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("museum-guide", "museum-guide is shipped with gptsmith and stays; only your own can be deleted"),
        ("{outside}", "{outside} is not in the library {root}; delete the file itself"),
    ],
)
def test_what_may_not_be_deleted(wanted: str, message: str, library: Library, tmp_path: Path) -> None:
    outside = tmp_path / "sky.assistant.yaml"
    outside.write_text(SKY)
    names = {"outside": outside, "root": library.root}
    with pytest.raises(UsageError) as caught:
        library.delete(wanted.format(**names))
    assert str(caught.value) == message.format(**names)
    assert outside.exists()


def test_an_own_assistant_hides_a_shipped_one_of_the_same_id(library: Library) -> None:
    library.specs.mkdir(parents=True)
    (library.specs / "museum-guide.assistant.yaml").write_text(SKY)
    assert [(e.id, e.shipped) for e in library.entries() if e.id == "museum-guide"] == [("museum-guide", False)]
    assert library.find("museum-guide") == library.specs / "museum-guide.assistant.yaml"
    assert library.delete("museum-guide").parent == library.specs


def test_state_keys(library: Library, tmp_path: Path) -> None:
    path = library.save("sky", SKY)
    key = state_key(path)
    assert key.startswith("sky-")
    renamed = path.with_name("renamed.assistant.yaml")
    path.write_text(f"id: sky\n{SKY}")
    path.rename(renamed)
    assert state_key(renamed) == key
    assert state_key(Library(tmp_path / "other").save("sky", SKY)) != key
    outside = tmp_path / "sky.assistant.yaml"
    outside.write_text(SKY)
    assert state_key(outside) != key
    (tmp_path / "link.yaml").symlink_to(outside)
    assert state_key(tmp_path / "link.yaml") == state_key(outside)


def test_shipped_keys_do_not_depend_on_where_the_package_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (first,) = (entry for entry in Library(tmp_path).entries() if entry.id == "museum-guide")
    copied = tmp_path / "site" / "shipped" / "assistants" / "specs"
    copied.mkdir(parents=True)
    (copied / "museum-guide.assistant.yaml").write_text(first.path.read_text("utf-8"))
    (copied / "shipped.txt").write_text("museum-guide\n")
    key = state_key(first.path)
    monkeypatch.setattr(module, "shipped_specs", lambda: copied)
    assert state_key(copied / "museum-guide.assistant.yaml") == key
