"""Operations meant for a file as it was shown: made one after the other they are what all of them at once would be."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest

from gptsmith.agent.builder.changes.order import Op, conflicts, in_order
from gptsmith.assistants.editing.operations import Add, Remove, ReplaceText, Set, apply_to_data

TEXT = "Be kind. Be brief. Cite the guide. Ask when in doubt. Never guess."
SENTENCES = TEXT.split(". ")


def spec(rng: random.Random) -> dict[str, Any]:
    """A spec with lists in lists, of one to five items."""
    return {
        "name": "Desk",
        "instructions": TEXT,
        "conversation_starters": [f"Q{n}?" for n in range(rng.randint(1, 5))],
        "knowledge": [
            {"name": f"k{n}", "paths": [f"{n}{m}.md" for m in range(rng.randint(1, 4))]}
            for n in range(rng.randint(1, 4))
        ],
    }


def operations(rng: random.Random, data: dict[str, Any]) -> list[Op]:
    """Random operations, some of which exclude each other."""
    starters, sources = len(data["conversation_starters"]), len(data["knowledge"])
    found: list[Op] = []
    for number in range(rng.randint(2, 9)):
        source = rng.randrange(sources)
        paths = len(data["knowledge"][source]["paths"])
        sentence = rng.choice(SENTENCES[:-1])
        made: list[Op] = [
            Set(path=f"conversation_starters[{rng.randrange(starters)}]", value=f"S{number}"),
            Set(path=f"knowledge[{source}].name", value=f"s{number}"),
            Set(path="name", value=f"N{number}"),
            Add(path="conversation_starters", value=f"A{number}", after=rng.choice([None, *range(-1, starters)])),
            Add(path="knowledge", value={"name": f"a{number}", "paths": ["x"]}, after=rng.choice([None, -1, source])),
            Add(path=f"knowledge[{source}].paths", value=f"p{number}", after=rng.choice([None, *range(-1, paths)])),
            Remove(path=f"conversation_starters[{rng.randrange(starters)}]"),
            Remove(path=f"knowledge[{source}]"),
            Remove(path=f"knowledge[{source}].paths[{rng.randrange(paths)}]"),
            ReplaceText(path="instructions", old=f"{sentence}.", new=f"{sentence}. X{number}."),
            ReplaceText(path="instructions", old=sentence, new=f"Y{number}"),
        ]
        found.append(rng.choice(made))
    return found


def at_once(data: dict[str, Any], ops: list[Op]) -> dict[str, Any]:
    """What all of them mean, made without any order: every place is marked first, then the whole is put together."""
    out = copy.deepcopy(data)
    gone = {op.path for op in ops if isinstance(op, Remove)}
    for op in ops:
        if isinstance(op, Set):
            *_, last = _walk(out, op.path)
            last[0][last[1]] = op.value
    out["conversation_starters"] = _list("conversation_starters", out["conversation_starters"], ops, gone)
    for n, source in enumerate(out["knowledge"]):
        source["paths"] = _list(f"knowledge[{n}].paths", source["paths"], ops, gone)
    out["knowledge"] = _list("knowledge", out["knowledge"], ops, gone)
    out["instructions"] = _text([op for op in ops if isinstance(op, ReplaceText)])
    return out


def _walk(data: Any, path: str) -> list[tuple[Any, Any]]:
    steps = []
    for part in path.replace("]", "").replace("[", ".").split("."):
        key = int(part) if part.isdigit() else part
        steps.append((data, key))
        data = data[key]
    return steps


def _list(path: str, items: list[Any], ops: list[Op], gone: set[str]) -> list[Any]:
    adds = [op for op in ops if isinstance(op, Add) and op.path == path]
    last = len(items) - 1
    behind = {at: [a.value for a in adds if (last if a.after is None else a.after) == at] for at in range(-1, last + 1)}
    out = list(behind[-1])
    for n, item in enumerate(items):
        out += [] if f"{path}[{n}]" in gone else [item]
        out += behind[n]
    return out


def _text(ops: list[ReplaceText]) -> str:
    parts = []
    for sentence in SENTENCES:
        mine = [op for op in ops if op.old.rstrip(".") == sentence]
        whole = next((op.new for op in mine if op.new.startswith("Y")), sentence)
        added = [op.new.removeprefix(f"{sentence}. ") for op in mine if not op.new.startswith("Y")]
        parts.append(" ".join([f"{whole.rstrip('.')}.", *added]))
    return " ".join(parts)


@pytest.mark.parametrize("seed", range(8))
def test_any_part_is_what_all_of_it_at_once_would_be(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(100):
        data = spec(rng)
        ops = operations(rng, data)
        out = {second for _, second in conflicts(data, ops)}
        whole = [op for n, op in enumerate(ops) if n not in out]
        part = [op for op in whole if rng.random() < 0.6]
        for chosen in (whole, part):
            assert apply_to_data(data, in_order(data, chosen)) == at_once(data, chosen), chosen


@pytest.mark.parametrize(
    "there, after",
    [
        (["name", "instructions_file", "instructions"], "instructions_file"),
        (["instructions_file", "name", "instructions"], "name"),
        (["name", "instructions"], "instructions"),
    ],
)
def test_a_new_key_comes_after_one_that_stands_in_the_spec_itself(there: list[str], after: str) -> None:
    data = dict.fromkeys(there, "x")  # the text of an `instructions_file` is shown as `instructions`
    assert in_order(data, [Set(path="disclaimer", value="Made up.")]) == [
        Add(path="disclaimer", value="Made up.", after=after)
    ]
