"""What is to be remembered of the part of a conversation that is no longer shown: short notes, each of them checked."""

from __future__ import annotations

from collections.abc import Sequence

from gptsmith.models.chat.embedded.tasks import carrying, line, prompt
from gptsmith.models.chat.local.writer import Writer
from gptsmith.models.sentences import split_sentences

_MOST_SAID = 320  # characters of one message
_MOST_NEW = 0.34  # of the words of a note
_LONGEST = 1200  # characters of all notes


async def write_notes(writer: Writer, before: str, talk: Sequence[tuple[str, str]]) -> str:
    """Return the notes `before` with those of `talk` behind them, pairs of a message and its answer.

    The same text comes back where nothing of what the model says holds. Raises as `Writer.write` does.
    """
    shown = "\n".join(f"User: {_flat(asked)}\nAssistant: {_flat(said)}" for asked, said in talk)
    said = await writer.awrite(prompt("notes"), shown, grammar=f"root ::= {line(10, 420)}", tokens=110)
    notes = [n for n in (s.text.strip() for s in split_sentences(said)) if holds(n, shown) and n not in before]
    return _newest(" ".join([before, *notes]).strip())


def holds(note: str, talk: str) -> bool:
    """Tell whether a note is a whole sentence whose numbers, denials and most words stand in the talk."""
    words = carrying.stems(note)
    return (
        note[-1:] in ".!?"
        and bool(words)
        and len(carrying.apart(note, talk)) <= _MOST_NEW * len(words)
        and carrying.numbers(note) <= carrying.numbers(talk)
        and (not carrying.NOT.search(note) or bool(carrying.NOT.search(talk)))
    )


def _newest(notes: str) -> str:
    """Return as many of the last notes as there is room for."""
    kept: list[str] = []
    for sentence in reversed([s.text.strip() for s in split_sentences(notes)]):
        if sum(map(len, kept)) + len(sentence) > _LONGEST:
            break
        kept.insert(0, sentence)
    return " ".join(kept)


def _flat(text: str) -> str:
    return " ".join(text.split())[:_MOST_SAID]
