"""A fetch under way: the file that grows, how far it is, how long it will take."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from gptsmith.errors import GptsmithError

# What every source has in common: a partial file that grows, who is told of it, and how it ends early.

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


# How far the fetching of a model is, and how long it will still take.

Phase = Literal["waiting", "fetching", "checking", "done"]

_WINDOW = 15.0  # seconds that the speed is taken over
_PAUSE = 0.2  # seconds between two reports of the same phase


@dataclass(frozen=True)
class Progress:
    """`done` of `total` bytes; `seconds_left` once the speed is known; `notes` say which sources were passed over, why.

    `waiting`: another process or window is fetching the model; `checking`: its hash is compared.
    """

    model: str
    phase: Phase
    done: int
    total: int
    source: str = ""
    seconds_left: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def fraction(self) -> float:
        """The part that is done, 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def time_left(self) -> str:
        """The time left in words, ``""`` when it is not known."""
        if self.seconds_left is None:
            return ""
        minutes = round(self.seconds_left / 60)
        if self.seconds_left < 90:
            return f"{max(1, round(self.seconds_left))} s"
        return f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} h"


Tell = Callable[[Progress], None]


class Reporter:
    """Makes the reports of one fetch; not more of them than a person can read."""

    def __init__(self, model: str, total: int, tell: Tell | None) -> None:
        self._model, self._total, self._tell = model, total, tell
        self._past: deque[tuple[float, int]] = deque()
        self._last: tuple[float, Phase, str] = (0.0, "waiting", "-")
        self._seen: tuple[Phase, str] | None = None
        self.notes: list[str] = []

    def __call__(self, phase: Phase, done: int, source: str = "", *, total: int | None = None) -> None:
        """Report that `done` bytes are there."""
        now = time.monotonic()
        if (phase, source) != self._seen:
            self._seen = (phase, source)
            self._past.clear()
        elif self._past:
            done = max(done, self._past[-1][1])  # a packed wheel and what is in it differ a little
        if len(self._past) < 2 or now - self._past[-2][0] > 0.1:
            self._past.append((now, done))
        else:
            self._past[-1] = (now, done)
        while len(self._past) > 2 and now - self._past[0][0] > _WINDOW:
            self._past.popleft()
        if self._tell is None or ((phase, source) == self._last[1:] and now - self._last[0] < _PAUSE):
            return
        self._last = (now, phase, source)
        all_of_it = total or self._total
        left = self._left(done, all_of_it) if phase == "fetching" else None
        self._tell(Progress(self._model, phase, done, all_of_it, source, left, tuple(self.notes)))

    def _left(self, done: int, total: int) -> float | None:
        (begun, first), (now, last) = self._past[0], self._past[-1]
        if now - begun < 1.0 or last <= first:
            return None
        return max(0.0, (total - done) * (now - begun) / (last - first))
