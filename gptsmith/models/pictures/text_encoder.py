"""The text encoder of the embedded generator: the frozen sentence encoder, in the form that a pipeline takes."""

from __future__ import annotations

from typing import Any

import torch

MAX_TOKENS = 64  # of a caption; training pads to it as the pipeline does


def load_text_encoder(dtype: torch.dtype = torch.float32) -> tuple[Any, Any]:
    """Return the sentence encoder as (BertModel, tokenizer); its 90 MB are not copied into the generator's folder."""
    from transformers import AutoTokenizer, BertModel

    from gptsmith.models.embedding.minilm import weights_folder

    folder = str(weights_folder())
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, model_max_length=MAX_TOKENS)
    encoder = BertModel.from_pretrained(
        folder, local_files_only=True, use_safetensors=True, add_pooling_layer=False, dtype=dtype
    )
    encoder.config.use_attention_mask = True  # else the pipeline lets it attend to the padding
    return encoder.eval().requires_grad_(False), tokenizer
