"""A message that leans on what was said before, as a question that stands alone; what it invents is not used."""

from __future__ import annotations

import re
import threading

from gptsmith.models.chat.embedded import language
from gptsmith.models.chat.embedded.tasks import carrying, line, prompt
from gptsmith.models.chat.local.writer import Writer

_MOST_BEFORE = 240  # characters of an earlier question, and of its answer
_MOST_WORDS = 30
_KEPT = 64  # questions: the search and the answer ask for the same one
_MARK = re.compile(r"\s*\[\d+(?:, ?\d+)*\]")
_known: dict[tuple[str, str, str], str] = {}
_guard = threading.Lock()


def stand_alone(writer: Writer, words: str, asked: str, answered: str) -> str:
    """Return `words` with what they lean on put in, of the exchange before them; "" where that does not hold.

    Every telling word of it comes from the message or that exchange, and it denies what the message denies. Raises as
    `Writer.write` does.
    """
    key = (str(writer.engine.model.path), _flat(words), _flat(asked))
    with _guard:
        if key in _known:
            return _known[key]
    before = f"{_flat(asked)[:_MOST_BEFORE]} | {_flat(_MARK.sub('', answered))[:_MOST_BEFORE]}"
    shown = f"Before: {before}\nMessage: {_flat(words)}"
    said = writer.write(prompt("follow"), shown, grammar=f"root ::= {line(4, 200)}", tokens=50)
    found = said if holds(said, words, f"{asked}\n{answered}") else ""
    with _guard:
        if len(_known) >= _KEPT:
            _known.pop(next(iter(_known)))
        _known[key] = found
    return found


def holds(said: str, words: str, before: str) -> bool:
    """Tell whether `said` asks what `words` ask, with words of the conversation `before` and none of its own."""
    new = carrying.apart(said, f"{words}\n{before}")
    kept = carrying.stems(words) - carrying.apart(words, said)
    return (
        0 < len(said.split()) <= _MOST_WORDS
        and not new
        and carrying.numbers(said) <= carrying.numbers(f"{words}\n{before}")
        and carrying.numbers(words) <= carrying.numbers(said)
        and 2 * len(kept) >= len(carrying.stems(words))
        and bool(carrying.NOT.search(words)) <= bool(carrying.NOT.search(said))
        and (len(words.split()) < 4 or language.of(said) in (language.of(words), language.of(before)))
    )


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("|", "/")
