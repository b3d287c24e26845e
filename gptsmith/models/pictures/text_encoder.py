"""The text encoder of the embedded generator: the frozen sentence encoder, in the form that a pipeline takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, BertModel
from transformers.modeling_outputs import BaseModelOutput

from gptsmith.models.embedding.minilm import weights_folder
from gptsmith.models.pictures.looks import FILE, Looks

MAX_TOKENS = 64  # of a caption; training pads to it as the pipeline does


class CaptionEncoder(BertModel):  # type: ignore[misc]
    """The sentence encoder's states of a caption's tokens, and behind them how the things look that it names."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.looks: Looks | None = None
        self.tokenizer: Any = None

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None) -> BaseModelOutput:
        """Return states of token numbers (captions, 64): (captions, 64 and the looks' tokens, 384)."""
        input_ids = input_ids[:, :MAX_TOKENS]  # the pipeline pads the negative caption to as many as came of the other
        if attention_mask is not None:
            attention_mask = attention_mask[:, :MAX_TOKENS]
        states = super().forward(input_ids, attention_mask=attention_mask).last_hidden_state
        if self.looks is not None:
            captions = self.tokenizer.batch_decode(input_ids, skip_special_tokens=True)
            states = torch.cat([states, self.looks(captions).to(states)], dim=1)
        return BaseModelOutput(last_hidden_state=states)


def load_text_encoder(dtype: torch.dtype = torch.float32, folder: Path | None = None) -> tuple[CaptionEncoder, Any]:
    """Return the sentence encoder as (model, tokenizer); its 90 MB are not copied into the generator's `folder`, which
    may hold the looks of things."""
    own = str(weights_folder())
    tokenizer = AutoTokenizer.from_pretrained(own, local_files_only=True, model_max_length=MAX_TOKENS)
    encoder = CaptionEncoder.from_pretrained(
        own, local_files_only=True, use_safetensors=True, add_pooling_layer=False, dtype=dtype
    )
    encoder.config.use_attention_mask = True  # else the pipeline lets it attend to the padding
    if folder is not None and (folder / FILE).is_file():
        encoder.looks, encoder.tokenizer = Looks.load(folder), tokenizer
    return encoder.eval().requires_grad_(False), tokenizer
