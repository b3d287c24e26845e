"""The sentence encoder: texts to unit vectors, by the name that a spec writes under `embedding_model`."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gptsmith.errors import UsageError

# What every sentence encoder can do.

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

    def token_vectors(self, texts: Sequence[str]) -> list[Vectors] | None:
        """Return the unit vectors of each text's tokens, one row a token; None for an encoder that gives none."""
        return None

    def count_tokens(self, text: str) -> int:
        """Return how many of `max_tokens` the whole text takes, special tokens included."""
        return len(self.token_spans(text)) + 2


def unit_rows(rows: Vectors) -> Vectors:
    """Return `rows` scaled to length one; a zero row stays zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-12), dtype=np.float32)


# Encoders by name, each loaded once per process.

_loaded: dict[str, Embedder] = {}
_lock = threading.Lock()


def _embedded(_rest: str) -> Embedder:
    from gptsmith.models.embedding.minilm import MiniLM

    return MiniLM()


def _huggingface(rest: str) -> Embedder:
    from gptsmith.models.embedding.elsewhere import FolderEmbedder

    return FolderEmbedder(rest)


def _openai(rest: str) -> Embedder:
    from gptsmith.models.embedding.elsewhere import OpenAIEmbedder

    return OpenAIEmbedder(rest)


_PROVIDERS: dict[str, Callable[[str], Embedder]] = {
    "embedded": _embedded,
    "huggingface": _huggingface,
    "openai": _openai,
}


def load_embedder(name: str = "embedded") -> Embedder:
    """Return the encoder called `name`, the same object for the same name.

    `embedded`, `huggingface:<folder>` or `openai:<model>`. Raises UsageError for another name and NotReadyError when
    its package, weights or key are missing.
    """
    provider, _, rest = name.partition(":")
    if provider not in _PROVIDERS or (provider == "embedded") != (not rest):
        raise UsageError(
            f"unknown embedding model {name[:80]!r}",
            code="unknown_model",
            hint="use embedded, huggingface:<folder> or openai:<model>",
        )
    with _lock:
        if name not in _loaded:
            _loaded[name] = _PROVIDERS[provider](rest)
        return _loaded[name]


__all__ = ["Embedder", "load_embedder"]
