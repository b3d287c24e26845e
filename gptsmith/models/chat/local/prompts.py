"""Prompts of small tasks: a system message and worked examples, kept in files, always sent first and byte for byte.

A file has blocks that begin with `[system]`, `[user]` or `[assistant]` on a line of their own. What is asked comes
behind them, so that the engine reads the fixed part once and keeps it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_MARK = re.compile(r"^\[(system|user|assistant)\]\s*$", re.MULTILINE)
Message = dict[str, str]


@dataclass(frozen=True)
class Prompt:
    """The fixed part of a task: `messages` end with the last example's answer."""

    name: str
    messages: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        """The name of the saved prefix; another text makes another name."""
        return f"{self.name}-{hashlib.sha256(repr(self.messages).encode()).hexdigest()[:16]}.bin"

    def asked(self, words: str) -> list[Message]:
        """Return the messages with `words` as the last one."""
        return [*({"role": role, "content": text} for role, text in self.messages), {"role": "user", "content": words}]


@lru_cache(maxsize=64)
def load_prompt(path: Path) -> Prompt:
    """Read a prompt file. Raises ValueError for one that does not alternate user and assistant after the system."""
    pieces = _MARK.split(path.read_text("utf-8"))[1:]
    messages = tuple((role, text.strip()) for role, text in zip(pieces[::2], pieces[1::2], strict=True))
    roles = [role for role, _ in messages]
    if roles[:1] != ["system"] or roles[1:] != ["user", "assistant"] * (len(roles[1:]) // 2):
        raise ValueError(f"{path.name}: the blocks are not a system message and pairs of user and assistant")
    return Prompt(path.stem, messages)
