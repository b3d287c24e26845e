"""Which tool a message wants, told by a learned head on the sentence encoder: what can be done, each with its chance.

What can be done now is: nothing (words are the answer), a new picture, a change of the last one, words about a
picture, a search, or a call of any other tool. The head weighs the encoder's row of the message and its words once
for each kind, and for each tool how near the message is to what the tool does, and whether its arguments stand in it.
It was learned from messages (`python -m benchmarks.routing`).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from gptsmith.models.chat.embedded import lookups
from gptsmith.models.chat.embedded.arguments import formed, is_free
from gptsmith.models.chat.embedded.conversation import Conversation, Role
from gptsmith.models.chat.embedded.toolbox import Param, Tool
from gptsmith.models.chat.embedded.words import content_stems, stem, tokens

Row = np.ndarray[Any, np.dtype[np.float32]]
Kind = Literal["none", "draw", "change", "look", "search", "call"]
KINDS: tuple[Kind, ...] = ("none", "draw", "change", "look", "search", "call")
WEIGHTS = Path(__file__).with_name("routing.safetensors")
TRAITS = 16
"""Numbers that are told of one possibility, filled up with zeros."""
LEAST = 0.65
"""The chance of one kind of thing from which it is done: a missed call costs one message more, a false one trust."""
NAMED = 0.5
"""The same of a new picture for one who does nothing but draw, where a thing that is named is to be drawn."""
NEARLY, SURELY = 0.3, 0.5
"""The chance of a search here, and that of a question for the files in `lookup_sense`, which together are enough."""
_SCALE = 4.0  # the encoder's rows are of length 1; at this scale they weigh as much as the words do
_TRAIT_SCALE = 3.0
_DRAWS = re.compile(
    r"\b(?:draw|paint|sketch|illustrat|pictures?\b|images?\b|artwork|artist|posters?\b|logos?\b|cartoon|comic|doodle)",
    re.IGNORECASE,
)
_ORDERED = re.compile(
    r"^\W*(?:(?:please|pls|plz|ok|okay|hey|hi|now|then|and|can|could|would|will|you|u|just)\W+)*"
    r"(?:draw|paint|sketch|illustrate|doodle)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"^\W*(?:(?:please|no|oh|and|but|well)\W+)*(?:don['’]?t|do not|never|stop|no need)\b", re.IGNORECASE
)
_PAST = re.compile(r"\b(?:already|ago|yesterday|last (?:night|week|month|year|summer|time)|once)\b", re.IGNORECASE)

_DRAWER = Tool(
    "image_generation",
    "Draws a picture from a short description, or changes one.",
    "draw",
    (Param("request", "string", required=True), Param("image", "string")),
)


@dataclass(frozen=True)
class Option:
    """Something that can be done with a message; `tool` is None for nothing."""

    kind: Kind
    tool: Tool | None
    traits: tuple[float, ...]


@dataclass(frozen=True)
class Seen:
    """What the head sees of a message: the encoder's row and flags, the words, and what can be done."""

    row: Row
    words: frozenset[str]
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Scene:
    """Where a message is said: `picture` is how the last one came, "" for none; `files` that passages came with it."""

    role: Role
    picture: Literal["", "attached", "earlier", "drawn"] = ""
    files: bool = False


def scene_of(talk: Conversation) -> Scene:
    """Return where the last message of a conversation is said."""
    last = talk.picture
    if last is None:
        return Scene(talk.role, "", talk.passages is not None)
    came: Literal["attached", "earlier", "drawn"] = "drawn" if last.drawn else "earlier" if last.age else "attached"
    return Scene(talk.role, came, talk.passages is not None)


def route(words: str, scene: Scene, tools: list[Tool]) -> Option:
    """Return what `words` want done."""
    seen = look_at(words, scene, tools)
    chances = weigh(seen)
    of_kind = {kind: sum(c for c, o in zip(chances, seen.options, strict=True) if o.kind == kind) for kind in KINDS}
    kind = max(KINDS, key=lambda k: of_kind[k])
    pictured = of_kind["draw"] + of_kind["change"]  # which of the two it is may be unsure where one of them surely is
    sure = pictured if kind in ("draw", "change") else of_kind[kind]
    if sure < (NAMED if kind == "draw" and only_draws(scene, tools) else LEAST):
        kind = "none"
    painter = of_kind["draw"] > 0 and _says_it_draws(scene)  # to whom a thing that is named is no question
    nearly = of_kind["search"] >= NEARLY and not painter
    if kind == "none" and nearly and _asks_of_files(words, scene, tools):
        kind = "search"
    return max(zip(chances, seen.options, strict=True), key=lambda pair: (pair[1].kind == kind, pair[0]))[1]


def _asks_of_files(words: str, scene: Scene, tools: list[Tool]) -> bool:
    searches = [t.description for t in tools if t.kind == "search"]
    role = f"{scene.role.name}: {scene.role.description}".strip(" :")
    return lookups.asks_of_files(words, searches, role) >= SURELY


def only_draws(scene: Scene, tools: list[Tool]) -> bool:
    """Tell whether an assistant says of itself that it draws, and has neither files nor tools for anything else."""
    kinds = {t.kind for t in tools}
    return "draw" in kinds and not kinds & {"search", "other"} and not scene.files and _says_it_draws(scene)


def _says_it_draws(scene: Scene) -> bool:
    about = f"{scene.role.name}. {scene.role.description}" if scene.role.description else scene.role.instructions
    return bool(_DRAWS.search(about))


def is_change(words: str) -> bool:
    """Tell whether `words` say what to do with the picture before them."""
    return route(words, Scene(Role(), "drawn"), [_DRAWER]).kind == "change"


