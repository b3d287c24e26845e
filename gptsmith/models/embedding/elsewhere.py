"""Sentence encoders that do not come with gptsmith: a local transformers folder, or an endpoint."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from gptsmith.errors import NotReadyError, ProviderError
from gptsmith.models.embedding import Embedder, Vectors, unit_rows

# A sentence encoder from a local transformers folder: mean pooling over the last hidden states.

_BATCH = 16


class FolderEmbedder(Embedder):
    """The encoder in `folder` (config.json, tokenizer.json, safetensors). No code of the folder is run."""

    def __init__(self, folder: str) -> None:
        from transformers import AutoModel, AutoTokenizer

        path = Path(folder).expanduser()
        if not (path / "config.json").is_file():
            raise NotReadyError(
                f"no embedding model in {folder[:200]}",
                code="missing_model",
                hint="name a folder that holds config.json, tokenizer.json and model.safetensors",
            )
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(str(path), use_fast=True, local_files_only=True)
            self._model = AutoModel.from_pretrained(str(path), local_files_only=True, use_safetensors=True).eval()
        except (OSError, ValueError, KeyError) as error:  # what transformers raises for a broken or foreign folder
            raise NotReadyError(
                f"the embedding model in {folder[:200]} cannot be loaded",
                code="missing_model",
                hint="it needs config.json, tokenizer.json and model.safetensors of a transformers encoder",
            ) from error
        self.name = f"huggingface:{folder}"
        self.dimensions = int(self._model.config.hidden_size)
        limit = int(getattr(self._model.config, "max_position_embeddings", 512) or 512)
        self.max_tokens = min(limit, int(self._tokenizer.model_max_length), 512)

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for batch, hidden, mask in self._hidden(texts):
            rows[batch] = (hidden * mask[:, :, None]).sum(1) / mask[:, :, None].sum(1)
        return unit_rows(rows)

    def token_vectors(self, texts: Sequence[str]) -> list[Vectors]:
        found: list[Vectors] = [np.zeros((0, self.dimensions), dtype=np.float32)] * len(texts)
        for batch, hidden, mask in self._hidden(texts):
            for row, i in enumerate(batch):
                found[i] = unit_rows(hidden[row][mask[row] > 0][1:-1])
        return found

    def _hidden(self, texts: Sequence[str]) -> Iterator[tuple[list[int], Vectors, Vectors]]:
        """Yield batches: the places of their texts, the last hidden states, and 1 for each real token."""
        import torch

        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            tokens = self._tokenizer(
                [texts[i] for i in batch],
                truncation=True,
                max_length=self.max_tokens,
                padding=True,
                return_tensors="pt",
            )
            with torch.inference_mode():
                hidden = self._model(**tokens).last_hidden_state.float()
            yield batch, hidden.numpy(), tokens["attention_mask"].float().numpy()

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        tokens = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        return [(int(a), int(b)) for a, b in tokens["offset_mapping"]]


# A sentence encoder on OpenAI's embeddings endpoint, or a compatible one. Text leaves the machine.


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
