"""Reading the best passages once more, and leaving out those that say the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gptsmith.assistants.format.spec import Knowledge, Retrieval
from gptsmith.models.embedding import load_embedder
from gptsmith.rag.knowledge import KnowledgeBase

TIDE = (
    "The tide table of the harbour is printed each month and hangs beside the door of the harbour master's office, "
    "where boats that leave at night have to be entered in the book before eight in the evening."
)


def _kb(base: Path, **retrieval: object) -> KnowledgeBase:
    source = Knowledge(name="docs", paths=["."], retrieval=Retrieval.model_validate(retrieval))
    return KnowledgeBase([source], base, base.parent / "index")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    ("other", "count"),
    [
        (TIDE, 1),
        (TIDE.upper().replace(",", " -"), 1),
        (TIDE.replace("eight", "8"), 2),
        (TIDE + " Visitors pay for the berth with coins at the machine, and get a key for the showers.", 2),
    ],
)
def test_of_passages_that_say_the_same_one_comes(base: Path, other: str, count: int) -> None:
    (base / "a.txt").write_text(TIDE)
    (base / "b.txt").write_text(other)
    with _kb(base) as kb:
        kb.sync()
        assert len(kb.search("Where does the tide table hang?")) == count


def test_token_vectors_are_unit_rows_one_a_token() -> None:
    embedder = load_embedder()
    texts = ["A short one.", "", "A rather longer sentence about the tide."]
    found = embedder.token_vectors(texts)
    assert found is not None
    assert [len(rows) for rows in found] == [len(embedder.token_spans(text)) for text in texts]
    assert np.allclose(np.linalg.norm(found[2], axis=1), 1, atol=1e-3)


def test_reranking_orders_the_best_anew_and_loses_none(base: Path) -> None:
    facts = ["opens at nine", "closes at six", "has a red door", "stands by the pond", "was built of brick"]
    for i, fact in enumerate(facts):
        (base / f"{i}.txt").write_text(f"The mill {fact}. Its {['owner', 'wheel', 'roof', 'yard', 'stone'][i]} is old.")
    with _kb(base) as kb:
        kb.sync()
        plain = kb.search("What colour is the door of the mill?")
    with _kb(base, rerank=True) as kb:
        again = kb.search("What colour is the door of the mill?")
    assert {hit.chunk_id for hit in plain} == {hit.chunk_id for hit in again}
    assert again[0].text.startswith("The mill has a red door") and again[0].score == plain[0].score
    assert [hit.score for hit in again] != [hit.score for hit in plain]
    assert [hit.score for hit in again] == sorted((hit.score for hit in again), reverse=True)
