"""The instructions as statements with places: where a new one goes, how one is taken out or said otherwise."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from gptsmith.agent.builder.composing.subject import ANY_CASE, CommandSubject
from gptsmith.agent.builder.language.description import DescribedSentence, is_rule, sentences
from gptsmith.assistants.format.spec import tool_class
from gptsmith.models.chat.embedded.words import content_stems

_HEADING = re.compile(r"^\s*(?:#{1,6}\s+(?P<hash>.+?)|(?P<colon>[^.!?:]{1,60}):|\*\*(?P<bold>[^*]{1,60})\*\*:?)\s*$")
_BULLET = re.compile(r"^(?P<indent>\s*)(?P<mark>[-*+•]|\d{1,3}[.)])(?P<gap>\s+)")
_RULES = re.compile(
    r"matters|rules?|important|avoid|must|constraints?|guidelines|requirements|don.?ts?|limits"
    r"|worauf|regeln|importa|reglas|regras|compte|règles|conta|regole|telt|regels",
    ANY_CASE,
)
_MANNER = re.compile(
    r"speak|tone|style|voice|manner|language|sprich|sprach|stil|ton\b|habla|tono|parler|parli|fala|tom\b|praat",
    ANY_CASE,
)


@dataclass(frozen=True)
class Statement:
    """One sentence or list item: exactly `text[start:end]`; `bullet` is the mark before it, empty without one."""

    text: str
    start: int
    end: int
    line: tuple[int, int]
    bullet: str = ""
    heading: str = ""
    alone: bool = True  # nothing else stands on its line

    @property
    def rule(self) -> bool:
        """Say whether it states a rule."""
        section = "rules" if _RULES.search(self.heading) and self.bullet else "text"
        return is_rule(DescribedSentence(self.text, section))  # type: ignore[arg-type]


def statements(text: str) -> list[Statement]:
    """Return the statements of `text` in order; headings are not among them."""
    found: list[Statement] = []
    heading, at = "", 0
    for line in text.split("\n"):
        start, at = at, at + len(line) + 1
        title = _HEADING.match(line)
        if title:
            heading = title["hash"] or title["colon"] or title["bold"] or ""
            continue
        bullet = _BULLET.match(line)
        place = start + (bullet.end() if bullet else 0)
        parts = sentences(line[bullet.end() if bullet else 0 :])
        for part in parts:
            place = text.index(part, place)
            span = (start, start + len(line))
            mark = bullet.group() if bullet else ""
            found.append(Statement(part, place, place + len(part), span, mark, heading, len(parts) == 1))
            place += len(part)
    return found


def is_manner(stated: Statement) -> bool:
    """Say whether the statement stands under a heading on how the assistant speaks."""
    return bool(_MANNER.search(stated.heading))


def is_among_rules(stated: Statement) -> bool:
    """Say whether it stands under a heading for rules, or under none."""
    return not stated.heading or bool(_RULES.search(stated.heading))


def addition(
    text: str, sentence: str, *, manner: bool = False, avoid: Sequence[tuple[int, int]] = ()
) -> tuple[str, str] | None:
    """Return what to replace by what, so that `sentence` stands in the fitting place of `text`, in its style.

    It is never placed behind a statement that starts in one of the spans of `avoid`: those are changed themselves.
    """
    stated = [s for s in statements(text) if not any(a <= s.start < b for a, b in avoid)]
    if not stated:
        return None
    anchor = _anchor(stated, manner)
    old = text[slice(*_unique(text, anchor.start, anchor.end))]
    ended = old if re.search(r"[.!?…:;\"”»)]$", old) or anchor.bullet else f"{old}."
    return old, ended + _joint(text, stated, anchor) + sentence


def removal(text: str, stated: Statement) -> tuple[str, str]:
    """Return what to replace by what, so that the statement is gone with its mark, line break or blank."""
    start, end = stated.start, stated.end
    if stated.alone:
        start, end = stated.line
        start, end = _with_heading(text, start, end)
        if start > 0:
            start -= 1
        elif end < len(text):  # the first line goes: what follows takes its place
            after = text.find("\n", end + 1)
            following = text[end + 1 : after if after >= 0 else len(text)]
            return text[start : end + 1 + len(following)], following
    elif text[end : end + 1] == " ":
        end += 1
    elif start > 0 and text[start - 1] == " ":
        start -= 1
    return _around(text, start, end, "")


def exchange(text: str, start: int, end: int, new: str) -> tuple[str, str]:
    """Return what to replace by what, so that `new` stands at `text[start:end]`; the words around it make it unique."""
    return _around(text, start, end, new)


def find_statement(text: str, words: str) -> tuple[int, int] | None:
    """Return where `words` stand in `text`, once and as said but for case, line breaks and the last stop."""
    said = words.strip().rstrip(".")
    pattern = r"\s+".join(re.escape(word) for word in said.split())
    found = [m.span() for m in re.finditer(pattern, text, ANY_CASE)] if pattern else []
    return found[0] if len(found) == 1 else None


def about(text: str, words: str, least: float = 0.5) -> list[Statement]:
    """Return the statements that `words` speak of, the best first and only those as good as it; none when none is."""
    wanted = set(content_stems(words))
    scored = []
    for stated in statements(text):
        stems = set(content_stems(stated.text))
        shared = wanted & stems
        if shared:
            scored.append((len(shared) / len(wanted), stated))
    best = max((score for score, _ in scored), default=0.0)
    found = [stated for score, stated in scored if score == best and score >= least]
    last = content_stems(words)[-1:]
    thing = [stated for stated in found if set(last) & set(content_stems(stated.text))]
    return thing if len(found) > 1 and len(thing) == 1 else found  # what it is about comes last: `naming the room`


def _anchor(stated: list[Statement], manner: bool) -> Statement:
    """Return the statement behind which a new one goes."""
    wanted = _MANNER if manner else _RULES
    inside = [s for s in stated if wanted.search(s.heading)]
    if inside:
        return inside[-1]
    if any(s.heading for s in stated) and not manner:
        listed = [s for s in stated if s.bullet and s.rule] or [s for s in stated if s.bullet]
        return listed[-1] if listed else stated[-1]
    return stated[-1]


def _joint(text: str, stated: list[Statement], anchor: Statement) -> str:
    """Return what stands between the anchor and the new statement: a line break and mark, or a blank."""
    if anchor.bullet:
        mark = _BULLET.match(anchor.bullet)
        if mark and mark["mark"][:-1].isdigit():
            return f"\n{mark['indent']}{int(mark['mark'][:-1]) + 1}{mark['mark'][-1]}{mark['gap']}"
        return "\n" + anchor.bullet
    lines = {s.line for s in stated if s.heading == anchor.heading and not s.bullet}
    indent = re.match(r"\s*", text[anchor.line[0] : anchor.line[1]])
    return f"\n{indent.group() if indent else ''}" if len(lines) > 1 else " "


def _with_heading(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen the span of a line to its heading when nothing else stands under that."""
    before = text[:start].rstrip("\n").rsplit("\n", 1)[-1]
    after = text[end:].lstrip("\n").split("\n", 1)[0]
    if _HEADING.match(before) and (not after.strip() or _HEADING.match(after)):
        begin = text[:start].rstrip("\n").rfind(before)
        while begin > 0 and text[begin - 1] == "\n" and text[begin - 2 : begin - 1] == "\n":
            begin -= 1
        return begin, end
    return start, end


