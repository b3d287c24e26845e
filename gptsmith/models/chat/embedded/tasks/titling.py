"""The title of a conversation: a few words of its first exchange."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded import language
from gptsmith.models.chat.embedded.tasks import carrying, line, prompt
from gptsmith.models.chat.local.writer import Writer

_MOST_SAID = 240  # characters of the message, and of its answer
_LETTERS = r"[^\n.!?:;\x22\u3000-\u9fff\uac00-\ud7af]"
_HOLLOW = re.compile(
    r"^(?:new )?(?:conversation|chat|title|untitled|gespräch|titel|conversación|titre)\b", re.IGNORECASE
)


async def write_title(writer: Writer, message: str, reply: str) -> str:
    """Return two to six words that name what the first exchange is about; "" where they do not hold.

    Raises as `Writer.write` does.
    """
    shown = f"User: {_flat(message)}\nAssistant: {_flat(reply)}"
    said = await writer.awrite(prompt("title"), shown, grammar=f"root ::= {line(4, 60, _LETTERS)}", tokens=16)
    title = said.strip(" ,-–—'\"“”«»")
    return title[:1].upper() + title[1:] if holds(title, message, reply) else ""


def holds(title: str, message: str, reply: str) -> bool:
    """Tell whether a title has two to six words, most of them of the exchange, in its language."""
    words = carrying.stems(title)
    new = carrying.apart(title, f"{message}\n{reply}")
    told = language.of(title)
    return (
        2 <= len(title.split()) <= 6
        and not _HOLLOW.match(title)
        and len(words) > len(new)
        and len(new) <= 1
        and carrying.numbers(title) <= carrying.numbers(f"{message}\n{reply}")
        and (told == "en" or told == language.of(message) or told == language.of(reply))
    )


def _flat(text: str) -> str:
    return " ".join(text.split())[:_MOST_SAID]
