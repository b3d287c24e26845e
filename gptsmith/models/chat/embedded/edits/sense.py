"""What a clause asks for, told by a learned head on the sentence encoder: the kinds of change with probabilities.

The head is a linear layer on three things: the encoder's row of the clause, how near the clause is to the starters,
rules, tools and files of the spec, and its words, with what is quoted and numbered hidden. It was learned from the
known commands and from exemplars (`python -m benchmarks.edit_sense`).
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from gptsmith.errors import NotReadyError
from gptsmith.models.chat.embedded.edits.places import encoded, grounds, scores
from gptsmith.models.chat.embedded.edits.subject import Subject
from gptsmith.models.chat.embedded.edits.values import HIDDEN, bare, mask
from gptsmith.models.chat.embedded.words import stem

Row = np.ndarray[Any, np.dtype[np.float32]]
WEIGHTS = Path(__file__).with_name("sense.safetensors")
HASH = WEIGHTS.with_suffix(".sha256")
GROUNDS = ("starter", "rule", "tool", "source", "test", "variable", "text")
LONGEST = 300
"""Characters of a clause that are looked at."""
_SCALE = 4.0  # the encoder's rows are of length 1; at this scale they weigh as much as the words do
_SHORT = {
    "u": "you", "ur": "your", "r": "are", "ppl": "people", "pls": "please", "plz": "please", "msg": "message",
    "msgs": "messages", "pic": "picture", "pics": "pictures", "bc": "because", "cuz": "because", "thx": "thanks",
    "sb": "somebody", "smth": "something", "sth": "something", "w": "with", "abt": "about", "tmrw": "tomorrow",
    "temp": "temperature", "desc": "description", "info": "information", "yr": "your",
    "shud": "should", "gonna": "going to",
    "wanna": "want to", "gotta": "got to", "dunno": "don't know", "omg": "", "lol": "", "tbh": "", "haha": "",
}  # fmt: skip
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[?:=!]")


def senses(text: str, subject: Subject) -> dict[str, float]:
    """Return the kinds of change that a clause may ask for, each with its probability, the likeliest first."""
    head = _head()
    dense, words = features(text, subject)
    row = np.concatenate([dense, [float(word in words) for word in head.words]]).astype(np.float32)
    logits = row @ head.weight + head.bias
    odds = np.exp(logits - logits.max())
    order = np.argsort(-odds)
    return {head.kinds[n]: float(odds[n] / odds.sum()) for n in order}


def features(text: str, subject: Subject) -> tuple[Row, set[str]]:
    """Return what the head sees of a clause: a dense row, and the words and pairs of words that stand in it."""
    text = plain(text[:LONGEST])
    return np.concatenate([encoded(text) * _SCALE, _nearness(text, subject)]).astype(np.float32), _words(text)


def plain(text: str) -> str:
    """Return `text` with the spellings of short messages written out: `ppl find it sooo long`."""
    text = re.sub(r"([^\W\d_])\1{2,}", r"\1", text)
    return re.sub(r"[^\W_]+", lambda word: _SHORT.get(word.group().lower(), word.group()), text)


def _nearness(text: str, subject: Subject) -> list[float]:
    """Return for each kind of thing the best score, the words shared (up to two), and whether there is one at all."""
    things = grounds(subject)
    scored = list(zip(things, scores(text, things), strict=True))
    row: list[float] = []
    for kind in GROUNDS:
        mine = [score for thing, score in scored if thing.kind == kind]
        best = max((score for score, _ in mine), default=0.0)
        shared = max((min(shared, 2) / 2 for _, shared in mine), default=0.0)
        row += [best, shared, float(bool(mine))]
    return row


def _words(text: str) -> set[str]:
    masked = mask(bare(text) or text)[0]
    open_ = re.sub(r"\d[\d.:]*", " NUM ", re.sub(f"{HIDDEN}+", " QUOTE ", masked))
    words = [w if w in ("QUOTE", "NUM") else stem(w.replace("’", "'")) for w in _WORD.findall(open_)]
    size = next((f"<{n}" for n in (4, 8, 14) if len(words) < n), "long")
    around = ["^", *words, "$"]
    return {*words, *(f"{a} {b}" for a, b in pairwise(around)), size}


@dataclass(frozen=True)
class _Head:
    weight: Row  # (features, kinds)
    bias: Row
    kinds: list[str]
    words: list[str]


@lru_cache(maxsize=1)
def _head() -> _Head:
    from safetensors import safe_open

    _check(WEIGHTS, HASH)
    with safe_open(WEIGHTS, framework="numpy") as file:
        about = file.metadata()
        weight, bias = (file.get_tensor(name).astype(np.float32) for name in ("weight", "bias"))
    return _Head(weight, bias, json.loads(about["kinds"]), json.loads(about["words"]))


def _check(weights: Path, expected: Path) -> None:
    """Raise NotReadyError where the file of the head is not the one that was shipped."""
    try:
        same = hashlib.sha256(weights.read_bytes()).hexdigest() == expected.read_text("utf-8").split()[0]
    except (OSError, IndexError):
        same = False
    if not same:
        raise NotReadyError(
            f"the file {weights.name} of the embedded model is not the expected one (sha256 differs)",
            code="missing_weights",
            hint="install gptsmith again",
        )
