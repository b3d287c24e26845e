"""What a reader knows of the kind of files that it reads, and what it is given to read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from gptsmith.rag.reading.parsed import Parsed, silent


@dataclass(frozen=True)
class Raw:
    """A file's bytes; name, media type and charset are hints. `beat` is called now and then in a long reading."""

    data: bytes
    name: str = ""
    content_type: str = ""
    charset: str = ""
    beat: Callable[[], None] = silent

    @property
    def suffix(self) -> str:
        """The end of the name in lower case, with its dot; empty without one."""
        return PurePosixPath(self.name.lower()).suffix

    @property
    def head(self) -> bytes:
        """The first bytes behind white space."""
        return self.data[:1024].lstrip()


def never(_: Raw) -> bool:
    """Say no: the bytes do not tell this kind."""
    return False


@dataclass(frozen=True)
class Kind:
    """A kind of documents: how people call it, how it is told from others, and the function that reads it.

    `sniff` recognises it by its bytes, whatever the name; a kind with a `container` is none without them. `read` raises
    Unreadable.
    """

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[Raw], Parsed]
    sniff: Callable[[Raw], bool] = never
    content_types: tuple[str, ...] = ()
    container: bool = False