def weigh(seen: Seen) -> Row:
    """Return the chance of each option."""
    head = _head()
    of_kind = seen.row @ head.weight[: len(seen.row)]
    for word in seen.words & head.words.keys():
        of_kind = of_kind + head.weight[len(seen.row) + head.words[word]]
    logits = np.array(
        [of_kind[KINDS.index(o.kind)] + head.traits[KINDS.index(o.kind)] @ padded(o) for o in seen.options]
    )
    odds = np.exp(logits - logits.max())
    return np.asarray(odds / odds.sum(), np.float32)


def padded(option: Option) -> Row:
    """Return the traits of an option at their scale, (`TRAITS`,)."""
    row = np.zeros(TRAITS, np.float32)
    row[: len(option.traits)] = option.traits
    return row * np.float32(_TRAIT_SCALE)


def look_at(words: str, scene: Scene, tools: list[Tool]) -> Seen:
    """Return what the head sees of a message."""
    text = words.strip()[: lookups.LONGEST]
    row = lookups.rows((text,))[0]
    came = [float(scene.picture == way) for way in ("attached", "earlier", "drawn")]
    return Seen(
        np.concatenate([row * _SCALE, [1.0, *came]]).astype(np.float32),
        frozenset(lookups.words_and_pairs(text)),
        tuple(_options(text, row, scene, tools)),
    )


def _options(text: str, row: Row, scene: Scene, tools: list[Tool]) -> list[Option]:
    role = f"{scene.role.name}: {scene.role.description}".strip(" :")
    searches = [t.description for t in tools if t.kind == "search"]
    held = lookups.nearness(text, row, searches, role) if searches else [0.0] * 9
    of_files = max(held[3], held[4], 0.0)
    calls = {t.name: _call_traits(t, text, row) for t in tools if t.kind == "other"}
    nearest = max((traits[0] for traits in calls.values()), default=0.0)
    alone = not (searches or calls or scene.files)
    drawer = next((t for t in tools if t.kind == "draw"), None)
    own = float(bool(drawer and drawer.nouns & {stem(w) for w in tokens(text)}))
    draws = only_draws(scene, tools)
    picture = (own, float(draws), *_drawing_traits(text, draws))
    idle = (float(bool(searches)), float(bool(calls)), nearest, of_files, *_idle_traits(text))
    options = [Option("none", None, idle)]
    for tool in tools:
        if tool.kind == "draw":
            options.append(Option("draw", tool, picture))
            if scene.picture and tool.param("image", "picture", "image_id"):
                options.append(Option("change", tool, picture))
        elif tool.kind == "look":
            options.append(Option("look", tool, (own, float(alone and not drawer))))
        elif tool.kind == "search":
            shared = float(len(tool.stems & set(content_stems(text))) > 0)
            wide = float(lookups.is_wide(searches, role))
            options.append(Option("search", tool, (*held, nearest, wide, shared)))
        else:
            others = max((traits[0] for name, traits in calls.items() if name != tool.name), default=0.0)
            mine = calls[tool.name]
            options.append(Option("call", tool, (*mine, mine[0] - others, mine[0] - of_files, len(calls) / 5)))
    return options


def _drawing_traits(text: str, draws: bool) -> tuple[float, float]:
    """Return whether a message is a plain order to draw, and whether it is none where pictures are all that is done."""
    ordered = bool(_ORDERED.search(text))
    return float(ordered), float(draws and not ordered)


def _idle_traits(text: str) -> tuple[float, float]:
    """Return whether a message says not to do something, and whether it tells of what is done."""
    return float(bool(_DENIED.search(text))), float(bool(_PAST.search(text)))


def _call_traits(tool: Tool, text: str, row: Row) -> list[float]:
    """Return how near a message is to what a tool does and takes, and how many of its arguments stand there."""
    said = set(content_stems(text)) | {w.rstrip("s") for w in tokens(text)}
    does = f"{tool.name.replace('_', ' ')}: {tool.description}"
    takes = f"{tool.name} {' '.join(p.name for p in tool.params)}".replace("_", " ")
    found = formed(tool.params, text, tool.stems).values
    required = [p for p in tool.params if p.required]
    free = [p for p in required if is_free(p)]
    got = [p for p in required if p.name in found]
    missing = [p for p in required if p.name not in found and p not in free]
    named = [p for p in tool.params if p.name in found and {stem(w) for w in tokens(p.name.replace("_", " "))} & said]
    first = stem((tokens(text) or [""])[0])
    verbs = {stem(w) for w in re.split(r"[_\W]+", tool.name.lower())} | {stem((tokens(tool.description) or [""])[0])}
    return [
        float((lookups.rows((does, takes)) @ row).max()),
        min(len(said & tool.name_stems), 2) / 2,
        min(len((said & tool.stems) - tool.name_stems), 3) / 3,
        min(len(found), 3) / 3,
        min(len(got), 3) / 3,
        float(bool(required) and not missing),
        min(len(missing), 2) / 2,
        min(len(named), 2) / 2,
        float(first in verbs),
        float(not free),
        float(bool(got) and not missing),
        float(any(p.enum and p.name in found for p in tool.params)),
    ]


@dataclass(frozen=True)
class _Head:
    weight: Row  # (row + words, kinds)
    traits: Row  # (kinds, traits)
    words: dict[str, int]


@lru_cache(maxsize=1)
def _head() -> _Head:
    from safetensors import safe_open

    with safe_open(WEIGHTS, framework="numpy") as file:
        words = json.loads(file.metadata()["words"])
        weight, traits = (file.get_tensor(name).astype(np.float32) for name in ("weight", "traits"))
    return _Head(weight, traits, {word: n for n, word in enumerate(words)})
