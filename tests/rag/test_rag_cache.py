"""The Chroma cache: the same answers as the exact search, made again whenever it is damaged, owned by one process."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from gptsmith.assistants.format.spec import Knowledge
from gptsmith.rag.knowledge import KnowledgeBase

SUBJECTS = ["The cat", "A tile", "The ship", "Saturn", "The museum", "A recipe", "The river", "An engine"]
VERBS = ["lies near", "belongs to", "was painted by", "looks like", "costs more than", "was made before"]
QUERIES = ["who painted the ship", "rings of Saturn", "price of a tile", "a recipe for the museum"]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    rng = random.Random(7)
    for number in range(12):
        lines = [
            f"{rng.choice(SUBJECTS)} {rng.choice(VERBS)} {rng.choice(SUBJECTS)}, {rng.random():.3f}." for _ in range(30)
        ]
        (folder / f"{number}.txt").write_text("\n\n".join(lines))
    return folder


def _open(base: Path, tmp_path: Path, exact_up_to: int = 0) -> KnowledgeBase:
    source = Knowledge(name="docs", paths=["."])
    return KnowledgeBase([source], base, tmp_path / "index", exact_up_to=exact_up_to)


def _answers(kb: KnowledgeBase) -> list[list[tuple[str, float]]]:
    return [[(h.chunk_id, round(h.score, 3)) for h in kb.search(q, budget=1500)] for q in QUERIES]


def test_answers_as_the_exact_search_does(base: Path, tmp_path: Path) -> None:
    with _open(base, tmp_path) as kb:
        kb.sync()
        kb._cache.wait()
        assert kb._cache.in_step(kb._current())
        by_chroma = _answers(kb)
        asked: list[str] = []
        nearest = kb._cache.nearest
        kb._cache.nearest = lambda *args: asked.append("chroma") or nearest(*args)  # type: ignore[method-assign,func-returns-value]
        assert _answers(kb) == by_chroma and len(asked) == len(QUERIES)
        kb._exact_up_to = 50_000
        assert _answers(kb) == by_chroma and len(asked) == len(QUERIES)
        assert all(by_chroma)


def _truncate(folder: Path) -> None:
    for file in folder.glob("chroma-*/**/*"):
        if file.is_file():
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _vanish(folder: Path) -> None:
    for file in folder.glob("chroma-*/*/*"):
        file.unlink()


def _die_writing(folder: Path) -> None:
    (folder / "chroma.writing").touch()


def _scribble(folder: Path) -> None:
    (folder / "chroma.json").write_text('{"folder": "../../etc"}')


@pytest.mark.parametrize("damage", [_truncate, _vanish, _die_writing, _scribble])
def test_a_damaged_cache_is_made_again(base: Path, tmp_path: Path, damage: object) -> None:
    with _open(base, tmp_path) as kb:
        kb.sync()
        before = _answers(kb)
    assert callable(damage)
    damage(tmp_path / "index")
    with _open(base, tmp_path) as kb:
        assert _answers(kb) == before  # while it is made again, the search is exact
        kb._cache.wait()
        assert kb._cache.in_step(kb._current())
        assert _answers(kb) == before
    assert len(list((tmp_path / "index").glob("chroma-*"))) == 1
    assert not (tmp_path / "index" / "chroma.writing").exists()


def test_follows_the_files(base: Path, tmp_path: Path) -> None:
    with _open(base, tmp_path) as kb:
        kb.sync()
        (base / "0.txt").unlink()
        (base / "new.txt").write_text("A zeppelin landed on the roof.")
        kb.sync()
        kb._cache.wait()
        assert kb._cache.in_step(kb._current())
        hits = kb.search("zeppelin on the roof")
        assert hits[0].source == "new.txt" and all(h.source != "0.txt" for h in hits)


def test_few_changes_go_into_the_same_collection(base: Path, tmp_path: Path) -> None:
    with _open(base, tmp_path) as kb:
        kb.sync()
        kb._cache.wait()
        first = kb._cache._client.list_collections()[0]
        (base / "new.txt").write_text("A zeppelin landed on the roof.")
        kb.sync()
        kb._cache.wait()
        assert kb._cache.in_step(kb._current())
        second = kb._cache._client.list_collections()
        assert [c.id for c in second] == [first.id] and second[0].name != first.name
        by_chroma = _answers(kb)
        kb._exact_up_to = 50_000
        assert _answers(kb) == by_chroma


def test_only_the_owner_writes(base: Path, tmp_path: Path) -> None:
    with _open(base, tmp_path) as owner, _open(base, tmp_path) as other:
        owner.sync()
        owner._cache.wait()
        (base / "new.txt").write_text("A zeppelin landed on the roof.")
        other.sync()
        other._cache.wait()
        assert not other._cache.in_step(other._current())
        assert other.search("zeppelin")[0].source == "new.txt"
        assert owner.search("zeppelin")[0].source == "new.txt"
        owner._cache.wait()
        assert owner._cache.in_step(owner._current())


def test_few_passages_are_searched_without_it(base: Path, tmp_path: Path) -> None:
    with _open(base, tmp_path, exact_up_to=50_000) as kb:
        kb.sync()
        exact = _answers(kb)
        assert all(exact) and not list((tmp_path / "index").glob("chroma*"))
    with _open(base, tmp_path) as kb:
        kb.sync()
        kb._cache.wait()
        assert list((tmp_path / "index").glob("chroma-*"))
    with _open(base, tmp_path, exact_up_to=50_000) as kb:
        (base / "0.txt").write_text("A zeppelin landed on the roof.")
        kb.sync()
        assert not list((tmp_path / "index").glob("chroma-*"))
        assert kb.search("zeppelin")[0].source == "0.txt"
