"""What every source has in common: a partial file that grows, who is told of it, and how it ends early."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gptsmith.errors import GptsmithError

PIECE = 2**20


class PassedOverError(Exception):
    """A source cannot give a file; `gone` when it cannot give any other either."""

    def __init__(self, why: str, *, gone: bool = False) -> None:
        super().__init__(why)
        self.gone = gone


@dataclass(frozen=True)
class Transfer:
    """One file on its way: `part` holds the bytes so far, always the first ones of the file.

    `told(n)` hears of each change of the number of bytes; `stop` ends the transfer, what is there stays.
    """

    part: Path
    limit: int
    told: Callable[[int], None]
    stop: threading.Event

    @property
    def have(self) -> int:
        """The bytes so far."""
        return self.part.stat().st_size if self.part.exists() else 0

    def check(self) -> None:
        """Raise GptsmithError `stopped` when somebody wants the transfer to end."""
        if self.stop.is_set():
            raise stopped()

    def write(self, out: IO[bytes], data: bytes) -> None:
        """Append `data`; PassedOverError when the file gets longer than it may be."""
        self.check()
        if out.tell() + len(data) > self.limit:
            raise PassedOverError(f"it sends more than the {self.limit:,} bytes of the file")
        out.write(data)
        self.told(out.tell())

    def restart(self) -> None:
        """Forget the bytes so far."""
        self.part.unlink(missing_ok=True)


def stopped() -> GptsmithError:
    """Return the error that a person stopped a transfer."""
    return GptsmithError("stopped; what is here is kept, and the next start goes on from there", code="stopped")


def sha256(path: Path, told: Callable[[int], None], stop: threading.Event) -> str:
    """Return the SHA-256 of a file; `told` hears how many bytes have been read.

    Raises GptsmithError `stopped`.
    """
    digest, read = hashlib.sha256(), 0
    with path.open("rb") as file:
        while data := file.read(4 * PIECE):
            if stop.is_set():
                raise stopped()
            digest.update(data)
            read += len(data)
            told(read)
    return digest.hexdigest()
