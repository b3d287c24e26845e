"""The text that a generator reads: the frozen sentence encoder's token states, as a diffusers pipeline gives them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

MAX_TOKENS = 64


def load_text_encoder(dtype: torch.dtype = torch.float32) -> tuple[Any, Any]:
    """Return the sentence encoder as (BertModel, tokenizer) in the form that StableDiffusionPipeline takes."""
    from transformers import BertModel, BertTokenizerFast

    from gptsmith.models.embedding.minilm import weights_folder

    folder = weights_folder()
    encoder = BertModel.from_pretrained(folder, add_pooling_layer=False, dtype=dtype, use_safetensors=True).eval()
    encoder.config.use_attention_mask = True  # else the pipeline lets it attend to the padding
    tokenizer = BertTokenizerFast.from_pretrained(folder)
    tokenizer.model_max_length = MAX_TOKENS
    return encoder.requires_grad_(False), tokenizer


class TextTokens:
    """Token states (captions, 64, 384) in bfloat16, padded as the pipeline pads them."""

    def __init__(self, device: torch.device) -> None:
        self._encoder, self._tokenizer = load_text_encoder(torch.bfloat16)
        self._encoder = self._encoder.to(device)
        self._device = device

    @torch.no_grad()
    def __call__(self, captions: Sequence[str]) -> Tensor:
        tokens = self._tokenizer(
            list(captions), padding="max_length", max_length=MAX_TOKENS, truncation=True, return_tensors="pt"
        ).to(self._device)
        states: Tensor = self._encoder(tokens.input_ids, attention_mask=tokens.attention_mask).last_hidden_state
        return states
