"""Fenced blocks of a request to a model: `<name>` … `</name>`, with fences inside a person's words escaped."""

from __future__ import annotations

import re

_EMPTY = "(none)"


class Fences:
    """The block names of one kind of request."""

    def __init__(self, *names: str) -> None:
        words = "|".join(names)
        self._fence = re.compile(rf"<(?=/?(?:{words})>)")
        self._escaped = re.compile(rf"&lt;(?=/?(?:{words})>)")

    def block(self, name: str, text: str) -> str:
        """Return `text` as the block `name`; an empty one says so."""
        return f"<{name}>\n{self._fence.sub('&lt;', text.strip()) or _EMPTY}\n</{name}>"

    def items(self, name: str, items: list[str]) -> str:
        """Return a block with one line for each item; an item's own line breaks become spaces."""
        return self.block(name, "\n".join(f"- {' '.join(item.split())}" for item in items))

    def find(self, text: str, name: str) -> list[str]:
        """Return what stands in the blocks `name` of a request, unescaped; an empty block is an empty text."""
        found = re.findall(rf"<{name}>\n(.*?)\n</{name}>", text, re.DOTALL)
        return ["" if body == _EMPTY else self._escaped.sub("<", body) for body in found]

    def find_items(self, text: str, name: str) -> list[str]:
        """Return the items of the first block `name`."""
        bodies = self.find(text, name)
        lines = bodies[0].splitlines() if bodies else []
        return [line[2:].strip() for line in lines if line.startswith("- ")]
