"""The embedded caption writer: a small GPT-2-form decoder, and the form in which it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gptsmith.models.pictures.weights import quiet

EARLIER, REQUEST, CAPTION, END, PADDING = "<|earlier|>", "<|request|>", "<|caption|>", "<|end|>", "<|padding|>"
CONTEXT = 256  # tokens, the caption before and the one to write included


def prompt(earlier: str, request: str) -> str:
    """Return what stands before a caption. Requests are read in lower case."""
    return f"{EARLIER}{earlier}{REQUEST}{request.lower()}{CAPTION}"


@dataclass(frozen=True)
class Sampling:
    """How the decoder chooses words: temperature 0 takes the likeliest; `top_k` before `top_p`, both after it."""

    temperature: float = 0.6
    top_k: int = 0
    top_p: float = 0.95


class Decoder:
    """The trained decoder: from a caption before, if any, and a request to a new caption."""

    def __init__(self, folder: Path) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        with quiet():
            self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self._model: Any = AutoModelForCausalLM.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
            ).eval()

    def write(self, before: str, request: str, sampling: Sampling, many: int, seed: int = 0) -> list[str]:
        """Return `many` captions; the same seed gives the same ones. At temperature 0 there is one, the likeliest."""
        import torch

        ids = self._tokenizer.encode(prompt(before, request), add_special_tokens=False)[-CONTEXT // 2 :]
        how: dict[str, Any] = {"do_sample": False, "num_return_sequences": 1}
        if sampling.temperature > 0:
            how = {
                "do_sample": True,
                "num_return_sequences": many,
                "temperature": sampling.temperature,
                "top_k": sampling.top_k,
                "top_p": sampling.top_p,
            }
        with torch.random.fork_rng(devices=[]), torch.inference_mode(), quiet():
            torch.manual_seed(seed)
            given = torch.tensor([ids])
            out = self._model.generate(
                given, attention_mask=torch.ones_like(given), max_new_tokens=CONTEXT - len(ids), **how
            )
        return [
            str(text).strip() for text in self._tokenizer.batch_decode(out[:, len(ids) :], skip_special_tokens=True)
        ]
