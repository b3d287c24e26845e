"""What of a spec words speak of: a starter, a rule, a tool, a file, a test, a variable, one of its texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from gptsmith.models.chat.embedded.edits import statements as told
from gptsmith.models.chat.embedded.edits.subject import Subject
from gptsmith.models.chat.embedded.words import content_stems

LEAST, MARGIN, SHARED = 0.45, 0.12, 0.35
"""The score that the best needs, how far the next has to lie behind it, what one shared word adds to the similarity."""
LEAN, APART = 0.2, 0.02
"""The similarity that the nearest example of a side needs, and how far the other sides have to lie behind it."""
_TOOL_WORDS = {
    "image_generation": "draw drawings paint pictures pics sketch images illustrations",
    "image_captioning": "describe photos pictures pics captions look at see snapshots",
    "image_recognition": "recognise recogniser identify sort classify tell apart labels photos",
    "openapi": "service api",
    "mcp": "service server",
}
_TEXTS = {"welcome_message": "welcome greeting hello opening", "disclaimer": "disclaimer notice small print bottom"}


@dataclass(frozen=True)
class Ground:
    """One thing in a spec: `path` is its place there, of a statement of the instructions its number."""

    kind: str  # starter, rule, tool, source, test, variable, text
    path: str
    text: str


def grounds(subject: Subject) -> list[Ground]:
    """Return all that a command can speak of."""
    found = [Ground("starter", f"conversation_starters[{n}]", s.strip()) for n, s in enumerate(subject.starters)]
    found += [Ground("rule", str(n), s.text) for n, s in enumerate(told.statements(subject.instructions))]
    for n, tool in enumerate(subject.tools):
        words = [tool.get("name", ""), _TOOL_WORDS.get(str(tool.get("type")), ""), *_strings(tool.get("labels"))]
        found.append(Ground("tool", f"tools[{n}]", _plain(" ".join(map(str, words)))))
    for n, source in enumerate(subject.knowledge):
        for key in ("paths", "urls"):
            found += [
                Ground("source", f"knowledge[{n}].{key}[{i}]", _plain(re.sub(r"^.*?[^/:]/(?=[^/]*$)", "", one)))
                for i, one in enumerate(_strings(source.get(key)))
            ]
    found += [Ground("test", f"tests[{n}]", f"{t.get('name')} {t.get('message')}") for n, t in enumerate(subject.tests)]
    for name, one in subject.variables.items():
        about = f"{name} {one.get('description', '')} {one.get('default', '')}"
        found.append(Ground("variable", f"variables.{name}", _plain(about)))
    texts = ((path, subject.data.get(path), words) for path, words in _TEXTS.items())
    found += [Ground("text", path, f"{words}: {text}") for path, text, words in texts if isinstance(text, str)]
    return found


def scores(words: str, things: Sequence[Ground]) -> list[tuple[float, int]]:
    """Return for each thing how near the words are to it, and how many of its words they share."""
    if not things:
        return []
    stems = [set(content_stems(thing.text)) for thing in things]
    common = Counter((thing.kind, stem) for thing, has in zip(things, stems, strict=True) for stem in has)
    said = set(content_stems(words))
    near = encoded_all(tuple(thing.text for thing in things)) @ encoded(words)
    out = []
    for thing, has, similar in zip(things, stems, near, strict=True):
        shared = said & has
        weight = sum(1 / common[thing.kind, stem] for stem in shared)
        out.append((float(similar) + SHARED * min(weight, 2.0), len(shared)))
    return out


def spoken_of(words: str, subject: Subject, kinds: Iterable[str]) -> Ground | None:
    """Return the one thing of these kinds that the words speak of; None where that is in doubt."""
    wanted = set(kinds)
    things = [thing for thing in grounds(subject) if thing.kind in wanted]
    scored = sorted(zip(scores(words, things), range(len(things)), strict=True), reverse=True)
    if not scored or scored[0][0][0] < LEAST or (len(scored) > 1 and scored[0][0][0] - scored[1][0][0] < MARGIN):
        return None
    return things[scored[0][1]]


def meant(words: str, around: str, subject: Subject, kind: str) -> Ground | None:
    """Return the thing of this kind that the words speak of, or what the person said around them.

    A single tool or variable is meant although nothing names it.
    """
    found = spoken_of(words, subject, (kind,)) or (spoken_of(f"{around} {words}", subject, (kind,)) if around else None)
    alone = [thing for thing in grounds(subject) if thing.kind == kind]
    return found or (alone[0] if len(alone) == 1 and kind in ("tool", "variable") else None)


def encoded(text: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the unit row of `text`, (d,)."""
    row: np.ndarray[Any, np.dtype[np.float32]] = encoded_all((text,))[0]
    return row


@lru_cache(maxsize=512)
def encoded_all(texts: tuple[str, ...]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the unit rows of `texts`, (n, d)."""
    from gptsmith.models.embedding import load_embedder

    return load_embedder("embedded").encode(list(texts))


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[_/.-]", " ", text).split())


def _strings(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def leaning(words: str, sides: Mapping[str, tuple[str, ...]]) -> str:
    """Return the side to whose examples the words are nearest; empty where that is in doubt.

    What the words speak of is known already, so that little is needed to tell which way they lean.
    """
    said = encoded(words)
    scored = {side: sorted(map(float, encoded_all(examples) @ said))[-2:] for side, examples in sides.items()}
    (best, side), *rest = sorted(((sum(two) / len(two), side) for side, two in scored.items()), reverse=True)
    return side if best >= LEAN and all(best - other >= APART for other, _ in rest) else ""
