"""Whether a message asks to look something up: by its grammar, and by a learned head.

The head is a linear layer on three things: the encoder's row of the message, how near the message is to what the search
tools and the system message say of the files, and its words. Talk is what is said for company, reckoned or written; the
world is what no file of such an assistant would hold, so that who won the cup is one thing to a sailing club and
another to a bakery. It was learned from messages (`python -m benchmarks.lookup_sense`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from gptsmith.models.chat.embedded.words import content_stems, stem, tokens, word_set

Row = np.ndarray[Any, np.dtype[np.float32]]
WEIGHTS = Path(__file__).with_name("lookup_sense.safetensors")
KINDS = ("files", "talk", "world")
SURELY = 0.5
"""The chance that it is talk, from which only a sentence that answers beyond doubt is quoted to it."""
LONGEST = 300
"""Characters of a message that are looked at."""
_SCALE = 4.0  # the encoder's rows are of length 1; at this scale they weigh as much as the words do
_FIELDS = (
    "geography: countries, capitals, cities, continents",
    "geography: mountains, rivers, oceans, deserts",
    "astronomy: planets, stars, the moon, the sun, space travel",
    "history: wars, kings, empires, presidents, inventions",
    "politics: governments, prime ministers, elections",
    "art: famous painters and paintings",
    "music: songs, singers, bands, composers",
    "films: movies, actors, directors",
    "literature: novels, writers, poets",
    "sport: football, world cups, championships, the Olympics",
    "biology: animals, plants, cells, evolution",
    "physics: light, gravity, atoms, energy",
    "chemistry: elements, molecules, reactions",
    "medicine: diseases, viruses, vaccines",
    "weather: rain, rainbows, clouds, the sky",
    "mathematics: numbers, equations, geometry",
    "economy: inflation, money, stock markets",
    "computers: the internet, software, programming",
    "languages: words, grammar, translations",
    "religion, philosophy and the meaning of life",
    "celebrities and famous people",
    "food: fruit, calories, nutrition",
    "measures: pounds, kilograms, miles, kilometres",
)
_BARE = frozenset(  # words that say that there are files, not what is in them
    stem(w)
    for w in word_set(
        """search searches look looks find finds lookup query question word words thing things few something anything
        file files document documents doc docs note notes page pages source sources folder folders knowledge base
        text texts record records archive data upload uploaded added attached own person person's user user's people
        assistant assistant's assistants answer answers passage passages content contents manual handbook guide wiki
        book leaflet leaflets handout material materials information info pdf readme helper helpful friendly kind"""
    )
)
_WIDE = frozenset(  # a studio's courses are not about the world, a syllabus may be
    stem(w) for w in word_set("tutor tutors syllabus homework exam quiz trivia encyclopedia encyclopaedia wikipedia")
)
_SUM = re.compile(r"\broot of \d|\d ?(?:times|plus|minus|x|\*|\+|divided by|multiplied by|% of|percent of) ?\d", re.I)
_UNTOLD = re.compile(r"\bthe source [\w-]+|\b[\w-]+\.\w{2,4}\b")  # only the name of a source, only names of files
_QUERY = re.compile(r"\s*The query is a few words or a question\.?")
_OPENING = re.compile(
    r"^(?:(?:looks? (?:things )?up|search(?:es)?|finds?(?: passages)?)\b\s*)?(?:in\s+)?"
    r"(?:(?:the assistant's|the|its) files)?(?: that were added(?: to the assistant)?)?\s*:?\s*(?:the |in |for )*",
    re.IGNORECASE,
)
_ITEM = re.compile(r"[:;,.]|\band\b")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[?:=!]")


def is_talk(text: str, role: str) -> bool:
    """Tell whether `text` is talk or a sum, whatever files there may be."""
    return bool(_SUM.search(text)) or senses(text, (), role)["talk"] >= SURELY


def asks_of_files(text: str, searches: Sequence[str], role: str) -> float:
    """Return the chance that `text` asks of what the files hold; a teacher's hold the world.

    `searches` are the descriptions of the search tools, `role` is the assistant's name and description.
    """
    chance = senses(text, searches, role)
    return chance["files"] + (chance["world"] if is_wide(searches, role) else 0.0)


def is_wide(searches: Sequence[str], role: str) -> bool:
    """Tell whether an assistant may be asked anything about the world, because it teaches or quizzes."""
    return any(stem(w) in _WIDE for about in [*searches, role] for w in tokens(about))


def senses(text: str, searches: Sequence[str], role: str) -> dict[str, float]:
    """Return the chance of each of `KINDS`."""
    head = _head()
    dense, words = features(text, searches, role)
    logits = head.bias + dense @ head.weight[: len(dense)]
    for word in words & head.words.keys():
        logits = logits + head.weight[len(dense) + head.words[word]]
    odds = np.exp(logits - logits.max())
    return dict(zip(KINDS, (odds / odds.sum()).tolist(), strict=True))


def features(text: str, searches: Sequence[str], role: str) -> tuple[Row, set[str]]:
    """Return what the head sees of a message: a dense row, and the words and pairs of words that stand in it."""
    text = text.strip()[:LONGEST]
    row = rows((text,))[0]
    return np.concatenate([row, nearness(text, row, searches, role)]).astype(np.float32) * _SCALE, words_and_pairs(text)


def nearness(text: str, row: Row, searches: Sequence[str], role: str) -> list[float]:
    """Return how near the message is to what the files hold and to the fields of general knowledge."""
    held = [item for description in searches for item in _held(description)]
    who = [role] if len(set(content_stems(role)) - _BARE) > 1 else []
    fields = rows(_FIELDS) @ row
    if not (held or who):
        return [0.0] * 8 + [float(fields.max())]
    about = rows((*held, *who))
    near = about @ row
    taken = np.maximum((about @ rows(_FIELDS).T).max(0), 0)  # a field that the files themselves are of
    ahead = float((fields - taken).max() - near.max())
    of_held = float(near[: len(held)].max()) if held else 0.0
    stems = {s for item in (*held, *who) for s in content_stems(item)} - _BARE
    shared = min(len(stems & set(content_stems(text))), 2) / 2
    told = [1.0, float(bool(held)), float(bool(who))]
    return [*told, float(near.max()), of_held, ahead, float(fields.max()), shared, 0.0]


def _held(description: str) -> list[str]:
    """Return what a search tool says of its files, as a whole and item by item; empty when it says nothing of them."""
    told = _OPENING.sub("", _UNTOLD.sub(" ", _QUERY.sub("", description).strip().rstrip("."))).strip()
    if not set(content_stems(told)) - _BARE:
        return []
    items = [item for part in _ITEM.split(told) if len(item := part.strip()) > 2]
    return [told, *items] if len(items) > 1 else [told]


def words_and_pairs(text: str) -> set[str]:
    open_ = re.sub(r"\d[\d.:,]*", " NUM ", text.lower().replace("’", "'"))
    words = [w if w == "NUM" else stem(w) for w in _WORD.findall(open_)]
    size = next((f"<{n}" for n in (4, 8, 14) if len(words) < n), "long")
    return {*words, *(f"{a} {b}" for a, b in pairwise(["^", *words, "$"])), size}


def likeness(text: str, other: str) -> float:
    """Return the cosine of two texts."""
    return float(rows((text,))[0] @ rows((other,))[0])


@lru_cache(maxsize=1000)
def rows(texts: tuple[str, ...]) -> Row:
    """Return the encoder's rows of texts that come again and again."""
    from gptsmith.models.embedding import load_embedder

    return load_embedder("embedded").encode(list(texts))


@dataclass(frozen=True)
class _Head:
    weight: Row  # (features, kinds)
    bias: Row
    words: dict[str, int]


@lru_cache(maxsize=1)
def _head() -> _Head:
    from safetensors import safe_open

    with safe_open(WEIGHTS, framework="numpy") as file:
        words = json.loads(file.metadata()["words"])
        weight, bias = (file.get_tensor(name).astype(np.float32) for name in ("weight", "bias"))
    return _Head(weight, bias, {word: n for n, word in enumerate(words)})
