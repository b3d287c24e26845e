"""An assistant's knowledge: synced with its files, searched, opened at a citation."""

from __future__ import annotations

from pathlib import Path

import pytest

from gptsmith.assistants.spec import Knowledge
from gptsmith.errors import KnowledgeError, UsageError
from gptsmith.rag.base import KnowledgeBase

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
