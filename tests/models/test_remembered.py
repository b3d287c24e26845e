"""Vectors that were encoded before come from the state folder, also in another process and from a damaged file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from gptsmith.models.embedding import Embedder, Vectors, unit_rows
from gptsmith.models.embedding.remembered import RememberedVectors


class Letters(Embedder):
    """Counts letters, and notes which texts it was given."""

    dimensions = 26
    max_tokens = 100

    def __init__(self, name: str = "letters") -> None:
        self.name = name
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        rows = [[text.count(chr(97 + i)) for i in range(26)] for text in texts]
        return unit_rows(np.array(rows, dtype=np.float32).reshape(len(texts), 26))

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        return [(i, i + 1) for i in range(len(text))]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "home" / "sentences.sqlite"


def test_only_new_texts_are_encoded(file: Path) -> None:
    letters, plain = Letters(), Letters()
    first = ["abc", "a boat", "abc", "\ud800 odd"]
    for kept in (RememberedVectors(file), RememberedVectors(file)):  # the second is another process
        rows = kept.encode(letters, first)
        assert np.allclose(rows, plain.encode(first), atol=1e-3)
        assert rows.dtype == np.float32
        kept.close()
    assert letters.asked == ["abc", "a boat", "\ud800 odd"]
    kept.encode(letters, ["abc", "new"])
    assert letters.asked[3:] == ["new"]
    other = Letters("other")
    kept.encode(other, ["abc", "new"])
    assert other.asked == ["abc", "new"]
    assert kept.encode(letters, []).shape == (0, 26)
    assert b"boat" not in file.read_bytes()  # no text lies there
    kept.close()


def test_the_oldest_go_when_there_are_many(file: Path) -> None:
    letters, kept = Letters(), RememberedVectors(file, most=10)
    kept.encode(letters, [f"{n} abc" for n in range(11)])
    letters.asked.clear()
    kept.encode(letters, ["10 abc", "0 abc"])
    assert letters.asked == ["0 abc"]
    kept.close()


@pytest.mark.parametrize("data", [b"no database at all" * 300, None])
def test_a_file_that_cannot_be_used_only_costs_time(file: Path, data: bytes | None) -> None:
    if data is None:
        file.mkdir(parents=True)
    else:
        file.parent.mkdir()
        file.write_bytes(data)
    letters, kept = Letters(), RememberedVectors(file)
    for _ in range(2):
        assert np.allclose(kept.encode(letters, ["ab", "c"]), Letters().encode(["ab", "c"]), atol=1e-3)
    assert letters.asked == ["ab", "c"] * 2
    kept.close()
