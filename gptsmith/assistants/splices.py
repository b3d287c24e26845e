"""Splices: small changes of a text by place, and their inverse."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from gptsmith.errors import UsageError

Change = tuple[int, int, str]  # start, end, new text: several of them are meant for one and the same text


class Splice(BaseModel):
    """`old`, which stands at the character offset `start`, becomes `new`."""

    model_config = ConfigDict(frozen=True)

    start: int
    old: str
    new: str

    def inverse(self) -> Splice:
        """Return the splice that takes this one back."""
        return Splice(start=self.start, old=self.new, new=self.old)


class Inverse(BaseModel):
    """How to take an edit back: its splices, each for the text as the one before left it, and both texts' hashes.

    `edited` is the hash of the text that it is for, `original` that of the text that it gives back.
    """

    model_config = ConfigDict(frozen=True)

    splices: tuple[Splice, ...]
    edited: str
    original: str


def text_hash(text: str | bytes) -> str:
    """Return the SHA-256 of a file's bytes, or of the bytes that `text` has in UTF-8."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return hashlib.sha256(data).hexdigest()


def as_splices(text: str, changes: Iterable[Change]) -> list[Splice]:
    """Turn changes of one text into splices to be made one after the other, each as short as it can be.

    Changes do not overlap; of two at the same place the first one given comes first in the text.
    """
    splices = []
    backwards = sorted(enumerate(changes), key=lambda one: (one[1][0], one[1][1], one[0]), reverse=True)
    for _, (start, end, new) in backwards:
        old = text[start:end]
        head = 0
        while head < min(len(old), len(new)) and old[head] == new[head]:
            head += 1
        tail = 0
        while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
            tail += 1
        short = Splice(start=start + head, old=old[head : len(old) - tail], new=new[head : len(new) - tail])
        if short.old or short.new:
            splices.append(short)
    return splices


def apply(text: str, splices: Iterable[Splice]) -> str:
    """Make splices one after the other. Raises UsageError when the text is not what one of them expects."""
    for splice in splices:
        end = splice.start + len(splice.old)
        if text[splice.start : end] != splice.old:
            raise _changed()
        text = text[: splice.start] + splice.new + text[end:]
    return text


def undo(text: str, inverse: Inverse) -> str:
    """Return the text as it was before the edit, to the byte. Raises UsageError when it has changed since."""
    if text_hash(text) != inverse.edited:
        raise _changed()
    before = apply(text, inverse.splices)
    if text_hash(before) != inverse.original:
        raise _changed()
    return before


def _changed() -> UsageError:
    return UsageError(
        "the text has been changed since this edit, so it cannot be undone by itself",
        code="changed_since",
        hint="restore a version, or make the opposite change",
    )
