"""Learn what clauses ask for, and measure it on sets left out: `python -m benchmarks.edit_sense [--write]`.

`tests/data/edit_clauses.jsonl` has the clauses of the known commands and exemplars beside them, each with the kind of
change that it asks for. Without `--write` each set that strangers wrote is left out in turn and measured; with it the
head is learned from all and written beside `edits/sense.py`. Half a minute of one core.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.edit_commands import COMMANDS, asked, copied
from gptsmith.agent.builder.composing.commands import HASH, WEIGHTS, features
from gptsmith.agent.builder.composing.subject import CommandSubject, subject_of

CLAUSES = COMMANDS.with_name("edit_clauses.jsonl")
DECAY, RARE = 1e-3, 3
"""The weight decay of the head; how often a word has to be there to count."""


@dataclass(frozen=True)
class Example:
    """A clause of a set with the kind of change that it asks for."""

    group: str
    text: str
    kind: str
    subject: CommandSubject


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="learn from all sets and write the head")
    options = parser.parse_args()
    known = list(examples())
    seen = [features(example.text, example.subject) for example in known]
    if options.write:
        write(*learn(known, seen))
        return
    for group in sorted({e.group for e in known if e.group.endswith("hand") or e.group == "fresh"}):
        inside = [n for n, e in enumerate(known) if e.group != group]
        outside = [n for n, e in enumerate(known) if e.group == group]
        weight, bias, kinds, words = learn([known[n] for n in inside], [seen[n] for n in inside])
        told = (rows([seen[n] for n in outside], words) @ weight + bias).argmax(1)
        right = [kinds[k] == known[n].kind for k, n in zip(told, outside, strict=True)]
        print(f"{group}: {len(right)} clauses, kind right {sum(right) / len(right):.2f}", flush=True)


def examples() -> Iterator[Example]:
    """Yield the clauses of the file."""
    subjects: dict[str, CommandSubject] = {}
    for row in map(json.loads, CLAUSES.read_text("utf-8").splitlines()):
        if row["spec"] not in subjects:
            with tempfile.TemporaryDirectory() as folder:
                request = asked({"message": "?"}, copied(row["spec"], Path(folder)))
            subjects[row["spec"]] = subject_of(request)
        yield Example(row["group"], row["text"], row["kind"], subjects[row["spec"]])


def learn(known: list[Example], seen: list[tuple[Any, set[str]]]) -> tuple[Any, Any, list[str], list[str]]:
    """Return weight, bias, kinds and words of the head that fits the examples: softmax regression, in one piece."""
    import torch

    counted = Counter(word for _, words in seen for word in words)
    words = sorted(word for word, many in counted.items() if many >= RARE)
    kinds = sorted({e.kind for e in known})
    place = {word: n for n, word in enumerate(words)}
    dense = torch.from_numpy(np.stack([row for row, _ in seen]))
    said = [[place[word] for word in sorted(has) if word in place] for _, has in seen]
    inside = torch.tensor([n for row in said for n in row])  # the words of all examples, one behind the other
    starts = torch.tensor([0, *np.cumsum([len(row) for row in said])[:-1].tolist()])
    y = torch.tensor([kinds.index(e.kind) for e in known])
    upper = torch.zeros(dense.shape[1], len(kinds), requires_grad=True)
    lower = torch.zeros(len(words), len(kinds), requires_grad=True)
    bias = torch.zeros(len(kinds), requires_grad=True)
    optimizer = torch.optim.LBFGS([upper, lower, bias], max_iter=120, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        by_words = torch.nn.functional.embedding_bag(inside, lower, starts, mode="sum")
        loss = torch.nn.functional.cross_entropy(dense @ upper + by_words + bias, y)
        loss = loss + DECAY / 2 * (upper.square().sum() + lower.square().sum())
        loss.backward()
        return loss

    optimizer.step(closure)
    return torch.cat([upper, lower]).detach().numpy(), bias.detach().numpy(), kinds, words


def rows(seen: list[tuple[Any, set[str]]], words: list[str]) -> Any:
    """Return the rows that the head sees, (examples, features)."""
    return np.stack(
        [np.concatenate([dense, [float(w in said) for w in words]]).astype(np.float32) for dense, said in seen]
    )


def write(weight: Any, bias: Any, kinds: list[str], words: list[str]) -> None:
    """Write the head in half precision, which changes no probability by a thousandth."""
    from safetensors.numpy import save_file

    about = {"kinds": json.dumps(kinds), "words": json.dumps(words, ensure_ascii=False)}
    save_file({"weight": weight.astype(np.float16), "bias": bias.astype(np.float16)}, WEIGHTS, about)
    HASH.write_text(f"{hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()}  {WEIGHTS.name}\n", "utf-8")
    print(f"{WEIGHTS.name}: {len(kinds)} kinds, {len(words)} words, {WEIGHTS.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
