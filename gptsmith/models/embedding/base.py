"""What every sentence encoder can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Embedder(ABC):
    """A sentence encoder. Safe to share between threads.

    `name` and `dimensions` are stored beside an index, so that a change of encoder is seen; text beyond `max_tokens`
    does not reach the vector.
    """

    name: str
    dimensions: int
    max_tokens: int

    @abstractmethod
    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text: float32 of shape (n, dimensions); (0, dimensions) for no texts."""

    @abstractmethod
    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Return the character offsets `(start, end)` of each token of `text`, without special tokens or a limit."""

    def count_tokens(self, text: str) -> int:
        """Return how many of `max_tokens` the whole text takes, special tokens included."""
        return len(self.token_spans(text)) + 2


def unit_rows(rows: Vectors) -> Vectors:
    """Return `rows` scaled to length one; a zero row stays zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-12), dtype=np.float32)
