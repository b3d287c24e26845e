"""Encoders by name, each loaded once per process."""

from __future__ import annotations

import threading
from collections.abc import Callable

from gptsmith.errors import UsageError
from gptsmith.models.embedding.base import Embedder

_loaded: dict[str, Embedder] = {}
_lock = threading.Lock()


def _embedded(_rest: str) -> Embedder:
    from gptsmith.models.embedding.minilm import MiniLM

    return MiniLM()


def _huggingface(rest: str) -> Embedder:
    from gptsmith.models.embedding.huggingface import FolderEmbedder

    return FolderEmbedder(rest)


def _openai(rest: str) -> Embedder:
    from gptsmith.models.embedding.openai import OpenAIEmbedder

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
