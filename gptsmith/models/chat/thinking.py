"""Thinking that a model writes into its answer, `<think>…</think>`, parted from what it says.

Some servers send only the closing tag, because the model's template writes the opening one. What stands before it would
be on the screen by then; so an answer's beginning waits until it is clear whether it is thinking, and what a model does
is remembered: one that does not think aloud waits only once.
"""

from __future__ import annotations

import re

# A text that has begun to say the same again and again, as small models do.

REPETITION = "repetition"
"""The finish reason of an answer that was stopped for it."""
LOOKED_AT = 400
"""The characters at the end of a text that are looked at."""
_SAME = re.compile(r"(.{8,90}?)\1{3,}\s*$", re.DOTALL)


def repeats(text: str) -> bool:
    """Tell whether `text` ends in eight letters or more said four times in a row, or in a line said three times."""
    if len(text) < 32:
        return False
    lines = [line for line in text.splitlines()[:-1] if len(line.strip()) >= 12]
    if lines and lines.count(lines[-1]) >= 3:
        return True
    return _SAME.search(text[-LOOKED_AT:]) is not None


WAIT = 200  # characters at the beginning of the first answer of a model of which nothing is known yet
_PAIRS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "<seed:think>": "</seed:think>",
    "[think]": "[/think]",
    "◁think▷": "◁/think▷",
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "<|start_thinking|>": "<|end_thinking|>",
    "<|channel|>analysis<|message|>": "<|channel|>final<|message|>",
}
_TAGS = [*_PAIRS, *_PAIRS.values()]
_TAG = re.compile("|".join(map(re.escape, _TAGS)), re.IGNORECASE)
_LONGEST = max(map(len, _TAGS))
_THINKERS = re.compile(r"(?:^|[^a-z0-9])(?:r1|z1|qwq)(?:$|[^a-z0-9])|think|reason|magistral", re.IGNORECASE)
_ALOUD = re.compile(  # how thinking begins when nothing marks it
    r"\bthe user\b|^\W*(?:okay|ok|alright|hmm|wait)\b\W+(?:so|let|the|i|we|this|first)\b"
    r"|^\W*(?:we|i) (?:need|have|should|must) to\b|^\W*let(?: me|['’]s) (?:think|see|break|start|figure|analy[sz]e)\b",
    re.IGNORECASE,
)
_LINE = 2000  # characters of the running line that are looked at for code


class Habit:
    """What is known of how one model thinks. `wary`: its server may leave thinking in the answer; `loops`: it is small
    enough to say the same again and again; `constrained`: its server holds it to a JSON schema, token by token."""

    def __init__(self, name: str = "", *, wary: bool = False, loops: bool = False, constrained: bool = False) -> None:
        self.loops, self.constrained = loops, constrained
        self.unopened = wary and _THINKERS.search(name) is not None
        self.wait = WAIT if wary else 0

    def plain(self) -> None:
        """Note that this model's answers begin with the answer."""
        self.unopened, self.wait = False, 0


class Thinking:
    """One answer: `feed` its text, take what is said and what is thought, then `end`."""

    def __init__(self, habit: Habit | None = None) -> None:
        self._habit = habit or Habit()
        self._held = ""
        self._seen = 0  # characters of the held text in which no tag begins
        self._closing = ""  # the tag that ends the thinking in which we are
        self._shown = False
        self._marked = False
        self._trim = False
        self._line = ""
        self._fences = 0

    def feed(self, text: str) -> tuple[str, str]:
        """Return what of the answer may be shown now, and what is thinking."""
        said: list[str] = []
        thought: list[str] = []
        self._held += text
        while self._part(said, thought):
            pass
        return "".join(said), "".join(thought)

    def end(self, *, cut: bool = False, called: bool = False) -> tuple[str, str]:
        """Return what is left: said, thought. `cut`: the answer did not come to its end; `called`: it calls a tool."""
        rest, self._held = self._held, ""
        if self._closing or (cut and self._suspects(rest)):
            return "", rest
        if not self._marked and not cut and (self._shown or rest.strip() or called):
            self._habit.plain()
        return self._go(rest), ""

    def rest(self) -> str:
        """Return what was held back and is no thinking, for an answer that breaks off."""
        held, self._held = self._held, ""
        return "" if self._closing or self._suspects(held) else self._go(held)

    def apart(self) -> None:
        """Note that the server sends the thinking in a field of its own: nothing waits any longer."""
        self._habit.plain()

    def _part(self, said: list[str], thought: list[str]) -> bool:
        """Move the held text up to the next tag; return whether a tag was found, and so more may follow."""
        if self._closing:
            return self._part_thinking(thought)
        for tag in _TAG.finditer(self._held, self._seen):
            before = self._held[: tag.start()]
            closing = _PAIRS.get(tag.group().lower(), "")
            if self._in_code(before) or (closing and self._ahead(before).strip()):
                continue
            if closing or self._shown:
                said.append(self._go(before) if self._shown or before.strip() else "")
            else:
                thought.append(before)
                self._habit.unopened = True
            self._closing, self._marked, self._trim = closing, True, True
            self._held, self._seen = self._held[tag.end() :], 0
            return True
        waits = not self._shown and (len(self._held) < self._habit.wait or self._suspects(self._held))
        keep = len(self._held) if waits else begun(self._held, _TAGS)
        said.append(self._go(self._held[: len(self._held) - keep]))
        self._held = self._held[len(self._held) - keep :]
        self._seen = max(0, keep - _LONGEST)
        return False

    def _part_thinking(self, thought: list[str]) -> bool:
        at = self._held.lower().find(self._closing)
        found = at >= 0
        end = at if found else len(self._held) - begun(self._held, [self._closing])
        thought.append(self._held[:end])
        self._held = self._held[end + (len(self._closing) if found else 0) :]
        self._closing = "" if found else self._closing
        return found

    def _suspects(self, held: str) -> bool:
        """Tell whether `held`, the beginning of an answer, may be thinking whose end is still to come."""
        if self._shown or self._marked:
            return False
        return self._habit.unopened or (self._habit.wait > 0 and _ALOUD.search(held[:WAIT]) is not None)

    def _go(self, text: str) -> str:
        """Let text go as part of the answer; the blank lines between thinking and answer belong to neither."""
        if self._trim:
            text = text.lstrip()
            self._trim = not text
        self._shown = self._shown or bool(text.strip())
        *lines, line = (self._line + text).split("\n")
        self._fences += sum(part.lstrip().startswith("```") for part in lines)
        self._line = line[-_LINE:]
        return text

    def _ahead(self, before: str) -> str:
        return (self._line + before).rpartition("\n")[2]

    def _in_code(self, before: str) -> bool:
        *lines, line = (self._line + before).split("\n")
        fences = self._fences + sum(part.lstrip().startswith("```") for part in lines)
        return bool(fences % 2 or line.count("`") % 2)


def begun(text: str, marks: list[str]) -> int:
    """Return how many characters at the end of `text` may be the beginning of one of `marks`, in any case."""
    low = text[-_LONGEST:].lower()
    for size in range(min(len(low), max(map(len, marks)) - 1), 0, -1):
        if any(mark.lower().startswith(low[-size:]) for mark in marks):
            return size
    return 0


def parted(text: str, habit: Habit | None = None, *, cut: bool = False) -> tuple[str, str]:
    """Return what a whole answer says, and what it thinks."""
    thinking = Thinking(habit)
    said, thought = thinking.feed(text)
    last = thinking.end(cut=cut)
    return said + last[0], thought + last[1]
