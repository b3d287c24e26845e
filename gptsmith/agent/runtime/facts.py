"""What an assistant remembers of a person across conversations: a readable file of lines in the person's own words.

Only what a person says is kept. What a model wants to remember must stand in the person's messages, so that no file,
page or result of a tool can put words into the memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from gptsmith.agent.runtime.verifying import says_opposite
from gptsmith.errors import UsageError
from gptsmith.state import atomic_write, lock

MOST = 200  # facts of one assistant
LONGEST = 300  # characters of one
_SHOWN = 3000  # characters that a model is given
_HEAD = "# What you asked {name} to remember\n\nEdit or delete lines as you like; each begins with a dash.\n\n"
_ASKED = re.compile(
    r"^(?:(?:please|ok(?:ay)?|hey|bitte|por favor|s'il (?:te|vous) pla[iî]t)[\s,]+)*"
    r"(?P<ask>(?:can|could|will|would) you (?:please )?)?"
    r"(?:(?:remember|note|keep in mind|make a note|don'?t forget|never forget)(?:(?: of this)?:| that\b| this:)"
    r"|merk dir(?: bitte)?(?:, dass|:)|denk daran(?:, dass|:)|recuerda(?: que|:)|(?:retiens|souviens-toi"
    r"|n'oublie pas)(?: que|:))"
    r"\s*(?P<fact>\S.*)$",
    re.IGNORECASE | re.DOTALL,
)
_WORD = re.compile(r"[^\W_]+(?:[-'’.][^\W_]+)*")
_FORMS = frozenset({"person", "user", "they", "them", "their", "have", "that", "this", "with", "from"})


class Facts:
    """The facts in one file; safe across processes. Names are those of people who read the file."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self._name = name

    def all(self) -> list[str]:
        """Return the facts, oldest first; lines without a dash are not facts."""
        try:
            lines = self.path.read_text("utf-8", "replace").splitlines()
        except FileNotFoundError:
            return []
        found = (" ".join(line[2:].split())[:LONGEST] for line in lines if line.startswith("- "))
        return [fact for fact in found if fact][:MOST]

    def add(self, fact: str) -> str:
        """Keep a fact, once, and return it as it is kept.

        Raises:
            UsageError: it is empty, too long, or the file is full.
        """
        text = " ".join(fact.split()).strip(" -")
        if not text or len(text) > LONGEST:
            raise UsageError(f"a fact has 1 to {LONGEST} characters", hint="say it in one sentence")
        with self._held():
            facts = self.all()
            for known in facts:
                if set(_key(text).split()) <= set(_key(known).split()) and not says_opposite(text, known):
                    return known
            if len(facts) >= MOST:
                raise UsageError(f"{MOST} facts are remembered, which is the most", hint="forget one first")
            self._write([*facts, text])
        return text

    def forget(self, facts: Iterable[str]) -> list[str]:
        """Forget facts by their text; return those that were there."""
        gone = {_key(fact) for fact in facts}
        with self._held():
            kept = self.all()
            found = [fact for fact in kept if _key(fact) in gone]
            if found:
                self._write([fact for fact in kept if _key(fact) not in gone])
        return found

    def put(self, facts: Sequence[str]) -> None:
        """Put facts in the place of all that there are; none deletes the file."""
        with self._held():
            made = [" ".join(fact.split())[:LONGEST] for fact in facts if fact.strip()]
            self._write(list(dict.fromkeys(made))[:MOST])

    def _held(self) -> AbstractContextManager[None]:
        return lock(self.path.with_suffix(".lock"))

    def _write(self, facts: Sequence[str]) -> None:
        if not facts:
            self.path.unlink(missing_ok=True)
            return
        lines = "".join(f"- {fact}\n" for fact in facts)
        atomic_write(self.path, _HEAD.replace("{name}", self._name) + lines)


def show_facts(facts: Sequence[str]) -> list[str]:
    """Return the newest facts that a model is given, oldest first."""
    kept: list[str] = []
    room = _SHOWN
    for fact in reversed(facts):
        room -= len(fact) + 3
        if room < 0:
            break
        kept.append(fact)
    return kept[::-1]


def asked(message: str) -> str:
    """Return what a message plainly asks to remember, empty when it does not."""
    found = _ASKED.match(message.strip())
    if found is None:
        return ""
    fact = " ".join(found["fact"].split()).rstrip(" !?" if found["ask"] else " !")
    return fact if fact and len(fact) <= LONGEST and not fact.endswith("?") else ""


def stated(fact: str, said: Sequence[str]) -> bool:
    """Tell whether a fact stands in what the person said: its numbers and names all, most of its words, no reversal."""
    spoken = " ".join(said)
    words, own = _WORD.findall(fact), {_stem(word) for word in _WORD.findall(spoken)}
    exact = {word.casefold() for word in _WORD.findall(spoken)}
    for n, word in enumerate(words):
        certain = any(c.isdigit() for c in word) or (n > 0 and word[0].isupper())
        if certain and word.casefold() not in exact:
            return False
    content = [_stem(word) for word in words if len(word) > 3 and word.casefold() not in _FORMS]
    if not content or sum(word in own for word in content) < 0.6 * len(content):
        return False
    nearest = max(
        (part for text in said for part in re.split(r"(?<=[.!?\n])\s+", text)), key=lambda part: _shared(part, content)
    )
    return not says_opposite(fact, nearest)


def _shared(text: str, content: Sequence[str]) -> int:
    stems = {_stem(word) for word in _WORD.findall(text)}
    return sum(word in stems for word in content)


def _stem(word: str) -> str:
    return word.casefold()[:5]


def _key(fact: str) -> str:
    return " ".join(_WORD.findall(fact.casefold()))