def _around(text: str, start: int, end: int, new: str) -> tuple[str, str]:
    left, right = _unique(text, start, end)
    return text[left:right], text[left:start] + new + text[end:right]


def _unique(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a span by whole words until what it holds occurs once in `text`."""
    left, right = start, end
    while text.count(text[left:right]) > 1 and (left > 0 or right < len(text)):
        if left > 0:
            left = max(text.rfind(" ", 0, left - 1), text.rfind("\n", 0, left - 1)) + 1
        else:
            ends = [p for p in (text.find(" ", right + 1), text.find("\n", right + 1)) if p >= 0]
            right = min(ends) if ends else len(text)
    return left, right


# What of a spec words speak of: a starter, a rule, a tool, a file, a test, a variable, one of its texts.

LEAST, MARGIN, SHARED = 0.45, 0.12, 0.35
"""The score that the best needs, how far the next has to lie behind it, what one shared word adds to the similarity."""
LEAN, APART = 0.2, 0.02
"""The similarity that the nearest example of a side needs, and how far the other sides have to lie behind it."""
_TEXTS = {"welcome_message": "welcome greeting hello opening", "disclaimer": "disclaimer notice small print bottom"}


@dataclass(frozen=True)
class Ground:
    """One thing in a spec: `path` is its place there, of a statement of the instructions its number."""

    kind: str  # starter, rule, tool, source, test, variable, text
    path: str
    text: str


def grounds(subject: CommandSubject) -> list[Ground]:
    """Return all that a command can speak of."""
    found = [Ground("starter", f"conversation_starters[{n}]", s.strip()) for n, s in enumerate(subject.starters)]
    found += [Ground("rule", str(n), s.text) for n, s in enumerate(statements(subject.instructions))]
    for n, tool in enumerate(subject.tools):
        words = [tool.get("name", ""), tool_class(tool).FACTS.words, *_strings(tool.get("labels"))]
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


def spoken_of(words: str, subject: CommandSubject, kinds: Iterable[str]) -> Ground | None:
    """Return the one thing of these kinds that the words speak of; None where that is in doubt."""
    wanted = set(kinds)
    things = [thing for thing in grounds(subject) if thing.kind in wanted]
    scored = sorted(zip(scores(words, things), range(len(things)), strict=True), reverse=True)
    if not scored or scored[0][0][0] < LEAST or (len(scored) > 1 and scored[0][0][0] - scored[1][0][0] < MARGIN):
        return None
    return things[scored[0][1]]


def find_ground(words: str, around: str, subject: CommandSubject, kind: str) -> Ground | None:
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
