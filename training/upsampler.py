"""The training of the embedded caption upsampler: a small GPT-2-form decoder on pairs of the world's grammar.

Captions for short requests: Betker et al. 2023 (DALL-E 3), section 3.3. The decoder: Radford et al. 2019.

python -m training.upsampler --out runs/out/upsampler
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional as F

from gptsmith.models.pictures.captioner_training import TrainingRun, device
from gptsmith.tools.drawing.embedded_upsampler import CAPTION, CONTEXT, EARLIER, END, PADDING, REQUEST, prompt
from training.world.pairs import CaptionPair, sample_pair

_VOCABULARY = 2048
_UNTAUGHT = -100


def make_tokenizer(pairs: int = 20_000) -> Any:
    """Return a byte-level BPE tokenizer of at most 2,048 tokens, learned from the grammar's own pairs."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY,
        special_tokens=[PADDING, END, EARLIER, REQUEST, CAPTION],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(pairs), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=PADDING, eos_token=END, model_max_length=CONTEXT
    )


def _texts(pairs: int) -> Iterator[str]:
    rng = random.Random("tokenizer")
    for _ in range(pairs):
        pair = sample_pair(rng)
        yield from (pair.request, pair.caption)


def build(vocabulary: int, width: int = 192, layers: int = 4) -> Any:
    """Return an untrained decoder; with the defaults 2.2 million parameters."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=vocabulary,
        n_positions=CONTEXT,
        n_embd=width,
        n_layer=layers,
        n_head=6,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=None,
        eos_token_id=1,
        pad_token_id=0,
    )
    return GPT2LMHeadModel(config)


def batch_of(tokenizer: Any, pairs: list[CaptionPair]) -> tuple[Tensor, Tensor]:
    """Return token ids and labels, (pairs, longest); only the tokens of the captions are taught."""
    rows, labels = [], []
    for pair in pairs:
        before = tokenizer.encode(prompt(pair.earlier, pair.request), add_special_tokens=False)
        after = tokenizer.encode(f"{pair.caption}{END}", add_special_tokens=False)
        rows.append((before + after)[:CONTEXT])
        labels.append(([_UNTAUGHT] * len(before) + after)[:CONTEXT])
    longest = max(map(len, rows))
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    return ids, torch.tensor([row + [_UNTAUGHT] * (longest - len(row)) for row in labels])


def train(out: Path, *, steps: int, batch: int, lr: float, seed: int, width: int = 192, layers: int = 4) -> TrainingRun:
    """Train in `out`; save model and tokenizer in `out/model`."""
    torch.manual_seed(seed)
    where, tokenizer = device(), make_tokenizer(20_000 if steps > 1000 else 500)
    model = build(len(tokenizer), width, layers)
    config = {
        "lr": lr,
        "steps": steps,
        "batch": batch,
        "seed": seed,
        "width": width,
        "layers": layers,
        "warmup": min(200, steps // 20),
    }
    run = TrainingRun(out, model.to(where), config, ema=0.998)

    def one(step: int) -> tuple[Tensor, int, dict[str, float]]:
        rng = random.Random(f"{seed} {step}")
        ids, labels = batch_of(tokenizer, [sample_pair(rng) for _ in range(batch)])
        # the passes run in bfloat16 on copies of the float32 weights, which are what the optimizer moves
        weights = {name: p.to(torch.bfloat16) for name, p in model.named_parameters()}
        logits = (
            functional_call(model, weights, (ids.to(where), None, (ids > 0).to(where)), tie_weights=True)
            .logits[:, :-1]
            .float()
        )
        loss = F.cross_entropy(logits.flatten(0, 1), labels[:, 1:].flatten().to(where), ignore_index=_UNTAUGHT)
        return loss, batch, {}

    run.train(one, steps)
    run.use_average()
    model.eval().half().save_pretrained(out / "model")
    tokenizer.save_pretrained(out / "model")
    return run


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    train(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
