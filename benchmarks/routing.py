"""Learn which tool a message wants, and measure it on sets left out: `python -m benchmarks.routing [--write]`.

`embedded_intents` has the messages with their tools; `tests/data/turn_messages.jsonl` more of every kind, said to
several assistants, and `lookup_messages.jsonl` what is asked of files and what is talk. Without `--write` each set of
another hand is left out in turn; with it the head is learned from all but `HELD_OUT` and written beside `routing.py`.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from benchmarks.embedded_intents import DATA, load
from benchmarks.lookup_sense import HELD_OUT, UNTOLD, exemplars
from gptsmith.models.chat.embedded.conversation import Role
from gptsmith.models.chat.embedded.routing import KINDS, LEAST, TRAITS, WEIGHTS, Scene, Seen, look_at, padded
from gptsmith.models.chat.embedded.toolbox import Tool, read_tools

DECAY, TRAIT_DECAY, RARE = 1e-3, 3e-4, 3
"""The weight decay of the head; how often a word has to be there to count."""
Came = Literal["", "attached", "earlier", "drawn"]
CAME: dict[str, Came] = {
    "attach": "attached",
    "pic": "earlier",
    "drawn": "drawn",
}
ROLES = {
    "helper": Role("Helper", "A friendly assistant."),
    "painter": Role("Brush", "Paints pictures of whatever you name."),
    "teller": Role("Tale", "Paints one picture for each story, of its best moment, and changes it."),
    "photo": Role("Lens", "Describes the photos that you send."),
    "cook": Role("Pan", "Finds recipes for every evening."),
}
OF_ONE_TRADE = 2.5
"""How much a message counts that is said to one of the others than the helper: few were written, and few are needed."""
TUTOR = "Quill: A tutor for all of school."
OF_KIND = {"draw": "draw", "change": "draw", "look": "look", "search": "search", "call": "other"}


@dataclass(frozen=True)
class Example:
    """A message as the head sees it; `right` tells of each option whether it is wanted."""

    group: str
    text: str
    seen: Seen
    right: tuple[bool, ...]
    weight: float = 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="learn from all sets and write the head")
    options = parser.parse_args()
    known = [*of_sets(), *of_messages(), *of_lookups()]
    learned = [e for e in known if e.group not in HELD_OUT]
    if options.write:
        write(*learn(learned))
        return
    for group in sorted({e.group for e in known if e.group.endswith("hand")}):
        inside = [e for e in learned if e.group != group]
        report(group, [e for e in known if e.group == group], *learn(inside))


def of_sets() -> Iterator[Example]:
    """Yield the messages of `embedded_intents`."""
    for file in sorted(DATA.glob("intents*.jsonl")):
        rows, tools = load(file.name)
        for row in rows:
            seen = look_at(
                row["message"], Scene(ROLES["helper"], CAME.get(row["context"], "")), read_tools(tools[row["tools"]])
            )
            right = tuple(_is_right(row, o.kind, o.tool) for o in seen.options)
            if any(right):
                yield Example(file.stem, row["message"], seen, right)


def _is_right(row: dict[str, Any], kind: str, tool: Tool | None) -> bool:
    if tool is None or row["intent"] == "none":
        return tool is None and row["intent"] == "none"
    if (kind == "change") != (row["intent"] == "change"):
        return False
    if row["tool"]:
        return bool(tool.name == row["tool"])
    return row.get("asks_for") in (tool.name, *(p.name for p in tool.params))


def boxes() -> list[list[Tool]]:
    """Return the sets of tools that may be learned from."""
    found = {}
    for file in sorted(f for f in DATA.glob("intents*.jsonl") if f.stem not in HELD_OUT):
        rows, tools = load(file.name)
        found |= {r["tools"]: read_tools(tools[r["tools"]]) for r in rows}
    return [found[name] for name in sorted(found)]


def of_messages() -> Iterator[Example]:
    """Yield the messages that were written for the head, each with two sets of tools."""
    rng = random.Random(5)
    every = boxes()
    for line in (DATA / "turn_messages.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        for _ in range(2):
            tools = _tools_for(row, every, rng)
            seen = look_at(row["message"], Scene(ROLES[row["role"]], CAME.get(row["context"], "")), tools)
            wanted = row.get("tool")
            right = tuple(
                o.kind == row["kind"] and (not wanted or (o.tool is not None and o.tool.name == wanted))
                for o in seen.options
            )
            if any(right):
                weight = 1.0 if row["role"] == "helper" else OF_ONE_TRADE
                yield Example("messages", row["message"], seen, right, weight)
    yield from of_names(every)


def of_names(every: list[list[Tool]]) -> Iterator[Example]:
    """Yield what is only named to a painter that searches files, too: there it is neither drawn nor looked for."""
    rng = random.Random(9)
    both = [[t for t in box if t.kind in ("draw", "search")] for box in every]
    both = [box for box in both if {t.kind for t in box} == {"draw", "search"}]
    for line in (DATA / "turn_messages.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        told = re.search(r"\b(?:draw|paint|sketch|illustrat|picture|image|portrait)", row["message"], re.IGNORECASE)
        if (row["role"], row["kind"], row["context"]) == ("painter", "draw", "fresh") and not told:
            seen = look_at(row["message"], Scene(ROLES["painter"]), rng.choice(both))
            yield Example("messages", row["message"], seen, tuple(o.kind == "none" for o in seen.options), OF_ONE_TRADE)


def _tools_for(row: dict[str, Any], every: list[list[Tool]], rng: random.Random) -> list[Tool]:
    """Return a set of tools that has what the message wants; a painter only draws, one for photos only looks."""
    if row["role"] not in ("helper", "tutor"):
        kind = "look" if row["role"] == "photo" else "draw"
        return [next(t for t in rng.sample([t for b in every for t in b], 200) if t.kind == kind)]
    if row.get("tool"):
        return rng.choice([b for b in every if any(t.name == row["tool"] for t in b)])
    kind = OF_KIND.get(row["kind"], "")
    box = rng.choice([b for b in every if not kind or any(t.kind == kind for t in b)])
    return [t for t in box if t.kind == kind or rng.random() < 0.8]


def of_lookups() -> Iterator[Example]:
    """Yield what is asked of files and what is not, beside tools of other sets."""
    rng = random.Random(3)
    every = boxes()
    taught = [
        replace(e, kind="files", role=TUTOR, search=UNTOLD[0], weight=0.5) for e in exemplars() if e.kind == "world"
    ]
    for e in [*exemplars(), *rng.sample(taught, 150)]:
        parameters = {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}
        search = read_tools([{"name": "search_files", "description": e.search, "parameters": parameters}])
        beside = [t for t in rng.choice(every) if t.kind != "search" and rng.random() < 0.6]
        name, *about = re.split(r"[.:] ", e.role, maxsplit=1)
        came: Came = "drawn" if rng.random() < 0.1 else ""
        seen = look_at(e.text, Scene(Role(name, "".join(about)), came), [*search, *beside])
        wanted = "search" if e.kind == "files" else "none"
        yield Example("lookups", e.text, seen, tuple(o.kind == wanted for o in seen.options), e.weight / 2)


def arrays(known: list[Example], words: list[str]) -> tuple[Any, ...]:
    """Return rows (examples, features), and of the options kinds, traits, which are there, right."""
    import torch

    place = {word: n for n, word in enumerate(words)}
    wide = len(known[0].seen.row)
    most = max(len(e.seen.options) for e in known)
    rows = np.zeros((len(known), wide + len(words)), np.float32)
    kinds = np.zeros((len(known), most), np.int64)
    traits = np.zeros((len(known), most, len(KINDS) * TRAITS), np.float32)
    there, right = np.zeros((2, len(known), most), bool)
    for n, e in enumerate(known):
        rows[n, :wide] = e.seen.row
        rows[n, [wide + place[word] for word in e.seen.words if word in place]] = 1
        for m, option in enumerate(e.seen.options):
            kinds[n, m] = kind = KINDS.index(option.kind)
            traits[n, m, kind * TRAITS : (kind + 1) * TRAITS] = padded(option)
            there[n, m], right[n, m] = True, e.right[m]
    return tuple(torch.from_numpy(a) for a in (rows, kinds, traits, there, right))


def learn(known: list[Example]) -> tuple[Any, Any, list[str]]:
    """Return the weights of the rows and of the traits, and the words."""
    import torch

    counted = Counter(word for said in {e.text: e.seen.words for e in known}.values() for word in said)
    words = sorted(word for word, many in counted.items() if many >= RARE)
    rows, kinds, traits, there, right = arrays(known, words)
    heavy = torch.tensor([e.weight for e in known])
    weight = torch.zeros(rows.shape[1], len(KINDS), requires_grad=True)
    of_traits = torch.zeros(len(KINDS) * TRAITS, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, of_traits], max_iter=120, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        scores = (rows @ weight).gather(1, kinds) + traits @ of_traits
        chances = torch.log_softmax(scores.masked_fill(~there, -1e9), 1)
        loss = -(chances.masked_fill(~right, -1e9).logsumexp(1) * heavy).sum() / heavy.sum()
        loss = loss + DECAY / 2 * weight.square().sum() + TRAIT_DECAY / 2 * of_traits.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return weight.detach(), of_traits.detach(), words


def report(group: str, known: list[Example], weight: Any, of_traits: Any, words: list[str]) -> None:
    """Print the share of messages whose tool is found, and of those that want none and get one."""
    import torch

    rows, kinds, traits, there, right = arrays(known, words)
    scores = (rows @ weight).gather(1, kinds) + traits @ of_traits
    chances = torch.softmax(scores.masked_fill(~there, -1e9), 1)
    best, chosen = chances.max(1)
    chosen = torch.where(best >= LEAST, chosen, 0)
    good = right.gather(1, chosen[:, None])[:, 0]
    idle = right[:, 0]
    print(
        f"{group}: {int((~idle).sum())} want a tool, right {good[~idle].float().mean():.3f};"
        f" {int(idle.sum())} want none, false {1 - good[idle].float().mean():.3f}",
        flush=True,
    )
    for n in (~good).nonzero()[:, 0].tolist():
        option = known[n].seen.options[int(chosen[n])]
        print(
            "   ",
            known[n].text[:90],
            "->",
            option.kind,
            option.tool.name if option.tool else "",
            round(float(best[n]), 2),
        )


def write(weight: Any, of_traits: Any, words: list[str]) -> None:
    """Write the head in half precision."""
    from safetensors.numpy import save_file

    tensors = {
        "weight": weight.numpy().astype(np.float16),
        "traits": of_traits.numpy().reshape(len(KINDS), TRAITS).astype(np.float16),
    }
    save_file(tensors, WEIGHTS, {"words": json.dumps(words, ensure_ascii=False)})
    print(f"{WEIGHTS.name}: {len(words)} words, {WEIGHTS.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
