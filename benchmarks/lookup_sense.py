"""Learn which messages want the files, and measure it on sets left out: `python -m benchmarks.lookup_sense [--write]`.

`tests/data/lookup_messages.jsonl` has messages that ask for the files, talk, or ask about the world at large, by the
assistant to whom they are said; what may be said to anybody is paired with several assistants. The messages of
`embedded_intents` that want a search or no tool are learned from too. Without `--write` each of their sets is left out
in turn, and the lookups lost are printed against the vain searches; with it the head is learned from all and written
beside `lookup_sense.py`. A minute of one core.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.embedded_intents import DATA, load
from gptsmith.models.chat.embedded.lookups import KINDS, WEIGHTS, features, is_wide

MESSAGES = DATA / "lookup_messages.jsonl"
DECAY, RARE, PAIRED = 1e-3, 3, 3
"""The weight decay of the head; how often a word has to be there to count; to how many assistants a message is said."""
HELD_OUT = tuple(f"intents_{n}_hand" for n in ("sixth", "seventh", "eighth", "ninth", "tenth"))
"""Sets of `embedded_intents` that are never learned from."""
LEASTS = (0.1, 0.2, 0.3, 0.4, 0.5)
HELPER = "Helper: A friendly assistant."
WAYS = (
    "Looks things up in the assistant's files: {}. The query is a few words or a question.",
    "Searches {}.",
    "Looks up in the files: {}.",
)
UNTOLD = ("Looks things up in the assistant's files. The query is a few words or a question.", "Searches the files.")


@dataclass(frozen=True)
class Example:
    """A message said to an assistant: `kind` is one of `KINDS`, or idle for talk or the world."""

    group: str
    text: str
    kind: str
    search: str
    role: str
    weight: float = 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="learn from all sets and write the head")
    options = parser.parse_args()
    known = [*exemplars(), *of_sets()]
    seen = [features(e.text, [e.search], e.role) for e in known]
    if options.write:
        write(*learn(known, seen))
        return
    chances: list[tuple[str, float]] = []
    for group in sorted({e.group for e in known} - {"exemplars"}):
        inside = [n for n, e in enumerate(known) if e.group != group]
        outside = [n for n, e in enumerate(known) if e.group == group]
        weight, bias, words = learn([known[n] for n in inside], [seen[n] for n in inside])
        odds = np.exp(rows([seen[n] for n in outside], words) @ weight + bias)
        told = (odds / odds.sum(1, keepdims=True))[:, 0].tolist()
        report(group, part := [(known[n].kind, chance) for n, chance in zip(outside, told, strict=True)])
        chances += part
    report("all", chances)


def report(group: str, chances: list[tuple[str, float]]) -> None:
    """Print for some thresholds the share of lookups lost and of messages searched for in vain."""
    want = np.array([chance for kind, chance in chances if kind == "files"])
    idle = np.array([chance for kind, chance in chances if kind != "files"])
    curve = [f"{least}: {(want < least).mean():.3f} / {(idle >= least).mean():.3f}" for least in LEASTS]
    print(f"{group}: {len(want)} lookups, {len(idle)} others, lost / in vain from {', '.join(curve)}", flush=True)


def exemplars() -> Iterator[Example]:
    """Yield the messages of the file, each with one or more assistants."""
    rng = random.Random(7)
    messages = [json.loads(line) for line in MESSAGES.read_text("utf-8").splitlines()]
    about = list(dict.fromkeys((m["assistant"], m["files"]) for m in messages if "assistant" in m))
    for m in messages:
        if "assistant" in m:
            yield from _said_to_one(m, about, rng)
        else:
            yield from _said_to_many(m, about, rng)


def _said_to_one(m: dict[str, Any], about: list[tuple[str, str]], rng: random.Random) -> Iterator[Example]:
    """Yield the message for its assistant, for one that only names its files, and for ones that name only the other."""
    role, files = m["assistant"], m["files"]
    yield _example(m, role, files, rng)
    if role.startswith("Helper"):
        return
    yield _example(m, HELPER, files, rng)
    yield _example(m, role, "", rng, weight=0.5)
    if not _is_lesson(files):
        yield _example(m, HELPER, "", rng, weight=0.5)
    elif m["kind"] == "files":  # what a teacher's files hold is the world at large to all others
        for other, others in rng.sample([a for a in about if a[1] and not _is_lesson(a[1])], 2):
            yield _example(m, rng.choice([other, HELPER]), others, rng, kind="world", weight=0.5)


def _said_to_many(m: dict[str, Any], about: list[tuple[str, str]], rng: random.Random) -> Iterator[Example]:
    """Yield the message for some assistants; a question about the world is one for the files that know it."""
    if m["kind"] != "world":
        for role, files in rng.sample(about, PAIRED):
            yield _example(m, rng.choice([role, HELPER]), files, rng, weight=0.7)
        return
    knowing = [a for a in about if a[0].partition(".")[0] in m.get("known_by", ())]
    for role, files in knowing:
        yield _example(m, rng.choice([role, HELPER]), files, rng, kind="files", weight=0.7)
    others = [a for a in about if a not in knowing and not (a[0].startswith("Helper") or is_wide([a[1]], a[0]))]
    for role, files in rng.sample(others, PAIRED):
        yield _example(m, rng.choice([role, HELPER]), files, rng, weight=0.7)
    yield _example(m, HELPER, "", rng, weight=0.7)


def _is_lesson(files: str) -> bool:
    return files.startswith(
        ("lecture notes", "a course", "pages about", "country profiles", "a textbook", "school books")
    )


def _example(
    m: dict[str, Any], role: str, files: str, rng: random.Random, *, kind: str = "", weight: float = 1.0
) -> Example:
    search = rng.choice(WAYS).format(files) if files else rng.choice(UNTOLD)
    return Example("exemplars", m["message"], kind or m["kind"], search, role, weight)


def of_sets() -> Iterator[Example]:
    """Yield the messages of the sets of `embedded_intents` that want a search or no tool, where one can be made."""
    for file in sorted(f for f in DATA.glob("intents*.jsonl") if f.stem not in HELD_OUT):
        rows, tools = load(file.name)
        for row in rows:
            asked = [t["function"] for t in tools[row["tools"]] if "query" in t["function"]["parameters"]["properties"]]
            if asked and row["intent"] in ("lookup", "none"):
                kind = "files" if row["intent"] == "lookup" else "idle"
                yield Example(file.stem, row["message"], kind, asked[0]["description"], HELPER)


def learn(known: list[Example], seen: list[tuple[Any, set[str]]]) -> tuple[Any, Any, list[str]]:
    """Return weight, bias and words of the head that fits the examples: softmax regression."""
    import torch

    counted = Counter(
        word for said in {e.text: words for e, (_, words) in zip(known, seen, strict=True)}.values() for word in said
    )
    words = sorted(word for word, many in counted.items() if many >= RARE)
    x = torch.from_numpy(rows(seen, words))
    fits = torch.tensor([[e.kind == kind or (e.kind == "idle" and kind != "files") for kind in KINDS] for e in known])
    weigh = torch.tensor([e.weight for e in known])
    weight, bias = torch.zeros(x.shape[1], len(KINDS), requires_grad=True), torch.zeros(len(KINDS), requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        chances = torch.log_softmax(x @ weight + bias, 1).masked_fill(~fits, -torch.inf)
        loss = -(chances.logsumexp(1) * weigh).sum() / weigh.sum() + DECAY / 2 * weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return weight.detach().numpy(), bias.detach().numpy(), words


def rows(seen: list[tuple[Any, set[str]]], words: list[str]) -> Any:
    """Return the rows that the head sees, (examples, features)."""
    place = {word: n for n, word in enumerate(words)}
    out = np.zeros((len(seen), len(seen[0][0]) + len(words)), np.float32)
    for n, (dense, said) in enumerate(seen):
        out[n, : len(dense)] = dense
        out[n, [len(dense) + place[word] for word in said if word in place]] = 1
    return out


def write(weight: Any, bias: Any, words: list[str]) -> None:
    """Write the head in half precision."""
    from safetensors.numpy import save_file

    tensors = {"weight": weight.astype(np.float16), "bias": bias.astype(np.float16)}
    save_file(tensors, WEIGHTS, {"words": json.dumps(words, ensure_ascii=False)})
    print(f"{WEIGHTS.name}: {len(words)} words, {WEIGHTS.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
