"""A sentence encoder on OpenAI's embeddings endpoint, or a compatible one. Text leaves the machine."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from gptsmith.errors import NotReadyError, ProviderError
from gptsmith.models.embedding.base import Embedder, Vectors, unit_rows


class OpenAIEmbedder(Embedder):
    """The hosted embedding model called `model`. Reads OPENAI_API_KEY and OPENAI_BASE_URL when made."""

    max_tokens = 8191

    def __init__(self, model: str) -> None:
        if not os.environ.get("OPENAI_API_KEY"):
            raise NotReadyError(f"openai:{model[:80]} needs a key", code="missing_variable", hint="set OPENAI_API_KEY")
        from langchain_openai import OpenAIEmbeddings

        # The texts are sent as they are: counting tokens would fetch a vocabulary file from the network.
        self._client = OpenAIEmbeddings(
            model=model, check_embedding_ctx_length=False, request_timeout=60, max_retries=2, chunk_size=256
        )
        self.name = f"openai:{model}"
        self.dimensions = self.encode(["dimensions"]).shape[1]

    def encode(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        from openai import APITimeoutError, AuthenticationError, OpenAIError, RateLimitError

        try:
            rows = self._client.embed_documents([t or " " for t in texts])
        except OpenAIError as error:
            codes = {APITimeoutError: "timeout", AuthenticationError: "unauthorized", RateLimitError: "rate_limited"}
            code = next((c for kind, c in codes.items() if isinstance(error, kind)), "unavailable")
            raise ProviderError(f"{self.name} did not embed the texts ({code})", code=code) from error
        return unit_rows(np.asarray(rows, dtype=np.float32))

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        # Their vocabulary is not on this machine; pieces of four characters are the provider's own rule of thumb.
        return [(i, min(i + 4, len(text))) for i in range(0, len(text), 4)]
