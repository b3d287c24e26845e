"""The instructions as statements with places: where a new one goes, how one is taken out or said otherwise."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gptsmith.assistants.description import Sentence, is_rule, sentences
from gptsmith.models.chat.embedded.edits.values import ANY_CASE
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
        return is_rule(Sentence(self.text, section))  # type: ignore[arg-type]


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


def find(text: str, words: str) -> tuple[int, int] | None:
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
