"""The sentence encoder: texts to unit vectors, by the name that a spec writes under `embedding_model`."""

from __future__ import annotations

from gptsmith.models.embedding.base import Embedder
from gptsmith.models.embedding.loading import load_embedder

__all__ = ["Embedder", "load_embedder"]
