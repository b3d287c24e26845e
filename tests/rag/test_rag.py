"""An assistant's knowledge: synced with its files, searched, opened at a citation."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gptsmith.assistants.format.spec import Knowledge, Retrieval
from gptsmith.errors import KnowledgeError, UsageError
from gptsmith.rag.knowledge import KnowledgeBase

TILES = """# Tiles of Porto

The panel of the ship was painted in 1755 by Ana Reis, who used cobalt blue on a white glaze.

## Floors

An enxaquetado floor is a chequered pattern of plain tiles laid on the diagonal.

## Visiting

The museum is open from Tuesday to Sunday, ten to six. Children enter free.
"""
STARS = "Saturn has rings of ice and rock. Jupiter is the largest planet of the solar system."


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "tiles.md").write_text(TILES)
    (folder / "stars.txt").write_text(STARS)
    return folder


def knowledge(base: Path, tmp_path: Path, *sources: Knowledge) -> KnowledgeBase:
    return KnowledgeBase(list(sources) or [Knowledge(name="docs", paths=["."])], base, tmp_path / "index")


def test_finds_opens_and_stays_in_step(base: Path, tmp_path: Path) -> None:
    with knowledge(base, tmp_path) as kb:
        assert kb.stale()
        assert kb.search("ship") == []
        receipts = kb.sync()
        assert [(r.source, r.status, r.chunks) for r in receipts] == [("stars.txt", "ok", 1), ("tiles.md", "ok", 1)]
        assert not kb.stale()
        hit = kb.search("When was the panel of the ship made?")[0]
        assert hit.source == "tiles.md" and "1755" in hit.text and 0 < hit.score <= 1
        view = kb.passage(hit.chunk_id)
        assert view.text[view.start : view.end] in TILES and view.source == "tiles.md"
        assert kb.document(hit.document_id).text == TILES

        (base / "stars.txt").unlink()
        (base / "tiles.md").write_text(TILES.replace("1755", "1761"))
        assert kb.stale()
        kb.sync()
        assert "1761" in kb.search("panel of the ship")[0].text
        assert all(h.source == "tiles.md" for h in kb.search("Which planet has rings of ice?"))
        with pytest.raises(KnowledgeError, match="not in the knowledge any more"):
            kb.passage(hit.chunk_id)


def test_names_choose_sources(base: Path, tmp_path: Path) -> None:
    sources = (Knowledge(name="tiles", paths=["tiles.md"]), Knowledge(name="sky", paths=["*.txt"]))
    with knowledge(base, tmp_path, *sources) as kb:
        kb.sync()
        assert {h.knowledge for h in kb.search("the largest planet", names=["tiles"])} <= {"tiles"}
        assert kb.search("the largest planet")[0].knowledge == "sky"
        with pytest.raises(UsageError, match=r"no knowledge source is called 'stars'; there are: tiles, sky"):
            kb.search("x", names=["stars"])


def test_a_passage_is_found_by_its_headings_and_its_file(base: Path, tmp_path: Path) -> None:
    filler = "Ordinary words of no importance stand in this place, line after line. " * 14
    (base / "returns-policy.md").write_text(f"# Zephyr kettles\n\n{filler}\n\nFourteen days are allowed.\n\n{filler}")
    (base / "other.md").write_text(f"# Other things\n\n{filler}\n\nThirty days are allowed.\n\n{filler}")
    keyword = Knowledge(name="docs", paths=["."], retrieval=Retrieval(strategy="keyword"))
    with knowledge(base, tmp_path, keyword) as kb:
        kb.sync()
        for query in ("days allowed for Zephyr kettles", "days allowed by the returns policy"):
            hits = kb.search(query)
            assert "Fourteen" in hits[0].text and hits[0].source == "returns-policy.md", query
            assert hits[0].text in (base / "returns-policy.md").read_text()


@pytest.mark.parametrize(
    ("settings", "query", "expected"),
    [
        ({"strategy": "keyword"}, "chequered floors", ["tiles.md"]),
        ({"strategy": "keyword"}, "zzz", []),
        ({"strategy": "dense"}, "the biggest world around the sun", ["stars.txt", "tiles.md"]),
        ({"top_k": 1}, "the largest planet and its rings", ["stars.txt"]),
        ({"budget": 200}, "the largest planet and its rings", ["stars.txt"]),
        ({}, "   ", []),
        ({}, "?!", ["stars.txt", "tiles.md"]),
    ],
)
def test_retrieval_settings(
    base: Path, tmp_path: Path, settings: dict[str, Any], query: str, expected: list[str]
) -> None:
    source = Knowledge(name="docs", paths=["."], retrieval=Retrieval(**settings))
    with knowledge(base, tmp_path, source) as kb:
        kb.sync()
        hits = kb.search(query)
        assert [h.source for h in hits] == expected or (query == "?!" and len(hits) <= 2)
        assert sum(len(h.text) for h in hits) <= source.retrieval.budget
        assert all(0 < h.score <= 1 for h in hits)
        assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)


def test_fills_the_budget_and_joins_neighbours(base: Path, tmp_path: Path) -> None:
    sentences = [f"The lighthouse keeper of number {n} lights the lamp at dusk." for n in range(60)]
    (base / "keeper.txt").write_text(" ".join(sentences))
    with knowledge(base, tmp_path, Knowledge(name="docs", paths=["keeper.txt"])) as kb:
        kb.sync()
        hits = kb.search("lighthouse keeper lights the lamp", budget=2500)
        assert 1500 < sum(len(h.text) for h in hits) <= 2500
        spans = sorted((h.start, h.end) for h in hits)
        assert all(a[1] < b[0] for a, b in pairwise(spans))
        text = kb.document(hits[0].document_id).text
        assert all(text[h.start : h.end] == h.text for h in hits)
        assert len(kb.search("lighthouse", budget=50)[0].text) == 50


def test_scores_are_low_when_the_files_are_silent(base: Path, tmp_path: Path) -> None:
    with knowledge(base, tmp_path) as kb:
        kb.sync()
        known = kb.search("Which planet is the largest of the solar system?")[0].score
        silent = max((h.score for h in kb.search("How do I reset the router password?")), default=0.0)
        assert known > 0.5 > 0.2 > silent


@pytest.mark.parametrize(
    ("query", "first"),
    [("version 2.11.1", "new.txt"), ("version 2.11", "new.txt"), ("version 2.7.11.1", "old.txt")],
)
def test_a_version_is_one_word(base: Path, tmp_path: Path, query: str, first: str) -> None:
    (base / "old.txt").write_text("Version 2.7.11.1 mends the lamp.")
    (base / "new.txt").write_text("Version 2.11.1 mends the horn.")
    source = Knowledge(name="docs", paths=["old.txt", "new.txt"], retrieval=Retrieval(strategy="keyword"))
    with knowledge(base, tmp_path, source) as kb:
        kb.sync()
        assert kb.search(query)[0].source == first


def test_passages_begin_and_end_with_whole_sentences(base: Path, tmp_path: Path) -> None:
    rows = [
        f"- harbour: Port {n}; depth: {n} metres; pilot: required when the wind is over {n} knots" for n in range(60)
    ]
    (base / "ports.txt").write_text("\n".join(rows))
    with knowledge(base, tmp_path, Knowledge(name="docs", paths=["ports.txt"])) as kb:
        kb.sync()
        lines = {line for hit in kb.search("pilot in Port 31", budget=3000)[:3] for line in hit.text.split("\n")}
        assert lines <= set(rows)
