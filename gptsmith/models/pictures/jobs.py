"""The queue of drawing jobs: one at a time on each device, in the order in which they came, and not too many."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gptsmith.errors import GptsmithError
from gptsmith.models.pictures.generators import Stop

MOST = 16  # jobs that wait or run


class JobQueue:
    """A place where jobs stand in line; whoever holds the first place runs, in its own thread."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self._line: deque[object] = deque()
        self._moved = threading.Condition()

    def __len__(self) -> int:
        return len(self._line)

    @contextmanager
    def turn(self, stop: Stop, on_wait: Callable[[int], None] = lambda _ahead: None) -> Iterator[None]:
        """Wait for this job's turn and hold it; `on_wait` is told how many are ahead, whenever that changes.

        However the job ends, the next one goes on.

        Raises:
            GptsmithError: `queue_full`.
            DrawingStoppedError: `stop` was set while it waited.
        """
        place = object()
        with self._moved:
            if len(self._line) >= self.most:
                raise GptsmithError(
                    f"{len(self._line)} pictures are waiting to be drawn already",
                    code="queue_full",
                    hint="try again when some are done",
                )
            self._line.append(place)
        try:
            self._wait(place, stop, on_wait)
            yield
        finally:
            with self._moved:
                self._line.remove(place)
                self._moved.notify_all()

    def _wait(self, place: object, stop: Stop, on_wait: Callable[[int], None]) -> None:
        told = -1
        while True:
            stop.check()
            with self._moved:
                ahead = self._line.index(place)
                if ahead == told:
                    self._moved.wait(0.1)  # not longer: the switch does not wake this
                    ahead = self._line.index(place)
            if ahead == 0:
                return
            if ahead != told:
                told = ahead
                on_wait(ahead)


_QUEUES: dict[str, JobQueue] = {}
_LOCK = threading.Lock()


def queue_of(device: str) -> JobQueue:
    """Return this process's queue of a device."""
    with _LOCK:
        return _QUEUES.setdefault(device, JobQueue())
