"""The tokenizer of the models trained here: byte-level BPE of 2,048 tokens, learned from the world's captions."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from gptsmith.models.pictures.world import captions
from gptsmith.models.pictures.world.objects import objects
from gptsmith.models.pictures.world.scene import sample_scene

TOKENS = 2048
PAD, START, END = "<pad>", "<start>", "<end>"


def build(specials: Sequence[str] = (), *, upper: bool = False, texts: int = 20_000) -> Any:
    """Return a fast tokenizer that puts START before and END behind a text; `specials` are single tokens."""
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = None if upper else normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    # END must not have the id 2, which transformers reads as "the end token is the one with the highest id".
    known = [PAD, START, *specials, "<unused>", END]
    trainer = trainers.BpeTrainer(
        vocab_size=TOKENS,
        special_tokens=known,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(texts), trainer)
    ids = [(START, tokenizer.token_to_id(START)), (END, tokenizer.token_to_id(END))]
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{START} $A {END}", special_tokens=ids)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        bos_token=START,
        eos_token=END,
        unk_token=PAD,
        additional_special_tokens=list(specials),
        model_max_length=77,
    )


def _texts(count: int) -> Iterator[str]:
    rng = random.Random(0)
    for thing in objects().values():
        yield from (f" {word}" for word in (*thing.words, thing.plural))
    for _ in range(count):
        yield rng.choice((captions.short, captions.descriptive, captions.stated))(sample_scene(rng), rng)


def words_file(folder: Path) -> None:
    """Write the names of the world's objects as `labels.txt`, one per line."""
    (folder / "labels.txt").write_text("\n".join(objects()) + "\n", encoding="utf-8")
