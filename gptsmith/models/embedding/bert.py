"""The forward pass of a BERT encoder, written out: no model class, no padding beyond the batch, no classifier heads.

Transformers' `BertModel` gives the same numbers; this form starts faster, since nothing of transformers is imported.
Architecture: Devlin et al. 2018, https://arxiv.org/abs/1810.04805.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional as F


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
        """Return the mean of the last hidden states over real tokens.

        `ids` (batch, length) int64, `mask` (batch, length) bool, True at real tokens; returns float32 (batch, width).
        """
        h = F.embedding(ids, self.words) + self.positions[: ids.shape[1]]
        h = F.layer_norm(h, (self.width,), *self.norm, self.epsilon)
        attend = None if bool(mask.all()) else mask[:, None, None, :]
        for layer in self.layers:
            h = self._block(layer, h, attend)
        weights = mask[:, :, None].float()
        return (h.float() * weights).sum(1) / weights.sum(1)

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
